package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/control"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

func TestTheKnobsOfTheMachineCanBeTurned(t *testing.T) {
	t.Parallel()

	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)

	m := machine.New(sim, machine.Options{})
	handler := control.Handler(sim, control.Machine(m))

	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{http.MethodPatch, "/machine/knobs", `{"noRights": true, "restDown": "2s"}`, http.StatusOK, `"restDown": "2s"`},
		{http.MethodGet, "/machine/knobs", "", http.StatusOK, `"noRights": true`},
		{http.MethodPatch, "/machine/knobs", `{"nonsense": true}`, http.StatusBadRequest, "nonsense"},
		{http.MethodGet, "/machine/logs", "", http.StatusOK, `"commandLines": []`},
	} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), c.method, "http://localhost"+c.path, strings.NewReader(c.body)))

		if recorder.Code != c.status || !strings.Contains(recorder.Body.String(), c.want) {
			t.Errorf("%s %s: %d, %s", c.method, c.path, recorder.Code, recorder.Body.String())
		}
	}

	if !m.Options().NoRights {
		t.Error("the knob was not turned")
	}
}
