package machine_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

func TestTheScriptReadsAServerThatWasNeverSetUp(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]machine.Options{"no date": {NullDates: true}, "the earliest date": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, m := start(t, simulator.Options{}, options)
			a := ask(t, m, request{})
			off := false
			var want settings
			want.RestAPI.Enabled, want.RestAPI.HTTPSPort = true, sim.Port()
			want.RestAPI.SwaggerUI, want.RestAPI.OperatorAuthenticationOnly = &off, &off
			want.RestorePortal.ApplicationID, want.RestorePortal.Region = "00000000-0000-0000-0000-000000000000", "Worldwide"
			if diff := cmp.Diff(want, a.settings(t)); diff != "" {
				t.Error(diff)
			}
			if a.PowerShell != "7.4.6" || len(a.Warnings) > 0 || a.stderr != "" || strings.Count(a.stdout, "\n") != 1 {
				t.Errorf("%+v", a)
			}
			if log := strings.Join(m.ModuleLog(), "\n"); strings.Contains(log, "CommandInvocation(Set-VBO") {
				t.Errorf("a look changed something: %s", log)
			}
		})
	}
}

func TestTheScriptReadsWhatTheServerHas(t *testing.T) {
	t.Parallel()
	sim, m := start(t, simulator.Options{}, machine.Options{NullDates: true})
	expires := time.Date(2030, time.January, 2, 3, 4, 5, 0, time.UTC)
	sim.SetPortal(simulator.PortalSettings{
		Enabled: true, ApplicationID: application, URI: "https://portal:1", Region: simulator.China,
		Certificate: simulator.Certificate{Thumbprint: "AB", IssuedTo: "me", IssuedBy: "them", Expires: expires},
	})
	a := ask(t, m, request{})
	for _, want := range []string{
		`"restorePortal":{"enabled":true,"applicationId":"` + application + `","portalUri":"https://portal:1","region":"China"`,
		`"thumbprint":"AB","issuedTo":"me","issuedBy":"them","expires":"2030-01-02T03:04:05Z"`,
		`"tenantAuthentication":{"enabled":false,"certificate":{"thumbprint":"","issuedTo":"","issuedBy":"","expires":""}}`,
	} {
		if !strings.Contains(a.Settings, want) {
			t.Errorf("the settings lack %s:\n%s", want, a.Settings)
		}
	}
}

func TestEachChangeIsMadeAndReadBack(t *testing.T) {
	t.Parallel()
	sim, m := start(t, simulator.Options{}, machine.Options{})
	operators, tenants, portal := newPFX(t, "operators", password), newPFX(t, "tenants", ""), newPFX(t, "portal", password)
	s := mustChange(t, m, []string{operators.data, password, tenants.data, "", portal.data, password},
		change{"settings": "operatorAuthentication", "enabled": true, "certificate": true},
		change{"settings": "tenantAuthentication", "enabled": true, "certificate": true},
		portalOn("portalUri", "https://portal.example.com:4443", "region", "USDefence"))
	if diff := cmp.Diff(authentication{true, operators.shown("operators")}, s.OperatorAuthentication); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(authentication{true, tenants.shown("tenants")}, s.TenantAuthentication); diff != "" {
		t.Error(diff)
	}
	if p := s.RestorePortal; !p.Enabled || p.ApplicationID != application || p.PortalURI != "https://portal.example.com:4443" ||
		p.Region != "USDefence" || p.Certificate != portal.shown("portal") {
		t.Errorf("%+v", p)
	}
	if shown := sim.Portal(); !shown.Enabled || shown.Region != simulator.USDefence || shown.Certificate.Thumbprint != portal.thumbprint {
		t.Errorf("the REST service has %+v", shown)
	}
	if left := m.Files(); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}

	// What a change does not name stays.
	s = mustChange(t, m, nil, change{"settings": "restorePortal", "enabled": false, "certificate": false},
		change{"settings": "tenantAuthentication", "enabled": false, "certificate": false})
	if p := s.RestorePortal; p.Enabled || p.ApplicationID != application || p.PortalURI == "" || p.Region != "USDefence" || p.Certificate.Thumbprint == "" {
		t.Errorf("%+v", p)
	}
	if a := s.TenantAuthentication; a.Enabled || a.Certificate.Thumbprint != tenants.thumbprint || !s.OperatorAuthentication.Enabled {
		t.Errorf("%+v", s)
	}
}

