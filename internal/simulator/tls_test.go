package simulator_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

func TestLooksOfTheCertificate(t *testing.T) {
	t.Parallel()

	for style, refusal := range map[simulator.TLSStyle]string{
		simulator.TLSWithSAN:        "",
		simulator.TLSCommonNameOnly: "SANs",
		simulator.TLSExpired:        "expired",
	} {
		t.Run("style "+string(style), func(t *testing.T) {
			t.Parallel()

			sim := start(t, simulator.Options{TLSStyle: style})
			c := newClient(t, sim, "v8")

			_, err := c.try(http.MethodGet, "/Health", "", "", nil)
			if refusal == "" && err != nil || refusal != "" && (err == nil || !strings.Contains(err.Error(), refusal)) {
				t.Errorf("error %v, want %q", err, refusal)
			}

			block, _ := pem.Decode([]byte(sim.CertificatePEM()))
			sum := sha256.Sum256(block.Bytes)

			if got := hex.EncodeToString(sum[:]); got != sim.CertificateSHA256() {
				t.Errorf("sum %s, want %s", sim.CertificateSHA256(), got)
			}

			// A client that pins the certificate gets through all the same.
			transport, _ := c.http.Transport.(*http.Transport)
			transport.TLSClientConfig.InsecureSkipVerify = true
			transport.TLSClientConfig.VerifyConnection = func(state tls.ConnectionState) error {
				if sha256.Sum256(state.PeerCertificates[0].Raw) != sum {
					t.Error("the server shows another certificate")
				}

				return nil
			}

			c.get("/Health").wants(http.StatusOK)
		})
	}
}

func TestEveryServerHasACertificateOfItsOwn(t *testing.T) {
	t.Parallel()

	first, second := start(t, simulator.Options{}), start(t, simulator.Options{})
	if first.CertificateSHA256() == second.CertificateSHA256() {
		t.Error("two servers have the same certificate")
	}
}

func TestAddressesToListenOn(t *testing.T) {
	t.Parallel()

	for listen, host := range map[string]string{
		"": "127.0.0.1", "127.0.0.1:0": "127.0.0.1", "localhost:0": "", "0.0.0.0:0": "127.0.0.1", ":0": "127.0.0.1",
	} {
		sim := start(t, simulator.Options{Listen: listen})

		address, err := url.Parse(sim.URL())
		if err != nil || address.Scheme != "https" || address.Path != "" || host != "" && address.Hostname() != host {
			t.Errorf("%q: %s", listen, sim.URL())
		}

		newClient(t, sim, "v8").get("/Health").wants(http.StatusOK)
	}

	taken := start(t, simulator.Options{})
	if _, err := simulator.Start(simulator.Options{Listen: strings.TrimPrefix(taken.URL(), "https://")}); err == nil {
		t.Error("two servers share an address")
	}
}

func TestClosedServersAreGone(t *testing.T) {
	t.Parallel()

	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}

	c := newClient(t, sim, "v8")
	c.get("/Health").wants(http.StatusOK)
	sim.Close()
	sim.Close()

	if _, err := c.try(http.MethodGet, "/Health", "", "", nil); err == nil {
		t.Error("the server answers")
	}

	dialer := net.Dialer{Timeout: time.Second}
	if conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(sim.URL(), "https://")); err == nil {
		conn.Close()
		t.Error("the port is open")
	}
}

func TestClosingWaitsForWhatIsBeingServed(t *testing.T) {
	t.Parallel()

	arrived := make(chan struct{})

	var finished atomic.Bool

	sim, err := simulator.Start(simulator.Options{Middleware: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
			// Closing must not overtake this.
			time.Sleep(20 * time.Millisecond)
			finished.Store(true)
		})
	}})
	if err != nil {
		t.Fatal(err)
	}

	c := newClient(t, sim, "v8")
	go func() { _, _ = c.try(http.MethodGet, "/Health", "", "", nil) }()

	<-arrived
	sim.Close()

	if !finished.Load() {
		t.Error("the server was closed while it served a request")
	}
}

func TestUntrustedCertificatesAreRefused(t *testing.T) {
	t.Parallel()

	sim := start(t, simulator.Options{})
	c := newClient(t, sim, "v8")
	transport, _ := c.http.Transport.(*http.Transport)
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()

	if _, err := c.try(http.MethodGet, "/Health", "", "", nil); err == nil {
		t.Error("a certificate that nobody trusts was accepted")
	}
}
