package remoting

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

// TLSStyle is the look of an endpoint's certificate, which is issued by an
// authority of its own.
type TLSStyle string

// The looks of a certificate.
const (
	// TLSNamed names the host.
	TLSNamed TLSStyle = ""
	// TLSOtherName names another host.
	TLSOtherName TLSStyle = "other-name"
	// TLSExpired ran out yesterday.
	TLSExpired TLSStyle = "expired"
)

type serverCertificate struct {
	tls       tls.Certificate
	issuerPEM string
	sha256    string
}

const day = 24 * time.Hour

func newCertificate(style TLSStyle) (serverCertificate, error) {
	fail := func(err error) (serverCertificate, error) {
		return serverCertificate{}, fmt.Errorf("make the certificate of WinRM: %w", err)
	}
	issuerKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	now := time.Now()
	issuer := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Authority"}, NotBefore: now.Add(-2 * day), NotAfter: now.Add(30 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	issuerDER, err := x509.CreateCertificate(rand.Reader, issuer, issuer, issuerKey.Public(), issuerKey)
	if err != nil {
		return fail(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "vb365"}, NotBefore: now.Add(-2 * day), NotAfter: now.Add(30 * day),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	switch style {
	case TLSOtherName:
		leaf.DNSNames, leaf.IPAddresses = []string{"other.example.com"}, nil
	case TLSExpired:
		leaf.NotAfter = now.Add(-day)
	case TLSNamed:
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, issuer, key.Public(), issuerKey)
	if err != nil {
		return fail(err)
	}
	sum := sha256.Sum256(der)
	return serverCertificate{
		tls:       tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		issuerPEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuerDER})),
		sha256:    hex.EncodeToString(sum[:]),
	}, nil
}
