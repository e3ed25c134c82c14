package acctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// PFX is a certificate with its private key.
type PFX struct {
	// Data is the file, and PEM the public certificate alone.
	Data []byte
	PEM  string
	// Thumbprint is the SHA-1 hash in upper-case hexadecimal.
	Thumbprint string
	NotAfter   time.Time
}

// certificateKey is one for all certificates of tests: making one takes long.
var certificateKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// NewPFX makes a certificate that is valid for a time from now.
func NewPFX(t *testing.T, name, password string, valid time.Duration) PFX {
	t.Helper()
	key, err := certificateKey()
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-100 * 24 * time.Hour), NotAfter: now.Add(valid),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	data, err := pkcs12.Modern.Encode(key, certificate, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(der)
	return PFX{
		Data: data, PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		Thumbprint: strings.ToUpper(hex.EncodeToString(sum[:])), NotAfter: certificate.NotAfter,
	}
}
