package graph

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
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

// requestLog remembers every request since the last reset.
type requestLog struct {
	mu       sync.Mutex
	idle     *sync.Cond
	requests []*Request
	sequence int
	inFlight int
}

func newRequestLog() *requestLog {
	log := &requestLog{}
	log.idle = sync.NewCond(&log.mu)

	return log
}

func (l *requestLog) arrive(entry *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.sequence++
	l.inFlight++
	entry.Sequence = l.sequence
	l.requests = append(l.requests, entry)
}

// amend changes an entry that others may be reading.
func (l *requestLog) amend(entry *Request, change func(*Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()

	change(entry)
}

// leave notes that the request was dealt with.
func (l *requestLog) leave(entry *Request, status int, fault bool) {
	l.mu.Lock()
	defer l.mu.Unlock()

	entry.Status = status
	entry.Fault = fault
	l.inFlight--

	if l.inFlight == 0 {
		l.idle.Broadcast()
	}
}

// wait returns when no request is being served.
func (l *requestLog) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()

	for l.inFlight > 0 {
		l.idle.Wait()
	}
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()

	copied := make([]Request, 0, len(l.requests))
	for _, entry := range l.requests {
		copied = append(copied, *entry)
	}

	return slices.Clip(copied)
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.requests = nil
	l.sequence = 0
}
