package tenantconsent

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// drift says in words what changed in the tenant since state was written, apart
// from a service principal that is gone.
func drift(state model, f facts) []string {
	var changes []string
	changed := func(format string, args ...any) {
		changes = append(changes, fmt.Sprintf(format, args...)+" outside Terraform")
	}
	if was := state.ServicePrincipalID.ValueString(); !strings.EqualFold(f.principal.ID, was) {
		changed("the application's service principal %s was deleted, and %s was created,", was, f.principal.ID)
	}
	if f.principal.Enabled != state.AccountEnabled.ValueBool() {
		if f.principal.Enabled {
			changed("sign-in was switched on")
		} else {
			changed("sign-in was switched off")
		}
	}
	for _, a := range apis {
		lost := entra.RemoveScopes(scopesOf(state.GrantedScopes, a), f.scopes(a))
		switch {
		case len(lost) > 0 && len(f.tenantWide(a)) == 0:
			changed("the consent for all users to %s of %s was revoked%s", quoted(lost), a.noun, singleUsers(f))
		case len(lost) > 0:
			changed("the scope %s of %s was removed from the consent for all users", quoted(lost), a.noun)
		}
		more := entra.RemoveScopes(f.unmanaged(a), append(scopesOf(state.UnmanagedScopes, a), signInScopes...))
		if len(more) > 0 {
			changed("the scope %s of %s was added, which is kept,", quoted(more), a.noun)
		}
	}
	return changes
}

// signInScopes are added by consent screens and say nothing about data.
var signInScopes = []string{"openid", "profile", "offline_access", "email"}

func quoted(scopes []string) string { return strings.Join(scopes, ", ") }

// singleUsers says why users can sign in although consent is missing.
func singleUsers(f facts) string {
	switch n := f.singleUsers(); n {
	case 0:
		return ""
	case 1:
		return " (one user consented alone, which is not enough)"
	default:
		return fmt.Sprintf(" (%d users consented each alone, which is not enough)", n)
	}
}

// warnOfDrift reports changes in one warning.
func warnOfDrift(diags *diag.Diagnostics, tenant string, changes []string) {
	if len(changes) == 0 {
		return
	}
	diags.AddWarning(fmt.Sprintf("The consent of tenant %s was changed outside Terraform", tenant),
		tfkit.Bullets(changes)+"\n\nAn apply puts back what the portal needs, and keeps the rest.")
}

// warnOfObstacles reports what keeps users from signing in although the consent
// is complete, and what no apply can change.
func warnOfObstacles(diags *diag.Diagnostics, tenant string, sp *entra.ServicePrincipal) {
	var obstacles []string
	if sp.DisabledByMicrosoft != "" {
		obstacles = append(obstacles, "Microsoft disabled the application: "+sp.DisabledByMicrosoft)
	}
	if sp.Deactivated {
		obstacles = append(obstacles, "the application is deactivated")
	}
	if len(sp.Scopes) > 0 && !entra.HasScope(sp.Scopes, ownAPI.required[0]) {
		obstacles = append(obstacles, fmt.Sprintf("the application offers no enabled permission named %s: its registration is not that of a "+
			"Restore Portal, or incomplete", ownAPI.required[0]))
	}
	if len(obstacles) == 0 {
		return
	}
	diags.AddWarning(fmt.Sprintf("Users of tenant %s cannot use the portal", tenant),
		tfkit.Bullets(obstacles)+"\n\nConsent does not help against this, and Terraform cannot change it here.")
}

// warnOfAssignment reports, where a tenant is met for the first time, that not
// everybody may sign in.
func warnOfAssignment(diags *diag.Diagnostics, tenant string, sp *entra.ServicePrincipal) {
	if !sp.AssignmentRequired {
		return
	}
	diags.AddWarning(fmt.Sprintf("Only some users of tenant %s may sign in to the portal", tenant),
		"The tenant requires that users are assigned to the application (Enterprise applications, Properties, Assignment required). "+
			"That is left as it is.")
}
