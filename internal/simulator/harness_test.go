package simulator_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/openapitest"
)

// versions are the versions that a test of common behaviour runs with.
func versions() []string { return []string{"v6", "v7", "v8"} }

// clock is a server's clock that a test moves.
type clock struct{ now time.Time }

func newClock() *clock {
	return &clock{now: time.Date(2026, time.May, 1, 10, 0, 0, 0, time.UTC)}
}

func (c *clock) read() time.Time { return c.now }

func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

// start starts a simulator for a well-behaved client: the test fails if there
// are violations in the end.
func start(t *testing.T, options simulator.Options) *simulator.Server {
	t.Helper()

	sim := startUnchecked(t, options)

	t.Cleanup(func() {
		for _, violation := range sim.Violations() {
			t.Errorf("violation: %s", violation)
		}
	})

	return sim
}

// startUnchecked starts a simulator for a client that misbehaves.
func startUnchecked(t *testing.T, options simulator.Options) *simulator.Server {
	t.Helper()

	if options.Middleware == nil {
		options.Middleware = openapitest.FromEnv(t)
	}

	sim, err := simulator.Start(options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(sim.Close)

	return sim
}

// unvalidated is the middleware of tests that break the API's description.
func unvalidated(next http.Handler) http.Handler { return next }

// client is a client of one version of the API.
type client struct {
	t       *testing.T
	sim     *simulator.Server
	http    *http.Client
	version string
	access  string
	refresh string
}

// newClient returns a client that is not logged in.
func newClient(t *testing.T, sim *simulator.Server, version string) *client {
	t.Helper()

	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(sim.CertificatePEM())) {
		t.Fatal("the certificate is not valid PEM")
	}

	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)

	return &client{t: t, sim: sim, http: &http.Client{Transport: transport}, version: version}
}

// oldProtocol makes the client speak HTTP/1.1. It has to come before the first
// request.
func (c *client) oldProtocol() {
	transport, _ := c.http.Transport.(*http.Transport)
	transport.ForceAttemptHTTP2 = false
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
}

// login returns a client that is logged in.
func login(t *testing.T, sim *simulator.Server, version string) *client {
	t.Helper()

	c := newClient(t, sim, version)
	c.accept(c.token(c.password()), http.StatusOK)

	return c
}

// answer is what the server said.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	proto  string
	body   []byte
}

func (c *client) password() url.Values {
	options := c.sim.Options()
	form := url.Values{
		"grant_type": {"password"},
		"username":   {options.Username},
		"password":   {options.Password},
	}

	if c.version != "v6" {
		form.Set("disable_antiforgery_token", "true")
	}

	return form
}

func (c *client) refreshing() url.Values {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.refresh}}

	if c.version != "v6" {
		form.Set("disable_antiforgery_token", "true")
	}

	return form
}

// token makes a token call with a form.
func (c *client) token(form url.Values) answer {
	c.t.Helper()

	return c.send(http.MethodPost, "/token", "application/x-www-form-urlencoded", "", strings.NewReader(form.Encode()))
}

// accept checks the status of a token call and keeps the tokens.
func (c *client) accept(a answer, status int) {
	c.t.Helper()

	a.wants(status)

	tokens := a.object()
	c.access, _ = tokens["access_token"].(string)
	c.refresh, _ = tokens["refresh_token"].(string)
}

// get makes a GET call on a path behind the version's prefix.
func (c *client) get(path string) answer {
	c.t.Helper()

	return c.send(http.MethodGet, path, "", c.access, nil)
}

func (c *client) delete(path string) answer {
	c.t.Helper()

	return c.send(http.MethodDelete, path, "", c.access, nil)
}

// do makes a call with a JSON body; a string is sent as it is.
func (c *client) do(method, path string, body any) answer {
	c.t.Helper()

	text, isText := body.(string)
	if !isText {
		encoded, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}

		text = string(encoded)
	}

	return c.send(method, path, "application/json", c.access, strings.NewReader(text))
}

func (c *client) send(method, path, contentType, access string, body io.Reader) answer {
	c.t.Helper()

	a, err := c.try(method, path, contentType, access, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}

	return a
}

func (c *client) try(method, path, contentType, access string, body io.Reader) (answer, error) {
	c.t.Helper()

	request, err := http.NewRequestWithContext(c.t.Context(), method, c.sim.URL()+"/"+c.version+path, body)
	if err != nil {
		c.t.Fatal(err)
	}

	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}

	if access != "" {
		request.Header.Set("Authorization", "Bearer "+access)
	}

	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()

	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}

	return answer{t: c.t, status: response.StatusCode, header: response.Header, proto: response.Proto, body: text}, nil
}

// wants checks the status.
func (a answer) wants(status int) answer {
	a.t.Helper()

	if a.status != status {
		a.t.Fatalf("status %d, want %d; body %s", a.status, status, a.body)
	}

	return a
}

// wantsEmpty checks the status, and that there is no body.
func (a answer) wantsEmpty(status int) {
	a.t.Helper()
	a.wants(status)

	if len(a.body) > 0 {
		a.t.Fatalf("body %s, want none", a.body)
	}
}

// wantsError checks the status and the error object of the version.
func (a answer) wantsError(version string, status int, code string) {
	a.t.Helper()
	a.wants(status)

	body := a.object()
	if message, _ := body["message"].(string); message == "" {
		a.t.Fatalf("body %s, want a message", a.body)
	}

	if version != "v8" && code != "ProxyOffline" || version == "v6" {
		code = ""
	}

	if got, _ := body["errorCode"].(string); got != code {
		a.t.Fatalf("errorCode %q, want %q", got, code)
	}
}

func (a answer) object() map[string]any {
	a.t.Helper()

	return decode[map[string]any](a)
}

// objects decodes an array of objects.
func (a answer) objects() []map[string]any {
	a.t.Helper()

	if !bytes.HasPrefix(a.body, []byte("[")) {
		a.t.Fatalf("body %s, want an array", a.body)
	}

	return decode[[]map[string]any](a)
}

// results decodes the results of a page.
func (a answer) results() []map[string]any {
	a.t.Helper()

	page := decode[struct {
		Results []map[string]any `json:"results"`
	}](a)

	if page.Results == nil {
		a.t.Fatalf("body %s, want a page", a.body)
	}

	return page.Results
}

func decode[T any](a answer) T {
	a.t.Helper()

	var value T
	if err := json.Unmarshal(a.body, &value); err != nil {
		a.t.Fatalf("body %q: %v", a.body, err)
	}

	return value
}

// pick collects one member of every object.
func pick(objects []map[string]any, name string) []string {
	values := make([]string, 0, len(objects))
	for _, object := range objects {
		value, _ := object[name].(string)
		values = append(values, value)
	}

	return values
}

// keys lists the members of an object, sorted by the map's printing.
func keys(object map[string]any) map[string]bool {
	present := make(map[string]bool)
	for name := range object {
		present[name] = true
	}

	return present
}

// encoded is the JSON text of a value.
func encoded(t *testing.T, value any) string {
	t.Helper()

	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}

	return string(text)
}