// reachable asks the REST service whether it is there.
func reachable(t *testing.T, sim *simulator.Server) bool {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(sim.URL(), "https://"))
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestTheRESTServiceMovesAndRestarts(t *testing.T) {
	t.Parallel()
	sim, m := start(t, simulator.Options{OperatorOnly: true}, machine.Options{RestDown: time.Hour})
	before, port := sim.URL(), freePort(t)
	s := mustChange(t, m, nil, change{"settings": "restApi", "enabled": true, "httpsPort": port, "certificate": false})
	if s.RestAPI.HTTPSPort != port || sim.Port() != port || sim.URL() == before || !*s.RestAPI.OperatorAuthenticationOnly || *s.RestAPI.SwaggerUI {
		t.Errorf("%+v on %s", s.RestAPI, sim.URL())
	}
	if reachable(t, sim) {
		t.Error("the service is there while it restarts")
	}
	m.Configure(func(o *machine.Options) { o.RestDown = 0 })
	mustChange(t, m, nil, change{"settings": "restApi", "enabled": true, "httpsPort": port, "certificate": false})
	if !reachable(t, sim) {
		t.Error("the service is not back")
	}
}

// login returns a check of a new access token.
func login(t *testing.T, sim *simulator.Server) (good func() bool) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(sim.CertificatePEM()))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	t.Cleanup(client.CloseIdleConnections)
	body := url.Values{
		"grant_type": {"password"}, "username": {simulator.DefaultUsername}, "password": {simulator.DefaultPassword}, "disable_antiforgery_token": {"true"},
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sim.URL()+"/v8/token", strings.NewReader(body.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var issued struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&issued); err != nil || issued.Access == "" {
		t.Fatalf("the login failed with %s: %v", answer.Status, err)
	}
	return func() bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sim.URL()+"/v8/ServiceInstance", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+issued.Access)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}
}

func TestARestartForgetsTokensUnlessTheKnobSaysOtherwise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options machine.Options
		change  change
		kept    bool
	}{
		"a change of the REST service":         {machine.Options{}, change{"settings": "restApi", "enabled": true}, false},
		"tokens are kept":                      {machine.Options{KeepTokens: true}, change{"settings": "restApi", "enabled": true}, true},
		"a change of something else":           {machine.Options{}, change{"settings": "tenantAuthentication"}, true},
		"a restart after a change of anything": {machine.Options{RestartAlways: true}, change{"settings": "tenantAuthentication"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, m := start(t, simulator.Options{}, c.options)
			good := login(t, sim)
			if !good() {
				t.Fatal("a new token is not good")
			}
			c.change["httpsPort"] = sim.Port()
			mustChange(t, m, nil, c.change)
			if good() != c.kept {
				t.Errorf("the token is good: %t", !c.kept)
			}
		})
	}
}

func TestAChangeOfOtherSettingsThanExpectedIsRefused(t *testing.T) {
	t.Parallel()
	sim, m := ready(t, machine.Options{})
	seen := ask(t, m, request{}).Settings
	off := change{"settings": "operatorAuthentication", "enabled": false}
	sim.SetPortal(simulator.PortalSettings{URI: "https://somebody.else:1"})
	a := ask(t, m, request{lockSeconds: 5, expected: seen, changes: []change{off}})
	if a.Failure == nil || a.Failure.Kind != "changed" || a.settings(t).RestorePortal.PortalURI != "https://somebody.else:1" || !sim.Service().OperatorAuthentication.Enabled {
		t.Errorf("%+v", a)
	}
	// The answer tells what they are now.
	if a = ask(t, m, request{lockSeconds: 5, expected: a.Settings, changes: []change{off}}); a.Failure != nil || sim.Service().OperatorAuthentication.Enabled {
		t.Errorf("%+v", a)
	}
}

// A soft hyphen is nothing to PowerShell's operators.
func TestSettingsThatLookAlikeAreNotTheSame(t *testing.T) {
	t.Parallel()
	sim, m := ready(t, machine.Options{})
	sim.SetPortal(simulator.PortalSettings{URI: "https://portal:1"})
	seen := ask(t, m, request{}).Settings
	sim.SetPortal(simulator.PortalSettings{URI: "https://portal\u00ad:1"})
	if a := ask(t, m, request{lockSeconds: 5, expected: seen, changes: []change{{"settings": "tenantAuthentication"}}}); a.Failure == nil || a.Failure.Kind != "changed" {
		t.Errorf("%+v", a)
	}
}

