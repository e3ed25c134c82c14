package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// exchange is a request to Graph that is being served. The state is locked
// meanwhile.
type exchange struct {
	state   *state
	rules   *violations
	base    string
	request *http.Request
	query   url.Values
	route   route
	// params are the values of the route's parameters.
	params map[string]string
	body   []byte
	knobs  Options
	now    time.Time
	token  token
	tenant *tenant
	view   *view
}

// reply is a success.
type reply struct {
	status int
	body   any
	// location is where what was created can be read.
	location string
}

func noContent() reply {
	return reply{status: http.StatusNoContent}
}

// writer is how the caller's writes reach replicas.
func (x *exchange) writer() writer {
	return writer{at: x.now}
}

// serveGraph answers a request to Graph.
func (f *face) serveGraph(w http.ResponseWriter, r *http.Request, path string) {
	x := &exchange{
		state: f.state, rules: f.rules, base: f.server.URL() + graphPrefix, request: r,
		query: r.URL.Query(), knobs: f.server.Options(),
	}
	x.now = x.knobs.Clock()

	requestID, clientRequestID := newGUID(), r.Header.Get("Client-Request-Id")
	if clientRequestID == "" {
		clientRequestID = newGUID()
	}

	header := w.Header()
	header.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	header.Set("Date", x.now.UTC().Format(http.TimeFormat))
	header.Set("OData-Version", "4.0")
	header.Set("Request-Id", requestID)
	header.Set("Client-Request-Id", clientRequestID)

	answer, err := f.answer(w, x, path)
	if err != nil {
		refused, known := errors.AsType[*refusal](err)
		if !known {
			refused = &refusal{status: http.StatusInternalServerError, code: "InternalServerError", message: err.Error()}
		}

		writeJSON(w, refused.status, errorObject(refused, x.knobs.ErrorStyle, requestID, clientRequestID, x.now))

		return
	}

	header.Set("X-Ms-Resource-Unit", strconv.Itoa(x.cost()))

	if answer.location != "" {
		header.Set("Location", answer.location)
	}

	if answer.body == nil {
		header.Del("Content-Type")
		w.WriteHeader(answer.status)

		return
	}

	writeJSON(w, answer.status, answer.body)
}

// answer finds out who asks for what, and does it.
func (f *face) answer(w http.ResponseWriter, x *exchange, path string) (reply, error) {
	var err error
	if x.body, err = io.ReadAll(x.request.Body); err != nil {
		return reply{}, err
	}

	f.state.mu.Lock()
	defer f.state.mu.Unlock()

	if err := x.authenticate(); err != nil {
		return reply{}, err
	}

	if err := x.throttle(w.Header()); err != nil {
		return reply{}, err
	}

	if x.knobs.LengthRequired && x.request.ContentLength < 0 {
		return reply{}, &refusal{status: http.StatusLengthRequired, code: codeBadRequest, message: "The request has no Content-Length."}
	}

	if err := x.find(f.routes, path); err != nil {
		return reply{}, err
	}

	f.note(x.request, func(entry *Request) { entry.Route = x.route.template() })

	if !x.permitted(x.route.needs) {
		return reply{}, denied()
	}

	return x.route.handle(x)
}

