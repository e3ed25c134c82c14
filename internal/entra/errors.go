package entra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// Errors that a [ResponseError] can match (errors.Is).
var (
	// ErrNotFound is Graph's own answer that an object does not exist, or is
	// not known yet to the replica that answered.
	ErrNotFound = errors.New("not found in the tenant")
	// ErrExists is the answer that an object of the same key exists already.
	ErrExists = errors.New("exists already in the tenant")
	// ErrNoApplication is the answer that no application can be entered into the
	// tenant under the application id: it is unknown in this cloud, belongs to
	// one tenant alone, or is too new.
	ErrNoApplication = errors.New("the application id does not stand for an application that this tenant may use")
	// ErrForbidden is the answer that the caller lacks a permission.
	ErrForbidden = errors.New("a permission is missing")
)

// Codes of Graph's errors, and texts that tell apart what shares a code.
const (
	codeNotFound  = "Request_ResourceNotFound"
	codeDuplicate = "Request_MultipleObjectsWithSameKeyValue"
	textNoApp     = "does not reference a valid application object"
	textMissing   = "does not exist or one of its queried reference-property objects"
	textLocal     = "in the local tenant"
	textEnabled   = "cannot be deleted or updated unless disabled first"
	textProperty  = "could not find a property named"
)

// ResponseError is an answer of Graph's other than success.
type ResponseError struct {
	// Doing is what was asked for, such as `creating the service principal of … in contoso.com`.
	Doing  string
	Method string
	Path   string // with the query
	Status int
	// Code and Message are Graph's; both are empty when the body was not Graph's.
	Code, Message string
	// RequestID is what Microsoft's support asks for.
	RequestID string
	// FromGraph tells that the body was Graph's own error object.
	FromGraph bool
	// ContentType of a body that was not Graph's; empty when there was no body.
	ContentType string
	// Needs names the Microsoft Graph permissions that the call needs, the least first.
	Needs []string
}

func (e *ResponseError) Error() string {
	text := fmt.Sprintf("%s: %s %s was answered %d %s", e.Doing, e.Method, e.Path, e.Status, http.StatusText(e.Status))
	switch {
	case e.FromGraph && e.Message != "":
		text += fmt.Sprintf(": %s (%s)", e.Message, e.Code)
	case e.FromGraph:
		text += " (" + e.Code + ")"
	case e.ContentType != "":
		text += " with a body that is not Graph's (" + e.ContentType + ")"
	default:
		text += " without a body"
	}
	if e.RequestID != "" {
		text += ", request-id " + e.RequestID
	}
	return text
}

// Is makes errors.Is work for the errors of this package.
func (e *ResponseError) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Status == http.StatusNotFound && e.FromGraph
	case ErrExists:
		return e.Status == http.StatusConflict && e.Code == codeDuplicate
	case ErrNoApplication:
		return e.Status == http.StatusBadRequest && e.says(textNoApp)
	case ErrForbidden:
		return e.Status == http.StatusForbidden
	}
	return false
}

// ForeignApplication tells whether the call was refused because the caller may
// only deal with applications of its own tenant.
func (e *ResponseError) ForeignApplication() bool {
	return e.Status == http.StatusForbidden && e.says(textLocal)
}

func (e *ResponseError) says(text string) bool {
	return strings.Contains(strings.ToLower(e.Message), strings.ToLower(text))
}

// missingReference tells whether an object that the request names is not known (yet).
func (e *ResponseError) missingReference() bool {
	return e.FromGraph && (e.Status == http.StatusNotFound || e.Status == http.StatusBadRequest && e.says(textMissing))
}

// UnreachableError is a connection that failed or broke.
type UnreachableError struct {
	Host string
	Err  error
	// Sent tells that the request may have reached the server.
	Sent bool
}

func (e *UnreachableError) Error() string { return fmt.Sprintf("no answer from %s: %v", e.Host, e.Err) }

func (e *UnreachableError) Unwrap() error { return e.Err }

// UnexpectedReplyError is an answer of success that cannot be understood.
type UnexpectedReplyError struct {
	Doing       string
	Status      int
	ContentType string
	Err         error
}

func (e *UnexpectedReplyError) Error() string {
	text := fmt.Sprintf("%s: the answer %d (%s) is not what Microsoft Graph answers", e.Doing, e.Status, e.ContentType)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *UnexpectedReplyError) Unwrap() error { return e.Err }

// ForeignHostError is a request that was not sent, since it would have carried
// the token to a host other than the configured Graph endpoint.
type ForeignHostError struct{ Host, Graph string }

func (e *ForeignHostError) Error() string {
	return fmt.Sprintf("a link in an answer leads to %s; tokens are sent to %s only", e.Host, e.Graph)
}

// LoginReason says why a login was refused.
type LoginReason int

