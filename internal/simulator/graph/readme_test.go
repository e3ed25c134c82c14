package graph_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

func TestTheReadmeNamesEveryKnobAndTheSeed(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}

	encoded, err := json.Marshal(graph.Options{})
	if err != nil {
		t.Fatal(err)
	}

	var knobs map[string]any
	if err := json.Unmarshal(encoded, &knobs); err != nil {
		t.Fatal(err)
	}

	_, section, _ := strings.Cut(string(text), "\n## Knobs\n")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := make(map[string]bool)

	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(section, -1) {
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

	for _, tenant := range graph.ThreeCustomers().Tenants {
		if !strings.Contains(string(text), "`"+tenant.ID+"` | `"+strings.Join(tenant.Domains, "`, `")+"`") {
			t.Errorf("the tenant %s is missing", tenant.ID)
		}
	}

	for _, id := range []string{graph.DefaultClientID, graph.PortalAppID} {
		if !strings.Contains(string(text), id) {
			t.Errorf("%s is missing", id)
		}
	}
}
