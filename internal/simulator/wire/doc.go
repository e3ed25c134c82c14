// Package wire is what the faces of the simulator have in common: certificates,
// and the faults that requests meet.
package wire
