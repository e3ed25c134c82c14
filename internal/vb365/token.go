package vb365

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// renewAhead is how long before its expiry a token is renewed; short-lived
// tokens are renewed after four fifths of their life.
const renewAhead = time.Minute

// usualLife is how long tokens live unless an administrator changes it; it is
// taken for the life of a token that does not tell.
const usualLife = time.Hour

// grant is a token as the server issued it.
type grant struct {
	AccessToken  string          `json:"access_token"`
	RefreshToken string          `json:"refresh_token"`
	ExpiresIn    lenientDuration `json:"expires_in"`

	renewAt time.Time
}

// lenientDuration is a number of seconds, written as a number or as text.
type lenientDuration time.Duration

func (d *lenientDuration) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	seconds, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil {
		return fmt.Errorf("expires_in is not a number of seconds: %w", err)
	}
	*d = lenientDuration(seconds * float64(time.Second))
	return nil
}

// session is the client's one login, shared by all callers.
type session struct {
	client *Client
	flight singleflight.Group
	now    func() time.Time

	mu      sync.Mutex
	current *grant
	// refused remembers a refused login: asking again with the same password
	// would change nothing and may lock the account.
	refused error
}

func newSession(c *Client) *session { return &session{client: c, now: time.Now} }

// token returns a token that is valid for a while, logging in or renewing if
// need be. All callers share one such request, which outlives any of them.
func (s *session) token(ctx context.Context) (string, error) {
	if token, err, settled := s.held(); settled {
		return token, err
	}
	flight := s.flight.DoChan("login", func() (any, error) {
		if token, err, settled := s.held(); settled {
			return token, err
		}
		return s.renew(context.WithoutCancel(ctx))
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case result := <-flight:
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(string), nil //nolint:forcetypeassert // renew and held return strings
	}
}

// held returns the token or the refusal at hand, if there is one that still counts.
func (s *session) held() (token string, err error, settled bool) { //nolint:revive // err is a result like token
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil {
		return "", s.refused, true
	}
	if s.current != nil && s.now().Before(s.current.renewAt) {
		return s.current.AccessToken, nil, true
	}
	return "", nil, false
}

// reject drops the session whose token the server no longer accepts, unless it was replaced meanwhile.
func (s *session) reject(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.current.AccessToken == token {
		s.current = nil
	}
}

// end drops the session: the next request logs in again.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}

// renew refreshes the session; where there is none, or the server does not
// accept the refresh token any more, it logs in with the password.
func (s *session) renew(ctx context.Context) (string, error) {
	s.mu.Lock()
	previous := s.current
	s.current = nil // a refresh token can be used once
	s.mu.Unlock()

	version, err := s.client.Version(ctx)
	if err != nil {
		return "", err
	}
	var next *grant
	if previous != nil && previous.RefreshToken != "" {
		// Any failure to refresh is answered by a full login, whose own error then counts.
		next, _ = s.request(ctx, version, url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {previous.RefreshToken},
		})
	}
	if next == nil {
		if s.client.cfg.Username == "" || s.client.cfg.Password == "" {
			return "", ErrNoCredentials
		}
		next, err = s.request(ctx, version, url.Values{
			"grant_type": {"password"},
			"username":   {s.client.cfg.Username},
			"password":   {s.client.cfg.Password},
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if _, ok := errors.AsType[*LoginError](err); ok {
			s.refused = err
		}
		return "", err
	}
	s.current = next
	return next.AccessToken, nil
}

func (s *session) request(ctx context.Context, version Version, form url.Values) (*grant, error) {
	if version >= V7 {
		// Without it the server wants an antiforgery cookie with every later call.
		form.Set("disable_antiforgery_token", "true")
	}
	resp, err := s.client.send(ctx, request{method: http.MethodPost, version: version, path: "/token", form: form})
	if err != nil {
		return nil, err
	}
	if err := s.verdict(ctx, version, resp); err != nil {
		return nil, err
	}
	next := new(grant)
	if err := json.Unmarshal(resp.body, next); err != nil || next.AccessToken == "" {
		// The body may hold a token: it is not quoted.
		return nil, s.client.notVB365(&response{method: resp.method, path: resp.path, status: resp.status, header: resp.header})
	}
	life := time.Duration(next.ExpiresIn)
	if life <= 0 {
		life = usualLife
	}
	next.renewAt = s.now().Add(life - min(renewAhead, life/5))
	return next, nil
}

// verdict tells a refused login, in all the shapes that servers give it, from
// an endpoint that is not VB365's and from a server that cannot answer now.
func (s *session) verdict(ctx context.Context, version Version, resp *response) error {
	if resp.ok() {
		return nil
	}
	code, message, known := parseException(resp.body)
	// A server that quotes what it was sent must not put the password into a diagnostic.
	message = strings.ReplaceAll(message, s.client.cfg.Password, "(password)")
	switch resp.status {
	case http.StatusUnauthorized, http.StatusBadRequest, http.StatusForbidden:
		if !known && len(resp.body) > 0 {
			return s.client.notVB365(resp)
		}
		if resp.status == http.StatusForbidden && s.servesOperatorsOnly(ctx, version) {
			return &EndpointError{Endpoint: s.client.Endpoint(), Reason: OperatorsOnly}
		}
		return &LoginError{Username: s.client.cfg.Username, Status: resp.status, Code: code, Message: message}
	case http.StatusNotFound:
		return s.client.notServed(ctx, version)
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return resp.err()
	}
	if resp.status >= http.StatusInternalServerError {
		return resp.err()
	}
	return s.client.notVB365(resp)
}

// servesOperatorsOnly tells a REST host that refuses every administrator from one that refuses this login.
func (s *session) servesOperatorsOnly(ctx context.Context, version Version) bool {
	resp, err := s.client.send(ctx, request{
		method: http.MethodGet, version: version, path: "/ServiceInstance", anonymous: true,
	})
	return err == nil && resp.status == http.StatusNotFound
}
