// Package openapitest holds what clients send to the simulator, and what it
// answers, against the OpenAPI documents that describe the REST API.
//
// The documents are not part of this repository. [FromEnv] uses them where
// VB365_OPENAPI_DIR names a directory with vb365-v6.json, vb365-v7.json and
// vb365-v8.json, and does nothing elsewhere.
package openapitest

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// DirectoryVariable is the environment variable that says where the documents
// are.
const DirectoryVariable = "VB365_OPENAPI_DIR"

// deviationHeader is set by the simulator on answers that break the schema on
// purpose.
const deviationHeader = "Simulator-Deviation"

// FromEnv returns a middleware for the simulator that validates with the
// documents in the directory that VB365_OPENAPI_DIR names. If the variable is
// not set, the middleware passes everything on.
func FromEnv(tb testing.TB) func(http.Handler) http.Handler {
	tb.Helper()

	dir := os.Getenv(DirectoryVariable)
	if dir == "" {
		return func(next http.Handler) http.Handler { return next }
	}

	return Middleware(tb, dir)
}

// Middleware returns a middleware for the simulator that fails the test for
// every request that the documents forbid and the server accepts, and for every
// answer that is not as they describe it. Answers of the simulator that break
// the schema on purpose are left alone, and so are injected faults, which the
// simulator answers outside of its middleware.
func Middleware(tb testing.TB, dir string) func(http.Handler) http.Handler {
	tb.Helper()

	v := &validator{tb: tb, dir: dir, documents: make(map[string]*document)}

	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { v.serve(w, r, next) })
	}
}

// validator validates exchanges for a test.
type validator struct {
	tb  testing.TB
	dir string

	mu        sync.Mutex
	documents map[string]*document
}

// document loads the description of a version when it is first needed.
func (v *validator) document(version string) (*document, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()

	if loaded, known := v.documents[version]; known {
		return loaded, loaded != nil
	}

	loaded, err := loadDocument(v.dir, version)
	if err != nil {
		v.tb.Errorf("%v", err)
	}

	v.documents[version] = loaded

	return loaded, err == nil
}

var describedVersion = regexp.MustCompile(`(?i)^/(v[678])/`)

// serve lets the server answer, and validates the exchange.
func (v *validator) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	version := describedVersion.FindStringSubmatch(r.URL.Path)
	if version == nil {
		next.ServeHTTP(w, r)

		return
	}

	described, loaded := v.document(strings.ToLower(version[1]))
	if !loaded {
		next.ServeHTTP(w, r)

		return
	}

	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.tb.Errorf("%s %s: read the request's body: %v", r.Method, r.URL.Path, err)
	}

	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()

	next.ServeHTTP(answer, r)

	// The server has consumed the body.
	r.Body = io.NopCloser(bytes.NewReader(body))

	v.check(described, r, answer)

	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)

	// A client that has gone away is not the test's trouble.
	_, _ = w.Write(answer.Body.Bytes())
}

// check validates one exchange.
func (v *validator) check(d *document, r *http.Request, answer *httptest.ResponseRecorder) {
	route, params, known := d.find(r)
	if !known {
		// Operations that the documents leave out cannot be validated.
		return
	}

	input := &openapi3filter.RequestValidationInput{
		Request:     r,
		PathParams:  params,
		QueryParams: r.URL.Query(),
		Route:       route,
		Options:     filterOptions(route),
	}

	// What the server refuses may well be what the documents forbid.
	if answer.Code < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			v.tb.Errorf("%s: the server accepted a request that its description forbids: %v", title(route), err)
		}
	}

	if answer.Header().Get(deviationHeader) == "" {
		v.checkAnswer(input, answer)
	}
}

func (v *validator) checkAnswer(input *openapi3filter.RequestValidationInput, answer *httptest.ResponseRecorder) {
	route := input.Route

	if answer.Code < http.StatusBadRequest && route.Operation.Responses.Status(answer.Code) == nil {
		v.tb.Errorf("%s: the description has no answer with the status %d", title(route), answer.Code)

		return
	}

	// Refusals without a body, or with a page in HTML, are not described.
	if answer.Code >= http.StatusBadRequest && !isJSON(answer.Header().Get("Content-Type")) {
		return
	}

	err := openapi3filter.ValidateResponse(input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input,
		Status:                 answer.Code,
		Header:                 answer.Header(),
		Body:                   io.NopCloser(bytes.NewReader(answer.Body.Bytes())),
		Options:                filterOptions(route),
	})
	if err != nil {
		v.tb.Errorf("%s: the answer with the status %d is not as described: %v", title(route), answer.Code, err)
	}
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)

	return err == nil && mediaType == "application/json"
}

func title(route *routers.Route) string {
	return route.Method + " " + route.Path
}

// guid is what the product calls a uuid: the version's digit is not always one
// that the standard has.
const guid = `^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`

func filterOptions(route *routers.Route) *openapi3filter.Options {
	settings := []openapi3.SchemaValidationOption{
		// The library knows no format but those of dates and numbers.
		openapi3.WithStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(guid)),
		openapi3.EnableFormatValidation(),
	}

	if strings.HasSuffix(route.Path, "/token") {
		// The details would show the password or the tokens.
		settings = append(settings, openapi3.DisableSchemaErrorDetails())
	}

	return &openapi3filter.Options{
		MultiError: true,
		// The server has authenticated the caller.
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		// Defaults would be written into the request.
		SkipSettingDefaults:               true,
		RejectWhenRequestBodyNotSpecified: true,
		SchemaValidationOptions:           settings,
	}
}