const lock = `Global\terraform-provider-vb365`

func TestAnotherRunIsWaitedForAndToldOf(t *testing.T) {
	t.Parallel()
	sim, m := ready(t, machine.Options{})
	release, ok := m.Lock(lock)
	if !ok {
		t.Fatal("the lock is taken")
	}
	a := ask(t, m, request{lockSeconds: 1, changes: []change{{"settings": "operatorAuthentication", "enabled": false}}})
	if a.Failure == nil || a.Failure.Kind != "busy" || !sim.Service().OperatorAuthentication.Enabled {
		t.Errorf("%+v", a)
	}
	if a = ask(t, m, request{}); a.Failure != nil {
		t.Errorf("a mere look waited: %+v", a)
	}
	release()
	mustChange(t, m, nil, change{"settings": "operatorAuthentication", "enabled": false})
	if m.Locked(lock) {
		t.Error("the lock is not released")
	}
}

func TestAFailureReleasesTheLockAndRemovesTheFile(t *testing.T) {
	t.Parallel()
	_, m := ready(t, machine.Options{Fail: "Set-VBORestorePortalSettings", FailMessage: "The portal is busy.", Warning: "Mind the gap."})
	portal := newPFX(t, "portal", password)
	a := ask(t, m, request{lockSeconds: 5, changes: []change{portalOn()}, secrets: []string{portal.data, password}})
	want := failure{"cmdlet", "Set-VBORestorePortalSettings", "The portal is busy.", "Failure,Veeam.Archiver.PowerShell.Cmdlets.SetVBORestorePortalSettings"}
	if a.Failure == nil || *a.Failure != want || m.Locked(lock) || len(m.Files()) > 0 {
		t.Errorf("%+v, locked: %t, files: %v", a, m.Locked(lock), m.Files())
	}
	// refused before it warned
	if len(a.Warnings) > 0 {
		t.Errorf("%+v", a.Warnings)
	}
}

func TestWarningsAreToldAlsoOfCmdletsThatFail(t *testing.T) {
	t.Parallel()
	_, m := ready(t, machine.Options{Warning: "Mind the gap."})
	for name, uri := range map[string]string{"done": "https://portal:1", "failed": "http://portal:1"} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, m, request{lockSeconds: 5, changes: []change{{"settings": "restorePortal", "portalUri": uri}}})
			if len(a.Warnings) != 1 || a.Warnings[0].Cmdlet != "Set-VBORestorePortalSettings" || a.Warnings[0].Message != "Mind the gap." {
				t.Errorf("%+v", a)
			}
			if (a.Failure != nil) != (name == "failed") || a.stderr != "" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// A file that cannot be deleted is told of, whatever became of the change, and goes
// with the next one.
func TestAFileThatIsHeldHidesNothing(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]machine.Options{
		"done":   {FilesHeld: true},
		"failed": {FilesHeld: true, Fail: "Set-VBORestorePortalSettings", FailMessage: "Out of order.", FailTimes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, m := ready(t, options)
			portal := newPFX(t, "portal", password)
			again := request{lockSeconds: 5, changes: []change{portalOn()}, secrets: []string{portal.data, password}}
			told := func(a answer, files int) {
				t.Helper()
				if len(a.Warnings) != files || len(m.TemporaryFiles()) != files {
					t.Fatalf("%+v, files: %q", a, m.TemporaryFiles())
				}
				for _, w := range a.Warnings {
					if w.Cmdlet != "[System.IO.File]::Delete" || !strings.Contains(w.Message, "because it is being used by another process") ||
						!strings.Contains(w.Message, "delete it") {
						t.Errorf("%+v", w)
					}
				}
			}
			a := ask(t, m, again)
			told(a, 1)
			if failed := a.Failure != nil && a.Failure.Message == "Out of order."; failed != (name == "failed") || sim.Portal().Enabled == failed {
				t.Errorf("%+v", a)
			}
			told(ask(t, m, again), 2) // the first, still, and the second
			m.Configure(func(o *machine.Options) { o.FilesHeld = false })
			told(ask(t, m, request{lockSeconds: 5}), 0)
		})
	}
}

