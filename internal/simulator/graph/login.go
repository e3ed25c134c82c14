package graph

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// loginError is a refused login as Entra writes it.
type loginError struct {
	status int
	// kind is OAuth's error.
	kind string
	// code is the number behind AADSTS.
	code    int
	message string
}

// Error implements the error interface.
func (l *loginError) Error() string {
	return fmt.Sprintf("AADSTS%d: %s", l.code, l.message)
}

// The errors of OAuth that Entra answers logins with.
const (
	invalidClient  = "invalid_client"
	invalidRequest = "invalid_request"
	invalidGrant   = "invalid_grant"
	unauthorized   = "unauthorized_client"
)

func tenantUnknown(name string) *loginError {
	return &loginError{http.StatusBadRequest, invalidRequest, 90002, fmt.Sprintf("Tenant '%s' not found. "+
		"Check to make sure you have the correct tenant ID and are signing into the correct cloud. "+
		"Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", name)}
}

func clientUnknown(clientID string, t *tenant) *loginError {
	return &loginError{http.StatusBadRequest, unauthorized, 700016, fmt.Sprintf("Application with identifier '%s' was not "+
		"found in the directory '%s'. This can happen if the application has not been installed by the administrator of the "+
		"tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
		clientID, t.DisplayName)}
}

func secretWrong(clientID string) *loginError {
	return &loginError{http.StatusUnauthorized, invalidClient, 7000215, fmt.Sprintf("Invalid client secret provided. "+
		"Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret "+
		"added to app '%s'.", clientID)}
}

func secretExpired(clientID string) *loginError {
	return &loginError{http.StatusUnauthorized, invalidClient, 7000222, fmt.Sprintf("The provided client secret keys for app "+
		"'%s' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider "+
		"using certificate credentials for added security: https://aka.ms/certCreds.", clientID)}
}

// refused is the login failure that [Server.RefuseLogins] asks for.
func refused(code, clientID string, t *tenant) *loginError {
	switch code {
	case "AADSTS90002":
		return tenantUnknown(t.ID)
	case "AADSTS700016":
		return clientUnknown(clientID, t)
	case "AADSTS7000215":
		return secretWrong(clientID)
	case "AADSTS7000222":
		return secretExpired(clientID)
	case "AADSTS65001":
		return &loginError{http.StatusBadRequest, invalidGrant, 65001, fmt.Sprintf("The user or administrator has not "+
			"consented to use the application with ID '%s'. Send an interactive authorization request for this user and resource.", clientID)}
	case "AADSTS53003":
		return &loginError{http.StatusBadRequest, invalidGrant, 53003, "Access has been blocked by Conditional Access policies. " +
			"The access policy does not allow token issuance."}
	}

	failure := &loginError{http.StatusBadRequest, invalidRequest, 0, "The login was refused."}

	// A code that is no number is as good as none.
	_, _ = fmt.Sscanf(code, "AADSTS%d", &failure.code)

	return failure
}

// serveLogin answers requests to the login service.
func (f *face) serveLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Date", f.server.Options().Clock().UTC().Format(http.TimeFormat))

	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")

	switch {
	case strings.EqualFold(r.URL.Path, instancePath):
		f.note(r, func(entry *Request) { entry.Route = instancePath })
		f.serveInstance(w, r)
	case strings.EqualFold(rest, "v2.0/.well-known/openid-configuration"):
		f.note(r, func(entry *Request) { entry.Route = "/{tenant}/" + rest })
		f.serveDiscovery(w, name)
	case strings.EqualFold(rest, "oauth2/v2.0/token"):
		f.serveToken(w, r, name)
	default:
		f.rules.reportf(r, "the login service has no such resource")
		w.WriteHeader(http.StatusNotFound)
	}
}

// serveInstance tells which login services are one.
func (f *face) serveInstance(w http.ResponseWriter, r *http.Request) {
	discovery := f.server.URL() + "/common/v2.0/.well-known/openid-configuration"

	if asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint")); err == nil {
		if name, _, found := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/"); found {
			discovery = f.server.URL() + "/" + name + "/v2.0/.well-known/openid-configuration"
		}
	}

	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": discovery,
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": f.server.address,
			"preferred_cache":   f.server.address,
			"aliases":           []string{f.server.address},
		}},
	})
}

