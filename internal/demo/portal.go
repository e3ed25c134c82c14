package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"
	"strconv"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/machine"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/remoting"
)

const (
	keyBits             = 2048
	certificateLifetime = 365 * 24 * time.Hour
)

// startEntra starts Microsoft Entra with the tenants of the service provider and
// its customers.
func (d *demo) startEntra() error {
	entra, err := graph.Start(graph.Options{ClientSecret: rand.Text()})
	if err != nil {
		return err
	}

	d.entra = entra
	entra.Seed(graph.ThreeCustomers())

	return nil
}

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

	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})

	return errors.Join(
		os.WriteFile(d.box.Path(workspace, name+".pfx"), pfx, 0o600),
		os.WriteFile(d.box.Path(workspace, name+".pem"), public, 0o600),
	)
}

// portalURI is the portal's address: it is served on the port of the REST service.
func (d *demo) portalURI() string {
	return "https://portal.example.com:" + strconv.Itoa(d.server.Port())
}

// portalEnvironment is what the provider and the configuration need for the portal.
func (d *demo) portalEnvironment() map[string]string {
	settings := map[string]string{"TF_VAR_portal_uri": d.portalURI(), "TF_VAR_pfx_password": d.pfxPassword}
	maps.Copy(settings, d.ssh.Environment())
	maps.Copy(settings, d.entra.Environment())

	return settings
}

// lookAtPortal tells what everybody can see of the portal: it is off.
func (d *demo) lookAtPortal(context.Context) error {
	text, err := os.ReadFile(d.box.Path(workspace, "portal.tf"))
	if err != nil {
		return fmt.Errorf("read the example: %w", err)
	}

	_, resources, _ := strings.Cut(string(text), "resource ")

	d.say("Operators restore in a web portal, which this server has never had on. It needs an application in Microsoft " +
		"Entra, a certificate that both know, and operators who may log in. Veeam's REST service shows these settings and " +
		"cannot change them; PowerShell on the server can.")
	d.line("  enabled         %s", d.in(yellow, strconv.FormatBool(d.server.Portal().Enabled)))
	d.line("  application_id  %s", d.in(yellow, "none"))
	d.blank()
	d.say("So the provider is given a way to PowerShell, here over SSH to the server's machine, with the one host key that it " +
		"may have. The certificates have just been made; their files and the password reach neither plan nor state.")
	d.aside("examples/%s/portal.tf", workspace)
	d.blank()
	d.code("resource " + resources)

	return nil
}

func (d *demo) applyPortal(ctx context.Context) error {
	d.say("The application gets the certificate's public part, the server the whole of it. The file is removed from the " +
		"server once it was read.")
	d.aside("Before an application is registered, the provider looks for ten seconds that there is none of its name.")
	d.blank()

	if err := d.terraform(ctx, step{
		label:     "apply, of the portal first",
		arguments: []string{"apply", "-auto-approve", "-target=vb365_restore_portal.this"},
		view:      view{changes: true, wholeChanges: 1},
	}); err != nil {
		return err
	}

	portal := d.server.Portal()
	if !portal.Enabled {
		return errors.New("the portal is not on")
	}

	d.blank()
	d.done("The portal is on at %s, with the certificate %s", portal.URI, portal.Certificate.Thumbprint)
	d.blank()
	d.say("Fabrikam's administrator does not wait for Terraform and opens the link that a customer can use instead " +
		"(admin_consent_url). That will be adopted.")

	d.entra.AdminConsent(graph.FabrikamTenant, portal.ApplicationID)

	return nil
}

// revokeConsent takes one of the two grants of Fabrikam away.
func (d *demo) revokeConsent() error {
	microsoft := d.entra.MicrosoftGraphID(graph.FabrikamTenant)
	for _, grant := range d.entra.Grants(graph.FabrikamTenant) {
		if grant.ResourceID == microsoft && d.entra.DeleteGrant(graph.FabrikamTenant, grant.ID) {
			return nil
		}
	}

	return errors.New("Fabrikam has consented to nothing") //nolint:staticcheck // a name
}

// movePortal changes the portal's address in the console.
func (d *demo) movePortal() string {
	settings := d.server.Portal()
	settings.URI = "https://restore.example.com:" + strconv.Itoa(d.server.Port())
	d.server.SetPortal(settings)

	return settings.URI
}
