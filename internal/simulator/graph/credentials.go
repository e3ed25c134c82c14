package graph

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // thumbprints of certificates are SHA-1
	"crypto/x509"
	"strings"
)

// credentials completes the certificates that a client sent: one without bytes
// has to be there already.
func credentials(before, after []KeyCredential) ([]KeyCredential, error) {
	completed := make([]KeyCredential, 0, len(after))

	for _, credential := range after {
		known := existing(before, credential)

		switch {
		case known != nil:
			completed = append(completed, *known)
		case credential.Key == nil:
			return nil, badRequest("Key credential is invalid: the key is missing.")
		default:
			fresh, err := newCredential(credential)
			if err != nil {
				return nil, err
			}

			completed = append(completed, fresh)
		}
	}

	return completed, nil
}

// existing finds the certificate that a client sends back.
func existing(before []KeyCredential, credential KeyCredential) *KeyCredential {
	for i, old := range before {
		sameID := credential.KeyID != "" && strings.EqualFold(old.KeyID, credential.KeyID)
		sameName := credential.KeyID == "" && len(credential.CustomKeyIdentifier) > 0 &&
			bytes.Equal(old.CustomKeyIdentifier, credential.CustomKeyIdentifier)

		if sameID || sameName {
			return &before[i]
		}
	}

	return nil
}

// newCredential fills in what a client left out.
func newCredential(credential KeyCredential) (KeyCredential, error) {
	certificate, err := x509.ParseCertificate(credential.Key)
	if err != nil {
		return credential, badRequest("Key credential is invalid: the key is no certificate.")
	}

	if credential.Type != "AsymmetricX509Cert" || credential.Usage != "Verify" {
		return credential, badRequest("Key credential is invalid: type or usage is not supported.")
	}

	if credential.CustomKeyIdentifier == nil {
		sum := sha1.Sum(credential.Key) //nolint:gosec // thumbprints are SHA-1
		credential.CustomKeyIdentifier = sum[:]
	}

	if credential.KeyID == "" {
		credential.KeyID = newGUID()
	}

	if credential.DisplayName == nil {
		credential.DisplayName = new(certificate.Subject.String())
	}

	if credential.StartDateTime == nil {
		credential.StartDateTime = new(certificate.NotBefore.UTC())
	}

	if credential.EndDateTime == nil {
		credential.EndDateTime = new(certificate.NotAfter.UTC())
	}

	if credential.EndDateTime.After(certificate.NotAfter) {
		return credential, badRequest("Key credential end date is invalid.")
	}

	return credential, nil
}
