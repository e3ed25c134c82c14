package graph

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// violations collects what a well-behaved client never does, whether or not the
// server puts up with it.
type violations struct {
	mu     sync.Mutex
	broken []string
	// bans are until when a request was told to wait, by its tenant, method and
	// address.
	bans map[string]time.Time
}

func newViolations() *violations {
	return &violations{bans: make(map[string]time.Time)}
}

func (v *violations) reportf(r *http.Request, format string, arguments ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()

	v.broken = append(v.broken, r.Method+" "+r.URL.Path+": "+fmt.Sprintf(format, arguments...))
}

func (v *violations) all() []string {
	v.mu.Lock()
	defer v.mu.Unlock()

	return slices.Clone(v.broken)
}

func (v *violations) reset() {
	v.mu.Lock()
	defer v.mu.Unlock()

	v.broken = nil
	clear(v.bans)
}

// ban notes that a request was told when to come back.
func (v *violations) ban(request string, until time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()

	v.bans[request] = until
}

// early tells how much too early a request is that was told when to come back.
func (v *violations) early(request string, now time.Time) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()

	until, banned := v.bans[request]
	delete(v.bans, request)

	if !banned {
		return 0
	}

	return max(until.Sub(now), 0)
}

// checkLogin reports secrets where logs find them.
func (v *violations) checkLogin(r *http.Request) {
	for name := range r.URL.Query() {
		if strings.HasPrefix(strings.ToLower(name), "client_") {
			v.reportf(r, "%s is in the address", name)
		}
	}

	if r.Header.Get("Authorization") != "" {
		v.reportf(r, "a login carries a token")
	}
}

// checkPrincipal reports writes to Microsoft Graph's own service principal, on
// which every other application depends.
func (v *violations) checkPrincipal(r *http.Request, appID string) {
	if strings.EqualFold(appID, MicrosoftGraphAppID) {
		v.reportf(r, "Microsoft Graph's own service principal is not to be written to")
	}
}

// checkGrant reports writes to the consent of single users, which is theirs.
func (v *violations) checkGrant(r *http.Request, consentType string) {
	if strings.EqualFold(consentType, Principal) {
		v.reportf(r, "the consent of a single user is not to be written to")
	}
}
