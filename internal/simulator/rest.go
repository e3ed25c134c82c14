package simulator

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// restFace is the REST service: one of the ways in which the state can be seen
// and changed.
type restFace struct {
	state    *state
	sessions *sessions
	sets     *resultSets
	rules    *invariants
	knobs    func() Options
	routes   []route
}

// deviationHeader marks an answer that breaks the API's schema on purpose, for
// example because a role holds an entry of a kind that only PowerShell knows.
// Its value says why.
const deviationHeader = "Simulator-Deviation"

// exchange is one request on its way through the REST service.
type exchange struct {
	request   *http.Request
	version   apiVersion
	knobs     Options
	route     *route
	params    map[string]string
	query     url.Values
	body      []byte
	session   session
	deviation string
}

// reply is a successful answer. A nil body is an empty one.
type reply struct {
	status int
	body   any
}

// ServeHTTP implements [http.Handler].
func (f *restFace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r, knobs: f.knobs(), version: v8}

	answer, err := f.answer(x)
	if err != nil {
		x.refuse(w, err)

		return
	}

	x.write(w, answer.status, answer.body)
}

// answer routes, authenticates and carries out the request.
func (f *restFace) answer(x *exchange) (reply, error) {
	if len(x.request.RequestURI) > x.knobs.MaxRequestLine {
		return reply{}, empty(http.StatusRequestURITooLong)
	}

	if err := f.find(x); err != nil {
		return reply{}, err
	}

	f.rules.checkRequest(x)

	if err := f.authorize(x); err != nil {
		return reply{}, err
	}

	body, err := io.ReadAll(x.request.Body)
	if err != nil {
		return reply{}, invalid("The request body could not be read.")
	}

	x.body = body

	return x.route.handle(x)
}

// find picks the version and the route.
func (f *restFace) find(x *exchange) error {
	prefix, rest := splitVersion(x.request.URL.EscapedPath())

	version, err := parseVersion(prefix)
	if err != nil || !x.knobs.serves(prefix) {
		return empty(http.StatusNotFound)
	}

	x.version = version
	x.query = lowerNames(x.request.URL.Query())

	segments, err := pathSegments(rest)
	if err != nil {
		return empty(http.StatusNotFound)
	}

	pathExists := false

	for i := range f.routes {
		params, matches := f.routes[i].match(version, segments)
		if !matches {
			continue
		}

		pathExists = true

		if f.routes[i].method == x.request.Method {
			x.route, x.params = &f.routes[i], params

			break
		}
	}

	switch {
	case x.route != nil && x.knobs.OperatorOnly && x.route.audience == forAdministrators:
		return empty(http.StatusNotFound)
	case x.route != nil:
		return nil
	case pathExists:
		return empty(http.StatusMethodNotAllowed)
	default:
		f.rules.unknownRoute(x)

		return empty(http.StatusNotFound)
	}
}

// authorize identifies the caller, unless the route is open to everybody.
func (f *restFace) authorize(x *exchange) error {
	if x.route.audience == forEverybody {
		return nil
	}

	scheme, token, _ := strings.Cut(x.request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return empty(http.StatusUnauthorized)
	}

	found, valid := f.sessions.authenticate(strings.TrimSpace(token), x.knobs.Clock())
	if !valid {
		return empty(http.StatusUnauthorized)
	}

	if found.guarded {
		return empty(http.StatusBadRequest)
	}

	if found.operator != nil && x.route.audience == forAdministrators {
		return denied("Access is denied: restore operators cannot use this resource.")
	}

	x.session = found

	return nil
}

// object starts a JSON object in the exchange's style.
func (x *exchange) object() *object {
	return &object{nulls: x.knobs.NullStyle}
}

// refuse writes an answer other than success.
func (x *exchange) refuse(w http.ResponseWriter, err error) {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = &refusal{status: http.StatusInternalServerError, code: codeHTTP, message: err.Error()}
	}

	maps.Copy(w.Header(), refused.header)

	switch {
	case refused.verbatim != nil:
		x.writeBytes(w, refused.status, refused.verbatim.contentType, []byte(refused.verbatim.text))
	case refused.message == "":
		x.write(w, refused.status, nil)
	default:
		x.write(w, refused.status, x.errorObject(refused))
	}
}

func (x *exchange) write(w http.ResponseWriter, status int, body any) {
	if body == nil {
		x.writeBytes(w, status, "", nil)

		return
	}

	text, err := encode(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)

		return
	}

	x.writeBytes(w, status, "application/json; charset=utf-8", text)
}

func (x *exchange) writeBytes(w http.ResponseWriter, status int, contentType string, body []byte) {
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}

	if x.knobs.NullStyle == NullEverywhere {
		x.deviation = "null everywhere"
	}

	if x.deviation != "" {
		w.Header().Set(deviationHeader, x.deviation)
	}

	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}

	w.WriteHeader(status)

	// A client that has gone away is not the server's trouble.
	_, _ = w.Write(body)
}

// param returns a query parameter that the version of the operation has. The
// server ignores the others.
func (x *exchange) param(name string) string {
	folded := strings.ToLower(name)
	if !x.route.knows(folded, x.version) {
		return ""
	}

	return x.query.Get(folded)
}

// flag reads a boolean parameter.
func (x *exchange) flag(name string, unset bool) (bool, error) {
	text := x.param(name)

	switch strings.ToLower(text) {
	case "":
		return unset, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, invalid("The value %q is not valid for %s.", text, name)
	}
}

// oneOf reads a parameter that is an enumeration. It is empty where the client
// gives none.
func (x *exchange) oneOf(name string, values ...string) (string, error) {
	text := x.param(name)
	if text == "" || slices.Contains(values, text) {
		return text, nil
	}

	return "", invalid("The value %q is not valid for %s.", text, name)
}

// guidParam reads a path parameter that is a GUID.
func (x *exchange) guidParam(name string) (string, error) {
	id := x.params[name]
	if !isGUID(id) {
		return "", invalid("The value %q is not valid for %s.", id, name)
	}

	return strings.ToLower(id), nil
}

// lowerNames folds the case of the parameters' names, which the server ignores.
func lowerNames(query url.Values) url.Values {
	folded := make(url.Values, len(query))
	for name, values := range query {
		folded[strings.ToLower(name)] = append(folded[strings.ToLower(name)], values...)
	}

	return folded
}
