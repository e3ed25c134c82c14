package vb365

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrNotFound matches (errors.Is) the answer that an object does not exist: 404
// with VB365's own error body. A 404 without one comes from something else (a
// version that is not served, a proxy, a host for operators only) and does not match.
var ErrNotFound = errors.New("not found on the server")

// ResponseError is an answer other than success.
type ResponseError struct {
	Method string
	Path   string // with version and query
	Status int
	// Code is VB365's error code, such as ParameterValidationFailure; v8 has them for most errors, v6 for none.
	Code string
	// Message is what the server said; empty when it said nothing that can be shown.
	Message string
	// FromVB365 tells that the body was VB365's own error object.
	FromVB365 bool
	// ContentType of a body that was not VB365's; empty when there was no body.
	ContentType string
	// RetryAfter is how long the server asked to be left alone; zero when it did not.
	RetryAfter time.Duration
}

func (e *ResponseError) Error() string {
	text := fmt.Sprintf("%s %s was answered %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	switch {
	case e.Message != "" && e.Code != "":
		return fmt.Sprintf("%s: %s (%s)", text, e.Message, e.Code)
	case e.Message != "":
		return text + ": " + e.Message
	case e.Code != "":
		return text + " (" + e.Code + ")"
	case e.ContentType != "":
		return text + " with a body that is not VB365's (" + e.ContentType + ")"
	}
	return text + " without a body"
}

// Is makes errors.Is(err, ErrNotFound) true for a 404 of VB365's own.
func (e *ResponseError) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound && e.FromVB365
}

// UnreachableError is a connection that failed or broke.
type UnreachableError struct {
	Endpoint string
	Err      error
	// Sent tells that the request may have reached the server.
	Sent bool
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from %s: %v", e.Endpoint, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// CertificateError is a server certificate that is not trusted.
type CertificateError struct {
	Endpoint string
	// SHA256 is the fingerprint of the certificate that the server showed, in hex.
	SHA256 string
	// Subject is whom that certificate names.
	Subject string
	Err     error
}

func (e *CertificateError) Error() string {
	return fmt.Sprintf("the certificate of %s is not trusted: %v", e.Endpoint, e.Err)
}

func (e *CertificateError) Unwrap() error { return e.Err }

// EndpointReason says why an endpoint cannot be used.
type EndpointReason int

// Why an endpoint cannot be used.
const (
	// NotVB365: something else answers there.
	NotVB365 EndpointReason = iota + 1
	// OperatorsOnly: the REST host has "operator authentication only" on and administers nothing.
	OperatorsOnly
	// VersionNotServed: the pinned API version is not served.
	VersionNotServed
)

// EndpointError is an endpoint that answers but cannot be used.
type EndpointError struct {
	Endpoint string
	Reason   EndpointReason
	Detail   string
}

func (e *EndpointError) Error() string {
	text := e.Endpoint + " cannot be used"
	switch e.Reason {
	case NotVB365:
		text = e.Endpoint + " is not a VB365 REST service"
	case OperatorsOnly:
		text = e.Endpoint + " serves restore operators only"
	case VersionNotServed:
		text = e.Endpoint + " does not serve the API version"
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// LoginError is a login that the server refused. It is not asked again with the
// same credentials, so that no account is locked out.
type LoginError struct {
	Username string
	Status   int
	Code     string // VB365's errorCode, or OAuth's error
	Message  string // what the server said; empty when it said nothing
}

func (e *LoginError) Error() string {
	text := fmt.Sprintf("the login of %s was refused with %d %s", e.Username, e.Status, http.StatusText(e.Status))
	switch {
	case e.Message != "" && e.Code != "":
		return fmt.Sprintf("%s: %s (%s)", text, e.Message, e.Code)
	case e.Message != "" || e.Code != "":
		return text + ": " + e.Message + e.Code
	}
	return text + ", without a reason"
}

// ErrNoCredentials is returned when a call needs a login and the client has no user name or password.
var ErrNoCredentials = errors.New("no user name or password")

// MayHaveHappened tells whether a write that failed with err may nevertheless
// have been carried out: its answer was lost, or came from something that gave
// up waiting for the server.
func MayHaveHappened(err error) bool {
	if unreachable, ok := errors.AsType[*UnreachableError](err); ok {
		return unreachable.Sent
	}
	if resp, ok := errors.AsType[*ResponseError](err); ok {
		return resp.Status == http.StatusRequestTimeout || resp.Status >= http.StatusInternalServerError
	}
	return false
}

// WasRefusedForNow tells whether a write failed with an answer that says that it
// was not carried out but may be sent again: too many requests, or a token that
// is no longer accepted.
func WasRefusedForNow(err error) bool {
	if unreachable, ok := errors.AsType[*UnreachableError](err); ok {
		return !unreachable.Sent
	}
	var resp *ResponseError
	return errors.As(err, &resp) &&
		(resp.Status == http.StatusTooManyRequests || resp.Status == http.StatusUnauthorized)
}

// RetryAfter returns how long the server asked to be left alone, if err is an answer that did.
func RetryAfter(err error) time.Duration {
	if resp, ok := errors.AsType[*ResponseError](err); ok {
		return resp.RetryAfter
	}
	return 0
}

// exceptionInfo is VB365's error body in all versions. OAuth's shape is read
// too: the token endpoint of some builds answers with it.
type exceptionInfo struct {
	Message          *string `json:"message"`
	ErrorCode        *string `json:"errorCode"`
	Error            string  `json:"error"`
	ErrorDescription string  `json:"error_description"`
}

// maxMessage keeps a server's text fit for a diagnostic.
const maxMessage = 2000

// parseException reads an error body; ok is false for any body that is not VB365's.
func parseException(body []byte) (code, message string, ok bool) {
	var info exceptionInfo
	if json.Unmarshal(body, &info) != nil {
		return "", "", false
	}
	switch {
	case info.Message != nil || info.ErrorCode != nil:
		if info.Message != nil {
			message = *info.Message
		}
		if info.ErrorCode != nil {
			code = *info.ErrorCode
		}
	case info.Error != "":
		code, message = info.Error, info.ErrorDescription
	default:
		return "", "", false
	}
	message = strings.TrimSpace(message)
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + " …"
	}
	return code, message, true
}
