package vbopowershell

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"github.com/vb365/terraform-provider-vb365/internal/trust"
)

// converse begins a conversation; hangUp ends its connection.
func (t *winRMTransport) converse() (c *conversation, hangUp func()) {
	next := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: t.tls.Clone(),
		DialContext: (&net.Dialer{Timeout: connectTimeout}).DialContext, TLSHandshakeTimeout: connectTimeout,
		// NTLM logs a connection in, not a request.
		MaxConnsPerHost: 1,
	}
	client := &http.Client{
		Transport: next, Timeout: t.operationTimeout + answerTime,
		// Whoever is redirected to would get the password.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if t.ntlm {
		client.Transport = &ntlmLogin{next: next, username: t.username, password: t.password}
	}
	timeout := fmt.Sprintf("PT%.3fS", t.operationTimeout.Seconds())
	return &conversation{
		winRMTransport: t, http: client, parameters: winrm.NewParameters(timeout, "en-US", envelopeSize),
	}, next.CloseIdleConnections
}

// post sends a message and returns the answer to it. The error is a [TransportError].
func (c *conversation) post(ctx context.Context, message *soap.SoapMessage) (string, error) {
	defer message.Free()
	return c.postText(ctx, message.String())
}

func (c *conversation) postText(ctx context.Context, message string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(message))
	if err != nil {
		return "", c.fail(ReasonProtocol, err)
	}
	req.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	req.Header.Set("User-Agent", "terraform-provider-vb365")
	if !c.ntlm {
		req.SetBasicAuth(c.username, c.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return "", c.connectionError(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxOutput))
	if err != nil {
		return "", c.connectionError(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return string(body), nil
	}
	return "", c.refusal(resp, body)
}

func (c *conversation) connectionError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return c.fail(ReasonUnreachable, context.Cause(ctx))
	}
	if answer, ok := errors.AsType[*answerError](err); ok {
		return c.fail(ReasonProtocol, answer)
	}
	if verification, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return c.fail(ReasonUntrusted, c.certificateError(verification))
	}
	if isNoTLS(err) {
		return c.fail(ReasonProtocol, err)
	}
	return c.fail(ReasonUnreachable, err)
}

func (c *conversation) certificateError(err *tls.CertificateVerificationError) error {
	shown := trust.Fingerprint(err.UnverifiedCertificates[0])
	if errors.Is(err, trust.ErrPinMismatch) {
		return fmt.Errorf("its certificate has the SHA-256 fingerprint %s, and not %s: %w", shown, c.pin, err.Err)
	}
	return fmt.Errorf("its certificate, with the SHA-256 fingerprint %s, is not trusted: %w", shown, err.Err)
}

// isNoTLS tells that the peer does not speak TLS, or none that is safe.
func isNoTLS(err error) bool {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	// Alerts have no type of their own, and what http says of plain HTTP has none.
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		return true
	}
	return strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// refusal explains an answer other than success.
func (c *conversation) refusal(resp *http.Response, body []byte) error {
	// In front of WinRM may be a proxy, whose 502 does not tell what WinRM did.
	e := &answerError{final: resp.StatusCode < http.StatusInternalServerError}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		e.text = "the login was refused; the server offers " + offered(resp.Header)
		if c.ntlm && ntlmScheme(resp.Header) == "" {
			e.text = "the server does not offer NTLM (Negotiate) to log in, but " + offered(resp.Header)
		}
		return c.fail(ReasonRefused, e)
	case http.StatusForbidden:
		e.text = "it answered 403 Forbidden"
		return c.fail(ReasonForbidden, e)
	}
	if fault, ok := parseFault(body); ok {
		e = fault
	} else {
		e.text = fmt.Sprintf("it answered %s, which is not WinRM's", resp.Status)
	}
	if e.code == codeAccessDenied {
		return c.fail(ReasonForbidden, e)
	}
	return c.fail(ReasonProtocol, e)
}

// offered names the ways to log in that a server offers.
func offered(header http.Header) string {
	var schemes []string
	for _, value := range header.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(value, " ")
		schemes = append(schemes, scheme)
	}
	if len(schemes) == 0 {
		return "no way to log in"
	}
	return strings.Join(schemes, ", ")
}
