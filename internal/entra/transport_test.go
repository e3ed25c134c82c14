package entra

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const principalPath = "/servicePrincipals(appId='" + portal + "')"

func TestTheTokenIsSentToAHostThatTheSDKDoesNotList(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{"GET " + principalPath: answer(http.StatusOK, principalBody())})
	if _, err := f.tenant(t).ServicePrincipal(t.Context(), portal); err != nil {
		t.Fatal(err)
	}
	got := f.requests("GET /servicePrincipals")
	if len(got) != 1 || got[0].header.Get("Authorization") != "Bearer token-of-"+tenantA {
		t.Errorf("Graph got %+v, want one request with the tenant's token", got)
	}
}

func TestTheTokenIsSentNowhereElse(t *testing.T) {
	t.Parallel()
	asked := false
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(elsewhere.Close)
	f := newFake(t, map[string]http.HandlerFunc{
		"GET /oauth2PermissionGrants": answer(http.StatusOK, map[string]any{
			"value": []any{}, "@odata.nextLink": elsewhere.URL + "/v1.0/oauth2PermissionGrants?$skiptoken=x",
		}),
	})
	_, err := f.tenant(t).Grants(t.Context(), clientSP)
	var foreign *ForeignHostError
	if !errors.As(err, &foreign) || asked {
		t.Errorf("got %v, asked: %v; want a ForeignHostError and no request", err, asked)
	}
}

func TestABodyThatIsSentAgainIsPlainAndWhole(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{
		"POST /servicePrincipals": inTurn(throttled("1"), raw(http.StatusServiceUnavailable, "", ""), cut,
			answer(http.StatusCreated, principalBody())),
	})
	_, uncertain, err := f.tenant(t).CreateServicePrincipal(t.Context(), NewServicePrincipal{AppID: portal})
	if err != nil || !uncertain {
		t.Fatalf("got uncertain %v, %v; want an uncertain success", uncertain, err)
	}
	got := f.requests("POST /servicePrincipals")
	if len(got) != 4 {
		t.Fatalf("the request was sent %d times, want 4", len(got))
	}
	for i, r := range got {
		var body struct {
			AppID string `json:"appId"`
		}
		if err := json.Unmarshal([]byte(r.body), &body); err != nil || body.AppID != portal {
			t.Errorf("attempt %d sent %q (%v)", i+1, r.body, err)
		}
		if r.header.Get("Content-Encoding") != "" || r.length != int64(len(r.body)) || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("attempt %d: encoding %q, length %d of %d, type %q", i+1,
				r.header.Get("Content-Encoding"), r.length, len(r.body), r.header.Get("Content-Type"))
		}
	}
}

func TestAnswersOfAnyShapeBecomeErrorsWithTheirStatus(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		status  int
		code    string
		text    string
	}{
		"an empty object":              {raw(400, "application/json", `{}`), 400, "", "not Graph's"},
		"an error without anything":    {raw(403, "application/json", `{"error":{}}`), 403, "", "not Graph's"},
		"an error without a message":   {raw(400, "application/json", `{"error":{"code":"X"}}`), 400, "X", "(X)"},
		"a message in two parts":       {raw(400, "application/json", `{"error":{"code":"X","message":{"lang":"en","value":"old shape"}}}`), 400, "X", "old shape"},
		"details that are no list":     {raw(400, "application/json", `{"error":{"code":"X","message":"m","details":{"code":"y"}}}`), 400, "X", "m (X)"},
		"an inner error in lower case": {raw(400, "application/json", `{"error":{"code":"X","message":"m","innererror":{"request-id":"rid-9"}}}`), 400, "X", "rid-9"},
		"a page":                       {raw(502, "text/html", `<html>Bad gateway</html>`), 502, "", "text/html"},
		"a page that denies":           {raw(403, "text/html", `<html>Denied</html>`), 403, "", "text/html"},
		"nothing":                      {raw(503, "", ``), 503, "", "without a body"},
		"not even JSON":                {raw(400, "application/json", `{"error":`), 400, "", "not Graph's"},
		"a redirect":                   {raw(302, "text/html", `<a>`), 302, "", "302"},
		"null":                         {raw(400, "application/json", `null`), 400, "", "not Graph's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, map[string]http.HandlerFunc{"GET " + principalPath: tc.handler})
			_, err := f.tenant(t).ServicePrincipal(t.Context(), portal)
			var resp *ResponseError
			if !errors.As(err, &resp) || resp.Status != tc.status || resp.Code != tc.code || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("got %v, want a ResponseError %d %q with %q", err, tc.status, tc.code, tc.text)
			}
			if errors.Is(err, ErrNotFound) {
				t.Error("it counts as not found")
			}
		})
	}
}

