package entra

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"
	"github.com/microsoftgraph/msgraph-sdk-go/applicationswithappid"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// The permissions that calls about applications need, the least first.
var (
	readApplications  = []string{"Application.Read.All"}
	writeApplications = []string{"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"}
)

// GraphUserRead is the id of Microsoft Graph's delegated permission User.Read,
// in every tenant and cloud.
const GraphUserRead = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"

// Application is an application's registration in its home tenant.
type Application struct {
	// ID is the object id of the registration, AppID the application's own.
	ID, AppID      string
	DisplayName    string
	SignInAudience string
	// IdentifierURIs name the application as a resource.
	IdentifierURIs []string
	// RedirectURIs are those of the single-page application platform.
	RedirectURIs []string
	Scopes       []Scope
	// Required is what the application asks consent for.
	Required     []RequiredAccess
	Certificates []Certificate
}

// Scope is a delegated permission that an application offers.
type Scope struct {
	ID, Value string
	Enabled   bool
	// AdminOnly tells that users cannot consent for themselves.
	AdminOnly bool
	// What consent screens say to administrators and to users.
	AdminName, AdminText string
	UserName, UserText   string
}

// RequiredAccess is a permission that an application asks for.
type RequiredAccess struct {
	// ResourceAppID is the application that offers the permission, ID the permission's id.
	ResourceAppID, ID string
	// Type is Scope for delegated permissions, Role for application permissions.
	Type string
}

// DelegatedPermission is the type of a [RequiredAccess] on behalf of users.
const DelegatedPermission = "Scope"

// Certificate is a public certificate that an application may prove itself with.
type Certificate struct {
	// KeyID is Entra's; empty for one that is yet to be added.
	KeyID string
	// Thumbprint is the certificate's SHA-1 in upper-case hexadecimal, which is how Entra names it.
	Thumbprint  string
	DisplayName string
	Start, End  time.Time
	// DER is the certificate itself. Entra does not give it back, and keeps what it has where it is not sent.
	DER         []byte
	Type, Usage string
}

// ApplicationChange is what to set; what is nil stays. Collections are replaced whole.
type ApplicationChange struct {
	DisplayName    *string
	SignInAudience *string
	IdentifierURIs *[]string
	RedirectURIs   *[]string
	Scopes         *[]Scope
	Required       *[]RequiredAccess
	Certificates   *[]Certificate
	// NoImplicitGrants switches the implicit issuing of tokens off.
	NoImplicitGrants bool
}

func newApplication(from models.Applicationable) *Application {
	app := &Application{
		ID: text(from.GetId()), AppID: text(from.GetAppId()), DisplayName: text(from.GetDisplayName()),
		SignInAudience: text(from.GetSignInAudience()), IdentifierURIs: from.GetIdentifierUris(),
	}
	if spa := from.GetSpa(); spa != nil {
		app.RedirectURIs = spa.GetRedirectUris()
	}
	if api := from.GetApi(); api != nil {
		for _, s := range api.GetOauth2PermissionScopes() {
			app.Scopes = append(app.Scopes, Scope{
				ID: guid(s.GetId()), Value: text(s.GetValue()), Enabled: flag(s.GetIsEnabled()),
				AdminOnly: strings.EqualFold(text(s.GetTypeEscaped()), scopeForAdmins),
				AdminName: text(s.GetAdminConsentDisplayName()), AdminText: text(s.GetAdminConsentDescription()),
				UserName: text(s.GetUserConsentDisplayName()), UserText: text(s.GetUserConsentDescription()),
			})
		}
	}
	for _, resource := range from.GetRequiredResourceAccess() {
		for _, access := range resource.GetResourceAccess() {
			app.Required = append(app.Required, RequiredAccess{
				ResourceAppID: text(resource.GetResourceAppId()), ID: guid(access.GetId()), Type: text(access.GetTypeEscaped()),
			})
		}
	}
	for _, key := range from.GetKeyCredentials() {
		app.Certificates = append(app.Certificates, Certificate{
			KeyID: guid(key.GetKeyId()), Thumbprint: strings.ToUpper(hex.EncodeToString(key.GetCustomKeyIdentifier())),
			DisplayName: text(key.GetDisplayName()), Start: moment(key.GetStartDateTime()), End: moment(key.GetEndDateTime()),
			Type: text(key.GetTypeEscaped()), Usage: text(key.GetUsage()),
		})
	}
	return app
}

