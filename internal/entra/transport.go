package entra

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	khttp "github.com/microsoft/kiota-http-go"
)

// newBaseTransport returns the connections that logins and Graph calls share.
func newBaseTransport(cfg Config) (*attempts, error) {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("http.DefaultTransport was replaced by something that cannot be cloned")
	}
	next := base.Clone()
	next.MaxIdleConnsPerHost = cfg.MaxConcurrentRequests
	next.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CACertificatePEM != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM([]byte(cfg.CACertificatePEM)) {
			return nil, errors.New("the CA certificate holds no PEM certificate that can be read")
		}
		next.TLSClientConfig.RootCAs = roots
	}
	return &attempts{
		next: next, slots: make(chan struct{}, cfg.MaxConcurrentRequests),
		agent: cfg.UserAgent, timeout: cfg.RequestTimeout, observe: cfg.Observe,
	}, nil
}

// newGraphClient returns the HTTP client that the SDK calls Graph with. Of the
// SDK's own middleware only that which writes "$filter" for "%24filter" is used:
// its compression spoils bodies that are sent again, and its client ends every
// call, waits included, after 100 seconds. Redirects are not followed: Graph
// has none, and a token must not travel elsewhere.
func newGraphClient(base http.RoundTripper, cfg Config) *http.Client {
	repeat := &repeater{next: base, clock: cfg.Clock, limit: max(cfg.MaxRetries, 0)}
	return &http.Client{
		Transport: khttp.NewCustomTransportWithParentTransport(repeat, khttp.NewParametersNameDecodingHandler()),
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// attempts carries out single attempts: it bounds how many are in flight and how
// long each takes, reads the answer whole, so that a connection which breaks in
// the middle of a body is a failed attempt, and reports each.
type attempts struct {
	next    http.RoundTripper
	slots   chan struct{}
	agent   string
	timeout time.Duration
	observe func(context.Context, Exchange)
}

// RoundTrip implements [http.RoundTripper]. Its errors are [UnreachableError].
func (a *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done():
		return nil, &UnreachableError{Host: req.URL.Host, Err: context.Cause(ctx)}
	}
	base := ctx
	if req.Method != http.MethodGet && ctx.Err() == nil {
		// A write that is on its way is not cut in half: what it did is to be known.
		base = context.WithoutCancel(ctx)
	}
	attempt, cancel := context.WithTimeoutCause(base, a.timeout, fmt.Errorf("it did not answer within %s", a.timeout))
	defer cancel()
	var sent atomic.Bool
	attempt = httptrace.WithClientTrace(attempt, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
	})
	out := req.Clone(attempt)
	if a.agent != "" {
		out.Header.Set("User-Agent", a.agent)
	}
	start := time.Now()
	resp, err := a.exchange(out)
	if err != nil {
		if cause := context.Cause(attempt); cause != nil {
			err = cause
		}
		unreachable := &UnreachableError{Host: req.URL.Host, Err: err, Sent: sent.Load()}
		err = unreachable
	}
	noteOutcome(ctx, req.URL.Host, resp, err)
	a.report(ctx, req, resp, err, time.Since(start))
	return resp, err
}

func (a *attempts) exchange(req *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(req)
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

func (a *attempts) report(ctx context.Context, req *http.Request, resp *http.Response, err error, took time.Duration) {
	if a.observe == nil {
		return
	}
	e := Exchange{Host: req.URL.Host, Method: req.Method, Path: req.URL.RequestURI(), Took: took, Err: err}
	if t := tripOf(ctx); t != nil {
		e.Tenant = t.tenant
	}
	if resp != nil {
		e.Status = resp.StatusCode
		e.RequestID = resp.Header.Get("Request-Id")
	}
	a.observe(ctx, e)
}

// trip is one call of Graph on its way: what the caller allows, and what came
// back. The SDK's errors lose the status of answers that are not JSON, and some
// of them cannot even be printed, so that answers are judged by this record.
type trip struct {
	tenant string
	// repeatable tells that the request may be sent again although an earlier
	// attempt may have been carried out.
	repeatable bool

	method, path string
	status       int
	header       http.Header
	body         []byte
	// uncertain tells that an attempt before the last may have been carried out.
	uncertain bool
}

type tripKey struct{}

func tripOf(ctx context.Context) *trip {
	t, _ := ctx.Value(tripKey{}).(*trip)
	return t
}

const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 20 * time.Second
	// throttledBackoff is the first wait after 429 without Retry-After, which
	// Graph's directory does not always send.
	throttledBackoff    = 10 * time.Second
	maxThrottledBackoff = time.Minute
	// maxRetryAfter is the longest wait that Graph may ask for.
	maxRetryAfter = 5 * time.Minute
	// maxThrottled bounds the repetitions after 429. Such a request was not
	// carried out, and Graph says when to come back: with hundreds of tenants
	// that is no failure, but the pace. The context ends it earlier.
	maxThrottled = 100
)

