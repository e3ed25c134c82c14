// Command which prints the path of the Terraform or OpenTofu binary that this
// repository's make targets use, and installs Terraform into the directory
// given as its only argument when there is none.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/vb365/terraform-provider-vb365/internal/terraformbin"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: which CACHE_DIRECTORY")
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	path, err := terraformbin.Find(ctx, os.Stderr, os.Args[1])
	stop()

	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}

	fmt.Println(path)
}