const (
	scopeForAdmins = "Admin"
	scopeForUsers  = "User"
)

// body writes the change as Graph takes it.
func (c ApplicationChange) body() (models.Applicationable, error) {
	body := models.NewApplication()
	if c.DisplayName != nil {
		body.SetDisplayName(c.DisplayName)
	}
	if c.SignInAudience != nil {
		body.SetSignInAudience(c.SignInAudience)
	}
	if c.IdentifierURIs != nil {
		body.SetIdentifierUris(*c.IdentifierURIs)
	}
	if c.RedirectURIs != nil {
		spa := models.NewSpaApplication()
		spa.SetRedirectUris(*c.RedirectURIs)
		body.SetSpa(spa)
	}
	if c.NoImplicitGrants {
		settings := models.NewImplicitGrantSettings()
		settings.SetEnableAccessTokenIssuance(new(false))
		settings.SetEnableIdTokenIssuance(new(false))
		web := models.NewWebApplication()
		web.SetImplicitGrantSettings(settings)
		body.SetWeb(web)
	}
	if c.Scopes != nil {
		scopes, err := scopeBodies(*c.Scopes)
		if err != nil {
			return nil, err
		}
		api := models.NewApiApplication()
		api.SetOauth2PermissionScopes(scopes)
		body.SetApi(api)
	}
	if c.Required != nil {
		required, err := requiredBodies(*c.Required)
		if err != nil {
			return nil, err
		}
		body.SetRequiredResourceAccess(required)
	}
	if c.Certificates != nil {
		keys, err := certificateBodies(*c.Certificates)
		if err != nil {
			return nil, err
		}
		body.SetKeyCredentials(keys)
	}
	return body, nil
}

