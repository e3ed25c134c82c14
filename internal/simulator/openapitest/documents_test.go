package openapitest_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/openapitest"
)

// TestEveryDescribedOperationIsServed asks for everything that the documents
// describe without logging in: the server has to know it, and to want a token
// unless the document says that it is open to everybody.
func TestEveryDescribedOperationIsServed(t *testing.T) {
	t.Parallel()

	dir := os.Getenv(openapitest.DirectoryVariable)
	if dir == "" {
		t.Skip(openapitest.DirectoryVariable + " is not set")
	}

	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(sim.Close)

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(sim.CertificatePEM()))

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	parameter := regexp.MustCompile(`\{\w+\}`)

	for _, version := range []string{"v6", "v7", "v8"} {
		spec, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "vb365-"+version+".json"))
		if err != nil {
			t.Fatal(err)
		}

		for path, item := range spec.Paths.Map() {
			for method, operation := range item.Operations() {
				address := sim.URL() + parameter.ReplaceAllString(path, simulator.ContosoID)

				request, err := http.NewRequestWithContext(t.Context(), method, address, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}

				response, err := client.Do(request)
				if err != nil {
					t.Fatal(err)
				}

				response.Body.Close()

				_, open := operation.Extensions["x-anonymous"]
				want := http.StatusUnauthorized

				switch {
				case strings.HasSuffix(path, "/token"):
					want = http.StatusUnsupportedMediaType
				case open:
					want = http.StatusOK
				}

				if response.StatusCode != want {
					t.Errorf("%s %s: status %d, want %d", method, path, response.StatusCode, want)
				}
			}
		}
	}
}
