package graph

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // thumbprints of certificates are SHA-1
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// assertion is a JSON Web Token with which a client proves who it is.
type assertion struct {
	header struct {
		Algorithm string `json:"alg"`
		SHA1      string `json:"x5t"`
		SHA256    string `json:"x5t#S256"`
	}
	claims struct {
		Audience  string  `json:"aud"`
		Issuer    string  `json:"iss"`
		Subject   string  `json:"sub"`
		Expires   float64 `json:"exp"`
		NotBefore float64 `json:"nbf"`
	}
	// signed is what the signature is of.
	signed    string
	signature []byte
}

// parseAssertion reads a token; one that cannot be read has no certificate.
func parseAssertion(text string) assertion {
	var parsed assertion

	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return parsed
	}

	var decoded [3][]byte

	for i, part := range parts {
		bytes, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
		if err != nil {
			return assertion{}
		}

		decoded[i] = bytes
	}

	if json.Unmarshal(decoded[0], &parsed.header) != nil || json.Unmarshal(decoded[1], &parsed.claims) != nil {
		return assertion{}
	}

	parsed.signed = parts[0] + "." + parts[1]
	parsed.signature = decoded[2]

	return parsed
}

// certified tells whether the assertion names a certificate.
func (a assertion) certified() bool {
	return a.header.SHA1 != "" || a.header.SHA256 != ""
}

func assertionExpired(expires, now time.Time) *loginError {
	return &loginError{http.StatusUnauthorized, invalidClient, 700024, fmt.Sprintf("Client assertion is not within its valid "+
		"time range. Current time: %s, expiry time of assertion %s.", now.UTC().Format(time.RFC3339), expires.UTC().Format(time.RFC3339))}
}

func assertionWrong(reason string) *loginError {
	return &loginError{http.StatusUnauthorized, invalidClient, 700027, "The certificate with identifier used to sign the client " +
		"assertion is not registered on application. [Reason - " + reason + "]"}
}

// proveCertificate checks an assertion that was signed with a certificate.
func (c Client) proveCertificate(a assertion, audiences []string, now time.Time) *loginError {
	certificate := c.certificate(a)
	if certificate == nil {
		return assertionWrong("The key was not found.")
	}

	if !a.signedBy(certificate) {
		return assertionWrong("The signature is invalid.")
	}

	if now.After(certificate.NotAfter) {
		return assertionWrong("The key used is expired.")
	}

	expires, notBefore := time.Unix(int64(a.claims.Expires), 0), time.Unix(int64(a.claims.NotBefore), 0)

	const skew = 5 * time.Minute

	if now.After(expires.Add(skew)) || now.Before(notBefore.Add(-skew)) {
		return assertionExpired(expires, now)
	}

	if !strings.EqualFold(a.claims.Issuer, c.ID) || !strings.EqualFold(a.claims.Subject, c.ID) {
		return &loginError{http.StatusUnauthorized, invalidClient, 700021, "Client assertion application identifier doesn't match " +
			"'client_id' parameter."}
	}

	if !slices.ContainsFunc(audiences, func(own string) bool { return strings.EqualFold(own, a.claims.Audience) }) {
		return &loginError{http.StatusUnauthorized, invalidClient, 700023, fmt.Sprintf("Client assertion audience claim does not "+
			"match Realm issuer. Audience: %s.", a.claims.Audience)}
	}

	return nil
}

// certificate finds the client's certificate that an assertion names.
func (c Client) certificate(a assertion) *x509.Certificate {
	for _, text := range c.CertificatesPEM {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			continue
		}

		sum1, sum256 := sha1.Sum(block.Bytes), sha256.Sum256(block.Bytes) //nolint:gosec // thumbprints are SHA-1
		if !sameBytes(a.header.SHA1, sum1[:]) && !sameBytes(a.header.SHA256, sum256[:]) {
			continue
		}

		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			return certificate
		}
	}

	return nil
}

// sameBytes compares bytes with their base64, for URLs or, as Microsoft's own
// libraries have it, not.
func sameBytes(encoded string, bytes []byte) bool {
	return encoded == base64.RawURLEncoding.EncodeToString(bytes) || encoded == base64.StdEncoding.EncodeToString(bytes)
}

func (a assertion) signedBy(certificate *x509.Certificate) bool {
	key, isRSA := certificate.PublicKey.(*rsa.PublicKey)
	if !isRSA {
		return false
	}

	sum := sha256.Sum256([]byte(a.signed))

	switch a.header.Algorithm {
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], a.signature) == nil
	case "PS256":
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], a.signature, nil) == nil
	default:
		return false
	}
}
