package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator/wire"
)

// ErrOptions is wrapped by every error about an [Options] value that the
// simulator does not understand.
var ErrOptions = errors.New("simulator options")

// Options are the knobs of the simulator. The zero value is a healthy server of
// product 8.4 that serves v8, v7 and v6.
//
// Many answers of the real server are documented nowhere. Each of those has a
// knob here, so that a client can be shown to work whichever way the real
// server decides.
type Options struct {
	// Listen is the TCP address of the REST service; "127.0.0.1:0" when empty.
	// It is read by [Start] only.
	Listen string `json:"-"`
	// TLSStyle says what the server's self-signed certificate looks like. It is
	// read by [Start] only.
	TLSStyle TLSStyle `json:"-"`
	// Clock is the server's clock, for token lifetimes and timestamps;
	// [time.Now] when nil.
	Clock func() time.Time `json:"-"`
	// Middleware wraps the REST service, inside the request log and the
	// injected faults: it sees what the server itself accepts and answers. It is
	// read by [Start] only.
	Middleware func(http.Handler) http.Handler `json:"-"`

	// Versions are the path prefixes that are served; v8, v7 and v6 when empty.
	Versions []string `json:"versions"`
	// ProductVersion is the build that ServiceInstance reports.
	ProductVersion string `json:"productVersion"`
	// InstallationID is the id that ServiceInstance reports.
	InstallationID string `json:"installationId"`
	// Unhealthy makes the Health resource (v8) report a failed database.
	Unhealthy bool `json:"unhealthy"`

	// Username and Password are the one account that may log in.
	Username string `json:"username"`
	Password string `json:"-"`
	// TokenLifetime is how long an access token lives; one hour when zero.
	TokenLifetime time.Duration `json:"-"`
	// ExpiresInAsString writes expires_in as a JSON string.
	ExpiresInAsString bool `json:"expiresInAsString"`
	// RequireAntiforgery says whether a token that was asked for without
	// disable_antiforgery_token is refused on every later call (400, empty). The
	// default enforces it for tokens issued by v8; On also for v7. v6 does not
	// know the field.
	RequireAntiforgery Switch `json:"requireAntiforgery"`
	// BadLogin is the shape of the answer to a refused login or refresh.
	BadLogin BadLogin `json:"badLogin"`
	// RefreshRefused refuses every refresh_token grant.
	RefreshRefused bool `json:"refreshRefused"`
	// OperatorOnly is the mode in which the REST service authenticates restore
	// operators and does nothing else.
	OperatorOnly bool `json:"operatorOnly"`
	// HideAuthorityWhileOff leaves the restore portal's authority empty while
	// the portal is off.
	HideAuthorityWhileOff bool `json:"hideAuthorityWhileOff"`
	// HideURIWhileOff leaves the restore portal's address empty while the portal
	// is off.
	HideURIWhileOff bool `json:"hideUriWhileOff"`
	// AuthorityInV6 has v6 show the restore portal's authority: its schema has
	// it, its example has not.
	AuthorityInV6 bool `json:"authorityInV6"`

	// PutOmittedLists says what the update of a role does with lists that the
	// body lacks.
	PutOmittedLists OmittedLists `json:"putOmittedLists"`
	// PutKeepsNull keeps the role's list where the body says null. Otherwise
	// null is treated as omitted.
	PutKeepsNull bool `json:"putKeepsNull"`
	// PutIgnoresLists makes the update of a role change name, description and
	// type only.
	PutIgnoresLists bool `json:"putIgnoresLists"`
	// OuterIDRequired refuses entries in request bodies that carry no id of
	// their own beside the object's.
	OuterIDRequired bool `json:"outerIdRequired"`
	// DuplicateRoleName says what happens to a second role of the same name in
	// an organization.
	DuplicateRoleName DuplicateRoleName `json:"duplicateRoleName"`
	// DuplicateEntry says what happens to an entry that a list holds already.
	DuplicateEntry DuplicateEntry `json:"duplicateEntry"`
	// DeleteUnknownID says what DELETE ?ids= answers to an id that the list does
	// not hold.
	DeleteUnknownID DeleteUnknownID `json:"deleteUnknownId"`
	// AcceptNestedIDs lets DELETE ?ids= and the look-up of one entry take the
	// object's id where the entry's is meant.
	AcceptNestedIDs bool `json:"acceptNestedIds"`
	// AcceptUnknownIDs stores entries whose object the organization lacks.
	AcceptUnknownIDs bool `json:"acceptUnknownIds"`
	// RefreshDisplayNames shows entries with the directory's present names
	// instead of those that the client sent.
	RefreshDisplayNames bool `json:"refreshDisplayNames"`
	// HideTeamsInV6 says whether v6 leaves teams out of a role's lists; the
	// default is On. v6 never accepts a team.
	HideTeamsInV6 Switch `json:"hideTeamsInV6"`

	// PageDefault and PageMax are the limit of a page where the client gives
	// none, and the highest one; 30 and 10,000 when zero.
	PageDefault int `json:"pageDefault"`
	PageMax     int `json:"pageMax"`
	// NullStyle says how values that are absent are written.
	NullStyle NullStyle `json:"nullStyle"`
	// ShuffleLists answers every list whose order the API leaves open in
	// another order each time. The pages of one result set stay in order.
	ShuffleLists bool `json:"shuffleLists"`

	// Latency delays every answer.
	Latency time.Duration `json:"-"`
	// SyncDuration is how long a synchronization of an organization's local
	// cache runs, on the server's clock.
	SyncDuration time.Duration `json:"-"`
	// MaxRequestLine is the longest path and query, in bytes, that is not
	// answered with 414; 8,192 when zero.
	MaxRequestLine int `json:"maxRequestLine"`
}

