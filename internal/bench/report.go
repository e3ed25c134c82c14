package main

import (
	"fmt"
	"io"
	"strings"
)

// report is everything that was measured. Times are in seconds, sizes in bytes.
type report struct {
	Command string `json:"command"`
	// BuildFlags are those of `go build`.
	BuildFlags []string         `json:"buildFlags"`
	Machine    machine          `json:"machine"`
	Provider   map[string]start `json:"providers"`
	Plans      []planRow        `json:"plans"`
	Listing    *listing         `json:"listing,omitempty"`
}

// machine is where it was measured.
type machine struct {
	System    string `json:"system"`
	Processor string `json:"processor,omitempty"`
	Cores     int    `json:"cores"`
	Go        string `json:"go"`
	Terraform string `json:"terraform"`
	Path      string `json:"-"`
}

// start is what a provider costs before it does anything.
type start struct {
	Bytes int64 `json:"bytes"`
	// Handshake is the time until the provider listens, Schema that of
	// `terraform providers schema`.
	Handshake float64 `json:"handshake"`
	Schema    float64 `json:"schema"`
}

// planRow is a plan over unchanged roles.
type planRow struct {
	Mix     string  `json:"mix"`
	Roles   int     `json:"roles"`
	Latency float64 `json:"latency"`
	// Limit is max_concurrent_requests, InFlight how many there were.
	Limit    int `json:"limit"`
	InFlight int `json:"inFlight"`
	// Seconds and Floor are medians, Floor that of the provider that does nothing.
	Seconds    float64  `json:"seconds"`
	Floor      float64  `json:"floor"`
	Requests   requests `json:"requests"`
	PeakMemory int64    `json:"peakMemory"`
}

// listing is a plan that lists all groups of an organization.
type listing struct {
	Groups     int     `json:"groups"`
	Seconds    float64 `json:"seconds"`
	Requests   int     `json:"requests"`
	PeakMemory int64   `json:"peakMemory"`
}

const mebibyte = 1 << 20

func (r report) printHead(w io.Writer) {
	fmt.Fprintf(w, "Command    %s\n", r.Command)
	fmt.Fprintf(w, "Machine    %s, %d cores", r.Machine.System, r.Machine.Cores)

	if r.Machine.Processor != "" {
		fmt.Fprintf(w, ", %s", r.Machine.Processor)
	}

	fmt.Fprintf(w, "\nTerraform  %s, %s\n", r.Machine.Terraform, r.Machine.Path)
	fmt.Fprintf(w, "Provider   built with %s: go build %s\n", r.Machine.Go, strings.Join(r.BuildFlags, " "))
	fmt.Fprintln(w, "Floor      the same plan with a provider that does nothing: Terraform's own time")
	fmt.Fprintln(w, "\nThe default set takes about ten minutes on two quiet cores; -roles 100 is quick.")
}

func printStarts(w io.Writer, starts map[string]start) {
	fmt.Fprintf(w, "\nStart\n\n  %-10s %10s %14s %12s\n", "", "size", "until it", "schema by")
	fmt.Fprintf(w, "  %-10s %10s %14s %12s\n", "", "", "listens", "Terraform")

	for _, name := range []string{vb365, floor} {
		s := starts[name]
		fmt.Fprintf(w, "  %-10s %10s %11.0f ms %10.2f s\n", name, memory(s.Bytes), s.Handshake*1000, s.Schema)
	}
}

func printPlanHead(w io.Writer, m mix) {
	fmt.Fprintf(w, "\nPlans over unchanged %s\n\n", m.meaning)
	fmt.Fprintf(w, "  %5s %8s %8s %9s %9s %6s %9s %7s %6s %9s %7s %8s\n",
		"roles", "latency", "at once", "plan", "floor", "ratio", "requests", "logins", "lists", "per role", "others", "memory")
}

func printPlans(w io.Writer, rows []planRow) {
	for _, r := range rows {
		fmt.Fprintf(w, "  %5d %8s %8s %7.2f s %7.2f s %6.2f %9d %7d %6d %9.2f %7d %8s\n",
			r.Roles, seconds(r.Latency), fmt.Sprintf("%d/%d", r.InFlight, r.Limit), r.Seconds, r.Floor, r.Seconds/r.Floor,
			r.Requests.Total, r.Requests.Tokens, r.Requests.RoleLists, float64(r.Requests.Entries)/float64(r.Roles),
			r.Requests.Others, memory(r.PeakMemory))
	}
}

func (l listing) print(w io.Writer) {
	fmt.Fprintf(w, "\nPlan that lists %d groups: %.2f s, %d requests, %s of memory in the provider\n",
		l.Groups, l.Seconds, l.Requests, memory(l.PeakMemory))
}

// memory is a size for people.
func memory(bytes int64) string {
	if bytes == 0 {
		return "n/a"
	}

	return fmt.Sprintf("%.1f MB", float64(bytes)/mebibyte)
}
