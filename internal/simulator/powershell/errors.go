package powershell

import (
	"errors"
	"fmt"
	"strings"
)

// Error is an error of a script, as catch sees it.
type Error struct {
	// Message is the text, and ID the fully qualified error id.
	Message, ID string
	// Type is the .NET type of the exception, such as System.IO.IOException; the
	// type of errors without a better one when empty.
	Type string
	// Category is one of PowerShell's categories of errors, such as
	// ObjectNotFound; NotSpecified when empty.
	Category string
	// Target is what the error is about.
	Target string
	// Inner is the error of .NET that this one was made of.
	Inner *Error

	// command is the cmdlet that failed, and where its place in the script.
	command string
	where   extent
	// thrown ends the script, not only the statement.
	thrown bool
	// payload is what throw was given.
	payload any
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

const (
	runtimeException = "System.Management.Automation.RuntimeException"
	bindingException = "System.Management.Automation.ParameterBindingException"
	invokeException  = "System.Management.Automation.MethodInvocationException"
	baseException    = "System.Exception"
	systemException  = "System.SystemException"
	argumentError    = "System.ArgumentException"
	ioException      = "System.IO.IOException"
)

// exceptionType is the full name of the exception's type.
func (e *Error) exceptionType() string {
	if e.Type == "" {
		return runtimeException
	}
	return e.Type
}

func (e *Error) category() string {
	if e.Category == "" {
		return "NotSpecified"
	}
	return e.Category
}

// Fail returns an error with a text, as cmdlets make them.
func Fail(id, format string, values ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, values...), ID: id, Type: baseException}
}

func notSupported(format string, values ...any) *Error {
	return &Error{
		Message: "The stand-in for PowerShell does not know " + fmt.Sprintf(format, values...), ID: "NotSupported",
		Type: "System.NotSupportedException", Category: "NotImplemented",
	}
}

// asError turns what a cmdlet or method returned into an error of a script.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Fail(baseException, "%s", err)
}

// exceptionBases are the types of exceptions with the types that they are made
// of.
var exceptionBases = map[string]string{
	systemException:                                                    baseException,
	"System.ApplicationException":                                      baseException,
	argumentError:                                                      systemException,
	"System.ArgumentNullException":                                     argumentError,
	"System.ArgumentOutOfRangeException":                               argumentError,
	"System.DivideByZeroException":                                     systemException,
	"System.FormatException":                                           systemException,
	"System.InvalidCastException":                                      systemException,
	"System.InvalidOperationException":                                 systemException,
	"System.NotSupportedException":                                     systemException,
	ioException:                                                        systemException,
	"System.IO.FileNotFoundException":                                  ioException,
	"System.IO.DirectoryNotFoundException":                             ioException,
	"System.Security.Cryptography.CryptographicException":              systemException,
	"System.Threading.AbandonedMutexException":                         systemException,
	"System.TimeoutException":                                          systemException,
	"System.UnauthorizedAccessException":                               systemException,
	runtimeException:                                                   systemException,
	"System.Management.Automation.ActionPreferenceStopException":       runtimeException,
	"System.Management.Automation.CommandNotFoundException":            runtimeException,
	"System.Management.Automation.ItemNotFoundException":               runtimeException,
	"System.Management.Automation.MethodException":                     runtimeException,
	invokeException:                                                    "System.Management.Automation.MethodException",
	bindingException:                                                   runtimeException,
	"System.Management.Automation.ParameterBindingValidationException": bindingException,
	"System.Management.Automation.ParameterBindingArgumentTransformationException": bindingException,
	"System.Management.Automation.ParseException":                                  runtimeException,
	"System.Management.Automation.PSInvalidCastException":                          "System.InvalidCastException",
	"Microsoft.PowerShell.Commands.WriteErrorException":                            systemException,
}

// exceptionNames are the full names of exceptions by their names in lower case
// and without "system.".
var exceptionNames = func() map[string]string {
	names := map[string]string{"exception": baseException}
	for name := range exceptionBases {
		names[strings.TrimPrefix(strings.ToLower(name), "system.")] = name
	}
	return names
}()

// is tells whether the exception is of a type, named as scripts name it.
func (e *Error) is(name string) bool {
	wanted := exceptionNames[name]
	for actual := e.exceptionType(); actual != ""; actual = exceptionBases[actual] {
		if actual == wanted {
			return true
		}
	}
	return wanted == "System.Exception"
}

// caughtBy tells whether a handler takes the error, for itself or for what it was
// made of.
func (e *Error) caughtBy(types []string) (bool, error) {
	if len(types) == 0 {
		return true, nil
	}
	for _, name := range types {
		if _, ok := exceptionNames[name]; !ok {
			return false, unknownType(name)
		}
		for inner := e; inner != nil; inner = inner.Inner {
			if inner.is(name) {
				return true, nil
			}
		}
	}
	return false, nil
}

// invocationError is how PowerShell tells of an error inside a method.
func invocationError(method string, arguments int, inner *Error) *Error {
	id := inner.Type[strings.LastIndexByte(inner.Type, '.')+1:]
	return &Error{
		Message: fmt.Sprintf(`Exception calling "%s" with "%d" argument(s): "%s"`, method, arguments, inner.Message),
		ID:      id, Type: invokeException, Inner: inner,
	}
}

// exceptionObject is $_.Exception.
type exceptionObject struct{ err *Error }

func (e *exceptionObject) typeName() string { return e.err.exceptionType() }

func (e *exceptionObject) String() string { return e.typeName() + ": " + e.err.Message }

func (e *exceptionObject) get(name string) (any, bool) {
	switch name {
	case "message":
		return e.err.Message, true
	case "innerexception":
		if e.err.Inner == nil {
			return nil, true
		}
		return &exceptionObject{e.err.Inner}, true
	}
	return nil, false
}

func (*exceptionObject) call(*process, string, []any) (any, error) { return nil, errNoMethod }

// errorRecord is $_ in catch.
type errorRecord struct{ err *Error }

func (*errorRecord) typeName() string { return "System.Management.Automation.ErrorRecord" }

func (e *errorRecord) String() string { return e.err.Message }

func (e *errorRecord) get(name string) (any, bool) {
	switch name {
	case "exception":
		return &exceptionObject{e.err}, true
	case "fullyqualifiederrorid":
		return e.err.ID, true
	case "targetobject":
		if e.err.payload != nil {
			return e.err.payload, true
		}
		return e.err.Target, true
	case "categoryinfo":
		reason := e.err.exceptionType()
		return NewObject("Category", e.err.category(), "Activity", e.err.command, "Reason", reason[strings.LastIndexByte(reason, '.')+1:],
			"TargetName", e.err.Target), true
	case "errordetails":
		return nil, true
	}
	return nil, false
}

func (*errorRecord) call(*process, string, []any) (any, error) { return nil, errNoMethod }