func scopeBodies(scopes []Scope) ([]models.PermissionScopeable, error) {
	bodies := make([]models.PermissionScopeable, 0, len(scopes))
	for _, s := range scopes {
		id, err := uuid.Parse(s.ID)
		if err != nil {
			return nil, fmt.Errorf("the id of the scope %s is malformed: %w", s.Value, err)
		}
		kind := scopeForUsers
		if s.AdminOnly {
			kind = scopeForAdmins
		}
		body := models.NewPermissionScope()
		body.SetId(&id)
		body.SetValue(&s.Value)
		body.SetTypeEscaped(&kind)
		body.SetIsEnabled(&s.Enabled)
		body.SetAdminConsentDisplayName(unlessEmpty(s.AdminName))
		body.SetAdminConsentDescription(unlessEmpty(s.AdminText))
		body.SetUserConsentDisplayName(unlessEmpty(s.UserName))
		body.SetUserConsentDescription(unlessEmpty(s.UserText))
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// unlessEmpty leaves out a text that was missing when it was read: an empty one
// would be a change.
func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// requiredBodies groups permissions by the application that offers them.
func requiredBodies(required []RequiredAccess) ([]models.RequiredResourceAccessable, error) {
	bodies := make([]models.RequiredResourceAccessable, 0, len(required))
	groups := map[string]models.RequiredResourceAccessable{}
	for _, r := range required {
		id, err := uuid.Parse(r.ID)
		if err != nil {
			return nil, fmt.Errorf("the id of a required permission is malformed: %w", err)
		}
		group, found := groups[strings.ToLower(r.ResourceAppID)]
		if !found {
			group = models.NewRequiredResourceAccess()
			group.SetResourceAppId(&r.ResourceAppID)
			groups[strings.ToLower(r.ResourceAppID)] = group
			bodies = append(bodies, group)
		}
		access := models.NewResourceAccess()
		access.SetId(&id)
		access.SetTypeEscaped(&r.Type)
		group.SetResourceAccess(append(group.GetResourceAccess(), access))
	}
	return bodies, nil
}

func certificateBodies(certificates []Certificate) ([]models.KeyCredentialable, error) {
	bodies := make([]models.KeyCredentialable, 0, len(certificates))
	for _, c := range certificates {
		thumbprint, err := hex.DecodeString(c.Thumbprint)
		if err != nil {
			return nil, fmt.Errorf("the thumbprint of a certificate is malformed: %w", err)
		}
		body := models.NewKeyCredential()
		if id, err := uuid.Parse(c.KeyID); err == nil {
			body.SetKeyId(&id)
		}
		if len(thumbprint) > 0 {
			body.SetCustomKeyIdentifier(thumbprint)
		}
		body.SetDisplayName(unlessEmpty(c.DisplayName))
		if len(c.DER) > 0 {
			body.SetKey(c.DER)
		}
		body.SetStartDateTime(&c.Start)
		body.SetEndDateTime(&c.End)
		body.SetTypeEscaped(&c.Type)
		body.SetUsage(&c.Usage)
		bodies = append(bodies, body)
	}
	return bodies, nil
}

func (t *Tenant) applications() *applications.ApplicationsRequestBuilder {
	return applications.NewApplicationsRequestBuilderInternal(t.root(), t.adapter)
}

// Application returns an application of this tenant by its application id.
func (t *Tenant) Application(ctx context.Context, appID string) (*Application, error) {
	c := call{doing: fmt.Sprintf("reading the application %s in tenant %s", appID, t.id), needs: readApplications}
	return t.application(ctx, c, func(ctx context.Context) (models.Applicationable, error) {
		return applicationswithappid.NewApplicationsWithAppIdRequestBuilderInternal(t.root(), t.adapter, &appID).Get(ctx, nil)
	})
}

// ApplicationByObjectID returns an application of this tenant by the object id of its registration.
func (t *Tenant) ApplicationByObjectID(ctx context.Context, id string) (*Application, error) {
	c := call{doing: fmt.Sprintf("reading the application with the object id %s in tenant %s", id, t.id), needs: readApplications}
	return t.application(ctx, c, func(ctx context.Context) (models.Applicationable, error) {
		return t.applications().ByApplicationId(id).Get(ctx, nil)
	})
}

func (t *Tenant) application(
	ctx context.Context, c call, send func(context.Context) (models.Applicationable, error),
) (*Application, error) {
	var item models.Applicationable
	way, err := t.do(ctx, c, func(ctx context.Context) (err error) {
		item, err = send(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if item == nil || text(item.GetId()) == "" {
		return nil, &UnexpectedReplyError{Doing: c.doing, Status: way.status, ContentType: way.contentType()}
	}
	return newApplication(item), nil
}

// ApplicationsNamed returns the applications of this tenant with that display name.
func (t *Tenant) ApplicationsNamed(ctx context.Context, name string) ([]*Application, error) {
	c := call{doing: fmt.Sprintf("looking for applications named %q in tenant %s", name, t.id), needs: readApplications}
	filter := fmt.Sprintf("displayName eq '%s'", quote(name))
	config := &applications.ApplicationsRequestBuilderGetRequestConfiguration{
		QueryParameters: &applications.ApplicationsRequestBuilderGetQueryParameters{Filter: &filter},
	}
	builder := t.applications()
	var all []*Application
	for {
		var page models.ApplicationCollectionResponseable
		way, err := t.do(ctx, c, func(ctx context.Context) (err error) {
			page, err = builder.Get(ctx, config)
			return err
		})
		if err != nil {
			return nil, err
		}
		if page == nil {
			return nil, &UnexpectedReplyError{Doing: c.doing, Status: way.status, ContentType: way.contentType()}
		}
		for _, item := range page.GetValue() {
			all = append(all, newApplication(item))
		}
		next := text(page.GetOdataNextLink())
		if next == "" {
			return all, nil
		}
		builder, config = builder.WithUrl(next), nil
	}
}

// CreateApplication registers an application and returns what Entra answers.
// Nothing but its id tells applications apart, so that the request is not sent
// again when it is unclear whether it was carried out: see [MayHaveHappened].
func (t *Tenant) CreateApplication(ctx context.Context, content ApplicationChange) (*Application, error) {
	c := call{doing: fmt.Sprintf("registering an application in tenant %s", t.id), needs: writeApplications}
	body, err := content.body()
	if err != nil {
		return nil, err
	}
	return t.application(ctx, c, func(ctx context.Context) (models.Applicationable, error) {
		return t.applications().Post(ctx, body, nil)
	})
}

// ChangeApplication changes an application. One that a replica does not know
// yet, or knows an older state of, is waited for.
func (t *Tenant) ChangeApplication(ctx context.Context, id string, change ApplicationChange) error {
	c := call{doing: fmt.Sprintf("changing the application with the object id %s in tenant %s", id, t.id), needs: writeApplications}
	body, err := change.body()
	if err != nil {
		return err
	}
	lagging := func(e *ResponseError) bool {
		return notKnown(e) || e.FromGraph && e.Status == http.StatusConflict && !errors.Is(e, ErrExists) || e.says(textEnabled)
	}
	return t.patiently(ctx, patience{waitForChange, lagging}, func(ctx context.Context) error {
		_, err := t.do(ctx, c, func(ctx context.Context) error {
			_, err := t.applications().ByApplicationId(id).Patch(ctx, body, nil)
			return err
		})
		return err
	})
}

// DeleteApplication deletes an application and its service principal in this
// tenant; Entra keeps both for 30 days. Those in other tenants stay, of no use.
// One that is gone, or that the replica does not know yet, is [ErrNotFound].
func (t *Tenant) DeleteApplication(ctx context.Context, id string) error {
	c := call{doing: fmt.Sprintf("deleting the application with the object id %s in tenant %s", id, t.id), needs: writeApplications}
	_, err := t.do(ctx, c, func(ctx context.Context) error {
		return t.applications().ByApplicationId(id).Delete(ctx, nil)
	})
	return err
}

// Owners returns the object ids of an application's owners.
func (t *Tenant) Owners(ctx context.Context, id string) ([]string, error) {
	c := call{doing: fmt.Sprintf("listing the owners of the application with the object id %s in tenant %s", id, t.id), needs: readApplications}
	builder := t.applications().ByApplicationId(id).Owners()
	config := &applications.ItemOwnersRequestBuilderGetRequestConfiguration{
		QueryParameters: &applications.ItemOwnersRequestBuilderGetQueryParameters{Select: []string{"id"}},
	}
	var owners []string
	for {
		var page models.DirectoryObjectCollectionResponseable
		way, err := t.do(ctx, c, func(ctx context.Context) (err error) {
			page, err = builder.Get(ctx, config)
			return err
		})
		if err != nil {
			return nil, err
		}
		if page == nil {
			return nil, &UnexpectedReplyError{Doing: c.doing, Status: way.status, ContentType: way.contentType()}
		}
		for _, item := range page.GetValue() {
			owners = append(owners, text(item.GetId()))
		}
		next := text(page.GetOdataNextLink())
		if next == "" {
			return owners, nil
		}
		builder, config = builder.WithUrl(next), nil
	}
}

// AddOwner makes a user or service principal of the tenant an owner of an
// application. One who is an owner already is no error.
func (t *Tenant) AddOwner(ctx context.Context, id, owner string) error {
	c := call{
		doing: fmt.Sprintf("adding %s to the owners of the application with the object id %s in tenant %s", owner, id, t.id),
		needs: writeApplications, repeatable: true,
	}
	body := models.NewReferenceCreate()
	body.SetOdataId(new(t.adapter.GetBaseUrl() + "/directoryObjects/" + owner))
	err := t.patiently(ctx, patience{waitForObject, referenceNotKnown}, func(ctx context.Context) error {
		_, err := t.do(ctx, c, func(ctx context.Context) error {
			return t.applications().ByApplicationId(id).Owners().Ref().Post(ctx, body, nil)
		})
		return err
	})
	var resp *ResponseError
	if errors.As(err, &resp) && resp.Status == http.StatusBadRequest && resp.says("already exist") {
		return nil
	}
	return err
}

// RemoveOwner takes a user or service principal off the owners of an
// application. One who is no owner is [ErrNotFound].
func (t *Tenant) RemoveOwner(ctx context.Context, id, owner string) error {
	c := call{
		doing: fmt.Sprintf("removing %s from the owners of the application with the object id %s in tenant %s", owner, id, t.id),
		needs: writeApplications,
	}
	_, err := t.do(ctx, c, func(ctx context.Context) error {
		return t.applications().ByApplicationId(id).Owners().ByDirectoryObjectId(owner).Ref().Delete(ctx, nil)
	})
	return err
}

func guid(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func moment(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}
