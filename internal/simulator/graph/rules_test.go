package graph_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

func TestAGrantsIDIsMadeOfWhomItIsFor(t *testing.T) {
	t.Parallel()

	for want, ids := range map[string][3]string{
		"l5eW7x0ga0-WDOntXzHateQDNpSH5-lPk9HjD3Sarjk": {"ef969797-201d-4f6b-960c-e9ed5f31dab5", "943603e4-e787-4fe9-93d1-e30f749aae39"},
		"AVs6JuUDjkCFV7q2gd8QTPimBBgj5iBFj0C6GwwRxC0": {"263a5b01-03e5-408e-8557-bab681df104c", "1804a6f8-e623-4520-8f40-ba1b0c11c42d"},
		"Z0UjAauJ780BI0VniavN72dFIwGrie_NASNFZ4mrze8": {"01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"},
		"qIVZsiud3k-fp2xOQ6jd7InI76O38TJFngGR4y0QOfQ0hSwYE_R8SJGjet3IDjXV": {
			"b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", "a3efc889-f1b7-4532-9e01-91e32d1039f4", "182c8534-f413-487c-91a3-7addc80e35d5",
		},
	} {
		if got := graph.GrantID(ids[0], ids[1], ids[2]); got != want {
			t.Errorf("the id is %s, want %s", got, want)
		}
	}
}

func TestConsentIsGivenAndTakenBack(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	c.want(c.get(byApp(app)), http.StatusNotFound, "Request_ResourceNotFound")

	created := c.want(c.ask(http.MethodPost, "/servicePrincipals", map[string]any{
		"@odata.type": "#microsoft.graph.servicePrincipal", "appId": app, "tags": []string{"a"},
	}), http.StatusCreated)
	sp := created.text("id")

	for name, want := range map[string]string{
		"displayName": "Restore Portal", "appOwnerOrganizationId": graph.ProviderTenant, "servicePrincipalType": "Application",
	} {
		if created.text(name) != want {
			t.Errorf("%s is %q, want %q", name, created.text(name), want)
		}
	}

	for _, path := range []string{
		byApp(app), "/ServicePrincipals%28appId%3D%27" + app + "%27%29", "/serviceprincipals/" + strings.ToUpper(sp),
	} {
		if a := c.want(c.get(path), http.StatusOK); a.text("id") != sp {
			t.Errorf("%s answers %s", path, a.raw)
		}
	}

	granted := c.want(c.grant(sp, c.MicrosoftGraphID(customer), "User.Read"), http.StatusCreated)
	own := c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated).text("id")

	if len(granted.text("id")) != 43 || granted.body["principalId"] != nil || own != graph.GrantID(sp, sp, "") {
		t.Errorf("granted %s and %s", granted.raw, own)
	}

	for _, path := range []string{bySP(sp), byApp(app) + "/oauth2PermissionGrants", bySP(sp) + " and consentType eq 'AllPrincipals'"} {
		if n := len(c.want(c.get(path), http.StatusOK).items()); n != 2 {
			t.Errorf("%s lists %d grants", path, n)
		}
	}

	c.want(c.ask(http.MethodPatch, "/oauth2PermissionGrants/"+own, map[string]any{"scope": "access_as_user openid"}), http.StatusNoContent)

	if a := c.want(c.get("/oauth2PermissionGrants/"+own), http.StatusOK); a.text("scope") != "access_as_user openid" {
		t.Errorf("the scope is %q", a.text("scope"))
	}

	c.want(c.ask(http.MethodPatch, "/servicePrincipals/"+sp, map[string]any{"accountEnabled": false}), http.StatusNoContent)

	if a := c.get(byApp(app) + "?$select=id,accountEnabled"); a.body["accountEnabled"] != false || a.body["appId"] != nil {
		t.Errorf("selected %s", a.raw)
	}

	c.want(c.ask(http.MethodDelete, "/oauth2PermissionGrants/"+own), http.StatusNoContent)
	c.want(c.ask(http.MethodDelete, "/oauth2PermissionGrants/"+own), http.StatusNotFound)
	c.want(c.ask(http.MethodDelete, byApp(app)), http.StatusNoContent)
	c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+sp), http.StatusNotFound)
	c.want(c.get(bySP(sp)), http.StatusNotFound, "Request_ResourceNotFound")
	c.clean()
}

