package portalapplication_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
)

// With create_before_destroy, the create finds the application that the destroy is to
// delete, exactly as declared. It stays, for every customer consented to it.
func TestAccAReplacementThatCreatesFirstKeepsTheApplication(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 30 * time.Second} {
		s := start(t)
		s.Behind(lag)
		config := application(issue(t, "portal"), "lifecycle {\n  create_before_destroy = true\n}")
		var first string
		resource.Test(t, resource.TestCase{
			ProtoV6ProviderFactories: s.Providers(),
			CheckDestroy: func(*terraform.State) error {
				if left := s.Applications(home); len(left) > 0 {
					return fmt.Errorf("a mere destroy leaves %v", left)
				}
				return nil
			},
			Steps: []resource.TestStep{
				{Config: config, Check: func(*terraform.State) error { first = registered(t, s).AppID; return nil }},
				{
					PreConfig: func() { s.Clock.Pass(time.Hour) }, Config: config, Taint: []string{address},
					ConfigPlanChecks: planned(plancheck.ResourceActionCreateBeforeDestroy),
					Check: func(*terraform.State) error {
						if is := registered(t, s).AppID; is != first {
							return fmt.Errorf("%s is there instead of %s", is, first)
						}
						return nil
					},
				},
				{Config: config, PlanOnly: true},
			},
		})
	}
}

// A resource that gets another name without a moved block is destroyed and created in
// one run, in any order.
func TestAccARenamedApplicationIsThereAfterwards(t *testing.T) {
	t.Parallel()
	for _, seconds := range []int{0, 4} {
		s := start(t)
		c := issue(t, "portal")
		w := s.Workspace(t, application(c)+acctest.Delaying("old", seconds, address))
		w.MustRun(t, "apply", "-auto-approve")
		w.Write(t, "main.tf", acctest.Requires+strings.Replace(application(c), `"portal" {`, `"renamed" {`, 1)+acctest.Delaying("new", 0, ""))
		w.MustRun(t, "apply", "-auto-approve")
		registered(t, s)
		w.MustRun(t, "plan", "-detailed-exitcode")
	}
}
