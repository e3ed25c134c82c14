//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// isolate starts the command in a process group of its own, and has the group
// interrupted when the command's context ends.
func isolate(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
}

// killGroup kills what is left of the group that a process led.
func killGroup(leader int) {
	// It fails when nothing is left, which is what is wanted.
	_ = syscall.Kill(-leader, syscall.SIGKILL)
}