// Switch is a knob whose default is not simply off.
type Switch string

// The positions of a [Switch].
const (
	Default Switch = ""
	On      Switch = "on"
	Off     Switch = "off"
)

// BadLogin is the shape of the answer to a refused login.
type BadLogin string

// The shapes of a refused login.
const (
	// BadLoginJSON is 401 with the API's error object.
	BadLoginJSON BadLogin = ""
	// BadLoginUnknownCode is 401 with an error code that no document names.
	BadLoginUnknownCode BadLogin = "unknown401"
	// BadLoginOAuth is 400 with an OAuth 2.0 error object.
	BadLoginOAuth BadLogin = "oauth400"
	// BadLoginEmpty is 401 without a body.
	BadLoginEmpty BadLogin = "empty401"
	// BadLoginHTML is 500 with an HTML page, which says nothing about the
	// credentials.
	BadLoginHTML BadLogin = "html500"
)

// OmittedLists says what an update does with lists that its body lacks.
type OmittedLists string

// What an update does with omitted lists.
const (
	OmittedListsClear  OmittedLists = ""
	OmittedListsKeep   OmittedLists = "keep"
	OmittedListsReject OmittedLists = "reject400"
)

// DuplicateRoleName says what happens to a second role of the same name.
type DuplicateRoleName string

// What happens to a second role of the same name.
const (
	DuplicateRoleNameAllow    DuplicateRoleName = ""
	DuplicateRoleNameConflict DuplicateRoleName = "409"
)

// DuplicateEntry says what happens to an entry that its list holds already.
type DuplicateEntry string

// What happens to a duplicate entry.
const (
	DuplicateEntryIgnore   DuplicateEntry = ""
	DuplicateEntryConflict DuplicateEntry = "409"
	DuplicateEntryReject   DuplicateEntry = "400"
)

// DeleteUnknownID says what the removal of an unknown entry answers.
type DeleteUnknownID string

// What the removal of an unknown entry answers.
const (
	DeleteUnknownIDNotFound DeleteUnknownID = ""
	DeleteUnknownIDIgnore   DeleteUnknownID = "204"
)

// NullStyle says how absent values are written.
type NullStyle string

// How absent values are written.
const (
	// NullOmit leaves them out.
	NullOmit NullStyle = ""
	// NullWrite writes null where the API's schema allows it.
	NullWrite NullStyle = "null"
	// NullEverywhere writes null also where the schema does not allow it.
	NullEverywhere NullStyle = "everywhere"
)

