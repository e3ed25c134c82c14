package simulator_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func readme(t *testing.T) string {
	t.Helper()

	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}

	return string(text)
}

// section returns the part of the README below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()

	_, rest, found := strings.Cut(readme(t), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("the README has no section %q", heading)
	}

	body, _, _ := strings.Cut(rest, "\n## ")

	return body
}

func TestTheReadmeNamesEveryKnob(t *testing.T) {
	t.Parallel()

	var knobs map[string]any
	if err := json.Unmarshal([]byte(encoded(t, simulator.Options{})), &knobs); err != nil {
		t.Fatal(err)
	}

	knobs["username"], knobs["password"] = nil, nil
	documented := make(map[string]bool)

	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(section(t, "Knobs"), -1) {
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			documented[name[1]] = true
		}
	}

	for name := range knobs {
		if !documented[name] {
			t.Errorf("the knob %s is missing", name)
		}
	}

	for name := range documented {
		if _, exists := knobs[name]; !exists {
			t.Errorf("there is no knob %s", name)
		}
	}
}

func TestTheSeedInTheReadmeIsGood(t *testing.T) {
	t.Parallel()

	_, rest, _ := strings.Cut(section(t, "Seeds"), "```json\n")
	text, _, _ := strings.Cut(rest, "```")

	seed, err := simulator.ParseSeed([]byte(text))
	if err != nil {
		t.Fatal(err)
	}

	sim := start(t, simulator.Options{})
	sim.Seed(seed)

	if got := sim.Organizations(); len(got) != 1 || len(sim.Users(got[0].ID)) != 1 || !sim.Portal().Enabled {
		t.Errorf("%+v", sim.Snapshot())
	}
}
