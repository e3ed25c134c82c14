package entra

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/oauth2permissiongrants"
)

// The permissions that calls about grants need, the least first.
var (
	readGrants  = []string{"Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All"}
	writeGrants = []string{"DelegatedPermissionGrant.ReadWrite.All"}
)

// allPrincipals is the consent type of a tenant-wide grant.
const allPrincipals = "AllPrincipals"

// Grant is consent to delegated permissions: an application may call another on
// behalf of all users of the tenant, or of one.
type Grant struct {
	ID string
	// ClientID and ResourceID are object ids of service principals: of the
	// application that calls, and of that which is called.
	ClientID, ResourceID string
	// TenantWide grants count for all users; others for PrincipalID alone.
	TenantWide  bool
	PrincipalID string
	Scopes      []string
}

// NewGrant is a tenant-wide grant to be created.
type NewGrant struct {
	ClientID, ResourceID string
	Scopes               []string
}

// GrantID returns the id that Entra gives to the tenant-wide grant between two
// service principals. How it is made up is not documented: it is a hint, to find
// a grant that listings do not show yet. It is empty if an id is not a GUID.
func GrantID(clientID, resourceID string) string {
	var id []byte
	for _, text := range []string{clientID, resourceID} {
		g, err := uuid.Parse(text)
		if err != nil {
			return ""
		}
		// .NET writes the first three fields of a GUID in little-endian order.
		id = append(id, g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6])
		id = append(id, g[8:]...)
	}
	return base64.RawURLEncoding.EncodeToString(id)
}

func newGrant(from models.OAuth2PermissionGrantable) Grant {
	return Grant{
		ID: text(from.GetId()), ClientID: text(from.GetClientId()), ResourceID: text(from.GetResourceId()),
		TenantWide:  strings.EqualFold(text(from.GetConsentType()), allPrincipals),
		PrincipalID: text(from.GetPrincipalId()), Scopes: ParseScopes(text(from.GetScope())),
	}
}

func (t *Tenant) grants() *oauth2permissiongrants.Oauth2PermissionGrantsRequestBuilder {
	return oauth2permissiongrants.NewOauth2PermissionGrantsRequestBuilderInternal(t.root(), t.adapter)
}

// root is where paths of the SDK's request builders begin.
func (t *Tenant) root() map[string]string {
	return map[string]string{"baseurl": t.adapter.GetBaseUrl()}
}

// Grants returns all grants of a service principal, tenant-wide ones and those
// of single users. [ErrNotFound] means that the replica that answered does not
// know the service principal.
func (t *Tenant) Grants(ctx context.Context, clientID string) ([]Grant, error) {
	c := call{doing: fmt.Sprintf("listing the grants of service principal %s in tenant %s", clientID, t.id), needs: readGrants}
	filter := fmt.Sprintf("clientId eq '%s'", quote(clientID))
	config := &oauth2permissiongrants.Oauth2PermissionGrantsRequestBuilderGetRequestConfiguration{
		QueryParameters: &oauth2permissiongrants.Oauth2PermissionGrantsRequestBuilderGetQueryParameters{Filter: &filter},
	}
	builder := t.grants()
	var all []Grant
	for {
		var page models.OAuth2PermissionGrantCollectionResponseable
		_, err := t.do(ctx, c, func(ctx context.Context) (err error) {
			page, err = builder.Get(ctx, config)
			return err
		})
		if err != nil {
			return nil, err
		}
		if page == nil {
			return nil, &UnexpectedReplyError{Doing: c.doing, ContentType: "no body"}
		}
		for _, item := range page.GetValue() {
			all = append(all, newGrant(item))
		}
		// An empty page may have a next one.
		next := text(page.GetOdataNextLink())
		if next == "" {
			return all, nil
		}
		builder, config = builder.WithUrl(next), nil
	}
}

// Grant returns a grant by its id.
func (t *Tenant) Grant(ctx context.Context, id string) (Grant, error) {
	c := call{doing: fmt.Sprintf("reading the grant %s in tenant %s", id, t.id), needs: readGrants}
	var item models.OAuth2PermissionGrantable
	_, err := t.do(ctx, c, func(ctx context.Context) (err error) {
		item, err = t.grants().ByOAuth2PermissionGrantId(id).Get(ctx, nil)
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	if item == nil {
		return Grant{}, &UnexpectedReplyError{Doing: c.doing, ContentType: "no body"}
	}
	return newGrant(item), nil
}

// CreateGrant creates a tenant-wide grant and returns what Entra answers. It
// waits for service principals that a replica does not know yet. There is at
// most one such grant between two service principals: an existing one, whatever
// its scopes, is [ErrExists], which may also be this call's own work if uncertain
// is true, as an earlier attempt got no answer.
func (t *Tenant) CreateGrant(ctx context.Context, g NewGrant) (created Grant, uncertain bool, err error) {
	c := call{
		doing: fmt.Sprintf("consenting to %s (service principal %s) for service principal %s in tenant %s",
			FormatScopes(g.Scopes), g.ResourceID, g.ClientID, t.id),
		needs: writeGrants, repeatable: true,
	}
	body := models.NewOAuth2PermissionGrant()
	body.SetClientId(new(g.ClientID))
	body.SetConsentType(new(allPrincipals))
	body.SetResourceId(new(g.ResourceID))
	body.SetScope(new(FormatScopes(g.Scopes)))
	err = t.patiently(ctx, patience{waitForPrincipals, referenceNotKnown}, func(ctx context.Context) error {
		var item models.OAuth2PermissionGrantable
		way, err := t.do(ctx, c, func(ctx context.Context) (err error) {
			item, err = t.grants().Post(ctx, body, nil)
			return err
		})
		uncertain = uncertain || way.uncertain
		switch {
		case err != nil:
			return err
		case item == nil || text(item.GetId()) == "":
			return &UnexpectedReplyError{Doing: c.doing, Status: way.status, ContentType: way.contentType()}
		}
		created = newGrant(item)
		return nil
	})
	return created, uncertain, err
}

// SetScopes replaces the scopes of a grant. It waits for a grant that a replica
// does not know yet; one that is gone is [ErrNotFound].
func (t *Tenant) SetScopes(ctx context.Context, id string, scopes []string) error {
	c := call{
		doing: fmt.Sprintf("setting the scopes of grant %s in tenant %s to %s", id, t.id, FormatScopes(scopes)),
		needs: writeGrants,
	}
	body := models.NewOAuth2PermissionGrant()
	body.SetScope(new(FormatScopes(scopes)))
	return t.patiently(ctx, patience{waitForObject, notKnown}, func(ctx context.Context) error {
		_, err := t.do(ctx, c, func(ctx context.Context) error {
			_, err := t.grants().ByOAuth2PermissionGrantId(id).Patch(ctx, body, nil)
			return err
		})
		return err
	})
}

// DeleteGrant deletes a grant. One that is gone, or that the replica does not
// know yet, is [ErrNotFound].
func (t *Tenant) DeleteGrant(ctx context.Context, id string) error {
	c := call{doing: fmt.Sprintf("deleting the grant %s in tenant %s", id, t.id), needs: writeGrants}
	_, err := t.do(ctx, c, func(ctx context.Context) error {
		return t.grants().ByOAuth2PermissionGrantId(id).Delete(ctx, nil)
	})
	return err
}

// quote escapes a value for a filter.
func quote(value string) string { return strings.ReplaceAll(value, "'", "''") }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func flag(b *bool) bool { return b != nil && *b }
