package entra

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGrantIDsAreThoseThatEntraGives(t *testing.T) {
	t.Parallel()
	for _, v := range [][3]string{
		{"ef969797-201d-4f6b-960c-e9ed5f31dab5", "943603e4-e787-4fe9-93d1-e30f749aae39", "l5eW7x0ga0-WDOntXzHateQDNpSH5-lPk9HjD3Sarjk"},
		{"263a5b01-03e5-408e-8557-bab681df104c", "1804a6f8-e623-4520-8f40-ba1b0c11c42d", "AVs6JuUDjkCFV7q2gd8QTPimBBgj5iBFj0C6GwwRxC0"},
		{"b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec", "a3efc889-f1b7-4532-9e01-91e32d1039f4", "qIVZsiud3k-fp2xOQ6jd7InI76O38TJFngGR4y0QOfQ"},
		{"01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef", "Z0UjAauJ780BI0VniavN72dFIwGrie_NASNFZ4mrze8"},
		{"not a GUID", "01234567-89ab-cdef-0123-456789abcdef", ""},
	} {
		if got := GrantID(v[0], v[1]); got != v[2] {
			t.Errorf("GrantID(%s, %s) = %q, want %q", v[0], v[1], got, v[2])
		}
	}
}

func TestScopesAreSets(t *testing.T) {
	t.Parallel()
	if got := ParseScopes("  openid  User.Read\tprofile user.read "); !slices.Equal(got, []string{"openid", "profile", "User.Read"}) {
		t.Errorf("parsed %q", got)
	}
	if got := ParseScopes(" "); len(got) != 0 {
		t.Errorf("blanks are parsed as %q", got)
	}
	if got := FormatScopes([]string{"User.Read", "openid"}); got != "openid User.Read" {
		t.Errorf("written as %q", got)
	}
	if got := AddScopes([]string{"user.read"}, []string{"User.Read", "Mail.Read"}); !slices.Equal(got, []string{"Mail.Read", "user.read"}) {
		t.Errorf("added up to %q", got)
	}
	if got := RemoveScopes([]string{"Mail.Read", "user.read"}, []string{"User.Read"}); !slices.Equal(got, []string{"Mail.Read"}) {
		t.Errorf("removed down to %q", got)
	}
}

func TestAllPagesOfGrantsAreReadEvenBehindAnEmptyOne(t *testing.T) {
	t.Parallel()
	var f *fake
	page := func(next string, grants ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body := map[string]any{"value": grants}
			if next != "" {
				body["@odata.nextLink"] = f.URL + "/v1.0/oauth2PermissionGrants?$skiptoken=" + next
			}
			answer(http.StatusOK, body)(w, r)
		}
	}
	single := grantBody("User.Read")
	single["id"], single["consentType"], single["principalId"] = "x", "Principal", "p"
	f = newFake(t, map[string]http.HandlerFunc{
		"GET /oauth2PermissionGrants": inTurn(page("1"), page("2", single), page("", grantBody(" openid User.Read"))),
	})
	grants, err := f.tenant(t).Grants(t.Context(), clientSP)
	if err != nil || len(grants) != 2 {
		t.Fatalf("got %v, %v; want two grants", grants, err)
	}
	if grants[0].TenantWide || grants[0].PrincipalID != "p" || !grants[1].TenantWide {
		t.Errorf("got %+v", grants)
	}
	if !slices.Equal(grants[1].Scopes, []string{"openid", "User.Read"}) || grants[1].ID != GrantID(clientSP, graphSP) {
		t.Errorf("got %+v", grants[1])
	}
	asked := f.requests("GET /oauth2PermissionGrants")
	if filter := asked[0].query.Get("$filter"); filter != "clientId eq '"+clientSP+"'" {
		t.Errorf("the filter is %q", filter)
	}
	if token := asked[2].query.Get("$skiptoken"); token != "2" {
		t.Errorf("the last page was asked for with %q", token)
	}
}

