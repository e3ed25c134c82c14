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

// netObject is an object of .NET with methods and properties.
type netObject interface {
	// get returns a property; ok is false if there is none.
	get(name string) (value any, ok bool)
	// call calls a method; it returns errNoMethod if there is none.
	call(p *process, name string, arguments []any) (any, error)
}

var errNoMethod = errors.New("no such method")

// access evaluates members, indexes and calls.
func (p *process) access(node any, s *scope) (any, error) {
	switch n := node.(type) {
	case member:
		target, err := p.value(n.target, s)
		if err != nil {
			return nil, err
		}
		return property(target, n.name)
	case index:
		return p.index(n, s)
	case staticMember:
		return static(n.typeName, n.name)
	case call:
		return p.call(n, s)
	}
	return nil, fmt.Errorf("no member: %T", node)
}

func property(target any, name string) (any, error) {
	switch t := target.(type) {
	case nil:
		return nil, nil //nolint:nilnil // members of nothing are nothing
	case *Object:
		return t.Get(name), nil
	case time.Time:
		if strings.EqualFold(name, "Year") {
			return int64(t.Year()), nil
		}
	case netObject:
		if value, ok := t.get(strings.ToLower(name)); ok {
			return value, nil
		}
	}
	return nil, Fail("PropertyNotFound", "The stand-in for PowerShell knows no property '%s' of [%s].", name, Text(target))
}

func (p *process) index(n index, s *scope) (any, error) {
	target, err := p.value(n.target, s)
	if err != nil {
		return nil, err
	}
	key, err := p.value(n.key, s)
	if err != nil {
		return nil, err
	}
	switch t := target.(type) {
	case *Object:
		return t.Get(Text(key)), nil
	case []any:
		if i, ok := key.(int64); ok && i >= 0 && int(i) < len(t) {
			return t[i], nil
		}
		return nil, nil //nolint:nilnil // elements out of bounds are nothing
	}
	return nil, Fail("CannotIndex", "Unable to index into an object of type %s.", Text(target))
}

func (p *process) call(n call, s *scope) (any, error) {
	arguments := make([]any, len(n.arguments))
	for i, argument := range n.arguments {
		var err error
		if arguments[i], err = p.value(argument, s); err != nil {
			return nil, err
		}
	}
	name := strings.ToLower(n.name)
	var value any
	var err error
	if n.target == nil {
		value, err = p.callStatic(n.typeName, name, arguments)
	} else {
		var target any
		if target, err = p.value(n.target, s); err != nil {
			return nil, err
		}
		value, err = p.callMethod(target, name, arguments)
	}
	if errors.Is(err, errNoMethod) {
		return nil, Fail("MethodNotFound", "The stand-in for PowerShell knows no method '%s' with %d arguments here.", n.name, len(arguments))
	}
	if failure, ok := errors.AsType[*Error](err); ok {
		// catch sees the type of the inner exception, and the text around it.
		return nil, &Error{
			Message: fmt.Sprintf(`Exception calling "%s" with "%d" argument(s): "%s"`, n.name, len(arguments), failure.Message),
			ID:      failure.ID, Type: failure.Type,
		}
	}
	return value, err
}

func (p *process) callMethod(target any, name string, arguments []any) (any, error) {
	switch t := target.(type) {
	case nil:
		return nil, Fail("InvokeMethodOnNull", "You cannot call a method on a null-valued expression.")
	case netObject:
		return t.call(p, name, arguments)
	case time.Time:
		switch {
		case name == "touniversaltime" && len(arguments) == 0:
			return t.UTC(), nil
		case name == "tostring" && len(arguments) == 1 && arguments[0] == "s":
			return t.Format("2006-01-02T15:04:05"), nil
		}
	case string:
		if name == "tochararray" {
			var characters []any
			for _, r := range t {
				characters = append(characters, string(r))
			}
			return characters, nil
		}
	case *SecureString:
		if name == "appendchar" && len(arguments) == 1 {
			r, _ := utf8.DecodeRuneInString(Text(arguments[0]))
			t.runes = append(t.runes, r)
			return nil, nil //nolint:nilnil // it returns nothing
		}
	}
	return nil, errNoMethod
}

// static returns a static property.
func static(typeName, name string) (any, error) {
	switch typeName + "::" + strings.ToLower(name) {
	case "console::in":
		return console{in: true}, nil
	case "console::out":
		return console{}, nil
	case "text.encoding::utf8":
		return utf8Encoding{}, nil
	}
	return nil, Fail("TypeNotFound", "The stand-in for PowerShell knows no [%s]::%s.", typeName, name)
}

