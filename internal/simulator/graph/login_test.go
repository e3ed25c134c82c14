package graph_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

func TestATenantIsFoundByItsIDAndItsDomains(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})

	for _, name := range []string{customer, strings.ToUpper(customer), "contoso.onmicrosoft.com", "Contoso.com"} {
		discovered := c.want(c.send(http.MethodGet, "/"+name+"/v2.0/.well-known/openid-configuration", "", nil), http.StatusOK)
		if want := c.URL() + "/" + name + "/oauth2/v2.0/token"; discovered.text("token_endpoint") != want {
			t.Errorf("the token endpoint is %q, want %q", discovered.text("token_endpoint"), want)
		}

		c.want(c.login(name, c.secret()), http.StatusOK)
	}

	if n := c.Logins(customer); n != 5 {
		t.Errorf("counted %d logins, want the first one and four more", n)
	}

	c.clean()
}

func TestTheInstanceIsOne(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	path := "/common/discovery/instance?api-version=1.1&authorization_endpoint=" +
		url.QueryEscape(c.URL()+"/"+customer+"/oauth2/v2.0/authorize")

	a := c.want(c.send(http.MethodGet, path, "", nil), http.StatusOK)
	if want := c.URL() + "/" + customer + "/v2.0/.well-known/openid-configuration"; a.text("tenant_discovery_endpoint") != want {
		t.Errorf("%s", a.raw)
	}

	if metadata, _ := a.body["metadata"].([]any); len(metadata) != 1 {
		t.Errorf("%s", a.raw)
	}
}

func TestRefusedLoginsAreAsEntraWritesThem(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		arrange func(c *client, form url.Values)
		tenant  string
		status  int
		kind    string
		code    float64
	}{
		"a wrong secret": {
			func(_ *client, form url.Values) { form.Set("client_secret", "wrong") },
			customer, http.StatusUnauthorized, "invalid_client", 7000215,
		},
		"an expired secret": {func(c *client, _ url.Values) {
			c.SetClient(graph.Client{ID: graph.DefaultClientID, Secrets: []graph.Secret{
				{Value: graph.DefaultClientSecret, Expires: c.clock.Now().Add(-time.Second)},
			}})
		}, customer, http.StatusUnauthorized, "invalid_client", 7000222},
		"an unknown tenant": {
			func(*client, url.Values) {}, "99999999-0000-4000-8000-000000000001", http.StatusBadRequest, "invalid_request", 90002,
		},
		"an unknown application": {
			func(_ *client, form url.Values) { form.Set("client_id", user) },
			customer, http.StatusBadRequest, "unauthorized_client", 700016,
		},
		"an application that the tenant does not know": {
			func(c *client, _ url.Values) { c.Expel(customer, graph.DefaultClientID) },
			customer, http.StatusBadRequest, "unauthorized_client", 700016,
		},
		"no consent": {
			func(c *client, _ url.Values) { c.RefuseLogins(customer, "AADSTS65001") },
			customer, http.StatusBadRequest, "invalid_grant", 65001,
		},
		"Conditional Access": {
			func(c *client, _ url.Values) { c.RefuseLogins(customer, "AADSTS53003") },
			customer, http.StatusBadRequest, "invalid_grant", 53003,
		},
		"any other reason": {
			func(c *client, _ url.Values) { c.RefuseLogins(customer, "AADSTS5000224") },
			customer, http.StatusBadRequest, "invalid_request", 5000224,
		},
		"no proof": {
			func(_ *client, form url.Values) { form.Del("client_secret") },
			customer, http.StatusUnauthorized, "invalid_client", 7000218,
		},
		"another grant": {
			func(_ *client, form url.Values) { form.Set("grant_type", "password") },
			customer, http.StatusBadRequest, "unsupported_grant_type", 70003,
		},
		"a token for something else": {
			func(_ *client, form url.Values) { form.Set("scope", "https://example.com/.default") },
			customer, http.StatusBadRequest, "invalid_resource", 500011,
		},
		"a federated token that is not trusted": {func(_ *client, form url.Values) {
			form.Del("client_secret")
			form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			form.Set("client_assertion", "of-somebody-else")
		}, customer, http.StatusUnauthorized, "invalid_client", 700213},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := connect(t, graph.Options{})
			form := c.secret()
			tc.arrange(c, form)

			a := c.want(c.login(tc.tenant, form), tc.status)
			codes, _ := a.body["error_codes"].([]any)

			if a.text("error") != tc.kind || len(codes) != 1 || codes[0] != tc.code ||
				!strings.HasPrefix(a.text("error_description"), "AADSTS") || a.text("trace_id") == "" || a.text("correlation_id") == "" {
				t.Errorf("answered %s", a.raw)
			}
		})
	}
}

