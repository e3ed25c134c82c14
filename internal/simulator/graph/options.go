package graph

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// ErrOptions is wrapped by every error about an [Options] value that the
// simulator does not understand.
var ErrOptions = errors.New("entra simulator options")

// Options are the knobs of the simulated Entra. The zero value is healthy, quick
// and shows every write at once.
type Options struct {
	// Listen is the TCP address of the service; "127.0.0.1:0" when empty. It is
	// read by [Start] only.
	Listen string `json:"-"`
	// Clock is the server's clock, for lag, tokens, secrets and dates;
	// [time.Now] when nil.
	Clock func() time.Time `json:"-"`
	// Middleware wraps the service inside the request log and the injected
	// faults. It is read by [Start] only.
	Middleware func(http.Handler) http.Handler `json:"-"`

	// ClientID and ClientSecret are the application that logs in from the start;
	// [DefaultClientID] and [DefaultClientSecret] when empty. They are read by
	// [Start] only; see [Server.SetClient].
	ClientID     string `json:"-"`
	ClientSecret string `json:"-"`

	// TokenLifetime is how long a token lives; one hour when zero.
	TokenLifetime time.Duration `json:"-"`
	// Latency delays every answer.
	Latency time.Duration `json:"-"`

	// LagCreate is how far reads are behind the creation or restoration of
	// service principals and applications, LagGrant behind that of grants,
	// LagPatch behind changes, and LagDelete behind deletions.
	LagCreate Lag `json:"lagCreate"`
	LagGrant  Lag `json:"lagGrant"`
	LagPatch  Lag `json:"lagPatch"`
	LagDelete Lag `json:"lagDelete"`
	// Flap lets every second request of a tenant be answered by a replica that is
	// not behind.
	Flap bool `json:"flap"`
	// MissingReference is the answer to a grant between service principals that
	// the replica does not know.
	MissingReference MissingReference `json:"missingReference"`
	// UnknownClient is the answer to a list of the grants of an unknown service
	// principal.
	UnknownClient UnknownClient `json:"unknownClient"`
	// RaceCreates is how many creations of service principals and of grants meet
	// somebody who was faster. The grants of that somebody hold RaceScope, or what
	// was asked for when it is empty.
	RaceCreates int    `json:"raceCreates"`
	RaceScope   string `json:"raceScope"`

	// ThrottleEvery answers every nth request to Graph with 429; none when zero.
	ThrottleEvery int `json:"throttleEvery"`
	// RetryAfter is how long such a client is told to wait, in full seconds.
	RetryAfter time.Duration `json:"-"`
	// RetryAfterStyle says how it is told.
	RetryAfterStyle RetryAfterStyle `json:"retryAfterStyle"`

	// LeadingSpace, ShuffleScopes and DuplicateScopes say how the scopes of
	// grants are shown; ExtraScopes are added to those of new tenant-wide grants
	// for Microsoft Graph.
	LeadingSpace    bool     `json:"leadingSpace"`
	ShuffleScopes   bool     `json:"shuffleScopes"`
	DuplicateScopes bool     `json:"duplicateScopes"`
	ExtraScopes     []string `json:"extraScopes"`
	// UnknownScopes says what happens to scopes that the resource does not offer.
	UnknownScopes UnknownScopes `json:"unknownScopes"`
	// EmptyScope says what happens to a grant whose scope is set to nothing.
	EmptyScope EmptyScope `json:"emptyScope"`

	// EmptyPageWithNextLink begins every list with an empty page.
	EmptyPageWithNextLink bool `json:"emptyPageWithNextLink"`
	// PageDefault and PageMax are the size of a page where the client asks for
	// none, and the largest one; 100 and 999 when zero.
	PageDefault int `json:"pageDefault"`
	PageMax     int `json:"pageMax"`

	// CreateWhileDeleted says what the creation of a service principal does while
	// one of the same application can still be restored.
	CreateWhileDeleted CreateWhileDeleted `json:"createWhileDeleted"`
	// GrantsAfterRestore says what became of the grants of a service principal
	// that was deleted and restored.
	GrantsAfterRestore GrantsAfterRestore `json:"grantsAfterRestore"`
	// RestoreForbidden refuses to restore service principals: the caller has no
	// directory role.
	RestoreForbidden bool `json:"restoreForbidden"`
	// OpenIdentifierURIs accepts identifier URIs of any form.
	OpenIdentifierURIs bool `json:"openIdentifierUris"`

	// UnknownProperties are properties that this cloud does not know yet.
	UnknownProperties []string `json:"unknownProperties"`
	// ErrorStyle says how the error object is written.
	ErrorStyle ErrorStyle `json:"errorStyle"`
	// LengthRequired refuses bodies without Content-Length (411).
	LengthRequired bool `json:"lengthRequired"`
}

// Lag is how far reads are behind writes: until Reads requests have missed what
// was written, and at least for Duration.
type Lag struct {
	Reads    int
	Duration time.Duration
}

// WithLag returns the knobs with reads behind all kinds of writes.
func (o Options) WithLag(lag Lag) Options {
	o.LagCreate, o.LagGrant, o.LagPatch, o.LagDelete = lag, lag, lag, lag

	return o
}

// MissingReference is the answer to a grant whose service principals the
// replica does not know.
type MissingReference string

// The answers to a grant between unknown service principals.
const (
	// MissingReferenceAlternates answers 404 and 400 by turns.
	MissingReferenceAlternates MissingReference = ""
	MissingReferenceNotFound   MissingReference = "404"
	MissingReferenceBadRequest MissingReference = "400"
)