// serveDiscovery tells where tokens of a tenant are issued.
func (f *face) serveDiscovery(w http.ResponseWriter, name string) {
	known := read(f.state, func() bool {
		_, found := f.state.tenant(name)

		return found
	})
	if !known && !multiTenant(name) {
		failure := tenantUnknown(name)
		failure.kind = "invalid_tenant"
		f.failLogin(w, failure)

		return
	}

	base := f.server.URL() + "/" + name
	writeJSON(w, http.StatusOK, map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"issuer":                                base + "/v2.0",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
		"response_types_supported":              []string{"code", "id_token", "token"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

// multiTenant tells whether a name stands for no tenant in particular.
func multiTenant(name string) bool {
	return strings.EqualFold(name, "common") || strings.EqualFold(name, "organizations")
}

// serveToken issues a token for an application that logs in.
func (f *face) serveToken(w http.ResponseWriter, r *http.Request, name string) {
	f.rules.checkLogin(r)

	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)

		return
	}

	if err := r.ParseForm(); err != nil {
		f.failLogin(w, &loginError{http.StatusBadRequest, invalidRequest, 900144, "The request body cannot be read."})

		return
	}

	form := r.PostForm
	knobs := f.server.Options()

	f.state.mu.Lock()
	defer f.state.mu.Unlock()

	t, known := f.state.tenant(name)

	f.note(r, func(entry *Request) {
		entry.Route = "/{tenant}/oauth2/v2.0/token"
		entry.Login = &LoginRequest{
			ClientID: form.Get("client_id"), Grant: form.Get("grant_type"), Scope: form.Get("scope"), Proof: proofOf(form),
		}

		if known {
			entry.Tenant = t.ID
		}
	})

	if !known {
		f.failLogin(w, tenantUnknown(name))

		return
	}

	t.logins++

	permissions, err := f.logIn(t, name, form, knobs)
	if err != nil {
		f.failLogin(w, err)

		return
	}

	issued := "sim." + randomText()
	f.state.issued = append(f.state.issued, issued)
	f.state.tokens[issued] = token{
		tenant: t.ID, client: key(form.Get("client_id")), permissions: permissions,
		expires: knobs.Clock().Add(knobs.TokenLifetime),
	}

	lifetime := int(knobs.TokenLifetime.Seconds()) - 1
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": issued,
	})
}

// proofOf names the way in which a client proves who it is.
func proofOf(form url.Values) string {
	switch {
	case form.Get("client_secret") != "":
		return "secret"
	case form.Get("client_assertion") == "":
		return ""
	case parseAssertion(form.Get("client_assertion")).certified():
		return "certificate"
	default:
		return "federated"
	}
}

// logIn checks who logs in, and returns what it may do in the tenant.
func (f *face) logIn(t *tenant, name string, form url.Values, knobs Options) ([]string, *loginError) {
	clientID := form.Get("client_id")
	if t.refusal != "" {
		return nil, refused(t.refusal, clientID, t)
	}

	if form.Get("grant_type") != "client_credentials" {
		return nil, &loginError{
			http.StatusBadRequest, "unsupported_grant_type", 70003,
			fmt.Sprintf("The app requested an unsupported grant type '%s'.", form.Get("grant_type")),
		}
	}

	client, known := f.state.clients[key(clientID)]
	if !known {
		return nil, clientUnknown(clientID, t)
	}

	permissions, admitted := t.permissions(client)
	if !admitted {
		return nil, clientUnknown(clientID, t)
	}

	if !f.ownScope(form.Get("scope")) {
		return nil, &loginError{http.StatusBadRequest, "invalid_resource", 500011, fmt.Sprintf("The resource principal named %s "+
			"was not found in the tenant named %s.", form.Get("scope"), t.DisplayName)}
	}

	audiences := []string{f.server.URL() + "/" + name + "/oauth2/v2.0/token", f.server.URL() + "/" + t.ID + "/v2.0"}

	return permissions, client.prove(form, audiences, knobs.Clock())
}

// ownScope tells whether a token is asked for that is for this Graph.
func (f *face) ownScope(scope string) bool {
	for word := range strings.FieldsSeq(scope) {
		resource, isDefault := strings.CutSuffix(word, "/.default")
		if isDefault && (resource == f.server.URL() || resource == "https://graph.microsoft.com") {
			return true
		}
	}

	return false
}

// prove checks the secret or the assertion of a client.
func (c Client) prove(form url.Values, audiences []string, now time.Time) *loginError {
	if secret := form.Get("client_secret"); secret != "" {
		return c.proveSecret(secret, now)
	}

	const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	assertion := form.Get("client_assertion")
	if assertion == "" || form.Get("client_assertion_type") != jwtBearer {
		return &loginError{http.StatusUnauthorized, invalidClient, 7000218, "The request body must contain the following " +
			"parameter: 'client_assertion' or 'client_secret'."}
	}

	if parsed := parseAssertion(assertion); parsed.certified() {
		return c.proveCertificate(parsed, audiences, now)
	}

	for _, trusted := range c.FederatedTokens {
		if trusted.Value == assertion && !trusted.expired(now) {
			return nil
		}

		if trusted.Value == assertion {
			return assertionExpired(trusted.Expires, now)
		}
	}

	return &loginError{http.StatusUnauthorized, invalidClient, 700213, "No matching federated identity record found for " +
		"presented assertion subject. Check your federated identity credential Subject, Audience and Issuer against the presented assertion."}
}

func (c Client) proveSecret(secret string, now time.Time) *loginError {
	for _, own := range c.Secrets {
		if own.Value == secret && own.expired(now) {
			return secretExpired(c.ID)
		}

		if own.Value == secret {
			return nil
		}
	}

	return secretWrong(c.ID)
}

// failLogin writes a refused login.
func (f *face) failLogin(w http.ResponseWriter, failure *loginError) {
	trace, correlation := newGUID(), newGUID()
	now := f.server.Options().Clock().UTC().Format("2006-01-02 15:04:05Z")

	writeJSON(w, failure.status, map[string]any{
		"error": failure.kind,
		"error_description": fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s",
			failure.Error(), trace, correlation, now),
		"error_codes":    []int{failure.code},
		"timestamp":      now,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      fmt.Sprintf("%s/error?code=%d", f.server.URL(), failure.code),
	})
}

func randomText() string {
	const length = 32

	bytes := make([]byte, length)

	// crypto/rand.Read never fails.
	_, _ = rand.Read(bytes)

	return base64.RawURLEncoding.EncodeToString(bytes)
}
