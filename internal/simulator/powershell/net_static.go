package powershell

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

func (n *staticMember) value(f *frame) (any, error) {
	switch n.typeName + "::" + strings.ToLower(n.name) {
	case "console::in":
		return consoleReader{}, nil
	case "console::out":
		return consoleWriter{f.stdout}, nil
	case "console::error":
		return consoleWriter{f.stderr}, nil
	case "console::outputencoding", "console::inputencoding", "text.encoding::utf8":
		return utf8Encoding{}, nil
	case "guid::empty":
		return GUID("00000000-0000-0000-0000-000000000000"), nil
	case "datetime::minvalue":
		return time.Time{}, nil
	case "datetime::utcnow":
		return time.Now().UTC(), nil
	case "datetime::now":
		return time.Now(), nil
	case "environment::newline":
		return "\r\n", nil
	case "int::maxvalue":
		return int64(1<<31 - 1), nil
	}
	if _, ok := fullTypeName(n.typeName); !ok {
		return nil, unknownType(n.typeName)
	}
	return nil, notSupported("[%s]::%s", n.typeName, n.name)
}

func (n *staticCall) value(f *frame) (any, error) {
	arguments, err := f.values(n.arguments)
	if err != nil {
		return nil, err
	}
	full, ok := fullTypeName(n.typeName)
	if !ok {
		return nil, unknownType(n.typeName)
	}
	shown := n.name
	if strings.EqualFold(n.name, "new") {
		shown = ".ctor"
	}
	value, err := f.callStatic(n.typeName, strings.ToLower(n.name), arguments)
	return invoked(value, err, shown, full, len(arguments))
}

// callStatic calls a static method; new is a constructor.
func (p *process) callStatic(typeName, name string, arguments []any) (any, error) {
	for _, methods := range []func(string, []any) (any, error){p.creation, p.conversion, p.fileMethod, p.pathMethod} {
		value, err := methods(typeName+"::"+name, arguments)
		if !errors.Is(err, errNoMethod) {
			return value, err
		}
	}
	return nil, errNoMethod
}

func argumentAt(arguments []any, i int) any {
	if i < len(arguments) {
		return arguments[i]
	}
	return nil
}

// creation calls what makes objects.
func (p *process) creation(name string, arguments []any) (any, error) {
	count := len(arguments)
	switch {
	case name == "scriptblock::create" && count == 1:
		return p.compile(Text(arguments[0]))
	case name == "guid::newguid" && count == 0:
		raw := make([]byte, 16)
		_, _ = rand.Read(raw) // never fails
		return p.toGUID(hex.EncodeToString(raw))
	case (name == "guid::new" || name == "guid::parse") && count == 1:
		return p.toGUID(arguments[0])
	case name == "security.securestring::new" && count == 0:
		return &SecureString{}, nil
	case name == "threading.mutex::new" && (count == 2 || count == 1):
		if truth(arguments[0]) {
			return nil, notSupported("mutexes that are owned from the beginning")
		}
		return p.openMutex(Text(argumentAt(arguments, 1))), nil
	case name == "collections.generic.list[object]::new" && count == 0, name == "collections.arraylist::new" && count == 0:
		full, _ := fullTypeName(strings.TrimSuffix(name, "::new"))
		return &genericList{name: full}, nil
	case name == "hashtable::new" && count == 0:
		return newHashtable(), nil
	case name == "version::new" && count == 1:
		return toVersion(arguments[0])
	case name == "threading.thread::sleep" && count == 1:
		return p.sleep(arguments[0])
	}
	return nil, errNoMethod
}

// compile is [scriptblock]::Create. The text is written into the log.
func (p *process) compile(text string) (any, error) {
	p.machine.logScript(text)
	script, err := parse(text, p.core())
	if failure, ok := errors.AsType[*SyntaxError](err); ok {
		return nil, parseError(failure)
	}
	return script, err
}

// parseError is a text that cannot be parsed as an error of the script.
func parseError(e *SyntaxError) *Error {
	return &Error{
		Message: e.Message, ID: e.ID, Type: "System.Management.Automation.ParseException", Category: "ParserError", thrown: true, where: e.where,
	}
}

// milliseconds is how long a wait lasts.
func milliseconds(wait any) time.Duration {
	n, _ := wait.(int64)
	return time.Duration(n) * time.Millisecond
}

func (p *process) sleep(wait any) (any, error) {
	n, err := p.convert(wait, "int")
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(milliseconds(n)):
		return void{}, nil
	case <-p.ctx.Done():
		return nil, killed{}
	}
}

