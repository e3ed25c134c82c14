package remoting

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxEnvelope = 512_000
	// maxPart is how much of a stream goes into one answer.
	maxPart       = 32 << 10
	pollInterval  = 10 * time.Millisecond
	defaultPoll   = 60 * time.Second
	schemaShell   = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	schemaCreate  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
	schemaDelete  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
	codeTimedOut  = "2150858793"
	codeNoShell   = "2150858843"
	codeDenied    = "5"
	contentType   = "application/soap+xml;charset=UTF-8"
	readDeadline  = 30 * time.Second
	negotiateName = "Negotiate"
	basicName     = "Basic"
)

// WinRM is a WinRM endpoint with HTTPS.
type WinRM struct {
	*common

	listener    net.Listener
	certificate serverCertificate
	http        *http.Server
	served      chan struct{}

	shellsMu sync.Mutex
	shells   map[string]map[string]*remoteCommand
	nextName int
	// tickets are the connections that are logged in with NTLM.
	tickets map[string]*ntlmState
}

// remoteCommand is a command of a shell.
type remoteCommand struct {
	stdin  *io.PipeWriter
	cancel context.CancelFunc

	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	done           bool
	// lost tells that the endpoint forgot the command's shell, though the command
	// may go on.
	lost     bool
	exitCode int
}

// StartWinRM starts an endpoint. The caller has to [WinRM.Close] it.
func StartWinRM(run Run, options Options) (*WinRM, error) {
	w := &WinRM{
		common: newCommon(run, options), served: make(chan struct{}),
		shells: map[string]map[string]*remoteCommand{}, tickets: map[string]*ntlmState{},
	}
	var err error
	if w.certificate, err = newCertificate(options.TLS); err != nil {
		return nil, err
	}
	var listen net.ListenConfig
	if w.listener, err = listen.Listen(context.Background(), "tcp", w.options.Listen); err != nil {
		return nil, fmt.Errorf("start WinRM: %w", err)
	}
	w.http = &http.Server{
		Handler: w, ReadHeaderTimeout: readDeadline, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{w.certificate.tls}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		ConnState: func(conn net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				w.forget(conn.RemoteAddr().String())
			}
		},
	}
	go func() {
		defer close(w.served)
		_ = w.http.ServeTLS(w.listener, "", "") // ends with an error always
	}()
	return w, nil
}

// Host is where the endpoint listens.
func (w *WinRM) Host() string { return hostOf(w.listener) }

// Port is the port that the endpoint listens on.
func (w *WinRM) Port() int { return portOf(w.listener) }

// CACertificatePEM is the issuer of the endpoint's certificate.
func (w *WinRM) CACertificatePEM() string { return w.certificate.issuerPEM }

// CertificateSHA256 is the SHA-256 sum of the certificate in hexadecimal digits.
func (w *WinRM) CertificateSHA256() string { return w.certificate.sha256 }

// Environment are the variables with which the provider reaches the endpoint.
func (w *WinRM) Environment() map[string]string {
	o := w.Options()
	return map[string]string{
		"VB365_WINRM_HOST": w.Host(), "VB365_WINRM_PORT": strconv.Itoa(w.Port()), "VB365_WINRM_USERNAME": o.Username,
		"VB365_WINRM_PASSWORD": o.Password, "VB365_WINRM_CERTIFICATE_SHA256": w.CertificateSHA256(),
	}
}

// Drop kills what runs, and forgets its shells: who waits for them loses the
// connection, and later requests for them find nothing.
func (w *WinRM) Drop() {
	w.kill(false)
	w.shellsMu.Lock()
	defer w.shellsMu.Unlock()
	for _, commands := range w.shells {
		for _, c := range commands {
			c.mu.Lock()
			c.lost = true
			c.mu.Unlock()
		}
	}
	w.shells = map[string]map[string]*remoteCommand{}
}

// Close stops the endpoint, and waits until nothing of it runs.
func (w *WinRM) Close() {
	_ = w.http.Close()
	<-w.served
	w.shellsMu.Lock()
	for _, commands := range w.shells {
		for _, c := range commands {
			c.cancel()
		}
	}
	w.shellsMu.Unlock()
	w.kill(true)
	w.work.Wait()
}

