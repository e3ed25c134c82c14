package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// maxPageRepeats is how often a client may ask for the same page of a set: the
// request may have to be repeated after a fault, but not for ever.
const maxPageRepeats = 10

// invariants collects what a well-behaved client never does, whether or not the
// server puts up with it.
type invariants struct {
	mu     sync.Mutex
	broken []string
	pages  map[pageAsked]int
}

type pageAsked struct {
	window

	set string
}

func newInvariants() *invariants {
	return &invariants{pages: make(map[pageAsked]int)}
}

func (i *invariants) reportf(x *exchange, format string, arguments ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()

	operation := x.request.Method + " " + x.request.URL.Path
	i.broken = append(i.broken, operation+": "+fmt.Sprintf(format, arguments...))
}

func (i *invariants) all() []string {
	i.mu.Lock()
	defer i.mu.Unlock()

	return slices.Clone(i.broken)
}

func (i *invariants) reset() {
	i.mu.Lock()
	defer i.mu.Unlock()

	i.broken = nil
	clear(i.pages)
}

// unknownRoute reports a path that the version does not have, such as one with
// an id that was not escaped.
func (i *invariants) unknownRoute(x *exchange) {
	if !x.knobs.OperatorOnly {
		i.reportf(x, "%s has no such resource", x.version)
	}
}

// checkRequest reports parameters that the operation does not have.
func (i *invariants) checkRequest(x *exchange) {
	for name := range x.query {
		if !x.route.knows(name, x.version) {
			i.reportf(x, "%s of %s has no query parameter %s", x.route.template(), x.version, name)
		}
	}

	if x.version == v6 && x.route.knows("extendedview", v6) && !x.query.Has("extendedview") {
		i.reportf(x, "v6 wants extendedView to be given")
	}
}

// checkToken reports a token call that leaves the antiforgery token on, or that
// carries an access token.
func (i *invariants) checkToken(x *exchange, call tokenCall) {
	if x.version >= v7 && !call.antiforgeryDisabled() {
		i.reportf(x, "the token call lacks disable_antiforgery_token=true")
	}

	if x.request.Header.Get("Authorization") != "" {
		i.reportf(x, "the token call carries an access token")
	}
}

// checkRole reports a role that was not sent whole.
func (i *invariants) checkRole(x *exchange, body jsonObject) {
	for _, name := range []string{"organizationId", "name", "description", "roleType"} {
		if !body.has(name) {
			i.reportf(x, "the body lacks %s", name)
		}
	}

	for _, l := range roleLists() {
		if !body.has(l.name) {
			i.reportf(x, "the body lacks %s, or has null for it", l.name)
		}
	}

	if _, present := body["_links"]; present {
		i.reportf(x, "the body has _links, which are the server's")
	}

	if x.request.Method == http.MethodPost && body.has("id") {
		i.reportf(x, "the body has an id, which is the server's to give")
	}
}

// checkEntry reports an entry with members that are not the client's to send.
func (i *invariants) checkEntry(x *exchange, body, object jsonObject) {
	if _, present := body["_links"]; present {
		i.reportf(x, "an entry has _links, which are the server's")
	}

	if _, present := object["onPremisesSid"]; present && x.version < v7 {
		i.reportf(x, "an entry has onPremisesSid, which %s does not know", x.version)
	}
}

// checkPage reports loops over pages that lose their set or do not end.
func (i *invariants) checkPage(x *exchange, setID string, asked window, total int) {
	given := x.param("setId")

	if setID != "" && given == "" && asked.offset > 0 {
		i.reportf(x, "offset %d was asked for without the setId of the first page", asked.offset)
	}

	if asked.offset > 0 && asked.offset >= total {
		i.reportf(x, "offset %d is behind the last of %d items, and the page before it had no next link",
			asked.offset, total)
	}

	if given == "" {
		return
	}

	i.mu.Lock()
	key := pageAsked{set: strings.ToLower(given), window: asked}
	i.pages[key]++
	repeats := i.pages[key]
	i.mu.Unlock()

	if repeats == maxPageRepeats+1 {
		i.reportf(x, "offset %d of one set was asked for more than %d times", asked.offset, maxPageRepeats)
	}
}
