package openapitest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/openapitest"
)

// recorder is a test that notes its errors instead of failing.
type recorder struct {
	testing.TB

	mu     sync.Mutex
	errors []string
}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.errors = append(r.errors, fmt.Sprintf(format, arguments...))
}

func (r *recorder) Helper() {}

// exchange is a request and the server's answer to it.
type exchange struct {
	method, path, body string
	contentType        string
	status             int
	answer             string
	header             map[string]string
}

// run lets a server answer behind the middleware, and returns what the client
// saw and what the middleware complained of.
func run(t *testing.T, e exchange) (*httptest.ResponseRecorder, []string) {
	t.Helper()

	tb := &recorder{TB: t}
	server := openapitest.Middleware(tb, "testdata")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != e.body {
			t.Errorf("the server read %q: %v", body, err)
		}

		if e.answer != "" {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
		}

		for name, value := range e.header {
			w.Header().Set(name, value)
		}

		w.WriteHeader(e.status)
		fmt.Fprint(w, e.answer)
	}))

	request := httptest.NewRequestWithContext(t.Context(), e.method, e.path, strings.NewReader(e.body))
	if e.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}

	if e.contentType != "" {
		request.Header.Set("Content-Type", e.contentType)
	}

	seen := httptest.NewRecorder()
	server.ServeHTTP(seen, request)

	return seen, tb.errors
}

const (
	id    = "c0000001-0000-0000-0000-000000000000"
	thing = `{"id":"` + id + `"}`
)

func TestExchangesAreHeldAgainstTheDescription(t *testing.T) {
	t.Parallel()

	get := func(status int, answer string) exchange {
		return exchange{method: "GET", path: "/v8/Things/" + id, status: status, answer: answer}
	}
	post := func(body string) exchange {
		return exchange{method: "POST", path: "/v8/Things", body: body, status: 204}
	}

	tests := map[string]struct {
		exchange exchange
		// want is a part of the complaint; there is none if it is empty.
		want string
	}{
		"a good answer":                   {get(200, thing), ""},
		"null where it is allowed":        {get(200, `{"id":"`+id+`","kind":null}`), ""},
		"null where it is not":            {get(200, `{"id":null}`), "Value is not nullable"},
		"a member that is missing":        {get(200, `{}`), `property \"id\" is missing`},
		"a member that is unknown":        {get(200, `{"id":"`+id+`","color":"red"}`), `property \"color\" is unsupported`},
		"an unknown member further down":  {get(200, `{"id":"`+id+`","part":{"color":"red"}}`), `property \"color\" is unsupported`},
		"links of any name":               {get(200, `{"id":"`+id+`","_links":{"self":"/"}}`), ""},
		"an id that is none":              {get(200, `{"id":"x"}`), "format"},
		"a time that is none":             {get(200, `{"id":"`+id+`","at":"noon"}`), "format"},
		"a word that is none":             {get(200, `{"id":"`+id+`","kind":"Huge"}`), "not one of the allowed values"},
		"an answer that is no JSON":       {get(200, `{`), "failed to decode"},
		"an answer without media type":    {get(200, ""), "Content-Type"},
		"a status that is not described":  {get(201, thing), "no answer with the status 201"},
		"another status of success":       {exchange{method: "POST", path: "/v8/Things", body: thing, status: 200, answer: thing}, "no answer with the status 200"},
		"a deviation on purpose":          {exchange{method: "GET", path: "/v8/Things/" + id, status: 200, answer: `{}`, header: map[string]string{"Simulator-Deviation": "x"}}, ""},
		"a refusal as described":          {exchange{method: "GET", path: "/v8/Things?limit=1", status: 404, answer: `{"message":"gone","errorCode":"Known"}`}, ""},
		"a refusal with an unknown code":  {exchange{method: "GET", path: "/v8/Things?limit=1", status: 404, answer: `{"errorCode":"Unknown"}`}, "not one of the allowed values"},
		"an empty refusal":                {exchange{method: "GET", path: "/v8/Things?limit=1", status: 401}, ""},
		"a refusal in HTML":               {exchange{method: "GET", path: "/v8/Things?limit=1", status: 500, answer: "<html>", header: map[string]string{"Content-Type": "text/html"}}, ""},
		"a path in another case":          {exchange{method: "GET", path: "/V8/THINGS/" + id, status: 200, answer: `{}`}, `property \"id\" is missing`},
		"the more exact of two paths":     {exchange{method: "GET", path: "/v8/things/special", status: 200, answer: `"text"`}, ""},
		"a path that is not described":    {exchange{method: "GET", path: "/v8/Nonsense", status: 200, answer: `{}`}, ""},
		"a version that is not described": {exchange{method: "GET", path: "/v5/Things", status: 200, answer: `{}`}, ""},
		"a good request":                  {post(thing), ""},
		"a request that is accepted":      {post(`{"id":"x"}`), "accepted a request that its description forbids"},
		"a body with an unknown member":   {post(`{"id":"` + id + `","color":"red"}`), `property \"color\" is unsupported`},
		"a body with a read-only member":  {post(`{"id":"` + id + `","_links":{"self":"/"}}`), "readOnly"},
		"a body that is missing":          {post(""), "value is required but missing"},
		"a request that is refused":       {exchange{method: "POST", path: "/v8/Things", body: `{}`, status: 400, answer: `{"message":"no"}`}, ""},
		"a parameter that is missing":     {exchange{method: "GET", path: "/v8/Things", status: 200, answer: `[]`}, `parameter \"limit\"`},
		"a parameter of another type":     {exchange{method: "GET", path: "/v8/Things?limit=x", status: 200, answer: `[]`}, `parameter \"limit\"`},
		"an id in the path that is none":  {exchange{method: "GET", path: "/v8/Things/x", status: 200, answer: thing}, `parameter \"thingId\"`},
		"a body where none is described":  {exchange{method: "GET", path: "/v8/Things/" + id, body: "{}", status: 200, answer: thing}, "body not allowed"},
		"members of a form are open": {exchange{
			method: "POST", path: "/v8/token", contentType: "application/x-www-form-urlencoded",
			body: "grant_type=password&disable=true", status: 200, answer: thing,
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			seen, complaints := run(t, test.exchange)
			if seen.Code != test.exchange.status || seen.Body.String() != test.exchange.answer {
				t.Errorf("the client saw %d %s", seen.Code, seen.Body)
			}

			if test.want == "" {
				if len(complaints) > 0 {
					t.Errorf("complaints %q", complaints)
				}

				return
			}

			if len(complaints) != 1 || !strings.Contains(fmt.Sprintf("%q", complaints[0]), test.want) {
				t.Errorf("complaints %q, want one with %q", complaints, test.want)
			}
		})
	}
}