func TestWhatIsRefusedIsRefusedInGraphsWords(t *testing.T) {
	t.Parallel()

	type body = map[string]any

	c := connect(t, graph.Options{})
	sp, microsoft := c.principal(), c.MicrosoftGraphID(customer)
	grant := c.want(c.grant(sp, microsoft, "User.Read"), http.StatusCreated).text("id")
	own := c.AddApplication(graph.ProviderTenant, graph.Application{SignInAudience: graph.SingleOrganization})

	for name, tc := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
		message      string
	}{
		"a second service principal": {
			http.MethodPost, "/servicePrincipals",
			body{"appId": app},
			409, "Request_MultipleObjectsWithSameKeyValue",
			"service principal name " + app + " is already in use",
		},
		"an unknown application": {
			http.MethodPost, "/servicePrincipals",
			body{"appId": user},
			400, "Request_BadRequest",
			"The appId '" + user + "' of the service principal does not reference a valid application object.",
		},
		"an application of another tenant alone": {
			http.MethodPost, "/servicePrincipals", body{"appId": own.AppID}, 400, "Request_BadRequest", "does not reference a valid",
		},
		"no application":     {http.MethodPost, "/servicePrincipals", body{}, 400, "Request_BadRequest", "Missing property: appId"},
		"no JSON":            {http.MethodPost, "/servicePrincipals", "text", 400, "Request_BadRequest", "JSON"},
		"an unknown setting": {http.MethodPatch, byApp(app), body{"colour": "red"}, 400, "Request_BadRequest", "colour"},
		"a fixed setting":    {http.MethodPatch, byApp(app), body{"appId": user}, 400, "Request_BadRequest", "cannot be updated: appId"},
		"a wrong type":       {http.MethodPatch, byApp(app), body{"accountEnabled": "yes"}, 400, "Request_BadRequest", "Invalid value"},
		"an unknown object":  {http.MethodGet, "/servicePrincipals/" + user, nil, 404, "Request_ResourceNotFound", "Resource '" + user},
		"a second grant": {http.MethodPost, "/oauth2PermissionGrants", body{
			"clientId": sp, "resourceId": microsoft, "consentType": "AllPrincipals", "scope": "Mail.Read",
		}, 409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists."},
		"a grant without scope": {http.MethodPost, "/oauth2PermissionGrants", body{
			"clientId": sp, "resourceId": sp, "consentType": "AllPrincipals",
		}, 400, "Request_BadRequest", "Missing property: scope"},
		"a user's grant without user": {http.MethodPost, "/oauth2PermissionGrants", body{
			"clientId": sp, "resourceId": sp, "consentType": "Principal", "scope": "a",
		}, 400, "Request_BadRequest", "Missing property: principalId"},
		"a tenant's grant with a user": {http.MethodPost, "/oauth2PermissionGrants", body{
			"clientId": sp, "resourceId": sp, "consentType": "AllPrincipals", "principalId": user, "scope": "a",
		}, 400, "Request_BadRequest", "principalId"},
		"a scope beyond all bounds": {
			http.MethodPatch, "/oauth2PermissionGrants/" + grant, body{"scope": strings.Repeat("x", 3851)}, 400, "Request_BadRequest", "scope",
		},
		"another property of a grant": {
			http.MethodPatch, "/oauth2PermissionGrants/" + grant,
			body{"principalId": user},
			400, "Request_BadRequest",
			"Property cannot be updated: principalId",
		},
		"a malformed id": {http.MethodGet, "/oauth2PermissionGrants/nonsense", nil, 400, "Request_UnsupportedQuery", "Filter is invalid. id"},
		"a filter by scope": {
			http.MethodGet, "/oauth2PermissionGrants?$filter=scope eq 'a'", nil, 400, "Request_UnsupportedQuery", "Filter is invalid. scope",
		},
		"a filter of another kind": {
			http.MethodGet, "/servicePrincipals?$filter=startswith(displayName,'a')", nil, 400, "Request_UnsupportedQuery", "filter",
		},
		"an unknown client": {http.MethodGet, bySP(user), nil, 404, "Request_ResourceNotFound", "Resource ''"},
		"an unknown property": {
			http.MethodGet, "/servicePrincipals?$select=colour", nil, 400, "Request_BadRequest", "Could not find a property named 'colour'",
		},
		"an expansion":        {http.MethodGet, "/servicePrincipals?$expand=owners", nil, 400, "Request_UnsupportedQuery", "$expand"},
		"an unknown option":   {http.MethodGet, "/servicePrincipals?$colour=red", nil, 400, "Request_BadRequest", "$colour"},
		"a page of no length": {http.MethodGet, "/servicePrincipals?$top=0", nil, 400, "Request_BadRequest", "page size"},
		"a page too long":     {http.MethodGet, "/servicePrincipals?$top=1000", nil, 400, "Request_BadRequest", "page size"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			a := c.ask(tc.method, tc.path, tc.body)
			if a.status != tc.status || a.code() != tc.code || !strings.Contains(a.message(), tc.message) {
				t.Errorf("answered %d %s, want %d %s %q", a.status, a.raw, tc.status, tc.code, tc.message)
			}

			failure := a.body["error"].(map[string]any)
			if inner, _ := failure["innerError"].(map[string]any); inner["request-id"] != a.header.Get("Request-Id") || inner["date"] == "" {
				t.Errorf("the inner error is %v", failure["innerError"])
			}
		})
	}
}

