package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

const (
	day                 = 24 * time.Hour
	certificateLifetime = 365 * day
	serialNumberBits    = 120
)

// CertificateStyle is the look of a server's self-signed certificate.
type CertificateStyle string

// The looks of a server's certificate.
const (
	// WithNames names the host in subject alternative names.
	WithNames CertificateStyle = ""
	// CommonNameOnly names it in the common name alone, which Go refuses even
	// when the certificate is trusted.
	CommonNameOnly CertificateStyle = "cn-only"
	// Expired ran out yesterday.
	Expired CertificateStyle = "expired"
)

// Certificate is a server's self-signed certificate with its key.
type Certificate struct {
	// TLS is what the server shows.
	TLS tls.Certificate
	// PEM is the certificate without its key.
	PEM string
	// SHA256 is the certificate's sum, in lower-case hexadecimal digits.
	SHA256 string
}

// NewCertificate makes a self-signed certificate for the host, in the style of
// those that administrators make.
func NewCertificate(host string, style CertificateStyle) (Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Certificate{}, fmt.Errorf("generate the server's key: %w", err)
	}

	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialNumberBits))
	if err != nil {
		return Certificate{}, fmt.Errorf("generate the certificate's serial number: %w", err)
	}

	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: host, Organization: []string{"VB365 simulator"}},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(certificateLifetime),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}

	if style == Expired {
		template.NotBefore = now.Add(-certificateLifetime)
		template.NotAfter = now.Add(-day)
	}

	if style != CommonNameOnly {
		nameHost(template, host)
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Certificate{}, fmt.Errorf("sign the server's certificate: %w", err)
	}

	sum := sha256.Sum256(der)

	return Certificate{
		TLS:    tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		PEM:    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		SHA256: hex.EncodeToString(sum[:]),
	}, nil
}

// nameHost fills in the subject alternative names.
func nameHost(template *x509.Certificate, host string) {
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}

	switch address := net.ParseIP(host); {
	case host == "", host == "localhost":
	case address != nil:
		template.IPAddresses = append(template.IPAddresses, address)
	default:
		template.DNSNames = append(template.DNSNames, host)
	}
}
