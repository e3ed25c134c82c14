package server_test

import (
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/vb365/terraform-provider-vb365/internal/acctest"
	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestMain(m *testing.M) { acctest.Main(m) }

func TestAccServerTellsBuildVersionsAndHealth(t *testing.T) {
	t.Parallel()
	for version, served := range map[string][]string{"v8": {"v8", "v7", "v6"}, "v7": {"v7", "v6"}, "v6": {"v6"}} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			env := acctest.Start(t, simulator.Options{Versions: served, Unhealthy: true, ProductVersion: "8.1.2.3"})
			var healthCheck knownvalue.Check = knownvalue.Null()
			if version == "v8" {
				healthCheck = knownvalue.ObjectPartial(map[string]knownvalue.Check{"status": knownvalue.StringExact("Unhealthy")})
			}
			var versions []knownvalue.Check
			for _, v := range served {
				versions = append(versions, knownvalue.StringExact(v))
			}
			at := func(name string, check knownvalue.Check) statecheck.StateCheck {
				return statecheck.ExpectKnownValue("data.vb365_server.this", tfjsonpath.New(name), check)
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{{
				Config: `data "vb365_server" "this" {}`,
				ConfigStateChecks: []statecheck.StateCheck{
					at("build", knownvalue.StringExact("8.1.2.3")), at("api_version", knownvalue.StringExact(version)),
					at("api_versions", knownvalue.ListExact(versions)), at("health", healthCheck),
				},
			}}})
		})
	}
}

// TestAccWhatDoesNotSpeakTLSIsNoVB365 asks a port that another service greets at,
// as SSH does.
func TestAccWhatDoesNotSpeakTLSIsNoVB365(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for as long as the test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("SSH-2.0-OpenSSH_for_Windows_9.5\r\n"))
		}
	}()
	env := acctest.Start(t, simulator.Options{})
	env.Settings["VB365_ENDPOINT"] = "https://" + listener.Addr().String()
	env.Settings["VB365_MAX_RETRIES"] = "0"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{{
		Config: `data "vb365_server" "this" {}`, ExpectError: regexp.MustCompile("The endpoint is not a VB365 REST service"),
	}}})
}

func TestAccAPinThatDoesNotFitIsNamed(t *testing.T) {
	t.Parallel()
	env := acctest.Start(t, simulator.Options{})
	env.Settings["VB365_CERTIFICATE_SHA256"] = strings.Repeat("AB", 32)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: env.Providers(), Steps: []resource.TestStep{{
		Config:      `data "vb365_server" "this" {}`,
		ExpectError: regexp.MustCompile(`(?s)not\s+the\s+certificate\s+that\s+is\s+pinned,\s+(ab){32}.*GetCertHashString`),
	}}})
}