// UnknownClient is the answer to a list of the grants of an unknown client.
type UnknownClient string

// The answers to a list of the grants of an unknown client.
const (
	UnknownClientNotFound UnknownClient = ""
	UnknownClientEmpty    UnknownClient = "empty"
)

// RetryAfterStyle says how a throttled client is told when to come back.
type RetryAfterStyle string

// How a throttled client is told when to come back.
const (
	RetryAfterSeconds RetryAfterStyle = ""
	RetryAfterDate    RetryAfterStyle = "http-date"
	RetryAfterNone    RetryAfterStyle = "none"
)

// UnknownScopes says what happens to scopes that the resource does not offer.
type UnknownScopes string

// What happens to scopes that the resource does not offer.
const (
	UnknownScopesAccept UnknownScopes = ""
	UnknownScopesReject UnknownScopes = "400"
)

// EmptyScope says what happens to a grant whose scope is set to nothing.
type EmptyScope string

// What happens to a grant whose scope is set to nothing.
const (
	EmptyScopeReject EmptyScope = ""
	EmptyScopeKeep   EmptyScope = "keep"
	EmptyScopeDelete EmptyScope = "delete"
)

// CreateWhileDeleted says what a creation does while a deleted service principal
// of the same application can still be restored.
type CreateWhileDeleted string

// What a creation does beside a deleted service principal.
const (
	// CreateWhileDeletedNew makes another one, with another id.
	CreateWhileDeletedNew      CreateWhileDeleted = ""
	CreateWhileDeletedConflict CreateWhileDeleted = "409"
)

// GrantsAfterRestore says what became of the grants of a restored service
// principal.
type GrantsAfterRestore string

// What became of the grants of a restored service principal.
const (
	GrantsAfterRestoreReturn GrantsAfterRestore = ""
	GrantsAfterRestoreGone   GrantsAfterRestore = "gone"
)

// ErrorStyle says how the error object is written.
type ErrorStyle string

// How the error object is written.
const (
	ErrorStyleDirectory ErrorStyle = ""
	// ErrorStyleDocumented has "innererror" and one object under "details".
	ErrorStyleDocumented ErrorStyle = "documented"
	// ErrorStyleLegacy has the message as an object of language and value.
	ErrorStyleLegacy ErrorStyle = "legacy"
)

// DefaultClientID and DefaultClientSecret are the application that logs in to an
// Entra whose [Options] name none.
const (
	DefaultClientID     = "a0000001-0002-4000-8000-000000000001"
	DefaultClientSecret = "simulator"
)

const (
	defaultTokenLifetime = time.Hour
	defaultPageSize      = 100
	defaultPageMax       = 999
)

// settled returns a copy that is complete, if all knobs are in positions that
// they have. An error wraps [ErrOptions].
func (o Options) settled() (Options, error) {
	o.ExtraScopes = slices.Clone(o.ExtraScopes)
	o.UnknownProperties = slices.Clone(o.UnknownProperties)

	o = o.withDefaults()

	return o, o.validate()
}

// withDefaults returns a copy in which every unset knob has its default.
func (o Options) withDefaults() Options {
	setDefault(&o.Listen, "127.0.0.1:0")
	setDefault(&o.ClientID, DefaultClientID)
	setDefault(&o.ClientSecret, DefaultClientSecret)
	setDefault(&o.TokenLifetime, defaultTokenLifetime)
	setDefault(&o.PageDefault, defaultPageSize)
	setDefault(&o.PageMax, defaultPageMax)

	if o.Clock == nil {
		o.Clock = time.Now
	}

	return o
}

func setDefault[T comparable](knob *T, value T) {
	var unset T
	if *knob == unset {
		*knob = value
	}
}

// validate reports a knob in a position that it does not have.
func (o Options) validate() error {
	for _, lag := range []Lag{o.LagCreate, o.LagGrant, o.LagPatch, o.LagDelete} {
		if lag.Reads < 0 || lag.Duration < 0 {
			return fmt.Errorf("%w: a lag must not be negative", ErrOptions)
		}
	}

	if min(o.PageDefault, o.PageMax, o.ThrottleEvery, o.RaceCreates) < 0 || min(o.TokenLifetime, o.Latency, o.RetryAfter) < 0 {
		return fmt.Errorf("%w: sizes and durations must not be negative", ErrOptions)
	}

	return errors.Join(
		position("missingReference", o.MissingReference,
			MissingReferenceAlternates, MissingReferenceNotFound, MissingReferenceBadRequest),
		position("unknownClient", o.UnknownClient, UnknownClientNotFound, UnknownClientEmpty),
		position("retryAfterStyle", o.RetryAfterStyle, RetryAfterSeconds, RetryAfterDate, RetryAfterNone),
		position("unknownScopes", o.UnknownScopes, UnknownScopesAccept, UnknownScopesReject),
		position("emptyScope", o.EmptyScope, EmptyScopeReject, EmptyScopeKeep, EmptyScopeDelete),
		position("createWhileDeleted", o.CreateWhileDeleted, CreateWhileDeletedNew, CreateWhileDeletedConflict),
		position("grantsAfterRestore", o.GrantsAfterRestore, GrantsAfterRestoreReturn, GrantsAfterRestoreGone),
		position("errorStyle", o.ErrorStyle, ErrorStyleDirectory, ErrorStyleDocumented, ErrorStyleLegacy),
	)
}

func position[T ~string](knob string, value T, positions ...T) error {
	if slices.Contains(positions, value) {
		return nil
	}

	return fmt.Errorf("%w: %s is %q, which is none of %q", ErrOptions, knob, value, positions)
}
