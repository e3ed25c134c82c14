package control_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/control"
)

// script calls the control endpoint of a simulator with three customers.
type script struct {
	t   *testing.T
	sim *simulator.Server
	url string
}

func newScript(t *testing.T) *script {
	t.Helper()

	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(sim.Close)
	sim.Seed(simulator.ThreeCustomers())

	endpoint, err := control.Start(t.Context(), sim, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(endpoint.Close)

	return &script{t: t, sim: sim, url: endpoint.URL()}
}

// call makes a request such as "GET /roles" and returns the status and the body.
func (s *script) call(operation, body string) (int, string) {
	s.t.Helper()

	method, path, _ := strings.Cut(operation, " ")

	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()

	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}

	return response.StatusCode, string(text)
}

// ok makes a request that has to succeed.
func (s *script) ok(operation, body string) string {
	s.t.Helper()

	status, text := s.call(operation, body)
	if status != http.StatusOK && status != http.StatusNoContent || (status == http.StatusNoContent) != (text == "") {
		s.t.Fatalf("%s: status %d: %s", operation, status, text)
	}

	return text
}

// refused makes a request that has to fail.
func (s *script) refused(operation, body string, status int) {
	s.t.Helper()

	got, text := s.call(operation, body)

	var failure struct {
		Error string `json:"error"`
	}

	if err := json.Unmarshal([]byte(text), &failure); got != status || err != nil || failure.Error == "" {
		s.t.Errorf("%s %s: status %d, want %d: %s", operation, body, got, status, text)
	}
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()

	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}

	return value
}

const newRole = `{
	"organizationId": "contoso.onmicrosoft.com", "name": "Helpdesk", "roleType": "SpecificObjects",
	"operators": [], "selectedItems": [{"type": "PersonalSites"}], "excludedItems": []
}`

func TestRolesAreChangedBehindTheClientsBack(t *testing.T) {
	t.Parallel()

	s := newScript(t)
	if got := s.ok("GET /roles", ""); strings.TrimSpace(got) != "[]" {
		t.Errorf("roles %s", got)
	}

	role := decode[simulator.Role](t, s.ok("POST /roles", newRole))
	if role.OrganizationID != simulator.ContosoID || role.SelectedItems[0].ID == "" {
		t.Errorf("%+v", role)
	}

	s.ok("POST /roles/Helpdesk/operators", `{"type": "User", "object": "Eve Adams"}`)
	s.ok("POST /roles/"+role.ID+"/operators", `{"type": "Group", "object": "Sales"}`)
	s.ok("POST /roles/Helpdesk/selectedItems", `{"type": "Site", "object": "https://contoso.sharepoint.com/sites/intranet"}`)
	s.ok("POST /roles/Helpdesk/selectedItems", `{"type": "Team", "object": "Board"}`)
	s.ok("POST /roles/Helpdesk/excludedItems", `{"type": "Folder", "extra": {"path": "x"}}`)
	s.ok("DELETE /roles/Helpdesk/operators/Sales", "")
	s.ok("DELETE /roles/Helpdesk/selectedItems/Intranet", "")
	s.ok("PATCH /roles/Helpdesk", `{"description": "changed", "excludedItems": []}`)

	got := decode[simulator.Role](t, s.ok("GET /roles/Helpdesk", ""))
	stored, _ := s.sim.Role(role.ID)

	if diff := cmp.Diff(stored, got); diff != "" {
		t.Error(diff)
	}

	if got.Description != "changed" || got.Name != "Helpdesk" || len(got.Operators) != 1 || got.Operators[0].User.DisplayName != "Eve Adams" ||
		len(got.SelectedItems) != 2 || got.SelectedItems[1].Team == nil || len(got.ExcludedItems) != 0 {
		t.Errorf("%+v", got)
	}

	s.ok("DELETE /roles/Helpdesk/operators/"+got.Operators[0].ID, "")
	s.ok("DELETE /roles/Helpdesk/selectedItems/"+url.PathEscape("Board"), "")
	s.ok("DELETE /roles/"+role.ID, "")

	if len(s.sim.Roles()) != 0 {
		t.Error("the role is still there")
	}
}

