package portalapplication

import (
	"crypto/sha1" //nolint:gosec // Entra names certificates by it
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

func portalURI() tfkit.Check {
	return tfkit.NewCheck("must be an https address", "Invalid address of the portal", func(s string) error {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" || u.User != nil {
			return fmt.Errorf("%q is not an https address; expected the form https://portal.example.com:4443", s)
		}
		return nil
	})
}

func certificateText() tfkit.Check {
	return tfkit.NewCheck("must be a PEM certificate", "Invalid certificate", func(s string) error {
		_, err := parseCertificate(s)
		return err
	})
}

// certificate is a public certificate and the name that Entra gives it.
type certificate struct {
	*x509.Certificate

	thumbprint string
}

// parseCertificate reads one certificate. A private key is refused: it would end
// up in the state, and is not Entra's to know.
func parseCertificate(text string) (certificate, error) {
	var found *x509.Certificate
	for rest := []byte(text); ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return certificate{}, errors.New("the text holds a private key; give the certificate alone")
		}
		if block.Type != "CERTIFICATE" || found != nil {
			continue // issuers may follow
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return certificate{}, fmt.Errorf("the certificate cannot be read: %w", err)
		}
		found = parsed
	}
	if found == nil {
		return certificate{}, errors.New("expected a PEM block that begins with -----BEGIN CERTIFICATE-----, such as file(\"portal.pem\") gives")
	}
	sum := sha1.Sum(found.Raw) //nolint:gosec // Entra names certificates by it
	return certificate{found, strings.ToUpper(hex.EncodeToString(sum[:]))}, nil
}
