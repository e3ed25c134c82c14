package vb365

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// TLSConfig says which server certificate to trust. With none of its fields set
// the system's roots decide.
type TLSConfig struct {
	// CACertificatePEM holds roots to trust beside the system's.
	CACertificatePEM string
	// CertificateSHA256 pins the server's own certificate: exactly this one is
	// trusted, whatever its names, chain and dates. Hex, colons allowed.
	CertificateSHA256 string
	// InsecureSkipVerify trusts any certificate.
	InsecureSkipVerify bool
}

// ParsePin returns the SHA-256 fingerprint of a text of 64 hex digits, with or without colons.
func ParsePin(s string) ([]byte, error) {
	digits := strings.NewReplacer(":", "", " ", "").Replace(s)
	pin, err := hex.DecodeString(digits)
	if err != nil || len(pin) != sha256.Size {
		return nil, errors.New("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons")
	}
	return pin, nil
}

// errPinMismatch is why a handshake with a pinned certificate failed.
var errPinMismatch = errors.New("it is not the certificate that is pinned")

func (t TLSConfig) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CACertificatePEM != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM([]byte(t.CACertificatePEM)) {
			return nil, errors.New("the CA certificate holds no PEM certificate that can be read")
		}
		cfg.RootCAs = roots
	}
	switch {
	case t.CertificateSHA256 != "":
		pin, err := ParsePin(t.CertificateSHA256)
		if err != nil {
			return nil, err
		}
		// The pin replaces chain and name checks: VB365's self-signed
		// certificates have neither a chain nor, often, a subject alternative name.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = func(state tls.ConnectionState) error {
			leaf := state.PeerCertificates[0]
			sum := sha256.Sum256(leaf.Raw)
			if subtle.ConstantTimeCompare(sum[:], pin) == 1 {
				return nil
			}
			return &tls.CertificateVerificationError{
				UnverifiedCertificates: state.PeerCertificates, Err: errPinMismatch,
			}
		}
	case t.InsecureSkipVerify:
		cfg.InsecureSkipVerify = true
	}
	return cfg, nil
}

// transport carries out single attempts: it bounds how many are in flight and
// how long each takes, reads the answer whole, so that a connection which breaks
// in the middle of a body is a failed attempt, and reports each.
type transport struct {
	next     http.RoundTripper
	slots    chan struct{}
	endpoint string
	agent    string
	timeout  time.Duration
	observe  func(context.Context, Exchange)
}

func newTransport(cfg Config) (*transport, error) {
	tlsConfig, err := cfg.TLS.config()
	if err != nil {
		return nil, err
	}
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("http.DefaultTransport was replaced by something that cannot be cloned")
	}
	next := base.Clone()
	next.TLSClientConfig = tlsConfig
	next.MaxIdleConnsPerHost = cfg.MaxConcurrentRequests
	return &transport{
		next:     next,
		slots:    make(chan struct{}, cfg.MaxConcurrentRequests),
		endpoint: strings.TrimRight(cfg.Endpoint, "/"),
		agent:    cfg.UserAgent,
		timeout:  cfg.RequestTimeout,
		observe:  cfg.Observe,
	}, nil
}

// slow marks the context of a request that may take long by nature, such as a listing.
type slowKey struct{}

func slow(ctx context.Context) context.Context { return context.WithValue(ctx, slowKey{}, true) }

// slowFactor is how much longer than another request a listing may take.
const slowFactor = 10

// RoundTrip implements [http.RoundTripper]. Its errors are [UnreachableError] and [CertificateError].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return nil, &UnreachableError{Endpoint: t.endpoint, Err: ctx.Err()}
	}
	timeout := t.timeout
	if ctx.Value(slowKey{}) != nil {
		timeout *= slowFactor
	}
	attempt, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it did not answer within %s", timeout))
	defer cancel()
	var sent atomic.Bool
	attempt = httptrace.WithClientTrace(attempt, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	})
	out := req.Clone(attempt)
	if t.agent != "" {
		out.Header.Set("User-Agent", t.agent)
	}
	start := time.Now()
	resp, err := t.exchange(out)
	if err != nil {
		err = t.explain(attempt, err, sent.Load())
	}
	if t.observe != nil {
		e := Exchange{Method: req.Method, Path: req.URL.RequestURI(), Took: time.Since(start), Err: err}
		if resp != nil {
			e.Status = resp.StatusCode
		}
		t.observe(ctx, e)
	}
	return resp, err
}

func (t *transport) exchange(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// explain turns a failed attempt into a typed error.
func (t *transport) explain(ctx context.Context, err error, sent bool) error {
	var invalid *tls.CertificateVerificationError
	if errors.As(err, &invalid) && len(invalid.UnverifiedCertificates) > 0 {
		leaf := invalid.UnverifiedCertificates[0]
		sum := sha256.Sum256(leaf.Raw)
		return &CertificateError{
			Endpoint: t.endpoint, SHA256: hex.EncodeToString(sum[:]), Subject: leaf.Subject.String(), Err: invalid.Err,
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return &UnreachableError{Endpoint: t.endpoint, Err: err, Sent: sent}
}

const (
	minBackoff = 250 * time.Millisecond
	maxBackoff = 20 * time.Second
	// maxRetryAfter is the longest wait that a server may ask for.
	maxRetryAfter = 2 * time.Minute
)

// newDoers returns a doer that sends once and one that repeats. Redirects are
// not followed: VB365 has none, and a token must not travel elsewhere.
func newDoers(rt http.RoundTripper, cfg Config) (once, retrier doer) {
	client := &http.Client{
		Transport: rt,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	repeat := &retryablehttp.Client{
		HTTPClient:   client,
		RetryWaitMin: minBackoff,
		RetryWaitMax: maxBackoff,
		RetryMax:     max(cfg.MaxRetries, 0),
		CheckRetry:   worthRetrying,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return client, retryingDoer{repeat}
}

type retryingDoer struct{ client *retryablehttp.Client }

func (d retryingDoer) Do(req *http.Request) (*http.Response, error) {
	wrapped, err := retryablehttp.FromRequest(req)
	if err != nil {
		return nil, err
	}
	return d.client.Do(wrapped)
}

// worthRetrying decides by the kind of failure; whether the request may be
// repeated at all was decided by choosing the doer.
func worthRetrying(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if _, ok := errors.AsType[*CertificateError](err); ok {
		return false, err
	}
	if err != nil {
		return true, nil //nolint:nilerr // the library keeps the error for the case that this was the last attempt
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	}
	return false, nil
}

// backoff waits as long as the server asks, else exponentially longer with full
// jitter, so that many clients do not come back together.
func backoff(minWait, maxWait time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if asked := retryAfter(resp.Header); asked > 0 {
			return asked
		}
	}
	ceiling := min(maxWait, minWait<<min(attempt, 10))
	return minWait/2 + rand.N(ceiling) //nolint:gosec // jitter needs no secrecy
}

// retryAfter returns how long the server asks to be left alone, within reason; zero when it does not.
func retryAfter(header http.Header) time.Duration {
	if header.Get("Retry-After") == "" {
		return 0
	}
	// The library reads both forms of the header, but honours them for two statuses only.
	asked := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: header}
	return min(retryablehttp.DefaultBackoff(0, 0, 0, asked), maxRetryAfter)
}