// What is killed leaves its file; the next run that changes something removes it.
func TestAKilledRunIsCleanedUpAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options machine.Options
		changed bool
	}{
		"before the change": {machine.Options{KillBefore: "Set-VBORestorePortalSettings", KillTimes: 1}, false},
		"after the change":  {machine.Options{KillAfter: "Set-VBORestorePortalSettings", KillTimes: 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, m := ready(t, c.options)
			portal := newPFX(t, "portal", password)
			a := ask(t, m, request{lockSeconds: 5, changes: []change{portalOn()}, secrets: []string{portal.data, password}})
			left := m.TemporaryFiles()
			if a.answered() || a.exitCode == 0 || len(left) != 1 || !strings.HasPrefix(left[0], m.TempPath+"terraform-provider-vb365-") {
				t.Errorf("%+v, files: %q", a, left)
			}
			if m.Locked(lock) || sim.Portal().Enabled != c.changed {
				t.Errorf("locked: %t, %+v", m.Locked(lock), sim.Portal())
			}
			m.WriteFile(m.TempPath+"other.pfx", nil)
			if a = ask(t, m, request{}); a.Failure != nil || len(m.TemporaryFiles()) != 2 {
				t.Errorf("a mere look removed files: %q", m.TemporaryFiles())
			}
			if a = ask(t, m, request{lockSeconds: 5}); a.Failure != nil || !slices.Equal(m.TemporaryFiles(), []string{m.TempPath + "other.pfx"}) {
				t.Errorf("%+v, files: %q", a, m.TemporaryFiles())
			}
			if a.settings(t).RestorePortal.Enabled != c.changed {
				t.Errorf("%+v", a.settings(t).RestorePortal)
			}
		})
	}
}

// A run waits for another one, and goes on when that is killed.
func TestTheLockOfAKilledRunPassesOn(t *testing.T) {
	t.Parallel()
	sim, m := ready(t, machine.Options{})
	ctx, kill := context.WithCancel(t.Context())
	inside, over := make(chan struct{}), make(chan struct{})
	m.Configure(func(o *machine.Options) {
		o.Before = func(cmdlet string) error {
			if cmdlet == "Set-VBOTenantAuthenticationSettings" {
				close(inside)
				<-ctx.Done()
			}
			return nil
		}
	})
	go func() {
		defer close(over)
		askContext(ctx, t, m, request{lockSeconds: 60, changes: []change{{"settings": "tenantAuthentication"}}})
	}()
	<-inside
	go func() {
		// The second run has begun when its script is in the log, and may wait by now.
		for len(m.ScriptLog()) < 4 {
			time.Sleep(time.Millisecond)
		}
		kill()
	}()
	mustChange(t, m, nil, change{"settings": "operatorAuthentication", "enabled": false})
	<-over
	if sim.Service().OperatorAuthentication.Enabled || m.Locked(lock) {
		t.Errorf("%+v", sim.Service())
	}
}

