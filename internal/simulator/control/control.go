// Package control is a small HTTP interface to a running simulator, so that
// scripts can change things behind the backs of its clients. It is served in
// plain text on the loopback interface only: whoever can reach it can do
// anything to the simulator.
package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
)

const (
	readHeaderTimeout = 10 * time.Second
	maxBody           = 64 << 20
)

// ErrAddress is wrapped by the error about an address that is not on the
// loopback interface.
var ErrAddress = errors.New("the control endpoint listens on loopback addresses only")

// Server is a control endpoint that is being served.
type Server struct {
	listener net.Listener
	http     *http.Server
	served   chan struct{}
}

// Face is a further server that the endpoint controls; see [Entra].
type Face struct{ operations []operation }

// Start serves the control endpoint of a simulator, and of further faces, on a
// loopback address such as "127.0.0.1:4480". The caller has to [Server.Close] it.
func Start(ctx context.Context, sim *simulator.Server, address string, faces ...Face) (*Server, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("control endpoint: %w", err)
	}

	if !isLoopback(host) {
		return nil, fmt.Errorf("%w: %q is none", ErrAddress, address)
	}

	var listen net.ListenConfig

	listener, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("control endpoint: %w", err)
	}

	s := &Server{
		listener: listener,
		http:     &http.Server{Handler: Handler(sim, faces...), ReadHeaderTimeout: readHeaderTimeout},
		served:   make(chan struct{}),
	}

	go func() {
		defer close(s.served)

		// Serving ends with an error always, and with a reason when it is closed.
		_ = s.http.Serve(listener)
	}()

	return s, nil
}

// URL is the endpoint's address, for example "http://127.0.0.1:4480".
func (s *Server) URL() string {
	return "http://" + s.listener.Addr().String()
}

// Close stops serving.
func (s *Server) Close() {
	// Closing the listener is all that can fail; there is nothing to be done
	// about it.
	_ = s.http.Close()

	<-s.served
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}

	address := net.ParseIP(host)

	return address != nil && address.IsLoopback()
}

// failure is an answer other than success.
type failure struct {
	status  int
	message string
}

// Error implements the error interface.
func (f *failure) Error() string {
	return f.message
}

func badRequest(err error) *failure {
	return &failure{status: http.StatusBadRequest, message: err.Error()}
}

func notFound(what, id string) *failure {
	return &failure{status: http.StatusNotFound, message: fmt.Sprintf("there is no %s %q", what, id)}
}

// nothing is the result of an operation that has none.
type nothing struct{}

// operation is one thing that the endpoint does. The value that it returns is
// written as JSON; [nothing] is an empty answer.
type operation struct {
	pattern string
	summary string
	handle  func(r *http.Request) (any, error)
}

// handler serves the operations.
type handler struct {
	sim *simulator.Server
}

// Handler returns the control endpoint of a simulator and of further faces.
func Handler(sim *simulator.Server, faces ...Face) http.Handler {
	h := handler{sim: sim}
	mux := http.NewServeMux()
	operations := h.operations()

	for _, face := range faces {
		operations = append(operations, face.operations...)
	}

	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")

		for _, o := range operations {
			fmt.Fprintf(w, "%-60s %s\n", o.pattern, o.summary)
		}
	})

	for _, o := range operations {
		mux.HandleFunc(o.pattern, o.serve)
	}

	return local(mux)
}

// local refuses requests that were sent to another name than that of the
// loopback interface: a web page can make a browser send those.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}

		if !isLoopback(host) || r.Header.Get("Origin") != "" {
			writeError(w, &failure{status: http.StatusForbidden, message: "the control endpoint is for local programs"})

			return
		}

		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func (o operation) serve(w http.ResponseWriter, r *http.Request) {
	result, err := o.handle(r)
	if err != nil {
		writeError(w, err)

		return
	}

	if _, isNothing := result.(nothing); isNothing {
		w.WriteHeader(http.StatusNoContent)

		return
	}

	writeJSON(w, http.StatusOK, result)
}

func writeError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if failed, known := errors.AsType[*failure](err); known {
		status = failed.status
	}

	writeJSON(w, status, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	var text bytes.Buffer

	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")

	if err := encoder.Encode(value); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)

		return
	}

	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)

	// A client that has gone away is not the server's trouble.
	_, _ = w.Write(text.Bytes())
}

// read decodes the body, in which nothing unknown may be.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(into); err != nil {
		return badRequest(fmt.Errorf("the body: %w", err))
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &failure{status: http.StatusBadRequest, message: "the body goes on behind its end"}
	}

	return nil
}