func TestSuccessesThatAreNotGraphsAreErrors(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"a page":          raw(200, "text/html", "<html>sign in to the hotel's network</html>"),
		"nothing":         raw(200, "application/json", ""),
		"an empty object": raw(200, "application/json", "{}"),
		"broken JSON":     raw(200, "application/json", `{"id":`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, map[string]http.HandlerFunc{"GET " + principalPath: handler})
			_, err := f.tenant(t).ServicePrincipal(t.Context(), portal)
			var unexpected *UnexpectedReplyError
			if !errors.As(err, &unexpected) || err.Error() == "" {
				t.Errorf("got %v, want an UnexpectedReplyError", err)
			}
		})
	}
}

func TestOnlyGraphsOwn404SaysThatSomethingIsGone(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]http.HandlerFunc{"GET " + principalPath: raw(404, "text/html", "<html>no such page</html>")})
	tenant := f.tenant(t)
	if _, err := tenant.ServicePrincipal(t.Context(), portal); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("a page: got %v, want an error other than ErrNotFound", err)
	}
	if _, err := tenant.ServicePrincipal(t.Context(), GraphAppID); !errors.Is(err, ErrNotFound) {
		t.Errorf("Graph's own: got %v, want ErrNotFound", err)
	}
}

func TestGraphMayAskForMoreThanAHundredSeconds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header http.HandlerFunc
		want   time.Duration
	}{
		"in seconds": {throttled("150"), 150 * time.Second},
		"as a date": {func(w http.ResponseWriter, r *http.Request) {
			now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
			w.Header().Set("Date", now.Format(http.TimeFormat))
			throttled(now.Add(130*time.Second).Format(http.TimeFormat))(w, r)
		}, 130 * time.Second},
		"beyond all measure": {throttled("99999999999"), maxRetryAfter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, map[string]http.HandlerFunc{
				"GET " + principalPath: inTurn(tc.header, answer(http.StatusOK, principalBody())),
			})
			if _, err := f.tenant(t).ServicePrincipal(t.Context(), portal); err != nil {
				t.Fatal(err)
			}
			if got := f.clock.total(); got != tc.want {
				t.Errorf("waited %s, want %s", got, tc.want)
			}
		})
	}
}

func TestOnlyWhatMayBeRepeatedIsRepeated(t *testing.T) {
	t.Parallel()
	busy := raw(http.StatusServiceUnavailable, "text/html", "<html>busy</html>")
	f := newFake(t, map[string]http.HandlerFunc{
		"GET " + principalPath:                  inTurn(cut, busy, answer(http.StatusOK, principalBody())),
		"DELETE /servicePrincipals/" + clientSP: inTurn(raw(504, "", ""), noContent),
		"POST /applications":                    inTurn(throttled("3"), busy),
	})
	tenant := f.tenant(t)
	if _, err := tenant.ServicePrincipal(t.Context(), portal); err != nil {
		t.Errorf("a read met a cut and a 503: %v", err)
	}
	if err := tenant.DeleteServicePrincipal(t.Context(), clientSP); err != nil {
		t.Errorf("a deletion met a 504: %v", err)
	}
	name := "Portal"
	_, err := tenant.CreateApplication(t.Context(), ApplicationChange{DisplayName: &name})
	if !MayHaveHappened(err) {
		t.Errorf("got %v, want an error after which the application may exist", err)
	}
	if n := len(f.requests("POST /applications")); n != 2 {
		t.Errorf("the registration was sent %d times, want 2: again after 429, not after 503", n)
	}
}

