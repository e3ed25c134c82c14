package tenantconsent_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

// calls are the requests of a consent's life, by what they do.
func calls() map[string]graph.Fault {
	return map[string]graph.Fault{
		"discovery":                   {Method: http.MethodGet, Path: `/openid-configuration$`},
		"token":                       {Method: http.MethodPost, Path: `/oauth2/v2\.0/token$`},
		"read the service principal":  {Method: http.MethodGet, Path: `^/servicePrincipals\(appId='` + app},
		"read Microsoft Graph's":      {Method: http.MethodGet, Path: `^/servicePrincipals\(appId='` + graph.MicrosoftGraphAppID},
		"create a service principal":  {Method: http.MethodPost, Path: `^/servicePrincipals$`},
		"change a service principal":  {Method: http.MethodPatch, Path: `^/servicePrincipals/`},
		"delete a service principal":  {Method: http.MethodDelete, Path: `^/servicePrincipals/`},
		"list grants":                 {Method: http.MethodGet, Path: `^/oauth2PermissionGrants$`},
		"read a grant":                {Method: http.MethodGet, Path: `^/oauth2PermissionGrants/`},
		"create a grant":              {Method: http.MethodPost, Path: `^/oauth2PermissionGrants$`},
		"change a grant":              {Method: http.MethodPatch, Path: `^/oauth2PermissionGrants/`},
		"delete a grant":              {Method: http.MethodDelete, Path: `^/oauth2PermissionGrants/`},
		"list what was deleted":       {Method: http.MethodGet, Path: `^/directory/deletedItems/`},
		"restore a service principal": {Method: http.MethodPost, Path: `^/directory/deletedItems/.*/restore$`},
	}
}

// life takes a consent through all that can happen to it, so that every request
// is made: creation, drift of everything, restoration, destruction. Each apply
// ends with an empty plan.
func life(t *testing.T, s *acctest.Entra) resource.TestCase {
	t.Helper()
	later := func(change func()) func() {
		return func() {
			s.Clock.Pass(time.Hour)
			change()
		}
	}
	return resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
		Steps: []resource.TestStep{
			{Config: consent()},
			{
				PreConfig: later(func() {
					s.Rescope(customer, "User.Read", "Mail.Read")
					s.Rescope(customer, "access_as_user", "")
					s.UpdateServicePrincipal(customer, app, func(sp *graph.ServicePrincipal) { sp.AccountEnabled = false })
				}),
				Config: consent(), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
				Check: func(*terraform.State) error { return granted(s, "Mail.Read User.Read", "access_as_user") },
			},
			{
				PreConfig: later(func() {
					s.Rescope(customer, "Mail.Read User.Read", "User.Read")
					s.DeleteServicePrincipal(customer, app)
				}),
				Config: consent(), ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
				Check: func(*terraform.State) error { return granted(s, "User.Read", "access_as_user") },
			},
		},
	}
}

func granted(s *acctest.Entra, want ...string) error {
	if got := grants(s, customer); !slices.Equal(got, want) {
		return fmt.Errorf("the tenant's grants are %q, want %q", got, want)
	}
	for _, sp := range s.ServicePrincipals(customer) {
		if !sp.AccountEnabled {
			return fmt.Errorf("sign-in is off")
		}
	}
	return nil
}

// TestAccEveryRequestMayFailOnce lets each request of a consent's life meet a
// failure that passes, the first time that it is made.
func TestAccEveryRequestMayFailOnce(t *testing.T) {
	t.Parallel()
	const busy = `{"error":{"code":"TooManyRequests","message":"Too many requests"}}`
	for name, fault := range map[string]graph.Fault{
		"429 with seconds":   {Status: 429, Body: busy, Header: map[string]string{"Retry-After": "1"}},
		"429 with a date":    {Status: 429, Body: busy, Header: map[string]string{"Retry-After": "Sun, 01 Mar 2026 12:00:00 GMT"}},
		"429 without a time": {Status: 429, Body: busy},
		"503 with a page":    {Status: 503, Body: "<html><body>Service unavailable</body></html>"},
		"504 with nothing":   {Status: 504},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.Behind(5 * time.Second)
			injected := map[string]*wire.InjectedFault{}
			for call, which := range calls() {
				fault.Method, fault.Path, fault.Times = which.Method, which.Path, 1
				injected[call] = s.Inject(fault)
			}
			test := life(t, s)
			// Whose a service principal is, cannot be told if the answer to its creation may be lost.
			test.CheckDestroy = func(*terraform.State) error {
				if n := len(grants(s, customer)); n > 0 {
					return fmt.Errorf("%d grants are left", n)
				}
				return nil
			}
			resource.Test(t, test)
			for call, fault := range injected {
				if fault.Hits() != 1 {
					t.Errorf("to %s: %d requests failed", call, fault.Hits())
				}
			}
		})
	}
}

