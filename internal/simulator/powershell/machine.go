package powershell

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
)

// Machine is a Windows machine with PowerShell. All of its methods may be called
// at any time from any goroutine.
type Machine struct {
	// TempPath is the folder of temporary files.
	TempPath string

	mu       sync.Mutex
	engines  map[string]string
	files    map[string]file
	modules  map[string]Module
	mutexes  map[string]*mutexState
	commands []string
	calls    []string
	scripts  []string
}

type file struct {
	path string
	data []byte
}

type mutexState struct {
	owned     bool
	abandoned bool
	freed     chan struct{} // closed when it is released
}

// Module is a module's file and its cmdlets.
type Module struct {
	Path    string
	Cmdlets []*Cmdlet
	// Load, if set, tells whether the module loads into a version of PowerShell.
	Load func(version string) error
}

// NewMachine returns a machine with versions of PowerShell by the names of their
// programs, such as pwsh.exe.
func NewMachine(engines map[string]string) *Machine {
	m := &Machine{
		TempPath: `C:\Users\svc-terraform\AppData\Local\Temp\`,
		files:    map[string]file{}, modules: map[string]Module{}, mutexes: map[string]*mutexState{},
	}
	m.SetEngines(engines)
	return m
}

// SetEngines replaces the versions of PowerShell.
func (m *Machine) SetEngines(engines map[string]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.engines = map[string]string{}
	for name, version := range engines {
		m.engines[strings.ToLower(strings.TrimSuffix(name, ".exe"))] = version
	}
}

// Install puts a module onto the machine, in place of all others.
func (m *Machine) Install(module Module) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.modules {
		delete(m.files, key)
	}
	m.modules = map[string]Module{strings.ToLower(module.Path): module}
	m.files[strings.ToLower(module.Path)] = file{path: module.Path}
}

func (m *Machine) module(name string) (Module, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	module, ok := m.modules[strings.ToLower(name)]
	return module, ok
}

// WriteFile writes a file.
func (m *Machine) WriteFile(name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[strings.ToLower(name)] = file{name, slices.Clone(data)}
}

// ReadFile returns the content of a file.
func (m *Machine) ReadFile(name string) (data []byte, exists bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, exists := m.files[strings.ToLower(name)]
	return slices.Clone(f.data), exists
}

// RemoveFile removes a file, if there is one.
func (m *Machine) RemoveFile(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, strings.ToLower(name))
}

// TemporaryFiles are the paths of the files in the folder of temporary files.
func (m *Machine) TemporaryFiles() []string { return m.glob(m.TempPath, "*") }

func (m *Machine) glob(folder, pattern string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	folder = strings.ToLower(strings.TrimRight(folder, `\`) + `\`)
	var found []string
	for _, key := range slices.Sorted(maps.Keys(m.files)) {
		name, inside := strings.CutPrefix(key, folder)
		if matches, err := path.Match(strings.ToLower(pattern), name); inside && err == nil && matches {
			found = append(found, m.files[key].path)
		}
	}
	return found
}

// CommandLines are those of all processes so far, as the log of process creation has them.
func (m *Machine) CommandLines() []string { return m.logged(&m.commands) }

// ModuleLog is what module logging writes: each cmdlet with what it was given.
func (m *Machine) ModuleLog() []string { return m.logged(&m.calls) }

// ScriptLog is what script block logging writes: the texts that were run.
func (m *Machine) ScriptLog() []string { return m.logged(&m.scripts) }

func (m *Machine) logged(log *[]string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(*log)
}

func (m *Machine) logCall(name string, bound map[string]any) {
	lines := []string{fmt.Sprintf("CommandInvocation(%s)", name)}
	for _, parameter := range slices.Sorted(maps.Keys(bound)) {
		lines = append(lines, fmt.Sprintf("ParameterBinding(%s): name=%q; value=%q", name, parameter, Text(bound[parameter])))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, strings.Join(lines, "\n"))
}

func (m *Machine) logScript(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scripts = append(m.scripts, text)
}

func (m *Machine) openMutex(name string, _ bool) *mutex {
	return &mutex{machine: m, name: strings.ToLower(name)}
}

// lock waits for a mutex. The error is the context's.
func (m *Machine) lock(ctx context.Context, name string, wait time.Duration) (owned, abandoned bool, err error) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		m.mu.Lock()
		state, ok := m.mutexes[name]
		if !ok {
			state = &mutexState{}
			m.mutexes[name] = state
		}
		if !state.owned {
			abandoned, state.abandoned = state.abandoned, false
			state.owned, state.freed = true, make(chan struct{})
			m.mu.Unlock()
			return true, abandoned, nil
		}
		freed := state.freed
		m.mu.Unlock()
		select {
		case <-freed:
		case <-timeout.C:
			return false, false, nil
		case <-ctx.Done():
			return false, false, ctx.Err()
		}
	}
}

// Locked tells whether a process owns a mutex.
func (m *Machine) Locked(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, ok := m.mutexes[strings.ToLower(name)]
	return ok && state.owned
}

func (m *Machine) unlock(name string, abandoned bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := m.mutexes[name]
	state.owned, state.abandoned = false, abandoned
	close(state.freed)
}

// Exec runs a command line, as cmd.exe does, until it ends or is killed with the
// context.
func (m *Machine) Exec(ctx context.Context, commandLine string, stdin io.Reader, stdout, stderr io.Writer) (exitCode int) {
	m.mu.Lock()
	m.commands = append(m.commands, commandLine)
	m.mu.Unlock()
	arguments := splitCommandLine(commandLine)
	if len(arguments) == 0 {
		return 0
	}
	name := arguments[0]
	base := strings.ToLower(name[strings.LastIndexAny(name, `\/`)+1:])
	m.mu.Lock()
	version, ok := m.engines[strings.TrimSuffix(base, ".exe")]
	m.mu.Unlock()
	if !ok {
		fmt.Fprintf(stderr, "'%s' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", name)
		return 1
	}
	script, err := scriptOf(arguments[1:])
	if err != nil {
		fmt.Fprintf(stderr, "%s\r\n", err)
		return 64
	}
	return m.runScript(ctx, version, script, stdin, stdout, stderr)
}

// splitCommandLine splits at blanks outside of quotation marks.
func splitCommandLine(line string) []string {
	var arguments []string
	var current strings.Builder
	quoted, inside := false, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted, inside = !quoted, true
		case r == ' ' && !quoted:
			if inside {
				arguments = append(arguments, current.String())
				current.Reset()
			}
			inside = false
		default:
			current.WriteRune(r)
			inside = true
		}
	}
	if inside {
		arguments = append(arguments, current.String())
	}
	return arguments
}

// scriptOf returns the script that PowerShell's parameters hold.
func scriptOf(arguments []string) (string, error) {
	for len(arguments) > 0 {
		name := strings.ToLower(arguments[0])
		arguments = arguments[1:]
		switch name {
		case "-nologo", "-noprofile", "-noninteractive":
			continue
		case "-executionpolicy", "-outputformat":
			arguments = arguments[min(1, len(arguments)):]
			continue
		case "-encodedcommand":
			if len(arguments) == 1 {
				return decodeCommand(arguments[0])
			}
		}
		return "", fmt.Errorf("%w '%s' is not recognized as the name of a script file", errArgument, name)
	}
	return "", errors.New("there is no script")
}

var errArgument = errors.New("The argument") //nolint:staticcheck // PowerShell's text begins so

func decodeCommand(encoded string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(data)%2 != 0 {
		return "", errors.New("Cannot process the command because the value specified with -EncodedCommand is not properly encoded") //nolint:staticcheck // PowerShell's text
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

func (m *Machine) runScript(ctx context.Context, version, script string, stdin io.Reader, stdout, stderr io.Writer) int {
	m.logScript(script)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &process{
		ctx: ctx, machine: m, version: version, functions: map[string]*function{}, modules: map[string]*Cmdlet{},
		stdin: newLineReader(ctx, stdin), stdout: stdout, stderr: stderr,
	}
	defer p.end()
	f, err := parse(script)
	if err == nil {
		err = p.block(f.body, &scope{variables: map[string]any{}}, func(value any) { fmt.Fprintf(stdout, "%s\r\n", Text(value)) })
	}
	if err == nil || isReturn(err) {
		return 0
	}
	if ended, ok := errors.AsType[exited](err); ok {
		return ended.code
	}
	if _, dead := errors.AsType[killed](err); !dead {
		fmt.Fprintf(stderr, "%s\r\n", err)
	}
	return 1
}

// end leaves the process's mutexes to others, as the system does when it is gone.
func (p *process) end() {
	for _, m := range p.mutexes {
		p.machine.unlock(m.name, true)
	}
}

// lineReader reads lines, and gives up when the process is killed.
type lineReader struct{ lines chan string }

func newLineReader(ctx context.Context, r io.Reader) *lineReader {
	l := &lineReader{lines: make(chan string)}
	reader := bufio.NewReader(r)
	go func() {
		defer close(l.lines)
		for {
			line, err := reader.ReadString('\n')
			if line != "" {
				select {
				case l.lines <- strings.TrimRight(line, "\r\n"):
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return l
}

func (l *lineReader) read(ctx context.Context) (string, error) {
	select {
	case line, ok := <-l.lines:
		if !ok {
			return "", io.EOF
		}
		return line, nil
	case <-ctx.Done():
		return "", killed{}
	}
}