func TestADeletedServicePrincipalCanBeRestored(t *testing.T) {
	t.Parallel()

	for _, cast := range []string{"microsoft.graph.servicePrincipal", "graph.servicePrincipal"} {
		c := connect(t, graph.Options{})
		sp := c.principal()
		c.want(c.grant(sp, sp, "access_as_user"), http.StatusCreated)
		c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+sp), http.StatusNoContent)

		if n := len(c.Grants(customer)); n != 0 {
			t.Errorf("%d grants are left", n)
		}

		deleted := c.want(c.get("/directory/deletedItems/"+cast+"?$filter=appId eq '"+app+"'"), http.StatusOK).items()
		if len(deleted) != 1 || deleted[0]["id"] != sp || deleted[0]["deletedDateTime"] == nil {
			t.Fatalf("deleted are %v", deleted)
		}

		if a := c.want(c.get("/directory/deletedItems/"+sp), http.StatusOK); a.text("@odata.type") != "#microsoft.graph.servicePrincipal" {
			t.Errorf("%s", a.raw)
		}

		// Another one beside it has another id, and stands in the way of a restoration.
		twin := c.principal()
		c.want(c.ask(http.MethodPost, "/directory/deletedItems/"+sp+"/restore"), http.StatusConflict)
		c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+twin), http.StatusNoContent)
		c.want(c.ask(http.MethodDelete, "/directory/deletedItems/"+twin), http.StatusNoContent)

		if a := c.want(c.ask(http.MethodPost, "/directory/deletedItems/"+sp+"/restore"), http.StatusOK); a.text("id") != sp {
			t.Errorf("%s", a.raw)
		}

		c.want(c.get("/servicePrincipals/"+sp), http.StatusOK)
		c.want(c.get("/directory/deletedItems/"+sp), http.StatusNotFound)

		if got := scopes(c.Grants(customer)); !slices.Equal(got, []string{"access_as_user"}) {
			t.Errorf("the grants are %q", got)
		}

		c.clean()
	}
}

