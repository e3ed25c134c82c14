package simulator_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// isUp tells whether the REST service takes connections.
func isUp(t *testing.T, address string) bool {
	t.Helper()

	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "https://"))
	if err != nil {
		return false
	}

	_ = connection.Close()

	return true
}

// listen occupies a port of the loopback interface.
func listen(t *testing.T) net.Listener {
	t.Helper()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = listener.Close() })

	return listener
}

func freePort(t *testing.T) int {
	t.Helper()

	listener := listen(t)
	_ = listener.Close()

	return listener.Addr().(*net.TCPAddr).Port
}

func TestARestartMovesTheServiceAndKeepsItsState(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	sim.SetPortal(simulator.PortalSettings{URI: "https://portal:1"})

	before, certificate, port := sim.URL(), sim.CertificateSHA256(), freePort(t)

	if err := sim.Restart(port, 0); err != nil {
		t.Fatal(err)
	}

	if sim.Port() != port || sim.URL() == before || isUp(t, before) || sim.CertificateSHA256() != certificate {
		t.Errorf("the service is on %s", sim.URL())
	}

	newClient(t, sim, "v8").get("/RestorePortalSettings").wants(http.StatusOK)

	if sim.Portal().URI != "https://portal:1" {
		t.Errorf("%+v", sim.Portal())
	}
}

func TestARestartTakesItsTime(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})

	if err := sim.Restart(sim.Port(), time.Millisecond); err != nil {
		t.Fatal(err)
	}

	for !isUp(t, sim.URL()) {
		if t.Context().Err() != nil {
			t.Fatal("the service does not come back")
		}

		time.Sleep(time.Millisecond)
	}
}

func TestAServiceThatIsDownIsRestartedOrClosedAtOnce(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	first, port := sim.URL(), freePort(t)

	if err := sim.Restart(sim.Port(), time.Hour); err != nil || isUp(t, first) {
		t.Fatalf("the service is not down: %v", err)
	}

	if err := sim.Restart(port, 0); err != nil || !isUp(t, sim.URL()) || isUp(t, first) {
		t.Errorf("the service is not on %s alone: %v", sim.URL(), err)
	}

	if err := sim.Restart(port, time.Hour); err != nil {
		t.Fatal(err)
	}

	sim.Close()

	if err := sim.Restart(port, 0); err != nil || isUp(t, sim.URL()) {
		t.Errorf("the service is up after its end: %v", err)
	}
}

func TestAPortThatIsTakenLeavesTheServiceWhereItIs(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	before := sim.URL()

	if err := sim.Restart(listen(t).Addr().(*net.TCPAddr).Port, 0); err == nil || sim.URL() != before || !isUp(t, before) {
		t.Errorf("the service is on %s: %v", sim.URL(), err)
	}
}
