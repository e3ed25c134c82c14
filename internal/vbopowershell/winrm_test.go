package vbopowershell_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/ssh"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
	"github.com/vb365/terraform-provider-vb365/internal/vbopowershell"
)

// wsmanRequest is what these tests look at in a message.
type wsmanRequest struct {
	Action  string `xml:"Header>Action"`
	Options []struct {
		Name  string `xml:"Name,attr"`
		Value string `xml:",chardata"`
	} `xml:"Header>OptionSet>Option"`
	Command string `xml:"Body>CommandLine>Command"`
	Stream  struct {
		End  bool   `xml:"End,attr"`
		Data string `xml:",chardata"`
	} `xml:"Body>Send>Stream"`

	size int
}

// name is the last part of the action: Create, Command, Send, Receive, Signal, Delete.
func (r wsmanRequest) name() string { return path.Base(r.Action) }

// winRMStub is an endpoint that does what a test wants.
type winRMStub struct {
	// answers are those to actions, by name; the others are answered as if a command
	// ran, wrote nothing and succeeded.
	answers map[string]http.HandlerFunc

	mu       sync.Mutex
	requests []wsmanRequest
	logins   []string
}

func (s *winRMStub) start(t *testing.T) vbopowershell.WinRMConfig {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return vbopowershell.WinRMConfig{
		Host: "127.0.0.1", Port: portOf(t, server.Listener.Addr()), Username: "admin", Password: secret,
		Authentication: vbopowershell.Basic, CertificateSHA256: pinOf(server),
	}
}

const soapOpen = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" ` +
	`xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Body>`

func soap(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, soapOpen+body+"</s:Body></s:Envelope>")
	}
}

func fault(code, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		soap(fmt.Sprintf(`<s:Fault><s:Reason><s:Text>reason</s:Text></s:Reason><s:Detail><f:WSManFault Code=%q `+
			`xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"><f:Message>%s</f:Message></f:WSManFault></s:Detail></s:Fault>`,
			code, text))(w, r)
	}
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// done is the answer to a Receive when a command has ended.
func done(stdout, stderr, exitCode string) http.HandlerFunc {
	stream := func(name, data string) string {
		return fmt.Sprintf("<rsp:Stream Name=%q>%s</rsp:Stream>", name, base64.StdEncoding.EncodeToString([]byte(data)))
	}
	return soap("<rsp:ReceiveResponse>" + stream("stdout", stdout) + stream("stderr", stderr) +
		`<rsp:CommandState State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done">` + exitCode +
		"</rsp:CommandState></rsp:ReceiveResponse>")
}

const zero = "<rsp:ExitCode>0</rsp:ExitCode>"

// inTurn answers with the first handler first, and with the last from then on.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		handle := handlers[0]
		if len(handlers) > 1 {
			handlers = handlers[1:]
		}
		mu.Unlock()
		handle(w, r)
	}
}

func (s *winRMStub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	request := wsmanRequest{size: len(body)}
	_ = xml.Unmarshal(body, &request) // what is no XML has no action
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.logins = append(s.logins, r.Header.Get("Authorization"))
	s.mu.Unlock()
	answer, ok := s.answers[request.name()]
	if !ok {
		answer = map[string]http.HandlerFunc{
			"Create":  soap(`<x:ResourceCreated xmlns:x="x"><w:SelectorSet><w:Selector Name="ShellId">S1</w:Selector></w:SelectorSet></x:ResourceCreated>`),
			"Command": soap("<rsp:CommandResponse><rsp:CommandId>C1</rsp:CommandId></rsp:CommandResponse>"),
			"Receive": done("", "", zero),
		}[request.name()]
	}
	if answer == nil {
		answer = soap("")
	}
	answer(w, r)
}

// names are the actions that came, in order.
func (s *winRMStub) names() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, request := range s.requests {
		names = append(names, request.name())
	}
	return strings.Join(names, " ")
}

// closedPort is a port on which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return portOf(t, listener.Addr())
}

