package provider

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// block returns the attribute entra with some of its attributes set.
func block(t *testing.T, values map[string]attr.Value) types.Object {
	t.Helper()
	objectType, ok := entraSchema().GetType().(types.ObjectType)
	if !ok {
		t.Fatal("entra is no object")
	}
	all := map[string]attr.Value{}
	for name, kind := range objectType.AttrTypes {
		all[name] = types.StringNull()
		if kind == types.BoolType {
			all[name] = types.BoolNull()
		}
		if value, set := values[name]; set {
			all[name] = value
		}
	}
	return types.ObjectValueMust(objectType.AttrTypes, all)
}

func TestTheWayToLogInIsChosenOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text, yes := types.StringValue, types.BoolValue(true)
	for name, tc := range map[string]struct {
		config map[string]attr.Value
		env    map[string]string
		want   entra.Credential
		err    string
	}{
		"nothing":                        {nil, nil, nil, "no credential"},
		"a secret":                       {map[string]attr.Value{"client_secret": text("s")}, nil, entra.ClientSecret{Secret: "s"}, ""},
		"a secret of the environment":    {nil, map[string]string{envEntraSecret: "s"}, entra.ClientSecret{Secret: "s"}, ""},
		"a secret in a file":             {nil, map[string]string{envEntraSecretFile: file("secret", "s\n")}, entra.ClientSecret{Secret: "s"}, ""},
		"the configuration wins":         {map[string]attr.Value{"use_cli": yes}, map[string]string{envEntraSecret: "s"}, entra.AzureCLI{}, ""},
		"an unused method beside a real": {map[string]attr.Value{"client_secret": text("s"), "use_cli": types.BoolValue(false)}, nil, entra.ClientSecret{Secret: "s"}, ""},
		"two methods":                    {map[string]attr.Value{"client_secret": text("s"), "use_msi": yes}, nil, nil, "client_secret, use_msi"},
		"two in the environment":         {nil, map[string]string{envEntraSecret: "s", envEntraUseOIDC: "true"}, nil, "client_secret, use_oidc"},
		"a certificate": {
			map[string]attr.Value{"client_certificate": text("cGZ4"), "client_certificate_password": text("p")},
			nil,
			entra.ClientCertificate{PFX: "cGZ4", Password: "p"},
			"",
		},
		"a certificate file": {
			nil,
			map[string]string{envEntraPFXFile: file("pfx", "pfx"), envEntraPFXPassword: "p"},
			entra.ClientCertificate{PFX: base64.StdEncoding.EncodeToString([]byte("pfx")), Password: "p"},
			"",
		},
		"a token of OIDC": {
			map[string]attr.Value{"use_oidc": yes}, map[string]string{envEntraOIDCToken: "t"}, entra.FederatedToken{Token: "t"}, "",
		},
		"a token file beside a token of the environment": {
			map[string]attr.Value{"use_oidc": yes, "oidc_token_file_path": text("/configured")},
			map[string]string{envEntraOIDCToken: "t", envOIDCRequestURL: "u", envOIDCRequestToken: "t", envWorkloadTokenFile: "/var/run/token"},
			entra.FederatedToken{TokenFile: "/configured"},
			"",
		},
		"a token beside a file of the environment": {
			map[string]attr.Value{"use_oidc": yes, "oidc_token": text("t")},
			map[string]string{envEntraOIDCTokenFile: "/of-the-environment", envWorkloadTokenFile: "/var/run/token"},
			entra.FederatedToken{Token: "t"},
			"",
		},
		"GitHub Actions": {
			map[string]attr.Value{"use_oidc": yes},
			map[string]string{envGitHubRequestURL: "u", envGitHubRequestToken: "t"},
			entra.FederatedToken{RequestURL: "u", RequestToken: "t"},
			"",
		},
		"a workload of Kubernetes": {
			nil,
			map[string]string{envEntraUseOIDC: "1", envWorkloadTokenFile: "/var/run/token"},
			entra.FederatedToken{TokenFile: "/var/run/token"},
			"",
		},
		"one of several managed identities": {
			nil, map[string]string{envEntraUseMSI: "true", envEntraMSIClient: "i"}, entra.ManagedIdentity{ClientID: "i"}, "",
		},
		"a managed identity": {nil, map[string]string{envEntraUseMSI: "true"}, entra.ManagedIdentity{}, ""},
	} {
		var diags diag.Diagnostics
		getenv := func(name string) string { return tc.env[name] }
		s := resolveEntra(t.Context(), block(t, tc.config), vb365.Config{}, getenv, &diags)
		if diags.HasError() || !reflect.DeepEqual(s.config.Credential, tc.want) {
			t.Errorf("%s: got %#v, %v; want %#v", name, s.config.Credential, diags, tc.want)
		}
		if tc.err == "" && s.problem != nil || tc.err != "" && (s.problem == nil || !strings.Contains(s.problem.Error(), tc.err)) {
			t.Errorf("%s: the problem is %v, want %q", name, s.problem, tc.err)
		}
	}
}

func TestTheEnvironmentOfAzureadServesToo(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		envEntraEnvironment: "usgovernmentl5", envEntraTenant: "contoso.us", envEntraClient: "from-the-environment", envEntraSecret: "s",
	}
	var diags diag.Diagnostics
	s := resolveEntra(t.Context(), block(t, map[string]attr.Value{"client_id": types.StringValue("configured")}),
		vb365.Config{MaxRetries: 7, MaxConcurrentRequests: 3}, func(name string) string { return env[name] }, &diags)
	c := s.config
	if c.Environment != entra.USDefence || c.TenantID != "contoso.us" || c.ClientID != "configured" || c.MaxRetries != 7 || c.MaxConcurrentRequests != 3 {
		t.Errorf("got %+v, %v", c, diags)
	}
}

func TestWhatIsWrongWithEntraIsSaidWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	var diags diag.Diagnostics
	unknown := resolveEntra(t.Context(), block(t, map[string]attr.Value{"client_secret": types.StringUnknown()}), vb365.Config{}, none, &diags)
	_, err := unknown.connector("test")()
	if missing, ok := errors.AsType[*tfkit.UnknownSettingError](err); !ok || missing.Attribute != "entra.client_secret" {
		t.Errorf("got %v, want an UnknownSettingError", err)
	}
	_, err = resolveEntra(t.Context(), types.ObjectNull(nil), vb365.Config{}, none, &diags).connector("test")()
	if !errors.Is(err, entra.ErrNoCredential) {
		t.Errorf("got %v, want ErrNoCredential", err)
	}
	broken := resolveEntra(t.Context(), block(t, map[string]attr.Value{
		"client_id": types.StringValue("c"), "client_certificate": types.StringValue("%"),
	}), vb365.Config{}, none, &diags)
	_, err = broken.connector("test")()
	if _, ok := errors.AsType[*tfkit.InvalidSettingError](err); !ok {
		t.Errorf("got %v, want an InvalidSettingError", err)
	}
	if diags.HasError() {
		t.Errorf("complained early: %v", diags)
	}
	bad := map[string]string{envEntraEnvironment: "Germany", envEntraGraph: "http://graph", envEntraUseCLI: "perhaps", envEntraCA: "x"}
	resolveEntra(t.Context(), types.ObjectNull(nil), vb365.Config{}, func(name string) string { return bad[name] }, &diags)
	if diags.ErrorsCount() != len(bad) {
		t.Errorf("%d of %d variables were refused: %v", diags.ErrorsCount(), len(bad), diags)
	}
}