// envelope is what requests have.
type envelope struct {
	Header struct {
		Action    string `xml:"Action"`
		MessageID string `xml:"MessageID"`
		Timeout   string `xml:"OperationTimeout"`
		Selectors []struct {
			Name  string `xml:"Name,attr"`
			Value string `xml:",chardata"`
		} `xml:"SelectorSet>Selector"`
	} `xml:"Header"`
	Body struct {
		Command   string   `xml:"CommandLine>Command"`
		Arguments []string `xml:"CommandLine>Arguments"`
		Streams   []struct {
			Name      string `xml:"Name,attr"`
			CommandID string `xml:"CommandId,attr"`
			End       bool   `xml:"End,attr"`
			Data      string `xml:",chardata"`
		} `xml:"Send>Stream"`
		Receive struct {
			CommandID string `xml:"CommandId,attr"`
		} `xml:"Receive>DesiredStream"`
		Signal struct {
			CommandID string `xml:"CommandId,attr"`
			Code      string `xml:"Code"`
		} `xml:"Signal"`
	} `xml:"Body"`
}

func (e envelope) shell() string {
	for _, s := range e.Header.Selectors {
		if s.Name == "ShellId" {
			return s.Value
		}
	}
	return ""
}

// ServeHTTP implements [http.Handler].
func (w *WinRM) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if w.Options().Silent {
		<-r.Context().Done()
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEnvelope+1))
	switch {
	case err != nil:
		return
	case r.URL.Path != "/wsman":
		http.Error(rw, "<html><body><h2>Not Found</h2></body></html>", http.StatusNotFound)
		return
	case r.Method != http.MethodPost:
		rw.WriteHeader(http.StatusMethodNotAllowed)
		return
	case len(body) > maxEnvelope:
		w.fault(rw, "2150858751", "The WS-Management service cannot process the request because it is too large.")
		return
	}
	username, ok := w.authenticate(rw, r)
	if !ok {
		return
	}
	if w.Options().Forbidden {
		w.fault(rw, codeDenied, "Access is denied.")
		return
	}
	var e envelope
	if err := xml.Unmarshal(body, &e); err != nil {
		w.fault(rw, "2150858752", "The WS-Management service cannot process the request. The request is not valid XML.")
		return
	}
	w.dispatch(rw, r, username, e) //nolint:contextcheck // a command outlives the request that starts it
}

func (w *WinRM) dispatch(rw http.ResponseWriter, r *http.Request, username string, e envelope) {
	action := e.Header.Action
	if action == schemaCreate {
		w.create(rw)
		return
	}
	w.shellsMu.Lock()
	commands, ok := w.shells[e.shell()]
	w.shellsMu.Unlock()
	if !ok {
		w.fault(rw, codeNoShell, "The request for the Windows Remote Shell with ShellId "+e.shell()+
			" failed because the shell was not found on the server.")
		return
	}
	switch action {
	case schemaShell + "/Command":
		w.start(rw, username, commands, e)
	case schemaShell + "/Send":
		w.send(rw, commands, e)
	case schemaShell + "/Receive":
		w.receive(rw, r, commands, e)
	case schemaShell + "/Signal":
		if c, ok := w.commandOf(commands, e.Body.Signal.CommandID); ok {
			c.cancel()
		}
		w.answer(rw, "<rsp:SignalResponse/>")
	case schemaDelete:
		w.shellsMu.Lock()
		delete(w.shells, e.shell())
		for _, c := range commands {
			c.cancel()
		}
		w.shellsMu.Unlock()
		w.answer(rw, "")
	default:
		w.fault(rw, "2150858757", "The WS-Management service does not support the action.")
	}
}

// name returns a new name of a shell or a command.
func (w *WinRM) name() string {
	w.nextName++
	return fmt.Sprintf("%08X-0000-4000-8000-000000000000", w.nextName)
}

func (w *WinRM) create(rw http.ResponseWriter) {
	w.shellsMu.Lock()
	id := w.name()
	w.shells[id] = map[string]*remoteCommand{}
	w.shellsMu.Unlock()
	w.answer(rw, `<x:ResourceCreated xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"><w:SelectorSet><w:Selector Name="ShellId">`+id+
		`</w:Selector></w:SelectorSet></x:ResourceCreated>`)
}

func (w *WinRM) start(rw http.ResponseWriter, username string, commands map[string]*remoteCommand, e envelope) {
	if w.cutsAt(CutBeforeStart) {
		panic(http.ErrAbortHandler)
	}
	line := strings.Join(append([]string{e.Body.Command}, e.Body.Arguments...), " ")
	stdin, input := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	c := &remoteCommand{stdin: input, cancel: func() { cancel(); _ = input.Close() }}
	w.shellsMu.Lock()
	id := w.name()
	commands[id] = c
	w.shellsMu.Unlock()
	w.work.Go(func() {
		exitCode := w.execute(ctx, username, line, stdin, locked{c, &c.stdout}, locked{c, &c.stderr})
		_ = stdin.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.done, c.exitCode = true, exitCode
	})
	if w.cutsAt(CutAfterStart) {
		w.Drop()
		panic(http.ErrAbortHandler)
	}
	w.answer(rw, "<rsp:CommandResponse><rsp:CommandId>"+id+"</rsp:CommandId></rsp:CommandResponse>")
}

