package provider

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/trust"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

func checkEndpoint() tfkit.Check {
	return tfkit.NewCheck("must be an https URL without a path", "Invalid endpoint", func(s string) error {
		_, err := vb365.ParseEndpoint(s)
		return err
	})
}

func checkPin() tfkit.Check {
	return tfkit.NewCheck("must be a SHA-256 fingerprint in hexadecimal", "Invalid certificate fingerprint", func(s string) error {
		_, err := trust.ParsePin(s)
		return err
	})
}

func checkPEM() tfkit.Check {
	return tfkit.NewCheck("must hold PEM certificates", "Invalid CA certificate", func(s string) error {
		block, _ := pem.Decode([]byte(s))
		if block == nil || block.Type != "CERTIFICATE" {
			return errors.New("expected one or more PEM blocks that begin with -----BEGIN CERTIFICATE-----, " +
				"such as file(\"ca.pem\") gives")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("the certificate cannot be read: %w", err)
		}
		return nil
	})
}

func checkDuration() tfkit.Check {
	return tfkit.NewCheck("must be a duration such as 90s or 2m", "Invalid duration", func(s string) error {
		d, err := time.ParseDuration(s)
		if err != nil || d < time.Second {
			return fmt.Errorf("%q is not a duration of at least one second; expected a number and a unit, such as 90s or 2m", s)
		}
		return nil
	})
}
