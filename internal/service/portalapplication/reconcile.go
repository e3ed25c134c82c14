package portalapplication

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// record is kept in the resource's private state.
type record struct {
	// Thumbprints are the certificates that this resource added, the latest first.
	Thumbprints []string `json:"thumbprints,omitempty"`
	// WrittenAt is when the application was last written to.
	WrittenAt time.Time `json:"written_at,omitzero"`
	// TenantID is the tenant in which the application was last found, as the provider names it.
	TenantID string `json:"tenant_id,omitempty"`
}

const recordKey = "record"

func (r *record) save(ctx context.Context, to tfkit.Private) diag.Diagnostics {
	return tfkit.Record(ctx, to, recordKey, r, "What was done to the application")
}

func parseRecord(data []byte) (*record, diag.Diagnostics) {
	r := new(record)
	if len(data) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(data, r); err != nil {
		return r, diag.Diagnostics{diag.NewErrorDiagnostic(tfkit.TitleOutOfOrder,
			"The record of what was done to the application cannot be read: "+err.Error()+".")}
	}
	for _, thumbprint := range slices.Backward(r.Thumbprints) {
		r.Thumbprints = newestFirst(thumbprint, r.Thumbprints) // earlier versions wrote some down twice
	}
	return r, nil
}

// elsewhere returns an error if an application that is not found in a tenant was
// last found in another one. A tenant has several names, so that this proves
// nothing about one that is found.
func (r *record) elsewhere(tenant *entra.Tenant) error {
	if r.TenantID == "" || r.TenantID == tenant.ID() {
		return nil
	}
	return &elsewhereError{found: r.TenantID, asked: tenant.ID()}
}

// elsewhereError is an application that is in another tenant than the provider is set to.
type elsewhereError struct{ found, asked string }

func (e *elsewhereError) Error() string {
	return fmt.Sprintf("the application was last found in tenant %s, and the provider is set to tenant %s, which has no such application",
		e.found, e.asked)
}

// newestFirst returns thumbprints with one in front, each once.
func newestFirst(thumbprint string, earlier []string) []string {
	others := slices.DeleteFunc(slices.Clone(earlier), func(other string) bool { return strings.EqualFold(other, thumbprint) })
	return append([]string{thumbprint}, others...)
}

// certificatesKept is how many of its own certificates the resource keeps: that
// in force, and the one before it, which the server may still use.
const certificatesKept = 2

// desired is what the configuration says of the application.
type desired struct {
	name, audience string
	redirectURIs   []string
	owners         []string
	certificate    certificate
}

func newDesired(m model) (desired, error) {
	c, err := parseCertificate(m.CertificatePEM.ValueString())
	return desired{
		name: m.DisplayName.ValueString(), audience: m.SignInAudience.ValueString(),
		redirectURIs: textsOf(m.PortalURIs), owners: textsOf(m.Owners), certificate: c,
	}, err
}

// differences tells what keeps an application from being the desired one, as far
// as that is made by a single request.
func (d desired) differences(app *entra.Application) []string {
	var found []string
	differ := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if app.DisplayName != d.name {
		differ("its name is %q, and %q is declared", app.DisplayName, d.name) // the case of letters
	}
	if app.SignInAudience != d.audience {
		differ("its sign_in_audience is %s, and %s is declared", app.SignInAudience, d.audience)
	}
	if !sameTexts(app.RedirectURIs, d.redirectURIs) {
		differ("its portal_uris are %s, and %s are declared", listed(app.RedirectURIs), listed(d.redirectURIs))
	}
	if _, offered := (facts{app: app}).scope(); !offered {
		differ("it offers no permission %s", accessAsUser)
	}
	return found
}

func listed(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(slices.Values(values)), ", ")
}

// choose returns which of the applications of a name to adopt, or else one that
// stands in the way.
func choose(namesakes []*entra.Application, d desired) (app *entra.Application, adopted bool) {
	for _, app := range namesakes {
		if len(d.differences(app)) == 0 {
			return app, true
		}
	}
	return namesakes[0], false
}

