package simulator_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestFaultsHitTheRequestsThatTheyAreMeantFor(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		fault simulator.Fault
		// want are the statuses of GET /RbacRoles, GET /ServiceInstance and
		// again GET /RbacRoles, twice.
		want [6]int
	}{
		"everything":              {simulator.Fault{Status: 503}, [6]int{503, 503, 503, 503, 503, 503}},
		"one path":                {simulator.Fault{Status: 503, Path: "^/RbacRoles$"}, [6]int{503, 200, 503, 503, 200, 503}},
		"a path in another case":  {simulator.Fault{Status: 503, Path: "rbacroles"}, [6]int{503, 200, 503, 503, 200, 503}},
		"one method":              {simulator.Fault{Status: 503, Method: "get"}, [6]int{503, 503, 503, 503, 503, 503}},
		"another method":          {simulator.Fault{Status: 503, Method: "POST"}, [6]int{200, 200, 200, 200, 200, 200}},
		"the first two":           {simulator.Fault{Status: 503, Path: "Roles", Times: 2}, [6]int{503, 200, 503, 200, 200, 200}},
		"after the first":         {simulator.Fault{Status: 503, Path: "Roles", After: 1}, [6]int{200, 200, 503, 503, 200, 503}},
		"the second alone":        {simulator.Fault{Status: 503, Path: "Roles", After: 1, Times: 1}, [6]int{200, 200, 503, 200, 200, 200}},
		"no status, no cut, none": {simulator.Fault{}, [6]int{200, 200, 200, 200, 200, 200}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			c := login(t, sim, "v8")
			injected := sim.Inject(test.fault)
			hits := 0

			for i, want := range test.want {
				path := "/RbacRoles"
				if i%3 == 1 {
					path = "/ServiceInstance"
				}

				if got := c.get(path).status; got != want {
					t.Errorf("request %d: status %d, want %d", i+1, got, want)
				}

				if want != 200 {
					hits++
				}
			}

			if test.fault.Status != 0 && injected.Hits() != hits {
				t.Errorf("%d hits, want %d", injected.Hits(), hits)
			}
		})
	}
}

func TestAnswersOfFaults(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := login(t, sim, "v8")
	sim.Inject(simulator.Fault{
		Status: 429, Header: map[string]string{"Retry-After": "7"}, Body: `{"message":"slow down"}`, Times: 1,
	})
	sim.Inject(simulator.Fault{Status: 502, Body: "<html>", Times: 1})

	first := c.get("/RbacRoles").wants(http.StatusTooManyRequests)
	if first.header.Get("Retry-After") != "7" || !strings.HasPrefix(first.header.Get("Content-Type"), "application/json") ||
		string(first.body) != `{"message":"slow down"}` {
		t.Errorf("%v %s", first.header, first.body)
	}

	second := c.get("/RbacRoles").wants(http.StatusBadGateway)
	if !strings.HasPrefix(second.header.Get("Content-Type"), "text/html") || string(second.body) != "<html>" {
		t.Errorf("%v %s", second.header, second.body)
	}
}

func TestFaultsCanBeRemoved(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := login(t, sim, "v8")
	first := sim.Inject(simulator.Fault{Status: 500})
	second := sim.Inject(simulator.Fault{Status: 503})

	if first.ID() == second.ID() || len(sim.Faults()) != 2 || first.Fault().Status != 500 {
		t.Error("the faults are not told apart")
	}

	c.get("/RbacRoles").wants(http.StatusInternalServerError)
	first.Remove()
	first.Remove()
	c.get("/RbacRoles").wants(http.StatusServiceUnavailable)
	sim.ClearFaults()
	c.get("/RbacRoles").wants(http.StatusOK)
}

func TestFaultsThatCannotBe(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]simulator.Fault{
		"path":           {Path: "("},
		"cut":            {Cut: "sideways"},
		"status":         {Status: 99},
		"negative times": {Times: -1},
	} {
		if err := fault.Validate(); !errors.Is(err, simulator.ErrFault) {
			t.Errorf("%s: %v", name, err)
		}
	}

	defer func() {
		if recover() == nil {
			t.Error("a fault that cannot be was injected")
		}
	}()

	start(t, simulator.Options{}).Inject(simulator.Fault{Path: "("})
}

