package graph

import (
	"fmt"
	"net/http"
	"time"
)

// The codes of Graph's error object.
const (
	codeNotFound    = "Request_ResourceNotFound"
	codeDuplicate   = "Request_MultipleObjectsWithSameKeyValue"
	codeBadRequest  = "Request_BadRequest"
	codeUnsupported = "Request_UnsupportedQuery"
	codeDenied      = "Authorization_RequestDenied"
	codeToken       = "InvalidAuthenticationToken"
	codeThrottled   = "TooManyRequests"
	codeEnabled     = "CannotDeleteOrUpdateEnabledEntitlement"
	codeConcurrency = "Directory_ConcurrencyViolation"
)

// refusal is an answer of Graph's other than success.
type refusal struct {
	status  int
	code    string
	message string
	// details are further facts about the error.
	details []map[string]string
}

// Error implements the error interface.
func (r *refusal) Error() string {
	return fmt.Sprintf("%d %s: %s", r.status, r.code, r.message)
}

func notFound(id string) *refusal {
	return &refusal{status: http.StatusNotFound, code: codeNotFound, message: missingObject(id)}
}

func missingObject(id string) string {
	return fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", id)
}

func badRequest(format string, arguments ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: codeBadRequest, message: fmt.Sprintf(format, arguments...)}
}

func unsupported(format string, arguments ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: codeUnsupported, message: fmt.Sprintf(format, arguments...)}
}

func denied() *refusal {
	return &refusal{status: http.StatusForbidden, code: codeDenied, message: "Insufficient privileges to complete the operation."}
}

func conflict(message string) *refusal {
	return &refusal{status: http.StatusConflict, code: codeDuplicate, message: message}
}

// errorObject renders a refusal.
func errorObject(r *refusal, style ErrorStyle, requestID, clientRequestID string, now time.Time) map[string]any {
	inner := map[string]any{
		"date":              now.UTC().Format("2006-01-02T15:04:05"),
		"request-id":        requestID,
		"client-request-id": clientRequestID,
	}
	body := map[string]any{"code": r.code, "message": r.message, "innerError": inner}

	if len(r.details) > 0 {
		body["details"] = r.details
	}

	switch style {
	case ErrorStyleDocumented:
		delete(body, "innerError")
		body["innererror"] = inner

		if len(r.details) > 0 {
			body["details"] = r.details[0]
		}
	case ErrorStyleLegacy:
		body["message"] = map[string]any{"lang": "en", "value": r.message}
	case ErrorStyleDirectory:
	}

	return map[string]any{"error": body}
}
