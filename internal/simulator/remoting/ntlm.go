package remoting

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // NTLM is made of it
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:gosec,staticcheck // NTLM is made of it
)

// ntlmState is where a connection stands: challenged, or logged in.
type ntlmState struct {
	challenge []byte
	username  string
}

func (w *WinRM) forget(remote string) {
	w.shellsMu.Lock()
	defer w.shellsMu.Unlock()
	delete(w.tickets, remote)
}

// authenticate returns who sends a request. NTLM logs in a connection, basic
// authentication a request.
func (w *WinRM) authenticate(rw http.ResponseWriter, r *http.Request) (username string, ok bool) {
	o := w.Options()
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if name, password, basic := r.BasicAuth(); basic && o.offers(basicName) {
		if w.login(name, password) {
			return name, true
		}
		w.unauthorized(rw, o)
		return "", false
	}
	w.shellsMu.Lock()
	state := w.tickets[r.RemoteAddr]
	w.shellsMu.Unlock()
	if state != nil && state.username != "" && token == "" {
		return state.username, true
	}
	message, err := base64.StdEncoding.DecodeString(token)
	if scheme != negotiateName || err != nil || !o.offers(negotiateName) {
		w.unauthorized(rw, o)
		return "", false
	}
	return w.negotiate(rw, r, o, state, message)
}

func (w *WinRM) negotiate(rw http.ResponseWriter, r *http.Request, o Options, state *ntlmState, message []byte) (string, bool) {
	switch kind, _ := ntlmKind(message); kind {
	case ntlmNegotiate:
		challenge := make([]byte, 8)
		_, _ = rand.Read(challenge) // never fails
		w.shellsMu.Lock()
		w.tickets[r.RemoteAddr] = &ntlmState{challenge: challenge}
		w.shellsMu.Unlock()
		rw.Header().Set("WWW-Authenticate", negotiateName+" "+base64.StdEncoding.EncodeToString(challengeMessage(challenge)))
		rw.WriteHeader(http.StatusUnauthorized)
		return "", false
	case ntlmAuthenticate:
		username, valid := "", false
		if state != nil {
			username, valid = verifyNTLM(message, state.challenge, o.Password)
		}
		if w.count(valid && o.is(username)) {
			w.shellsMu.Lock()
			w.tickets[r.RemoteAddr] = &ntlmState{username: username}
			w.shellsMu.Unlock()
			return username, true
		}
	}
	w.unauthorized(rw, o)
	return "", false
}

func (w *WinRM) unauthorized(rw http.ResponseWriter, o Options) {
	if o.offers(negotiateName) {
		rw.Header().Add("WWW-Authenticate", negotiateName)
	}
	if o.offers(basicName) {
		rw.Header().Add("WWW-Authenticate", basicName+` realm="WSMAN"`)
	}
	rw.WriteHeader(http.StatusUnauthorized)
}

const (
	ntlmNegotiate    = 1
	ntlmAuthenticate = 3
	ntlmSignature    = "NTLMSSP\x00"
	// ntlmFlags are: Unicode, NTLM, target information, extended session security, 128 bits.
	ntlmFlags = 0x00000001 | 0x00000200 | 0x00800000 | 0x00080000 | 0x20000000 | 0x00000004
)

var errNTLM = errors.New("no NTLM message")

func ntlmKind(message []byte) (uint32, error) {
	if len(message) < 12 || !bytes.HasPrefix(message, []byte(ntlmSignature)) {
		return 0, errNTLM
	}
	return binary.LittleEndian.Uint32(message[8:]), nil
}

// challengeMessage is NTLM's second message.
func challengeMessage(challenge []byte) []byte {
	target := utf16Bytes("VB365")
	var info []byte
	for id, value := range []string{1: "VB365", 2: "VB365"} { // names of machine and domain
		if id > 0 {
			info = binary.LittleEndian.AppendUint16(info, uint16(id))
			info = binary.LittleEndian.AppendUint16(info, uint16(len(utf16Bytes(value)))) //nolint:gosec // short
			info = append(info, utf16Bytes(value)...)
		}
	}
	info = append(info, 0, 0, 0, 0)
	const fixed = 48
	field := func(message []byte, length, offset int) []byte {
		message = binary.LittleEndian.AppendUint16(message, uint16(length)) //nolint:gosec // short
		message = binary.LittleEndian.AppendUint16(message, uint16(length)) //nolint:gosec // short
		return binary.LittleEndian.AppendUint32(message, uint32(offset))    //nolint:gosec // short
	}
	message := append([]byte(ntlmSignature), 2, 0, 0, 0)
	message = field(message, len(target), fixed)
	message = binary.LittleEndian.AppendUint32(message, ntlmFlags)
	message = append(append(message, challenge...), make([]byte, 8)...)
	message = field(message, len(info), fixed+len(target))
	return slices.Concat(message, target, info)
}

// verifyNTLM checks the third message of NTLM version 2 against a password.
func verifyNTLM(message, challenge []byte, password string) (username string, valid bool) {
	field := func(at int) []byte {
		if len(message) < at+8 {
			return nil
		}
		length := int(binary.LittleEndian.Uint16(message[at:]))
		offset := int(binary.LittleEndian.Uint32(message[at+4:]))
		if offset+length > len(message) {
			return nil
		}
		return message[offset : offset+length]
	}
	response, domain, user := field(20), field(28), field(36)
	username = utf16Text(user)
	const proofSize = 16
	if len(response) <= proofSize {
		return username, false
	}
	hash := md4.New() //nolint:gosec // NTLM is made of it
	_, _ = hash.Write(utf16Bytes(password))
	key := mac(hash.Sum(nil), utf16Bytes(strings.ToUpper(username)), domain)
	return username, hmac.Equal(mac(key, challenge, response[proofSize:]), response[:proofSize])
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, part := range parts {
		_, _ = h.Write(part)
	}
	return h.Sum(nil)
}

func utf16Bytes(s string) []byte {
	var encoded []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		encoded = binary.LittleEndian.AppendUint16(encoded, unit)
	}
	return encoded
}

func utf16Text(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}
