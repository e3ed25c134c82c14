package control

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

// faulty is a server whose requests meet faults.
type faulty interface {
	Inject(fault wire.Fault) *wire.InjectedFault
	Faults() []*wire.InjectedFault
	ClearFaults()
}

// faultOperations are those on the faults of a server, under a path.
func faultOperations(path string, server faulty) []operation {
	f := faultHandler{server}

	return []operation{
		{"GET " + path + "/faults", "the faults in effect, and how many requests they hit", f.list},
		{"POST " + path + "/faults", "inject a fault", f.inject},
		{"DELETE " + path + "/faults", "remove all faults", done(server.ClearFaults)},
		{"DELETE " + path + "/faults/{fault}", "remove a fault", f.remove},
	}
}

type faultHandler struct{ server faulty }

// faultJSON is a fault with its handle.
type faultJSON struct {
	wire.Fault

	ID    int    `json:"id,omitempty"`
	Delay string `json:"delay,omitempty"`
	Hits  int    `json:"hits,omitempty"`
}

func describe(injected *wire.InjectedFault) faultJSON {
	fault := faultJSON{Fault: injected.Fault(), ID: injected.ID(), Hits: injected.Hits()}
	if fault.Fault.Delay > 0 {
		fault.Delay = fault.Fault.Delay.String()
	}

	return fault
}

func (f faultHandler) list(*http.Request) (any, error) {
	faults := []faultJSON{}
	for _, injected := range f.server.Faults() {
		faults = append(faults, describe(injected))
	}

	return faults, nil
}

func (f faultHandler) inject(r *http.Request) (any, error) {
	var body faultJSON
	if err := read(r, &body); err != nil {
		return nil, err
	}

	if body.Delay != "" {
		delay, err := time.ParseDuration(body.Delay)
		if err != nil {
			return nil, badRequest(fmt.Errorf("delay: %w", err))
		}

		body.Fault.Delay = delay
	}

	if err := body.Validate(); err != nil {
		return nil, badRequest(err)
	}

	return describe(f.server.Inject(body.Fault)), nil
}

func (f faultHandler) remove(r *http.Request) (any, error) {
	id := r.PathValue("fault")

	for _, injected := range f.server.Faults() {
		if strconv.Itoa(injected.ID()) == id {
			injected.Remove()

			return nothing{}, nil
		}
	}

	return nil, notFound("fault", id)
}
