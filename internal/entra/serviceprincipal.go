package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/directory"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipalswithappid"
)

// The permissions that calls about service principals need, the least first.
var (
	readPrincipals  = []string{"Application.Read.All"}
	writePrincipals = []string{"Application.ReadWrite.All"}
)

// ServicePrincipal is an application as it stands in one tenant.
type ServicePrincipal struct {
	// ID is the object id, AppID that of the application, alike in all tenants.
	ID, AppID   string
	DisplayName string
	// Enabled tells whether users may sign in to the application.
	Enabled bool
	// AssignmentRequired tells that only users who are assigned may sign in.
	AssignmentRequired bool
	// Deactivated tells that the application was deactivated as a whole.
	Deactivated bool
	// DisabledByMicrosoft is why Microsoft disabled the application; empty if it did not.
	DisabledByMicrosoft string
	// OwnerTenantID is the tenant that the application comes from.
	OwnerTenantID string
	// Scopes are the enabled delegated permissions that the application offers to others.
	Scopes []string
}

// Properties that are read of a service principal.
func principalProperties(narrow bool) []string {
	properties := []string{
		"id", "appId", "displayName", "accountEnabled", "appRoleAssignmentRequired", "disabledByMicrosoftStatus",
		"appOwnerOrganizationId", "oauth2PermissionScopes",
	}
	if narrow {
		return properties
	}
	return append(properties, "isDisabled")
}

func newServicePrincipal(from models.ServicePrincipalable) *ServicePrincipal {
	sp := &ServicePrincipal{
		ID: text(from.GetId()), AppID: text(from.GetAppId()), DisplayName: text(from.GetDisplayName()),
		Enabled:            from.GetAccountEnabled() == nil || *from.GetAccountEnabled(),
		AssignmentRequired: flag(from.GetAppRoleAssignmentRequired()),
	}
	if status := text(from.GetDisabledByMicrosoftStatus()); status != "" && status != "NotDisabled" {
		sp.DisabledByMicrosoft = status
	}
	if owner := from.GetAppOwnerOrganizationId(); owner != nil {
		sp.OwnerTenantID = owner.String()
	}
	// The SDK does not know this property yet and keeps it aside.
	if deactivated, ok := from.GetAdditionalData()["isDisabled"].(*bool); ok {
		sp.Deactivated = flag(deactivated)
	}
	for _, scope := range from.GetOauth2PermissionScopes() {
		if flag(scope.GetIsEnabled()) {
			sp.Scopes = append(sp.Scopes, text(scope.GetValue()))
		}
	}
	return sp
}

func (t *Tenant) principals() *serviceprincipals.ServicePrincipalsRequestBuilder {
	return serviceprincipals.NewServicePrincipalsRequestBuilderInternal(t.root(), t.adapter)
}

// ServicePrincipal returns an application's service principal by its key, which
// is the surest to be answered with what was written last. [ErrNotFound] means
// that there is none, or that the replica that answered does not know it yet.
func (t *Tenant) ServicePrincipal(ctx context.Context, appID string) (*ServicePrincipal, error) {
	c := call{doing: fmt.Sprintf("reading the service principal of application %s in tenant %s", appID, t.id), needs: readPrincipals}
	item, err := selecting(t, func(properties []string) (models.ServicePrincipalable, error) {
		var item models.ServicePrincipalable
		_, err := t.do(ctx, c, func(ctx context.Context) (err error) {
			item, err = serviceprincipalswithappid.NewServicePrincipalsWithAppIdRequestBuilderInternal(t.root(), t.adapter, &appID).Get(ctx,
				&serviceprincipalswithappid.ServicePrincipalsWithAppIdRequestBuilderGetRequestConfiguration{
					QueryParameters: &serviceprincipalswithappid.ServicePrincipalsWithAppIdRequestBuilderGetQueryParameters{Select: properties},
				})
			return err
		})
		return item, err
	})
	if err != nil {
		return nil, err
	}
	if item == nil || text(item.GetId()) == "" {
		return nil, &UnexpectedReplyError{Doing: c.doing, Status: http.StatusOK, ContentType: "no service principal"}
	}
	return newServicePrincipal(item), nil
}

