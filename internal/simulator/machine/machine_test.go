package machine_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
)

const scripts = "../../vbopowershell/scripts/"

func start(t *testing.T, options machine.Options) (*simulator.Server, *machine.Machine) {
	t.Helper()
	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim, machine.New(sim, options)
}

// bootstrap is the command line that reads a script from standard input.
func bootstrap(t *testing.T, executable string) string {
	t.Helper()
	text, err := os.ReadFile(scripts + "bootstrap.ps1")
	if err != nil {
		t.Fatal(err)
	}
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		encoded = binary.LittleEndian.AppendUint16(encoded, unit)
	}
	return executable + " -NoProfile -NonInteractive -EncodedCommand " + base64.StdEncoding.EncodeToString(encoded)
}

// answer is what the script wrote.
type answer struct {
	PowerShell string `json:"powershell"`
	Settings   string `json:"settings"`
	Failure    *struct {
		Kind    string `json:"kind"`
		Cmdlet  string `json:"cmdlet"`
		Message string `json:"message"`
	} `json:"failure"`
}

// settings runs the real script with a request, and what follows it.
func settings(ctx context.Context, t *testing.T, m *machine.Machine, request map[string]any, secrets ...string) (answer, string) {
	t.Helper()
	script, err := os.ReadFile(scripts + "settings.ps1")
	if err != nil {
		t.Fatal(err)
	}
	if request["modulePath"] == nil {
		request["modulePath"] = machine.ModulePath
	}
	envelope, err := json.Marshal(map[string]any{"script": string(script), "request": request})
	if err != nil {
		t.Fatal(err)
	}
	input := strings.Join(append([]string{string(envelope)}, secrets...), "\n") + "\n"
	var out, errs bytes.Buffer
	m.Exec(ctx, bootstrap(t, "pwsh.exe"), strings.NewReader(input), &out, &errs)
	_, encoded, found := strings.Cut(out.String(), "vb365:")
	if !found {
		return answer{}, errs.String()
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	return a, errs.String()
}

func TestTheScriptReadsWhatTheServerHas(t *testing.T) {
	t.Parallel()
	sim, m := start(t, machine.Options{NullDates: true})
	sim.SetPortal(simulator.PortalSettings{
		Enabled: true, ApplicationID: "0c0ffee0-0000-4000-8000-000000000000", URI: "https://portal:1", Region: simulator.China,
		Certificate: simulator.Certificate{Thumbprint: "AB", IssuedTo: "me", Expires: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)},
	})
	a, errs := settings(t.Context(), t, m, map[string]any{"lockSeconds": 0})
	if a.Failure != nil || errs != "" {
		t.Fatalf("%+v, %s", a.Failure, errs)
	}
	for _, want := range []string{
		`"enabled":true,"applicationId":"0c0ffee0-0000-4000-8000-000000000000","portalUri":"https://portal:1","region":"China"`,
		`"thumbprint":"AB","issuedTo":"me","issuedBy":"","expires":"2030-01-02T03:04:05Z"`,
		`"tenantAuthentication":{"enabled":false,"certificate":{"thumbprint":"","issuedTo":"","issuedBy":"","expires":""}}`,
	} {
		if !strings.Contains(a.Settings, want) {
			t.Errorf("the settings lack %s:\n%s", want, a.Settings)
		}
	}
}

func TestAChangeForOtherSettingsIsRefused(t *testing.T) {
	t.Parallel()
	sim, m := start(t, machine.Options{})
	change := map[string]any{"settings": "restorePortal", "enabled": false, "portalUri": "https://new:1"}
	a, _ := settings(t.Context(), t, m, map[string]any{"lockSeconds": 5, "expected": "{}", "changes": []any{change}})
	if a.Failure == nil || a.Failure.Kind != "changed" || sim.Portal().URI != "" {
		t.Errorf("%+v, and the portal is %+v", a.Failure, sim.Portal())
	}
	before, _ := settings(t.Context(), t, m, map[string]any{"lockSeconds": 0})
	a, _ = settings(t.Context(), t, m, map[string]any{"lockSeconds": 5, "expected": before.Settings, "changes": []any{change}})
	if a.Failure != nil || sim.Portal().URI != "https://new:1" {
		t.Errorf("%+v, and the portal is %+v", a.Failure, sim.Portal())
	}
}