// sameTexts compares redirect URIs, whose case counts.
func sameTexts(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// namesakeError is an application of the declared name that is another one.
type namesakeError struct {
	app         *entra.Application
	differences []string
}

func (e *namesakeError) Error() string {
	return fmt.Sprintf("the tenant already has an application named %q (%s) that is not as declared", e.app.DisplayName, e.app.AppID)
}

// work brings the application about. What it knows comes from the answers to its
// writes: reads may be behind them.
type work struct {
	client *entra.Client
	tenant *entra.Tenant
	facts  facts
	record *record
	// others leaves out the applications that do not stand beside a new one.
	others func([]*entra.Application) []*entra.Application
	// claim tells whether an application may be adopted; it is not deleted by this
	// run then.
	claim func(*entra.Application) bool
	// previousOwners are those that the state declared.
	previousOwners []string
	// progress keeps what was reached, after each write.
	progress func()
}

// createAttempts bounds how often a registration whose fate was unclear is tried.
const createAttempts = 3

// establish registers the application, or finds that it is registered, as after
// a run that was cut off.
func (w *work) establish(ctx context.Context, d desired) (adopted bool, err error) {
	before, err := w.namesakes(ctx, d.name)
	if err != nil {
		return false, err
	}
	if len(before) > 0 {
		app, adopted := choose(before, d)
		if !adopted {
			return false, &namesakeError{app, d.differences(app)}
		}
		if w.claim(app) {
			w.enter(app)
			return true, nil
		}
		// This run is deleting it: it needs another one.
	}
	content := entra.ApplicationChange{
		DisplayName: &d.name, SignInAudience: &d.audience, RedirectURIs: &d.redirectURIs,
		Scopes:           &[]entra.Scope{newScope()},
		Required:         &[]entra.RequiredAccess{{ResourceAppID: entra.GraphAppID, ID: entra.GraphUserRead, Type: entra.DelegatedPermission}},
		NoImplicitGrants: true,
	}
	for attempt := 1; ; attempt++ {
		app, err := w.tenant.CreateApplication(ctx, content)
		if err == nil {
			w.wrote()
			w.enter(app)
			return false, nil
		}
		if !entra.MayHaveHappened(err) || attempt == createAttempts {
			return false, err
		}
		if app, lookErr := w.lost(ctx, d); lookErr != nil || app != nil {
			if app != nil {
				w.wrote()
				w.enter(app)
			}
			return false, lookErr
		}
	}
}

// namesakes returns the applications of a name. That there are none is believed
// only after several looks: a run that was cut off a moment ago may have
// registered one, which not all replicas know yet.
func (w *work) namesakes(ctx context.Context, name string) ([]*entra.Application, error) {
	var found []*entra.Application
	err := w.client.Settle(ctx, time.Time{}, func(ctx context.Context, _ int) (bool, error) {
		var err error
		found, err = w.tenant.ApplicationsNamed(ctx, name)
		found = w.others(found)
		return len(found) > 0, err
	})
	return found, err
}

// meet looks at all of an adopted application. Where only the list knows it yet,
// what the list showed counts.
func (w *work) meet(ctx context.Context, m model) error {
	m.ApplicationID = types.StringValue(w.facts.app.AppID)
	seen, err := settled(ctx, w.client, w.tenant, m, time.Time{}, func(f facts) bool { return f.app != nil })
	if err == nil && seen.app == nil {
		seen, err = lookAround(ctx, w.tenant, w.facts.app, m)
	}
	if err != nil {
		return err
	}
	w.facts = seen
	return nil
}

// lost looks for an application whose registration got no answer.
func (w *work) lost(ctx context.Context, d desired) (*entra.Application, error) {
	var found *entra.Application
	err := w.client.Settle(ctx, w.client.Now(), func(ctx context.Context, _ int) (bool, error) {
		all, err := w.tenant.ApplicationsNamed(ctx, d.name)
		if all = w.others(all); len(all) > 0 {
			if app, same := choose(all, d); same {
				found = app
			}
		}
		return found != nil, err
	})
	return found, err
}

func newScope() entra.Scope {
	const name = "Access Veeam Backup for Microsoft 365 Restore Portal"
	return entra.Scope{
		ID: uuid.NewString(), Value: accessAsUser, Enabled: true, AdminOnly: true,
		AdminName: name, AdminText: "Allows access to Veeam Backup for Microsoft 365 Restore Portal as the signed-in user",
		UserName: name, UserText: "Allows access to Veeam Backup for Microsoft 365 Restore Portal on your behalf",
	}
}

func (w *work) enter(app *entra.Application) {
	w.facts.app = app
	w.progress()
}

func (w *work) wrote() { w.record.WrittenAt = w.client.Now() }

// finish brings everything but the registration's existence in order.
func (w *work) finish(ctx context.Context, d desired) error {
	for _, step := range []func(context.Context, desired) error{w.settle, w.certify, w.retire, w.enterHome, w.own} {
		if err := step(ctx, d); err != nil {
			return err
		}
		w.progress()
	}
	return nil
}

// settle sets what differs, apart from certificates, in one request.
func (w *work) settle(ctx context.Context, d desired) error {
	app := *w.facts.app
	var change entra.ApplicationChange
	differs := false
	if app.DisplayName != d.name {
		app.DisplayName, change.DisplayName, differs = d.name, &d.name, true
	}
	if app.SignInAudience != d.audience {
		app.SignInAudience, change.SignInAudience, differs = d.audience, &d.audience, true
	}
	if !sameTexts(app.RedirectURIs, d.redirectURIs) {
		app.RedirectURIs, change.RedirectURIs, differs = d.redirectURIs, &d.redirectURIs, true
	}
	if uri := identifierURI(app.AppID); !containsFold(app.IdentifierURIs, uri) {
		app.IdentifierURIs = append(slices.Clone(app.IdentifierURIs), uri)
		change.IdentifierURIs, differs = &app.IdentifierURIs, true
	}
	if scopes, changed := offering(app.Scopes); changed {
		app.Scopes, change.Scopes, differs = scopes, &scopes, true
	}
	if required, changed := requiring(app); changed {
		app.Required, change.Required, differs = required, &required, true
	}
	if !differs {
		return nil
	}
	if err := w.tenant.ChangeApplication(ctx, app.ID, change); err != nil {
		return err
	}
	w.facts.app = &app
	w.wrote()
	return nil
}

// offering returns scopes with an enabled access_as_user. One that exists keeps
// its id, which consent is tied to.
func offering(scopes []entra.Scope) (with []entra.Scope, changed bool) {
	for i, s := range scopes {
		if strings.EqualFold(s.Value, accessAsUser) {
			with = slices.Clone(scopes)
			with[i].Enabled = true
			return with, !s.Enabled
		}
	}
	return append(slices.Clone(scopes), newScope()), true
}

// requiring returns the permissions that an application asks for, with those of the portal.
func requiring(app entra.Application) (required []entra.RequiredAccess, changed bool) {
	f := facts{app: &app}
	required = slices.Clone(app.Required)
	own, _ := f.scope()
	for _, wanted := range []entra.RequiredAccess{
		{ResourceAppID: entra.GraphAppID, ID: entra.GraphUserRead, Type: entra.DelegatedPermission},
		{ResourceAppID: app.AppID, ID: own.ID, Type: entra.DelegatedPermission},
	} {
		if !f.requires(wanted.ResourceAppID, wanted.ID) {
			required, changed = append(required, wanted), true
		}
	}
	return required, changed
}

// certify adds the certificate beside those that are there.
func (w *work) certify(ctx context.Context, d desired) error {
	thumbprint := d.certificate.thumbprint
	if !w.facts.certified(thumbprint) {
		with := append(slices.Clone(w.facts.app.Certificates), entra.Certificate{
			KeyID: uuid.NewString(), Thumbprint: thumbprint, DisplayName: d.certificate.Subject.CommonName,
			Start: d.certificate.NotBefore, End: d.certificate.NotAfter, DER: d.certificate.Raw,
			Type: "AsymmetricX509Cert", Usage: "Verify",
		})
		if err := w.setCertificates(ctx, with); err != nil {
			return err
		}
	} else if !containsFold(w.record.Thumbprints, thumbprint) {
		return nil // one that others added stays theirs
	}
	w.record.Thumbprints = newestFirst(thumbprint, w.record.Thumbprints)
	return nil
}

// retire removes certificates that this resource added and that no server uses
// any more: all but that in force and the one before.
func (w *work) retire(ctx context.Context, d desired) error {
	if len(w.record.Thumbprints) <= certificatesKept {
		return nil
	}
	old := w.record.Thumbprints[certificatesKept:]
	rest := slices.DeleteFunc(slices.Clone(w.facts.app.Certificates), func(c entra.Certificate) bool {
		return containsFold(old, c.Thumbprint) && !strings.EqualFold(c.Thumbprint, d.certificate.thumbprint)
	})
	if len(rest) < len(w.facts.app.Certificates) {
		if err := w.setCertificates(ctx, rest); err != nil {
			return err
		}
	}
	w.record.Thumbprints = w.record.Thumbprints[:certificatesKept]
	return nil
}

func (w *work) setCertificates(ctx context.Context, certificates []entra.Certificate) error {
	if err := w.tenant.ChangeApplication(ctx, w.facts.app.ID, entra.ApplicationChange{Certificates: &certificates}); err != nil {
		return err
	}
	app := *w.facts.app
	app.Certificates = certificates
	w.facts.app = &app
	w.wrote()
	return nil
}

// enterHome makes the application's service principal in its own tenant.
func (w *work) enterHome(ctx context.Context, _ desired) error {
	if w.facts.principalID != "" {
		return nil
	}
	sp, _, err := w.tenant.CreateServicePrincipal(ctx, entra.NewServicePrincipal{
		AppID: w.facts.app.AppID, Tags: []string{entra.TagEnterpriseApplication},
	})
	if errors.Is(err, entra.ErrExists) {
		sp, err = w.existing(ctx, err)
	}
	if err != nil {
		return err
	}
	w.facts.principalID = sp.ID
	w.wrote()
	return nil
}

func (w *work) existing(ctx context.Context, conflict error) (*entra.ServicePrincipal, error) {
	var found *entra.ServicePrincipal
	err := w.client.Settle(ctx, w.client.Now(), func(ctx context.Context, _ int) (bool, error) {
		sp, err := w.tenant.ServicePrincipal(ctx, w.facts.app.AppID)
		if errors.Is(err, entra.ErrNotFound) {
			sp, err = w.tenant.FindServicePrincipal(ctx, w.facts.app.AppID)
		}
		found = sp
		return sp != nil, err
	})
	if err == nil && found == nil {
		err = conflict
	}
	return found, err
}

// own adds the owners that are declared and removes those that no longer are.
func (w *work) own(ctx context.Context, d desired) error {
	for _, id := range d.owners {
		if containsFold(w.facts.owners, id) {
			continue
		}
		if err := w.tenant.AddOwner(ctx, w.facts.app.ID, id); err != nil {
			return err
		}
		w.facts.owners = append(w.facts.owners, id)
		w.wrote()
	}
	for _, id := range w.previousOwners {
		if containsFold(d.owners, id) {
			continue
		}
		if err := w.tenant.RemoveOwner(ctx, w.facts.app.ID, id); err != nil && !errors.Is(err, entra.ErrNotFound) {
			return err
		}
		w.facts.owners = slices.DeleteFunc(w.facts.owners, func(o string) bool { return strings.EqualFold(o, id) })
		w.wrote()
	}
	return nil
}

// look asks for the application and what belongs to it.
func look(ctx context.Context, tenant *entra.Tenant, m model) (facts, error) {
	app, err := tenant.Application(ctx, m.ApplicationID.ValueString())
	if errors.Is(err, entra.ErrNotFound) {
		return facts{}, nil
	}
	if err != nil {
		return facts{}, err
	}
	return lookAround(ctx, tenant, app, m)
}

// lookAround asks for the service principal of an application, and for its owners
// if some are declared.
func lookAround(ctx context.Context, tenant *entra.Tenant, app *entra.Application, m model) (facts, error) {
	f := facts{app: app}
	sp, err := tenant.ServicePrincipal(ctx, app.AppID)
	switch {
	case err == nil:
		f.principalID = sp.ID
	case !errors.Is(err, entra.ErrNotFound):
		return facts{}, err
	}
	if len(textsOf(m.Owners)) > 0 {
		f.owners, err = tenant.Owners(ctx, app.ID)
		if errors.Is(err, entra.ErrNotFound) {
			return f, nil
		}
		return f, err
	}
	return f, nil
}

// settled looks until Entra shows what is expected, or until what it shows
// instead can be believed.
func settled(
	ctx context.Context, client *entra.Client, tenant *entra.Tenant, m model, written time.Time, expected func(facts) bool,
) (facts, error) {
	var seen facts
	err := client.Settle(ctx, written, func(ctx context.Context, _ int) (bool, error) {
		var err error
		seen, err = look(ctx, tenant, m)
		return err == nil && expected(seen), err
	})
	return seen, err
}
