package entra

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Errors of configurations from which no login can be made.
var (
	// ErrNoCredential is returned when nothing says how to log in.
	ErrNoCredential = errors.New("no credential")
	// ErrNoClientID is returned when a credential needs an application id and there is none.
	ErrNoClientID = errors.New("no client id of the application that logs in")
)

// Credential is a way to prove who logs in: [ClientSecret], [ClientCertificate],
// [FederatedToken], [ManagedIdentity] or [AzureCLI].
type Credential interface {
	connect(setup credentialSetup) (azcore.TokenCredential, error)
}

// credentialSetup is what all credentials are made with.
type credentialSetup struct {
	tenant, client string
	options        azcore.ClientOptions
	// exchange is the audience of tokens that are exchanged for the application's own.
	exchange string
	// private clouds are unknown to Microsoft's directory of instances.
	private bool
	// http repeats what fails in passing, which the libraries do by themselves in options.
	http *http.Client
}

func newCredentialSetup(cfg Config, place cloud, base http.RoundTripper) credentialSetup {
	client := &http.Client{Transport: base}
	tenant := cfg.TenantID
	if tenant == "" {
		tenant = "organizations" // each request names its tenant
	}
	return credentialSetup{
		tenant: tenant, client: cfg.ClientID, exchange: place.exchange,
		private: cfg.AuthorityHost != "",
		http:    &http.Client{Transport: &repeater{next: base, clock: cfg.Clock, limit: max(cfg.MaxRetries, 0)}},
		options: azcore.ClientOptions{
			Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: strings.TrimRight(place.authority, "/") + "/"},
			Transport: client,
			Retry:     policy.RetryOptions{MaxRetries: int32(min(max(cfg.MaxRetries, -1), 10))},
			Telemetry: policy.TelemetryOptions{Disabled: true},
		},
	}
}

// anyTenant allows one credential to enter every tenant that lets it in.
func anyTenant() []string { return []string{"*"} }

// ClientSecret is a secret of the application.
type ClientSecret struct{ Secret string }

func (c ClientSecret) connect(s credentialSetup) (azcore.TokenCredential, error) {
	if s.client == "" {
		return nil, ErrNoClientID
	}
	return azidentity.NewClientSecretCredential(s.tenant, s.client, c.Secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: s.options, AdditionallyAllowedTenants: anyTenant(), DisableInstanceDiscovery: s.private,
	})
}

// ClientCertificate is a certificate of the application with its private key.
type ClientCertificate struct {
	// PFX is a PKCS#12 container in base64.
	PFX      string
	Password string
}

func (c ClientCertificate) connect(s credentialSetup) (azcore.TokenCredential, error) {
	if s.client == "" {
		return nil, ErrNoClientID
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.PFX), ""))
	if err != nil {
		return nil, errors.New("the client certificate is not base64; expected a PFX file, such as filebase64(\"client.pfx\") gives")
	}
	certificates, key, err := azidentity.ParseCertificates(data, []byte(c.Password))
	if err != nil {
		return nil, fmt.Errorf("the client certificate cannot be opened: wrong password, or not a PFX file with one RSA key "+
			"in the classic encryption (openssl pkcs12 -export -legacy): %w", err)
	}
	return azidentity.NewClientCertificateCredential(s.tenant, s.client, certificates, key, &azidentity.ClientCertificateCredentialOptions{
		ClientOptions: s.options, AdditionallyAllowedTenants: anyTenant(), DisableInstanceDiscovery: s.private,
	})
}

// FederatedToken is a token of another issuer that the application trusts: of a
// CI system, or of a Kubernetes workload. The first of its sources that is set
// is used; files and request URLs are asked anew for each login, as such tokens
// live for minutes.
type FederatedToken struct {
	Token     string
	TokenFile string
	// RequestURL and RequestToken are how GitHub Actions issues tokens.
	RequestURL, RequestToken string
}