func TestDirectoriesAreChangedBehindTheClientsBack(t *testing.T) {
	t.Parallel()

	s := newScript(t)
	contoso := "/organizations/contoso.onmicrosoft.com"

	if got := decode[[]simulator.Organization](t, s.ok("GET /organizations", "")); len(got) != 3 {
		t.Errorf("%+v", got)
	}

	s.ok("PATCH "+contoso, `{"proxyOffline": true, "exchangeOnline": {"applicationOnly": false}}`)

	organization, _ := s.sim.Organization(simulator.ContosoID)
	if !organization.ProxyOffline || organization.ExchangeOnline.ApplicationOnly || organization.SharePointOnline == nil {
		t.Errorf("%+v", organization)
	}

	user := decode[simulator.User](t, s.ok("POST "+contoso+"/users", `{"displayName": "New", "name": "new@contoso.com"}`))
	if len(user.ID) != 72 {
		t.Errorf("%+v", user)
	}

	s.ok("POST "+contoso+"/groups", `{"displayName": "New group"}`)
	s.ok("POST "+contoso+"/sites", `{"title": "New site", "url": "https://new"}`)
	s.ok("POST "+contoso+"/teams", `{"displayName": "New team", "mail": "team@contoso.com"}`)
	s.ok("PATCH "+contoso+"/objects/"+user.ID, `{"name": "Renamed"}`)
	s.ok("PATCH "+contoso+"/objects/New%20team", `{"name": "Renamed team"}`)
	s.ok("DELETE "+contoso+"/objects/New%20group", "")
	s.ok("DELETE "+contoso+"/objects/New%20site", "")

	if got, _ := s.sim.User(simulator.ContosoID, user.ID); got.DisplayName != "Renamed" {
		t.Errorf("%+v", got)
	}

	if _, known := s.sim.Team(simulator.ContosoID, "Renamed team"); !known {
		t.Error("the team was not renamed")
	}

	if _, known := s.sim.Group(simulator.ContosoID, "New group"); known {
		t.Error("the group was not removed")
	}
}

func TestFaultsAreInjected(t *testing.T) {
	t.Parallel()

	s := newScript(t)
	injected := decode[map[string]any](t, s.ok("POST /faults",
		`{"method": "POST", "path": "rbacroles", "status": 503, "delay": "1s", "times": 2, "header": {"Retry-After": "1"}}`))

	if diff := cmp.Diff(map[string]any{
		"id": 1.0, "method": "POST", "path": "rbacroles", "status": 503.0, "delay": "1s", "times": 2.0,
		"header": map[string]any{"Retry-After": "1"},
	}, injected); diff != "" {
		t.Error(diff)
	}

	s.ok("POST /faults", `{"cut": "after"}`)

	if got := decode[[]any](t, s.ok("GET /faults", "")); len(got) != 2 {
		t.Errorf("%v", got)
	}

	s.ok("DELETE /faults/1", "")

	if left := s.sim.Faults(); len(left) != 1 || left[0].Fault().Cut != simulator.CutAfter {
		t.Errorf("%v", left)
	}

	s.ok("DELETE /faults", "")

	if left := s.sim.Faults(); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

func TestKnobsAreTurned(t *testing.T) {
	t.Parallel()

	s := newScript(t)
	s.ok("PATCH /knobs", `{"badLogin": "oauth400", "latency": "1ms", "password": "new"}`)

	if got := s.sim.Options(); got.BadLogin != simulator.BadLoginOAuth || got.Latency == 0 || got.Password != "new" || got.PageMax != 10_000 {
		t.Errorf("%+v", got)
	}

	text := s.ok("GET /knobs", "")
	if strings.Contains(text, `"new"`) || decode[map[string]any](t, text)["badLogin"] != "oauth400" {
		t.Error(text)
	}

	s.ok("PUT /service", `{"swaggerUI": true, "operatorAuthentication": {"enabled": true, "certificate": {"thumbprint": "AB"}}}`)

	if got := s.sim.Service(); !got.SwaggerUI || !got.OperatorAuthentication.Enabled || !strings.Contains(s.ok("GET /service", ""), `"thumbprint": "AB"`) {
		t.Errorf("the service is %+v", got)
	}

	s.ok("PUT /portal", `{"enabled": true, "portalUri": "https://portal:4443"}`)

	if got := s.sim.Portal(); !got.Enabled || !strings.Contains(s.ok("GET /portal", ""), "https://portal:4443") {
		t.Errorf("%+v", got)
	}
}

func TestTheStateIsShownAndAddedTo(t *testing.T) {
	t.Parallel()

	s := newScript(t)
	if got := decode[simulator.Seed](t, s.ok("GET /state", "")); len(got.Organizations) != 3 {
		t.Errorf("%d organizations", len(got.Organizations))
	}

	s.ok("POST /state", `{"organizations": [{"name": "northwind"}]}`)

	if _, known := s.sim.Organization("northwind"); !known {
		t.Error("the organization was not added")
	}
}

func TestRequestsAndViolationsAreShown(t *testing.T) {
	t.Parallel()

	s := newScript(t)
	before := s.ok("GET /violations", "")

	if strings.TrimSpace(before) != "[]" || strings.TrimSpace(s.ok("GET /requests", "")) != "[]" {
		t.Error("the simulator has been used")
	}

	client := &http.Client{Transport: trusting(s.sim)}

	request, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, s.sim.URL()+"/v8/token", strings.NewReader("grant_type=password&username=x&password=y"))
	if err != nil {
		t.Fatal(err)
	}

	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	response.Body.Close()

	requests := decode[[]simulator.Request](t, s.ok("GET /requests", ""))
	if len(requests) != 1 || requests[0].Token == nil || requests[0].Token.Grant != "password" {
		t.Errorf("%+v", requests)
	}

	if got := s.ok("GET /violations", ""); !strings.Contains(got, "disable_antiforgery_token") {
		t.Error(got)
	}

	s.ok("DELETE /requests", "")
	s.ok("DELETE /violations", "")

	if len(s.sim.Requests()) != 0 || len(s.sim.Violations()) != 0 {
		t.Error("the logs were not emptied")
	}

	s.ok("POST /tokens/expire", "")
	s.ok("POST /tokens/revoke", "")
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()

	s := newScript(t)
	s.ok("POST /roles", newRole)

	for operation, test := range map[string]struct {
		body   string
		status int
	}{
		"GET /roles/nobody":                                              {"", 404},
		"PATCH /roles/nobody":                                            {"{}", 404},
		"DELETE /roles/nobody":                                           {"", 404},
		"POST /roles":                                                    {`{"organizationId": "nobody"}`, 404},
		"PATCH /roles/Helpdesk":                                          {`{"color": "red"}`, 400},
		"POST /roles/Helpdesk/members":                                   {`{"type": "User", "object": "Eve Adams"}`, 404},
		"POST /roles/Helpdesk/operators":                                 {`{"type": "User", "object": "nobody"}`, 404},
		"POST /roles/Helpdesk/selectedItems":                             {`{} {}`, 400},
		"POST /roles/nobody/operators":                                   {`{}`, 404},
		"DELETE /roles/Helpdesk/operators/nobody":                        {"", 404},
		"DELETE /roles/Helpdesk/members/nobody":                          {"", 404},
		"DELETE /roles/nobody/operators/nobody":                          {"", 404},
		"PATCH /organizations/nobody":                                    {"{}", 404},
		"PATCH /organizations/" + simulator.ContosoID:                    {`{"id": 5}`, 400},
		"POST /organizations/nobody/users":                               {"{}", 404},
		"POST /organizations/" + simulator.ContosoID + "/users":          {`{"nick": "x"}`, 400},
		"PATCH /organizations/nobody/objects/x":                          {"{}", 404},
		"PATCH /organizations/" + simulator.ContosoID + "/objects/x":     {`{"name": "x"}`, 404},
		"PATCH /organizations/" + simulator.ContosoID + "/objects/Sales": {`[]`, 400},
		"DELETE /organizations/nobody/objects/x":                         {"", 404},
		"DELETE /organizations/" + simulator.ContosoID + "/objects/x":    {"", 404},
		"PATCH /knobs":                                                   {`{"badLogin": "teapot"}`, 400},
		"POST /faults":                                                   {`{"path": "("}`, 400},
		"DELETE /faults/7":                                               {"", 404},
		"PUT /service":                                                   {`{"nonsense": 1}`, 400},
		"PUT /portal":                                                    {`{`, 400},
		"POST /state":                                                    {`{"organisations": []}`, 400},
	} {
		s.refused(operation, test.body, test.status)
	}

	s.refused("PATCH /knobs", `{"latenzy": "1s"}`, 400)
	s.refused("POST /faults", `{"delay": "soon"}`, 400)
	s.refused("POST /faults", `{"cut": "sideways"}`, 400)
	s.refused("POST /roles", `{`, 400)
}

