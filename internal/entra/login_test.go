package entra

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

func reading() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET " + principalPath:                               answer(http.StatusOK, principalBody()),
		"GET /servicePrincipals(appId='" + GraphAppID + "')": answer(http.StatusOK, map[string]any{"id": graphSP, "appId": GraphAppID}),
	}
}

func TestEachTenantIsEnteredOnceWithATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	f := newFake(t, reading())
	c := f.client(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			tenant := tenantOf(t, c, []string{tenantA, strings.ToUpper(tenantB)}[i%2])
			if _, err := tenant.ServicePrincipal(t.Context(), portal); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if a, b := f.loginsOf(tenantA), f.loginsOf(tenantB); a != 1 || b != 1 {
		t.Errorf("logged in %d and %d times, want once each", a, b)
	}
	tokens := map[string]int{}
	for _, r := range f.requests("GET") {
		tokens[r.header.Get("Authorization")]++
	}
	if tokens["Bearer token-of-"+tenantA] != 10 || tokens["Bearer token-of-"+tenantB] != 10 {
		t.Errorf("tokens were used %v, want ten times each", tokens)
	}
	if scope := f.forms[0].Get("scope"); !strings.HasPrefix(scope, f.URL+"/.default") {
		t.Errorf("asked for the scope %q, want that of the configured Graph", scope)
	}
}

func TestARefusedLoginIsRememberedAndExplained(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]LoginReason{
		"AADSTS700016": NotInTenant, "AADSTS65001": NotInTenant, "AADSTS90002": TenantUnknown,
		"AADSTS7000222": SecretExpired, "AADSTS7000215": SecretWrong, "AADSTS53003": PolicyForbids, "AADSTS1": LoginRefused,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, reading())
			f.login = func(w http.ResponseWriter, tenant string, _ url.Values) {
				if tenant == tenantB {
					issue(w, tenant)
					return
				}
				answer(http.StatusBadRequest, map[string]any{
					"error": "invalid_client", "error_description": code + ": Something is wrong. Trace ID: 1 Correlation ID: 2\r\nTimestamp: 3",
				})(w, nil)
			}
			c := f.client(t)
			for range 3 {
				_, err := tenantOf(t, c, tenantA).ServicePrincipal(t.Context(), portal)
				var refused *LoginError
				if !errors.As(err, &refused) || refused.Reason != want || refused.Code != code {
					t.Fatalf("got %v, want a LoginError %s with reason %d", err, code, want)
				}
				if strings.Contains(err.Error(), "Trace") || !strings.Contains(err.Error(), "Something is wrong.") {
					t.Errorf("the error reads %q", err)
				}
			}
			if n := f.loginsOf(tenantA); n != 1 {
				t.Errorf("logged in %d times, want once", n)
			}
			if _, err := tenantOf(t, c, tenantB).ServicePrincipal(t.Context(), portal); err != nil {
				t.Errorf("another tenant suffers: %v", err)
			}
			if got := f.requests("GET"); len(got) != 1 {
				t.Errorf("Graph was asked %d times, want by the other tenant only", len(got))
			}
		})
	}
}

func TestALoginServiceThatCannotBeReachedIsNoRefusal(t *testing.T) {
	t.Parallel()
	f := newFake(t, reading())
	f.login = func(w http.ResponseWriter, tenant string, _ url.Values) {
		if f.loginsOf(tenant) == 1 {
			panic(http.ErrAbortHandler)
		}
		issue(w, tenant)
	}
	tenant := f.tenant(t, func(cfg *Config) { cfg.MaxRetries = -1 })
	_, err := tenant.ServicePrincipal(t.Context(), portal)
	if _, ok := errors.AsType[*UnreachableError](err); !ok {
		t.Fatalf("got %v, want an UnreachableError", err)
	}
	if _, err := tenant.ServicePrincipal(t.Context(), portal); err != nil {
		t.Errorf("the next attempt: %v", err)
	}
}