func TestPermissionsAreHeldAgainstEachCall(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		permissions []string
		allowed     string
	}{
		"what consenting takes":        {graph.ConsentPermissions(), "read create list grant"},
		"reading applications":         {[]string{graph.ApplicationReadAll}, "read"},
		"reading the directory":        {[]string{graph.DirectoryReadAll}, "read list"},
		"consent alone":                {[]string{graph.DelegatedPermissionGrantReadWAll}, "list grant"},
		"applications alone":           {[]string{graph.ApplicationReadWriteAll}, "read create"},
		"everything":                   {[]string{graph.DirectoryReadWriteAll}, "read create list grant"},
		"own applications are foreign": {[]string{graph.ApplicationReadWriteOwnedBy}, "read"},
		"nothing":                      {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := connect(t, graph.Options{})
			c.SetPermissions(customer, graph.DefaultClientID, tc.permissions...)
			c.enter(customer)

			existing := c.AddServicePrincipal(customer, "22222222-0000-4000-8000-000000000001").ID

			for call, a := range map[string]answer{
				"read":   c.get("/servicePrincipals"),
				"create": c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": app}),
				"list":   c.get(bySP(existing)),
				"grant":  c.grant(existing, existing, "a"),
			} {
				allowed := slices.Contains(strings.Fields(tc.allowed), call)
				if allowed != (a.status < 300) || !allowed && a.code() != "Authorization_RequestDenied" {
					t.Errorf("%s is answered %d %s", call, a.status, a.raw)
				}

				if local := strings.HasSuffix(a.message(), "must in the local tenant"); local != (call == "create" && strings.HasPrefix(name, "own")) {
					t.Errorf("%s says %q", call, a.message())
				}
			}
		})
	}
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()

	for _, empty := range []bool{false, true} {
		c := connect(t, graph.Options{EmptyPageWithNextLink: empty, PageDefault: 2})

		for range 4 {
			c.AddServicePrincipal(customer, "22222222-0000-4000-8000-000000000001")
		}

		var seen []string

		pages := 0

		for next := "/servicePrincipals?$select=id"; next != ""; pages++ {
			a := c.want(c.get(next), http.StatusOK)
			if pages == 0 && empty != (len(a.items()) == 0) {
				t.Errorf("the first page has %d objects", len(a.items()))
			}

			for _, item := range a.items() {
				seen = append(seen, item["id"].(string))
			}

			next = strings.TrimPrefix(a.text("@odata.nextLink"), c.URL()+"/v1.0")
		}

		slices.Sort(seen)

		if len(slices.Compact(seen)) != 5 || pages < 3 {
			t.Errorf("saw %d objects on %d pages", len(seen), pages)
		}

		if a := c.get("/servicePrincipals?$top=999"); !empty && len(a.items()) != 5 {
			t.Errorf("a large page has %d objects", len(a.items()))
		}

		c.want(c.get("/servicePrincipals?$skiptoken=nonsense"), http.StatusBadRequest)
		c.clean()
	}
}

func TestCountsAreForThoseWhoAcceptThatTheyAreBehind(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})

	for level, want := range map[string]any{"eventual": float64(1), "": nil} {
		a := c.send(http.MethodGet, "/v1.0/servicePrincipals?$count=true", "",
			http.Header{"Authorization": {"Bearer " + c.token}, "Consistencylevel": {level}})
		if a.body["@odata.count"] != want {
			t.Errorf("with level %q the count is %v", level, a.body["@odata.count"])
		}
	}
}

func TestQuotesInFiltersAreDoubled(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	c.AddServicePrincipal(customer, app, func(sp *graph.ServicePrincipal) { sp.DisplayName = "O'Brien and sons" })

	filter := url.QueryEscape("displayName eq 'O''Brien and sons' and accountEnabled eq true")
	if n := len(c.want(c.get("/servicePrincipals?$filter="+filter), http.StatusOK).items()); n != 1 {
		t.Errorf("found %d", n)
	}
}

func TestBodiesMayBeCompressedAndChunked(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})

	var packed bytes.Buffer

	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write([]byte(`{"appId":"` + app + `"}`)); err != nil {
		t.Fatal(err)
	}

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	post := func(path string, body []byte, header http.Header, chunked bool) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL()+"/v1.0"+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}

		request.Header = header.Clone()
		request.Header.Set("Authorization", "Bearer "+c.token)

		if chunked {
			request.ContentLength = -1
		}

		response, err := c.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()

		return response.StatusCode
	}

	if status := post("/servicePrincipals", packed.Bytes(), http.Header{"Content-Encoding": {"gzip"}}, true); status != http.StatusCreated {
		t.Errorf("a compressed body is answered %d", status)
	}

	if status := post("/servicePrincipals", []byte(`{}`), http.Header{"Content-Encoding": {"gzip"}}, false); status != http.StatusBadRequest {
		t.Errorf("a body that is said to be compressed and is not is answered %d", status)
	}

	c.Configure(func(o *graph.Options) { o.LengthRequired = true })

	if status := post("/servicePrincipals", []byte(`{}`), http.Header{}, true); status != http.StatusLengthRequired {
		t.Errorf("a body of unknown length is answered %d", status)
	}
}