// conversion calls what turns values into others.
func (p *process) conversion(name string, arguments []any) (any, error) {
	count := len(arguments)
	switch {
	case name == "convert::frombase64string" && count == 1:
		// White space does not count.
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(Text(arguments[0])), ""))
		if err != nil {
			return nil, &Error{
				Message: "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, " +
					"or an illegal character among the padding characters.", Type: "System.FormatException",
			}
		}
		return data, nil
	case name == "convert::tobase64string" && count == 1:
		data, err := p.toBytes(arguments[0])
		if err != nil {
			return nil, err
		}
		if data == nil {
			return nil, nullArgument("inArray")
		}
		raw, _ := data.([]byte)
		return base64.StdEncoding.EncodeToString(raw), nil
	case name == "string::isnullorempty" && count == 1:
		return Text(arguments[0]) == "", nil
	case name == "string::isnullorwhitespace" && count == 1:
		return strings.TrimSpace(Text(arguments[0])) == "", nil
	case (name == "string::equals" || name == "object::equals") && count == 2:
		return Text(arguments[0]) == Text(arguments[1]), nil
	case name == "string::join" && count >= 2:
		texts := []string{}
		for _, element := range arguments[1:] {
			for _, inner := range elements(element) {
				texts = append(texts, Text(inner))
			}
		}
		return strings.Join(texts, Text(arguments[0])), nil
	case name == "environment::getenvironmentvariable" && count == 1:
		return p.machine.environment(strings.ToLower(Text(arguments[0]))), nil
	}
	return nil, errNoMethod
}

func nullArgument(parameter string) *Error {
	return &Error{Message: "Value cannot be null. (Parameter '" + parameter + "')", Type: "System.ArgumentNullException"}
}

// fileMethod calls what works on the machine's files.
func (p *process) fileMethod(name string, arguments []any) (any, error) {
	count := len(arguments)
	kind, method, _ := strings.Cut(name, "::")
	if kind != "io.file" && kind != "io.directory" || count == 0 {
		return nil, errNoMethod
	}
	file := Text(arguments[0])
	if file == "" {
		return nil, &Error{Message: "The value cannot be an empty string. (Parameter 'path')", Type: argumentError}
	}
	if kind == "io.directory" {
		return p.folderMethod(method, file, arguments)
	}
	switch {
	case method == "exists" && count == 1:
		_, exists := p.machine.ReadFile(file)
		return exists, nil
	case method == "readallbytes" && count == 1:
		return p.read(file)
	case method == "readalltext" && count == 1:
		data, err := p.read(file)
		return string(data), err
	case method == "writeallbytes" && count == 2:
		data, err := p.toBytes(arguments[1])
		if err != nil {
			return nil, err
		}
		raw, _ := data.([]byte)
		return void{}, p.write(file, raw)
	case method == "writealltext" && count == 2:
		return void{}, p.write(file, []byte(Text(arguments[1])))
	case method == "delete" && count == 1:
		if err := p.machine.folderMissing(file); err != nil {
			return nil, err
		}
		return void{}, p.machine.deleteFile(file)
	}
	return nil, errNoMethod
}

func (p *process) folderMethod(method, folder string, arguments []any) (any, error) {
	switch {
	case method == "exists" && len(arguments) == 1:
		return p.machine.folderExists(folder), nil
	case method == "createdirectory" && len(arguments) == 1:
		p.machine.CreateFolder(folder)
		return folder, nil
	case method == "getfiles" && len(arguments) <= 2:
		if !p.machine.folderExists(folder) {
			return nil, missingFolder(folder)
		}
		pattern := "*"
		if len(arguments) == 2 {
			pattern = Text(arguments[1])
		}
		found := []any{}
		for _, name := range p.machine.glob(folder, pattern) {
			found = append(found, name)
		}
		return found, nil
	}
	return nil, errNoMethod
}

func (p *process) read(file string) ([]byte, error) {
	data, exists := p.machine.ReadFile(file)
	if !exists {
		return nil, &Error{Message: "Could not find file '" + file + "'.", Type: "System.IO.FileNotFoundException"}
	}
	return data, nil
}

func (p *process) write(file string, data []byte) error {
	if err := p.machine.folderMissing(file); err != nil {
		return err
	}
	p.machine.WriteFile(file, data)
	return nil
}

// pathMethod calls what works on names of files.
func (p *process) pathMethod(name string, arguments []any) (any, error) {
	count := len(arguments)
	switch {
	case name == "io.path::gettemppath" && count == 0:
		return p.machine.TempPath, nil
	case name == "io.path::gettempfilename" && count == 0:
		raw := make([]byte, 4)
		_, _ = rand.Read(raw) // never fails
		file := p.machine.TempPath + "tmp" + hex.EncodeToString(raw) + ".tmp"
		return file, p.write(file, nil)
	case name == "io.path::combine" && count >= 2 && count <= 4:
		joined := ""
		for _, part := range arguments {
			joined = combine(joined, Text(part))
		}
		return joined, nil
	case name == "io.path::getfilename" && count == 1:
		file := Text(arguments[0])
		return file[strings.LastIndexAny(file, `\/:`)+1:], nil
	case name == "io.path::getdirectoryname" && count == 1:
		file := Text(arguments[0])
		return file[:max(0, strings.LastIndexAny(file, `\/`))], nil
	}
	return nil, errNoMethod
}