func TestATokenEndsOnTheServersClockAndHoldsItsPermissions(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	c.SetPermissions(customer, graph.DefaultClientID, graph.ApplicationReadAll)
	c.want(c.ask(http.MethodPost, "/servicePrincipals", map[string]any{"appId": app}), http.StatusCreated)
	c.clock.pass(time.Hour)
	c.want(c.get("/servicePrincipals"), http.StatusUnauthorized, "InvalidAuthenticationToken")
	c.enter(customer)
	c.want(c.get("/servicePrincipals"), http.StatusOK)
	c.want(c.ask(http.MethodDelete, byApp(app)), http.StatusForbidden, "Authorization_RequestDenied")
	c.ExpireTokens()
	c.want(c.get("/servicePrincipals"), http.StatusUnauthorized, "InvalidAuthenticationToken")

	if len(c.IssuedTokens()) != 2 {
		t.Errorf("issued %d tokens", len(c.IssuedTokens()))
	}
}

func TestAFederatedTokenLogsIn(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	c.SetClient(graph.Client{ID: graph.DefaultClientID, FederatedTokens: []graph.Secret{
		{Value: "of-the-ci"}, {Value: "of-yesterday", Expires: c.clock.Now().Add(-time.Hour)},
	}})

	form := c.secret()
	form.Del("client_secret")
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", "of-the-ci")
	c.want(c.login(customer, form), http.StatusOK)
	form.Set("client_assertion", "of-yesterday")

	if a := c.login(customer, form); !strings.Contains(a.text("error_description"), "AADSTS700024") {
		t.Errorf("answered %s", a.raw)
	}

	requests := c.Requests()
	if login := requests[len(requests)-1].Login; login == nil || login.Proof != "federated" {
		t.Errorf("logged %+v", login)
	}
}

// signed makes an assertion of a certificate.
func signed(t *testing.T, key *rsa.PrivateKey, der []byte, changes map[string]any, clock *clock, audience string, modern bool) string {
	t.Helper()

	sum1, sum256 := sha1.Sum(der), sha256.Sum256(der)
	header := map[string]any{"alg": "RS256", "typ": "JWT", "x5t": base64.RawURLEncoding.EncodeToString(sum1[:])}
	sign := func(key *rsa.PrivateKey, digest []byte) ([]byte, error) {
		return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest)
	}

	if modern {
		header = map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.StdEncoding.EncodeToString(sum256[:])}
		sign = func(key *rsa.PrivateKey, digest []byte) ([]byte, error) {
			return rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest, nil)
		}
	}

	claims := map[string]any{
		"aud": audience, "iss": graph.DefaultClientID, "sub": graph.DefaultClientID,
		"nbf": clock.Now().Unix(), "exp": clock.Now().Add(10 * time.Minute).Unix(),
	}
	maps.Copy(claims, changes)

	var parts []string

	for _, part := range []map[string]any{header, claims} {
		encoded, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}

		parts = append(parts, base64.RawURLEncoding.EncodeToString(encoded))
	}

	digest := sha256.Sum256([]byte(strings.Join(parts, ".")))

	signature, err := sign(key, digest[:])
	if err != nil {
		t.Fatal(err)
	}

	return strings.Join(append(parts, base64.RawURLEncoding.EncodeToString(signature)), ".")
}

func TestACertificateIsHeldAgainstItsSignature(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}

	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"},
		NotBefore: c.clock.Now().Add(-time.Hour), NotAfter: c.clock.Now().Add(30 * 24 * time.Hour),
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}

	c.SetClient(graph.Client{
		ID:              graph.DefaultClientID,
		CertificatesPEM: []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))},
	})

	audience := c.URL() + "/" + customer + "/oauth2/v2.0/token"
	try := func(assertion string) answer {
		form := c.secret()
		form.Del("client_secret")
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)

		return c.login(customer, form)
	}

	for _, modern := range []bool{false, true} {
		c.want(try(signed(t, key, der, nil, c.clock, audience, modern)), http.StatusOK)
	}

	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}

	for name, tc := range map[string]struct{ assertion, code string }{
		"another key":         {signed(t, other, der, nil, c.clock, audience, true), "AADSTS700027"},
		"another certificate": {signed(t, key, []byte("other"), nil, c.clock, audience, true), "AADSTS700027"},
		"another audience":    {signed(t, key, der, nil, c.clock, "https://example.com", true), "AADSTS700023"},
		"another issuer":      {signed(t, key, der, map[string]any{"iss": user}, c.clock, audience, true), "AADSTS700021"},
		"an expired one": {
			signed(t, key, der, map[string]any{"exp": c.clock.Now().Add(-time.Hour).Unix()}, c.clock, audience, true), "AADSTS700024",
		},
	} {
		if a := try(tc.assertion); !strings.HasPrefix(a.text("error_description"), tc.code) {
			t.Errorf("%s: answered %s", name, a.raw)
		}
	}
}

func TestSecretsAreNotLoggedAndHaveNoBusinessInAnAddress(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{ClientSecret: "Zq8-secret"})
	form := c.secret()
	c.want(c.send(http.MethodPost, "/"+customer+"/oauth2/v2.0/token?client_secret=Zq8-secret", form.Encode(),
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}), http.StatusOK)

	logged, err := json.Marshal(c.Requests())
	if err != nil {
		t.Fatal(err)
	}

	for _, secret := range append(c.IssuedTokens(), "Zq8-secret") {
		if strings.Contains(string(logged), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}

	if len(c.Violations()) != 1 {
		t.Errorf("noticed %q", c.Violations())
	}
}
