package tfkit_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// What the look after a lost change ran into must not be said of the change.
func TestAChangeOfUnknownOutcomeIsNotSaidToHaveChangedNothing(t *testing.T) {
	t.Parallel()
	busy := &vbopowershell.CmdletError{Kind: vbopowershell.Busy, Cmdlet: "Mutex", Message: "Another run of Terraform is changing the settings."}
	for name, c := range map[string]struct {
		err   error
		title string
	}{
		"lost": {
			&vbopowershell.TransportError{Reason: vbopowershell.ReasonLost, Started: true, Err: errors.New("the connection was lost")},
			tfkit.TitlePowerShellLost,
		},
		"interrupted": {
			&vbopowershell.TransportError{Reason: vbopowershell.ReasonLost, Started: true, Err: context.Canceled},
			"The run was interrupted",
		},
		"killed": {&vbopowershell.ShellError{Reason: vbopowershell.ShellUnexpected, ExitCode: 1}, tfkit.TitlePowerShellUnexpected},
	} {
		title, detail := tfkit.Explain("changing the restore portal", &vbopowershell.OutcomeUnknownError{Err: c.err, ReadBack: busy})
		if title != c.title || strings.Contains(detail, "Nothing was changed") || strings.Contains(detail, "is recorded") ||
			!strings.Contains(detail, "Another run of Terraform") || !strings.Contains(detail, "Plan again") {
			t.Errorf("%s: %s\n%s", name, title, detail)
		}
	}
}
