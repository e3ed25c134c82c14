//go:build !unix

package sandbox

import "os/exec"

// isolate leaves the command as it is: there are no process groups here, and a
// command whose context ends is killed.
func isolate(*exec.Cmd) {}

// killGroup does nothing: providers end by themselves when their Terraform does.
func killGroup(int) {}
