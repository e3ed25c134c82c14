package simulator_test

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestTheRESTServiceRestartsOnAnotherPort(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	before := sim.URL()

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	taken := listener.Addr().(*net.TCPAddr).Port
	if err := sim.Restart(taken, 0); err == nil || sim.URL() != before {
		t.Errorf("a port that is taken: %v, now at %s", err, sim.URL())
	}

	if status := ask(t, sim); status != http.StatusOK {
		t.Errorf("after it stayed where it was, it answers %d", status)
	}

	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}

	if err := sim.Restart(taken, 0); err != nil || sim.Port() != taken || ask(t, sim) != http.StatusOK {
		t.Errorf("a port that is free: %v, now at %s", err, sim.URL())
	}
}

func TestTheRESTServiceIsAwayWhileItRestarts(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	if err := sim.Restart(sim.Port(), 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}

	if status := ask(t, sim); status != 0 {
		t.Errorf("while it is down, it answers %d", status)
	}

	for range 100 {
		if ask(t, sim) == http.StatusOK {
			return
		}

		time.Sleep(50 * time.Millisecond)
	}

	t.Error("it did not come back")
}

// ask returns the status of a request that everybody may send; 0 if there is no
// answer.
func ask(t *testing.T, sim *simulator.Server) int {
	t.Helper()

	client := newClient(t, sim, "v8").http

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sim.URL()+"/v8/RestorePortalSettings", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()

	return response.StatusCode
}
