package powershell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Machine is a Windows machine with PowerShell. All of its methods may be called
// at any time from any goroutine.
type Machine struct {
	// TempPath is the folder of temporary files.
	TempPath string

	mu       sync.Mutex
	engines  map[string]string
	clixml   bool
	files    map[string]file
	held     bool // see HoldFiles
	folders  map[string]bool
	modules  map[string]Module
	mutexes  map[string]*mutexState
	commands []string
	calls    []string
	scripts  []string
}

// Module is a module's file and its cmdlets.
type Module struct {
	Path    string
	Cmdlets []*Cmdlet
	// Load, if set, tells whether the module loads into a version of PowerShell.
	Load func(version string) error
}

// Folders of the engines.
const (
	coreFolder    = `c:\program files\powershell\7\`
	desktopFolder = `c:\windows\system32\windowspowershell\v1.0\`
)

// NewMachine returns a machine with versions of PowerShell by the names of their
// programs: pwsh.exe, powershell.exe. Both also have the full paths that setup
// gives them.
func NewMachine(engines map[string]string) *Machine {
	m := &Machine{
		TempPath: home + `\AppData\Local\Temp\`,
		files:    map[string]file{}, folders: map[string]bool{}, modules: map[string]Module{}, mutexes: map[string]*mutexState{},
	}
	m.CreateFolder(m.TempPath)
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

// SerializeErrors has PowerShell write its error stream as CLIXML, which it does
// where it takes its caller for another PowerShell.
func (m *Machine) SerializeErrors(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clixml = on
}

// Install puts a module onto the machine, in place of all others.
func (m *Machine) Install(module Module) {
	m.mu.Lock()
	for key := range m.modules {
		delete(m.files, key)
	}
	m.modules = map[string]Module{}
	m.mu.Unlock()
	m.WriteFile(module.Path, nil)
	_, key := resolve(module.Path)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.modules[key] = module
}

// Uninstall removes all modules.
func (m *Machine) Uninstall() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.modules {
		delete(m.files, key)
	}
	m.modules = map[string]Module{}
}

func (m *Machine) module(name string) (Module, bool) {
	_, key := resolve(name)
	m.mu.Lock()
	defer m.mu.Unlock()
	module, ok := m.modules[key]
	return module, ok
}

// engine finds a program by its name, or by its full path.
func (m *Machine) engine(program string) (version string, ok bool) {
	name := strings.TrimSuffix(strings.ToLower(strings.ReplaceAll(program, "/", `\`)), ".exe")
	for base, folder := range map[string]string{"pwsh": coreFolder, "powershell": desktopFolder} {
		if name == folder+base {
			name = base
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	version, ok = m.engines[name]
	return version, ok
}

// Exit codes.
const (
	exitFailure = 1
	// exitUsage is that of PowerShell 7 for a command line that it does not
	// understand; exitUsageDesktop that of Windows PowerShell.
	exitUsage        = 64
	exitUsageDesktop = -196608
)

// Exec runs a command line, as cmd.exe does, until it ends or is killed with the
// context. It returns the exit code.
func (m *Machine) Exec(ctx context.Context, commandLine string, stdin io.Reader, stdout, stderr io.Writer) (exitCode int) {
	m.mu.Lock()
	m.commands = append(m.commands, commandLine)
	serialized := m.clixml
	m.mu.Unlock()
	arguments := splitCommandLine(commandLine)
	if len(arguments) == 0 {
		return 0
	}
	if meansMore(commandLine) {
		fmt.Fprintf(stderr, "The stand-in for cmd.exe runs one program, and nothing else.\r\n")
		return exitFailure
	}
	version, ok := m.engine(arguments[0])
	if !ok {
		fmt.Fprint(stderr, noProgram(arguments[0]))
		return exitFailure
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &process{
		ctx: ctx, machine: m, version: version, functions: map[string]*function{}, modules: map[string]*Cmdlet{},
		stdin: newLineReader(ctx, stdin), stdout: stdout, stderr: stderr, serialized: serialized, global: newScope(nil),
	}
	defer p.end()
	return p.main(arguments[1:])
}

// noProgram is how cmd.exe says that there is no such program.
func noProgram(name string) string {
	if strings.ContainsAny(name, `\/:`) {
		return "The system cannot find the path specified.\r\n"
	}
	return fmt.Sprintf("'%s' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", name)
}

// main runs what the engine's own command line asks for.
func (p *process) main(arguments []string) (exitCode int) {
	c, err := parseEngineCall(arguments)
	if err == nil && c.file != "" {
		c.script, err = p.scriptFile(c.file)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "%s\r\n", err)
		var misused *usageError
		switch {
		case !errors.As(err, &misused):
			return exitFailure
		case p.core():
			return exitUsage
		}
		return exitUsageDesktop
	}
	if c.fromInput {
		text, err := consoleReader{}.call(p, "readtoend", nil)
		if err != nil {
			return exitFailure
		}
		c.script = Text(text)
	}
	p.serialized = p.serialized || c.serialized
	var given invocation
	for _, argument := range c.arguments {
		given.positional = append(given.positional, argument)
	}
	return p.script(c.script, given)
}

func (p *process) scriptFile(name string) (string, error) {
	data, exists := p.machine.ReadFile(name)
	if !exists {
		return "", usage("The argument '" + name + "' to the -File parameter does not exist. Provide the path to an existing '.ps1' file as an " +
			"argument to the -File parameter.")
	}
	return strings.TrimPrefix(string(data), "\ufeff"), nil
}

// script runs a script in the global scope.
func (p *process) script(text string, arguments invocation) (exitCode int) {
	p.machine.logScript(text)
	parsed, err := parse(text, p.core())
	if failure, ok := errors.AsType[*SyntaxError](err); ok {
		p.writeError(parseError(failure))
		return exitFailure
	}
	f := &frame{p, p.global, p.show}
	if err = f.bind("", parsed, arguments); err == nil {
		err = f.block(parsed.end)
	}
	return p.outcome(err)
}

// outcome tells of an error that nobody caught, and returns the exit code.
func (p *process) outcome(err error) (exitCode int) {
	if err == nil || errors.Is(err, returned{}) {
		if p.failed {
			return exitFailure
		}
		return 0
	}
	if ended, ok := errors.AsType[exited](err); ok {
		return ended.code
	}
	if failure, ok := errors.AsType[*Error](err); ok {
		p.writeError(failure)
	}
	return exitFailure
}

// end gives back what the process had, as the system does when it is gone.
func (p *process) end() {
	for _, m := range p.mutexes {
		m.close(p.machine)
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
				case l.lines <- line:
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

// read returns a line with its end.
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
