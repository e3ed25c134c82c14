package provider

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// check validates a text that is known. Its error becomes the diagnostic's detail.
type check struct {
	describes string
	title     string
	test      func(string) error
}

func (c check) Description(context.Context) string         { return c.describes }
func (c check) MarkdownDescription(context.Context) string { return c.describes }

func (c check) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := c.test(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, c.title, err.Error()+".")
	}
}

func checkEndpoint() check {
	return check{"must be an https URL without a path", "Invalid endpoint", func(s string) error {
		_, err := vb365.ParseEndpoint(s)
		return err
	}}
}

func checkPin() check {
	return check{"must be a SHA-256 fingerprint in hexadecimal", "Invalid certificate fingerprint", func(s string) error {
		_, err := trust.ParsePin(s)
		return err
	}}
}

func checkPEM() check {
	return check{"must hold PEM certificates", "Invalid CA certificate", func(s string) error {
		block, _ := pem.Decode([]byte(s))
		if block == nil || block.Type != "CERTIFICATE" {
			return errors.New("expected one or more PEM blocks that begin with -----BEGIN CERTIFICATE-----, " +
				"such as file(\"ca.pem\") gives")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("the certificate cannot be read: %w", err)
		}
		return nil
	}}
}

func checkDuration() check {
	return check{"must be a duration such as 90s or 2m", "Invalid duration", func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < time.Second {
			return fmt.Errorf("%q is not a duration of at least one second; expected a number and a unit, such as 90s or 2m", s)
		}
		return nil
	}}
}
