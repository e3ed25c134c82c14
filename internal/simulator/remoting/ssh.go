package remoting

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// SSH is an SSH server.
type SSH struct {
	*common

	listener net.Listener
	hostKeys []ssh.Signer

	connsMu sync.Mutex
	conns   map[net.Conn]struct{}
}

// StartSSH starts an SSH server. The caller has to [SSH.Close] it.
func StartSSH(run Run, options Options) (*SSH, error) {
	s := &SSH{common: newCommon(run, options), conns: map[net.Conn]struct{}{}}
	for _, generate := range []func() (any, error){
		func() (any, error) { _, key, err := ed25519.GenerateKey(rand.Reader); return key, err },
		func() (any, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	} {
		key, err := generate()
		if err != nil {
			return nil, fmt.Errorf("generate a host key: %w", err)
		}
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			return nil, fmt.Errorf("generate a host key: %w", err)
		}
		s.hostKeys = append(s.hostKeys, signer)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(context.Background(), "tcp", s.options.Listen)
	if err != nil {
		return nil, fmt.Errorf("start the SSH server: %w", err)
	}
	s.listener = listener
	s.work.Go(s.accept)
	return s, nil
}

// Host and Port are where the server listens.
func (s *SSH) Host() string { return hostOf(s.listener) }

// Port is the port that the server listens on.
func (s *SSH) Port() int { return portOf(s.listener) }

func hostOf(l net.Listener) string {
	host, _, _ := net.SplitHostPort(l.Addr().String())
	return host
}

func portOf(l net.Listener) int {
	address, _ := l.Addr().(*net.TCPAddr) // listeners of this package are TCP's
	return address.Port
}

// HostKeys are the server's public keys, an Ed25519 and an ECDSA one, as lines of
// a .pub file.
func (s *SSH) HostKeys() []string {
	lines := make([]string, len(s.hostKeys))
	for i, key := range s.hostKeys {
		lines[i] = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	}
	return lines
}

// Environment are the variables with which the provider reaches the server.
func (s *SSH) Environment() map[string]string {
	o := s.Options()
	return map[string]string{
		"VB365_SSH_HOST": s.Host(), "VB365_SSH_PORT": strconv.Itoa(s.Port()), "VB365_SSH_USERNAME": o.Username,
		"VB365_SSH_PASSWORD": o.Password, "VB365_SSH_HOST_KEY": s.HostKeys()[0],
	}
}

// Drop closes all connections, and kills what runs over them.
func (s *SSH) Drop() {
	s.kill(false)
	s.closeConnections()
}

func (s *SSH) closeConnections() {
	s.connsMu.Lock()
	defer s.connsMu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

// Close stops the server, and waits until nothing of it runs.
func (s *SSH) Close() {
	_ = s.listener.Close()
	s.kill(true)
	s.closeConnections()
	s.work.Wait()
}

func (s *SSH) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.connsMu.Lock()
		s.conns[conn] = struct{}{}
		s.connsMu.Unlock()
		s.work.Go(func() {
			s.serve(conn)
			_ = conn.Close()
			s.connsMu.Lock()
			defer s.connsMu.Unlock()
			delete(s.conns, conn)
		})
	}
}

var errRefused = errors.New("access denied")

func (s *SSH) config() *ssh.ServerConfig {
	o := s.Options()
	cfg := &ssh.ServerConfig{ServerVersion: "SSH-2.0-OpenSSH_for_Windows_9.5"}
	for _, key := range s.hostKeys {
		cfg.AddHostKey(key)
	}
	check := func(c ssh.ConnMetadata, password string) (*ssh.Permissions, error) {
		if !s.login(c.User(), password) {
			return nil, errRefused
		}
		return &ssh.Permissions{}, nil
	}
	if o.offers("password") {
		cfg.PasswordCallback = func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) { return check(c, string(password)) }
	}
	if o.offers("keyboard-interactive") {
		cfg.KeyboardInteractiveCallback = func(c ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil || len(answers) != 1 {
				return nil, errRefused
			}
			return check(c, answers[0])
		}
	}
	if o.offers("publickey") {
		cfg.PublicKeyCallback = func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			authorized, _, _, _, err := ssh.ParseAuthorizedKey([]byte(o.AuthorizedKey))
			if !s.count(err == nil && o.is(c.User()) && bytes.Equal(authorized.Marshal(), key.Marshal())) {
				return nil, errRefused
			}
			return &ssh.Permissions{}, nil
		}
	}
	return cfg
}

func (s *SSH) serve(conn net.Conn) {
	if s.Options().Silent {
		_, _ = conn.Read(make([]byte, 1<<10))
		_, _ = conn.Read(make([]byte, 1<<10)) // returns when the client gives up
		return
	}
	client, channels, requests, err := ssh.NewServerConn(conn, s.config())
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests) // which answers keep-alives
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		sessions.Go(func() { s.session(ctx, client.User(), conn, channel, requests) })
	}
	cancel() // the client is gone
}

func (s *SSH) session(ctx context.Context, username string, conn net.Conn, channel ssh.Channel, requests <-chan *ssh.Request) {
	var commands sync.WaitGroup
	defer commands.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for request := range requests {
		var payload struct{ Command string }
		if request.Type != "exec" || s.Options().Forbidden || ssh.Unmarshal(request.Payload, &payload) != nil {
			_ = request.Reply(false, nil)
			continue
		}
		if s.cutsAt(CutBeforeStart) {
			_ = conn.Close()
			return
		}
		_ = request.Reply(true, nil)
		commands.Go(func() {
			defer channel.Close()
			s.command(ctx, username, conn, channel, payload.Command)
		})
	}
}

func (s *SSH) command(ctx context.Context, username string, conn net.Conn, channel ssh.Channel, line string) {
	if s.cutsAt(CutAfterStart) {
		defer conn.Close()
		go func() { _ = conn.Close() }()
	}
	exitCode := s.execute(ctx, username, line, channel, channel, channel.Stderr())
	if s.cutsAt(CutAfterEnd) {
		_ = conn.Close()
		return
	}
	if ctx.Err() != nil {
		return
	}
	_, _ = channel.SendRequest("exit-status", false, binary.BigEndian.AppendUint32(nil, uint32(exitCode))) //nolint:gosec // exit codes are small
}