// Why a login was refused.
const (
	// LoginRefused: for a reason that is told by the code and the message alone.
	LoginRefused LoginReason = iota
	// TenantUnknown: no such tenant in this cloud.
	TenantUnknown
	// NotInTenant: the application that logs in was never consented to in the tenant.
	NotInTenant
	// SecretExpired: the client secret or certificate is past its end date.
	SecretExpired
	// SecretWrong: the client secret, certificate or assertion is not the application's.
	SecretWrong
	// PolicyForbids: the tenant's Conditional Access or the partner relation does not allow it.
	PolicyForbids
	// CommandLine: the Azure CLI is missing, or not logged in.
	CommandLine
)

// LoginError is a login that was refused. It is not asked again with the same
// credential in the same tenant.
type LoginError struct {
	Tenant   string
	ClientID string
	Reason   LoginReason
	// Code is Entra's, such as AADSTS700016; empty when none was given.
	Code string
	// Message is what was said, without ids of the trace.
	Message string
}

func (e *LoginError) Error() string {
	who := "the login"
	if e.ClientID != "" {
		who = "the login of application " + e.ClientID
	}
	text := fmt.Sprintf("%s in tenant %s was refused", who, e.Tenant)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// MayHaveHappened tells whether a write that failed with err may nevertheless
// have been carried out.
func MayHaveHappened(err error) bool {
	if unreachable, ok := errors.AsType[*UnreachableError](err); ok {
		return unreachable.Sent
	}
	if _, ok := errors.AsType[*UnexpectedReplyError](err); ok {
		return true
	}
	var resp *ResponseError
	return errors.As(err, &resp) &&
		(resp.Status == http.StatusRequestTimeout || resp.Status >= http.StatusInternalServerError)
}

// call describes a request to people: what it is for, and what it needs.
type call struct {
	doing string
	needs []string
	// repeatable allows sending it again although it may have been carried out.
	repeatable bool
}

// judge turns what came back into nil or a typed error. sdkErr decides only
// where nothing came back, or where a success could not be read.
func (t *trip) judge(ctx context.Context, c call, sdkErr error) error {
	switch {
	case t.status == 0 && sdkErr != nil:
		return t.noAnswer(ctx, c, sdkErr)
	case t.status >= 200 && t.status <= 299 && sdkErr == nil:
		return nil
	case t.status >= 200 && t.status <= 299:
		return &UnexpectedReplyError{Doing: c.doing, Status: t.status, ContentType: t.contentType(), Err: sdkErr}
	}
	e := &ResponseError{
		Doing: c.doing, Method: t.method, Path: t.path, Status: t.status, Needs: c.needs,
		RequestID: t.header.Get("Request-Id"),
	}
	var requestID string
	e.Code, e.Message, requestID, e.FromGraph = parseError(t.body)
	if e.RequestID == "" {
		e.RequestID = requestID
	}
	if !e.FromGraph && len(t.body) > 0 {
		e.ContentType = t.contentType()
	}
	return e
}

// noAnswer strips what the libraries wrap around this package's own errors.
func (t *trip) noAnswer(ctx context.Context, c call, err error) error {
	var (
		login       *LoginError
		foreign     *ForeignHostError
		unreachable *UnreachableError
	)
	switch {
	case errors.As(err, &login):
		return login
	case errors.As(err, &foreign):
		return fmt.Errorf("%s: %w", c.doing, foreign)
	case errors.As(err, &unreachable):
		return fmt.Errorf("%s: %w", c.doing, unreachable)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("%s: %w", c.doing, err)
}

func (t *trip) contentType() string {
	mediaType, _, err := mime.ParseMediaType(t.header.Get("Content-Type"))
	if err != nil || mediaType == "" {
		return "no content type"
	}
	return mediaType
}

// errorBody is Graph's error object. Its message is a text or, in an older
// shape, an object with a value; the inner error is written in two ways.
type errorBody struct {
	Error *struct {
		Code    string          `json:"code"`
		Message json.RawMessage `json:"message"`
		// JSON names are matched regardless of case: innerError and innererror.
		InnerError struct {
			RequestID string `json:"request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

// maxMessage keeps a server's text fit for a diagnostic.
const maxMessage = 2000

// parseError reads an error body; ok is false for any body that is not Graph's.
func parseError(body []byte) (code, message, requestID string, ok bool) {
	var parsed errorBody
	if json.Unmarshal(body, &parsed) != nil || parsed.Error == nil || parsed.Error.Code == "" {
		return "", "", "", false
	}
	var localized struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(parsed.Error.Message, &message) != nil && json.Unmarshal(parsed.Error.Message, &localized) == nil {
		message = localized.Value
	}
	return parsed.Error.Code, shorten(message), parsed.Error.InnerError.RequestID, true
}

func shorten(message string) string {
	message = strings.TrimSpace(message)
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + " …"
	}
	return message
}
