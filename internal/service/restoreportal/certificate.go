package restoreportal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// soon is how long before its end a certificate is warned of.
const soon = 30 * 24 * time.Hour

// certificateModel is the attribute certificate, whose values only
// configurations have.
type certificateModel struct {
	PFX      types.String `tfsdk:"pfx_base64_wo"`
	Password types.String `tfsdk:"password_wo"`
}

// declaredCertificate is what a configuration says of a certificate.
type declaredCertificate struct {
	// pfx is nil if none is declared, or it is not known yet.
	pfx     *vbopowershell.PFX
	unknown bool
}

// openCertificate reads a declared certificate. An error is reported on the
// attribute at p, and holds nothing of the file.
func openCertificate(ctx context.Context, value types.Object, p path.Path, diags *diag.Diagnostics) declaredCertificate {
	if value.IsNull() || value.IsUnknown() {
		return declaredCertificate{unknown: value.IsUnknown()}
	}
	var m certificateModel
	problems := value.As(ctx, &m, basetypes.ObjectAsOptions{})
	diags.Append(problems...)
	if problems.HasError() || m.PFX.IsUnknown() || m.Password.IsUnknown() {
		return declaredCertificate{unknown: true}
	}
	if strings.HasPrefix(strings.TrimSpace(m.PFX.ValueString()), pemBegin) {
		reportPEM(p, diags)
		return declaredCertificate{unknown: true}
	}
	// Base64 of other tools has line breaks.
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(m.PFX.ValueString()), ""))
	if err != nil {
		tfkit.AddAttributeError(diags, p.AtName("pfx_base64_wo"), "The certificate is not in base64",
			"Expected a PFX file in base64, such as filebase64(\"portal.pfx\") gives. The file function alone cannot read binary files.")
		return declaredCertificate{unknown: true}
	}
	pfx, err := vbopowershell.ParsePFX(data, m.Password.ValueString())
	switch {
	case errors.Is(err, vbopowershell.ErrPFXPassword):
		tfkit.AddAttributeError(diags, p.AtName("password_wo"), "The password does not open the certificate",
			"The PFX file cannot be opened with this password. Check both; a PFX file that was exported without one wants none.")
	case errors.Is(err, vbopowershell.ErrPFXNoKey):
		tfkit.AddAttributeError(diags, p.AtName("pfx_base64_wo"), "The certificate has no private key",
			"The PFX file holds no private key of its certificate. Export the certificate together with its private key, as PFX.")
	case err != nil && bytes.HasPrefix(bytes.TrimSpace(data), []byte(pemBegin)):
		reportPEM(p, diags)
	case err != nil:
		tfkit.AddAttributeError(diags, p.AtName("pfx_base64_wo"), titleUnreadable,
			fmt.Sprintf("Expected a file with one certificate and its private key; %v.", err))
	}
	return declaredCertificate{pfx: pfx, unknown: err != nil}
}

// pemBegin is what files in PEM begin with.
const pemBegin = "-----BEGIN"

func reportPEM(p path.Path, diags *diag.Diagnostics) {
	tfkit.AddAttributeError(diags, p.AtName("pfx_base64_wo"), titleUnreadable, "This is a file in PEM, and VB365 takes PFX (PKCS #12). Make one:\n"+
		"  openssl pkcs12 -export -in portal.pem -inkey portal.key -out portal.pfx")
}

// checkValidity reports a certificate that has expired, or will soon. One that the
// state has is no error: it must keep nobody from planning, let alone from
// destroying, which begins with an ordinary plan.
func (c declaredCertificate) checkValidity(state certificateState, p path.Path, now time.Time, diags *diag.Diagnostics) {
	if c.pfx == nil {
		return
	}
	report := tfkit.AddAttributeError
	if sameThumbprint(c.pfx.Thumbprint, state.thumbprint.ValueString()) {
		report = tfkit.AddAttributeWarning
	}
	name := fmt.Sprintf("The certificate %s", c.pfx.Thumbprint)
	switch {
	case now.After(c.pfx.NotAfter):
		report(diags, p.AtName("pfx_base64_wo"), "The certificate has expired",
			fmt.Sprintf("%s was valid until %s. Give a new one.", name, instant(c.pfx.NotAfter)))
	case now.Before(c.pfx.NotBefore):
		report(diags, p.AtName("pfx_base64_wo"), "The certificate is not valid yet",
			fmt.Sprintf("%s is valid from %s. Check the clock of this machine, or wait.", name, instant(c.pfx.NotBefore)))
	case now.Add(soon).After(c.pfx.NotAfter):
		tfkit.AddAttributeWarning(diags, p.AtName("pfx_base64_wo"), "The certificate expires soon",
			fmt.Sprintf("%s is valid until %s. Once a new one is made, register it with the application first, and then give it here.",
				name, instant(c.pfx.NotAfter)))
	}
}

// plan writes what is known of the certificate into a plan: of one that is not
// declared, what the state has.
func (c declaredCertificate) plan(thumbprint, expires *types.String, state certificateState) {
	switch {
	case c.unknown:
		*thumbprint, *expires = types.StringUnknown(), types.StringUnknown()
	case c.pfx != nil && !sameThumbprint(c.pfx.Thumbprint, state.thumbprint.ValueString()):
		*thumbprint, *expires = types.StringValue(c.pfx.Thumbprint), types.StringValue(instant(c.pfx.NotAfter))
	default: // none is declared, or it is there already
		*thumbprint, *expires = state.thumbprint, state.expires
	}
}

// certificateState is what a state says of a certificate.
type certificateState struct{ thumbprint, expires types.String }

// newCertificateState is what a server says of a certificate.
func newCertificateState(c vbopowershell.Certificate) certificateState {
	s := certificateState{thumbprint: types.StringNull(), expires: types.StringNull()}
	if c.Thumbprint != "" {
		s.thumbprint = types.StringValue(strings.ToUpper(c.Thumbprint))
	}
	if !c.Expires.IsZero() {
		s.expires = types.StringValue(instant(c.Expires))
	}
	return s
}

// instant writes a time as states and diagnostics show it.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// sameThumbprint compares names of certificates.
func sameThumbprint(a, b string) bool { return strings.EqualFold(a, b) }
