package restoreportal_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/powershell"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// What is wrong with the way to PowerShell has an error of its own, which names
// what to do.
func TestAccEachTroubleOnTheWayHasItsOwnError(t *testing.T) {
	t.Parallel()
	wrongKey := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0pSRGy0sLZQ3hYkCHQ0x8cUyYeFkcIk4k4r4ZtHcQy"
	for name, c := range map[string]struct {
		transport string
		options   machine.Options
		change    func(env *acctest.Env, m *acctest.Machine)
		title     string
		detail    string
	}{
		"a refused port": {
			"ssh",
			machine.Options{},
			func(env *acctest.Env, _ *acctest.Machine) { env.Settings["VB365_SSH_PORT"] = "1" },
			tfkit.TitlePowerShellUnreachable, `connection refused`,
		},
		"a wrong host key": {
			"ssh",
			machine.Options{},
			func(env *acctest.Env, _ *acctest.Machine) { env.Settings["VB365_SSH_HOST_KEY"] = wrongKey },
			tfkit.TitlePowerShellUntrusted, `its host key is SHA256:\S+ \(ssh-ed25519\), and not SHA256:`,
		},
		"a wrong password over SSH": {
			"ssh",
			machine.Options{},
			func(_ *acctest.Env, m *acctest.Machine) {
				m.SSH.Configure(func(o *remoting.Options) { o.Password = "other" })
			},
			tfkit.TitlePowerShellLogin, `the login was refused with password`,
		},
		"a wrong password over WinRM": {
			"winrm",
			machine.Options{},
			func(_ *acctest.Env, m *acctest.Machine) {
				m.WinRM.Configure(func(o *remoting.Options) { o.Password = "other" })
			},
			tfkit.TitlePowerShellLogin, `the server offers Negotiate, Basic`,
		},
		"no NTLM": {
			"winrm",
			machine.Options{},
			func(_ *acctest.Env, m *acctest.Machine) {
				m.WinRM.Configure(func(o *remoting.Options) { o.Methods = []string{"Basic"} })
			},
			tfkit.TitlePowerShellLogin, `does not offer NTLM`,
		},
		"an unknown certificate": {
			"winrm",
			machine.Options{},
			func(env *acctest.Env, _ *acctest.Machine) { env.Settings["VB365_WINRM_CERTIFICATE_SHA256"] = "" },
			tfkit.TitlePowerShellUntrusted, `signed by unknown authority`,
		},
		"another certificate": {
			"winrm",
			machine.Options{},
			func(env *acctest.Env, _ *acctest.Machine) {
				env.Settings["VB365_WINRM_CERTIFICATE_SHA256"] = strings.Repeat("ab", 32)
			},
			tfkit.TitlePowerShellUntrusted, `not the certificate that is pinned`,
		},
		"an account that may not run commands over SSH": {
			"ssh",
			machine.Options{},
			func(_ *acctest.Env, m *acctest.Machine) {
				m.SSH.Configure(func(o *remoting.Options) { o.Forbidden = true })
			},
			tfkit.TitlePowerShellForbidden, `local administrator`,
		},
		"an account that may not run commands over WinRM": {
			"winrm",
			machine.Options{},
			func(_ *acctest.Env, m *acctest.Machine) {
				m.WinRM.Configure(func(o *remoting.Options) { o.Forbidden = true })
			},
			tfkit.TitlePowerShellForbidden, `Access is denied`,
		},
		"no SSH server": {
			"ssh",
			machine.Options{},
			func(env *acctest.Env, m *acctest.Machine) {
				env.Settings["VB365_SSH_PORT"] = strconv.Itoa(m.WinRM.Port())
			},
			tfkit.TitlePowerShellProtocol, `SSH listens on 22`,
		},
		"no PowerShell 7": {
			"ssh", machine.Options{PowerShell: "none"}, nil, tfkit.TitlePowerShellExecutable, `'pwsh.exe' is not recognized`,
		},
		"Windows PowerShell": {
			"winrm",
			machine.Options{},
			func(env *acctest.Env, _ *acctest.Machine) {
				env.Settings["VB365_POWERSHELL_EXECUTABLE"] = "powershell.exe"
			},
			tfkit.TitlePowerShellVersion, `This is PowerShell 5\.1`,
		},
		"an old PowerShell 7": {
			"ssh", machine.Options{PowerShell: "7.2.24"}, nil, tfkit.TitlePowerShellVersion, `This is PowerShell 7\.2\.24`,
		},
		"no module": {
			"ssh", machine.Options{ModulePath: `D:\Veeam\module.psd1`}, nil, tfkit.TitlePowerShellModule, `There is no file C:\\Program Files`,
		},
		"multi-factor authentication": {
			"ssh", machine.Options{MultiFactor: true}, nil, tfkit.TitlePowerShellAccount, `cannot answer multi-factor`,
		},
		"no rights": {
			"winrm", machine.Options{NoRights: true}, nil, tfkit.TitlePowerShellAccount, `Veeam Backup Administrator`,
		},
		"a cmdlet that fails": {
			"ssh",
			machine.Options{Fail: "Get-VBOTenantAuthenticationSettings", FailMessage: "The service is not running."},
			nil,
			tfkit.TitlePowerShellCmdlet, `Get-VBOTenantAuthenticationSettings: The service is not running`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, m := startManaged(t, c.transport, c.options)
			if c.change != nil {
				c.change(env, m)
			}
			config := full(env, newPFX(t, "portal", year), newPFX(t, "operators", year))
			for _, want := range []string{c.title, c.detail} {
				unchecked := c.title == tfkit.TitlePowerShellUnreachable // which a plan only warns of
				resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
					{Config: config, PlanOnly: !unchecked, ExpectError: unwrapped(want)},
				}})
			}
		})
	}
}