func TestTheFrontPageListsEverything(t *testing.T) {
	t.Parallel()

	got := newScript(t).ok("GET /", "")
	for _, operation := range []string{"GET /roles", "POST /faults", "PATCH /knobs", "POST /tokens/expire"} {
		if !strings.Contains(got, operation) {
			t.Errorf("%s is missing in %s", operation, got)
		}
	}
}

func TestOnlyTheLoopbackInterfaceIsServed(t *testing.T) {
	t.Parallel()

	sim := newScript(t).sim

	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "[::]:0", "example.com:0"} {
		if _, err := control.Start(t.Context(), sim, address); !errors.Is(err, control.ErrAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}

	if _, err := control.Start(t.Context(), sim, "127.0.0.1"); err == nil {
		t.Error("an address without port was accepted")
	}

	for _, address := range []string{"localhost:0", "127.0.0.2:0"} {
		endpoint, err := control.Start(t.Context(), sim, address)
		if err != nil {
			t.Errorf("%s: %v", address, err)

			continue
		}

		endpoint.Close()
	}
}

func TestBrowsersAreRefused(t *testing.T) {
	t.Parallel()

	s := newScript(t)

	for name, change := range map[string]func(*http.Request){
		"another name for this machine": func(r *http.Request) { r.Host = "evil.example.com" },
		"another name with a port":      func(r *http.Request) { r.Host = "evil.example.com:80" },
		"a page":                        func(r *http.Request) { r.Header.Set("Origin", "http://localhost") },
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/tokens/expire", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}

		change(request)

		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}

		response.Body.Close()

		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", name, response.StatusCode)
		}
	}
}
