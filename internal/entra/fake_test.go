package entra

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	tenantA  = "aaaaaaaa-0000-4000-8000-000000000001"
	tenantB  = "bbbbbbbb-0000-4000-8000-000000000002"
	portal   = "65415bb1-9267-4313-bbf5-ae259732ee12"
	clientSP = "ef969797-201d-4f6b-960c-e9ed5f31dab5"
	graphSP  = "943603e4-e787-4fe9-93d1-e30f749aae39"
	secret   = "s3cr3t-not-to-be-seen"
)

// seen is a request as a fake server got it.
type seen struct {
	call   string // METHOD /path, decoded, without version
	query  url.Values
	header http.Header
	length int64
	body   string
}

// fake is a login service and Microsoft Graph under one address. Logins succeed
// unless a test says otherwise; Graph answers with the handlers of the test.
type fake struct {
	*httptest.Server

	clock *fakeClock
	// login answers token requests; nil issues a token that names its tenant.
	login func(w http.ResponseWriter, tenant string, form url.Values)

	mu       sync.Mutex
	handlers map[string]http.HandlerFunc
	graph    []seen
	forms    []url.Values
	logins   map[string]int
}

func newFake(t *testing.T, handlers map[string]http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{handlers: handlers, logins: map[string]int{}, clock: &fakeClock{now: time.Now()}}
	f.Server = httptest.NewTLSServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if tenant, rest, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); ok && tenant != "v1.0" {
		f.serveLogin(w, tenant, rest, string(body))
		return
	}
	call := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/v1.0")
	f.mu.Lock()
	f.graph = append(f.graph, seen{call, r.URL.Query(), r.Header, r.ContentLength, string(body)})
	handler := f.handlers[call]
	f.mu.Unlock()
	if handler == nil {
		graphError(http.StatusNotFound, "Request_ResourceNotFound", "Resource '' does not exist or one of its "+
			"queried reference-property objects are not present.")(w, r)
		return
	}
	handler(w, r)
}

func (f *fake) serveLogin(w http.ResponseWriter, tenant, rest, body string) {
	base := f.URL + "/" + tenant
	if strings.HasSuffix(rest, "openid-configuration") {
		answer(http.StatusOK, map[string]string{
			"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "issuer": base + "/v2.0",
		})(w, nil)
		return
	}
	form, _ := url.ParseQuery(body)
	f.mu.Lock()
	f.logins[tenant]++
	f.forms = append(f.forms, form)
	login := f.login
	f.mu.Unlock()
	if login != nil {
		login(w, tenant, form)
		return
	}
	issue(w, tenant)
}

func issue(w http.ResponseWriter, tenant string) {
	answer(http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": "token-of-" + tenant})(w, nil)
}

func (f *fake) loginsOf(tenant string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins[tenant]
}

func (f *fake) requests(call string) []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	var matching []seen
	for _, s := range f.graph {
		if strings.HasPrefix(s.call, call) {
			matching = append(matching, s)
		}
	}
	return matching
}

// config is a configuration with which a client reaches the fake.
func (f *fake) config() Config {
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})
	return Config{
		TenantID: tenantA, ClientID: "cccccccc-0000-4000-8000-000000000003", Credential: ClientSecret{secret},
		AuthorityHost: f.URL, GraphEndpoint: f.URL, CACertificatePEM: string(root), MaxRetries: 2, Clock: f.clock,
	}
}

func (f *fake) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	cfg := f.config()
	for _, c := range change {
		c(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (f *fake) tenant(t *testing.T, change ...func(*Config)) *Tenant {
	t.Helper()
	return tenantOf(t, f.client(t, change...), tenantA)
}

func tenantOf(t *testing.T, c *Client, id string) *Tenant {
	t.Helper()
	tenant, err := c.Tenant(id)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

// fakeClock passes time without waiting.
type fakeClock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

func (c *fakeClock) total() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sum time.Duration
	for _, d := range c.slept {
		sum += d
	}
	return sum
}

// answer writes body as Graph does.
func answer(status int, body any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
}

func graphError(status int, code, message string) http.HandlerFunc {
	return answer(status, map[string]any{"error": map[string]any{
		"code": code, "message": message, "innerError": map[string]string{"request-id": "rid-1"},
	}})
}

func raw(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// cut closes the connection without an answer.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// throttled answers 429 with a Retry-After.
func throttled(retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", retryAfter)
		graphError(http.StatusTooManyRequests, "TooManyRequests", "Too many requests")(w, r)
	}
}

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

// Answers of Graph's.
func principalBody() map[string]any {
	return map[string]any{
		"id": clientSP, "appId": portal, "displayName": "Portal", "accountEnabled": true, "appRoleAssignmentRequired": false,
		"disabledByMicrosoftStatus": nil, "appOwnerOrganizationId": tenantA, "isDisabled": nil,
		"oauth2PermissionScopes": []any{map[string]any{
			"id": "11111111-2222-4333-8444-555555555555", "value": "access_as_user", "type": "Admin", "isEnabled": true,
		}},
	}
}

func grantBody(scope string) map[string]any {
	return map[string]any{
		"id": GrantID(clientSP, graphSP), "clientId": clientSP, "resourceId": graphSP, "consentType": "AllPrincipals",
		"principalId": nil, "scope": scope,
	}
}