// lock is the mutex of runs that change something.
const lock = `Global\terraform-provider-vb365`

// However a run is cut off, what it did is known, and the next one finishes it.
func TestAccAConnectionThatIsLostLeavesNothingUnnoticed(t *testing.T) {
	t.Parallel()
	// An apply of a saved plan runs PowerShell to look, to change, and, where that
	// fails, to read back: the second run is the one to cut.
	cut := func(point remoting.CutPoint) remoting.Options {
		return remoting.Options{Cut: point, CutAfter: 1, CutTimes: 1}
	}
	for _, transport := range []string{"ssh", "winrm"} {
		for name, c := range map[string]struct {
			options remoting.Options
			cutAt   string // cmdlet before which the connection is dropped
			done    bool   // whether the change is made all the same
		}{
			"before the command starts":         {options: cut(remoting.CutBeforeStart)},
			"when the command starts":           {options: cut(remoting.CutAfterStart)},
			"when the command has ended":        {options: cut(remoting.CutAfterEnd), done: true},
			"while the portal is set":           {cutAt: "Set-VBORestorePortalSettings"},
			"while it goes on without a client": {options: remoting.Options{KeepRunning: true}, cutAt: "Set-VBOOperatorAuthenticationSettings", done: true},
		} {
			t.Run(transport+" "+name, func(t *testing.T) {
				t.Parallel()
				env, m := startManaged(t, transport, machine.Options{})
				portal, operators, next := newPFX(t, "portal", year), newPFX(t, "operators", year), newPFX(t, "next", year)
				w := env.Workspace(t, full(env, portal, operators))
				w.MustRun(t, "apply", "-auto-approve")
				w.Write(t, "main.tf", acctest.Requires+full(env, next, next))
				w.MustRun(t, "plan", "-out=plan")
				for _, configure := range []func(func(*remoting.Options)){m.SSH.Configure, m.WinRM.Configure} {
					configure(func(o *remoting.Options) {
						o.Cut, o.CutAfter, o.CutTimes, o.KeepRunning = c.options.Cut, c.options.CutAfter, c.options.CutTimes, c.options.KeepRunning
					})
				}
				var once sync.Once
				m.Configure(func(o *machine.Options) {
					o.Before = func(cmdlet string) error {
						var err error
						if cmdlet == c.cutAt {
							once.Do(func() {
								m.SSH.Drop()
								m.WinRM.Drop()
								// Windows ends the process soon, here it is at once.
								if !c.options.KeepRunning {
									err = powershell.ErrKilled
								}
							})
						}
						return err
					}
				})
				out, code := w.Run(t, "apply", "-no-color", "plan")
				if code == 0 || !unwrapped(tfkit.TitlePowerShellLost+"|"+tfkit.TitlePowerShellUnexpected).MatchString(out) {
					t.Errorf("the apply ended with %d:\n%s", code, out)
				}
				if done := env.Portal().Certificate.Thumbprint == next.thumbprint; done != c.done {
					t.Errorf("the change was made: %v", done)
				}
				// The state holds what was read back: where all is done, there is nothing to plan.
				if _, code := w.Run(t, "plan", "-refresh=false", "-detailed-exitcode"); code != map[bool]int{true: 0, false: 2}[c.done] {
					t.Errorf("the next plan ends with %d", code)
				}
				w.MustRun(t, "apply", "-auto-approve")
				w.MustRun(t, "plan", "-detailed-exitcode")
				if got := env.Portal().Certificate.Thumbprint; got != next.thumbprint {
					t.Errorf("the portal's certificate is %s, want %s", got, next.thumbprint)
				}
			})
		}
	}
}

