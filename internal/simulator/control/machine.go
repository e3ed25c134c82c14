package control

import (
	"io"
	"net/http"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

// Machine lets the endpoint control the machine of the simulated server, under
// /machine.
func Machine(m *machine.Machine) Face {
	return Face{[]operation{
		{"GET /machine/knobs", "the knobs of the machine", func(*http.Request) (any, error) { return m.Options(), nil }},
		{"PATCH /machine/knobs", "turn the knobs that the body names", func(r *http.Request) (any, error) {
			return turnMachineKnobs(m, r)
		}},
		{"GET /machine/logs", "what Windows would write down of what was run", func(*http.Request) (any, error) {
			return map[string][]string{
				"commandLines": notNil(m.CommandLines()), "moduleLog": notNil(m.ModuleLog()), "scriptLog": notNil(m.ScriptLog()),
			}, nil
		}},
	}}
}

func turnMachineKnobs(m *machine.Machine, r *http.Request) (any, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badRequest(err)
	}

	options := m.Options()
	if err := options.UnmarshalJSON(text); err != nil {
		return nil, badRequest(err)
	}

	m.Configure(func(o *machine.Options) { *o = options })

	return m.Options(), nil
}
