package entra

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	khttp "github.com/microsoft/kiota-http-go"
	kjson "github.com/microsoft/kiota-serialization-json-go"
	"golang.org/x/sync/singleflight"
)

// Tenant is access to one Entra tenant. It is safe for concurrent use.
type Tenant struct {
	id      string
	client  *Client
	adapter *khttp.NetHttpRequestAdapter

	flights singleflight.Group
	mu      sync.Mutex
	// graph is Microsoft Graph's own service principal in this tenant.
	graph *ServicePrincipal
	// narrow leaves out properties that not every cloud serves.
	narrow bool
}

func newTenant(c *Client, id string) (*Tenant, error) {
	t := &Tenant{id: id, client: c}
	adapter, err := khttp.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		authenticator{t}, kjson.NewJsonParseNodeFactory(), kjson.NewJsonSerializationWriterFactory(), c.http)
	if err != nil {
		return nil, fmt.Errorf("setting up Microsoft Graph's SDK: %w", err)
	}
	adapter.SetBaseUrl(c.graph.String() + "/v1.0")
	t.adapter = adapter
	return t, nil
}

// ID returns the tenant's GUID or domain, as it was asked for, in lower case.
func (t *Tenant) ID() string { return t.id }

// authenticator puts the tenant's token on requests. It takes the place of the
// SDK's own provider, which sends requests to hosts that are not on its list
// without a token and without a word.
type authenticator struct{ tenant *Tenant }

// AuthenticateRequest adds the Authorization header.
func (a authenticator) AuthenticateRequest(
	ctx context.Context, request *abstractions.RequestInformation, _ map[string]any,
) error {
	target, err := request.GetUri()
	if err != nil {
		return fmt.Errorf("building the address of a request: %w", err)
	}
	graph := a.tenant.client.graph
	if target.Scheme != graph.Scheme || !strings.EqualFold(target.Host, graph.Host) {
		return &ForeignHostError{Host: target.Host, Graph: graph.Host}
	}
	token, err := a.tenant.client.logins.token(ctx, a.tenant.id)
	if err != nil {
		return err
	}
	if used, ok := ctx.Value(tokenKey{}).(*string); ok {
		*used = token
	}
	request.Headers.Remove("Authorization")
	request.Headers.Add("Authorization", "Bearer "+token)
	return nil
}

// tokenKey holds where to note the token that a request was sent with.
type tokenKey struct{}

// do carries out one call of Graph. send calls the SDK; what came back is judged
// by its record. A token that is no longer accepted is replaced once: such a
// request was not carried out.
func (t *Tenant) do(ctx context.Context, c call, send func(context.Context) error) (*trip, error) {
	var token string
	for attempt := 1; ; attempt++ {
		way := &trip{tenant: t.id, repeatable: c.repeatable}
		ctx := context.WithValue(context.WithValue(ctx, tripKey{}, way), tokenKey{}, &token)
		err := way.judge(ctx, c, send(ctx))
		if way.status != http.StatusUnauthorized || attempt > 1 {
			return way, err
		}
		t.client.logins.reject(t.id, token)
	}
}