func TestRunsThatChangeSomethingTakeTurns(t *testing.T) {
	t.Parallel()
	_, m := start(t, machine.Options{})
	holding, release := make(chan struct{}), make(chan struct{})
	m.Configure(func(o *machine.Options) {
		o.Before = func(string) error {
			if m.Locked(`Global\terraform-provider-vb365`) {
				select {
				case holding <- struct{}{}:
					<-release
				default:
				}
			}
			return nil
		}
	})
	done := make(chan answer, 1)
	go func() {
		a, _ := settings(t.Context(), t, m, map[string]any{"lockSeconds": 60})
		done <- a
	}()
	<-holding
	if a, _ := settings(t.Context(), t, m, map[string]any{"lockSeconds": 1}); a.Failure == nil || a.Failure.Kind != "busy" {
		t.Errorf("a second run: %+v", a.Failure)
	}
	close(release)
	if a := <-done; a.Failure != nil {
		t.Errorf("the first run: %+v", a.Failure)
	}
}

// A run that is killed cannot remove its file. The next one does.
func TestAKilledRunIsCleanedUpAfter(t *testing.T) {
	t.Parallel()
	_, m := start(t, machine.Options{})
	ctx, kill := context.WithCancel(t.Context())
	m.Configure(func(o *machine.Options) {
		o.Before = func(cmdlet string) error {
			if strings.HasPrefix(cmdlet, "Set-") {
				kill()
			}
			return nil
		}
	})
	change := map[string]any{"settings": "operatorAuthentication", "enabled": true, "certificate": true}
	if a, _ := settings(ctx, t, m, map[string]any{"lockSeconds": 5, "changes": []any{change}}, "YQ==", "Yg=="); a.Settings != "" {
		t.Error("a killed run answered")
	}
	if left := m.TemporaryFiles(); len(left) != 1 {
		t.Errorf("the files are %q", left)
	}
	m.Configure(func(o *machine.Options) { *o = machine.Options{} })
	if a, _ := settings(t.Context(), t, m, map[string]any{"lockSeconds": 5}); a.Failure != nil || len(m.TemporaryFiles()) > 0 {
		t.Errorf("%+v, and the files are %q", a.Failure, m.TemporaryFiles())
	}
}

func TestWhatAServerRefusesIsTheCmdletsError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options machine.Options
		change  map[string]any
		want    string
	}{
		"no certificate": {machine.Options{}, map[string]any{"settings": "operatorAuthentication", "enabled": true}, "A certificate must be specified"},
		"a bad certificate": {
			machine.Options{}, map[string]any{"settings": "tenantAuthentication", "enabled": true, "certificate": true}, "network password is not correct",
		},
		"no application": {machine.Options{}, map[string]any{"settings": "restorePortal", "enabled": true}, "An application ID and a certificate"},
		"a bad application": {
			machine.Options{}, map[string]any{"settings": "restorePortal", "applicationId": "x"}, `Cannot convert value "x" to type "System.Guid"`,
		},
		"a bad region": {
			machine.Options{}, map[string]any{"settings": "restorePortal", "region": "Moon"}, "Cannot bind parameter 'Region'",
		},
		"a bad address": {
			machine.Options{}, map[string]any{"settings": "restorePortal", "portalUri": "http://x"}, "URI is invalid",
		},
		"a bad port":        {machine.Options{}, map[string]any{"settings": "restApi", "enabled": true, "httpsPort": 70000}, "out of range"},
		"an old PowerShell": {machine.Options{PowerShell: "7.4.1"}, nil, "System.Runtime"},
		"no module":         {machine.Options{ModulePath: "none"}, nil, "There is no file"},
		"no rights":         {machine.Options{NoRights: true}, nil, "Access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, m := start(t, c.options)
			changes := []any{}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			a, _ := settings(t.Context(), t, m, map[string]any{"lockSeconds": 5, "changes": changes}, "YQ==", "Yg==")
			if a.Failure == nil || !strings.Contains(a.Failure.Message, c.want) || len(m.TemporaryFiles()) > 0 {
				t.Errorf("%+v, and the files are %q", a.Failure, m.TemporaryFiles())
			}
			if sim.Portal() != (simulator.PortalSettings{}) {
				t.Errorf("the portal is %+v", sim.Portal())
			}
		})
	}
}

func TestOtherProgramsAreNotThere(t *testing.T) {
	t.Parallel()
	_, m := start(t, machine.Options{PowerShell: "none"})
	var out, errs bytes.Buffer
	if code := m.Exec(t.Context(), bootstrap(t, "pwsh.exe"), strings.NewReader(""), &out, &errs); code != 1 || !strings.Contains(errs.String(), "is not recognized") {
		t.Errorf("%d, %s", code, errs.String())
	}
}