func TestAccTheServerMayRestartAndForgetLogins(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]machine.Options{
		"at once":                     {RestartAlways: true},
		"after a while":               {RestartAlways: true, RestDown: 1500 * time.Millisecond},
		"and remember logins":         {RestartAlways: true, RestDown: 200 * time.Millisecond, KeepTokens: true},
		"and turn omitted things off": {OmittedSwitchIsOff: true},
		"and show no dates":           {NullDates: true},
		"and need nothing":            {PortalWithoutOperators: true},
		"and be slow":                 {Delay: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, _ := startManaged(t, "ssh", options)
			portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
			role := "data \"vb365_organizations\" \"all\" { depends_on = [" + address + "] }"
			port := freePort(t)
			moved := strings.ReplaceAll(full(env, portal, operators, "rest_api_port = "+strconv.Itoa(port)), uriOf(env), "https://portal.example.com:"+strconv.Itoa(port))
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
				{Config: full(env, portal, operators) + role},
				{
					Config: moved + role,
					Check: resource.ComposeTestCheckFunc(
						resource.TestCheckResourceAttr(address, "rest_api_port", strconv.Itoa(port)),
						func(*terraform.State) error { env.Settings["VB365_ENDPOINT"] = env.URL(); return nil },
					),
				},
				{Config: moved + role, PlanOnly: true},
			}})
			if env.Port() != port {
				t.Errorf("the REST service listens on %d, want %d", env.Port(), port)
			}
		})
	}
}

func TestAccWhatIsNotDoneIsSaid(t *testing.T) {
	t.Parallel()
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	for name, c := range map[string]struct {
		options machine.Options
		want    []string
	}{
		"changes are ignored": {
			machine.Options{IgnoreChanges: true, PortalWithoutOperators: true},
			[]string{"operator_authentication.enabled is off on the server, and on in the configuration", "The server did not do what it was asked to"},
		},
		"the portal's cmdlet fails": {
			machine.Options{Fail: "Set-VBORestorePortalSettings", FailMessage: "The portal is busy."},
			[]string{"Set-VBORestorePortalSettings: The portal is busy.", tfkit.TitlePowerShellCmdlet},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, m := startManaged(t, "ssh", c.options)
			var steps []resource.TestStep
			for _, want := range c.want {
				steps = append(steps, resource.TestStep{Config: full(env, portal, operators), ExpectError: unwrapped(regexp.QuoteMeta(want))})
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: append(steps,
				resource.TestStep{
					PreConfig: func() { m.Configure(func(o *machine.Options) { *o = machine.Options{} }) },
					Config:    full(env, portal, operators),
				})})
		})
	}
}

func TestAccTwoMachinesAreToldApart(t *testing.T) {
	t.Parallel()
	env, m := startManaged(t, "ssh", machine.Options{SeparateREST: true})
	env.SetPortal(simulator.PortalSettings{Enabled: true, ApplicationID: application, URI: "https://other.example.com:1"})
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
		{Config: full(env, portal, operators), ExpectError: unwrapped("portal_uri is https://other.example.com:1 over REST, and empty in PowerShell")},
		{Config: full(env, portal, operators), ExpectError: unwrapped("Veeam.Archiver.REST.Configurator.exe")},
	}})
	// Nor do applies of plans that nobody checked change anything.
	env.Settings["VB365_VALIDATE_AT_PLAN"] = "false"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
		{Config: full(env, portal, operators), ExpectError: unwrapped(titleTwoMachines)},
	}})
	nothingSet(t, m)
}

const titleTwoMachines = "The REST service is not that of the machine that PowerShell runs on"

// nothingSet fails if a cmdlet changed something.
func nothingSet(t *testing.T, m *acctest.Machine) {
	t.Helper()
	for _, line := range m.ModuleLog() {
		if strings.HasPrefix(line, "CommandInvocation(Set-") {
			t.Errorf("something was changed: %s", line)
		}
	}
}

