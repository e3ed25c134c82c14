package portalapplication

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// drift says in words what changed between a state and what Entra shows.
func drift(was, is model) []string {
	var changes []string
	changed := func(format string, args ...any) {
		changes = append(changes, fmt.Sprintf(format, args...)+" outside Terraform")
	}
	if !is.DisplayName.Equal(was.DisplayName) {
		changed("it was renamed from %s to %s", was.DisplayName, is.DisplayName)
	}
	if !is.SignInAudience.Equal(was.SignInAudience) {
		changed("its audience was changed from %s to %s", was.SignInAudience, is.SignInAudience)
	}
	if gone := without(was.PortalURIs, is.PortalURIs); gone != "" {
		changed("the address %s was removed", gone)
	}
	if more := without(is.PortalURIs, was.PortalURIs); more != "" {
		changed("the address %s was added", more)
	}
	if gone := without(was.Owners, is.Owners); gone != "" {
		changed("the owner %s was removed", gone)
	}
	if gone := without(was.RequestedScopes, is.RequestedScopes); gone != "" {
		changed("the application no longer asks for %s: it was removed", gone)
	}
	if lost(was.CertificateThumbprint, is.CertificateThumbprint) {
		changed("the certificate %s was removed", was.CertificateThumbprint.ValueString())
	}
	if lost(was.IdentifierURI, is.IdentifierURI) {
		changed("the identifier URI %s was removed", was.IdentifierURI.ValueString())
	}
	if !is.AccessAsUserScopeID.Equal(was.AccessAsUserScopeID) {
		if is.AccessAsUserScopeID.IsNull() {
			changed("the permission %s was removed or disabled", accessAsUser)
		} else {
			changed("the permission %s was replaced, so that consent to the old one is void,", accessAsUser)
		}
	}
	if !is.ServicePrincipalID.Equal(was.ServicePrincipalID) {
		if is.ServicePrincipalID.IsNull() {
			changed("the service principal %s was deleted", was.ServicePrincipalID.ValueString())
		} else {
			changed("the service principal was replaced by %s", is.ServicePrincipalID.ValueString())
		}
	}
	return changes
}

func lost(was, is types.String) bool { return !was.IsNull() && is.IsNull() }

// without returns the elements of a that b lacks.
func without(a, b types.Set) string {
	var missing []string
	for _, value := range textsOf(a) {
		if !slices.Contains(textsOf(b), value) {
			missing = append(missing, value)
		}
	}
	return strings.Join(missing, ", ")
}

// warnOfDrift reports changes in one warning.
func warnOfDrift(diags *diag.Diagnostics, name string, changes []string) {
	if len(changes) == 0 {
		return
	}
	diags.AddWarning(fmt.Sprintf("The portal's application %q was changed outside Terraform", name),
		tfkit.Bullets(changes)+"\n\n"+tfkit.PutBack)
}
