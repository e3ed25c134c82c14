package control_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

// trusting is a transport that trusts the simulator's certificate.
func trusting(sim *simulator.Server) *http.Transport {
	return trustingPEM(sim.CertificatePEM())
}

// trustingPEM is a transport that trusts a certificate.
func trustingPEM(certificate string) *http.Transport {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(certificate))

	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
}