func TestWhatTheServerRefusesIsTold(t *testing.T) {
	t.Parallel()
	portal, open := newPFX(t, "portal", password), newPFX(t, "open", "")
	on := []change{portalOn()}
	for name, c := range map[string]struct {
		server  simulator.Options
		options machine.Options
		ask     request
		want    failure
	}{
		"a wrong password": {
			ask:  request{changes: on, secrets: []string{portal.data, "wrong"}},
			want: failure{"cmdlet", "Set-VBORestorePortalSettings", "The specified network password is not correct.", "CryptographicException"},
		},
		"what is no PFX": {
			ask:  request{changes: on, secrets: []string{"nonsense", password}},
			want: failure{"cmdlet", "Set-VBORestorePortalSettings", "Cannot find the requested object.", "CryptographicException"},
		},
		"no password where one is wanted": {
			options: machine.Options{RefuseEmptyPassword: true}, ask: request{changes: on, secrets: []string{open.data, ""}},
			want: failure{"cmdlet", "Set-VBORestorePortalSettings", "A password for the certificate must be specified.", "ArgumentException"},
		},
		"input that ends too early": {
			ask:  request{changes: on},
			want: failure{"cmdlet", "Set-VBORestorePortalSettings", "Cannot find the requested object.", "CryptographicException"},
		},
		"an id that is none": {
			ask:  request{changes: []change{{"settings": "restorePortal", "applicationId": "x"}}},
			want: failure{"cmdlet", "Set-VBORestorePortalSettings", `Cannot convert value "x" to type "System.Guid". Error: "Unrecognized Guid format."`, "InvalidCast"},
		},
		"a region that is none": {
			ask:  request{changes: []change{{"settings": "restorePortal", "region": "Mars"}}},
			want: failure{"cmdlet", "Set-VBORestorePortalSettings", "Cannot bind parameter 'Region'. Cannot convert value \"Mars\"", "CannotConvertArgumentNoMessage"},
		},
		"an address without TLS": {
			ask:  request{changes: []change{{"settings": "restorePortal", "portalUri": "http://portal"}}},
			want: failure{"cmdlet", "Set-VBORestorePortalSettings", "The Restore Portal URI is invalid: http://portal", "ArgumentException"},
		},
		"a port that is none": {
			ask:  request{changes: []change{{"settings": "restApi", "enabled": true, "httpsPort": 65536}}},
			want: failure{"cmdlet", "Set-VBORestAPISettings", "The port number 65536 is out of range.", "ArgumentOutOfRange"},
		},
		"multi-factor authentication": {
			options: machine.Options{MultiFactor: true},
			want:    failure{"cmdlet", "Get-VBORestAPISettings", "Multi-factor authentication is enabled", "LoginFailed"},
		},
		"no rights": {
			options: machine.Options{NoRights: true},
			want:    failure{"cmdlet", "Get-VBORestAPISettings", "Access denied.", "AccessDenied"},
		},
		"an old PowerShell": {
			options: machine.Options{PowerShell: "7.4.1"},
			want:    failure{"cmdlet", "Import-Module", "Could not load file or assembly 'System.Runtime, Version=8.0.0.0", "System.IO.FileNotFoundException"},
		},
		"Windows PowerShell": {
			ask:  request{engine: "powershell.exe"},
			want: failure{"cmdlet", "Import-Module", "or one of its dependencies. The system cannot find the file specified.", "System.IO.FileNotFoundException"},
		},
		"no module": {
			options: machine.Options{ModulePath: "none"},
			want:    failure{"moduleMissing", "Import-Module", "There is no file " + machine.ModulePath + ".", ""},
		},
		"the module somewhere else": {
			options: machine.Options{ModulePath: `D:\VB365\Veeam.Archiver.PowerShell.psd1`},
			want:    failure{"moduleMissing", "Import-Module", "There is no file " + machine.ModulePath + ".", ""},
		},
		"a cmdlet that says nothing": {
			options: machine.Options{Empty: "Get-VBORestorePortalSettings"},
			want:    failure{"cmdlet", "Get-VBORestorePortalSettings", "Get-VBORestorePortalSettings returned nothing.", "returned nothing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, m := start(t, c.server, c.options)
			c.ask.lockSeconds = 5
			a := ask(t, m, c.ask)
			if f := a.Failure; f == nil || f.Kind != c.want.Kind || f.Cmdlet != c.want.Cmdlet || !strings.Contains(f.Message, c.want.Message) ||
				!strings.Contains(f.ID, c.want.ID) || a.stderr != "" || len(m.Files()) > 0 {
				t.Errorf("%+v; %s; %v\nwant %+v", f, a.stderr, m.Files(), c.want)
			}
		})
	}
}

func TestThePortalNeedsWhatItStandsOn(t *testing.T) {
	t.Parallel()
	portal := newPFX(t, "portal", password)
	for name, c := range map[string]struct {
		options machine.Options
		service simulator.ServiceSettings
		change  change
		want    string
	}{
		"no operator authentication": {change: portalOn(), want: "Restore operator authentication must be enabled"},
		"no REST service": {
			service: simulator.ServiceSettings{Disabled: true}, change: portalOn(), want: "The REST API service must be enabled",
		},
		"neither, and a server that does not mind": {options: machine.Options{PortalWithoutOperators: true}, change: portalOn()},
		"no application": {
			change: change{"settings": "restorePortal", "enabled": true, "certificate": true}, want: "An application ID and a certificate must be specified",
		},
		"no certificate of operator authentication": {
			change: change{"settings": "operatorAuthentication", "enabled": true}, want: "A certificate must be specified",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, m := start(t, simulator.Options{}, c.options)
			sim.SetService(c.service)
			a := ask(t, m, request{lockSeconds: 5, changes: []change{c.change}, secrets: []string{portal.data, password}})
			if c.want == "" && (a.Failure != nil || !sim.Portal().Enabled) || c.want != "" && (a.Failure == nil || !strings.Contains(a.Failure.Message, c.want)) {
				t.Errorf("%+v", a)
			}
		})
	}
}

