package simulator

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// session is a pair of tokens that was issued to a client.
type session struct {
	access  string
	refresh string
	issued  time.Time
	expires time.Time
	user    string
	// guarded is a session whose client did not switch the antiforgery token
	// off, and can do nothing with it.
	guarded bool
	// operator is set for a session of a restore operator.
	operator *operator
}

// operator is a restore operator who logged in.
type operator struct {
	organizationID string
	userID         string
}

// sessions are the tokens that are valid.
type sessions struct {
	mu        sync.Mutex
	byAccess  map[string]*session
	byRefresh map[string]*session
	issued    []string
}

func newSessions() *sessions {
	return &sessions{byAccess: make(map[string]*session), byRefresh: make(map[string]*session)}
}

// open issues a pair of tokens for what template describes.
func (s *sessions) open(template session, now time.Time, lifetime time.Duration) session {
	template.access = rand.Text() + rand.Text()
	template.refresh = rand.Text() + rand.Text()
	template.issued = now
	template.expires = now.Add(lifetime)

	s.mu.Lock()
	defer s.mu.Unlock()

	s.byAccess[template.access] = &template
	s.byRefresh[template.refresh] = &template
	s.issued = append(s.issued, template.access, template.refresh)

	return template
}

// authenticate finds the session of an access token that has not expired.
func (s *sessions) authenticate(access string, now time.Time) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	found, known := s.byAccess[access]
	if !known || !now.Before(found.expires) {
		return session{}, false
	}

	return *found, true
}

// redeem takes a refresh token out of circulation, and the access token that
// was issued with it.
func (s *sessions) redeem(refresh string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	found, known := s.byRefresh[refresh]
	if !known {
		return session{}, false
	}

	delete(s.byRefresh, found.refresh)
	delete(s.byAccess, found.access)

	return *found, true
}

// peek finds the session of a refresh token and leaves it valid.
func (s *sessions) peek(refresh string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	found, known := s.byRefresh[refresh]
	if !known {
		return session{}, false
	}

	return *found, true
}

// close ends a session, its refresh token included.
func (s *sessions) close(access string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if found, known := s.byAccess[access]; known {
		delete(s.byRefresh, found.refresh)
		delete(s.byAccess, access)
	}
}

func (s *sessions) expireAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()

	clear(s.byAccess)
}

func (s *sessions) revokeRefresh() {
	s.mu.Lock()
	defer s.mu.Unlock()

	clear(s.byRefresh)
}

func (s *sessions) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.issued)
}
