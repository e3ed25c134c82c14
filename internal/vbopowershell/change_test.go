package vbopowershell

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

func TestCommandsAreReadyToPasteAndHoldNoSecret(t *testing.T) {
	t.Parallel()
	pfx := &PFX{data: []byte("FILE"), password: "PASSWORD"}
	got := Commands("", SetRESTAPI{Enabled: true, HTTPSPort: 443}, SetOperatorAuthentication{Enabled: true, Certificate: pfx},
		SetTenantAuthentication{}, SetRestorePortal{Enabled: false, ApplicationID: "id", PortalURI: "https://it's:443", Region: "China"})
	want := `& {
    Import-Module 'C:\Program Files\Veeam\Backup365\Veeam.Archiver.PowerShell\Veeam.Archiver.PowerShell.psd1'
    Set-VBORestAPISettings -EnableService:$true -HTTPSPort 443
    Set-VBOOperatorAuthenticationSettings -EnableAuthentication:$true -CertificateFilePath 'C:\path\to\operators.pfx' ` +
		`-CertificatePassword (Read-Host -AsSecureString -Prompt 'Password of operators.pfx')
    Set-VBOTenantAuthenticationSettings -EnableAuthentication:$false
    Set-VBORestorePortalSettings -EnableService:$false -ApplicationId 'id' -PortalUri 'https://it''s:443' -Region 'China'
}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzQuote reads quoted texts as PowerShell does: a quotation mark, of whatever
// shape, ends the text unless it is doubled.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "it's", "’", "‘‚‛'", "$x `n \"", "';calc;'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		runes := []rune(Quote(s))
		isQuote := func(r rune) bool { return strings.ContainsRune("'‘’‚‛", r) }
		var read []rune
		for i := 1; i < len(runes)-1; i++ {
			if isQuote(runes[i]) {
				i++
				if i == len(runes)-1 || !isQuote(runes[i]) {
					t.Fatalf("%q ends early as %q", s, string(runes))
				}
			}
			read = append(read, runes[i])
		}
		if runes[0] != '\'' || runes[len(runes)-1] != '\'' || string(read) != s {
			t.Errorf("%q is read as %q", s, string(read))
		}
	})
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newCertificate(t *testing.T, key *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "portal"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestPFXFilesOfEveryAgeAreOpened(t *testing.T) {
	t.Parallel()
	key, issuer := newKey(t), newKey(t)
	certificate, issuers := newCertificate(t, key), []*x509.Certificate{newCertificate(t, issuer)}
	for name, encoder := range map[string]*pkcs12.Encoder{
		"Windows Server 2016": pkcs12.LegacyDES, "older": pkcs12.LegacyRC2, "today": pkcs12.Modern,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := encoder.Encode(key, certificate, issuers, "päss")
			if err != nil {
				t.Fatal(err)
			}
			pfx, err := ParsePFX(data, "päss")
			if err != nil || pfx.Thumbprint != thumbprint(certificate) || !pfx.NotAfter.Equal(certificate.NotAfter) {
				t.Errorf("got %v, %v", pfx, err)
			}
			if _, err := ParsePFX(data, "pass"); !errors.Is(err, ErrPFXPassword) {
				t.Errorf("the wrong password: %v", err)
			}
		})
	}
}

func TestPFXFilesThatAreOfNoUseAreRefused(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	certificate := newCertificate(t, key)
	foreign, err := pkcs12.Modern.Encode(newKey(t), certificate, nil, "p")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePFX(foreign, "p"); !errors.Is(err, ErrPFXNoKey) {
		t.Errorf("the key of another certificate: %v", err)
	}
	public, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{certificate}, "p")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePFX(public, "p"); !errors.Is(err, ErrPFXNoKey) {
		t.Errorf("no key: %v", err)
	}
	for _, data := range [][]byte{nil, []byte("-----BEGIN CERTIFICATE-----"), certificate.Raw} {
		if _, err := ParsePFX(data, "p"); !errors.Is(err, ErrPFXMalformed) {
			t.Errorf("%.10q: %v", data, err)
		}
	}
}

func TestAPFXFileShowsNothingOfItself(t *testing.T) {
	t.Parallel()
	pfx := &PFX{Thumbprint: "AB", data: []byte("FILE"), password: "PASSWORD"}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "pfx", pfx, "value", *pfx)
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s", pfx, pfx, pfx, pfx), fmt.Sprintf("%v %+v %#v %s", *pfx, *pfx, *pfx, *pfx), log.String(),
		fmt.Sprintf("%+v %#v", SetRestorePortal{Certificate: pfx}, SetOperatorAuthentication{Certificate: pfx}),
	} {
		if strings.Contains(text, "FILE") || strings.Contains(text, "PASSWORD") || strings.Contains(text, "0x46") {
			t.Errorf("it shows: %s", text)
		}
	}
}
