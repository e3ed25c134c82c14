// Package wire is what the faces of the simulator have in common: certificates,
// servers, knobs, the log of requests, and the faults that they meet.
package wire
