package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// gracePeriod is how long an interrupted program has to end by itself.
const gracePeriod = 5 * time.Second

// ErrFailed is wrapped by errors about programs that did not do what they were
// run for.
var ErrFailed = errors.New("it failed")

// Result is how a program ended.
type Result struct {
	// Output is what it printed, errors included.
	Output   string
	ExitCode int
	Took     time.Duration
}

// Terraform runs Terraform in a directory of the sandbox and waits for it. Any
// exit code is a result. It is an error if Terraform does not run, or if the
// context ends: then Terraform is interrupted and, if it does not end soon,
// killed. Its providers end with it in any case.
func (s *Sandbox) Terraform(ctx context.Context, dir string, arguments ...string) (Result, error) {
	command := exec.CommandContext(ctx, s.terraform, arguments...)
	command.Dir = s.Path(dir)
	command.Env = s.environment()

	return run(ctx, command)
}

// run runs a program in a process group of its own, of which nothing is left
// when it returns. So Ctrl-C in a terminal reaches this process alone, which
// then interrupts the program once: Terraform takes a second interrupt as a
// request to drop everything, its providers included.
func run(ctx context.Context, command *exec.Cmd) (Result, error) {
	var output bytes.Buffer

	command.Stdout, command.Stderr = &output, &output
	command.WaitDelay = gracePeriod
	isolate(command)

	program, begin := filepath.Base(command.Path), time.Now()

	if err := command.Start(); err != nil {
		return Result{}, fmt.Errorf("start %s: %w", program, err)
	}

	err := command.Wait()
	killGroup(command.Process.Pid)

	result := Result{Output: output.String(), ExitCode: command.ProcessState.ExitCode(), Took: time.Since(begin)}

	if ctx.Err() != nil {
		return result, fmt.Errorf("%s was stopped: %w", program, context.Cause(ctx))
	}

	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && (!ended || result.ExitCode < 0) {
		return result, fmt.Errorf("run %s: %w", program, err)
	}

	return result, nil
}