// TLSStyle is the look of the server's self-signed certificate.
type TLSStyle = wire.CertificateStyle

// The looks of the server's certificate.
const (
	// TLSWithSAN names the host in subject alternative names.
	TLSWithSAN = wire.WithNames
	// TLSCommonNameOnly names it in the common name alone, which Go refuses even
	// when the certificate is trusted.
	TLSCommonNameOnly = wire.CommonNameOnly
	// TLSExpired ran out yesterday.
	TLSExpired = wire.Expired
)

// DefaultUsername and DefaultPassword are the account of a simulator whose
// [Options] name none.
const (
	DefaultUsername = `VB365\svc-terraform`
	DefaultPassword = "simulator"
)

const (
	defaultProductVersion = "8.4.0.1457"
	defaultInstallationID = "7d2f6a1e-4b0c-4e0a-9f57-6f1d0a8c3b21"
	defaultTokenLifetime  = time.Hour
	defaultPageSize       = 30
	defaultPageMax        = 10_000
	defaultRequestLine    = 8 << 10
)

// settled returns a copy that is complete, if all knobs are in positions that
// they have. An error wraps [ErrOptions].
func (o Options) settled() (Options, error) {
	o.Versions = slices.Clone(o.Versions)

	o = o.withDefaults()

	return o, o.validate()
}

// withDefaults returns a copy in which every unset knob has its default.
func (o Options) withDefaults() Options {
	if len(o.Versions) == 0 {
		o.Versions = []string{v8.String(), v7.String(), v6.String()}
	}

	setDefault(&o.Listen, "127.0.0.1:0")
	setDefault(&o.ProductVersion, defaultProductVersion)
	setDefault(&o.InstallationID, defaultInstallationID)
	setDefault(&o.Username, DefaultUsername)
	setDefault(&o.Password, DefaultPassword)
	setDefault(&o.TokenLifetime, defaultTokenLifetime)
	setDefault(&o.PageDefault, defaultPageSize)
	setDefault(&o.PageMax, defaultPageMax)
	setDefault(&o.MaxRequestLine, defaultRequestLine)

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
	for _, version := range o.Versions {
		if _, err := parseVersion(version); err != nil {
			return err
		}
	}

	if min(o.PageDefault, o.PageMax, o.MaxRequestLine) < 0 || min(o.TokenLifetime, o.Latency, o.SyncDuration) < 0 {
		return fmt.Errorf("%w: sizes and durations must not be negative", ErrOptions)
	}

	return errors.Join(
		position("requireAntiforgery", o.RequireAntiforgery, Default, On, Off),
		position("hideTeamsInV6", o.HideTeamsInV6, Default, On, Off),
		position("badLogin", o.BadLogin, BadLoginJSON, BadLoginUnknownCode, BadLoginOAuth, BadLoginEmpty, BadLoginHTML),
		position("putOmittedLists", o.PutOmittedLists, OmittedListsClear, OmittedListsKeep, OmittedListsReject),
		position("duplicateRoleName", o.DuplicateRoleName, DuplicateRoleNameAllow, DuplicateRoleNameConflict),
		position("duplicateEntry", o.DuplicateEntry, DuplicateEntryIgnore, DuplicateEntryConflict, DuplicateEntryReject),
		position("deleteUnknownId", o.DeleteUnknownID, DeleteUnknownIDNotFound, DeleteUnknownIDIgnore),
		position("nullStyle", o.NullStyle, NullOmit, NullWrite, NullEverywhere),
		position("tlsStyle", o.TLSStyle, TLSWithSAN, TLSCommonNameOnly, TLSExpired),
	)
}

func position[T ~string](knob string, value T, positions ...T) error {
	if slices.Contains(positions, value) {
		return nil
	}

	return fmt.Errorf("%w: %s is %q, which is none of %q", ErrOptions, knob, value, positions)
}

// serves tells whether the path prefix, for example "v8", is served.
func (o Options) serves(prefix string) bool {
	return slices.Contains(o.Versions, prefix)
}