// TestAccCreatedButTheAnswerIsLost lets one creation be carried out whose answer
// does not arrive.
func TestAccCreatedButTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	for call, steps := range map[string]int{ // how far it is until the request is made
		"create a service principal": 1, "create a grant": 1, "change a grant": 3, "restore a service principal": 3,
		"delete a service principal": 1, "delete a grant": 1,
	} {
		for way, fault := range map[string]graph.Fault{"cut": {Cut: wire.CutAfter}, "504": {Status: 504, CarryOut: true}} {
			if way == "504" && !strings.HasPrefix(call, "create") {
				continue // what is lost does not depend on the way
			}
			t.Run(call+"/"+way, func(t *testing.T) {
				t.Parallel()
				s := start(t)
				s.Behind(10 * time.Second)
				which := calls()[call]
				fault.Method, fault.Path, fault.Times = which.Method, which.Path, 1
				injected := s.Inject(fault)
				left := 0
				if call == "create a service principal" {
					left = 1
				}
				test := life(t, s)
				test.Steps = test.Steps[:steps]
				test.CheckDestroy = func(*terraform.State) error {
					if n := len(s.ServicePrincipals(customer)); n != left || len(grants(s, customer)) > 0 {
						return fmt.Errorf("%d service principals and the grants %q are left", n, grants(s, customer))
					}
					return nil
				}
				resource.Test(t, test)
				if injected.Hits() != 1 {
					t.Errorf("%d requests failed", injected.Hits())
				}
				if heard := s.Warnings(); left > 0 && !strings.Contains(heard, "cannot be told") {
					t.Errorf("warned of %q", heard)
				}
			})
		}
	}
}

// TestAccEntraMayDecideEitherWay takes a consent through its life with each knob
// of what is not documented, or odd.
func TestAccEntraMayDecideEitherWay(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(*graph.Options){
		"replicas take turns": func(o *graph.Options) { *o = o.WithLag(graph.Lag{Duration: 30 * time.Second}); o.Flap = true },
		"reads are behind by count, and every list begins with nothing": func(o *graph.Options) {
			*o = o.WithLag(graph.Lag{Reads: 2})
			o.EmptyPageWithNextLink, o.PageDefault = true, 1
		},
		"unknown clients have no grants": func(o *graph.Options) {
			*o = o.WithLag(graph.Lag{Duration: 30 * time.Second})
			o.UnknownClient, o.MissingReference = graph.UnknownClientEmpty, graph.MissingReferenceBadRequest
		},
		"scopes are shown in any order, twice, with blanks": func(o *graph.Options) {
			o.LeadingSpace, o.ShuffleScopes, o.DuplicateScopes = true, true, true
		},
		"restoring is forbidden, errors are as documented, and the cloud is strict": func(o *graph.Options) {
			o.RestoreForbidden = true
			o.ErrorStyle, o.LengthRequired, o.UnknownScopes = graph.ErrorStyleDocumented, true, graph.UnknownScopesReject
		},
		"grants are gone after a restoration, errors are of former days, and the cloud is old": func(o *graph.Options) {
			o.GrantsAfterRestore = graph.GrantsAfterRestoreGone
			o.ErrorStyle, o.UnknownProperties = graph.ErrorStyleLegacy, []string{"isDisabled"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := graph.Options{}
			turn(&options)
			s := startWith(t, options)
			test := life(t, s)
			test.CheckDestroy = nothingLeft(s, customer)
			for i := range test.Steps {
				check := test.Steps[i].Check
				test.Steps[i].Check = func(state *terraform.State) error {
					if check != nil && !options.DuplicateScopes { // the words that are written again are those that were read
						return check(state)
					}
					return nil
				}
			}
			resource.Test(t, test)
		})
	}
}

// TestAccASoftDeletedServicePrincipalReturns has one that was deleted
// before the resource comes.
func TestAccASoftDeletedServicePrincipalReturns(t *testing.T) {
	t.Parallel()
	for _, options := range []graph.Options{
		{},
		graph.Options{}.WithLag(graph.Lag{Duration: 30 * time.Second}),
		{EmptyPageWithNextLink: true, CreateWhileDeleted: graph.CreateWhileDeletedConflict},
	} {
		s := startWith(t, options)
		sp := s.AddServicePrincipal(customer, app)
		s.DeleteServicePrincipal(customer, app)
		resource.Test(t, resource.TestCase{
			ProtoV6ProviderFactories: s.Providers(), CheckDestroy: nothingLeft(s, customer),
			Steps: []resource.TestStep{{
				Config: consent(), Check: resource.TestCheckResourceAttr(address, "service_principal_id", sp.ID),
			}},
		})
	}
}

func TestAccSomebodyElseIsFaster(t *testing.T) {
	t.Parallel()
	s := startWith(t, graph.Options{RaceCreates: 2, RaceScope: "Mail.Read"}.WithLag(graph.Lag{Duration: 10 * time.Second}))
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.Providers(),
		CheckDestroy:             func(*terraform.State) error { return granted(s, "Mail.Read") },
		Steps: []resource.TestStep{
			{Config: consent(), Check: func(*terraform.State) error { return granted(s, "Mail.Read User.Read", "access_as_user") }},
			{Config: consent(), PlanOnly: true},
		},
	})
}