func TestWinRMTellsWhyNoShellCouldBeOpened(t *testing.T) {
	t.Parallel()
	unauthorized := func(schemes ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Www-Authenticate"] = schemes
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "<html>some proxies explain themselves</html>")
		}
	}
	refused, forbidden, protocol := vbopowershell.ReasonRefused, vbopowershell.ReasonForbidden, vbopowershell.ReasonProtocol
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   failure
	}{
		"a wrong password":  {unauthorized("Negotiate", `Basic realm="WSMAN"`), failure{reason: refused, texts: []string{"offers Negotiate, Basic"}}},
		"no way to log in":  {unauthorized(), failure{reason: refused, texts: []string{"no way to log in"}}},
		"403":               {status(http.StatusForbidden, ""), failure{reason: forbidden, texts: []string{"403"}}},
		"no rights":         {fault("5", "Access is denied."), failure{reason: forbidden, texts: []string{"Access is denied. (5)"}}},
		"404":               {status(http.StatusNotFound, "<html/>"), failure{reason: protocol, texts: []string{"404", "not WinRM's"}}},
		"405":               {status(http.StatusMethodNotAllowed, ""), failure{reason: protocol, texts: []string{"405"}}},
		"a page":            {status(http.StatusOK, "<html><body>Welcome</body></html>"), failure{reason: protocol, texts: []string{"names none"}}},
		"nothing":           {status(http.StatusOK, ""), failure{reason: protocol, texts: []string{"names none"}}},
		"a fault":           {fault("2150859174", "Too many\n shells."), failure{reason: protocol, texts: []string{"Too many shells. (2150859174)"}}},
		"a proxy's trouble": {status(http.StatusBadGateway, "<html/>"), failure{reason: protocol, texts: []string{"502"}}},
		"a connection cut":  {cut, failure{reason: vbopowershell.ReasonUnreachable, texts: []string{"EOF"}}},
		"a fault with no code": {
			status(http.StatusInternalServerError, soapOpen+"<s:Fault><s:Reason><s:Text>broken</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"),
			failure{reason: protocol, texts: []string{"it answered: broken"}},
		},
	} {
		stub := &winRMStub{answers: map[string]http.HandlerFunc{"Create": c.answer}}
		_, err := newWinRM(t, stub.start(t)).Run(t.Context(), commandLine, []byte(secret))
		checkFailure(t, name, err, c.want)
	}
}

func TestWinRMTellsWhyAServerCannotBeReachedOrTrusted(t *testing.T) {
	t.Parallel()
	stub := &winRMStub{}
	cfg := stub.start(t)
	old := httptest.NewUnstartedServer(stub)
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	otherPin := strings.Repeat("AB:", 31) + "AB"
	for name, c := range map[string]struct {
		change func(*vbopowershell.WinRMConfig)
		want   failure
	}{
		"a refused port": {
			func(c *vbopowershell.WinRMConfig) { c.Port = closedPort(t) },
			failure{reason: vbopowershell.ReasonUnreachable, texts: []string{"connection refused"}},
		},
		"an unknown authority": {
			func(c *vbopowershell.WinRMConfig) { c.CertificateSHA256 = "" },
			failure{reason: vbopowershell.ReasonUntrusted, texts: []string{cfg.CertificateSHA256, "unknown authority"}},
		},
		"another pin": {
			func(c *vbopowershell.WinRMConfig) { c.CertificateSHA256 = otherPin },
			failure{reason: vbopowershell.ReasonUntrusted, texts: []string{cfg.CertificateSHA256, otherPin, "pinned"}},
		},
		"an old TLS": {
			func(c *vbopowershell.WinRMConfig) {
				c.Port, c.CertificateSHA256 = portOf(t, old.Listener.Addr()), pinOf(old)
			},
			failure{reason: vbopowershell.ReasonProtocol, texts: []string{"protocol version"}},
		},
	} {
		mine := cfg
		c.change(&mine)
		_, err := newWinRM(t, mine).Run(t.Context(), commandLine, nil)
		checkFailure(t, name, err, c.want)
	}
	if stub.names() != "" {
		t.Errorf("servers that are not trusted got %s", stub.names())
	}
}

