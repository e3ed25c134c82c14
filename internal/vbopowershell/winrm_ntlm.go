package vbopowershell

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/go-ntlmssp"
)

// ntlmLogin logs connections in with NTLM. The messages are the ntlmssp library's;
// its own round tripper needs a second connection where a refusal has a body, and
// hides why a login failed. It never falls back to another way to log in.
type ntlmLogin struct {
	next               http.RoundTripper
	username, password string
}

// RoundTrip implements [http.RoundTripper].
func (l *ntlmLogin) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(req) // which is enough on a connection that is logged in
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	scheme := ntlmScheme(resp.Header)
	if scheme == "" {
		return resp, nil
	}
	negotiate, err := ntlmssp.NewNegotiateMessage("", "")
	if err != nil {
		drain(resp)
		return nil, err
	}
	if resp, err = l.say(req, resp, scheme, negotiate); err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	challenge := ntlmToken(resp.Header, scheme)
	if challenge == "" {
		return resp, nil
	}
	message, err := base64.StdEncoding.DecodeString(challenge)
	if err == nil {
		message, err = ntlmssp.NewAuthenticateMessage(message, l.username, l.password, nil)
	}
	if err != nil {
		drain(resp)
		return nil, &answerError{final: true, text: "its NTLM challenge cannot be answered: " + err.Error()}
	}
	return l.say(req, resp, scheme, message)
}

// say sends the request again with a message of NTLM, on the connection of the
// answer before.
func (l *ntlmLogin) say(req *http.Request, before *http.Response, scheme string, message []byte) (*http.Response, error) {
	drain(before)
	again := req.Clone(req.Context())
	again.Header.Set("Authorization", scheme+" "+base64.StdEncoding.EncodeToString(message))
	var err error
	if again.Body, err = req.GetBody(); err != nil {
		return nil, err
	}
	return l.next.RoundTrip(again)
}

// drain frees the connection of an answer for the next request.
func drain(resp *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, envelopeSize))
	_ = resp.Body.Close()
}

// ntlmScheme is the name under which a server offers NTLM; empty if it does not.
func ntlmScheme(header http.Header) string {
	for _, scheme := range []string{"Negotiate", "NTLM"} {
		for _, value := range header.Values("WWW-Authenticate") {
			name, _, _ := strings.Cut(value, " ")
			if strings.EqualFold(name, scheme) {
				return scheme
			}
		}
	}
	return ""
}

// ntlmToken is the server's message to a client that uses a scheme; empty if there is none.
func ntlmToken(header http.Header, scheme string) string {
	for _, value := range header.Values("WWW-Authenticate") {
		if name, token, _ := strings.Cut(value, " "); strings.EqualFold(name, scheme) {
			return strings.TrimSpace(token)
		}
	}
	return ""
}
