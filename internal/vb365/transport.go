package vb365

import (
	"bytes"
	"context"
	"crypto/tls"
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

	"github.com/vb365/terraform-provider-vb365/internal/trust"
)

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
	tlsConfig, err := cfg.TLS.TLS()
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
		return &CertificateError{
			Endpoint: t.endpoint, SHA256: trust.Fingerprint(leaf), Subject: leaf.Subject.String(), Err: invalid.Err,
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