func TestACallerWhoGivesUpDoesNotFailTheLoginOfOthers(t *testing.T) {
	t.Parallel()
	f := newFake(t, reading())
	entered, release := make(chan struct{}), make(chan struct{})
	f.login = func(w http.ResponseWriter, tenant string, _ url.Values) {
		close(entered)
		<-release
		issue(w, tenant)
	}
	tenant := f.tenant(t)
	ctx, cancel := context.WithCancel(t.Context())
	impatient, patient := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := tenant.ServicePrincipal(ctx, portal)
		impatient <- err
	}()
	<-entered
	go func() {
		_, err := tenant.ServicePrincipal(t.Context(), portal)
		patient <- err
	}()
	cancel()
	if err := <-impatient; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	close(release)
	if err := <-patient; err != nil {
		t.Errorf("who waited got %v", err)
	}
}

func TestATokenThatGraphNoLongerTakesIsReplacedOnce(t *testing.T) {
	t.Parallel()
	expired := graphError(http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
	f := newFake(t, map[string]http.HandlerFunc{
		"POST /servicePrincipals": inTurn(expired, answer(http.StatusCreated, principalBody())),
		"GET " + principalPath:    expired,
	})
	tenant := f.tenant(t)
	if _, _, err := tenant.CreateServicePrincipal(t.Context(), NewServicePrincipal{AppID: portal}); err != nil {
		t.Fatal(err)
	}
	if n := f.loginsOf(tenantA); n != 2 {
		t.Errorf("logged in %d times, want 2", n)
	}
	_, err := tenant.ServicePrincipal(t.Context(), portal)
	var resp *ResponseError
	if !errors.As(err, &resp) || resp.Status != http.StatusUnauthorized || f.loginsOf(tenantA) != 3 {
		t.Errorf("got %v after %d logins, want 401 after 3", err, f.loginsOf(tenantA))
	}
}

func TestCredentialsProveWhoLogsIn(t *testing.T) {
	t.Parallel()
	pfx, err := os.ReadFile("testdata/client.pfx.b64")
	if err != nil {
		t.Fatal(err)
	}
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		credential Credential
		proof      string // the form field
		value      string // its value; empty: some JWT
	}{
		"a client secret":                   {ClientSecret{secret}, "client_secret", secret},
		"a client certificate":              {ClientCertificate{PFX: string(pfx), Password: "pfx-Pa55"}, "client_assertion", ""},
		"an OIDC token":                     {FederatedToken{Token: "given"}, "client_assertion", "given"},
		"an OIDC token file":                {FederatedToken{TokenFile: tokenFile}, "client_assertion", "from-a-file"},
		"a token that GitHub Actions gives": {FederatedToken{RequestURL: "/oidc?run=1", RequestToken: "ask-with"}, "client_assertion", "issued-for-api://AzureADTokenExchange"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, reading())
			if github, ok := tc.credential.(FederatedToken); ok && github.RequestURL != "" {
				issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Authorization") != "Bearer ask-with" || r.URL.Query().Get("run") != "1" {
						w.WriteHeader(http.StatusForbidden)
						return
					}
					answer(http.StatusOK, map[string]string{"value": "issued-for-" + r.URL.Query().Get("audience")})(w, r)
				}))
				t.Cleanup(issuer.Close)
				github.RequestURL = issuer.URL + github.RequestURL
				tc.credential = github
			}
			c := f.client(t, func(cfg *Config) { cfg.Credential = tc.credential })
			if _, err := tenantOf(t, c, tenantB).ServicePrincipal(t.Context(), portal); err != nil {
				t.Fatal(err)
			}
			form := f.forms[0]
			got := form.Get(tc.proof)
			if tc.value != "" && got != tc.value || tc.value == "" && strings.Count(got, ".") != 2 {
				t.Errorf("%s is %q, want %q", tc.proof, got, tc.value)
			}
			if form.Get("client_id") != f.config().ClientID || f.loginsOf(tenantB) != 1 {
				t.Errorf("logged in as %q, %d times", form.Get("client_id"), f.loginsOf(tenantB))
			}
		})
	}
}

func TestABusyOIDCIssuerIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t, reading())
	var asked, busy atomic.Int32
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= busy.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answer(http.StatusOK, map[string]string{"value": "issued"})(w, r)
	}))
	t.Cleanup(issuer.Close)
	c := f.client(t, func(cfg *Config) { cfg.Credential = FederatedToken{RequestURL: issuer.URL, RequestToken: "ask-with"} })
	busy.Store(1)
	if _, err := tenantOf(t, c, tenantA).ServicePrincipal(t.Context(), portal); err != nil || asked.Load() != 2 {
		t.Fatalf("busy once: %v after %d requests", err, asked.Load())
	}
	busy.Store(asked.Load() + 3) // as often as one login asks
	_, err := tenantOf(t, c, tenantB).ServicePrincipal(t.Context(), portal)
	if unreachable, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "503") || unreachable.Host == "" {
		t.Errorf("busy throughout: got %v, want an UnreachableError that says 503", err)
	}
	if _, err := tenantOf(t, c, tenantB).ServicePrincipal(t.Context(), portal); err != nil {
		t.Errorf("when it is no longer busy: %v", err)
	}
}

func TestAManagedIdentityVouchesForTheApplication(t *testing.T) {
	const chosen = "cccccccc-0000-4000-8000-00000000000c"
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Identity-Header") != "local" || r.URL.Query().Get("client_id") != chosen {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		answer(http.StatusOK, map[string]any{
			"access_token": "mi-for-" + r.URL.Query().Get("resource"), "expires_on": "4102444800", "token_type": "Bearer",
		})(w, r)
	}))
	t.Cleanup(identity.Close)
	t.Setenv("IDENTITY_ENDPOINT", identity.URL)
	t.Setenv("IDENTITY_HEADER", "local")
	f := newFake(t, reading())
	c := f.client(t, func(cfg *Config) { cfg.Credential = ManagedIdentity{ClientID: chosen} })
	if _, err := tenantOf(t, c, tenantB).ServicePrincipal(t.Context(), portal); err != nil {
		t.Fatal(err)
	}
	if got := f.forms[0].Get("client_assertion"); got != "mi-for-api://AzureADTokenExchange" {
		t.Errorf("the application proved itself with %q", got)
	}
}

func TestTheAzureCLIIsAskedOncePerTenant(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho \"$@\" >> " + dir + "/calls\n" +
		`echo '{"accessToken":"cli-token","expires_on":4102444800,"tokenType":"Bearer"}'` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	f := newFake(t, reading())
	c := f.client(t, func(cfg *Config) { cfg.Credential, cfg.ClientID = AzureCLI{}, "" })
	for _, id := range []string{tenantA, tenantB, tenantA, tenantB} {
		if _, err := tenantOf(t, c, id).ServicePrincipal(t.Context(), portal); err != nil {
			t.Fatal(err)
		}
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(calls)), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], tenantA) || !strings.Contains(lines[1], tenantB) {
		t.Errorf("az was called %d times:\n%s", len(lines), calls)
	}
}

func TestAnAzureCLIThatTakesTooLongIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	c := f.client(t)
	stuck := true
	c.logins.credential = &commandLine{timeout: 10 * time.Millisecond, next: tokenFunc(func(ctx context.Context) (azcore.AccessToken, error) {
		if stuck {
			<-ctx.Done()
			return azcore.AccessToken{}, errors.New("AzureCLICredential: signal: killed")
		}
		return azcore.AccessToken{Token: "late", ExpiresOn: time.Now().Add(time.Hour)}, nil
	})}
	_, err := c.logins.token(t.Context(), tenantA)
	if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), "did not end within 10ms") {
		t.Errorf("got %v, want an UnreachableError", err)
	}
	stuck = false
	if token, err := c.logins.token(t.Context(), tenantA); token != "late" || err != nil {
		t.Errorf("then: %q, %v", token, err)
	}
}

// tokenFunc is a credential.
type tokenFunc func(context.Context) (azcore.AccessToken, error)

func (f tokenFunc) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return f(ctx)
}

func TestAnAzureCLIThatIsNotThereIsSaidOnce(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	f := newFake(t, reading())
	_, err := f.tenant(t, func(cfg *Config) { cfg.Credential = AzureCLI{} }).ServicePrincipal(t.Context(), portal)
	var refused *LoginError
	if !errors.As(err, &refused) || refused.Reason != CommandLine {
		t.Errorf("got %v, want a LoginError about the command line", err)
	}
}

func TestCredentialsThatCannotWorkAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no credential":            {func(c *Config) { c.Credential = nil }, "no credential"},
		"a secret without client":  {func(c *Config) { c.ClientID = "" }, "client id"},
		"an identity, no client":   {func(c *Config) { c.Credential, c.ClientID = ManagedIdentity{}, "" }, "client id"},
		"OIDC without a source":    {func(c *Config) { c.Credential = FederatedToken{} }, "no OIDC token"},
		"a certificate, no base64": {func(c *Config) { c.Credential = ClientCertificate{PFX: "%%"} }, "base64"},
		"a certificate, no PFX":    {func(c *Config) { c.Credential = ClientCertificate{PFX: "aGVsbG8="} }, "cannot be opened"},
		"plain HTTP":               {func(c *Config) { c.GraphEndpoint = "http://graph.example.com" }, "HTTPS"},
		"a path":                   {func(c *Config) { c.AuthorityHost = "https://login.example.com/tenant" }, "more than a host"},
		"no certificate":           {func(c *Config) { c.CACertificatePEM = "x" }, "PEM"},
		"another cloud":            {func(c *Config) { c.Environment = "Germany" }, "Germany"},
	} {
		f := newFake(t, nil)
		cfg := f.config()
		tc.change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
}

func TestEveryCloudHasItsOwnHosts(t *testing.T) {
	t.Parallel()
	for env, want := range map[Environment][3]string{
		"":           {"login.microsoftonline.com", "graph.microsoft.com", "https://graph.microsoft.com/.default"},
		Worldwide:    {"login.microsoftonline.com", "graph.microsoft.com", "https://graph.microsoft.com/.default"},
		USGovernment: {"login.microsoftonline.us", "graph.microsoft.us", "https://graph.microsoft.us/.default"},
		USDefence:    {"login.microsoftonline.us", "dod-graph.microsoft.us", "https://dod-graph.microsoft.us/.default"},
		China:        {"login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/.default"},
	} {
		c, err := New(Config{Environment: env, ClientID: "c", Credential: ClientSecret{"s"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]string{c.login.Host, c.graph.Host, c.logins.scope}; got != want {
			t.Errorf("%s: got %v, want %v", env, got, want)
		}
	}
	for name, want := range map[string]Environment{
		"Worldwide": Worldwide, "public": Worldwide, "usgovernmentl5": USDefence, "dod": USDefence, "USGovernment": USGovernment, "china": China,
	} {
		if got, err := ParseEnvironment(name); got != want || err != nil {
			t.Errorf("ParseEnvironment(%q) = %q, %v", name, got, err)
		}
	}
	if _, err := ParseEnvironment("Germany"); err == nil {
		t.Error("Germany is taken for an environment")
	}
}

func TestTheConsentPageIsThatOfTheCloud(t *testing.T) {
	t.Parallel()
	c, err := New(Config{Environment: China, ClientID: "c", Credential: ClientSecret{"s"}})
	if err != nil {
		t.Fatal(err)
	}
	want := "https://login.chinacloudapi.cn/contoso.cn/adminconsent?client_id=" + portal
	if got := c.AdminConsentURL("contoso.cn", portal); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNothingSecretIsObserved(t *testing.T) {
	t.Parallel()
	f := newFake(t, reading())
	var mu sync.Mutex
	var all []Exchange
	c := f.client(t, func(cfg *Config) {
		cfg.Observe = func(_ context.Context, e Exchange) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, e)
		}
	})
	if _, err := tenantOf(t, c, tenantB).ServicePrincipal(t.Context(), portal); err != nil {
		t.Fatal(err)
	}
	if len(all) < 3 {
		t.Fatalf("observed %d exchanges, want the login's and Graph's", len(all))
	}
	for _, e := range all {
		line := strings.Join([]string{e.Host, e.Method, e.Path, e.Tenant}, " ")
		if strings.Contains(line, secret) || strings.Contains(line, "token-of-") || e.Status != http.StatusOK {
			t.Errorf("observed %+v", e)
		}
	}
	if last := all[len(all)-1]; last.Tenant != tenantB {
		t.Errorf("the last exchange is in tenant %q, want %q", last.Tenant, tenantB)
	}
}

func TestAnUntrustedLoginHostGetsNoSecret(t *testing.T) {
	t.Parallel()
	f := newFake(t, reading())
	_, err := f.tenant(t, func(cfg *Config) { cfg.CACertificatePEM, cfg.MaxRetries = "", -1 }).ServicePrincipal(t.Context(), portal)
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || f.loginsOf(tenantA) != 0 {
		t.Errorf("got %v, want an error about the certificate before any login", err)
	}
}
