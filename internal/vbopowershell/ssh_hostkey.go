package vbopowershell

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// hostKeys are the keys by which a server is known.
type hostKeys struct {
	keys         []ssh.PublicKey
	fingerprints []string
}

const fingerprintPrefix = "SHA256:"

// parseHostKeys reads [SSHConfig.HostKey]. No error quotes it: it may be a
// private key, by mistake.
func parseHostKeys(text string) (hostKeys, error) {
	var known hostKeys
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.Contains(line, "PRIVATE KEY"):
			return known, fmt.Errorf("%w: host_key is a private key; the server's public key is wanted, ssh_host_ed25519_key.pub", ErrConfig)
		case strings.HasPrefix(line, fingerprintPrefix):
			fingerprint := strings.TrimRight(line, "=")
			sum, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(fingerprint, fingerprintPrefix))
			if err != nil || len(sum) != sha256.Size {
				return known, fmt.Errorf("%w: host_key has a fingerprint without the 43 characters that follow SHA256: in a whole one", ErrConfig)
			}
			known.fingerprints = append(known.fingerprints, fingerprint)
			continue
		}
		// A host's name before the key, as in known_hosts, passes for an option.
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			return known, fmt.Errorf("%w: host_key has a line that is no public key; expected ssh-ed25519 AAAA… or SHA256:…", ErrConfig)
		}
		if !slices.Contains(ssh.SupportedAlgorithms().HostKeys, algorithmsOf(key)[0]) {
			return known, fmt.Errorf("%w: host_key is of the kind %s, which is not supported or not secure", ErrConfig, key.Type())
		}
		known.keys = append(known.keys, key)
	}
	if len(known.keys) == 0 && len(known.fingerprints) == 0 {
		return known, fmt.Errorf("%w: host_key is needed: without it, anybody could pass for the server", ErrConfig)
	}
	return known, nil
}

// algorithmsOf are those with which a server proves that it has a key.
func algorithmsOf(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

// hostKeyError is why a server is not trusted.
type hostKeyError struct{ shown, kind, expected string }

func (e *hostKeyError) Error() string {
	return fmt.Sprintf("its host key is %s (%s), and not %s", e.shown, e.kind, e.expected)
}

func (h hostKeys) check(shown ssh.PublicKey) error {
	fingerprint := ssh.FingerprintSHA256(shown)
	var expected []string
	for _, key := range h.keys {
		if slices.Equal(key.Marshal(), shown.Marshal()) {
			return nil
		}
		expected = append(expected, ssh.FingerprintSHA256(key))
	}
	if slices.Contains(h.fingerprints, fingerprint) {
		return nil
	}
	return &hostKeyError{
		shown: fingerprint, kind: shown.Type(), expected: strings.Join(append(expected, h.fingerprints...), " or "),
	}
}

// algorithms are those of the known keys, so that a server with several shows a
// known one. Fingerprints do not tell: then the server is asked as OpenSSH's
// client does, and shows an Ed25519 key if it has one.
func (h hostKeys) algorithms() []string {
	if len(h.fingerprints) > 0 {
		return []string{
			ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
			ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
		}
	}
	var algorithms []string
	for _, key := range h.keys {
		algorithms = append(algorithms, algorithmsOf(key)...)
	}
	return algorithms
}
