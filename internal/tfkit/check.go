package tfkit

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Check validates texts that are known, by a function.
type Check struct {
	describes, title string
	test             func(string) error
}

// NewCheck returns a check. What it describes completes a sentence about the
// attribute, such as "must be …"; title is the diagnostic's, whose detail is the
// error of test, as a sentence.
func NewCheck(describes, title string, test func(string) error) Check {
	return Check{describes, title, test}
}

// Test returns what is wrong with a text.
func (c Check) Test(s string) error { return c.test(s) }

// Description implements [validator.String].
func (c Check) Description(context.Context) string { return c.describes }

// MarkdownDescription implements [validator.String].
func (c Check) MarkdownDescription(context.Context) string { return c.describes }

// ValidateString implements [validator.String].
func (c Check) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := c.test(req.ConfigValue.ValueString()); err != nil {
		AddAttributeError(&resp.Diagnostics, req.Path, c.title, err.Error()+".")
	}
}