func TestThrottlingDoesNotUseUpTheRetries(t *testing.T) {
	t.Parallel()
	var handlers []http.HandlerFunc
	for range 30 {
		handlers = append(handlers, graphError(http.StatusTooManyRequests, "TooManyRequests", "slow down"))
	}
	f := newFake(t, map[string]http.HandlerFunc{
		"GET " + principalPath: inTurn(append(handlers, answer(http.StatusOK, principalBody()))...),
	})
	if _, err := f.tenant(t).ServicePrincipal(t.Context(), portal); err != nil {
		t.Errorf("after 30 answers 429: %v", err)
	}
	if least := 20 * time.Minute / 2; f.clock.total() < least {
		t.Errorf("waited only %s where Graph named no time", f.clock.total())
	}
}

func TestAnAttemptThatHangsEnds(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	f := newFake(t, map[string]http.HandlerFunc{
		"GET " + principalPath: func(http.ResponseWriter, *http.Request) { <-release },
	})
	t.Cleanup(func() { close(release) })
	// Long enough for the request to be sent on a busy machine.
	_, err := f.tenant(t, func(cfg *Config) { cfg.RequestTimeout, cfg.MaxRetries = 2*time.Second, -1 }).
		ServicePrincipal(t.Context(), portal)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || !unreachable.Sent || !strings.Contains(err.Error(), "within 2s") {
		t.Errorf("got %v, want an UnreachableError that names the limit", err)
	}
}

func TestRequestsInFlightAreBoundedAcrossTenants(t *testing.T) {
	t.Parallel()
	gauge := newGauge()
	f := newFake(t, map[string]http.HandlerFunc{"GET " + principalPath: gauge.around(answer(http.StatusOK, principalBody()))})
	c := f.client(t, func(cfg *Config) { cfg.MaxConcurrentRequests = 3 })
	gauge.run(12, func(i int) {
		tenant := tenantOf(t, c, []string{tenantA, tenantB}[i%2])
		if _, err := tenant.ServicePrincipal(t.Context(), portal); err != nil {
			t.Error(err)
		}
	})
	if most := gauge.most(); most > 3 {
		t.Errorf("%d requests were in flight, want at most 3", most)
	}
}

func TestAWriteIsNotCutInHalfByAnInterrupt(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	slow := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			entered <- struct{}{}
			<-release
			next(w, r)
		}
	}
	f := newFake(t, map[string]http.HandlerFunc{
		"POST /oauth2PermissionGrants":  slow(answer(http.StatusCreated, grantBody("User.Read"))),
		"GET /oauth2PermissionGrants/g": slow(answer(http.StatusOK, grantBody("User.Read"))),
	})
	tenant := f.tenant(t)
	for name, tc := range map[string]struct {
		call func(context.Context) error
		done bool
	}{
		"a write": {func(ctx context.Context) error {
			_, _, err := tenant.CreateGrant(ctx, NewGrant{clientSP, graphSP, []string{"User.Read"}})
			return err
		}, true},
		"a read": {func(ctx context.Context) error {
			_, err := tenant.Grant(ctx, "g")
			return err
		}, false},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- tc.call(ctx) }()
		<-entered
		interrupt()
		if tc.done {
			release <- struct{}{}
		}
		if err := <-result; (err == nil) != tc.done {
			t.Errorf("%s: got %v", name, err)
		}
		if !tc.done {
			release <- struct{}{}
		}
	}
}
