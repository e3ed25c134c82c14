package simulator

import (
	"fmt"
	"net/http"
)

// errorCode is the errorCode of the API's error object.
type errorCode string

const (
	codeNone         errorCode = ""
	codeProxyOffline errorCode = "ProxyOffline"
	codeDenied       errorCode = "ResourceAccessDenied"
	codeNotFound     errorCode = "ResourceNotFound"
	codeInvalid      errorCode = "ParameterValidationFailure"
	codeConflict     errorCode = "OperationConflict"
	codeHTTP         errorCode = "HttpError"
)

// refusal is an answer other than success. Without a message its body is empty.
type refusal struct {
	status  int
	code    errorCode
	message string
	header  http.Header
	// verbatim replaces the API's error object.
	verbatim *verbatimBody
}

type verbatimBody struct {
	contentType string
	text        string
}

// Error implements the error interface.
func (r *refusal) Error() string {
	return fmt.Sprintf("%d %s: %s", r.status, r.code, r.message)
}

func notFound(kind, id string) *refusal {
	return &refusal{
		status:  http.StatusNotFound,
		code:    codeNotFound,
		message: fmt.Sprintf("The %s with the specified ID %s was not found.", kind, id),
	}
}

func invalid(format string, arguments ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: codeInvalid, message: fmt.Sprintf(format, arguments...)}
}

func conflict(format string, arguments ...any) *refusal {
	return &refusal{status: http.StatusConflict, code: codeConflict, message: fmt.Sprintf(format, arguments...)}
}

func denied(message string) *refusal {
	return &refusal{status: http.StatusForbidden, code: codeDenied, message: message}
}

// empty is a refusal without a body, as the server gives for a path that it
// does not serve or a token that it does not accept.
func empty(status int) *refusal {
	return &refusal{status: status}
}

// errorObject renders the API's error object as the version knows it: v6 has
// the message alone, v7 knows one code, v8 has codes and a stack trace.
func (x *exchange) errorObject(r *refusal) *object {
	body := x.object()
	body.set("message", r.message)

	if x.version == v7 {
		code := r.code
		if code != codeProxyOffline {
			code = codeNone
		}

		body.nullable("errorCode", string(code))
	}

	if x.version >= v8 {
		body.nullable("errorCode", string(r.code))
		body.nullable("stackTrace", "")
	}

	return body
}
