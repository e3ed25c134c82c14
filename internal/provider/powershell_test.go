package provider

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// nulls returns an object of a type with some of its attributes set.
func nulls(t *testing.T, kind attr.Type, values map[string]attr.Value) types.Object {
	t.Helper()
	objectType, ok := kind.(types.ObjectType)
	if !ok {
		t.Fatalf("%s is no object", kind)
	}
	all := map[string]attr.Value{}
	for name, inner := range objectType.AttrTypes {
		switch inner := inner.(type) {
		case types.ObjectType:
			all[name] = types.ObjectNull(inner.AttrTypes)
		default:
			switch {
			case inner.Equal(types.BoolType):
				all[name] = types.BoolNull()
			case inner.Equal(types.Int64Type):
				all[name] = types.Int64Null()
			default:
				all[name] = types.StringNull()
			}
		}
	}
	maps.Copy(all, values)
	return types.ObjectValueMust(objectType.AttrTypes, all)
}

// shell returns the attribute powershell with one of its ways.
func shell(t *testing.T, way string, values map[string]attr.Value) types.Object {
	t.Helper()
	kind, ok := powerShellSchema().GetType().(types.ObjectType)
	if !ok {
		t.Fatal("powershell is no object")
	}
	return nulls(t, kind, map[string]attr.Value{way: nulls(t, kind.AttrTypes[way], values)})
}

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0pSRGy0sLZQ3hYkCHQ0x8cUyYeFkcIk4k4r4ZtHcQy"

func TestTheWayToPowerShellIsFoundOrWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	text := types.StringValue
	ssh := map[string]attr.Value{"host": text("h"), "username": text("u"), "password": text("p"), "host_key": text(hostKey)}
	without := func(name string, of map[string]attr.Value) map[string]attr.Value {
		fewer := maps.Clone(of)
		delete(fewer, name)
		return fewer
	}
	winRM := map[string]attr.Value{"host": text("h"), "username": text("u"), "password": text("p")}
	for name, c := range map[string]struct {
		config types.Object
		env    map[string]string
		// way is the client in words, empty if there is none; missing is the
		// attribute that an error names.
		way, missing, err string
	}{
		"nothing":                {config: types.ObjectNull(nil)},
		"SSH":                    {config: shell(t, "ssh", ssh), way: "ssh://h:22"},
		"SSH on another port":    {config: shell(t, "ssh", ssh), env: map[string]string{envSSHPort: "2222"}, way: "ssh://h:2222"},
		"SSH without a host key": {config: shell(t, "ssh", without("host_key", ssh)), missing: "powershell.ssh.host_key"},
		"SSH without a secret":   {config: shell(t, "ssh", without("password", ssh)), missing: "powershell.ssh.password, private_key or use_agent"},
		"SSH with a secret of the environment": {
			config: shell(t, "ssh", without("password", ssh)), env: map[string]string{envSSHPassword: "p"}, way: "ssh://h:22",
		},
		"SSH with an agent": {
			config: shell(t, "ssh", without("password", ssh)), env: map[string]string{envSSHUseAgent: "true", envSSHAgent: "/run/agent"}, way: "ssh://h:22",
		},
		"SSH of the environment": {
			config: types.ObjectNull(nil),
			env:    map[string]string{envSSHHost: "e", envSSHUsername: "u", envSSHPassword: "p", envSSHHostKey: hostKey}, way: "ssh://e:22",
		},
		"a key that is none": {
			config: shell(t, "ssh", without("password", ssh)), env: map[string]string{envSSHKey: "no key"}, err: "private_key cannot be read",
		},
		"WinRM":                    {config: shell(t, "winrm", winRM), way: "winrm://h:5986"},
		"WinRM without a password": {config: shell(t, "winrm", without("password", winRM)), missing: "powershell.winrm.password"},
		"WinRM of the environment": {
			config: types.ObjectNull(nil),
			env:    map[string]string{envWinRMHost: "e", envWinRMUsername: "u", envWinRMPassword: "p", envWinRMAuthentication: "basic"},
			way:    "winrm://e:5986",
		},
		"PowerShell without a way": {
			config: shell(t, "ssh", nil), missing: "powershell.ssh.host",
		},
		"a program without a way": {
			config:  nulls(t, powerShellSchema().GetType(), map[string]attr.Value{"executable": text("pwsh.exe")}),
			missing: "powershell.ssh or powershell.winrm",
		},
		"a program, and a way of the environment": {
			config: nulls(t, powerShellSchema().GetType(), map[string]attr.Value{"executable": text("pwsh.exe")}),
			env:    map[string]string{envWinRMHost: "e", envWinRMUsername: "u", envWinRMPassword: "p"}, way: "winrm://e:5986",
		},
		"both in the environment": {
			config: types.ObjectNull(nil), env: map[string]string{envSSHHost: "e", envWinRMHost: "e"}, err: envSSHHost + " and " + envWinRMHost,
		},
		"the configuration wins": {
			config: shell(t, "ssh", ssh), env: map[string]string{envWinRMHost: "e"}, way: "ssh://h:22",
		},
		"what is not known yet": {
			config: shell(t, "ssh", map[string]attr.Value{"host": types.StringUnknown()}), missing: "powershell.ssh.host",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var diags diag.Diagnostics
			s := resolvePowerShell(t.Context(), c.config, func(name string) string { return c.env[name] }, &diags)
			if diags.HasError() {
				t.Fatal(diags)
			}
			connect := s.connector()
			if connect == nil {
				if c.way+c.missing+c.err != "" {
					t.Error("there is no way")
				}
				return
			}
			server, err := connect()
			switch {
			case c.way != "" && (err != nil || server.String() != c.way):
				t.Errorf("got %v, %v; want %s", server, err, c.way)
			case c.missing != "" && missingOf(err) != c.missing:
				t.Errorf("got %v; want %s to be missing", err, c.missing)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("got %v; want %q", err, c.err)
			}
		})
	}
}

// missingOf is the setting that an error names.
func missingOf(err error) string {
	if setting, ok := errors.AsType[*tfkit.SettingError](err); ok {
		return setting.Attribute
	}
	if unknown, ok := errors.AsType[*tfkit.UnknownSettingError](err); ok {
		return unknown.Attribute
	}
	return ""
}

func TestEnvironmentVariablesOfPowerShellAreChecked(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		envWinRMHost: "h", envWinRMPort: "0", envWinRMAuthentication: "kerberos", envWinRMPin: "x", envWinRMCA: "x",
		envPowerShellExecutable: "pwsh & calc",
	}
	var diags diag.Diagnostics
	resolvePowerShell(t.Context(), types.ObjectNull(nil), func(name string) string { return bad[name] }, &diags)
	if diags.ErrorsCount() != len(bad)-1 {
		t.Errorf("%d of %d variables were refused: %v", diags.ErrorsCount(), len(bad)-1, diags)
	}
}