func TestComplaintsNameTheOperationAndNoSecrets(t *testing.T) {
	t.Parallel()

	_, complaints := run(t, exchange{
		method: "POST", path: "/v8/token", contentType: "application/x-www-form-urlencoded",
		body: "grant_type=password&password=s3cr3t", status: 200, answer: `{"access_token":"t0k3n"}`,
	})

	if len(complaints) != 2 {
		t.Fatalf("complaints %q", complaints)
	}

	for _, complaint := range complaints {
		if !strings.HasPrefix(complaint, "POST /v8/token: ") || strings.Contains(complaint, "s3cr3t") || strings.Contains(complaint, "t0k3n") {
			t.Errorf("complaint %q", complaint)
		}
	}
}

func TestDocumentsThatAreMissing(t *testing.T) {
	t.Parallel()

	tb := &recorder{TB: t}
	server := openapitest.Middleware(tb, t.TempDir())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))

	for range 2 {
		seen := httptest.NewRecorder()
		server.ServeHTTP(seen, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v7/Things", http.NoBody))

		if seen.Code != http.StatusTeapot {
			t.Errorf("status %d", seen.Code)
		}
	}

	if len(tb.errors) != 1 || !strings.Contains(tb.errors[0], "vb365-v7.json") {
		t.Errorf("complaints %q", tb.errors)
	}
}

func TestTheEnvironmentSwitchesValidationOn(t *testing.T) {
	server := func(tb testing.TB) http.Handler {
		return openapitest.FromEnv(tb)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
		}))
	}

	for dir, complaints := range map[string]int{"": 0, "testdata": 1} {
		t.Setenv(openapitest.DirectoryVariable, dir)

		tb := &recorder{TB: t}
		server(tb).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v8/Things/"+id, http.NoBody))

		if len(tb.errors) != complaints {
			t.Errorf("%q: complaints %q", dir, tb.errors)
		}
	}
}