// repeater sends a request again where that can help and do no harm.
type repeater struct {
	next  http.RoundTripper
	clock Clock
	limit int
}

// RoundTrip implements [http.RoundTripper]. Each attempt sends the same bytes,
// with their length.
func (r *repeater) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	ctx := req.Context()
	t := tripOf(ctx)
	if t == nil {
		t = &trip{}
	}
	t.method, t.path = req.Method, req.URL.RequestURI()
	t.repeatable = t.repeatable || req.Method != http.MethodPost
	failures, throttled := 0, 0
	for {
		resp, err := r.next.RoundTrip(withBody(req, body))
		if recordErr := t.record(resp); recordErr != nil {
			return nil, recordErr
		}
		wait, again := time.Duration(0), false
		if err == nil && resp.StatusCode == http.StatusTooManyRequests {
			wait, again = backoff(resp, throttled, throttledBackoff, maxThrottledBackoff), throttled < maxThrottled
			throttled++
		} else if passing(resp, err) {
			wait, again = backoff(resp, failures, minBackoff, maxBackoff), failures < r.limit
			failures++
			carriedOut := mayBeCarriedOut(resp, err)
			again = again && (t.repeatable || !carriedOut)
			t.uncertain = t.uncertain || again && carriedOut
		}
		if !again || ctx.Err() != nil {
			return resp, err
		}
		if sleepErr := r.clock.Sleep(ctx, wait); sleepErr != nil {
			return resp, err // what went wrong says more than that time ran out
		}
	}
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request's body: %w", err)
	}
	return body, req.Body.Close()
}

func withBody(req *http.Request, body []byte) *http.Request {
	out := req.Clone(req.Context())
	if body != nil {
		out.Body = io.NopCloser(bytes.NewReader(body))
		out.ContentLength = int64(len(body))
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	return out
}

// record notes an answer, the last one of which counts.
func (t *trip) record(resp *http.Response) error {
	t.status, t.header, t.body = 0, nil, nil
	if resp == nil {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	t.status, t.header, t.body = resp.StatusCode, resp.Header, body
	return nil
}

// passing tells whether the failure may be gone at the next attempt.
func passing(resp *http.Response, err error) bool {
	if err != nil {
		var untrusted *tls.CertificateVerificationError
		return !errors.As(err, &untrusted)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func mayBeCarriedOut(resp *http.Response, err error) bool {
	if err == nil {
		return resp.StatusCode == http.StatusRequestTimeout || resp.StatusCode >= http.StatusInternalServerError
	}
	var unreachable *UnreachableError
	return !errors.As(err, &unreachable) || unreachable.Sent
}

// backoff waits as long as Graph asks, else exponentially longer with jitter, so
// that many callers do not come back together.
func backoff(resp *http.Response, attempt int, first, most time.Duration) time.Duration {
	if asked, ok := retryAfter(resp); ok {
		return asked
	}
	ceiling := min(most, first<<min(attempt, 10))
	return ceiling/2 + rand.N(ceiling/2) //nolint:gosec // jitter needs no secrecy
}

// retryAfter reads both forms of the header. A date is compared with the
// answer's own, since the clocks of both sides differ.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, int(maxRetryAfter.Seconds()))) * time.Second, true
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(until.Sub(now), 0), maxRetryAfter), true
}
