package graph_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

const (
	customer = graph.ContosoTenant
	app      = graph.PortalAppID
	user     = "dddddddd-0000-4000-8000-000000000004"
)

// clock is turned by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.now = c.now.Add(d)
}

// client speaks HTTP to a server of its own, as one application in one tenant.
type client struct {
	*graph.Server

	t     *testing.T
	clock *clock
	http  *http.Client
	token string
	// secretText is the client's secret.
	secretText string
}

// connect starts a server with three customers and the portal's application, and
// logs in to the first customer's tenant.
func connect(t *testing.T, options graph.Options) *client {
	t.Helper()

	c := &client{t: t, clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	options.Clock = c.clock.Now

	sim, err := graph.Start(options)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(sim.Close)

	c.Server = sim
	sim.Seed(graph.ThreeCustomers().WithPortal())

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(sim.CertificatePEM()))
	c.secretText = sim.Options().ClientSecret
	c.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	t.Cleanup(c.http.CloseIdleConnections)
	c.enter(customer)

	return c
}

// clean fails the test if the server saw bad manners.
func (c *client) clean() {
	c.t.Helper()

	for _, violation := range c.Violations() {
		c.t.Errorf("violation: %s", violation)
	}
}

// enter logs in to a tenant.
func (c *client) enter(tenant string) {
	c.t.Helper()

	answer := c.login(tenant, c.secret())
	if answer.status != http.StatusOK {
		c.t.Fatalf("login: %d %v", answer.status, answer.body)
	}

	c.token = answer.text("access_token")
}

func (c *client) secret() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {graph.DefaultClientID},
		"client_secret": {c.secretText}, "scope": {c.URL() + "/.default openid offline_access profile"},
	}
}

func (c *client) login(tenant string, form url.Values) answer {
	c.t.Helper()

	return c.send(http.MethodPost, "/"+tenant+"/oauth2/v2.0/token", form.Encode(),
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) text(name string) string {
	value, _ := a.body[name].(string)

	return value
}

// code is Graph's error code.
func (a answer) code() string {
	failure, _ := a.body["error"].(map[string]any)
	code, _ := failure["code"].(string)

	return code
}

func (a answer) message() string {
	failure, _ := a.body["error"].(map[string]any)
	message, _ := failure["message"].(string)

	return message
}

// items are the objects of a list.
func (a answer) items() []map[string]any {
	var items []map[string]any

	values, _ := a.body["value"].([]any)
	for _, value := range values {
		items = append(items, value.(map[string]any))
	}

	return items
}

func (c *client) send(method, target, body string, header http.Header) answer {
	c.t.Helper()

	a, err := c.trySend(method, target, body, header)
	if err != nil {
		c.t.Fatal(err)
	}

	return a
}

func (c *client) trySend(method, target, body string, header http.Header) (answer, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, c.URL()+target, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}

	maps.Copy(request.Header, header)

	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()

	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}

	a := answer{status: response.StatusCode, header: response.Header, raw: string(raw)}
	_ = json.NewDecoder(bytes.NewReader(raw)).Decode(&a.body)

	return a, nil
}

// ask sends a request to Graph with the token.
func (c *client) ask(method, path string, body ...any) answer {
	c.t.Helper()

	text := ""

	if len(body) > 0 {
		encoded, err := json.Marshal(body[0])
		if err != nil {
			c.t.Fatal(err)
		}

		text = string(encoded)
	}

	return c.send(method, "/v1.0"+strings.ReplaceAll(path, " ", "%20"), text,
		http.Header{"Authorization": {"Bearer " + c.token}, "Content-Type": {"application/json"}})
}

func (c *client) get(path string) answer {
	c.t.Helper()

	return c.ask(http.MethodGet, path)
}

// want checks the status and, of refusals, the code.
func (c *client) want(a answer, status int, code ...string) answer {
	c.t.Helper()

	if a.status != status || len(code) > 0 && a.code() != code[0] {
		c.t.Fatalf("answered %d %s %q, want %d %v", a.status, a.code(), a.raw, status, code)
	}

	return a
}

// principal creates the portal's service principal over HTTP and returns its id.
func (c *client) principal() string {
	c.t.Helper()

	return c.want(c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": app}), http.StatusCreated).text("id")
}

func (c *client) grant(client, resource, scope string) answer {
	c.t.Helper()

	return c.ask(http.MethodPost, "/oauth2PermissionGrants", map[string]any{
		"clientId": client, "resourceId": resource, "consentType": "AllPrincipals", "scope": scope,
	})
}

func bySP(id string) string { return "/oauth2PermissionGrants?$filter=clientId eq '" + id + "'" }

func byApp(id string) string { return "/servicePrincipals(appId='" + id + "')" }

func scopes(grants []graph.Grant) []string {
	var all []string
	for _, g := range grants {
		all = append(all, g.Scope)
	}

	slices.Sort(all)

	return all
}

func encode(value any) ([]byte, error) { return json.Marshal(value) }
