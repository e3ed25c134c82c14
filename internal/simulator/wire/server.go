package wire

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"
)

// headerTime is how long a client may take to send the header of a request.
const headerTime = 30 * time.Second

// NewServer returns an HTTPS server with a certificate.
func NewServer(certificate Certificate, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate.TLS}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: headerTime,
		ConnContext:       WithConnection,
		// Clients that do not trust the certificate are part of the tests.
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// Reachable is where a listener can be reached from this machine.
func Reachable(listener net.Addr) string {
	address, isTCP := listener.(*net.TCPAddr)
	if isTCP && address.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port))
	}

	return listener.String()
}
