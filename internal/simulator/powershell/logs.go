package powershell

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CommandLines are those of all processes so far, as the log of process creation has them.
func (m *Machine) CommandLines() []string { return m.logged(&m.commands) }

// ModuleLog is what module logging writes (event 4103): each cmdlet with what it
// was given.
func (m *Machine) ModuleLog() []string { return m.logged(&m.calls) }

// ScriptLog is what script block logging writes (event 4104): the texts that were
// run.
func (m *Machine) ScriptLog() []string { return m.logged(&m.scripts) }

func (m *Machine) logged(log *[]string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(*log)
}

func (m *Machine) logCall(name string, bound map[string]any) {
	lines := []string{fmt.Sprintf("CommandInvocation(%s)", name)}
	for _, parameter := range slices.Sorted(maps.Keys(bound)) {
		lines = append(lines, fmt.Sprintf("ParameterBinding(%s): name=%q; value=%q", name, parameter, logText(bound[parameter])))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, strings.Join(lines, "\n"))
}

// logText is how a value is logged: the elements of lists one by one.
func logText(value any) string {
	all, several := elementsOf(value)
	if !several {
		return Text(value)
	}
	texts := make([]string, len(all))
	for i, element := range all {
		texts[i] = Text(element)
	}
	return strings.Join(texts, ", ")
}

func (m *Machine) logScript(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scripts = append(m.scripts, text)
}