// callStatic calls a static method; new is a constructor.
func (p *process) callStatic(typeName, name string, arguments []any) (any, error) {
	switch typeName + "::" + name {
	case "scriptblock::create":
		text := Text(argumentAt(arguments, 0))
		p.machine.logScript(text)
		return parse(text)
	case "guid::newguid":
		raw := make([]byte, 16)
		_, _ = rand.Read(raw) // never fails
		digits := hex.EncodeToString(raw)
		return GUID(strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")), nil
	case "security.securestring::new":
		return &SecureString{}, nil
	case "threading.mutex::new":
		return p.machine.openMutex(Text(argumentAt(arguments, 1)), truth(argumentAt(arguments, 0))), nil
	case "convert::frombase64string":
		data, err := base64.StdEncoding.DecodeString(Text(argumentAt(arguments, 0)))
		if err != nil {
			return nil, &Error{
				Message: "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, " +
					"or an illegal character among the padding characters.", ID: "FormatException", Type: "formatexception",
			}
		}
		return data, nil
	case "convert::tobase64string":
		data, _ := argumentAt(arguments, 0).([]byte)
		return base64.StdEncoding.EncodeToString(data), nil
	case "io.path::gettemppath":
		return p.machine.TempPath, nil
	case "io.path::combine":
		return strings.TrimRight(Text(argumentAt(arguments, 0)), `\`) + `\` + Text(argumentAt(arguments, 1)), nil
	case "io.file::writeallbytes":
		data, _ := argumentAt(arguments, 1).([]byte)
		p.machine.WriteFile(Text(argumentAt(arguments, 0)), data)
		return nil, nil //nolint:nilnil // it returns nothing
	case "io.file::delete":
		p.machine.RemoveFile(Text(argumentAt(arguments, 0)))
		return nil, nil //nolint:nilnil // it returns nothing
	case "io.directory::getfiles":
		var paths []any
		for _, path := range p.machine.glob(Text(argumentAt(arguments, 0)), Text(argumentAt(arguments, 1))) {
			paths = append(paths, path)
		}
		return paths, nil
	}
	return nil, errNoMethod
}

func argumentAt(arguments []any, i int) any {
	if i < len(arguments) {
		return arguments[i]
	}
	return nil
}

// console is [Console]::In or [Console]::Out.
type console struct{ in bool }

func (console) get(string) (any, bool) { return nil, false }

func (c console) call(p *process, name string, arguments []any) (any, error) {
	switch {
	case c.in && name == "readline" && len(arguments) == 0:
		line, err := p.stdin.read(p.ctx)
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // the end of the input is $null
		}
		return line, err
	case !c.in && name == "writeline" && len(arguments) == 1:
		_, err := fmt.Fprintf(p.stdout, "%s\r\n", Text(arguments[0]))
		if err != nil {
			return nil, killed{} // nobody is there to read
		}
		return nil, nil //nolint:nilnil // it returns nothing
	}
	return nil, errNoMethod
}

// utf8Encoding is [Text.Encoding]::UTF8.
type utf8Encoding struct{}

func (utf8Encoding) get(string) (any, bool) { return nil, false }

func (utf8Encoding) call(_ *process, name string, arguments []any) (any, error) {
	switch name {
	case "getstring":
		data, _ := argumentAt(arguments, 0).([]byte)
		return string(data), nil
	case "getbytes":
		return []byte(Text(argumentAt(arguments, 0))), nil
	}
	return nil, errNoMethod
}

// milliseconds is how long a wait lasts.
func milliseconds(wait any) time.Duration {
	n, _ := wait.(int64) // an int is what convert returns
	return time.Duration(n) * time.Millisecond
}

// mutex is a handle of a mutex of the machine.
type mutex struct {
	machine *Machine
	name    string
	owned   bool
}

func (m *mutex) get(string) (any, bool) { return nil, false }

func (m *mutex) call(p *process, name string, arguments []any) (any, error) {
	switch name {
	case "waitone":
		wait, err := convert(argumentAt(arguments, 0), "int")
		if err != nil {
			return nil, err
		}
		owned, abandoned, err := m.machine.lock(p.ctx, m.name, milliseconds(wait))
		if err != nil {
			return nil, killed{}
		}
		if owned && !m.owned {
			m.owned = true
			p.mutexes = append(p.mutexes, m)
		}
		if abandoned {
			return nil, &Error{
				Message: "The wait completed due to an abandoned mutex.", ID: "AbandonedMutexException", Type: "threading.abandonedmutexexception",
			}
		}
		return owned, nil
	case "releasemutex":
		if !m.owned {
			return nil, &Error{
				Message: "Object synchronization method was called from an unsynchronized block of code.",
				ID:      "ApplicationException", Type: "applicationexception",
			}
		}
		m.owned = false
		p.mutexes = slices.DeleteFunc(p.mutexes, func(other *mutex) bool { return other == m })
		m.machine.unlock(m.name, false)
		return nil, nil //nolint:nilnil // it returns nothing
	case "dispose":
		return nil, nil //nolint:nilnil // it returns nothing
	}
	return nil, errNoMethod
}
