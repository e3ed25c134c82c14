package vbopowershell

import (
	"crypto"
	"crypto/sha1" //nolint:gosec // Windows and Entra name certificates by it
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// Errors of [ParsePFX].
var (
	// ErrPFXPassword: the password does not open the file.
	ErrPFXPassword = errors.New("the password does not open the PFX file")
	// ErrPFXNoKey: the file holds no private key, or none for the certificate.
	ErrPFXNoKey = errors.New("the PFX file holds no private key for the certificate")
	// ErrPFXMalformed: the data are no PFX file.
	ErrPFXMalformed = errors.New("this is not a PFX (PKCS #12) file")
)

// PFX is a certificate with its private key, as a password-protected file. It is
// secret: its text forms show the thumbprint alone.
type PFX struct {
	// Thumbprint is the certificate's SHA-1 hash in upper-case hexadecimal.
	Thumbprint string
	// NotBefore and NotAfter bound the certificate's validity.
	NotBefore, NotAfter time.Time

	data     []byte
	password string
}

// ParsePFX opens a PFX file. The error wraps [ErrPFXPassword], [ErrPFXNoKey] or
// [ErrPFXMalformed] and holds nothing of the file.
func ParsePFX(data []byte, password string) (*PFX, error) {
	key, leaf, others, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, ErrPFXPassword
	case err != nil && strings.Contains(err.Error(), "private key"):
		return nil, fmt.Errorf("%w: %w", ErrPFXNoKey, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrPFXMalformed, err)
	}
	for _, certificate := range append([]*x509.Certificate{leaf}, others...) {
		if belongs(key, certificate) {
			return &PFX{
				Thumbprint: thumbprint(certificate), NotBefore: certificate.NotBefore, NotAfter: certificate.NotAfter,
				data: data, password: password,
			}, nil
		}
	}
	return nil, ErrPFXNoKey
}

// belongs tells whether the private key is the certificate's.
func belongs(key any, certificate *x509.Certificate) bool {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return false
	}
	public, ok := signer.Public().(interface {
		Equal(other crypto.PublicKey) bool
	})
	return ok && public.Equal(certificate.PublicKey)
}

func thumbprint(certificate *x509.Certificate) string {
	sum := sha1.Sum(certificate.Raw) //nolint:gosec // a name, not a protection
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// String implements [fmt.Stringer].
func (p PFX) String() string { return "PFX " + p.Thumbprint }

// GoString implements [fmt.GoStringer].
func (p PFX) GoString() string { return p.String() }

// LogValue implements [slog.LogValuer].
func (p PFX) LogValue() slog.Value { return slog.StringValue(p.String()) }