func TestAGrantWaitsForPrincipalsThatAreNotReplicated(t *testing.T) {
	t.Parallel()
	missing := "Resource '" + clientSP + "' does not exist or one of its queried reference-property objects are not present."
	f := newFake(t, map[string]http.HandlerFunc{
		"POST /oauth2PermissionGrants": inTurn(
			graphError(http.StatusNotFound, codeNotFound, missing),
			graphError(http.StatusBadRequest, "Request_BadRequest", missing),
			answer(http.StatusCreated, grantBody("User.Read"))),
	})
	g, uncertain, err := f.tenant(t).CreateGrant(t.Context(), NewGrant{clientSP, graphSP, []string{"User.Read"}})
	if err != nil || uncertain || g.ID != GrantID(clientSP, graphSP) {
		t.Fatalf("got %+v, %v, %v", g, uncertain, err)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(f.requests("POST")[2].body), &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"clientId": clientSP, "resourceId": graphSP, "consentType": "AllPrincipals", "scope": "User.Read"}
	for key, value := range want {
		if body[key] != value {
			t.Errorf("sent %s = %v, want %v", key, body[key], value)
		}
	}
	if _, sent := body["principalId"]; sent {
		t.Error("a principal was sent")
	}
}

// TestLagsHaveAnEnd goes through the calls that wait for an earlier write.
func TestLagsHaveAnEnd(t *testing.T) {
	t.Parallel()
	noApp := graphError(http.StatusBadRequest, "Request_BadRequest",
		"The appId '"+portal+"' of the service principal does not reference a valid application object.")
	name := "x"
	for title, tc := range map[string]struct {
		path   string
		answer http.HandlerFunc
		call   func(context.Context, *Tenant) error
		want   error
		budget time.Duration
	}{
		"an application that stays unknown": {"POST /servicePrincipals", noApp, func(ctx context.Context, t *Tenant) error {
			_, _, err := t.CreateServicePrincipal(ctx, NewServicePrincipal{AppID: portal})
			return err
		}, ErrNoApplication, waitForApplication},
		"a grant between nobodies": {"POST /oauth2PermissionGrants", nil, func(ctx context.Context, t *Tenant) error {
			_, _, err := t.CreateGrant(ctx, NewGrant{clientSP, graphSP, []string{"User.Read"}})
			return err
		}, ErrNotFound, waitForPrincipals},
		"a grant that is gone": {"PATCH /oauth2PermissionGrants/g", nil, func(ctx context.Context, t *Tenant) error {
			return t.SetScopes(ctx, "g", []string{"User.Read"})
		}, ErrNotFound, waitForObject},
		"a principal that is gone": {"PATCH /servicePrincipals/" + clientSP, nil, func(ctx context.Context, t *Tenant) error {
			return t.SetEnabled(ctx, clientSP, true)
		}, ErrNotFound, waitForObject},
		"an application that is gone": {"PATCH /applications/a", nil, func(ctx context.Context, t *Tenant) error {
			return t.ChangeApplication(ctx, "a", ApplicationChange{DisplayName: &name})
		}, ErrNotFound, waitForChange},
		"a deleted principal that is gone": {"POST /directory/deletedItems/d/restore", nil, func(ctx context.Context, t *Tenant) error {
			_, err := t.Restore(ctx, "d")
			return err
		}, ErrNotFound, waitForObject},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			handlers := map[string]http.HandlerFunc{}
			if tc.answer != nil {
				handlers[tc.path] = tc.answer
			}
			f := newFake(t, handlers)
			if err := tc.call(t.Context(), f.tenant(t)); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if waited := f.clock.total(); waited > tc.budget || waited < tc.budget-2*mostWait {
				t.Errorf("waited %s of %s", waited, tc.budget)
			}
			if n := len(f.requests(tc.path)); n < 5 {
				t.Errorf("tried %d times", n)
			}
		})
	}
}

func TestRefusalsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{
		"POST /servicePrincipals": graphError(http.StatusForbidden, "Authorization_RequestDenied",
			"When using this permission, the backing application of the service principal being created must in the local tenant"),
		"POST /oauth2PermissionGrants": graphError(http.StatusForbidden, "Authorization_RequestDenied",
			"Insufficient privileges to complete the operation."),
	})
	tenant := f.tenant(t)
	_, _, err := tenant.CreateServicePrincipal(t.Context(), NewServicePrincipal{AppID: portal})
	var resp *ResponseError
	if !errors.As(err, &resp) || !resp.ForeignApplication() || resp.RequestID != "rid-1" {
		t.Errorf("got %v, want a refusal of foreign applications", err)
	}
	_, _, err = tenant.CreateGrant(t.Context(), NewGrant{clientSP, graphSP, []string{"User.Read"}})
	if !errors.Is(err, ErrForbidden) || !errors.As(err, &resp) || resp.Needs[0] != "DelegatedPermissionGrant.ReadWrite.All" {
		t.Errorf("got %v, want the missing permission", err)
	}
	if len(f.clock.slept) > 0 {
		t.Errorf("waited %v", f.clock.slept)
	}
}

func TestADuplicateIsRecognised(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{
		"POST /oauth2PermissionGrants": graphError(http.StatusConflict, codeDuplicate, "Permission entry already exists."),
		"POST /servicePrincipals": inTurn(cut, graphError(http.StatusConflict, codeDuplicate,
			"The service principal cannot be created, updated, or restored because the service principal name x is already in use.")),
	})
	tenant := f.tenant(t)
	if _, uncertain, err := tenant.CreateGrant(t.Context(), NewGrant{clientSP, graphSP, nil}); !errors.Is(err, ErrExists) || uncertain {
		t.Errorf("got %v, uncertain %v; want ErrExists, surely another's", err, uncertain)
	}
	_, uncertain, err := tenant.CreateServicePrincipal(t.Context(), NewServicePrincipal{AppID: portal})
	if !errors.Is(err, ErrExists) || !uncertain {
		t.Errorf("got %v, uncertain %v; want ErrExists, perhaps our own", err, uncertain)
	}
}

func TestAServicePrincipalIsReadWhole(t *testing.T) {
	t.Parallel()
	body := principalBody()
	body["accountEnabled"], body["isDisabled"], body["appRoleAssignmentRequired"] = false, true, true
	body["disabledByMicrosoftStatus"] = "DisabledDueToViolationOfServicesAgreement"
	f := newFake(t, map[string]http.HandlerFunc{
		"GET " + principalPath:   answer(http.StatusOK, body),
		"GET /servicePrincipals": inTurn(answer(http.StatusOK, map[string]any{"value": []any{body}}), answer(http.StatusOK, map[string]any{"value": []any{}})),
	})
	tenant := f.tenant(t)
	want := ServicePrincipal{
		ID: clientSP, AppID: portal, DisplayName: "Portal", AssignmentRequired: true, Deactivated: true,
		DisabledByMicrosoft: "DisabledDueToViolationOfServicesAgreement", OwnerTenantID: tenantA, Scopes: []string{"access_as_user"},
	}
	same := func(got *ServicePrincipal) bool {
		return got != nil && got.ID == want.ID && got.Enabled == want.Enabled && got.Deactivated && got.AssignmentRequired &&
			got.DisabledByMicrosoft == want.DisabledByMicrosoft && got.OwnerTenantID == want.OwnerTenantID && slices.Equal(got.Scopes, want.Scopes)
	}
	if got, err := tenant.ServicePrincipal(t.Context(), portal); err != nil || !same(got) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := tenant.FindServicePrincipal(t.Context(), portal); err != nil || !same(got) {
		t.Errorf("found %+v, %v", got, err)
	}
	if got, err := tenant.FindServicePrincipal(t.Context(), portal); err != nil || got != nil {
		t.Errorf("found %+v, %v in an empty list", got, err)
	}
}

func TestACloudThatDoesNotKnowAPropertyIsAskedWithoutIt(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{
		"GET " + principalPath: func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Query().Get("$select"), "isDisabled") {
				graphError(http.StatusBadRequest, "Request_BadRequest", "Could not find a property named 'isDisabled' on type …")(w, r)
				return
			}
			answer(http.StatusOK, principalBody())(w, r)
		},
	})
	tenant := f.tenant(t)
	for range 2 {
		if _, err := tenant.ServicePrincipal(t.Context(), portal); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(f.requests("GET")); n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
}

