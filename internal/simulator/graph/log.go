package graph

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is an entry of the request log. It never holds a secret, an assertion
// or a token.
type Request struct {
	// Sequence counts from 1, in the order of arrival.
	Sequence int       `json:"sequence"`
	Time     time.Time `json:"time"`
	Method   string    `json:"method"`
	// Path is the decoded path; that of Graph's requests is without "/v1.0".
	Path string `json:"path"`
	// Route is the kind of path, such as "/servicePrincipals/{id}"; empty if it is
	// unknown.
	Route string     `json:"route"`
	Query url.Values `json:"query,omitempty"`
	// Tenant is the id of the tenant that the request is about, if it is known.
	Tenant string `json:"tenant,omitempty"`
	// Body is the decoded JSON body of a request to Graph, nil where there was none.
	Body any `json:"body,omitempty"`
	// ClientRequestID is the id that the client gave the request.
	ClientRequestID string `json:"clientRequestId,omitempty"`
	// Login describes a request for a token; it is nil for others.
	Login *LoginRequest `json:"login,omitempty"`
	// Status is the answer's; 0 while there is none, or if there never was.
	Status int `json:"status"`
	// Fault tells whether an injected fault took effect.
	Fault bool `json:"fault,omitempty"`
}

// LoginRequest is what the log keeps of a request for a token.
type LoginRequest struct {
	ClientID string `json:"clientId"`
	Grant    string `json:"grant"`
	Scope    string `json:"scope"`
	// Proof is "secret", "certificate", "federated" or empty.
	Proof string `json:"proof"`
}

// Graph tells whether the request was one to Microsoft Graph.
func (r Request) Graph() bool {
	return r.Login == nil && !strings.Contains(r.Path, "/.well-known/") && !strings.HasPrefix(r.Path, instancePath)
}

// Write tells whether the request could change a tenant.
func (r Request) Write() bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Graph()
}

// Name is the method and the kind of path, such as "GET /servicePrincipals/{id}".
func (r Request) Name() string {
	return r.Method + " " + r.Route
}