func TestCutConnections(t *testing.T) {
	t.Parallel()

	for cut, roles := range map[simulator.Cut]int{
		simulator.CutBefore: 0, simulator.CutAfter: 1, simulator.CutMidBody: 1,
	} {
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
			t.Run(string(cut)+" "+protocol, func(t *testing.T) {
				t.Parallel()

				sim := start(t, simulator.Options{})
				f := newFixture(t, sim)
				c := newClient(t, sim, "v8")

				if protocol == "HTTP/1.1" {
					c.oldProtocol()
				}

				c.accept(c.token(c.password()), http.StatusOK)

				injected := sim.Inject(simulator.Fault{Method: "POST", Path: "/RbacRoles", Cut: cut, Times: 1})
				_, err := c.try(http.MethodPost, contosoRoles, "application/json", c.access, strings.NewReader(encoded(t, f.role())))

				if err == nil {
					t.Fatal("the request succeeded")
				}

				if cut == simulator.CutMidBody && !errors.Is(err, io.ErrUnexpectedEOF) && protocol == "HTTP/1.1" {
					t.Errorf("the body was not cut: %v", err)
				}

				if got := len(sim.Roles()); got != roles {
					t.Errorf("%d roles, want %d", got, roles)
				}

				last := sim.Requests()[len(sim.Requests())-1]
				if injected.Hits() != 1 || !last.Fault {
					t.Errorf("%d hits, last request %+v", injected.Hits(), last)
				}

				// The server goes on.
				c.do(http.MethodPost, contosoRoles, f.role()).wants(http.StatusCreated)
			})
		}
	}
}

func TestWholeConnectionsCanBeCut(t *testing.T) {
	t.Parallel()

	arrived := make(chan struct{})
	sim := start(t, simulator.Options{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/ServiceInstance") {
				close(arrived)
				<-r.Context().Done()

				return
			}

			next.ServeHTTP(w, r)
		})
	}})
	c := login(t, sim, "v8")
	sim.Inject(simulator.Fault{Path: "/RbacRoles", Cut: simulator.CutAfter, WholeConnection: true, Times: 1})

	other := make(chan error, 1)
	go func() {
		_, err := c.try(http.MethodPost, "/ServiceInstance", "", c.access, nil)
		other <- err
	}()

	<-arrived

	if _, err := c.try(http.MethodPost, "/RbacRoles", "", c.access, nil); err == nil {
		t.Error("the request succeeded")
	}

	if err := <-other; err == nil {
		t.Error("the other request on the connection succeeded")
	}

	c.get("/RbacRoles").wants(http.StatusOK)
}

func TestDelaysEndWithTheRequest(t *testing.T) {
	t.Parallel()

	for name, delay := range map[string]func(sim *simulator.Server){
		"fault":   func(sim *simulator.Server) { sim.Inject(simulator.Fault{Delay: time.Hour}) },
		"latency": func(sim *simulator.Server) { sim.Configure(func(o *simulator.Options) { o.Latency = time.Hour }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{})
			c := login(t, sim, "v8")
			delay(sim)

			done := make(chan error, 1)
			go func() {
				_, err := c.try(http.MethodGet, "/RbacRoles", "", c.access, nil)
				done <- err
			}()

			for len(sim.Requests()) < 2 {
				time.Sleep(time.Millisecond)
			}

			// Closing ends the request that sleeps, and returns.
			sim.Close()

			if err := <-done; err == nil {
				t.Error("the request succeeded")
			}

			if got := sim.Requests()[1].Status; got != 0 {
				t.Errorf("status %d", got)
			}
		})
	}
}

func TestShortDelaysPass(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{Latency: time.Millisecond})
	c := login(t, sim, "v8")
	injected := sim.Inject(simulator.Fault{Delay: time.Millisecond})
	c.get("/RbacRoles").wants(http.StatusOK)

	if injected.Hits() != 1 {
		t.Error("the fault did not hit")
	}
}
