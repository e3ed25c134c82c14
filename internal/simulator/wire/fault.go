package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrFault is wrapped by every error about a [Fault] that cannot be injected.
var ErrFault = errors.New("fault")

// Cut says where a connection is cut.
type Cut string

// The places to cut a connection at.
const (
	// CutNone leaves the connection alone.
	CutNone Cut = ""
	// CutBefore closes the connection before the request is carried out.
	CutBefore Cut = "before"
	// CutAfter carries the request out and closes the connection without an
	// answer.
	CutAfter Cut = "after"
	// CutMidBody carries the request out and closes the connection in the middle
	// of the answer.
	CutMidBody Cut = "mid-body"
)

// Fault is a failure that requests meet. Which requests do, is said by Method,
// Path, After and Times; what happens to them by Delay, Status and Cut.
type Fault struct {
	// Method is the requests' method; any if empty.
	Method string `json:"method,omitempty"`
	// Path is a regular expression for the path without its version prefix; case
	// is ignored. Empty matches every path.
	Path string `json:"path,omitempty"`
	// After is how many matching requests pass unharmed first.
	After int `json:"after,omitempty"`
	// Times is how many requests the fault hits; 0 is all of them.
	Times int `json:"times,omitempty"`

	// Delay holds the request back first.
	Delay time.Duration `json:"-"`
	// Status is answered in place of carrying the request out, with Header and
	// Body. 0 carries the request out.
	Status int               `json:"status,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
	// CarryOut carries the request out although Status is answered.
	CarryOut bool `json:"carryOut,omitempty"`
	// Cut closes the connection: in HTTP/2, where requests share a connection,
	// the request's stream.
	Cut Cut `json:"cut,omitempty"`
	// WholeConnection cuts the connection itself also in HTTP/2, with whatever
	// else is on it.
	WholeConnection bool `json:"wholeConnection,omitempty"`
}

// Validate reports a fault that cannot be injected.
func (f Fault) Validate() error {
	if _, err := regexp.Compile(f.Path); err != nil {
		return fmt.Errorf("%w: path: %w", ErrFault, err)
	}

	if !slices.Contains([]Cut{CutNone, CutBefore, CutAfter, CutMidBody}, f.Cut) {
		return fmt.Errorf("%w: cut is %q, which is none of before, after, mid-body", ErrFault, f.Cut)
	}

	if f.After < 0 || f.Times < 0 || f.Delay < 0 || f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("%w: after, times and delay must not be negative, and status is 200 to 599", ErrFault)
	}

	return nil
}

// InjectedFault is the handle of a fault.
type InjectedFault struct {
	id      int
	fault   Fault
	path    *regexp.Regexp
	faults  *Faults
	matched int
	hits    int
}

// ID identifies the fault among those of its server.
func (i *InjectedFault) ID() int {
	return i.id
}

// Fault is what was injected.
func (i *InjectedFault) Fault() Fault {
	return i.fault
}

// Hits is how many requests the fault has hit.
func (i *InjectedFault) Hits() int {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()

	return i.hits
}

// Remove takes the fault away. Removing it twice does nothing.
func (i *InjectedFault) Remove() {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()

	i.faults.active = slices.DeleteFunc(i.faults.active, func(other *InjectedFault) bool { return other == i })
}

// Faults are the faults that are in effect. The zero value has none.
type Faults struct {
	mu     sync.Mutex
	last   int
	active []*InjectedFault
}

// Inject lets requests meet a fault. If several faults match a request, the one
// that was injected first hits it. Inject panics if the fault is not valid.
func (f *Faults) Inject(fault Fault) *InjectedFault {
	if err := fault.Validate(); err != nil {
		panic(err)
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	f.last++
	injected := &InjectedFault{id: f.last, fault: fault, path: regexp.MustCompile("(?i)" + fault.Path), faults: f}
	f.active = append(f.active, injected)

	return injected
}

// All lists the faults that were injected and not removed.
func (f *Faults) All() []*InjectedFault {
	f.mu.Lock()
	defer f.mu.Unlock()

	return slices.Clone(f.active)
}

// Clear removes every fault.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.active = nil
}

// Strike returns the first fault that hits the request.
func (f *Faults) Strike(method, path string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()

	for _, candidate := range f.active {
		if candidate.fault.Method != "" && !strings.EqualFold(candidate.fault.Method, method) ||
			!candidate.path.MatchString(path) {
			continue
		}

		candidate.matched++

		due := candidate.matched > candidate.fault.After
		spent := candidate.fault.Times > 0 && candidate.hits >= candidate.fault.Times

		if due && !spent {
			candidate.hits++

			return candidate.fault, true
		}
	}

	return Fault{}, false
}

// cut closes the connection or the stream of the request. It does not return.
func (f Fault) cut(r *http.Request) {
	if connection, known := r.Context().Value(connectionKey{}).(net.Conn); known && f.WholeConnection {
		// What is closed already needs no closing.
		_ = connection.Close()
	}

	panic(http.ErrAbortHandler)
}

// connectionKey finds the connection of a request in its context.
type connectionKey struct{}

// WithConnection remembers the connection for its requests. It is meant for
// [http.Server.ConnContext].
func WithConnection(ctx context.Context, connection net.Conn) context.Context {
	// Closing the encrypted connection would say good-bye to the client.
	if encrypted, isTLS := connection.(*tls.Conn); isTLS {
		connection = encrypted.NetConn()
	}

	return context.WithValue(ctx, connectionKey{}, connection)
}

// Apply does to the request what the fault says; next is what would have served
// it. It panics to cut the connection.
func (f Fault) Apply(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if !Pause(r.Context(), f.Delay) {
		return
	}

	if f.Cut == CutBefore {
		f.cut(r)
	}

	if f.Cut == CutNone && f.Status == 0 {
		next.ServeHTTP(w, r)

		return
	}

	answer := newRecordedAnswer()

	if f.Status == 0 || f.CarryOut {
		next.ServeHTTP(answer, r)
	}

	if f.Status != 0 {
		answer = newRecordedAnswer()
		f.fill(answer)
	}

	switch f.Cut {
	case CutAfter:
		f.cut(r)
	case CutMidBody:
		answer.sendHalf(w)
		f.cut(r)
	case CutNone, CutBefore:
	}

	answer.send(w)
}

// fill writes the fault's own answer.
func (f Fault) fill(answer *recordedAnswer) {
	if strings.HasPrefix(f.Body, "{") {
		answer.header.Set("Content-Type", "application/json; charset=utf-8")
	} else if f.Body != "" {
		answer.header.Set("Content-Type", "text/html; charset=utf-8")
	}

	for name, value := range f.Header {
		answer.header.Set(name, value)
	}

	answer.status = f.Status
	answer.body.WriteString(f.Body)
}
