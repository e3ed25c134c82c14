package graph

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

const (
	graphPrefix  = "/v1.0"
	instancePath = "/common/discovery/instance"
)

// face answers requests to the login service and to Microsoft Graph.
type face struct {
	server *Server
	state  *state
	rules  *violations
	routes []route
}

func newFace(s *Server) *face {
	f := &face{server: s, state: s.state, rules: s.rules}
	f.routes = f.routeTable()

	return f
}

// ServeHTTP implements [http.Handler].
func (f *face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ofGraph := graphPath(r.URL.Path); ofGraph {
		f.serveGraph(w, r, path)

		return
	}

	f.serveLogin(w, r)
}

// graphPath is the path of a request to Graph behind its version.
func graphPath(path string) (string, bool) {
	if len(path) < len(graphPrefix) || !strings.EqualFold(path[:len(graphPrefix)], graphPrefix) {
		return "", false
	}

	rest := path[len(graphPrefix):]

	return rest, rest == "" || strings.HasPrefix(rest, "/")
}

// entryKey finds the log's entry of a request in its context.
type entryKey struct{}

// note completes the log's entry of a request.
func (f *face) note(r *http.Request, change func(*Request)) {
	if entry, known := r.Context().Value(entryKey{}).(*Request); known {
		f.server.log.Amend(entry, change)
	}
}

// intercept writes every request down, and delays and harms it as the knobs and
// faults say.
func (s *Server) intercept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := readBody(w, r)
		if err != nil {
			return
		}

		r.Body = io.NopCloser(bytes.NewReader(body))

		entry := s.describe(r, body)
		s.log.Arrive(entry, func(sequence, _ int) { entry.Sequence = sequence })

		answer := &wire.StatusWriter{ResponseWriter: w}
		fault, struck := s.faults.Strike(entry.Method, entry.Path)

		// Deferred, as a cut connection leaves by way of a panic.
		defer func() { s.log.Leave(entry, func(e *Request) { e.Status, e.Fault = answer.Status, struck }) }()

		if !wire.Pause(r.Context(), s.Options().Latency) {
			return
		}

		noted := r.WithContext(context.WithValue(r.Context(), entryKey{}, entry))

		if struck {
			fault.Apply(answer, noted, next)

			return
		}

		next.ServeHTTP(answer, noted)
	})
}

// readBody reads the body, also a compressed one. If it fails, the request has
// been answered.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var source io.Reader = http.MaxBytesReader(w, r.Body, maxRequestBody)

	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(source)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)

			return nil, err
		}

		source = unpacked
	}

	body, err := io.ReadAll(io.LimitReader(source, maxRequestBody))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}

	return body, err
}

// describe makes the log's entry of a request.
func (s *Server) describe(r *http.Request, body []byte) *Request {
	entry := &Request{
		Time:            s.Options().Clock(),
		Method:          r.Method,
		Path:            r.URL.Path,
		Query:           r.URL.Query(),
		ClientRequestID: r.Header.Get("Client-Request-Id"),
	}

	if path, ofGraph := graphPath(r.URL.Path); ofGraph {
		entry.Path = path

		if len(body) > 0 {
			// A body that is not JSON is logged as none.
			_ = json.Unmarshal(body, &entry.Body)
		}

		if _, value, sent := strings.Cut(r.Header.Get("Authorization"), "Bearer "); sent {
			entry.Tenant = read(s.state, func() string { return s.state.tokens[value].tenant })
		}

		return entry
	}

	// Secrets have no business in an address; if they are there, they are not kept.
	for name := range entry.Query {
		if strings.HasPrefix(strings.ToLower(name), "client_") {
			entry.Query.Set(name, "(hidden)")
		}
	}

	return entry
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	var text bytes.Buffer

	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(value); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)

		return
	}

	w.WriteHeader(status)

	// A client that has gone away is not the server's trouble.
	_, _ = w.Write(text.Bytes())
}
