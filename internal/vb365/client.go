package vb365

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
)

// Defaults of [Config], used for fields that are zero.
const (
	// DefaultRequestTimeout is how long one request may take.
	DefaultRequestTimeout = 60 * time.Second
	// DefaultMaxRetries is how often a request that may be repeated is repeated.
	DefaultMaxRetries = 5
	// DefaultMaxConcurrentRequests is how many requests may be in flight.
	DefaultMaxConcurrentRequests = 16
)

// Config says how to reach and log in to a VB365 REST service.
type Config struct {
	// Endpoint is the service's base URL, such as https://vb365.example.com:4443.
	Endpoint string
	// Username and Password belong to an account that may administer the server
	// and that is flagged as a service account (REST cannot answer MFA).
	Username, Password string
	// APIVersion pins the API version; zero finds the newest that is served.
	APIVersion Version
	// TLS says which server certificate to trust.
	TLS trust.Config
	// RequestTimeout bounds one attempt of one request; listings may take ten times as long.
	RequestTimeout time.Duration
	// MaxRetries bounds the repetitions of a request that may be repeated; negative means none.
	MaxRetries int
	// MaxConcurrentRequests bounds the requests in flight.
	MaxConcurrentRequests int
	// UserAgent is sent with every request.
	UserAgent string
	// Observe, if set, is told of every attempt, after it ended.
	Observe func(context.Context, Exchange)
}

// Exchange is what may be told of one HTTP attempt: nothing in it is secret.
type Exchange struct {
	Method string
	Path   string // with the query, without host
	Status int    // 0 when no answer came
	Took   time.Duration
	Err    error // why no answer came
}

// Client talks to one VB365 REST service. It is safe for concurrent use.
type Client struct {
	cfg     Config
	base    atomic.Pointer[url.URL]
	retrier doer // repeats what may be repeated
	once    doer // sends exactly once
	session *session
	shared  *memo
	finders *finders
	entries entryStyle
}

// doer sends one request and returns its answer with the body read.
type doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// New returns a client for cfg. It contacts nothing. The error names the field
// of cfg that cannot be used.
func New(cfg Config) (*Client, error) {
	base, err := ParseEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	if cfg.RequestTimeout <= 0 {
		cfg.RequestTimeout = DefaultRequestTimeout
	}
	if cfg.MaxRetries == 0 {
		cfg.MaxRetries = DefaultMaxRetries
	}
	if cfg.MaxConcurrentRequests <= 0 {
		cfg.MaxConcurrentRequests = DefaultMaxConcurrentRequests
	}
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, shared: newMemo()}
	c.base.Store(base)
	c.once, c.retrier = newDoers(transport, cfg)
	c.session = newSession(c)
	c.finders = newFinders()
	return c, nil
}

// ParseEndpoint parses the base URL of a VB365 REST service: https, a host, and
// nothing but an optional port beside them.
func ParseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(endpoint))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL; expected the form https://host:4443", endpoint)
	case u.Scheme != "https":
		return nil, fmt.Errorf("%q does not begin with https://; the VB365 REST service speaks HTTPS only, "+
			"by default on port 4443: https://host:4443", endpoint)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q names no host; expected the form https://host:4443", endpoint)
	case u.User != nil:
		return nil, fmt.Errorf("the endpoint must not hold a user name or password; use username and password")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q has a path, query or fragment; expected the form https://host:4443, "+
			"without the API version", endpoint)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// Endpoint returns the base URL that the client talks to.
func (c *Client) Endpoint() string { return c.base.Load().String() }

// FollowPort makes the client talk to another port of the same host from now on,
// if the service listened on the port from and the client talked to that: one
// that goes through a proxy or a forwarded port stays with it.
func (c *Client) FollowPort(from, to int) {
	base := c.base.Load()
	port := base.Port()
	if port == "" {
		port = "443"
	}
	if port != strconv.Itoa(from) {
		return
	}
	moved := *base
	moved.Host = net.JoinHostPort(base.Hostname(), strconv.Itoa(to))
	c.base.Store(&moved)
}
