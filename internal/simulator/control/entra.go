package control

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

// Entra lets the endpoint control a simulated Microsoft Entra, under /entra.
func Entra(sim *graph.Server) Face {
	h := entraHandler{sim}

	return Face{slices.Concat(
		h.serverOperations(), h.tenantOperations(), h.grantOperations(), h.clientOperations(), faultOperations("/entra", sim),
	)}
}

// entraHandler serves the operations on Entra.
type entraHandler struct{ sim *graph.Server }

func (h entraHandler) serverOperations() []operation {
	return []operation{
		{"GET /entra/state", "everything that Entra holds, as a seed", func(*http.Request) (any, error) {
			return h.sim.Snapshot(), nil
		}},
		{"POST /entra/state", "add what a seed holds", h.seed},
		{"GET /entra/knobs", "the knobs", func(*http.Request) (any, error) { return h.sim.Options(), nil }},
		{"PATCH /entra/knobs", "turn the knobs that the body names", h.turnKnobs},
		{"GET /entra/requests", "the log of requests", func(*http.Request) (any, error) { return h.sim.Requests(), nil }},
		{"DELETE /entra/requests", "empty the log of requests", done(h.sim.ResetRequests)},
		{"GET /entra/violations", "what clients did that they should not", func(*http.Request) (any, error) {
			return notNil(h.sim.Violations()), nil
		}},
		{"DELETE /entra/violations", "forget the violations", done(h.sim.ResetViolations)},
		{"POST /entra/tokens/expire", "make every token invalid", done(h.sim.ExpireTokens)},
	}
}

func (h entraHandler) tenantOperations() []operation {
	const (
		tenant     = "/entra/tenants/{tenant}"
		principals = tenant + "/servicePrincipals"
	)

	return []operation{
		{"GET /entra/tenants", "the tenants", func(*http.Request) (any, error) { return h.sim.Tenants(), nil }},
		{"POST /entra/tenants", `add a tenant: {"id", "domains", "displayName"}`, h.addTenant},
		{"GET " + tenant + "/applications", "the applications that are registered", h.inTenant(h.applications)},
		{"POST " + tenant + "/applications", "register an application", h.inTenant(h.addApplication)},
		{"PATCH /entra/applications/{app}", "change the members that it names", h.patchApplication},
		{"DELETE /entra/applications/{app}", "delete an application; it can be restored", h.deleteApplication},
		{"GET " + principals, "the service principals, apart from Microsoft Graph's", h.inTenant(h.principals)},
		{"POST " + principals, `bring an application in: {"appId"}`, h.inTenant(h.addPrincipal)},
		{"PATCH " + principals + "/{app}", "change the members that the body names", h.inTenant(h.patchPrincipal)},
		{"DELETE " + principals + "/{app}", "delete one; with ?purge=true for good", h.inTenant(h.deletePrincipal)},
	}
}

func (h entraHandler) grantOperations() []operation {
	const (
		tenant = "/entra/tenants/{tenant}"
		grants = tenant + "/grants"
	)

	return []operation{
		{"GET " + grants, "the grants", h.inTenant(h.grants)},
		{"POST " + grants, "add a grant", h.inTenant(h.addGrant)},
		{"PATCH " + grants + "/{grant}", "change the members that the body names", h.inTenant(h.patchGrant)},
		{"DELETE " + grants + "/{grant}", "delete a grant", h.inTenant(h.deleteGrant)},
		{"POST " + tenant + "/adminConsent", `consent as an administrator: {"appId"}`, h.inTenant(h.adminConsent)},
		{"POST " + tenant + "/userConsent", `consent as a user: {"appId", "userId", "scope"}`, h.inTenant(h.userConsent)},
	}
}

func (h entraHandler) clientOperations() []operation {
	const tenant = "/entra/tenants/{tenant}"

	return []operation{
		{"GET " + tenant + "/logins", "how often the tenant was logged in to", h.inTenant(h.logins)},
		{"PUT " + tenant + "/permissions", `what the application that logs in may do: ["…"]`, h.inTenant(h.setPermissions)},
		{"DELETE " + tenant + "/permissions", "remove the application that logs in", h.inTenant(h.expel)},
		{"PUT " + tenant + "/refusal", `refuse logins: {"code": "AADSTS53003"}; "" ends it`, h.inTenant(h.refuse)},
	}
}

// inTenant finds the tenant that the path names, by id or domain.
func (h entraHandler) inTenant(handle func(tenant string, r *http.Request) (any, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		tenant, known := h.sim.Tenant(r.PathValue("tenant"))
		if !known {
			return nil, notFound("tenant", r.PathValue("tenant"))
		}

		return handle(tenant.ID, r)
	}
}

func (h entraHandler) seed(r *http.Request) (any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badRequest(err)
	}

	seed, err := graph.ParseSeed(text)
	if err != nil {
		return nil, badRequest(err)
	}

	h.sim.Seed(seed)

	return nothing{}, nil
}

func (h entraHandler) turnKnobs(r *http.Request) (any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badRequest(err)
	}

	var decoding error

	err = h.sim.TryConfigure(func(o *graph.Options) { decoding = json.Unmarshal(text, o) })
	if decoding != nil {
		err = decoding
	}

	if err != nil {
		return nil, badRequest(err)
	}

	return h.sim.Options(), nil
}

func (h entraHandler) addTenant(r *http.Request) (any, error) {
	var tenant graph.Tenant
	if err := read(r, &tenant); err != nil {
		return nil, err
	}

	return h.sim.AddTenant(tenant), nil
}

