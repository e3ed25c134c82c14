package simulator

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

const (
	maxRequestBody    = 16 << 20
	readHeaderTimeout = 30 * time.Second
)

// Server is a VB365 server in this process. All of its methods may be called at
// any time from any goroutine.
type Server struct {
	state    *state
	sessions *sessions
	sets     *resultSets
	rules    *invariants
	log      *requestLog
	faults   *wire.Faults

	// configuring is held while knobs are turned, optionsMu while they are read
	// or set, so that whoever turns knobs may read them.
	configuring sync.Mutex
	optionsMu   sync.RWMutex
	options     Options

	certificate wire.Certificate

	// lifecycle guards what changes when the REST service restarts.
	lifecycle sync.Mutex
	address   string
	http      *http.Server
	served    chan struct{}
	closed    bool
	// pending ends the wait of a service that is to come back.
	pending  context.CancelFunc
	restarts sync.WaitGroup
}

// Start starts a server. Its state is empty; see [Server.Seed]. The caller has
// to [Server.Close] it.
func Start(options Options) (*Server, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}

	host, _, err := net.SplitHostPort(options.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w: listen: %w", ErrOptions, err)
	}

	certificate, err := wire.NewCertificate(host, options.TLSStyle)
	if err != nil {
		return nil, err
	}

	var listen net.ListenConfig

	listener, err := listen.Listen(context.Background(), "tcp", options.Listen)
	if err != nil {
		return nil, fmt.Errorf("start the REST service: %w", err)
	}

	s := &Server{
		state:       newState(),
		sessions:    newSessions(),
		sets:        newResultSets(),
		rules:       newInvariants(),
		log:         newRequestLog(),
		faults:      &wire.Faults{},
		options:     options,
		certificate: certificate,
	}

	s.serve(listener)

	return s, nil
}

// reachable is where a listener can be reached from this machine.
func reachable(listener net.Addr) string {
	address, isTCP := listener.(*net.TCPAddr)
	if isTCP && address.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port))
	}

	return listener.String()
}

// serve answers requests in the background until the server is closed. The
// caller holds lifecycle, or is the only one yet.
func (s *Server) serve(listener net.Listener) {
	rest := &restFace{state: s.state, sessions: s.sessions, sets: s.sets, rules: s.rules, knobs: s.Options}
	rest.routes = rest.routeTable()

	var handler http.Handler = rest
	if s.options.Middleware != nil {
		handler = s.options.Middleware(handler)
	}

	server := &http.Server{
		Handler:           s.intercept(handler),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{s.certificate.TLS}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: readHeaderTimeout,
		ConnContext:       wire.WithConnection,
		// Clients that do not trust the certificate are part of the tests.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	served := make(chan struct{})
	s.http, s.served, s.address = server, served, reachable(listener.Addr())

	go func() {
		defer close(served)

		// Serving ends with an error always, and with a reason when it is closed.
		_ = server.ServeTLS(listener, "", "")
	}()
}

// stop ends the REST service, or its wait to come back. The caller holds
// lifecycle.
func (s *Server) stop() {
	if s.pending != nil {
		s.pending()
		s.pending = nil
	}

	// Closing the listener is all that can fail; there is nothing to be done
	// about it.
	_ = s.http.Close()

	<-s.served
}

// Restart stops the REST service at once, and starts it on a port of the same
// host after it was down for a while. [Server.URL] tells the new address at once.
// The error tells that the port is taken.
func (s *Server) Restart(port int, down time.Duration) error {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()

	if s.closed {
		return nil
	}

	host, _, err := net.SplitHostPort(s.address)
	if err != nil {
		return fmt.Errorf("restart the REST service: %w", err)
	}

	s.stop()

	var listen net.ListenConfig

	listener, err := listen.Listen(context.Background(), "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		back, backErr := listen.Listen(context.Background(), "tcp", s.address)
		if backErr == nil {
			s.serve(back)
		}

		return errors.Join(fmt.Errorf("restart the REST service: %w", err), backErr)
	}

	if down == 0 {
		s.serve(listener)

		return nil
	}

	// The port is known to be free; until the service is back, it refuses connections.
	address := reachable(listener.Addr())
	_ = listener.Close()
	s.address = address

	wait, cancel := context.WithCancel(context.Background())
	s.pending = cancel

	s.restarts.Go(func() { s.comeBack(wait, address, down) })

	return nil
}

// comeBack starts the service after it was down for a while, unless it was
// restarted or closed meanwhile.
func (s *Server) comeBack(wait context.Context, address string, down time.Duration) {
	select {
	case <-time.After(down):
	case <-wait.Done():
		return
	}

	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()

	if wait.Err() != nil {
		return
	}

	var listen net.ListenConfig

	listener, err := listen.Listen(wait, "tcp", address)
	if err == nil { // else it stays down, which clients will tell of
		s.serve(listener)
	}
}

// Port is the port of the REST service.
func (s *Server) Port() int {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()

	_, text, _ := net.SplitHostPort(s.address)
	port, _ := strconv.Atoi(text) // a listener's address has one

	return port
}

// Close stops the server and waits for the requests that it was serving.
func (s *Server) Close() {
	s.lifecycle.Lock()
	s.closed = true
	s.stop()
	s.lifecycle.Unlock()

	s.restarts.Wait()
	s.log.wait()
}

// intercept writes every request down, and delays and harms it as the knobs and
// faults say.
func (s *Server) intercept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBody))
		if err != nil {
			if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
			}

			return
		}

		r.Body = io.NopCloser(bytes.NewReader(body))

		entry := s.log.arrive(r, body, s.Options().Clock())
		answer := &wire.StatusWriter{ResponseWriter: w}

		fault, struck := s.faults.Strike(entry.Method, entry.Path)

		// Deferred, as a cut connection leaves by way of a panic.
		defer func() { s.log.leave(entry, answer.Status, struck) }()

		if !wire.Pause(r.Context(), s.Options().Latency) {
			return
		}

		if struck {
			fault.Apply(answer, r, next)

			return
		}

		next.ServeHTTP(answer, r)
	})
}

