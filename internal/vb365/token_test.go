package vb365

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRefusedLoginsAreUnderstoodInEveryShapeAndNotRepeated(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handler       http.HandlerFunc
		code, message string
	}{
		"401 with VB365's error": {
			answer(http.StatusUnauthorized, map[string]any{"message": "Wrong user name or password s3cr3t-pw", "errorCode": "ResourceAccessDenied"}),
			"ResourceAccessDenied", "Wrong user name or password (password)",
		},
		"401 with an unknown code": {
			answer(http.StatusUnauthorized, map[string]any{"message": "No", "errorCode": "SomethingNew"}), "SomethingNew", "No",
		},
		"400 with OAuth's error": {
			answer(http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "Bad credentials"}),
			"invalid_grant", "Bad credentials",
		},
		"401 without a body": {text(http.StatusUnauthorized, "", ""), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t, map[string]http.HandlerFunc{"POST /token": tc.handler})
			c := f.client(t)
			for range 3 {
				_, err := c.Roles(t.Context())
				var refused *LoginError
				if !errors.As(err, &refused) || refused.Code != tc.code || refused.Message != tc.message {
					t.Fatalf("got %#v, want a LoginError with %q and %q", err, tc.code, tc.message)
				}
				if strings.Contains(err.Error(), "s3cr3t-pw") {
					t.Errorf("the error shows the password: %v", err)
				}
			}
			if n := f.count("POST /token"); n != 1 {
				t.Errorf("logged in %d times, want once", n)
			}
		})
	}
}

func TestAServerInTroubleIsNotAVerdictOnThePassword(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"POST /token": inTurn(
			text(http.StatusInternalServerError, "text/html", "<html>oops</html>"),
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(http.StatusTooManyRequests)
			},
			answer(http.StatusOK, map[string]any{"access_token": "a", "expires_in": "3600"}),
		),
		"GET /RbacRoles": answer(http.StatusOK, []Role{}),
	})
	if _, err := f.client(t).Roles(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAllCallersShareOneLogin(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{})
	for i := range 20 {
		f.handlers[fmt.Sprintf("GET /RbacRoles/%d", i)] = answer(http.StatusOK, Role{})
	}
	c := f.client(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := c.RefreshRole(t.Context(), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := f.count("POST /token"); n != 1 {
		t.Errorf("logged in %d times, want once", n)
	}
	if got := f.forms[0]["disable_antiforgery_token"]; len(got) != 1 || got[0] != "true" {
		t.Errorf("disable_antiforgery_token = %v, want true", got)
	}
}

func TestTokensAreRenewedAheadOfExpiryAndRefusedRenewalsLogInAgain(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /RbacRoles/r": answer(http.StatusOK, Role{}),
		"POST /token": inTurn(
			answer(http.StatusOK, map[string]any{"access_token": "1", "refresh_token": "r1", "expires_in": 3600}),
			answer(http.StatusOK, map[string]any{"access_token": "2", "refresh_token": "r2", "expires_in": 3600}),
			answer(http.StatusBadRequest, map[string]any{"error": "invalid_grant"}),
			answer(http.StatusOK, map[string]any{"access_token": "4", "refresh_token": "r4", "expires_in": 3600}),
		),
	})
	c := f.client(t)
	now := time.Now()
	c.session.now = func() time.Time { return now }
	for range 3 {
		if _, err := c.RefreshRole(t.Context(), "r"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour - renewAhead)
	}
	var grants []string
	for _, form := range f.forms {
		grants = append(grants, form["grant_type"][0]+" "+strings.Join(form["refresh_token"], ""))
	}
	want := "[password  refresh_token r1 refresh_token r2 password ]"
	if got := fmt.Sprint(grants); got != want {
		t.Errorf("grants %s, want %s", got, want)
	}
}

func TestARejectedTokenIsReplacedOnceAndTheReadRepeated(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /RbacRoles/r":                inTurn(text(http.StatusUnauthorized, "", ""), answer(http.StatusOK, Role{ID: "r"})),
		"POST /Organizations/o/RbacRoles": text(http.StatusUnauthorized, "", ""),
	})
	c := f.client(t)
	if _, err := c.RefreshRole(t.Context(), "r"); err != nil {
		t.Error(err)
	}
	if n := f.count("POST /token"); n != 2 {
		t.Errorf("logged in %d times, want twice", n)
	}
	_, err := c.CreateRole(t.Context(), RoleSpec{Role: Role{OrganizationID: "o"}})
	if !WasRefusedForNow(err) || f.count("POST /Organizations/o/RbacRoles") != 1 {
		t.Errorf("a create that was answered 401 was repeated, or misunderstood: %v", err)
	}
}

func TestACallerThatGivesUpDoesNotFailTheOthersLogin(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	arrived := make(chan struct{}, 1)
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /RbacRoles/r": answer(http.StatusOK, Role{ID: "r"}),
		"POST /token": func(w http.ResponseWriter, r *http.Request) {
			arrived <- struct{}{}
			<-release
			answer(http.StatusOK, map[string]any{"access_token": "a", "expires_in": 3600})(w, r)
		},
	})
	c := f.client(t)
	hasty, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := c.RefreshRole(hasty, "r")
		failed <- err
	}()
	<-arrived
	patient := make(chan error, 1)
	go func() {
		_, err := c.RefreshRole(t.Context(), "r")
		patient <- err
	}()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that gave up got %v", err)
	}
	close(release)
	if err := <-patient; err != nil {
		t.Errorf("the caller that waited got %v", err)
	}
}

func TestATokenThatDoesNotTellItsLifeIsUsedForAWhile(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /RbacRoles/r": answer(http.StatusOK, Role{ID: "r"}),
		"POST /token":      answer(http.StatusOK, map[string]any{"access_token": "a", "expires_in": nil}),
	})
	c := f.client(t)
	for range 3 {
		if _, err := c.RefreshRole(t.Context(), "r"); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.count("POST /token"); n != 1 {
		t.Errorf("logged in %d times, want once", n)
	}
}
