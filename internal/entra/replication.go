package entra

import (
	"context"
	"errors"
	"time"
)

// ReplicationWindow is how long after a write answers may still show what was
// before it. Entra promises no bound; half a minute is usual at the worst.
const ReplicationWindow = 2 * time.Minute

// patience says how long, and on which answers, a call is repeated because the
// replica that answered may not have heard of an earlier write.
type patience struct {
	budget time.Duration
	// lagging tells whether an answer may be a lagging replica's.
	lagging func(*ResponseError) bool
}

// What calls depend on an earlier write, and for how long they wait for it.
//
//	call                              | answer of a lagging replica           | budget
//	create a service principal        | no such application                   | 2 min
//	change, restore a principal       | 404                                   | 1 min
//	create a grant                    | 404, or 400 naming a missing object   | 5 min
//	change a grant                    | 404                                   | 1 min
//	change an application             | 404, 409, or a scope not yet disabled | 3 min
//	add an owner                      | 404, or 400 naming a missing object   | 1 min
//
// A deletion answered with 404 is done, and a 409 to a creation is no error but
// tells that the object is there: both are left to the caller, who knows.
const (
	waitForApplication = 2 * time.Minute
	waitForObject      = time.Minute
	waitForPrincipals  = 5 * time.Minute
	waitForChange      = 3 * time.Minute
)

const (
	firstWait = 2 * time.Second
	mostWait  = 15 * time.Second
)

// patiently repeats do while its answers are those of a lagging replica and
// there is time left.
func (t *Tenant) patiently(ctx context.Context, p patience, do func(context.Context) error) error {
	clock := t.client.clock
	end := clock.Now().Add(p.budget)
	for wait := firstWait; ; wait = min(wait*3/2, mostWait) {
		err := do(ctx)
		var resp *ResponseError
		if err == nil || !errors.As(err, &resp) || !p.lagging(resp) || clock.Now().Add(wait).After(end) {
			return err
		}
		if clock.Sleep(ctx, wait) != nil {
			return err // what lacks says more than that time ran out
		}
	}
}

func notKnown(e *ResponseError) bool { return errors.Is(e, ErrNotFound) }

func referenceNotKnown(e *ResponseError) bool { return e.missingReference() }

// How often, and how far apart, something must be seen before it is believed.
const (
	looksToBelieve = 3
	betweenLooks   = 5 * time.Second
)

// Settle calls look until it reports that it saw what was expected, or until the
// unexpected can be believed: seen three times over ten seconds and, where the
// last own write was at written, after [ReplicationWindow]. look is told how
// often it was called before.
func (c *Client) Settle(
	ctx context.Context, written time.Time, look func(ctx context.Context, earlier int) (expected bool, err error),
) error {
	end := c.clock.Now()
	if settled := written.Add(ReplicationWindow); settled.After(end) {
		end = settled
	}
	for earlier := 0; ; earlier++ {
		expected, err := look(ctx, earlier)
		if err != nil || expected {
			return err
		}
		if earlier+1 >= looksToBelieve && !c.clock.Now().Before(end) {
			return nil
		}
		if err := c.clock.Sleep(ctx, betweenLooks); err != nil {
			return err
		}
	}
}