func TestWinRMKnowsWhetherACommandWasStarted(t *testing.T) {
	t.Parallel()
	lost := vbopowershell.ReasonLost
	for name, c := range map[string]struct {
		answers map[string]http.HandlerFunc
		want    failure
		actions string
	}{
		"a fault in place of a start": {
			map[string]http.HandlerFunc{"Command": fault("2150859173", "Too many processes.")},
			failure{reason: vbopowershell.ReasonProtocol, texts: []string{"Too many processes."}},
			"Create Command Delete",
		},
		"no right to start": {
			map[string]http.HandlerFunc{"Command": fault("5", "Access is denied.")},
			failure{reason: vbopowershell.ReasonForbidden},
			"Create Command Delete",
		},
		"a start that timed out": {
			map[string]http.HandlerFunc{"Command": fault("2150858793", "Timed out.")},
			failure{reason: lost, started: true},
			"Create Command Delete",
		},
		"a proxy's trouble at the start": {
			map[string]http.HandlerFunc{"Command": status(http.StatusBadGateway, "")},
			failure{reason: lost, started: true, texts: []string{"502"}},
			"Create Command Delete",
		},
		"a connection cut at the start": {
			map[string]http.HandlerFunc{"Command": cut}, failure{reason: lost, started: true}, "Create Command Delete",
		},
		"no name for the command": {
			map[string]http.HandlerFunc{"Command": soap("")},
			failure{reason: lost, started: true, texts: []string{"names none"}},
			"Create Command Delete",
		},
		"a connection cut at the input": {
			map[string]http.HandlerFunc{"Send": cut}, failure{reason: lost, started: true}, "Create Command Send Signal Delete",
		},
		"a connection cut at the output": {
			map[string]http.HandlerFunc{"Receive": cut}, failure{reason: lost, started: true}, "Create Command Send Receive Signal Delete",
		},
		"a shell that is gone": {
			map[string]http.HandlerFunc{"Receive": fault("2150858843", "The shell was not found.")},
			failure{reason: lost, started: true, texts: []string{"The shell was not found."}},
			"Create Command Send Receive Signal Delete",
		},
		"rights that are taken away": {
			map[string]http.HandlerFunc{"Receive": fault("5", "Access is denied.")},
			failure{reason: lost, started: true},
			"Create Command Send Receive Signal Delete",
		},
		"input that is refused, and silence": {
			map[string]http.HandlerFunc{"Send": fault("232", "The pipe is being closed."), "Receive": fault("2150858793", "Timed out.")},
			failure{reason: lost, started: true, texts: []string{"The pipe is being closed."}},
			"Create Command Send Receive Signal Delete",
		},
	} {
		stub := &winRMStub{answers: c.answers}
		_, err := newWinRM(t, stub.start(t)).Run(t.Context(), commandLine, []byte(secret))
		checkFailure(t, name, err, c.want)
		if stub.names() != c.actions {
			t.Errorf("%s: %s", name, stub.names())
		}
	}
}

func TestWinRMTakesNoUnreadableOutputForSuccess(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":        status(http.StatusOK, ""),
		"a page":         status(http.StatusOK, "<html><body>Welcome</body></html>"),
		"no XML":         status(http.StatusOK, "<a"),
		"another answer": soap("<rsp:SendResponse/>"),
		"broken base64":  soap(`<rsp:ReceiveResponse><rsp:Stream Name="stdout">!</rsp:Stream></rsp:ReceiveResponse>`),
		"no exit code":   done("{}", "", ""),
		"an empty one":   done("{}", "", "<rsp:ExitCode/>"),
		"one in letters": done("{}", "", "<rsp:ExitCode>zero</rsp:ExitCode>"),
	} {
		stub := &winRMStub{answers: map[string]http.HandlerFunc{"Receive": answer}}
		_, err := newWinRM(t, stub.start(t)).Run(t.Context(), commandLine, nil)
		checkFailure(t, name, err, failure{reason: vbopowershell.ReasonLost, started: true})
	}
}

func TestWinRMFollowsACommandToItsEnd(t *testing.T) {
	t.Parallel()
	silence := fault("2150858793", "The WS-Management service cannot complete the operation within the time specified.")
	running := soap(`<rsp:ReceiveResponse><rsp:Stream Name="stdout">e30=</rsp:Stream><rsp:CommandState ` +
		`State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Running"/></rsp:ReceiveResponse>`)
	closed := fault("232", "The pipe is being closed.")
	code := func(text string) string { return "<rsp:ExitCode>" + text + "</rsp:ExitCode>" }
	for name, c := range map[string]struct {
		answers        map[string]http.HandlerFunc
		stdout, stderr string
		exitCode       int
	}{
		"after silence":     {map[string]http.HandlerFunc{"Receive": inTurn(silence, done("x", "", zero))}, "x", "", 0},
		"in parts":          {map[string]http.HandlerFunc{"Receive": inTurn(running, silence, done("x", "y", code("7")))}, "{}x", "y", 7},
		"a large exit code": {map[string]http.HandlerFunc{"Receive": done("", "", code("3221225786"))}, "", "", 3221225786},
		"a negative one":    {map[string]http.HandlerFunc{"Receive": done("", "", code("-1"))}, "", "", -1},
		"one that ended before its input": {
			map[string]http.HandlerFunc{"Send": closed, "Receive": done("", "'pwsh.exe' is not recognized", code("1"))},
			"", "'pwsh.exe' is not recognized", 1,
		},
	} {
		stub := &winRMStub{answers: c.answers}
		output, err := newWinRM(t, stub.start(t)).Run(t.Context(), commandLine, nil)
		if err != nil || string(output.Stdout) != c.stdout || string(output.Stderr) != c.stderr || output.ExitCode != c.exitCode {
			t.Errorf("%s: %+v, %v", name, output, err)
		}
	}
}

