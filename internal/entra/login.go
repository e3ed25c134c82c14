package entra

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"golang.org/x/sync/singleflight"
)

// renewAhead is how long before its expiry a token is renewed.
const renewAhead = 5 * time.Minute

// logins holds one token per tenant, all of one credential.
type logins struct {
	clientID string
	scope    string
	now      func() time.Time
	// connect makes the credential anew, which forgets the tokens that it keeps.
	connect func() (azcore.TokenCredential, error)
	flights singleflight.Group

	mu         sync.Mutex
	credential azcore.TokenCredential
	held       map[string]held
}

// held is a tenant's token, or the refusal to issue one: asking again with the
// same credential would change nothing.
type held struct {
	token   azcore.AccessToken
	refused error
}

func newLogins(cfg Config, place cloud, base http.RoundTripper) (*logins, error) {
	if cfg.Credential == nil {
		return nil, ErrNoCredential
	}
	connect := func() (azcore.TokenCredential, error) {
		return cfg.Credential.connect(newCredentialSetup(cfg, place, base))
	}
	credential, err := connect()
	if err != nil {
		return nil, err
	}
	return &logins{
		clientID: cfg.ClientID, scope: strings.TrimRight(place.graph, "/") + "/.default", now: cfg.Clock.Now,
		connect: connect, credential: credential, held: map[string]held{},
	}, nil
}

// token returns a token for the tenant, logging in if need be. Callers who want
// the same tenant's share one login, which outlives any of them.
func (l *logins) token(ctx context.Context, tenant string) (string, error) {
	if h, settled := l.look(tenant); settled {
		return h.token.Token, h.refused
	}
	flight := l.flights.DoChan(tenant, func() (any, error) {
		if h, settled := l.look(tenant); settled {
			return h.token.Token, h.refused
		}
		return l.renew(context.WithoutCancel(ctx), tenant)
	})
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case result := <-flight:
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(string), nil //nolint:forcetypeassert // the flight returns strings
	}
}

func (l *logins) look(tenant string) (held, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, found := l.held[tenant]
	return h, found && (h.refused != nil || l.now().Before(h.token.ExpiresOn.Add(-renewAhead)))
}

func (l *logins) renew(ctx context.Context, tenant string) (string, error) {
	l.mu.Lock()
	credential := l.credential
	l.mu.Unlock()
	broken := new(lastFailure)
	token, err := credential.GetToken(context.WithValue(ctx, lastFailureKey{}, broken), policy.TokenRequestOptions{Scopes: []string{l.scope}, TenantID: tenant})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		err = l.explain(tenant, err, broken.get())
		if _, refused := errors.AsType[*LoginError](err); refused {
			l.held[tenant] = held{refused: err}
		}
		return "", err
	}
	l.held[tenant] = held{token: token}
	return token.Token, nil
}

// reject drops a token that Graph does not accept, unless it was replaced meanwhile.
func (l *logins) reject(tenant, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[tenant].token.Token != token {
		return
	}
	delete(l.held, tenant)
	if fresh, err := l.connect(); err == nil {
		l.credential = fresh
	}
}

// lastFailure is how the last request of a login failed in passing; nil if it
// did not. The libraries between keep texts only.
type lastFailure struct {
	mu  sync.Mutex
	err *UnreachableError
}

type lastFailureKey struct{}

// noteOutcome remembers, for the login that ctx belongs to, if any, whether its
// last request failed in passing.
func noteOutcome(ctx context.Context, host string, resp *http.Response, err error) {
	login, ok := ctx.Value(lastFailureKey{}).(*lastFailure)
	if !ok {
		return
	}
	var failure *UnreachableError
	if err != nil {
		errors.As(err, &failure)
	} else if passing(resp, nil) || resp.StatusCode == http.StatusTooManyRequests {
		failure = &UnreachableError{Host: host, Err: errors.New("it answered " + resp.Status)}
	}
	login.set(failure)
}

func (f *lastFailure) set(err *UnreachableError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *lastFailure) get() *UnreachableError {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// aadsts finds Entra's error code in a text.
var aadsts = regexp.MustCompile(`AADSTS\d+`)

// explain tells a refused login from a login service that cannot be reached.
func (l *logins) explain(tenant string, err error, broken *UnreachableError) error {
	if unreachable, ok := errors.AsType[*UnreachableError](err); ok {
		return unreachable
	}
	if broken != nil {
		return broken
	}
	message := err.Error()
	var failed *azidentity.AuthenticationFailedError
	if errors.As(err, &failed) && failed.RawResponse != nil {
		message = description(failed.RawResponse)
	}
	refusal := &LoginError{Tenant: tenant, ClientID: l.clientID, Code: aadsts.FindString(message), Message: firstLine(message)}
	refusal.Reason = reasonOf(refusal.Code)
	if refusal.Code == "" && strings.Contains(message, "AzureCLICredential") {
		refusal.Reason = CommandLine
	}
	return refusal
}

// description returns what the login service said, which holds no secret, and
// leaves the body readable.
func description(resp *http.Response) string {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.Status
	}
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &said) != nil || said.Error == "" {
		return resp.Status
	}
	if said.Description == "" {
		return said.Error
	}
	return said.Description
}

// firstLine cuts the ids of the trace, which Entra puts behind its message.
func firstLine(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	line, _, _ = strings.Cut(line, " Trace ID:")
	return shorten(line)
}

func reasonOf(code string) LoginReason {
	switch code {
	case "AADSTS90002", "AADSTS900021", "AADSTS900023", "AADSTS5000224", "AADSTS50034":
		return TenantUnknown
	case "AADSTS700016", "AADSTS65001", "AADSTS7000229", "AADSTS650052", "AADSTS650057":
		return NotInTenant
	case "AADSTS7000222":
		return SecretExpired
	case "AADSTS7000215", "AADSTS700027", "AADSTS700021", "AADSTS70021", "AADSTS700211", "AADSTS700213", "AADSTS700024":
		return SecretWrong
	case "AADSTS53003", "AADSTS50020", "AADSTS50177", "AADSTS50076", "AADSTS50079", "AADSTS50158":
		return PolicyForbids
	}
	return LoginRefused
}