// FindServicePrincipal returns an application's service principal by a search,
// nil if there is none. It asks another index than [Tenant.ServicePrincipal]: an
// absence that both report is to be believed sooner.
func (t *Tenant) FindServicePrincipal(ctx context.Context, appID string) (*ServicePrincipal, error) {
	c := call{doing: fmt.Sprintf("looking for the service principal of application %s in tenant %s", appID, t.id), needs: readPrincipals}
	filter := fmt.Sprintf("appId eq '%s'", quote(appID))
	found, err := selecting(t, func(properties []string) ([]models.ServicePrincipalable, error) {
		return t.allPrincipals(ctx, c, func(ctx context.Context) (models.ServicePrincipalCollectionResponseable, error) {
			return t.principals().Get(ctx, &serviceprincipals.ServicePrincipalsRequestBuilderGetRequestConfiguration{
				QueryParameters: &serviceprincipals.ServicePrincipalsRequestBuilderGetQueryParameters{Filter: &filter, Select: properties},
			})
		})
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return newServicePrincipal(found[0]), nil
}

// allPrincipals reads a listing, whose first page is asked for by first, to its
// end. An empty page may have a next one.
func (t *Tenant) allPrincipals(
	ctx context.Context, c call, first func(context.Context) (models.ServicePrincipalCollectionResponseable, error),
) ([]models.ServicePrincipalable, error) {
	var all []models.ServicePrincipalable
	for ask := first; ; {
		var page models.ServicePrincipalCollectionResponseable
		_, err := t.do(ctx, c, func(ctx context.Context) (err error) {
			page, err = ask(ctx)
			return err
		})
		if err != nil || page == nil {
			return all, err
		}
		all = append(all, page.GetValue()...)
		next := text(page.GetOdataNextLink())
		if next == "" {
			return all, nil
		}
		ask = func(ctx context.Context) (models.ServicePrincipalCollectionResponseable, error) {
			return t.principals().WithUrl(next).Get(ctx, nil)
		}
	}
}

// selecting reads with all properties that are wanted; where the cloud does not
// know the newest of them, without, from then on.
func selecting[T any](t *Tenant, read func(properties []string) (T, error)) (T, error) {
	t.mu.Lock()
	narrow := t.narrow
	t.mu.Unlock()
	item, err := read(principalProperties(narrow))
	var resp *ResponseError
	if narrow || !errors.As(err, &resp) || resp.Status != http.StatusBadRequest || !resp.says(textProperty) {
		return item, err
	}
	t.mu.Lock()
	t.narrow = true
	t.mu.Unlock()
	return read(principalProperties(true))
}

// Graph returns Microsoft Graph's own service principal, which every tenant has.
// It is asked for once.
func (t *Tenant) Graph(ctx context.Context) (*ServicePrincipal, error) {
	t.mu.Lock()
	known := t.graph
	t.mu.Unlock()
	if known != nil {
		return known, nil
	}
	flight := t.flights.DoChan("graph", func() (any, error) {
		sp, err := t.ServicePrincipal(context.WithoutCancel(ctx), GraphAppID)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.graph = sp
		return sp, nil
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case result := <-flight:
		sp, _ := result.Val.(*ServicePrincipal)
		return sp, result.Err
	}
}

// NewServicePrincipal is a service principal to be created.
type NewServicePrincipal struct {
	AppID string
	// Tags, such as the one that makes portals list it.
	Tags []string
}

// TagEnterpriseApplication makes Entra's portal list a service principal among
// the enterprise applications.
const TagEnterpriseApplication = "WindowsAzureActiveDirectoryIntegratedApp"

// CreateServicePrincipal enters an application into the tenant and returns what
// Entra answers. An application that was registered a moment ago is waited for;
// if it stays unknown the error is [ErrNoApplication]. A service principal that
// exists is [ErrExists], and may be this call's own work if uncertain is true,
// as an earlier attempt got no answer.
func (t *Tenant) CreateServicePrincipal(
	ctx context.Context, n NewServicePrincipal,
) (created *ServicePrincipal, uncertain bool, err error) {
	c := call{
		doing: fmt.Sprintf("creating the service principal of application %s in tenant %s", n.AppID, t.id),
		needs: writePrincipals, repeatable: true,
	}
	body := models.NewServicePrincipal()
	body.SetAppId(&n.AppID)
	if len(n.Tags) > 0 {
		body.SetTags(n.Tags)
	}
	lagging := func(e *ResponseError) bool { return errors.Is(e, ErrNoApplication) }
	err = t.patiently(ctx, patience{waitForApplication, lagging}, func(ctx context.Context) error {
		var item models.ServicePrincipalable
		way, err := t.do(ctx, c, func(ctx context.Context) (err error) {
			item, err = t.principals().Post(ctx, body, nil)
			return err
		})
		uncertain = uncertain || way.uncertain
		switch {
		case err != nil:
			return err
		case item == nil || text(item.GetId()) == "":
			return &UnexpectedReplyError{Doing: c.doing, Status: way.status, ContentType: way.contentType()}
		}
		created = newServicePrincipal(item)
		return nil
	})
	return created, uncertain, err
}

// SetEnabled lets users sign in to the application, or stops them. A service
// principal that a replica does not know yet is waited for.
func (t *Tenant) SetEnabled(ctx context.Context, id string, enabled bool) error {
	doing := "disabling"
	if enabled {
		doing = "enabling"
	}
	c := call{doing: fmt.Sprintf("%s sign-in to service principal %s in tenant %s", doing, id, t.id), needs: writePrincipals}
	body := models.NewServicePrincipal()
	body.SetAccountEnabled(&enabled)
	return t.patiently(ctx, patience{waitForObject, notKnown}, func(ctx context.Context) error {
		_, err := t.do(ctx, c, func(ctx context.Context) error {
			_, err := t.principals().ByServicePrincipalId(id).Patch(ctx, body, nil)
			return err
		})
		return err
	})
}

// DeleteServicePrincipal deletes a service principal; Entra keeps it for 30 days.
// One that is gone, or that the replica does not know yet, is [ErrNotFound].
func (t *Tenant) DeleteServicePrincipal(ctx context.Context, id string) error {
	c := call{doing: fmt.Sprintf("deleting the service principal %s in tenant %s", id, t.id), needs: writePrincipals}
	_, err := t.do(ctx, c, func(ctx context.Context) error {
		return t.principals().ByServicePrincipalId(id).Delete(ctx, nil)
	})
	return err
}

func (t *Tenant) deletedItems() *directory.DeletedItemsRequestBuilder {
	return directory.NewDeletedItemsRequestBuilderInternal(t.root(), t.adapter)
}

// DeletedServicePrincipal returns the id of an application's service principal
// that was deleted and can be restored; empty if there is none.
func (t *Tenant) DeletedServicePrincipal(ctx context.Context, appID string) (string, error) {
	c := call{
		doing: fmt.Sprintf("looking for a deleted service principal of application %s in tenant %s", appID, t.id),
		needs: readPrincipals,
	}
	filter := fmt.Sprintf("appId eq '%s'", quote(appID))
	found, err := t.allPrincipals(ctx, c, func(ctx context.Context) (models.ServicePrincipalCollectionResponseable, error) {
		return t.deletedItems().GraphServicePrincipal().Get(ctx,
			&directory.DeletedItemsGraphServicePrincipalRequestBuilderGetRequestConfiguration{
				QueryParameters: &directory.DeletedItemsGraphServicePrincipalRequestBuilderGetQueryParameters{
					Filter: &filter, Select: []string{"id", "appId", "deletedDateTime"},
				},
			})
	})
	if err != nil {
		return "", err
	}
	// Of several the one that was deleted last.
	var latest models.ServicePrincipalable
	for _, item := range found {
		if !strings.EqualFold(text(item.GetAppId()), appID) {
			continue
		}
		if latest == nil || latest.GetDeletedDateTime() == nil ||
			item.GetDeletedDateTime() != nil && item.GetDeletedDateTime().After(*latest.GetDeletedDateTime()) {
			latest = item
		}
	}
	if latest == nil {
		return "", nil
	}
	return text(latest.GetId()), nil
}

// Restore brings a deleted service principal back under its old id. A service
// principal of the same application that exists is [ErrExists]. One that is not
// among the deleted is [ErrNotFound]; it may have been restored by this call if
// uncertain is true, as an earlier attempt got no answer.
func (t *Tenant) Restore(ctx context.Context, id string) (uncertain bool, err error) {
	c := call{
		doing: fmt.Sprintf("restoring the deleted service principal %s in tenant %s", id, t.id),
		needs: writePrincipals, repeatable: true,
	}
	lagging := func(e *ResponseError) bool { return notKnown(e) && !uncertain }
	err = t.patiently(ctx, patience{waitForObject, lagging}, func(ctx context.Context) error {
		way, err := t.do(ctx, c, func(ctx context.Context) error {
			_, err := t.deletedItems().ByDirectoryObjectId(id).Restore().Post(ctx, nil)
			return err
		})
		uncertain = uncertain || way.uncertain
		return err
	})
	return uncertain, err
}
