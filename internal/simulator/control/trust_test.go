package control_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// trusting is a transport that trusts the simulator's certificate.
func trusting(sim *simulator.Server) *http.Transport {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(sim.CertificatePEM()))

	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
}
