package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestAccMeasuresFiveRoles(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests are skipped unless TF_ACC is set")
	}

	results := filepath.Join(t.TempDir(), "results.json")

	// Short, as sockets lie in it.
	temporary, err := os.MkdirTemp("", "bench-") //nolint:usetesting // t.TempDir makes long paths
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temporary)

	t.Setenv("TMPDIR", temporary)

	var out bytes.Buffer

	settings, err := parseSettings([]string{
		"-roles", "5", "-latency", "0s,1ms", "-runs", "1", "-groups", "31", "-json", results,
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}

	settings.buildFlags = nil

	if err := run(t.Context(), settings, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}

	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("these files are left behind: %v (%v)", left, err)
	}

	text, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}

	var got report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}

	// Two kinds of roles, each with two latencies.
	want := []planRow{
		{Mix: "objects", Roles: 5, Limit: 16, Requests: requests{Total: 18, Tokens: 1, RoleLists: 1, Entries: 15, Others: 1}},
		{Mix: "objects", Roles: 5, Latency: 0.001, Limit: 16, Requests: requests{Total: 18, Tokens: 1, RoleLists: 1, Entries: 15, Others: 1}},
		{Mix: "organization", Roles: 5, Limit: 16, Requests: requests{Total: 13, Tokens: 1, RoleLists: 1, Entries: 10, Others: 1}},
		{Mix: "organization", Roles: 5, Latency: 0.001, Limit: 16, Requests: requests{Total: 13, Tokens: 1, RoleLists: 1, Entries: 10, Others: 1}},
	}

	for i, row := range got.Plans {
		if row.Seconds <= 0 || row.Floor <= 0 || row.InFlight < 1 || row.InFlight > row.Limit {
			t.Errorf("row %d was not measured: %+v", i, row)
		}

		row.Seconds, row.Floor, row.InFlight, row.PeakMemory = 0, 0, 0, 0
		got.Plans[i] = row
	}

	if diff := cmp.Diff(want, got.Plans); diff != "" {
		t.Error(diff)
	}

	if l := got.Listing; l == nil || l.Groups != 31 || l.Seconds <= 0 || l.Requests < 1 {
		t.Errorf("the listing was not measured: %+v", l)
	}

	for _, name := range []string{vb365, floor} {
		if s := got.Provider[name]; s.Bytes <= 0 || s.Handshake <= 0 || s.Schema <= 0 {
			t.Errorf("the start of %s was not measured: %+v", name, s)
		}
	}

	for _, part := range []string{"go run ./internal/bench -roles 5", "Terraform", "cores", "per role", "31 groups"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not printed:\n%s", part, out.String())
		}
	}
}

func TestFlagsAreChecked(t *testing.T) {
	t.Parallel()

	for name, arguments := range map[string][]string{
		"no roles":          {"-roles", "0"},
		"no number":         {"-roles", "many"},
		"a negative time":   {"-latency", "-1s"},
		"no runs":           {"-runs", "0"},
		"an unknown mix":    {"-mix", "objects,subjects"},
		"an argument":       {"500"},
		"an unknown flag":   {"-size"},
		"negative groups":   {"-groups", "-1"},
		"an empty list":     {"-roles", ""},
		"a list with a gap": {"-latency", "0s,,1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var complaints bytes.Buffer
			if code := execute(t.Context(), arguments, &bytes.Buffer{}, &complaints); code != exitUsage || complaints.Len() == 0 {
				t.Errorf("it ended with %d and says %q", code, complaints.String())
			}
		})
	}
}

func TestCommandIsTheOneThatWasRun(t *testing.T) {
	t.Parallel()

	s, err := parseSettings([]string{"-roles", "5, 50", "-latency", "50ms", "-mix", "organization", "-json", "x"}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}

	const want = "go run ./internal/bench -roles 5,50 -latency 50ms -mix organization -runs 3 -groups 10001 -json x"
	if got := s.command(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()

	if got := median([]time.Duration{3 * time.Second, time.Second, 2 * time.Second}); got != 2 {
		t.Errorf("got %v", got)
	}
}

func TestPeakIsReadFromTheKernelsWords(t *testing.T) {
	t.Parallel()

	if got := peakIn([]byte("Name:\tprovider\nVmPeak:\t  900 kB\nVmHWM:\t   24 kB\nThreads:\t9\n")); got != 24<<10 {
		t.Errorf("got %d", got)
	}

	if got := peakIn([]byte("Name:\tprovider\n")); got != 0 {
		t.Errorf("got %d where nothing is said", got)
	}
}

func TestOnlyTheJudgedRowIsMeasuredWithMoreInFlight(t *testing.T) {
	t.Parallel()

	b := &bench{}
	for roles, want := range map[int]int{100: 2, judgedRoles: 3} {
		if got := b.rows(mixes()[0], roles, []time.Duration{0, judgedLatency}); len(got) != want {
			t.Errorf("%d roles have %d rows, want %d", roles, len(got), want)
		}
	}
}

func TestRequestsAreCountedByWhatTheyAreFor(t *testing.T) {
	t.Parallel()

	got := countRequests([]simulator.Request{
		{Path: "/ServiceInstance"},
		{Path: "/token", Token: &simulator.TokenRequest{}},
		{Path: "/RbacRoles"},
		{Path: "/rbacroles/1/Operators"},
		{Path: "/RbacRoles/1/selectedItems"},
		{Path: "/RbacRoles/1"},
	})
	if want := (requests{Total: 6, Tokens: 1, RoleLists: 1, Entries: 2, Others: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
