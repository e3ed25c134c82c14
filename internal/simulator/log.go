package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is an entry of the request log. It never holds a password, a token or
// the body of a token call.
type Request struct {
	// Sequence counts from 1, in the order of arrival.
	Sequence int       `json:"sequence"`
	Time     time.Time `json:"time"`
	Protocol string    `json:"protocol"`
	Method   string    `json:"method"`
	// Version is the version's prefix, for example "v8".
	Version string `json:"version"`
	// Path is the path behind the prefix, as the client wrote it.
	Path  string     `json:"path"`
	Query url.Values `json:"query,omitempty"`
	// Body is the decoded JSON body, nil where there was none.
	Body any `json:"body,omitempty"`
	// Token describes a token call; it is nil for others.
	Token *TokenRequest `json:"token,omitempty"`
	// Bearer tells whether an access token was sent.
	Bearer bool `json:"bearer"`
	// InFlight is how many requests were being served at this one's arrival,
	// itself included.
	InFlight int `json:"inFlight"`
	// Status is the answer's; 0 while there is none, or if there never was.
	Status int `json:"status"`
	// Fault tells whether an injected fault took effect.
	Fault bool `json:"fault,omitempty"`
}

// TokenRequest is what the log keeps of a token call.
type TokenRequest struct {
	Grant string `json:"grant"`
	// DisableAntiforgery tells whether disable_antiforgery_token was true.
	DisableAntiforgery bool `json:"disableAntiforgery"`
}

// Write tells whether the request could change the server's state. Token calls
// do not count.
func (r Request) Write() bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Token == nil &&
		!strings.HasPrefix(strings.ToLower(r.Path), "/token")
}

// newEntry describes a request, whose body has been read already.
func newEntry(r *http.Request, body []byte, now time.Time) *Request {
	version, path := splitVersion(r.URL.EscapedPath())

	entry := &Request{
		Time:     now,
		Protocol: r.Proto,
		Method:   r.Method,
		Version:  version,
		Path:     path,
		Query:    r.URL.Query(),
		Bearer:   strings.HasPrefix(strings.ToLower(r.Header.Get("Authorization")), "bearer "),
	}

	if strings.EqualFold(path, "/token") {
		entry.Token = &TokenRequest{}

		// A body that is not understood is logged without grant.
		if call, err := parseTokenCall(r.Header.Get("Content-Type"), body); err == nil {
			entry.Token.Grant = call.Grant
			entry.Token.DisableAntiforgery = call.antiforgeryDisabled()
		}
	} else if len(body) > 0 {
		// A body that is not JSON is logged as none.
		_ = json.Unmarshal(body, &entry.Body)
	}

	return entry
}