// authenticate finds out who asks, and which replica answers.
func (x *exchange) authenticate() error {
	scheme, value, _ := strings.Cut(x.request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || value == "" {
		x.rules.reportf(x.request, "there is no token")

		return &refusal{status: http.StatusUnauthorized, code: codeToken, message: "Access token is empty."}
	}

	known, valid := x.state.tokens[value]
	if !valid {
		return &refusal{status: http.StatusUnauthorized, code: codeToken, message: "Access token validation failure."}
	}

	if !x.now.Before(known.expires) {
		return &refusal{
			status: http.StatusUnauthorized, code: codeToken, message: "Lifetime validation failed, the token is expired.",
		}
	}

	t, found := x.state.tenant(known.tenant)
	if !found {
		return &refusal{status: http.StatusUnauthorized, code: codeToken, message: "The tenant of the token is gone."}
	}

	t.turn++

	x.token, x.tenant = known, t
	x.view = &view{now: x.now, knobs: x.knobs, current: x.knobs.Flap && t.turn%2 == 0, memory: make(map[any]int)}

	return nil
}

// throttle refuses every nth request, and notes who comes back too early.
func (x *exchange) throttle(header http.Header) error {
	ban := strings.Join([]string{x.tenant.ID, x.request.Method, x.request.URL.RequestURI(), string(x.body)}, " ")

	if early := x.rules.early(ban, x.now); early > 0 {
		x.rules.reportf(x.request, "the request came back %s before it was told to", early)
	}

	x.state.served++
	if x.knobs.ThrottleEvery == 0 || x.state.served%x.knobs.ThrottleEvery != 0 {
		return nil
	}

	header.Set("X-Ms-Throttle-Scope", "Tenant_Application/ReadWrite/"+x.token.client+"/"+x.tenant.ID)
	header.Set("X-Ms-Throttle-Information", "ResourceUnitLimitExceeded")

	wait := x.knobs.RetryAfter.Truncate(time.Second)

	switch x.knobs.RetryAfterStyle {
	case RetryAfterSeconds:
		header.Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
		x.rules.ban(ban, x.now.Add(wait))
	case RetryAfterDate:
		header.Set("Retry-After", x.now.Add(wait).UTC().Format(http.TimeFormat))
		x.rules.ban(ban, x.now.Add(wait).Truncate(time.Second))
	case RetryAfterNone:
	}

	return &refusal{
		status: http.StatusTooManyRequests, code: codeThrottled,
		message: fmt.Sprintf("Too many requests from Identifier:%s under category:aadgraph.app.tenant_small. Please try again later.",
			x.token.client),
	}
}

// permitted tells whether the caller has one of the permissions.
func (x *exchange) permitted(needs []string) bool {
	return slices.ContainsFunc(needs, x.has)
}

func (x *exchange) has(permission string) bool {
	return slices.Contains(x.token.permissions, permission)
}

// mayChange tells whether the caller may change an object: those who may deal
// with their own alone have to have made it.
func (x *exchange) mayChange(id string) bool {
	return x.permitted([]string{ApplicationReadWriteAll, DirectoryReadWriteAll}) || x.tenant.makers[key(id)] == x.token.client
}

// cost is what the request costs in resource units.
func (x *exchange) cost() int {
	units := 1
	if x.request.Method == http.MethodGet && slices.Contains([]string{"oauth2PermissionGrants", "applications"}, x.route.pattern[0]) {
		units++
	}

	if x.query.Has("$select") {
		units--
	}

	const smallPage = 20

	if top, err := strconv.Atoi(x.query.Get("$top")); err == nil && top < smallPage {
		units--
	}

	return max(units, 1)
}

// object decodes the body, which has to be a JSON object. Annotations of types
// are left out.
func (x *exchange) object() (map[string]any, error) {
	var decoded map[string]any

	if err := json.Unmarshal(x.body, &decoded); err != nil || decoded == nil {
		return nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}

	strip(decoded)

	return decoded, nil
}

// strip removes the annotations of types.
func strip(value any) {
	switch value := value.(type) {
	case map[string]any:
		delete(value, "@odata.type")

		for _, member := range value {
			strip(member)
		}
	case []any:
		for _, element := range value {
			strip(element)
		}
	}
}

// given reads a text of the body.
func given(body map[string]any, name string) string {
	value, _ := body[name].(string)

	return value
}

// patch applies a change to an object: members of objects that are left out
// stay, collections are replaced whole.
func patch[T any](current T, change map[string]any) (T, error) {
	merged, ok := merge(asMap(current), change).(map[string]any)
	if !ok {
		return current, badRequest("The body is no object.")
	}

	encoded, err := json.Marshal(merged)
	if err != nil {
		return current, err
	}

	var changed T

	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&changed); err != nil {
		return current, badRequest("Invalid value specified: %s.", err)
	}

	return changed, nil
}

func merge(current, change any) any {
	before, isObject := current.(map[string]any)
	changes, alsoObject := change.(map[string]any)

	if !isObject || !alsoObject {
		return change
	}

	for name, value := range changes {
		before[name] = merge(before[name], value)
	}

	return before
}

// asMap is what JSON has of a value.
func asMap(value any) map[string]any {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("graph: %T cannot be encoded: %v", value, err))
	}

	var members map[string]any
	if err := json.Unmarshal(encoded, &members); err != nil {
		panic(fmt.Sprintf("graph: %T is no object: %v", value, err))
	}

	// Empty collections are written as such.
	empty(members)

	return members
}

// collections are the members that are lists; absent ones are written empty.
var collections = []string{
	"addIns", "appRoles", "identifierUris", "keyCredentials", "knownClientApplications", "oauth2PermissionScopes",
	"passwordCredentials", "preAuthorizedApplications", "redirectUris", "replyUrls", "requiredResourceAccess", "resourceAccess",
	"servicePrincipalNames", "tags",
}

func empty(members map[string]any) {
	for name, value := range members {
		if value == nil && slices.Contains(collections, name) {
			members[name] = []any{}
		}

		if inner, isObject := value.(map[string]any); isObject {
			empty(inner)
		}
	}
}
