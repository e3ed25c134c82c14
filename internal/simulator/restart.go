package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

// lasting is a socket that outlives the server that takes connections from it:
// between two servers, nobody else can take the port.
type lasting struct{ *net.TCPListener }

// Close ends the wait for connections, and nothing else.
func (l lasting) Close() error {
	return l.SetDeadline(time.Unix(0, 0))
}

var errNotTCP = errors.New("the listener is not one of TCP")

func listen(ctx context.Context, address string) (*net.TCPListener, error) {
	var config net.ListenConfig

	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}

	socket, isTCP := listener.(*net.TCPListener)
	if !isTCP {
		return nil, errNotTCP
	}

	return socket, nil
}

// stop ends the REST service, or its wait to come back; its socket stays. The
// caller holds lifecycle.
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

// release closes the socket, if there is one. The caller holds lifecycle.
func (s *Server) release() {
	if s.socket != nil {
		_ = s.socket.Close()
		s.socket = nil
	}
}

// Restart stops the REST service at once, and starts it on a port of the same
// host after it was down for a while. [Server.URL] tells the new address at once.
// The error tells that the port is taken; then the service goes on where it is.
func (s *Server) Restart(port int, down time.Duration) error {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()

	if s.closed {
		return nil
	}

	host, present, err := net.SplitHostPort(s.address)
	if err != nil {
		return fmt.Errorf("restart the REST service: %w", err)
	}

	socket := s.socket
	if socket == nil || present != strconv.Itoa(port) {
		if socket, err = listen(context.Background(), net.JoinHostPort(host, strconv.Itoa(port))); err != nil {
			return fmt.Errorf("restart the REST service: %w", err)
		}
	}

	s.stop()

	if s.socket != socket {
		s.release()
		s.socket, s.address = socket, wire.Reachable(socket.Addr())
	}

	if down == 0 {
		s.resume()

		return nil
	}

	// Until the service is back, the port refuses connections.
	s.release()

	wait, cancel := context.WithCancel(context.Background())
	s.pending = cancel
	address := s.address

	s.restarts.Go(func() { s.comeBack(wait, address, down) })

	return nil
}

// resume serves from the socket again. The caller holds lifecycle.
func (s *Server) resume() {
	// The deadline ended the server before; a socket that is open takes a new one.
	_ = s.socket.SetDeadline(time.Time{})

	s.serve(s.socket)
}

// retryPort is how long a port that was taken while the service was down is left
// alone.
const retryPort = 50 * time.Millisecond

// comeBack starts the service after it was down for a while, unless it was
// restarted or closed meanwhile.
func (s *Server) comeBack(wait context.Context, address string, down time.Duration) {
	for {
		select {
		case <-time.After(down):
		case <-wait.Done():
			return
		}

		if s.back(wait, address) {
			return
		}

		down = retryPort
	}
}

// back tells whether there is nothing more to wait for: the service is there, or
// is not to come back.
func (s *Server) back(wait context.Context, address string) bool {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()

	if wait.Err() != nil {
		return true
	}

	socket, err := listen(wait, address)
	if err != nil {
		return false
	}

	s.serve(socket)

	return true
}

// Port is the port of the REST service.
func (s *Server) Port() int {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()

	_, text, _ := net.SplitHostPort(s.address)
	port, _ := strconv.Atoi(text) // a listener's address has one

	return port
}
