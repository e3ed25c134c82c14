package simulator

import "github.com/vb365/terraform-provider-vb365/internal/simulator/wire"

// ErrFault is wrapped by every error about a [Fault] that cannot be injected.
var ErrFault = wire.ErrFault

// Fault is a failure that requests meet; its path is the one behind the version
// prefix.
type Fault = wire.Fault

// InjectedFault is the handle of a fault.
type InjectedFault = wire.InjectedFault

// Cut says where a connection is cut.
type Cut = wire.Cut

// The places to cut a connection at.
const (
	// CutNone leaves the connection alone.
	CutNone = wire.CutNone
	// CutBefore closes the connection before the request is carried out.
	CutBefore = wire.CutBefore
	// CutAfter carries the request out and closes the connection without an
	// answer.
	CutAfter = wire.CutAfter
	// CutMidBody carries the request out and closes the connection in the middle
	// of the answer.
	CutMidBody = wire.CutMidBody
)