func TestGraphsOwnServicePrincipalIsLookedUpOncePerTenant(t *testing.T) {
	t.Parallel()
	f := newFake(t, reading())
	tenant := f.tenant(t)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if sp, err := tenant.Graph(t.Context()); err != nil || sp.ID != graphSP {
				t.Errorf("got %+v, %v", sp, err)
			}
		})
	}
	wg.Wait()
	if n := len(f.requests("GET")); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestTheServicePrincipalThatWasDeletedLastIsRestored(t *testing.T) {
	t.Parallel()
	deleted := func(id, app, at string) map[string]any {
		return map[string]any{"id": id, "appId": app, "deletedDateTime": at}
	}
	const path = "/directory/deletedItems/graph.servicePrincipal"
	var f *fake
	page := func(next string, items ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body := map[string]any{"value": items}
			if next != "" {
				body["@odata.nextLink"] = f.URL + "/v1.0" + path + "?$skiptoken=" + next
			}
			answer(http.StatusOK, body)(w, r)
		}
	}
	f = newFake(t, map[string]http.HandlerFunc{
		"GET " + path: inTurn(page("1"), page("2", deleted("older", portal, "2026-01-01T00:00:00Z")), page("",
			deleted("latest", portal, "2026-02-01T00:00:00Z"), deleted("other", GraphAppID, "2026-03-01T00:00:00Z"))),
		"POST /directory/deletedItems/latest/restore": answer(http.StatusOK, map[string]any{
			"@odata.type": "#microsoft.graph.servicePrincipal", "id": "latest",
		}),
	})
	tenant := f.tenant(t)
	id, err := tenant.DeletedServicePrincipal(t.Context(), portal)
	if id != "latest" || err != nil {
		t.Fatalf("found %q, %v", id, err)
	}
	if _, err := tenant.Restore(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestTheUnexpectedIsBelievedOnlyAfterAWhile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sinceWrite time.Duration
		expectedAt int // the look that sees what was expected; 0: none
		looks      int
		least      time.Duration
		most       time.Duration
	}{
		"as expected":                       {time.Hour, 1, 1, 0, 0},
		"otherwise, long after any write":   {time.Hour, 0, 3, 10 * time.Second, 10 * time.Second},
		"otherwise, right after a write":    {0, 0, 25, ReplicationWindow, ReplicationWindow},
		"as expected once it is replicated": {5 * time.Second, 7, 7, 30 * time.Second, 30 * time.Second},
	} {
		f := newFake(t, nil)
		c := f.client(t)
		looks := 0
		err := c.Settle(t.Context(), c.Now().Add(-tc.sinceWrite), func(_ context.Context, earlier int) (bool, error) {
			if earlier != looks {
				t.Errorf("%s: look %d was told of %d earlier ones", name, looks, earlier)
			}
			looks++
			return looks == tc.expectedAt, nil
		})
		if waited := f.clock.total(); err != nil || looks != tc.looks || waited < tc.least || waited > tc.most {
			t.Errorf("%s: %d looks over %s, %v", name, looks, waited, err)
		}
	}
}

