// Package trust says which servers' certificates clients accept.
package trust

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Config says which server certificate to trust. With none of its fields set the
// system's roots decide.
type Config struct {
	// CACertificatePEM holds roots to trust beside the system's.
	CACertificatePEM string
	// CertificateSHA256 pins the server's own certificate: exactly this one is
	// trusted, whatever its names, chain and dates. Hex, colons allowed.
	CertificateSHA256 string
	// InsecureSkipVerify trusts any certificate.
	InsecureSkipVerify bool
}

// ErrPinMismatch is why a handshake with a pinned certificate failed.
var ErrPinMismatch = errors.New("it is not the certificate that is pinned")

// ParsePin returns the SHA-256 fingerprint of a text of 64 hex digits, with or without colons.
func ParsePin(s string) ([]byte, error) {
	digits := strings.NewReplacer(":", "", " ", "").Replace(s)
	pin, err := hex.DecodeString(digits)
	if err != nil || len(pin) != sha256.Size {
		return nil, errors.New("a SHA-256 fingerprint has 64 hexadecimal digits, with or without colons")
	}
	return pin, nil
}

// Fingerprint returns the SHA-256 fingerprint of a certificate in hex.
func Fingerprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// TLS returns a configuration for TLS 1.2 and later. An error says which field
// cannot be read.
func (c Config) TLS() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CACertificatePEM != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM([]byte(c.CACertificatePEM)) {
			return nil, errors.New("the CA certificate holds no PEM certificate that can be read")
		}
		cfg.RootCAs = roots
	}
	switch {
	case c.CertificateSHA256 != "":
		pin, err := ParsePin(c.CertificateSHA256)
		if err != nil {
			return nil, err
		}
		// The pin replaces chain and name checks: self-signed certificates have
		// neither a chain nor, often, a subject alternative name.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = func(state tls.ConnectionState) error {
			sum := sha256.Sum256(state.PeerCertificates[0].Raw)
			if subtle.ConstantTimeCompare(sum[:], pin) == 1 {
				return nil
			}
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: fmt.Errorf("%w, %x", ErrPinMismatch, pin)}
		}
	case c.InsecureSkipVerify:
		cfg.InsecureSkipVerify = true
	}
	return cfg, nil
}
