package restoreportal_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

const (
	address     = "vb365_restore_portal.this"
	application = "2b1d4885-989e-4cba-b8bd-3b13520358b8"
	portalURI   = "https://portal.example.com:4443"
	pfxPassword = `pfx "secret' $(not) to be seen`
)

// wanted is a portal as configurations declare it, with further lines.
func wanted(more ...string) string {
	return declare(application, portalURI, more...)
}

func declare(application, uri string, more ...string) string {
	return fmt.Sprintf("resource \"vb365_restore_portal\" \"this\" {\n  application_id = %q\n  portal_uri     = %q\n  %s\n}\n",
		application, uri, strings.Join(more, "\n  "))
}

func planned(action plancheck.ResourceActionType) []plancheck.PlanCheck {
	return []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}
}

// setPortal changes the portal in the console, so to speak.
func setPortal(env *acctest.Env, change func(*simulator.PortalSettings)) {
	settings := env.Portal()
	change(&settings)
	env.SetPortal(settings)
}

// pfxFile is a certificate for tests.
type pfxFile struct {
	base64, thumbprint string
	notAfter           time.Time
}

// block writes the file as an attribute.
func (f pfxFile) block(attribute string) string {
	return fmt.Sprintf("%s = {\n pfx_base64_wo = %q\n password_wo = %q\n}", attribute, f.base64, strings.ReplaceAll(pfxPassword, "${", "$${"))
}

// newPFX makes a certificate that is valid for a time.
func newPFX(t *testing.T, name string, valid time.Duration) pfxFile {
	t.Helper()
	pfx := acctest.NewPFX(t, name, pfxPassword, valid)
	return pfxFile{base64: base64.StdEncoding.EncodeToString(pfx.Data), thumbprint: pfx.Thumbprint, notAfter: pfx.NotAfter}
}

// freePort returns a TCP port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for a moment
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
