package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestRequestsAreWrittenDown(t *testing.T) {
	t.Parallel()

	now := newClock()
	sim := startUnchecked(t, simulator.Options{Clock: now.read})
	f := newFixture(t, sim)
	c := login(t, sim, "v7")

	c.get("/Organizations/" + simulator.ContosoID + "/Groups?limit=5&displayName=A%26B")
	now.advance(time.Minute)
	c.do(http.MethodPost, contosoRoles, f.role())
	c.do(http.MethodPost, contosoRoles, "{")
	sim.Inject(simulator.Fault{Status: 503, Times: 1})
	c.send(http.MethodDelete, "/nowhere/a%2Fb", "", "", nil)

	arrived := time.Date(2026, time.May, 1, 10, 0, 0, 0, time.UTC)
	later := arrived.Add(time.Minute)
	want := []simulator.Request{
		{
			Sequence: 1, Time: arrived, Method: "POST", Version: "v7", Path: "/token", Query: url.Values{}, InFlight: 1,
			Status: 200, Token: &simulator.TokenRequest{Grant: "password", DisableAntiforgery: true},
		},
		{
			Sequence: 2, Time: arrived, Method: "GET", Version: "v7", Path: "/Organizations/" + simulator.ContosoID + "/Groups",
			Query: url.Values{"limit": {"5"}, "displayName": {"A&B"}}, Bearer: true, InFlight: 1, Status: 200,
		},
		{
			Sequence: 3, Time: later, Method: "POST", Version: "v7", Path: contosoRoles, Query: url.Values{},
			Body: decoded(t, f.role()), Bearer: true, InFlight: 1, Status: 200,
		},
		{
			Sequence: 4, Time: later, Method: "POST", Version: "v7", Path: contosoRoles, Query: url.Values{},
			Bearer: true, InFlight: 1, Status: 400,
		},
		{
			Sequence: 5, Time: later, Method: "DELETE", Version: "v7", Path: "/nowhere/a%2Fb", Query: url.Values{},
			InFlight: 1, Status: 503, Fault: true,
		},
	}
	if diff := cmp.Diff(want, sim.Requests(), cmpopts.IgnoreFields(simulator.Request{}, "Protocol")); diff != "" {
		t.Error(diff)
	}

	writes := 0
	for _, request := range sim.Requests() {
		if request.Write() {
			writes++
		}
	}

	if writes != 3 {
		t.Errorf("%d writes", writes)
	}

	sim.ResetRequests()
	c.get("/ServiceInstance")

	if got := sim.Requests(); len(got) != 1 || got[0].Sequence != 1 {
		t.Errorf("after the reset: %+v", got)
	}
}

// decoded is a value the way that JSON has it.
func decoded(t *testing.T, value any) any {
	t.Helper()

	var result any
	if err := json.Unmarshal([]byte(encoded(t, value)), &result); err != nil {
		t.Fatal(err)
	}

	return result
}

func TestTheLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()

	sim := startUnchecked(t, simulator.Options{Password: "s3cr3t-p4ssword"})
	c := login(t, sim, "v8")
	refresh := c.refresh
	c.accept(c.token(c.refreshing()), http.StatusOK)
	c.get("/RbacRoles")

	// Whatever the body of a token call looks like, it is not kept.
	for _, contentType := range []string{"application/json", "text/plain", ""} {
		for _, path := range []string{"/token", "/TOKEN"} {
			c.send(http.MethodPost, path, contentType, "", strings.NewReader(`{"grant_type":"password","password":"s3cr3t-p4ssword"}`))
		}
	}

	logged := encoded(t, sim.Requests()) + strings.Join(sim.Violations(), "\n") + encoded(t, sim.Options())
	for _, secret := range []string{"s3cr3t-p4ssword", refresh, c.access, c.refresh} {
		if strings.Contains(logged, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestRequestsInFlightAreCounted(t *testing.T) {
	t.Parallel()

	const clients = 8

	arrived := make(chan struct{}, clients)
	release := make(chan struct{})
	sim := start(t, simulator.Options{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/RbacRoles") {
				arrived <- struct{}{}
				<-release
			}

			next.ServeHTTP(w, r)
		})
	}})
	c := login(t, sim, "v8")

	if got := sim.MaxInFlight(); got != 1 {
		t.Errorf("%d in flight after the login", got)
	}

	var group sync.WaitGroup
	for range clients {
		group.Go(func() { c.get("/RbacRoles") })
	}

	for range clients {
		<-arrived
	}

	close(release)
	group.Wait()

	if got := sim.MaxInFlight(); got != clients {
		t.Errorf("%d in flight, want %d", got, clients)
	}

	seen := make(map[int]bool)
	for _, request := range sim.Requests()[1:] {
		seen[request.InFlight] = true
	}

	if len(seen) != clients {
		t.Errorf("in flight at arrival: %v", seen)
	}

	sim.ResetRequests()

	if got := sim.MaxInFlight(); got != 0 {
		t.Errorf("%d in flight after the reset", got)
	}
}
