package vb365

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
)

// fakeServer answers with the handlers of a test, counts what it is asked, and
// issues tokens unless the test does that itself.
type fakeServer struct {
	*httptest.Server

	mu       sync.Mutex
	handlers map[string]http.HandlerFunc // by "METHOD /path" without version
	calls    []string
	forms    []map[string][]string
}

func newFakeServer(t *testing.T, handlers map[string]http.HandlerFunc) *fakeServer {
	t.Helper()
	f := &fakeServer{handlers: handlers}
	f.Server = httptest.NewTLSServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := "/" + strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 2)[1]
	call := r.Method + " " + path
	f.mu.Lock()
	f.calls = append(f.calls, call)
	handler := f.handlers[call]
	f.mu.Unlock()
	if path == "/token" {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		form := r.Clone(r.Context())
		form.Body = io.NopCloser(strings.NewReader(string(body)))
		_ = form.ParseForm()
		f.mu.Lock()
		f.forms = append(f.forms, form.PostForm)
		f.mu.Unlock()
	}
	switch {
	case handler != nil:
		handler(w, r)
	case call == "POST /token":
		answer(http.StatusOK, map[string]any{"access_token": "access", "refresh_token": "refresh", "expires_in": 3600})(w, r)
	case call == "GET /ServiceInstance":
		w.WriteHeader(http.StatusUnauthorized)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fakeServer) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (f *fakeServer) total(prefix string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(f.calls), func(c string) bool { return !strings.HasPrefix(c, prefix) }))
}

func (f *fakeServer) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	sum := sha256.Sum256(f.Certificate().Raw)
	cfg := Config{
		Endpoint: f.URL, Username: "svc", Password: "s3cr3t-pw", APIVersion: V8,
		TLS:            trust.Config{CertificateSHA256: hex.EncodeToString(sum[:])},
		RequestTimeout: 10 * time.Second, MaxRetries: 2,
	}
	for _, c := range change {
		c(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer writes body as JSON.
func answer(status int, body any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
}

func text(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// inTurn uses one handler after the other, the last one for good.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(next, len(handlers)-1)]
		next++
		mu.Unlock()
		h(w, r)
	}
}
