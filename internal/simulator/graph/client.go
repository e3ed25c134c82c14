package graph

import (
	"slices"
	"strings"
	"time"
)

// Permissions of Microsoft Graph that the simulator knows.
const (
	ApplicationReadAll               = "Application.Read.All"
	ApplicationReadWriteAll          = "Application.ReadWrite.All"
	ApplicationReadWriteOwnedBy      = "Application.ReadWrite.OwnedBy"
	AppRegistrationCreate            = "AppRegistration.Create"
	DelegatedPermissionGrantReadWAll = "DelegatedPermissionGrant.ReadWrite.All"
	DirectoryReadAll                 = "Directory.Read.All"
	DirectoryReadWriteAll            = "Directory.ReadWrite.All"
)

// ConsentPermissions are what is needed to bring applications into a tenant and
// to consent to them there, and no more.
func ConsentPermissions() []string {
	return []string{ApplicationReadWriteAll, DelegatedPermissionGrantReadWAll}
}

// Client is an application that logs in with an identity of its own. It is kept
// apart from the applications and service principals that Graph shows.
type Client struct {
	// ID is its application id.
	ID string `json:"id"`
	// Secrets are the client secrets that it has.
	Secrets []Secret `json:"-"`
	// CertificatesPEM are the certificates that it has, without keys.
	CertificatesPEM []string `json:"certificatesPem,omitempty"`
	// FederatedTokens are tokens of other issuers that it trusts.
	FederatedTokens []Secret `json:"-"`
	// Permissions are its application permissions in every tenant that has not
	// given it others.
	Permissions []string `json:"permissions"`
}

// Secret is something that proves an identity until it expires; one without a
// time never does.
type Secret struct {
	Value   string
	Expires time.Time
}

func (s Secret) expired(now time.Time) bool {
	return !s.Expires.IsZero() && !now.Before(s.Expires)
}

// SetClient registers an application that logs in, or replaces it. Every tenant
// has consented to it; see [Server.SetPermissions] and [Server.Expel].
func (s *Server) SetClient(client Client) {
	s.state.write(func() {
		client.Secrets = slices.Clone(client.Secrets)
		client.CertificatesPEM = slices.Clone(client.CertificatesPEM)
		client.FederatedTokens = slices.Clone(client.FederatedTokens)
		client.Permissions = slices.Clone(client.Permissions)
		s.state.clients[key(client.ID)] = client
	})
}

// SetPermissions gives an application that logs in other permissions in one
// tenant. They count from the next login on, as tokens hold them.
func (s *Server) SetPermissions(tenantID, clientID string, permissions ...string) {
	s.state.write(func() {
		s.state.mustTenant(tenantID).admitted[key(clientID)] = append([]string{}, permissions...)
	})
}

// Expel removes an application that logs in from a tenant, which refuses it from
// then on (AADSTS700016).
func (s *Server) Expel(tenantID, clientID string) {
	s.state.write(func() { s.state.mustTenant(tenantID).admitted[key(clientID)] = nil })
}

// RefuseLogins lets every login to a tenant fail with an error code such as
// "AADSTS53003"; an empty one lets them pass again.
func (s *Server) RefuseLogins(tenantID, code string) {
	s.state.write(func() { s.state.mustTenant(tenantID).refusal = strings.ToUpper(code) })
}

// Logins counts the requests for a token of a tenant, refused ones too.
func (s *Server) Logins(tenantID string) int {
	return read(s.state, func() int {
		known, found := s.state.tenant(tenantID)
		if !found {
			return 0
		}

		return known.logins
	})
}

// IssuedTokens are all tokens that were ever issued. A test can look for them
// where no secret may be.
func (s *Server) IssuedTokens() []string {
	return read(s.state, func() []string { return slices.Clone(s.state.issued) })
}

// ExpireTokens makes every token that was issued so far invalid.
func (s *Server) ExpireTokens() {
	s.state.write(func() { clear(s.state.tokens) })
}

// permissions are what an application that logs in may do in a tenant; ok is
// false where it is not known.
func (t *tenant) permissions(client Client) (permissions []string, ok bool) {
	given, special := t.admitted[key(client.ID)]
	if !special {
		return client.Permissions, true
	}

	return given, given != nil
}
