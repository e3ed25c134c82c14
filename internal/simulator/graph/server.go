package graph

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

const maxRequestBody = 16 << 20

// Fault is a failure that requests meet. Its path is the decoded one; that of
// requests to Graph is without "/v1.0".
type Fault = wire.Fault

// Server is the login service and Microsoft Graph in this process. All of its
// methods may be called at any time from any goroutine.
type Server struct {
	state  *state
	rules  *violations
	log    *wire.Log[Request]
	faults *wire.Faults

	knobs *wire.Knobs[Options]

	certificate wire.Certificate
	address     string
	http        *http.Server
	served      chan struct{}
}

// Start starts a server. It has no tenants; see [Server.Seed] and
// [Server.AddTenant]. The caller has to [Server.Close] it.
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

	certificate, err := wire.NewCertificate(host, wire.WithNames)
	if err != nil {
		return nil, err
	}

	var listen net.ListenConfig

	listener, err := listen.Listen(context.Background(), "tcp", options.Listen)
	if err != nil {
		return nil, fmt.Errorf("start Entra: %w", err)
	}

	s := &Server{
		state:       newState(),
		rules:       newViolations(),
		log:         wire.NewLog[Request](),
		faults:      &wire.Faults{},
		knobs:       knobs,
		certificate: certificate,
		address:     wire.Reachable(listener.Addr()),
		served:      make(chan struct{}),
	}

	s.SetClient(Client{
		ID: options.ClientID, Secrets: []Secret{{Value: options.ClientSecret}}, Permissions: ConsentPermissions(),
	})
	s.serve(listener)

	return s, nil
}

// serve answers requests in the background until the server is closed.
func (s *Server) serve(listener net.Listener) {
	var handler http.Handler = newFace(s)
	if middleware := s.knobs.Options().Middleware; middleware != nil {
		handler = middleware(handler)
	}

	s.http = wire.NewServer(s.certificate, s.intercept(handler))

	go func() {
		defer close(s.served)

		// Serving ends with an error always, and with a reason when it is closed.
		_ = s.http.ServeTLS(listener, "", "")
	}()
}

// Close stops the server and waits for the requests that it was serving.
func (s *Server) Close() {
	// Closing the listener is all that can fail; there is nothing to be done
	// about it.
	_ = s.http.Close()

	<-s.served
	s.log.Wait()
}

// URL is the address of both services, for example "https://127.0.0.1:4444".
func (s *Server) URL() string {
	return "https://" + s.address
}

// CertificatePEM is the server's certificate, which is its own root.
func (s *Server) CertificatePEM() string {
	return s.certificate.PEM
}

// Environment is what the provider has to read to reach the server: as the
// client of [Options], from the home tenant, if there is one.
func (s *Server) Environment() map[string]string {
	options := s.Options()
	variables := map[string]string{
		"ARM_CLIENT_ID":                  options.ClientID,
		"ARM_CLIENT_SECRET":              options.ClientSecret,
		"VB365_ENTRA_AUTHORITY_HOST":     s.URL(),
		"VB365_ENTRA_GRAPH_ENDPOINT":     s.URL(),
		"VB365_ENTRA_CA_CERTIFICATE_PEM": s.CertificatePEM(),
	}

	if home := read(s.state, func() string { return s.state.home }); home != "" {
		variables["ARM_TENANT_ID"] = home
	}

	return variables
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
func (s *Server) Inject(fault Fault) *wire.InjectedFault {
	return s.faults.Inject(fault)
}

// Faults lists the faults that were injected and not removed.
func (s *Server) Faults() []*wire.InjectedFault {
	return s.faults.All()
}

// ClearFaults removes every fault.
func (s *Server) ClearFaults() {
	s.faults.Clear()
}

// Requests is the log of requests since the start or the last reset.
func (s *Server) Requests() []Request {
	return s.log.All()
}

// ResetRequests empties the log of requests. Logins stay counted.
func (s *Server) ResetRequests() {
	s.log.Reset()
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