func (f FederatedToken) connect(s credentialSetup) (azcore.TokenCredential, error) {
	var assertion func(context.Context) (string, error)
	switch {
	case f.Token != "":
		assertion = func(context.Context) (string, error) { return f.Token, nil }
	case f.TokenFile != "":
		assertion = func(context.Context) (string, error) {
			data, err := os.ReadFile(f.TokenFile)
			return strings.TrimSpace(string(data)), err
		}
	case f.RequestURL != "" && f.RequestToken != "":
		assertion = func(ctx context.Context) (string, error) { return f.request(ctx, s) }
	default:
		return nil, errors.New("there is no OIDC token: neither a token, nor a file, nor a URL and a token to request one")
	}
	return s.exchanging(assertion)
}

// request asks GitHub Actions for a token.
func (f FederatedToken) request(ctx context.Context, s credentialSetup) (string, error) {
	u, err := url.Parse(f.RequestURL)
	if err != nil {
		return "", errors.New("the URL to request an OIDC token from is malformed")
	}
	query := u.Query()
	query.Set("audience", s.exchange)
	u.RawQuery = query.Encode()
	// What is recorded is the call to Graph that needs the token, not this one.
	apart := context.WithValue(ctx, tripKey{}, (*trip)(nil))
	req, err := http.NewRequestWithContext(apart, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+f.RequestToken)
	req.Header.Set("Accept", "application/json")
	resp, err := s.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	var issued struct {
		Value string `json:"value"`
	}
	if resp.StatusCode != http.StatusOK || json.Unmarshal(body, &issued) != nil || issued.Value == "" {
		return "", fmt.Errorf("%s issued no OIDC token but answered %s; does the job have the permission id-token: write?", u.Host, resp.Status)
	}
	return issued.Value, nil
}

// ManagedIdentity is the identity of the Azure machine that the program runs
// on. It is known in its own tenant only, so that its token serves to prove, to
// other tenants, that a multi-tenant application which trusts it logs in.
type ManagedIdentity struct {
	// ClientID chooses among several user-assigned identities; empty: the machine's only one.
	ClientID string
}

func (m ManagedIdentity) connect(s credentialSetup) (azcore.TokenCredential, error) {
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: s.options}
	if m.ClientID != "" {
		options.ID = azidentity.ClientID(m.ClientID)
	}
	identity, err := azidentity.NewManagedIdentityCredential(options)
	if err != nil {
		return nil, err
	}
	return s.exchanging(func(ctx context.Context) (string, error) {
		token, err := identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{s.exchange + "/.default"}})
		return token.Token, err
	})
}

// exchanging returns a credential that exchanges another issuer's token for the application's own.
func (s credentialSetup) exchanging(assertion func(context.Context) (string, error)) (azcore.TokenCredential, error) {
	if s.client == "" {
		return nil, ErrNoClientID
	}
	return azidentity.NewClientAssertionCredential(s.tenant, s.client, assertion, &azidentity.ClientAssertionCredentialOptions{
		ClientOptions: s.options, AdditionallyAllowedTenants: anyTenant(), DisableInstanceDiscovery: s.private,
	})
}

// AzureCLI is the person who is logged in with `az login`. The command keeps
// nothing for its callers and starts a process for each token, so that the
// client asks it once per tenant.
type AzureCLI struct{}

func (AzureCLI) connect(s credentialSetup) (azcore.TokenCredential, error) {
	options := &azidentity.AzureCLICredentialOptions{AdditionallyAllowedTenants: anyTenant()}
	if s.tenant != "organizations" {
		options.TenantID = s.tenant
	}
	command, err := azidentity.NewAzureCLICredential(options)
	if err != nil {
		return nil, err
	}
	return &commandLine{next: command, timeout: commandTimeout}, nil
}

// commandTimeout is how long the Azure CLI may take for a token: a start takes
// seconds, on a busy machine more than the ten that the library allows.
const commandTimeout = time.Minute

// commandLine asks the Azure CLI for one token at a time, and tells a command
// that took too long from one that said no.
type commandLine struct {
	next    azcore.TokenCredential
	timeout time.Duration
	turn    sync.Mutex
}

// GetToken implements [azcore.TokenCredential].
func (c *commandLine) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.turn.Lock() // so that the time of one does not begin while it waits for the others
	defer c.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	token, err := c.next.GetToken(ctx, options)
	if err != nil && ctx.Err() != nil {
		err = &UnreachableError{Host: "the Azure CLI", Err: fmt.Errorf("az account get-access-token did not end within %s", c.timeout)}
	}
	return token, err
}
