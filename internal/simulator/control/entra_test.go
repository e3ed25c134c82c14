package control_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/control"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

// newEntraScript is a script for a simulator that has Entra beside it.
func newEntraScript(t *testing.T) (*script, *graph.Server) {
	t.Helper()

	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(sim.Close)

	entra, err := graph.Start(graph.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(entra.Close)
	entra.Seed(graph.ThreeCustomers().WithPortal())

	endpoint, err := control.Start(t.Context(), sim, "127.0.0.1:0", control.Entra(entra))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(endpoint.Close)

	return &script{t: t, sim: sim, url: endpoint.URL()}, entra
}

const (
	contoso    = "/entra/tenants/contoso.onmicrosoft.com"
	principals = contoso + "/servicePrincipals"
	grants     = contoso + "/grants"
)

func TestTenantsAreChangedByScripts(t *testing.T) {
	t.Parallel()

	s, entra := newEntraScript(t)

	if list := s.ok("GET /", ""); !strings.Contains(list, "/entra/tenants/{tenant}/grants") {
		t.Errorf("the list of operations is\n%s", list)
	}

	s.ok("POST /entra/tenants", `{"id": "99999999-0000-4000-8000-000000000001", "domains": ["northwind.com"]}`)
	s.ok("POST "+contoso+"/adminConsent", `{"appId": "`+graph.PortalAppID+`"}`)
	s.ok("POST "+contoso+"/userConsent", `{"appId": "`+graph.PortalAppID+`", "userId": "`+simulator.ContosoID+`", "scope": "User.Read"}`)
	s.ok("PATCH "+principals+"/"+graph.PortalAppID, `{"accountEnabled": false}`)

	sp := entra.ServicePrincipals(graph.ContosoTenant)[0]
	own := graph.GrantID(sp.ID, sp.ID, "")
	s.ok("PATCH "+grants+"/"+own, `{"scope": "access_as_user more"}`)

	if text := s.ok("GET "+grants, ""); !strings.Contains(text, "access_as_user more") || strings.Count(text, `"id"`) != 3 {
		t.Errorf("the grants are %s", text)
	}

	if text := s.ok("GET "+principals, ""); !strings.Contains(text, `"accountEnabled": false`) {
		t.Errorf("the service principals are %s", text)
	}

	s.ok("DELETE "+grants+"/"+own, "")
	s.ok("POST "+grants, `{"clientId": "`+sp.ID+`", "resourceId": "`+sp.ID+`", "scope": "access_as_user"}`)
	s.ok("DELETE "+principals+"/"+graph.PortalAppID, "")
	s.ok("POST "+principals, `{"appId": "`+graph.PortalAppID+`"}`)
	s.ok("DELETE "+principals+"/"+graph.PortalAppID+"?purge=true", "")

	if n := len(entra.DeletedServicePrincipals(graph.ContosoTenant)); n != 0 {
		t.Errorf("%d service principals can be restored", n)
	}

	s.ok("POST /entra/tenants/provider.com/applications", `{"appId": "`+simulator.AdatumID+`", "displayName": "Other"}`)
	s.ok("PATCH /entra/applications/"+simulator.AdatumID, `{"signInAudience": "AzureADMyOrg"}`)

	if text := s.ok("GET /entra/tenants/provider.com/applications", ""); !strings.Contains(text, "AzureADMyOrg") {
		t.Errorf("the applications are %s", text)
	}

	s.ok("DELETE /entra/applications/"+simulator.AdatumID, "")

	if text := s.ok("GET /entra/state", ""); !strings.Contains(text, "northwind.com") {
		t.Errorf("the state is %s", text)
	}

	s.ok("POST /entra/state", `{"tenants": [{"id": "99999999-0000-4000-8000-000000000002", "domains": [], "displayName": ""}]}`)

	if text := s.ok("GET /entra/tenants", ""); !strings.Contains(text, "99999999-0000-4000-8000-000000000002") {
		t.Errorf("the tenants are %s", text)
	}
}

func TestEntraItselfIsChangedByScripts(t *testing.T) {
	t.Parallel()

	s, entra := newEntraScript(t)

	if text := s.ok("PATCH /entra/knobs", `{"lagGrant": {"duration": "30s"}, "flap": true}`); !strings.Contains(text, `"duration": "30s"`) {
		t.Errorf("the knobs are %s", text)
	}

	if text := s.ok("GET /entra/knobs", ""); !strings.Contains(text, `"flap": true`) {
		t.Errorf("the knobs are %s", text)
	}

	s.ok("POST /entra/faults", `{"path": "/token$", "status": 503, "times": 1, "delay": "1ms"}`)

	if text := s.ok("GET /entra/faults", ""); !strings.Contains(text, `"/token$"`) || len(s.sim.Faults()) != 0 {
		t.Errorf("the faults are %s", text)
	}

	s.ok("DELETE /entra/faults/1", "")
	s.ok("DELETE /entra/faults", "")

	client := http.Client{Transport: trustingPEM(entra.CertificatePEM())}

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, entra.URL()+"/v1.0/servicePrincipals", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}

	if text := s.ok("GET /entra/requests", ""); !strings.Contains(text, `"/servicePrincipals"`) {
		t.Errorf("the requests are %s", text)
	}

	if text := s.ok("GET /entra/violations", ""); !strings.Contains(text, "there is no token") {
		t.Errorf("the violations are %s", text)
	}

	for _, operation := range []string{
		"DELETE /entra/requests", "DELETE /entra/violations", "POST /entra/tokens/expire", "DELETE " + contoso + "/permissions",
	} {
		s.ok(operation, "")
	}

	s.ok("PUT "+contoso+"/permissions", `["Application.Read.All"]`)
	s.ok("PUT "+contoso+"/refusal", `{"code": "AADSTS53003"}`)

	if text := s.ok("GET "+contoso+"/logins", ""); strings.TrimSpace(text) != "0" {
		t.Errorf("counted %s logins", text)
	}

	if len(entra.Requests())+len(entra.Violations()) != 0 {
		t.Error("the logs are not empty")
	}
}