// A destroy is for the portal at the endpoint: another machine's must not be turned
// off in its place, and one that stays on is not destroyed.
func TestAccADestroyLeavesTheOtherMachineAlone(t *testing.T) {
	t.Parallel()
	env := startVerified(t)
	w := env.Workspace(t, wanted())
	w.MustRun(t, "apply", "-auto-approve")
	m := env.StartMachine(t, machine.Options{SeparateREST: true})
	var settings []string
	for name, value := range m.SSH.Environment() {
		settings = append(settings, name+"="+value)
	}
	out, err := w.Command(t.Context(), settings, "destroy", "-auto-approve", "-no-color").CombinedOutput()
	if err == nil || !unwrapped(titleTwoMachines).Match(out) {
		t.Errorf("the destroy ended with %v:\n%s", err, out)
	}
	nothingSet(t, m)
	w.MustRun(t, "state", "show", address)
}

// A change that runs out of time is read back, and the state has what was found.
func TestAccWhatWasDoneWhenTimeRanOutIsInTheState(t *testing.T) {
	t.Parallel()
	env, m := startManaged(t, "ssh", machine.Options{})
	portal, operators, next := newPFX(t, "portal", year), newPFX(t, "operators", year), newPFX(t, "next", year)
	limited := "timeouts {\n  update = \"8s\"\n}"
	w := env.Workspace(t, full(env, portal, operators, limited))
	w.MustRun(t, "apply", "-auto-approve")
	w.Write(t, "main.tf", acctest.Requires+full(env, next, operators, limited))
	w.MustRun(t, "plan", "-out=plan")
	var once sync.Once
	m.Configure(func(o *machine.Options) {
		o.After = func(cmdlet string) { // the change is made, and then the server is slow
			if cmdlet == "Set-VBORestorePortalSettings" {
				once.Do(func() { time.Sleep(10 * time.Second) })
			}
		}
	})
	if out, code := w.Run(t, "apply", "-no-color", "plan"); code == 0 || env.Portal().Certificate.Thumbprint != next.thumbprint {
		t.Fatalf("the apply ended with %d:\n%s", code, out)
	}
	w.MustRun(t, "plan", "-refresh=false", "-detailed-exitcode")
	w.MustRun(t, "plan", "-detailed-exitcode")
}

// Of two changes at once, the second finds that the settings are not those that
// it was made for.
func TestAccAChangeAtTheSameTimeIsNotOverwritten(t *testing.T) {
	t.Parallel()
	env, m := startManaged(t, "winrm", machine.Options{})
	portal, operators, next := newPFX(t, "portal", year), newPFX(t, "operators", year), newPFX(t, "next", year)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
		{Config: full(env, portal, operators)},
		{
			PreConfig: func() {
				var once sync.Once
				m.Configure(func(o *machine.Options) {
					o.Before = func(string) error {
						if m.Locked(lock) {
							once.Do(func() {
								setPortal(env, func(s *simulator.PortalSettings) { s.URI = "https://theirs.example.com:1" })
							})
						}
						return nil
					}
				})
			},
			Config: full(env, next, operators), ExpectError: unwrapped(tfkit.TitlePowerShellChanged),
		},
	}, CheckDestroy: func(*terraform.State) error {
		if s := env.Portal(); s.URI != "https://theirs.example.com:1" || s.Certificate.Thumbprint != portal.thumbprint {
			return fmt.Errorf("the portal is %+v", s)
		}
		return nil
	}})
}

// Two runs of Terraform at once: whichever wins, the settings are those of one.
func TestAccTwoAppliesAtOnceLeaveTheSettingsOfOne(t *testing.T) {
	t.Parallel()
	env, m := startManaged(t, "ssh", machine.Options{})
	operators := newPFX(t, "operators", year)
	certificates := []pfxFile{newPFX(t, "first", year), newPFX(t, "second", year)}
	// Both look before either changes.
	var barrier sync.WaitGroup
	barrier.Add(len(certificates))
	var mu sync.Mutex
	waited := 0
	m.Configure(func(o *machine.Options) {
		o.Before = func(cmdlet string) error {
			mu.Lock()
			first := strings.HasPrefix(cmdlet, "Get-VBORestAPI") && waited < len(certificates)
			if first {
				waited++
			}
			mu.Unlock()
			if first {
				barrier.Done()
				barrier.Wait()
			}
			return nil
		}
	})
	var work sync.WaitGroup
	outputs := make([]string, len(certificates))
	codes := make([]int, len(certificates))
	for i, certificate := range certificates {
		w := env.Workspace(t, declare(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i+1), uriOf(env), certificate.block("certificate"),
			"operator_authentication = {\n"+operators.block("certificate")+"\n}"))
		work.Go(func() { outputs[i], codes[i] = w.Run(t, "apply", "-auto-approve", "-no-color") })
	}
	work.Wait()
	s := env.Portal()
	winner := 0
	if s.Certificate.Thumbprint == certificates[1].thumbprint {
		winner = 1
	}
	if want := fmt.Sprintf("%08d-0000-4000-8000-000000000000", winner+1); s.ApplicationID != want || s.Certificate.Thumbprint != certificates[winner].thumbprint {
		t.Errorf("the portal is a mixture: %+v", s)
	}
	if codes[winner] != 0 {
		t.Errorf("the run that won failed:\n%s", outputs[winner])
	}
	if loser := 1 - winner; codes[loser] != 0 && !unwrapped(tfkit.TitlePowerShellChanged+"|"+"did not do what").MatchString(outputs[loser]) {
		t.Errorf("the other run does not say why it failed:\n%s", outputs[loser])
	}
}