// locked writes to a buffer of a command.
type locked struct {
	command *remoteCommand
	buffer  *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.command.mu.Lock()
	defer l.command.mu.Unlock()
	return l.buffer.Write(p)
}

func (w *WinRM) commandOf(commands map[string]*remoteCommand, id string) (*remoteCommand, bool) {
	w.shellsMu.Lock()
	defer w.shellsMu.Unlock()
	c, ok := commands[id]
	return c, ok
}

func (w *WinRM) send(rw http.ResponseWriter, commands map[string]*remoteCommand, e envelope) {
	for _, stream := range e.Body.Streams {
		c, ok := w.commandOf(commands, stream.CommandID)
		if !ok {
			w.fault(rw, "2150858843", "The command was not found.")
			return
		}
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(stream.Data))
		if err != nil {
			w.fault(rw, "2150858752", "The stream is not in base64.")
			return
		}
		// What has ended reads no more, which is no fault of the sender.
		_, _ = c.stdin.Write(data)
		if stream.End {
			_ = c.stdin.Close()
		}
	}
	w.answer(rw, "<rsp:SendResponse/>")
}

// receive answers with what was written, or waits for it as long as the request
// allows.
func (w *WinRM) receive(rw http.ResponseWriter, r *http.Request, commands map[string]*remoteCommand, e envelope) {
	id := e.Body.Receive.CommandID
	c, ok := w.commandOf(commands, id)
	if !ok {
		w.fault(rw, codeNoShell, "The command was not found.")
		return
	}
	wait, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(e.Header.Timeout, "PT")))
	if err != nil {
		wait = defaultPoll
	}
	timeout := time.After(wait)
	for {
		c.mu.Lock()
		out, errs := string(c.stdout.Next(maxPart)), string(c.stderr.Next(maxPart))
		done, exitCode, lost := c.done && c.stdout.Len()+c.stderr.Len() == 0, c.exitCode, c.lost
		c.mu.Unlock()
		if lost || done && w.cutsAt(CutAfterEnd) {
			panic(http.ErrAbortHandler)
		}
		if done || out != "" || errs != "" {
			w.answer(rw, received(id, out, errs, done, exitCode))
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-timeout:
			w.fault(rw, codeTimedOut, "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.")
			return
		case <-time.After(pollInterval):
		}
	}
}

func received(id, out, errs string, done bool, exitCode int) string {
	var text strings.Builder
	text.WriteString("<rsp:ReceiveResponse>")
	for _, stream := range []struct{ name, data string }{{"stdout", out}, {"stderr", errs}} {
		if stream.data != "" {
			fmt.Fprintf(&text, `<rsp:Stream Name=%q CommandId=%q>%s</rsp:Stream>`, stream.name, id,
				base64.StdEncoding.EncodeToString([]byte(stream.data)))
		}
	}
	state := "Running"
	if done {
		state = "Done"
	}
	fmt.Fprintf(&text, `<rsp:CommandState CommandId=%q State="%s/CommandState/%s">`, id, schemaShell, state)
	if done {
		fmt.Fprintf(&text, "<rsp:ExitCode>%d</rsp:ExitCode>", exitCode)
	}
	text.WriteString("</rsp:CommandState></rsp:ReceiveResponse>")
	return text.String()
}

const envelopeOpen = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ` +
	`xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ` +
	`xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header/><s:Body>`

func (w *WinRM) answer(rw http.ResponseWriter, body string) {
	rw.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(rw, envelopeOpen+body+"</s:Body></s:Envelope>")
}

// fault answers as WS-Management does: 500, with a code of Windows.
func (w *WinRM) fault(rw http.ResponseWriter, code, text string) {
	rw.Header().Set("Content-Type", contentType)
	rw.WriteHeader(http.StatusInternalServerError)
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // a buffer takes everything
	subcode := "w:InternalError"
	if code == codeTimedOut {
		subcode = "w:TimedOut"
	}
	fmt.Fprintf(rw, envelopeOpen+`<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>%s</s:Value></s:Subcode></s:Code>`+
		`<s:Reason><s:Text xml:lang="en-US">%s </s:Text></s:Reason><s:Detail><f:WSManFault `+
		`xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code=%q Machine="vb365"><f:Message>%s </f:Message></f:WSManFault>`+
		`</s:Detail></s:Fault></s:Body></s:Envelope>`, subcode, escaped.String(), code, escaped.String())
}