func TestWhatEntraDoesNotHaveIsSaid(t *testing.T) {
	t.Parallel()

	s, _ := newEntraScript(t)

	for operation, test := range map[string]struct {
		body   string
		status int
	}{
		"GET /entra/tenants/nowhere/grants":              {"", http.StatusNotFound},
		"PATCH " + principals + "/" + graph.PortalAppID:  {"{}", http.StatusNotFound},
		"DELETE " + principals + "/" + graph.PortalAppID: {"", http.StatusNotFound},
		"PATCH " + grants + "/none":                      {"{}", http.StatusNotFound},
		"DELETE " + grants + "/none":                     {"", http.StatusNotFound},
		"PATCH /entra/applications/none":                 {"{}", http.StatusNotFound},
		"DELETE /entra/applications/none":                {"", http.StatusNotFound},
		"POST " + contoso + "/adminConsent":              {`{"appId": "none"}`, http.StatusNotFound},
		"PATCH /entra/knobs":                             {`{"colour": "red"}`, http.StatusBadRequest},
		"POST /entra/state":                              {`{"colour": "red"}`, http.StatusBadRequest},
		"POST /entra/tenants":                            {`{"colour": "red"}`, http.StatusBadRequest},
		"POST " + grants:                                 {`{"colour": "red"}`, http.StatusBadRequest},
		"POST " + principals:                             {`{"colour": "red"}`, http.StatusBadRequest},
		"POST " + contoso + "/applications":              {`{"colour": "red"}`, http.StatusBadRequest},
		"POST " + contoso + "/userConsent":               {`{"colour": "red"}`, http.StatusBadRequest},
		"PUT " + contoso + "/permissions":                {`{"colour": "red"}`, http.StatusBadRequest},
		"PUT " + contoso + "/refusal":                    {`{"colour": "red"}`, http.StatusBadRequest},
		"PATCH /entra/applications/" + graph.PortalAppID: {`{"colour": "red"}`, http.StatusBadRequest},
		"POST /entra/faults":                             {`{"cut": "deep"}`, http.StatusBadRequest},
		"DELETE /entra/faults/7":                         {"", http.StatusNotFound},
	} {
		if status, text := s.call(operation, test.body); status != test.status || !strings.Contains(text, `"error"`) {
			t.Errorf("%s: status %d, want %d: %s", operation, status, test.status, text)
		}
	}
}