// Products before 8 run in Windows PowerShell, and their REST service has fewer
// switches.
func TestProductsBefore8AreServedInWindowsPowerShell(t *testing.T) {
	t.Parallel()
	sim, m := start(t, simulator.Options{ProductVersion: "7.1.0.1501"}, machine.Options{PowerShell: "none"})
	operators, port := newPFX(t, "operators", password), freePort(t)
	a := ask(t, m, request{
		engine: "powershell.exe", lockSeconds: 5, secrets: []string{operators.data, password}, changes: []change{
			{"settings": "operatorAuthentication", "enabled": true, "certificate": true}, {"settings": "restApi", "enabled": true, "httpsPort": port},
		},
	})
	if a.Failure != nil || a.PowerShell != "5.1.17763.5458" {
		t.Fatalf("%+v; %+v", a, a.Failure)
	}
	if s := a.settings(t); s.RestAPI.SwaggerUI != nil || s.RestAPI.OperatorAuthenticationOnly != nil || s.RestAPI.HTTPSPort != port || sim.Port() != port ||
		s.OperatorAuthentication.Certificate.Thumbprint != operators.thumbprint {
		t.Errorf("%+v", s)
	}
}

func TestSwitchesAreGivenWhateverOmittingThemMeans(t *testing.T) {
	t.Parallel()
	for _, off := range []bool{false, true} {
		sim, m := ready(t, machine.Options{OmittedSwitchIsOff: off})
		service := sim.Service()
		service.SwaggerUI = true
		sim.SetService(service)
		s := mustChange(t, m, nil, change{"settings": "restApi", "enabled": true, "httpsPort": sim.Port()})
		if !*s.RestAPI.SwaggerUI || !s.RestAPI.Enabled {
			t.Errorf("omitted is off: %t: %+v", off, s.RestAPI)
		}
	}
}

func TestAChangeThatIsNotMadeIsSeen(t *testing.T) {
	t.Parallel()
	_, m := ready(t, machine.Options{IgnoreChanges: true})
	if s := mustChange(t, m, nil, change{"settings": "restorePortal", "portalUri": "https://portal:1"}); s.RestorePortal.PortalURI != "" {
		t.Errorf("%+v", s.RestorePortal)
	}
}

func TestASeparateRESTMachineHasSettingsOfItsOwn(t *testing.T) {
	t.Parallel()
	sim, m := ready(t, machine.Options{SeparateREST: true})
	sim.SetPortal(simulator.PortalSettings{URI: "https://theirs:1"})
	if s := mustChange(t, m, nil, change{"settings": "restorePortal", "portalUri": "https://ours:1"}); s.RestorePortal.PortalURI != "https://ours:1" ||
		sim.Portal().URI != "https://theirs:1" {
		t.Errorf("%+v, %+v", s.RestorePortal, sim.Portal())
	}
}

func TestNoiseDoesNotHideTheAnswer(t *testing.T) {
	t.Parallel()
	_, m := ready(t, machine.Options{Banner: "Welcome!\r\nvb365:no", Noise: "#< CLIXML\r\n<Objs />", CLIXML: true})
	if a := ask(t, m, request{}); !a.answered() || !strings.HasPrefix(a.stdout, "Welcome!") || !strings.HasPrefix(a.stderr, "#< CLIXML") {
		t.Errorf("%+v", a)
	}
	var out, errs strings.Builder
	if code := m.Exec(t.Context(), "pwsh -Command nonsense", strings.NewReader(""), &out, &errs); code != 1 || !strings.Contains(errs.String(), `<S S="Error">nonsense: The term`) {
		t.Errorf("%d: %s", code, errs.String())
	}
}

func TestCmdletsFailAsOftenAsTheKnobSays(t *testing.T) {
	t.Parallel()
	_, m := ready(t, machine.Options{Fail: "Get-VBORestorePortalSettings", FailMessage: "Not now.", FailTimes: 2})
	for i, fails := range []bool{true, true, false} {
		if a := ask(t, m, request{}); (a.Failure != nil) != fails {
			t.Errorf("run %d: %+v", i, a)
		}
	}
}

func TestADelayEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	_, m := ready(t, machine.Options{Delay: time.Millisecond, Delays: map[string]time.Duration{"Get-VBORestorePortalSettings": time.Hour}})
	ctx, cancel := context.WithCancel(t.Context())
	m.Configure(func(o *machine.Options) {
		o.Before = func(cmdlet string) error {
			if cmdlet == "Get-VBORestorePortalSettings" {
				cancel()
			}
			return nil
		}
	})
	if a := askContext(ctx, t, m, request{}); a.answered() {
		t.Errorf("%+v", a)
	}
	m.Configure(func(o *machine.Options) {
		o.Delays = nil
		o.Before = func(string) error { return errors.New("from the test") }
	})
	if a := ask(t, m, request{}); a.Failure == nil || a.Failure.Message != "from the test" {
		t.Errorf("%+v", a)
	}
}

var hostile = []string{
	`'; Remove-Item C:\ -Recurse; '`, `$(Stop-Computer)`, "`n`0`$x", `"; calc; "`, "line\nbreak\r\n", "null\x00", "’; calc; ‘", "ěščř ☃ 😀 \u2028\ufeff",
	"]]>&<x/>_x000D_", `%PATH% !x! ^ | > <`, "--%", "@{a=1}", `\u0027; calc`, "-Region", "-", " ", "vb365:", strings.Repeat("x'$(1)", 2000),
}

// Whatever is in a parameter, the cmdlet gets it as it is, or it is refused; and
// nothing of it runs.
func TestHostileValuesArriveAsThemselvesOrAreRefused(t *testing.T) {
	t.Parallel()
	for _, value := range hostile {
		t.Run(fmt.Sprintf("%.20q", value), func(t *testing.T) {
			t.Parallel()
			// The library that makes the file knows the characters of the basic plane only.
			secret := strings.Map(func(r rune) rune { return min(r, '\uffee') }, value)
			pfx := newPFX(t, "portal", secret)
			for parameter, r := range map[string]request{
				"PortalUri":           {changes: []change{{"settings": "restorePortal", "portalUri": value}}},
				"Region":              {changes: []change{{"settings": "restorePortal", "region": value}}},
				"ApplicationId":       {changes: []change{{"settings": "restorePortal", "applicationId": value}}},
				"CertificatePassword": {changes: []change{{"settings": "tenantAuthentication", "enabled": true, "certificate": true}}, secrets: []string{pfx.data, secret}},
				"Name":                {modulePath: value},
				"expected":            {expected: value, changes: []change{{"settings": "restorePortal"}}},
				"settings":            {changes: []change{{"settings": value}}},
			} {
				_, m := ready(t, machine.Options{})
				r.lockSeconds = 5
				a := ask(t, m, r)
				bound := strings.Contains(strings.Join(m.ModuleLog(), "\n"), fmt.Sprintf("name=%q; value=%q", parameter, value))
				if parameter == "CertificatePassword" && a.Failure != nil {
					t.Errorf("the password did not arrive: %+v", a.Failure)
				} else if parameter != "CertificatePassword" && !bound && a.Failure == nil {
					t.Errorf("%s: it neither arrived nor was refused: %+v", parameter, a)
				}
				ranOnlyOurs(t, m)
			}
		})
	}
}

// ranOnlyOurs checks that no cmdlet ran but those that the script names, and
// nothing was compiled but the script.
func ranOnlyOurs(t *testing.T, m *machine.Machine) {
	t.Helper()
	ours := []string{"ConvertFrom-Json", "ConvertTo-Json", "Import-Module", "Test-Path"}
	for _, call := range m.ModuleLog() {
		name, _, _ := strings.Cut(strings.TrimPrefix(call, "CommandInvocation("), ")")
		if !strings.HasPrefix(name, "Get-VBO") && !strings.HasPrefix(name, "Set-VBO") && !slices.Contains(ours, name) {
			t.Errorf("%s ran", name)
		}
	}
	if log := m.ScriptLog(); len(log) != 2 || log[1] != script(t, "settings.ps1") {
		t.Errorf("%d scripts ran", len(log))
	}
}

