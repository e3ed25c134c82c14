package vb365

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// retryBudget is how much longer than a single attempt may take the
// repetitions of a request and the waits between them may last.
const retryBudget = 5 * time.Minute

// request is one call of the REST API.
type request struct {
	method  string
	path    string // below the version: /RbacRoles
	query   url.Values
	version Version
	in      any // encoded as JSON, unless form is set
	form    url.Values
	// anonymous calls carry no token.
	anonymous bool
	// once forbids repeating the request: it creates something.
	once bool
	// slow allows for an answer that takes long by nature.
	slow bool
}

// response is an answer with its body read.
type response struct {
	method string
	path   string
	status int
	header http.Header
	body   []byte
}

func (r *response) ok() bool { return r.status >= 200 && r.status <= 299 }

func (r *response) contentType() string {
	mediaType, _, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	if err != nil || mediaType == "" {
		return "no content type"
	}
	return mediaType
}

func (r *response) isJSON() bool { return json.Valid(r.body) }

func (r *response) statusText() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.status, http.StatusText(r.status)))
}

// err returns nil for success and a [ResponseError] for anything else.
func (r *response) err() error {
	if r.ok() {
		return nil
	}
	e := &ResponseError{Method: r.method, Path: r.path, Status: r.status, RetryAfter: retryAfter(r.header)}
	var ok bool
	if e.Code, e.Message, ok = parseException(r.body); ok {
		e.FromVB365 = true
	} else if len(r.body) > 0 {
		e.ContentType = r.contentType()
	}
	return e
}

// send carries out req without a token. The error is that of a connection, not of an answer.
func (c *Client) send(ctx context.Context, req request) (*response, error) {
	return c.sendAs(ctx, req, "")
}

func (c *Client) sendAs(ctx context.Context, req request, token string) (*response, error) {
	attempt := c.cfg.RequestTimeout
	if req.slow {
		ctx = slow(ctx)
		attempt *= slowFactor
	}
	ctx, cancel := context.WithTimeoutCause(ctx, attempt+retryBudget,
		fmt.Errorf("the repetitions took longer than %s", attempt+retryBudget))
	defer cancel()
	out, err := c.newRequest(ctx, req, token)
	if err != nil {
		return nil, err
	}
	via := c.retrier
	if req.once {
		via = c.once
	}
	resp, err := via.Do(out)
	if err != nil {
		return nil, c.connectionError(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.connectionError(ctx, err)
	}
	return &response{
		method: req.method, path: out.URL.RequestURI(), status: resp.StatusCode, header: resp.Header, body: body,
	}, nil
}

func (c *Client) newRequest(ctx context.Context, req request, token string) (*http.Request, error) {
	u := *c.base.Load()
	u.Path = "/" + req.version.String()
	target := u.String() + req.path // req.path holds escaped ids already
	if len(req.query) > 0 {
		target += "?" + req.query.Encode()
	}
	var body []byte
	var contentType string
	switch {
	case req.form != nil:
		body, contentType = []byte(req.form.Encode()), "application/x-www-form-urlencoded"
	case req.in != nil:
		var err error
		if body, err = json.Marshal(req.in); err != nil {
			return nil, fmt.Errorf("encoding the body of %s %s: %w", req.method, req.path, err)
		}
		contentType = "application/json; charset=utf-8"
	}
	// bytes.Reader lets a repetition send the body again.
	out, err := http.NewRequestWithContext(ctx, req.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("building %s %s: %w", req.method, req.path, err)
	}
	out.Header.Set("Accept", "application/json")
	if contentType != "" {
		out.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		out.Header.Set("Authorization", "Bearer "+token)
	}
	return out, nil
}

// connectionError strips what the HTTP libraries wrap around this package's own errors.
func (c *Client) connectionError(ctx context.Context, err error) error {
	if untrusted, ok := errors.AsType[*CertificateError](err); ok {
		return untrusted
	}
	if unreachable, ok := errors.AsType[*UnreachableError](err); ok {
		return unreachable
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	// What gave up before an attempt ended may have sent one before.
	return &UnreachableError{Endpoint: c.Endpoint(), Err: err, Sent: true}
}

// call carries out req with the version in use and a token, and returns an
// answer that is a success. A token that the server no longer accepts is
// replaced once, and the request repeated if it may be.
func (c *Client) call(ctx context.Context, req request) (*response, error) {
	var err error
	if req.version, err = c.Version(ctx); err != nil {
		return nil, err
	}
	token, err := c.session.token(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := c.sendAs(ctx, req, token)
	if err != nil {
		return nil, err
	}
	if resp.status == http.StatusUnauthorized {
		c.session.reject(token)
		if !req.once {
			if token, err = c.session.token(ctx); err != nil {
				return nil, err
			}
			if resp, err = c.sendAs(ctx, req, token); err != nil {
				return nil, err
			}
		}
	}
	if err := resp.err(); err != nil {
		return nil, err
	}
	return resp, nil
}

// fetch asks for path and decodes the answer, without remembering it.
func fetch[T any](ctx context.Context, c *Client, req request) (T, error) {
	var out T
	req.method = http.MethodGet
	resp, err := c.call(ctx, req)
	if err != nil {
		return out, err
	}
	err = c.decode(resp, &out)
	return out, err
}

// get asks for path once and remembers the answer.
func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	return recall(ctx, c.shared, path, func(ctx context.Context) (T, error) {
		return fetch[T](ctx, c, request{path: path})
	})
}

// decode reads a successful answer. One that is not JSON came from something else.
func (c *Client) decode(resp *response, out any) error {
	if err := json.Unmarshal(resp.body, out); err != nil {
		if !resp.isJSON() {
			return c.notVB365(resp)
		}
		return fmt.Errorf("the answer to %s %s has an unexpected form: %w", resp.method, resp.path, err)
	}
	return nil
}

// segment escapes an id for a path.
func segment(id string) string { return url.PathEscape(id) }