func TestWinRMSendsInputInPartsWithOneEnd(t *testing.T) {
	t.Parallel()
	input := bytes.Repeat([]byte("'\"$(x)`n\x00\r\n☃]]>&<x/>"), 1<<16)
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, len(input)} {
		stub := &winRMStub{}
		if _, err := newWinRM(t, stub.start(t)).Run(t.Context(), commandLine, input[:size]); err != nil {
			t.Fatal(err)
		}
		var arrived []byte
		ends := 0
		for _, request := range stub.requests {
			if request.size > 150<<10 {
				t.Errorf("a message of %d bytes", request.size)
			}
			if request.name() != "Send" {
				continue
			}
			if ends > 0 {
				t.Error("input after its end")
			}
			part, err := base64.StdEncoding.DecodeString(request.Stream.Data)
			if err != nil {
				t.Fatal(err)
			}
			arrived = append(arrived, part...)
			if request.Stream.End {
				ends++
			}
		}
		if !bytes.Equal(arrived, input[:size]) || ends != 1 {
			t.Errorf("of %d bytes, %d arrived, with %d ends", size, len(arrived), ends)
		}
	}
}

func TestCommandLinesArriveByteForByte(t *testing.T) {
	t.Parallel()
	const line = "pwsh ]]> <x/> &amp; ]]]]><![CDATA[ 'ü' \"☃\""
	stub := &winRMStub{}
	if _, err := newWinRM(t, stub.start(t)).Run(t.Context(), line, nil); err != nil {
		t.Fatal(err)
	}
	options := map[string]string{}
	for _, option := range stub.requests[0].Options {
		options[option.Name] = option.Value
	}
	if stub.requests[1].Command != line || options["WINRS_CODEPAGE"] != "65001" || options["WINRS_NOPROFILE"] == "" {
		t.Errorf("%q with %v", stub.requests[1].Command, options)
	}
	arrived := make(chan string, 1)
	overSSH := sshStub{session: onExec(func(conn net.Conn, channel ssh.Channel, line string) {
		arrived <- line
		succeed(conn, channel, line)
	})}.start(t)
	if _, err := newSSH(t, overSSH).Run(t.Context(), line, nil); err != nil {
		t.Fatal(err)
	}
	if got := <-arrived; got != line {
		t.Errorf("%q", got)
	}
}

func TestACancelledCommandIsEndedOnTheServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	stub := &winRMStub{answers: map[string]http.HandlerFunc{"Receive": func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}}}
	_, err := newWinRM(t, stub.start(t)).Run(ctx, commandLine, nil)
	checkFailure(t, "cancelled", err, failure{reason: vbopowershell.ReasonLost, started: true})
	if !errors.Is(err, context.Canceled) || stub.names() != "Create Command Send Receive Signal Delete" {
		t.Errorf("%s, %v", stub.names(), err)
	}
}

func TestTheOperationTimeOutIsTheServersToKeep(t *testing.T) {
	t.Parallel()
	timeouts := make(chan string, 10)
	cfg := (&winRMStub{}).start(t)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct {
			Timeout string `xml:"Header>OperationTimeout"`
		}
		_ = xml.NewDecoder(r.Body).Decode(&message)
		timeouts <- r.URL.Path + " " + message.Timeout
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	cfg.Port, cfg.CertificateSHA256 = portOf(t, server.Listener.Addr()), pinOf(server)
	cfg.OperationTimeout = 1500 * time.Millisecond
	_, err := newWinRM(t, cfg).Run(t.Context(), commandLine, nil)
	checkFailure(t, "forbidden", err, failure{reason: vbopowershell.ReasonForbidden})
	if got := <-timeouts; got != "/wsman PT1.500S" {
		t.Error(got)
	}
}

func TestWinRMFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s got %v", r.URL, r.Header["Authorization"])
	}))
	t.Cleanup(elsewhere.Close)
	for _, code := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
		stub := &winRMStub{answers: map[string]http.HandlerFunc{"Create": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, code)
		}}}
		_, err := newWinRM(t, stub.start(t)).Run(t.Context(), commandLine, nil)
		checkFailure(t, "redirect", err, failure{reason: vbopowershell.ReasonProtocol, texts: []string{"not WinRM's"}})
	}
}

func utf16Bytes(text string) []byte {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = binary.LittleEndian.AppendUint16(encoded, unit)
	}
	return encoded
}

// ntlmChallenge is the second message of NTLM, of a machine in a domain.
func ntlmChallenge() []byte {
	target := utf16Bytes("SERVERDOMAIN")
	info := []byte{0, 0, 0, 0}
	message := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	field := func(length, offset int) {
		message = binary.LittleEndian.AppendUint16(message, uint16(length))
		message = binary.LittleEndian.AppendUint16(message, uint16(length))
		message = binary.LittleEndian.AppendUint32(message, uint32(offset))
	}
	field(len(target), 48)
	message = binary.LittleEndian.AppendUint32(message, 0x20880205)
	message = append(message, make([]byte, 16)...) // challenge, reserved
	field(len(info), 48+len(target))
	return append(append(message, target...), info...)
}

// ntlmField is a text in the third message of NTLM.
func ntlmField(message []byte, at int) string {
	length, offset := binary.LittleEndian.Uint16(message[at:]), binary.LittleEndian.Uint32(message[at+4:])
	var units []uint16
	for i := offset; i < offset+uint32(length); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(message[i:]))
	}
	return string(utf16.Decode(units))
}

// ntlmStub logs connections in with NTLM, whatever the password, and tells who.
func ntlmStub(scheme string, challenge []byte, who chan<- string) *winRMStub {
	connections := map[string]string{}
	var mu sync.Mutex
	stub := &winRMStub{}
	create := soap(`<x:ResourceCreated xmlns:x="x"><w:SelectorSet><w:Selector Name="ShellId">S1</w:Selector></w:SelectorSet></x:ResourceCreated>`)
	stub.answers = map[string]http.HandlerFunc{"Create": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		message, _ := base64.StdEncoding.DecodeString(token)
		offer := scheme
		switch {
		case len(message) > 8 && message[8] == 1:
			connections[r.RemoteAddr] = "challenged"
			offer += " " + base64.StdEncoding.EncodeToString(challenge)
		case len(message) > 8 && message[8] == 3 && connections[r.RemoteAddr] == "challenged":
			who <- ntlmField(message, 28) + "/" + ntlmField(message, 36)
			create(w, r)
			return
		}
		w.Header()["Www-Authenticate"] = []string{`Basic realm="WSMAN"`, offer}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "<html>a refusal with a body</html>")
	}}
	return stub
}

func TestNTLMNamesTheAccountsOwnDomain(t *testing.T) {
	t.Parallel()
	for username, want := range map[string]string{
		`VB365\admin`: "VB365/admin", `OTHER\admin`: "OTHER/admin", "admin": "/admin", "admin@vb365.example.com": "/admin@vb365.example.com",
	} {
		for _, scheme := range []string{"Negotiate", "NTLM"} {
			who := make(chan string, 1)
			stub := ntlmStub(scheme, ntlmChallenge(), who)
			cfg := stub.start(t)
			cfg.Username, cfg.Authentication = username, vbopowershell.NTLM
			if _, err := newWinRM(t, cfg).Run(t.Context(), commandLine, nil); err != nil {
				t.Errorf("%s, %s: %v", username, scheme, err)
				continue
			}
			if got := <-who; got != want {
				t.Errorf("%s, %s: logged in as %s", username, scheme, got)
			}
		}
	}
}

