package portalapplication

import (
	"slices"
	"testing"

	"github.com/vb365/terraform-provider-vb365/internal/entra"
)

func TestTheRecordNamesACertificateOnce(t *testing.T) {
	t.Parallel()
	// Earlier versions wrote one down again whenever they repaired it.
	r, diags := parseRecord([]byte(`{"thumbprints": ["B", "A", "b", "A"]}`))
	if diags.HasError() || !slices.Equal(r.Thumbprints, []string{"B", "A"}) {
		t.Errorf("read %v %v", r.Thumbprints, diags)
	}
}

func TestTheDeclaredCertificateIsNeverRetired(t *testing.T) {
	t.Parallel()
	w := &work{
		record: &record{Thumbprints: []string{"C", "B", "A"}},
		facts:  facts{app: &entra.Application{Certificates: []entra.Certificate{{Thumbprint: "A"}}}},
	}
	// There is nobody to ask: a request would panic.
	if err := w.retire(t.Context(), desired{certificate: certificate{thumbprint: "a"}}); err != nil {
		t.Error(err)
	}
}
