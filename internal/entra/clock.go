package entra

import (
	"context"
	"time"
)

// Clock tells and passes time. Programs use the system's; tests need not wait.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or with the context's error when that ends earlier.
	Sleep(ctx context.Context, d time.Duration) error
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
