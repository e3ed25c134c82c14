package openapitest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// errDocument is wrapped by errors about a document that cannot be used.
var errDocument = errors.New("OpenAPI document")

// document is the description of one version of the API.
type document struct {
	spec *openapi3.T
}

// loadDocument reads vb365-v8.json, or that of another version, from dir.
//
// The document is not validated itself: the documents of the product have
// extensions where the specification allows none (x-anyOf beside properties, for
// composed types), which would be refused. They are read as what they are for
// clients, the composed type with all its properties. The types that they are
// composed of call an entry's own id required, while the composed type, which
// requests and answers are described with, does not.
func loadDocument(dir, version string) (*document, error) {
	name := "vb365-" + version + ".json"

	spec, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", errDocument, name, err)
	}

	// The documents leave open whether objects may have further members. Here
	// they may not: a member that a version does not have is a mistake. The
	// bodies of token calls stay open, as they are described in place.
	for _, schema := range spec.Components.Schemas {
		closeSchema(schema.Value)
	}

	return &document{spec: spec}, nil
}

// closeSchema forbids members that an object's schema does not list.
func closeSchema(schema *openapi3.Schema) {
	open := schema.AdditionalProperties.Schema == nil && schema.AdditionalProperties.Has == nil
	if open && len(schema.Properties) > 0 {
		forbidden := false
		schema.AdditionalProperties.Has = &forbidden
	}
}

// find picks the operation that a request is for. The server ignores the case
// of paths, and so does this.
func (d *document) find(r *http.Request) (*routers.Route, map[string]string, bool) {
	segments := strings.Split(r.URL.EscapedPath(), "/")

	var (
		best       *routers.Route
		bestParams map[string]string
	)

	for path, item := range d.spec.Paths.Map() {
		operation := item.GetOperation(r.Method)
		if operation == nil {
			continue
		}

		params, matches := matchPath(strings.Split(path, "/"), segments)

		// A path with fewer parameters is the more exact one.
		if matches && (best == nil || len(params) < len(bestParams)) {
			best = &routers.Route{Spec: d.spec, Path: path, PathItem: item, Method: r.Method, Operation: operation}
			bestParams = params
		}
	}

	return best, bestParams, best != nil
}

func matchPath(pattern, segments []string) (map[string]string, bool) {
	if len(pattern) != len(segments) {
		return nil, false
	}

	params := make(map[string]string)

	for i, expected := range pattern {
		segment, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}

		if name, isParameter := strings.CutPrefix(expected, "{"); isParameter {
			params[strings.TrimSuffix(name, "}")] = segment
		} else if !strings.EqualFold(expected, segment) {
			return nil, false
		}
	}

	return params, true
}
