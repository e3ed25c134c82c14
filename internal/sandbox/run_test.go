//go:build unix

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRunReportsOutputAndExitCode(t *testing.T) {
	t.Parallel()

	result, err := run(t.Context(), exec.CommandContext(t.Context(), "sh", "-c", "echo out; echo err >&2; exit 3"))
	if err != nil || result.Output != "out\nerr\n" || result.ExitCode != 3 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestRunFailsWhenTheProgramIsKilledByOthers(t *testing.T) {
	t.Parallel()

	if result, err := run(t.Context(), exec.CommandContext(t.Context(), "sh", "-c", "kill -9 $$")); err == nil {
		t.Errorf("got %+v and no error", result)
	}
}

func TestRunLeavesNoChildOfTheProgram(t *testing.T) {
	t.Parallel()

	result, err := run(t.Context(), exec.CommandContext(t.Context(), "sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"))
	if err != nil {
		t.Fatal(err)
	}

	awaitEnd(t, result.Output)
}

func TestRunInterruptsTheProgramWhenTheContextEnds(t *testing.T) {
	t.Parallel()

	ready, notify, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()

	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())

	// The child, of which the shell says the id, is deaf to interrupts as it is in the background.
	command := exec.CommandContext(ctx, "sh", "-c",
		"trap 'echo interrupted; exit 0' INT; sleep 600 >/dev/null 2>&1 3>&- & echo $!; echo ready >&3; wait")
	command.ExtraFiles = []*os.File{notify}

	go func() {
		_, _ = ready.Read(make([]byte, 1))

		cancel(reason)
	}()

	result, err := run(ctx, command)
	_ = notify.Close()

	child, interrupted := strings.CutSuffix(result.Output, "\ninterrupted\n")
	if !errors.Is(err, reason) || !interrupted {
		t.Errorf("got %+v, %v", result, err)
	}

	awaitEnd(t, child)
}

// awaitEnd waits until there is no such process, or nothing of it but the entry
// that its parent has not collected.
func awaitEnd(t *testing.T, text string) {
	t.Helper()

	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}

	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if syscall.Kill(pid, 0) != nil {
			return
		}

		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && strings.Contains(string(state), ") Z ") {
			return
		}
	}

	t.Errorf("process %d still runs", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