func TestAnApplicationIsWrittenAndReadWhole(t *testing.T) {
	t.Parallel()
	var sent map[string]any
	f := newFake(t, map[string]http.HandlerFunc{
		"PATCH /applications/a": inTurn(
			graphError(http.StatusConflict, "Request_Conflict", "try again"),
			graphError(http.StatusBadRequest, "CannotDeleteOrUpdateEnabledEntitlement",
				"Permission (scope or role) cannot be deleted or updated unless disabled first"),
			noContent),
		"GET /applications(appId='" + portal + "')": func(w http.ResponseWriter, r *http.Request) {
			sent["id"], sent["appId"] = "a", portal
			answer(http.StatusOK, sent)(w, r)
		},
	})
	tenant := f.tenant(t)
	want := Application{
		ID: "a", AppID: portal, DisplayName: "Portal", SignInAudience: "AzureADMultipleOrgs",
		IdentifierURIs: []string{"api://" + portal}, RedirectURIs: []string{"https://portal.example.com:4443"},
		Scopes: []Scope{{ID: "11111111-2222-4333-8444-555555555555", Value: "access_as_user", Enabled: true, AdminOnly: true, AdminName: "n", AdminText: "t", UserName: "un", UserText: "ut"}},
		Required: []RequiredAccess{
			{GraphAppID, GraphUserRead, DelegatedPermission},
			{GraphAppID, "22222222-2222-4333-8444-555555555555", "Role"},
			{portal, "11111111-2222-4333-8444-555555555555", DelegatedPermission},
		},
		Certificates: []Certificate{{
			KeyID: "33333333-2222-4333-8444-555555555555", Thumbprint: strings.Repeat("AB", 20), DisplayName: "c",
			Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
			Type: "AsymmetricX509Cert", Usage: "Verify",
		}},
	}
	err := tenant.ChangeApplication(t.Context(), "a", ApplicationChange{
		DisplayName: &want.DisplayName, SignInAudience: &want.SignInAudience, IdentifierURIs: &want.IdentifierURIs,
		RedirectURIs: &want.RedirectURIs, Scopes: &want.Scopes, Required: &want.Required, Certificates: &want.Certificates, NoImplicitGrants: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	patches := f.requests("PATCH")
	if err := json.Unmarshal([]byte(patches[2].body), &sent); err != nil || len(patches) != 3 {
		t.Fatalf("%d patches, the last: %v", len(patches), err)
	}
	if n := len(sent["requiredResourceAccess"].([]any)); n != 2 {
		t.Errorf("permissions are grouped into %d resources, want 2", n)
	}
	if _, key := sent["keyCredentials"].([]any)[0].(map[string]any)["key"]; key {
		t.Error("a key that Entra has was sent")
	}
	got, err := tenant.Application(t.Context(), portal)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("read otherwise than written (-want +got):\n%s", diff)
	}
}

func TestAChangeLeavesOutWhatItDoesNotChange(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{"PATCH /applications/a": noContent})
	none := []string{}
	if err := f.tenant(t).ChangeApplication(t.Context(), "a", ApplicationChange{RedirectURIs: &none}); err != nil {
		t.Fatal(err)
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal([]byte(f.requests("PATCH")[0].body), &sent); err != nil {
		t.Fatal(err)
	}
	delete(sent, "@odata.type")
	if len(sent) != 1 || !strings.Contains(string(sent["spa"]), `"redirectUris":[]`) {
		t.Errorf("sent %s", f.requests("PATCH")[0].body)
	}
}

func TestTextsThatWereMissingAreNotSentBackEmpty(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{"PATCH /applications/a": noContent})
	scopes := []Scope{{ID: "11111111-2222-4333-8444-555555555555", Value: "theirs", Enabled: true, AdminName: "Theirs"}}
	change := ApplicationChange{Scopes: &scopes, Certificates: &[]Certificate{{}}}
	if err := f.tenant(t).ChangeApplication(t.Context(), "a", change); err != nil {
		t.Fatal(err)
	}
	got := f.requests("PATCH")[0].body
	for _, missing := range []string{`"userConsentDisplayName"`, `"userConsentDescription"`, `"adminConsentDescription"`, `"displayName"`} {
		if strings.Contains(got, missing) {
			t.Errorf("%s was sent: %s", missing, got)
		}
	}
	if !strings.Contains(got, `"adminConsentDisplayName":"Theirs"`) {
		t.Errorf("the text that there is was not sent: %s", got)
	}
}

func TestOwnersAreAddedOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{
		"GET /applications/a/owners":            answer(http.StatusOK, map[string]any{"value": []any{map[string]any{"@odata.type": "#microsoft.graph.user", "id": "u1"}}}),
		"POST /applications/a/owners/$ref":      graphError(http.StatusBadRequest, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'owners'."),
		"DELETE /applications/a/owners/u1/$ref": noContent,
	})
	tenant := f.tenant(t)
	owners, err := tenant.Owners(t.Context(), "a")
	if err != nil || !slices.Equal(owners, []string{"u1"}) {
		t.Errorf("owners %v, %v", owners, err)
	}
	if err := tenant.AddOwner(t.Context(), "a", "u1"); err != nil {
		t.Error(err)
	}
	if body := f.requests("POST")[0].body; !strings.Contains(body, f.URL+"/v1.0/directoryObjects/u1") {
		t.Errorf("sent %s", body)
	}
	if err := tenant.RemoveOwner(t.Context(), "a", "u1"); err != nil {
		t.Error(err)
	}
}