func TestSecretsAreWrittenDownNowhere(t *testing.T) {
	t.Parallel()
	_, m := ready(t, machine.Options{CLIXML: true})
	portal := newPFX(t, "portal", password)
	for _, secrets := range [][]string{{portal.data, password}, {portal.data[:500], password}, {portal.data, password + "x"}} {
		a := ask(t, m, request{lockSeconds: 5, changes: []change{portalOn()}, secrets: secrets})
		r := request{changes: []change{portalOn()}}
		places := map[string]string{
			"the command line": strings.Join(m.CommandLines(), "\n"), "the module log": strings.Join(m.ModuleLog(), "\n"),
			"the script block log": strings.Join(m.ScriptLog(), "\n"), "the output": a.stdout + a.stderr, "the answer": fmt.Sprintf("%+v %+v", a, a.Failure),
			"a file": fmt.Sprint(m.Files()), "the request": strings.SplitN(r.input(t), "\n", 2)[0],
		}
		for place, text := range places {
			for _, secret := range secrets {
				for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%q", secret)} {
					if strings.Contains(text, form) {
						t.Errorf("a secret is in %s", place)
					}
				}
			}
		}
		if !strings.Contains(places["the module log"], `name="CertificatePassword"; value="System.Security.SecureString"`) {
			t.Error("the module log does not hold the password's type: is it logged at all?")
		}
	}
}

func TestOtherCmdletsOfTheModule(t *testing.T) {
	t.Parallel()
	sim, m := ready(t, machine.Options{})
	good := login(t, sim)
	for command, want := range map[string]string{
		`(Get-VBOVersion).ProductVersion`:                                                                                     "8.4.0.1457\r\n",
		`Connect-VBOServer; Disconnect-VBOServer; 'ok'`:                                                                       "ok\r\n",
		`try { Connect-VBOServer -Server localhost } catch { $_.Exception.Message }`:                                          "Failed to connect to the server localhost.\r\n",
		`Set-VBORestAPISettings -AuthTokenLifeTime 5; (Get-VBORestAPISettings).AuthTokenLifeTime`:                             "5\r\n",
		`(Get-VBORestorePortalSettings).ApplicationId.GetType().Name`:                                                         "Guid\r\n",
		`Set-VBORestorePortalSettings -PortalUri https://a:1 -EnableService:$false; (Get-VBORestorePortalSettings).PortalUri`: "https://a:1\r\n",
		`try { Set-VBORestorePortalSettings -CertificateFilePath C:\none.pfx } catch { $_.Exception.Message }`:                "Could not find file 'C:\\none.pfx'.\r\n",
	} {
		var out, errs strings.Builder
		line := "pwsh -EncodedCommand " + encoded("Import-Module '"+machine.ModulePath+"'; "+command)
		if code := m.Exec(t.Context(), line, strings.NewReader(""), &out, &errs); code != 0 || out.String() != want || errs.Len() > 0 {
			t.Errorf("%s gave %d, %q, %q", command, code, out.String(), errs.String())
		}
	}
	if good() {
		t.Error("the REST service has not restarted")
	}
	if sim.Options().TokenLifetime != 5*time.Minute {
		t.Errorf("tokens live %s", sim.Options().TokenLifetime)
	}
}

func TestKnobsAreReadAndWrittenAsJSON(t *testing.T) {
	t.Parallel()
	options := machine.Options{PowerShell: "none", RestDown: time.Minute, Delay: time.Second, Delays: map[string]time.Duration{"Set-VBORestAPISettings": time.Hour}}
	text, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	var read machine.Options
	if err := json.Unmarshal(text, &read); err != nil || !cmp.Equal(options, read) {
		t.Errorf("%s became %+v: %v", text, read, err)
	}
	if err := json.Unmarshal([]byte(`{"clixml":true,"delays":{"Get-VBOVersion":"2s"}}`), &read); err != nil || !read.CLIXML || read.PowerShell != "none" ||
		len(read.Delays) != 2 || read.Delay != time.Second || read.RestDown != time.Minute {
		t.Errorf("%+v: %v", read, err)
	}
	for _, bad := range []string{`{"nonsense":1}`, `{"restDown":5}`, `{"restDown":"x"}`, `{"delay":"x"}`, `{"delays":{"a":"x"}}`} {
		before := read
		if err := json.Unmarshal([]byte(bad), &read); !errors.Is(err, machine.ErrOptions) || !cmp.Equal(before, read) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestTheReadmeNamesEveryKnob(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n| knob of the machine |")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(section, -1) {
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			documented[name[1]] = true
		}
	}
	text, err := json.Marshal(machine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	knobs := map[string]any{}
	if err := json.Unmarshal(text, &knobs); err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(knobs)); !slices.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
