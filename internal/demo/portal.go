package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"math/big"
	"os"
	"strconv"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
)

const (
	keyBits             = 2048
	certificateLifetime = 365 * 24 * time.Hour
)

// startMachine lets administrators in: the server's machine has PowerShell with
// VB365's module, and an SSH server.
func (d *demo) startMachine() error {
	d.machine = machine.New(d.server, machine.Options{})

	ssh, err := remoting.StartSSH(d.machine.Exec, remoting.Options{Password: rand.Text()})
	if err != nil {
		return err
	}

	d.ssh = ssh
	// The portal was never set up.
	d.server.SetPortal(simulator.PortalSettings{})

	return nil
}

// makeCertificates writes the portal's certificate, and that of its operators'
// login, into the workspace.
func (d *demo) makeCertificates() error {
	d.pfxPassword = rand.Text()

	for _, name := range []string{"portal", "operators"} {
		if err := d.makeCertificate(name); err != nil {
			return fmt.Errorf("make the certificate of the %s: %w", name, err)
		}
	}

	return nil
}

func (d *demo) makeCertificate(name string) error {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}

	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name + ".example.com"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(certificateLifetime),
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}

	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}

	pfx, err := pkcs12.Modern.Encode(key, certificate, nil, d.pfxPassword)
	if err != nil {
		return err
	}

	return os.WriteFile(d.box.Path(workspace, name+".pfx"), pfx, 0o600)
}

// portalURI is the portal's address: it is served on the port of the REST service.
func (d *demo) portalURI() string {
	return "https://portal.example.com:" + strconv.Itoa(d.server.Port())
}

// portalEnvironment is what the provider and the configuration need for the portal.
func (d *demo) portalEnvironment() map[string]string {
	settings := map[string]string{"TF_VAR_portal_uri": d.portalURI(), "TF_VAR_pfx_password": d.pfxPassword}
	maps.Copy(settings, d.ssh.Environment())

	return settings
}
