// Command terraform-provider-vb365 is the Terraform provider for restore access
// in Veeam Backup for Microsoft 365.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/vb365/terraform-provider-vb365/internal/provider"
)

// version is set at release builds.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "run so that a debugger can be attached")
	flag.Parse()
	if !*debug {
		if err := silenceUnreadLogs(os.Getenv, os.Setenv); err != nil {
			log.Fatal(err)
		}
	}
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}

// silenceUnreadLogs turns the logs off that Terraform would read and throw away.
// The plugin framework logs dozens of lines for each resource; where nobody has
// asked for logs, writing and reading them is a third of the time of a plan over
// hundreds of roles.
func silenceUnreadLogs(getenv func(string) string, setenv func(name, value string) error) error {
	// These are Terraform's own, and all that make it show what providers log.
	if getenv("TF_LOG") != "" || getenv("TF_LOG_PROVIDER") != "" {
		return nil
	}
	return errors.Join(setenv("TF_LOG_SDK", "off"), setenv("TF_LOG_PROVIDER_VB365", "off"))
}
