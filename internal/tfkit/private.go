package tfkit

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Private is a resource's private state, which Terraform keeps and shows nobody.
type Private interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// Record keeps value as JSON in private state; what is what it says, for the error.
func Record(ctx context.Context, to Private, key string, value any, what string) diag.Diagnostics {
	data, err := json.Marshal(value)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic(TitleOutOfOrder, what+" cannot be recorded: "+err.Error()+".")}
	}
	return to.SetKey(ctx, key, data)
}
