package tenantconsent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
)

// With create_before_destroy, the destroy would take back what the create has just
// found to be there; otherwise it is taken back, and given anew.
func TestAccAReplacedConsentIsThereAfterwards(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 30 * time.Second} {
		for action, lifecycle := range map[plancheck.ResourceActionType]string{
			plancheck.ResourceActionCreateBeforeDestroy: "lifecycle {\n  create_before_destroy = true\n}",
			plancheck.ResourceActionDestroyBeforeCreate: "",
		} {
			for _, onDestroy := range []string{"revert", "revoke"} {
				s := start(t)
				s.Behind(lag)
				config := consent("on_destroy = \""+onDestroy+"\"", lifecycle)
				resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
					{Config: config},
					{
						PreConfig: func() { s.Clock.Pass(time.Hour) }, Config: config, Taint: []string{address},
						ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}},
						Check: func(*terraform.State) error {
							wantGrants(t, s, "User.Read", "access_as_user")
							return nil
						},
					},
					{Config: config, PlanOnly: true},
				}})
			}
		}
	}
}

// A resource that gets another name without a moved block is destroyed and created in
// one run, in any order.
func TestAccARenamedConsentIsThereAfterwards(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int{0, 4} {
		s := start(t)
		w := s.Workspace(t, consent()+acctest.Delaying("old", seconds, address))
		w.MustRun(t, "apply", "-auto-approve")
		w.Write(t, "main.tf", acctest.Requires+strings.Replace(consent(), `"acme" {`, `"renamed" {`, 1)+acctest.Delaying("new", 0, ""))
		w.MustRun(t, "apply", "-auto-approve")
		wantGrants(t, s, "User.Read", "access_as_user")
		w.MustRun(t, "plan", "-detailed-exitcode")
	}
}
