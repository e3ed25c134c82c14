package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

const maxRequestBody = 16 << 20

// Server is a VB365 server in this process. All of its methods may be called at
// any time from any goroutine.
type Server struct {
	state    *state
	sessions *sessions
	sets     *resultSets
	rules    *invariants
	log      *wire.Log[Request]
	faults   *wire.Faults

	knobs *wire.Knobs[Options]

	certificate wire.Certificate

	// lifecycle guards what changes when the REST service restarts.
	lifecycle sync.Mutex
	address   string
	// socket is nil while the service is down.
	socket *net.TCPListener
	http   *http.Server
	served chan struct{}
	closed bool
	// pending ends the wait of a service that is to come back.
	pending  context.CancelFunc
	restarts sync.WaitGroup
}

// Start starts a server. Its state is empty; see [Server.Seed]. The caller has
// to [Server.Close] it.
func Start(options Options) (*Server, error) {
	knobs, err := wire.NewKnobs(options, Options.settled)
	if err != nil {
		return nil, err
	}

	options = knobs.Options()

	host, _, err := net.SplitHostPort(options.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w: listen: %w", ErrOptions, err)
	}

	certificate, err := wire.NewCertificate(host, options.TLSStyle)
	if err != nil {
		return nil, err
	}

	socket, err := listen(context.Background(), options.Listen)
	if err != nil {
		return nil, fmt.Errorf("start the REST service: %w", err)
	}

	s := &Server{
		state:       newState(),
		sessions:    newSessions(),
		sets:        newResultSets(),
		rules:       newInvariants(),
		log:         wire.NewLog[Request](),
		faults:      &wire.Faults{},
		knobs:       knobs,
		certificate: certificate,
	}

	s.serve(socket)

	return s, nil
}

// serve answers requests in the background until the server is closed. The
// caller holds lifecycle, or is the only one yet.
func (s *Server) serve(socket *net.TCPListener) {
	rest := &restFace{state: s.state, sessions: s.sessions, sets: s.sets, rules: s.rules, knobs: s.Options}
	rest.routes = rest.routeTable()

	var handler http.Handler = rest
	if middleware := s.knobs.Options().Middleware; middleware != nil {
		handler = middleware(handler)
	}

	server := wire.NewServer(s.certificate, s.intercept(handler))
	served := make(chan struct{})
	s.http, s.served, s.socket, s.address = server, served, socket, wire.Reachable(socket.Addr())

	go func() {
		defer close(served)

		// Serving ends with an error always, and with a reason when it is closed.
		_ = server.ServeTLS(lasting{socket}, "", "")
	}()
}

// Close stops the server and waits for the requests that it was serving.
func (s *Server) Close() {
	s.lifecycle.Lock()
	s.closed = true
	s.stop()
	s.release()
	s.lifecycle.Unlock()

	s.restarts.Wait()
	s.log.Wait()
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

		entry := newEntry(r, body, s.Options().Clock())
		s.log.Arrive(entry, func(sequence, inFlight int) { entry.Sequence, entry.InFlight = sequence, inFlight })

		answer := &wire.StatusWriter{ResponseWriter: w}

		fault, struck := s.faults.Strike(entry.Method, entry.Path)

		// Deferred, as a cut connection leaves by way of a panic.
		defer func() { s.log.Leave(entry, func(e *Request) { e.Status, e.Fault = answer.Status, struck }) }()

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
	return s.knobs.Options()
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
	return s.knobs.Turn(change)
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
	return s.log.All()
}

// ResetRequests empties the log of requests.
func (s *Server) ResetRequests() {
	s.log.Reset()
}

// MaxInFlight is the highest number of requests that were being served at the
// same time since the last reset of the log.
func (s *Server) MaxInFlight() int {
	return s.log.Peak()
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
