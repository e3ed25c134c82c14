package machine_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

const (
	application = "2b1d4885-989e-4cba-b8bd-3b13520358b8"
	password    = `pfx "secret' $(not) to be seen`
)

// script reads one of the provider's own scripts.
func script(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "vbopowershell", "scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// encoded is a script in the form of -EncodedCommand.
func encoded(script string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(script)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// start starts a server with its machine.
func start(t *testing.T, server simulator.Options, options machine.Options) (*simulator.Server, *machine.Machine) {
	t.Helper()
	sim, err := simulator.Start(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim, machine.New(sim, options)
}

// change is one change of the script's request.
type change map[string]any

// request is what the script is asked for.
type request struct {
	engine      string
	modulePath  string
	lockSeconds int
	expected    string
	changes     []change
	// secrets are the lines behind the request.
	secrets []string
}

// input is what the script reads from standard input.
func (r request) input(t *testing.T) string {
	t.Helper()
	if r.modulePath == "" {
		r.modulePath = machine.ModulePath
	}
	if r.changes == nil {
		r.changes = []change{}
	}
	envelope, err := json.Marshal(map[string]any{"script": script(t, "settings.ps1"), "request": map[string]any{
		"modulePath": r.modulePath, "lockSeconds": r.lockSeconds, "expected": r.expected, "changes": r.changes,
	}})
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{string(envelope)}
	for _, secret := range r.secrets {
		lines = append(lines, base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	return strings.Join(lines, "\n") + "\n"
}

// line is the command line.
func (r request) line(t *testing.T) string {
	t.Helper()
	if r.engine == "" {
		r.engine = "pwsh.exe"
	}
	return r.engine + " -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand " + encoded(script(t, "bootstrap.ps1"))
}

type certificate struct{ Thumbprint, IssuedTo, IssuedBy, Expires string }

type authentication struct {
	Enabled     bool
	Certificate certificate
}

type settings struct {
	RestAPI struct {
		Enabled                               bool
		HTTPSPort                             int
		SwaggerUI, OperatorAuthenticationOnly *bool
		Certificate                           certificate
	}
	OperatorAuthentication, TenantAuthentication authentication
	RestorePortal                                struct {
		Enabled                          bool
		ApplicationID, PortalURI, Region string
		Certificate                      certificate
	}
}

type failure struct{ Kind, Cmdlet, Message, ID string }

// answer is what the script answered.
type answer struct {
	PowerShell string
	Warnings   []struct{ Cmdlet, Message string }
	Settings   string
	Failure    *failure

	stdout, stderr string
	exitCode       int
}

func (a answer) settings(t *testing.T) settings {
	t.Helper()
	var s settings
	if err := json.Unmarshal([]byte(a.Settings), &s); err != nil { //nolint:musttag // the script's names but for their case
		t.Fatalf("%v: %q; %+v", err, a.Settings, a)
	}
	return s
}

// answered tells whether there was an answer at all.
func (a answer) answered() bool { return a.PowerShell != "" }

// ask runs the script.
func ask(t *testing.T, m *machine.Machine, r request) answer {
	t.Helper()
	return askContext(t.Context(), t, m, r)
}

func askContext(ctx context.Context, t *testing.T, m *machine.Machine, r request) answer {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := m.Exec(ctx, r.line(t), strings.NewReader(r.input(t)), &stdout, &stderr)
	a := answer{stdout: stdout.String(), stderr: stderr.String(), exitCode: code}
	if found := regexp.MustCompile(`vb365:([A-Za-z0-9+/=]+)\r\n$`).FindStringSubmatch(a.stdout); found != nil {
		text, err := base64.StdEncoding.DecodeString(found[1])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &a); err != nil { //nolint:musttag // the script's names but for their case
			t.Fatal(err)
		}
	}
	if (code == 0) != (a.answered() && a.Failure == nil) {
		t.Errorf("the exit code is %d: %+v", code, a)
	}
	return a
}

// mustChange runs the script, which has to succeed.
func mustChange(t *testing.T, m *machine.Machine, secrets []string, changes ...change) settings {
	t.Helper()
	a := ask(t, m, request{lockSeconds: 5, changes: changes, secrets: secrets})
	if a.Failure != nil {
		t.Fatalf("the script failed: %+v; %s", *a.Failure, a.stderr)
	}
	return a.settings(t)
}

// pfxFile is a certificate with its key.
type pfxFile struct {
	data       string
	thumbprint string
	expires    time.Time
}

func newPFX(t *testing.T, name, password string) pfxFile {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0).Truncate(time.Second),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	data, err := pkcs12.Modern.Encode(key, parsed, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(der)
	return pfxFile{string(data), strings.ToUpper(hex.EncodeToString(sum[:])), parsed.NotAfter}
}

// shown is how the script shows the certificate.
func (f pfxFile) shown(name string) certificate {
	return certificate{f.thumbprint, name, "CN=" + name, f.expires.UTC().Format("2006-01-02T15:04:05Z")}
}

// ready is a server whose operator authentication is on.
func ready(t *testing.T, options machine.Options) (*simulator.Server, *machine.Machine) {
	t.Helper()
	sim, m := start(t, simulator.Options{}, options)
	sim.SetService(simulator.ServiceSettings{OperatorAuthentication: simulator.AuthenticationSettings{
		Enabled: true, Certificate: simulator.Certificate{Thumbprint: "00", IssuedTo: "operators", Expires: time.Now().Add(time.Hour)},
	}})
	return sim, m
}

func portalOn(more ...string) change {
	c := change{"settings": "restorePortal", "enabled": true, "applicationId": application, "certificate": true}
	for i := 0; i+1 < len(more); i += 2 {
		c[more[i]] = more[i+1]
	}
	return c
}