// combine puts a path behind another; one from the root replaces it.
func combine(folder, name string) string {
	switch {
	case folder == "" || strings.HasPrefix(name, `\`) || strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':':
		return name
	case name == "":
		return folder
	case strings.HasSuffix(folder, `\`) || strings.HasSuffix(folder, "/"):
		return folder + name
	}
	return folder + `\` + name
}

// consoleReader is [Console]::In.
type consoleReader struct{}

func (consoleReader) typeName() string { return "System.IO.TextReader" }

func (consoleReader) get(string) (any, bool) { return nil, false }

func (consoleReader) call(p *process, name string, arguments []any) (any, error) {
	switch {
	case name == "readline" && len(arguments) == 0:
		line, err := p.stdin.read(p.ctx)
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // the end of the input is $null
		}
		return strings.TrimRight(line, "\r\n"), err
	case name == "readtoend" && len(arguments) == 0:
		var all strings.Builder
		for {
			line, err := p.stdin.read(p.ctx)
			if errors.Is(err, io.EOF) {
				return all.String(), nil
			}
			if err != nil {
				return nil, err
			}
			all.WriteString(line)
		}
	}
	return nil, errNoMethod
}

// consoleWriter is [Console]::Out or [Console]::Error.
type consoleWriter struct{ to io.Writer }

func (consoleWriter) typeName() string { return "System.IO.TextWriter" }

func (consoleWriter) get(string) (any, bool) { return nil, false }

func (w consoleWriter) call(_ *process, name string, arguments []any) (any, error) {
	text := Text(argumentAt(arguments, 0))
	switch {
	case name == "writeline" && len(arguments) <= 1:
		text += "\r\n"
	case name == "write" && len(arguments) == 1:
	case name == "flush" && len(arguments) == 0:
		return void{}, nil
	default:
		return nil, errNoMethod
	}
	if _, err := fmt.Fprint(w.to, text); err != nil {
		return nil, &Error{Message: "The pipe is being closed.", Type: ioException}
	}
	return void{}, nil
}

// utf8Encoding is [Text.Encoding]::UTF8.
type utf8Encoding struct{}

func (utf8Encoding) typeName() string { return "System.Text.UTF8Encoding" }

func (utf8Encoding) get(name string) (any, bool) { return "utf-8", name == "webname" }

func (utf8Encoding) call(p *process, name string, arguments []any) (any, error) {
	switch {
	case name == "getstring" && len(arguments) == 1:
		if arguments[0] == nil {
			return nil, nullArgument("bytes")
		}
		data, err := p.toBytes(arguments[0])
		raw, _ := data.([]byte)
		return strings.ToValidUTF8(string(raw), string(utf8.RuneError)), err
	case name == "getbytes" && len(arguments) == 1:
		return []byte(Text(arguments[0])), nil
	}
	return nil, errNoMethod
}

// mutex is a handle of a mutex of the machine.
type mutex struct {
	name  string
	owned int // how often
	open  bool
}

func (p *process) openMutex(name string) *mutex {
	m := &mutex{name: strings.ToLower(name), open: true}
	if name == "" { // it belongs to nobody else
		m.name = fmt.Sprintf("%p", m)
	}
	p.machine.openMutex(m.name)
	p.mutexes = append(p.mutexes, m)
	return m
}

func (*mutex) typeName() string { return "System.Threading.Mutex" }

func (*mutex) get(string) (any, bool) { return nil, false }

func (m *mutex) call(p *process, name string, arguments []any) (any, error) {
	if !m.open {
		return nil, &Error{Message: "Cannot access a disposed object.", Type: "System.InvalidOperationException"}
	}
	switch {
	case name == "waitone" && len(arguments) <= 1:
		return m.wait(p, arguments)
	case name == "releasemutex" && len(arguments) == 0:
		if m.owned == 0 {
			return nil, &Error{
				Message: "Object synchronization method was called from an unsynchronized block of code.", Type: "System.ApplicationException",
			}
		}
		m.owned--
		if m.owned == 0 {
			p.machine.unlock(m.name, false)
		}
		return void{}, nil
	case (name == "dispose" || name == "close") && len(arguments) == 0:
		p.mutexes = slices.DeleteFunc(p.mutexes, func(other *mutex) bool { return other == m })
		m.close(p.machine)
		return void{}, nil
	}
	return nil, errNoMethod
}

// forever is how long a wait without an end lasts: longer than any process.
const forever = 365 * 24 * time.Hour

func (m *mutex) wait(p *process, arguments []any) (any, error) {
	limit := forever
	if len(arguments) == 1 {
		n, err := p.convert(arguments[0], "int")
		if err != nil {
			return nil, err
		}
		if limit = milliseconds(n); limit < 0 {
			limit = forever
		}
	}
	if m.owned > 0 {
		m.owned++
		return true, nil
	}
	owned, abandoned, err := p.machine.lock(p.ctx, m.name, limit)
	if err != nil {
		return nil, killed{}
	}
	if owned {
		m.owned = 1
	}
	if abandoned {
		return nil, &Error{Message: "The wait completed due to an abandoned mutex.", Type: "System.Threading.AbandonedMutexException"}
	}
	return owned, nil
}

// close gives the handle back. A mutex that is still owned is abandoned.
func (m *mutex) close(machine *Machine) {
	if m.owned > 0 {
		m.owned = 0
		machine.unlock(m.name, true)
	}
	m.open = false
	machine.closeMutex(m.name)
}