func TestNTLMNeverFallsBack(t *testing.T) {
	t.Parallel()
	offer := func(schemes ...string) *winRMStub {
		return &winRMStub{answers: map[string]http.HandlerFunc{"Create": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Www-Authenticate"] = schemes
			w.WriteHeader(http.StatusUnauthorized)
		}}}
	}
	for name, c := range map[string]struct {
		stub *winRMStub
		want failure
	}{
		"only basic":             {offer(`Basic realm="WSMAN"`), failure{reason: vbopowershell.ReasonRefused, texts: []string{"does not offer NTLM", "but Basic"}}},
		"only Kerberos":          {offer("Kerberos"), failure{reason: vbopowershell.ReasonRefused, texts: []string{"but Kerberos"}}},
		"nothing":                {offer(), failure{reason: vbopowershell.ReasonRefused, texts: []string{"no way to log in"}}},
		"a refused negotiation":  {offer(`Basic realm="WSMAN"`, "Negotiate"), failure{reason: vbopowershell.ReasonRefused, texts: []string{"offers Basic, Negotiate"}}},
		"a challenge of nothing": {offer("Negotiate !"), failure{reason: vbopowershell.ReasonProtocol, texts: []string{"challenge cannot be answered"}}},
		"a challenge of rubbish": {offer("Negotiate QUJD"), failure{reason: vbopowershell.ReasonProtocol, texts: []string{"challenge cannot be answered"}}},
	} {
		cfg := c.stub.start(t)
		cfg.Authentication = vbopowershell.NTLM
		_, err := newWinRM(t, cfg).Run(t.Context(), commandLine, nil)
		checkFailure(t, name, err, c.want)
		for _, login := range c.stub.logins {
			if strings.HasPrefix(login, "Basic") {
				t.Errorf("%s: the password was handed over", name)
			}
		}
	}
}

func TestWinRMConfigurationsThatCannotWork(t *testing.T) {
	t.Parallel()
	good := (&winRMStub{}).start(t)
	for want, change := range map[string]func(*vbopowershell.WinRMConfig){
		"host is a name":        func(c *vbopowershell.WinRMConfig) { c.Host = "vb365/wsman" },
		"port is 70000":         func(c *vbopowershell.WinRMConfig) { c.Port = 70000 },
		"username has a colon":  func(c *vbopowershell.WinRMConfig) { c.Username = "a:b" },
		"time-out is negative":  func(c *vbopowershell.WinRMConfig) { c.OperationTimeout = -1 },
		"which is neither":      func(c *vbopowershell.WinRMConfig) { c.Authentication = "Kerberos" },
		"64 hexadecimal digits": func(c *vbopowershell.WinRMConfig) { c.CertificateSHA256 = "AB:CD" },
		"no PEM certificate": func(c *vbopowershell.WinRMConfig) {
			c.CACertificatePEM = string(pem.EncodeToMemory(&pem.Block{Type: "X"}))
		},
		"username and password": func(c *vbopowershell.WinRMConfig) { c.Password = "" },
	} {
		cfg := good
		change(&cfg)
		_, err := vbopowershell.NewWinRM(cfg)
		if !errors.Is(err, vbopowershell.ErrConfig) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestNothingRunsOnAfterAFailure(t *testing.T) { //nolint:paralleltest // it counts goroutines
	plain, _ := newKeyPEM(t, "")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	overSSH := []vbopowershell.SSHConfig{
		sshStub{}.start(t),
		sshStub{session: onExec(func(conn net.Conn, _ ssh.Channel, _ string) { _ = conn.Close() })}.start(t),
		sshStub{login: func(c *ssh.ServerConfig, _ net.Conn) {
			c.PasswordCallback = nil
			c.NoClientAuth = false
			c.PublicKeyCallback = refuseKeys
		}}.start(t),
	}
	overSSH[2].PrivateKey, overSSH[2].AgentSocket = plain, serveAgent(t, ed25519Key(t))
	var transports []vbopowershell.Transport
	for _, cfg := range overSSH {
		transports = append(transports, newSSH(t, cfg))
	}
	for _, action := range []string{"Create", "Command", "Send", "Receive"} {
		transports = append(transports, newWinRM(t, (&winRMStub{answers: map[string]http.HandlerFunc{action: cut}}).start(t)))
	}
	before := runtime.NumGoroutine()
	for range 5 {
		for _, transport := range transports {
			for _, ctx := range []context.Context{t.Context(), cancelled} {
				if _, err := transport.Run(ctx, commandLine, []byte("x")); err == nil {
					t.Errorf("%s did not fail", transport)
				}
			}
		}
	}
	for range 500 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d afterwards", before, runtime.NumGoroutine())
}

func refuseKeys(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, errDenied }

// The pin's own text forms are those that trust reads.
func TestAPinMayHaveColons(t *testing.T) {
	t.Parallel()
	cfg := (&winRMStub{}).start(t)
	pin, err := trust.ParsePin(cfg.CertificateSHA256)
	if err != nil {
		t.Fatal(err)
	}
	cfg.CertificateSHA256 = strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% X", pin), " ", ":"), ":")
	if _, err := newWinRM(t, cfg).Run(t.Context(), commandLine, nil); err != nil {
		t.Error(err)
	}
}
