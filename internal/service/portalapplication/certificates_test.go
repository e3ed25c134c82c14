package portalapplication_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

// certified checks which certificates the application has.
func certified(t *testing.T, s *acctest.Entra, want ...issued) resource.TestCheckFunc {
	t.Helper()
	var names []string
	for _, c := range want {
		names = append(names, c.thumbprint)
	}
	return func(*terraform.State) error {
		if got := thumbprints(registered(t, s)); !slices.Equal(got, sorted(names...)) {
			return fmt.Errorf("the certificates are %v, want %v", got, sorted(names...))
		}
		return nil
	}
}

// losing lets an administrator remove the application's oldest certificate.
func losing(t *testing.T, s *acctest.Entra) func() {
	t.Helper()
	return func() {
		s.Clock.Pass(time.Hour)
		s.UpdateApplication(registered(t, s).AppID, func(a *graph.Application) { a.KeyCredentials = a.KeyCredentials[1:] })
	}
}

func TestAccACertificateThatWasRepairedHasASuccessorBeforeItGoes(t *testing.T) {
	t.Parallel()
	s := start(t)
	first, second, third := issue(t, "first"), issue(t, "second"), issue(t, "third")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
		{Config: application(first)},
		{PreConfig: losing(t, s), Config: application(first), Check: certified(t, s, first)},
		{Config: application(second), Check: certified(t, s, first, second)},
		{Config: application(third), Check: certified(t, s, second, third)},
	}})
}

func TestAccACertificateIsRepairedHoweverOftenItIsLost(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := issue(t, "portal")
	steps := []resource.TestStep{{Config: application(c)}}
	for range 3 {
		steps = append(steps, resource.TestStep{PreConfig: losing(t, s), Config: application(c), Check: certified(t, s, c)})
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: steps})
}

func TestAccACertificateThatWasInForceBeforeReturns(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]bool{"from the application": false, "after it was removed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			first, second, third := issue(t, "first"), issue(t, "second"), issue(t, "third")
			back := resource.TestStep{Config: application(first), Check: certified(t, s, first, second)}
			if lose {
				back.PreConfig = losing(t, s)
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: s.Providers(), Steps: []resource.TestStep{
				{Config: application(first)},
				{Config: application(second)},
				back,
				{Config: application(third), Check: certified(t, s, first, third)},
			}})
		})
	}
}