// URL is the address of the REST service, for example
// "https://127.0.0.1:4443", without a path.
func (s *Server) URL() string {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()

	return "https://" + s.address
}

// CertificatePEM is the server's certificate, which is its own root.
func (s *Server) CertificatePEM() string {
	return s.certificate.PEM
}

// CertificateSHA256 is the SHA-256 sum of the server's certificate, in
// lower-case hexadecimal digits.
func (s *Server) CertificateSHA256() string {
	return s.certificate.SHA256
}

// Options returns the knobs as they are now.
func (s *Server) Options() Options {
	s.optionsMu.RLock()
	defer s.optionsMu.RUnlock()

	return s.options
}

// Configure changes knobs while the server runs. Requests that are being served
// keep those that they arrived with. It panics if a knob is put in a position
// that it does not have.
func (s *Server) Configure(change func(*Options)) {
	if err := s.TryConfigure(change); err != nil {
		panic(err)
	}
}

// TryConfigure is [Server.Configure] for positions that come from outside. If
// it fails, with an error that wraps [ErrOptions], no knob has changed.
func (s *Server) TryConfigure(change func(*Options)) error {
	s.configuring.Lock()
	defer s.configuring.Unlock()

	changed := s.Options()
	changed.Versions = slices.Clone(changed.Versions)
	change(&changed)

	changed = changed.withDefaults()
	if err := changed.validate(); err != nil {
		return err
	}

	s.optionsMu.Lock()
	defer s.optionsMu.Unlock()

	s.options = changed

	return nil
}

// Inject lets requests meet a fault. If several faults match a request, the one
// that was injected first hits it. Inject panics if the fault is not valid.
func (s *Server) Inject(fault Fault) *InjectedFault {
	return s.faults.Inject(fault)
}

// Faults lists the faults that were injected and not removed.
func (s *Server) Faults() []*InjectedFault {
	return s.faults.All()
}

// ClearFaults removes every fault.
func (s *Server) ClearFaults() {
	s.faults.Clear()
}

// ExpireTokens makes every access token that was issued so far invalid: 401 with
// an empty body from now on. Refresh tokens stay valid.
func (s *Server) ExpireTokens() {
	s.sessions.expireAccess()
}

// RevokeRefreshTokens makes every refresh token that was issued so far invalid.
func (s *Server) RevokeRefreshTokens() {
	s.sessions.revokeRefresh()
}

// IssuedTokens are all access and refresh tokens that were ever issued. A test
// can look for them where no secret may be.
func (s *Server) IssuedTokens() []string {
	return s.sessions.all()
}

// ExpireResultSets forgets all sets of results, so that their setId is unknown.
func (s *Server) ExpireResultSets() {
	s.sets.forget()
}

// Requests is the log of requests since the start or the last reset.
func (s *Server) Requests() []Request {
	return s.log.all()
}

// ResetRequests empties the log of requests.
func (s *Server) ResetRequests() {
	s.log.reset()
}

// MaxInFlight is the highest number of requests that were being served at the
// same time since the last reset of the log.
func (s *Server) MaxInFlight() int {
	return s.log.peak()
}

// Violations is what clients did that a well-behaved client never does, in
// sentences. It is empty if all is well.
func (s *Server) Violations() []string {
	return s.rules.all()
}

// ResetViolations forgets the violations so far.
func (s *Server) ResetViolations() {
	s.rules.reset()
}
