package simulator

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The grants of the token call.
const (
	grantPassword    = "password"
	grantRefresh     = "refresh_token"
	grantOperator    = "operator"
	grantJWTBearer   = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantIntegration = "integration"
)

// tokenCall is the body of a token call, from a form or from JSON.
type tokenCall struct {
	Grant              string `json:"grant_type"`
	Username           string `json:"username"`
	Password           string `json:"password"`
	RefreshToken       string `json:"refresh_token"`
	ClientID           string `json:"client_id"`
	Assertion          string `json:"assertion"`
	DisableAntiforgery *bool  `json:"disable_antiforgery_token"`
}

// parseTokenCall reads the body of a token call.
func parseTokenCall(contentType string, body []byte) (tokenCall, error) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return tokenCall{}, unsupportedMediaType(contentType)
	}

	switch mediaType {
	case "application/x-www-form-urlencoded":
		return parseTokenForm(body)
	case "application/json":
		var call tokenCall
		if err := json.Unmarshal(body, &call); err != nil {
			return tokenCall{}, invalid("The body of the token request is not valid.")
		}

		return call, nil
	default:
		return tokenCall{}, unsupportedMediaType(contentType)
	}
}

func parseTokenForm(body []byte) (tokenCall, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return tokenCall{}, invalid("The body of the token request is not valid.")
	}

	call := tokenCall{
		Grant:        form.Get("grant_type"),
		Username:     form.Get("username"),
		Password:     form.Get("password"),
		RefreshToken: form.Get("refresh_token"),
		ClientID:     form.Get("client_id"),
		Assertion:    form.Get("assertion"),
	}

	if text := form.Get("disable_antiforgery_token"); text != "" {
		disable, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			return tokenCall{}, invalid("The value %q is not valid for disable_antiforgery_token.", text)
		}

		call.DisableAntiforgery = &disable
	}

	return call, nil
}

func (c tokenCall) antiforgeryDisabled() bool {
	return c.DisableAntiforgery != nil && *c.DisableAntiforgery
}

// postToken answers POST /token.
func (f *restFace) postToken(x *exchange) (reply, error) {
	call, err := parseTokenCall(x.request.Header.Get("Content-Type"), x.body)
	if err != nil {
		return reply{}, err
	}

	f.rules.checkToken(x, call)

	granted, err := f.grant(x, call)
	if err != nil {
		return reply{}, err
	}

	granted.guarded = guards(x) && !call.antiforgeryDisabled()

	return reply{status: http.StatusOK, body: tokenObject(x, f.sessions.open(granted, x.knobs.Clock(), x.knobs.TokenLifetime))}, nil
}

// guards tells whether tokens issued by this call need the antiforgery token
// unless the client switches it off.
func guards(x *exchange) bool {
	switch x.knobs.RequireAntiforgery {
	case Off:
		return false
	case On:
		return x.version >= v7
	case Default:
	}

	return x.version >= v8
}

// grant checks the caller and returns what the session is for.
func (f *restFace) grant(x *exchange, call tokenCall) (session, error) {
	if x.knobs.OperatorOnly && call.Grant != grantOperator {
		return session{}, denied("The REST API service authenticates restore operators only.")
	}

	switch call.Grant {
	case grantPassword:
		if !strings.EqualFold(call.Username, x.knobs.Username) || call.Password != x.knobs.Password {
			return session{}, x.badLogin()
		}

		return session{user: x.knobs.Username}, nil
	case grantRefresh:
		return f.redeem(x, call)
	case grantOperator:
		return f.grantOperator(x, call)
	case grantJWTBearer:
		return session{}, x.badLogin()
	case grantIntegration:
		if x.version < v8 {
			return session{}, x.badLogin()
		}
	}

	return session{}, invalid("The grant type %q is not supported.", call.Grant)
}

// redeem exchanges a refresh token, once.
func (f *restFace) redeem(x *exchange, call tokenCall) (session, error) {
	if x.knobs.RefreshRefused {
		return session{}, x.badLogin()
	}

	previous, known := f.sessions.peek(call.RefreshToken)
	if !known {
		return session{}, x.badLogin()
	}

	if previous.guarded {
		return session{}, empty(http.StatusBadRequest)
	}

	redeemed, valid := f.sessions.redeem(call.RefreshToken)
	if !valid {
		return session{}, x.badLogin()
	}

	return session{user: redeemed.user, operator: redeemed.operator}, nil
}

// badLogin is the answer to credentials that are wrong.
func (x *exchange) badLogin() *refusal {
	const text = "Failed to log in: the user name or password is incorrect."

	switch x.knobs.BadLogin {
	case BadLoginUnknownCode:
		x.deviation = "error code that no document names"

		return &refusal{status: http.StatusUnauthorized, verbatim: &verbatimBody{
			contentType: "application/json; charset=utf-8",
			text:        `{"message":"` + text + `","errorCode":"LoginFailed"}`,
		}}
	case BadLoginOAuth:
		x.deviation = "OAuth 2.0 error object"

		return &refusal{status: http.StatusBadRequest, verbatim: &verbatimBody{
			contentType: "application/json; charset=utf-8",
			text:        `{"error":"invalid_grant","error_description":"` + text + `"}`,
		}}
	case BadLoginEmpty:
		return empty(http.StatusUnauthorized)
	case BadLoginHTML:
		return &refusal{status: http.StatusInternalServerError, verbatim: &verbatimBody{
			contentType: "text/html; charset=utf-8",
			text:        "<!DOCTYPE html><html><body><h1>Internal Server Error</h1></body></html>",
		}}
	case BadLoginJSON:
	}

	return &refusal{status: http.StatusUnauthorized, code: codeDenied, message: text}
}

func tokenObject(x *exchange, s session) *object {
	seconds := int64(x.knobs.TokenLifetime / time.Second)

	body := x.object()
	body.set("access_token", s.access)
	body.set("token_type", "bearer")
	body.set("refresh_token", s.refresh)

	if x.knobs.ExpiresInAsString {
		x.deviation = "expires_in as text"

		body.set("expires_in", strconv.FormatInt(seconds, 10))
	} else {
		body.set("expires_in", seconds)
	}

	body.set("userName", s.user)
	body.set(".issued", s.issued.Format(time.RFC3339))
	body.set(".expires", s.expires.Format(time.RFC3339))

	return body
}

// postLogout answers POST /token/logout.
func (f *restFace) postLogout(x *exchange) (reply, error) {
	f.sessions.close(x.session.access)

	if x.version >= v8 {
		return reply{status: http.StatusNoContent}, nil
	}

	return reply{status: http.StatusOK}, nil
}

// postAuthCode answers POST /token/AuthCode.
func (f *restFace) postAuthCode(x *exchange) (reply, error) {
	body := x.object()
	body.set("authCode", newGUID())

	return reply{status: http.StatusOK, body: body}, nil
}

func unsupportedMediaType(contentType string) *refusal {
	return &refusal{
		status:  http.StatusUnsupportedMediaType,
		code:    codeHTTP,
		message: "The media type \"" + contentType + "\" is not supported.",
	}
}