func (h entraHandler) applications(tenant string, _ *http.Request) (any, error) {
	return h.sim.Applications(tenant), nil
}

func (h entraHandler) addApplication(tenant string, r *http.Request) (any, error) {
	var app graph.Application
	if err := read(r, &app); err != nil {
		return nil, err
	}

	return h.sim.AddApplication(tenant, app), nil
}

// application finds the application that the path names.
func (h entraHandler) application(r *http.Request) (graph.Application, error) {
	for _, tenant := range h.sim.Tenants() {
		for _, app := range h.sim.Applications(tenant.ID) {
			if strings.EqualFold(app.AppID, r.PathValue("app")) {
				return app, nil
			}
		}
	}

	return graph.Application{}, notFound("application", r.PathValue("app"))
}

func (h entraHandler) patchApplication(r *http.Request) (any, error) {
	app, err := h.application(r)
	if err != nil {
		return nil, err
	}

	id := app.AppID
	if err := read(r, &app); err != nil {
		return nil, err
	}

	h.sim.UpdateApplication(id, func(a *graph.Application) { *a = app })

	return app, nil
}

func (h entraHandler) deleteApplication(r *http.Request) (any, error) {
	app, err := h.application(r)
	if err != nil {
		return nil, err
	}

	h.sim.DeleteApplication(app.AppID)

	return nothing{}, nil
}

func (h entraHandler) principals(tenant string, _ *http.Request) (any, error) {
	return h.sim.ServicePrincipals(tenant), nil
}

func (h entraHandler) addPrincipal(tenant string, r *http.Request) (any, error) {
	var body struct {
		AppID string `json:"appId"`
	}

	if err := read(r, &body); err != nil {
		return nil, err
	}

	return h.sim.AddServicePrincipal(tenant, body.AppID), nil
}

func (h entraHandler) patchPrincipal(tenant string, r *http.Request) (any, error) {
	var (
		decoding error
		changed  graph.ServicePrincipal
	)

	known := h.sim.UpdateServicePrincipal(tenant, r.PathValue("app"), func(sp *graph.ServicePrincipal) {
		changed = *sp
		if decoding = read(r, &changed); decoding == nil {
			*sp = changed
		}
	})
	if !known {
		return nil, notFound("service principal", r.PathValue("app"))
	}

	return changed, decoding
}

func (h entraHandler) deletePrincipal(tenant string, r *http.Request) (any, error) {
	remove := h.sim.DeleteServicePrincipal
	if r.URL.Query().Get("purge") == "true" {
		remove = h.sim.PurgeServicePrincipal
	}

	if !remove(tenant, r.PathValue("app")) {
		return nil, notFound("service principal", r.PathValue("app"))
	}

	return nothing{}, nil
}

func (h entraHandler) grants(tenant string, _ *http.Request) (any, error) {
	return h.sim.Grants(tenant), nil
}

func (h entraHandler) addGrant(tenant string, r *http.Request) (any, error) {
	var grant graph.Grant
	if err := read(r, &grant); err != nil {
		return nil, err
	}

	return h.sim.AddGrant(tenant, grant), nil
}

func (h entraHandler) patchGrant(tenant string, r *http.Request) (any, error) {
	var (
		decoding error
		changed  graph.Grant
	)

	known := h.sim.UpdateGrant(tenant, r.PathValue("grant"), func(g *graph.Grant) {
		changed = *g
		if decoding = read(r, &changed); decoding == nil {
			*g = changed
		}
	})
	if !known {
		return nil, notFound("grant", r.PathValue("grant"))
	}

	return changed, decoding
}

func (h entraHandler) deleteGrant(tenant string, r *http.Request) (any, error) {
	if !h.sim.DeleteGrant(tenant, r.PathValue("grant")) {
		return nil, notFound("grant", r.PathValue("grant"))
	}

	return nothing{}, nil
}

// consentJSON is who consents to what.
type consentJSON struct {
	AppID  string `json:"appId"`
	UserID string `json:"userId"`
	Scope  string `json:"scope"`
}

func (h entraHandler) adminConsent(tenant string, r *http.Request) (any, error) {
	var body consentJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}

	r.SetPathValue("app", body.AppID)

	if _, err := h.application(r); err != nil {
		return nil, err
	}

	h.sim.AdminConsent(tenant, body.AppID)

	return h.sim.Grants(tenant), nil
}

func (h entraHandler) userConsent(tenant string, r *http.Request) (any, error) {
	var body consentJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}

	return h.sim.UserConsent(tenant, body.AppID, body.UserID, body.Scope), nil
}

func (h entraHandler) logins(tenant string, _ *http.Request) (any, error) {
	return h.sim.Logins(tenant), nil
}

func (h entraHandler) setPermissions(tenant string, r *http.Request) (any, error) {
	var permissions []string
	if err := read(r, &permissions); err != nil {
		return nil, err
	}

	h.sim.SetPermissions(tenant, h.sim.Options().ClientID, permissions...)

	return nothing{}, nil
}

func (h entraHandler) expel(tenant string, _ *http.Request) (any, error) {
	h.sim.Expel(tenant, h.sim.Options().ClientID)

	return nothing{}, nil
}

func (h entraHandler) refuse(tenant string, r *http.Request) (any, error) {
	var body struct {
		Code string `json:"code"`
	}

	if err := read(r, &body); err != nil {
		return nil, err
	}

	h.sim.RefuseLogins(tenant, body.Code)

	return nothing{}, nil
}