func TestAccWarningsAndNoiseDoNotGetInTheWay(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{
		Warning: "The certificate is self-signed.", Banner: "Welcome, vb365:operator\r\n",
		Noise: "#< CLIXML\r\n<Objs Version=\"1.1.0.1\"><Obj S=\"progress\" RefId=\"0\"></Obj></Objs>",
	})
	w := env.Workspace(t, full(env, newPFX(t, "portal", year), newPFX(t, "operators", 20*24*time.Hour)))
	out := w.MustRun(t, "apply", "-auto-approve", "-no-color")
	for _, want := range []string{
		"Set-VBORestorePortalSettings wrote: The certificate is self-signed.", "The certificate expires soon",
	} {
		if !unwrapped(want).MatchString(out) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	w.MustRun(t, "plan", "-detailed-exitcode")
}

func TestAccCertificatesOfNoUseAreErrorsOfThePlan(t *testing.T) {
	t.Parallel()
	good := newPFX(t, "portal", year)
	block, _ := pem.Decode([]byte(acctest.NewPFX(t, "portal", "", year).PEM))
	public, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	withoutKey, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{public}, "p")
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(pfx, password string) string {
		return fmt.Sprintf("certificate = {\n pfx_base64_wo = %q\n password_wo = %q\n}", pfx, password)
	}
	for name, c := range map[string]struct{ attribute, want string }{
		"a wrong password": {attribute(good.base64, "wrong"), `The password does not open the certificate`},
		"expired":          {newPFX(t, "old", -time.Hour).block("certificate"), `The certificate has expired`},
		"no base64":        {attribute("%%%", ""), `The certificate is not in base64`},
		"no private key":   {attribute(base64.StdEncoding.EncodeToString(withoutKey), "p"), `The certificate has no private key`},
		"no PFX":           {attribute("AAAA", ""), `The certificate cannot be read`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, m := startManaged(t, "ssh", machine.Options{})
			for _, want := range []string{c.want, `with vb365_restore_portal.this`} {
				resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
					{Config: wanted(c.attribute), PlanOnly: true, ExpectError: unwrapped(want)},
				}})
			}
			if len(m.CommandLines()) > 0 {
				t.Error("the server was bothered with it")
			}
		})
	}
}

func TestAccOrganizationsThatThePortalDoesNotServeAreNamed(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	env.Seed(simulator.ThreeCustomers())
	w := env.Workspace(t, full(env, newPFX(t, "portal", year), newPFX(t, "operators", year), `region = "USGovernment"`))
	out, _ := w.Run(t, "plan", "-no-color")
	for _, want := range []string{"contoso.onmicrosoft.com: Worldwide", "The server has 3 organizations whose operators can use the portal"} {
		if !unwrapped(want).MatchString(out) {
			t.Errorf("the plan lacks %q:\n%s", want, out)
		}
	}
}

func TestAccAnotherRegionNeedsAnotherApplication(t *testing.T) {
	t.Parallel()
	env, _ := startManaged(t, "ssh", machine.Options{})
	portal, operators := newPFX(t, "portal", year), newPFX(t, "operators", year)
	china := full(env, portal, operators, `region = "China"`)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{
		{Config: full(env, portal, operators)},
		{Config: china, ExpectError: unwrapped("Another region needs another application")},
		{Config: strings.ReplaceAll(china, application, "11111111-0000-4000-8000-000000000000")},
	}})
}

func TestAccAPlanWithoutTheServerIsNotChecked(t *testing.T) {
	t.Parallel()
	env, m := startManaged(t, "ssh", machine.Options{})
	m.SSH.Close()
	w := env.Workspace(t, full(env, newPFX(t, "portal", year), newPFX(t, "operators", year)))
	out := w.MustRun(t, "plan", "-no-color")
	if !strings.Contains(out, "The plan was not checked against the server") {
		t.Errorf("the plan does not say that it was not checked:\n%s", out)
	}
}
