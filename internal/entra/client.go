package entra

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Defaults of [Config], used for fields that are zero.
const (
	// DefaultRequestTimeout is how long one request may take.
	DefaultRequestTimeout = 60 * time.Second
	// DefaultMaxRetries is how often a request that may be repeated is repeated.
	DefaultMaxRetries = 5
	// DefaultMaxConcurrentRequests is how many requests may be in flight, in all tenants together.
	DefaultMaxConcurrentRequests = 16
)

// GraphAppID is the application id of Microsoft Graph itself, in every tenant and cloud.
const GraphAppID = "00000003-0000-0000-c000-000000000000"

// Config says which cloud to talk to and as whom.
type Config struct {
	// Environment is the cloud; Worldwide if empty.
	Environment Environment
	// TenantID is the application's home tenant: a GUID or a verified domain. It
	// may be empty where only other tenants are asked about.
	TenantID string
	// ClientID is the application that logs in; not needed for the Azure CLI.
	ClientID string
	// Credential is how it proves who it is.
	Credential Credential
	// AuthorityHost and GraphEndpoint replace the environment's own hosts; for
	// private clouds. Both are of the form https://host.
	AuthorityHost, GraphEndpoint string
	// CACertificatePEM holds roots to trust beside the system's.
	CACertificatePEM string
	// RequestTimeout bounds one attempt of one request.
	RequestTimeout time.Duration
	// MaxRetries bounds the repetitions of a request that may be repeated;
	// negative means none. Waiting because Graph asks for it does not count.
	MaxRetries int
	// MaxConcurrentRequests bounds the requests in flight.
	MaxConcurrentRequests int
	// UserAgent is sent with every request.
	UserAgent string
	// Observe, if set, is told of every attempt, after it ended.
	Observe func(context.Context, Exchange)
	// Clock is the system's if nil.
	Clock Clock
}

// Exchange is what may be told of one HTTP attempt: nothing in it is secret.
type Exchange struct {
	Host   string
	Method string
	Path   string // with the query
	// Tenant is the one that the request was made for.
	Tenant    string
	Status    int // 0 when no answer came
	RequestID string
	Took      time.Duration
	Err       error // why no answer came
}

// Client enters tenants with one credential. It is safe for concurrent use.
type Client struct {
	cfg    Config
	graph  *url.URL
	login  *url.URL
	http   *http.Client
	logins *logins
	clock  Clock

	mu      sync.Mutex
	tenants map[string]*Tenant
}

// New returns a client for cfg. It contacts nothing. The error says which part
// of cfg cannot be used.
func New(cfg Config) (*Client, error) {
	place, known := cfg.Environment.cloud()
	if !known {
		return nil, fmt.Errorf("there is no environment %q", cfg.Environment)
	}
	if cfg.AuthorityHost != "" {
		place.authority = cfg.AuthorityHost
	}
	if cfg.GraphEndpoint != "" {
		place.graph = cfg.GraphEndpoint
	}
	login, err := ParseHost(place.authority)
	if err != nil {
		return nil, fmt.Errorf("the authority host cannot be used: %w", err)
	}
	graph, err := ParseHost(place.graph)
	if err != nil {
		return nil, fmt.Errorf("the Graph endpoint cannot be used: %w", err)
	}
	cfg = withDefaults(cfg)
	base, err := newBaseTransport(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{
		cfg: cfg, graph: graph, login: login, clock: cfg.Clock,
		http: newGraphClient(base, cfg), tenants: map[string]*Tenant{},
	}
	c.logins, err = newLogins(cfg, place, base)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func withDefaults(cfg Config) Config {
	if cfg.RequestTimeout <= 0 {
		cfg.RequestTimeout = DefaultRequestTimeout
	}
	if cfg.MaxRetries == 0 {
		cfg.MaxRetries = DefaultMaxRetries
	}
	if cfg.MaxConcurrentRequests <= 0 {
		cfg.MaxConcurrentRequests = DefaultMaxConcurrentRequests
	}
	if cfg.Clock == nil {
		cfg.Clock = systemClock{}
	}
	return cfg
}

// Tenant returns access to a tenant, named by its GUID or a verified domain. It contacts nothing.
func (c *Client) Tenant(id string) (*Tenant, error) {
	key := strings.ToLower(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, known := c.tenants[key]; known {
		return t, nil
	}
	t, err := newTenant(c, key)
	if err != nil {
		return nil, err
	}
	c.tenants[key] = t
	return t, nil
}

// HomeTenantID returns the configured home tenant; empty if there is none.
func (c *Client) HomeTenantID() string { return strings.ToLower(c.cfg.TenantID) }

// ClientID returns the application that logs in; empty with the Azure CLI.
func (c *Client) ClientID() string { return c.cfg.ClientID }

// Now returns the time of the client's clock.
func (c *Client) Now() time.Time { return c.clock.Now() }

// Sleep passes d of the client's clock.
func (c *Client) Sleep(ctx context.Context, d time.Duration) error { return c.clock.Sleep(ctx, d) }

// AdminConsentURL returns the page on which an administrator of the tenant can
// consent to the application by hand.
func (c *Client) AdminConsentURL(tenant, application string) string {
	u := *c.login
	u.Path = "/" + tenant + "/adminconsent"
	u.RawQuery = url.Values{"client_id": {application}}.Encode()
	return u.String()
}