func TestAnswersCarryTheHeadersOfGraph(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	a := c.send(http.MethodGet, "/v1.0/servicePrincipals?$top=5", "", http.Header{
		"Authorization": {"Bearer " + c.token}, "Client-Request-Id": {user},
	})

	for name, want := range map[string]string{
		"Client-Request-Id": user, "Odata-Version": "4.0", "Date": c.clock.Now().Format(http.TimeFormat), "X-Ms-Resource-Unit": "1",
	} {
		if a.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, a.header.Get(name), want)
		}
	}

	if requests := c.Requests(); requests[len(requests)-1].ClientRequestID != user || requests[len(requests)-1].Tenant != customer {
		t.Errorf("logged %+v", requests[len(requests)-1])
	}

	if a := c.get("/oauth2PermissionGrants"); a.header.Get("X-Ms-Resource-Unit") != "2" {
		t.Errorf("listing grants costs %s", a.header.Get("X-Ms-Resource-Unit"))
	}
}

func TestBadMannersAreNoticed(t *testing.T) {
	t.Parallel()

	for name, act := range map[string]func(c *client){
		"no token": func(c *client) {
			c.token = ""
			c.want(c.get("/servicePrincipals"), http.StatusUnauthorized, "InvalidAuthenticationToken")
		},
		"changing Microsoft Graph": func(c *client) {
			c.want(c.ask(http.MethodPatch, byApp(graph.MicrosoftGraphAppID), map[string]any{"accountEnabled": true}), http.StatusNoContent)
		},
		"deleting Microsoft Graph": func(c *client) {
			c.want(c.ask(http.MethodDelete, "/servicePrincipals/"+c.MicrosoftGraphID(customer)), http.StatusNoContent)
		},
		"changing a user's consent": func(c *client) {
			g := c.UserConsent(customer, app, user, "User.Read")
			c.want(c.ask(http.MethodPatch, "/oauth2PermissionGrants/"+g.ID, map[string]any{"scope": "a"}), http.StatusNoContent)
		},
		"deleting a user's consent": func(c *client) {
			g := c.UserConsent(customer, app, user, "User.Read")
			c.want(c.ask(http.MethodDelete, "/oauth2PermissionGrants/"+g.ID), http.StatusNoContent)
		},
		"writing where one can only read": func(c *client) {
			c.AddServicePrincipal(customer, app)
			c.want(c.ask(http.MethodPost, byApp(app)+"/oauth2PermissionGrants", map[string]any{}), http.StatusBadRequest, "BadRequest")
		},
		"an unknown path": func(c *client) { c.want(c.get("/colours"), http.StatusBadRequest, "BadRequest") },
		"an unknown operation": func(c *client) {
			c.want(c.ask(http.MethodPut, byApp(app), map[string]any{}), http.StatusMethodNotAllowed)
		},
		"another service": func(c *client) { c.want(c.send(http.MethodGet, "/beta/me", "", nil), http.StatusNotFound) },
		"impatience": func(c *client) {
			c.Configure(func(o *graph.Options) { o.ThrottleEvery, o.RetryAfter = 1, 10*time.Second })
			c.want(c.get("/servicePrincipals"), http.StatusTooManyRequests)
			c.clock.pass(9 * time.Second)
			c.want(c.get("/servicePrincipals"), http.StatusTooManyRequests)
			c.clock.pass(10 * time.Second)
			c.want(c.get("/servicePrincipals"), http.StatusTooManyRequests)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := connect(t, graph.Options{})
			c.clean()
			act(c)

			if violations := c.Violations(); len(violations) != 1 {
				t.Errorf("noticed %q", violations)
			}

			c.ResetViolations()
			c.clean()
		})
	}
}

func TestTheLogKnowsRoutesAndBodies(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	c.ResetRequests()
	c.principal()

	request := c.Requests()[0]
	if request.Name() != "POST /servicePrincipals" || !request.Write() || request.Status != http.StatusCreated ||
		request.Body.(map[string]any)["appId"] != app {
		t.Errorf("logged %+v", request)
	}

	encoded, err := json.Marshal(request)
	if err != nil || !strings.Contains(string(encoded), `"tenant":"`+customer+`"`) {
		t.Errorf("encoded %s (%v)", encoded, err)
	}
}
