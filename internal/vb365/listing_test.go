package vb365

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// pager serves n groups in pages of at most most, in the manner of style.
func pager(n, most int, style string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		limit = min(limit, most)
		body := map[string]any{"offset": offset, "limit": limit, "setId": "set"}
		var results []Group
		for i := offset; i < min(n, offset+limit); i++ {
			results = append(results, Group{ID: fmt.Sprintf("g%d", i), DisplayName: fmt.Sprintf("Group %d", i)})
		}
		body["results"] = results
		switch style {
		case "links":
			links := map[string]any{"self": map[string]any{"href": "/v8/…"}}
			if offset+limit < n {
				links["next"] = map[string]any{"href": "/v8/…"}
			}
			body["_links"] = links
		case "total":
			body["totalCount"] = n
		}
		answer(http.StatusOK, body)(w, r)
	}
}

func TestListingsAreReadWholeWhateverTheServersPagesLookLike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 120).Draw(rt, "objects")
		most := rapid.IntRange(1, 40).Draw(rt, "page size")
		style := rapid.SampledFrom([]string{"links", "total", "bare"}).Draw(rt, "style")
		f := newFakeServer(t, map[string]http.HandlerFunc{"GET /Organizations/o/Groups": pager(n, most, style)})
		defer f.Close()
		groups, err := f.client(t).Groups(t.Context(), "o", GroupFilter{})
		if err != nil || len(groups) != n {
			rt.Fatalf("read %d groups, %v; want %d", len(groups), err, n)
		}
		if pages := f.count("GET /Organizations/o/Groups"); pages > n/most+1 {
			rt.Fatalf("%d requests for %d groups in pages of %d", pages, n, most)
		}
	})
}

func TestPagesThatRepeatThemselvesAreAnError(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /Organizations/o/Groups": answer(http.StatusOK, map[string]any{
			"offset": 0, "limit": 1, "results": []Group{{ID: "g"}}, "_links": map[string]any{"next": map[string]any{"href": "x"}},
		}),
	})
	if _, err := f.client(t).Groups(t.Context(), "o", GroupFilter{}); err == nil || !strings.Contains(err.Error(), "repeat") {
		t.Errorf("got %v, want an error about repeated objects", err)
	}
}

func id72(i int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d%s", i, zeroGUID) }

func directoryOf(n int) map[string]http.HandlerFunc {
	handlers := map[string]http.HandlerFunc{}
	var all []Group
	for i := range n {
		g := Group{ID: id72(i), DisplayName: fmt.Sprintf("Group %d", i)}
		all = append(all, g)
		handlers["GET /Organizations/o/Groups/"+g.ID] = answer(http.StatusOK, g)
	}
	handlers["GET /Organizations/o/Groups"] = answer(http.StatusOK, map[string]any{"offset": 0, "limit": 10000, "results": all})
	return handlers
}

func TestManyQuestionsCostOneListing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ask   [][]string // one question per caller
		wants int        // requests
	}{
		"one by VB365's id":                    {[][]string{{id72(1)}}, 1},
		"one by Entra object id":               {[][]string{{id72(1)[:36]}}, 1},
		"one by both ids":                      {[][]string{{id72(1)[:36], strings.ToUpper(id72(1))}}, 1},
		"several of one role":                  {[][]string{{id72(1), id72(2), id72(3)}}, 1},
		"one each of many roles at once":       {[][]string{{id72(1)}, {id72(2)}, {id72(3)}, {id72(4)}}, 1},
		"nothing":                              {[][]string{{}}, 0},
		"several, one of which does not exist": {[][]string{{id72(1), id72(99)}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handlers := directoryOf(10)
			handlers["GET /Organizations/o/Groups/"+id72(99)] = answer(http.StatusNotFound, map[string]any{"message": "not found"})
			f := newFakeServer(t, handlers)
			c := f.client(t)
			for range 2 { // the second time everything is known
				askAll(t, c, tc.ask)
			}
			if n := f.total("GET /Organizations/o/Groups"); n != tc.wants {
				t.Errorf("%d requests, want %d: %v", n, tc.wants, f.calls)
			}
			if _, err := c.Groups(t.Context(), "o", GroupFilter{}); err != nil {
				t.Error(err)
			}
			if n := f.count("GET /Organizations/o/Groups"); n != 1 {
				t.Errorf("a listing for its own sake was not shared: %d", n)
			}
		})
	}
}

func askAll(t *testing.T, c *Client, questions [][]string) {
	t.Helper()
	var wg sync.WaitGroup
	for _, ids := range questions {
		wg.Go(func() {
			found, err := c.FindGroups(t.Context(), "o", ids...)
			if err != nil {
				t.Error(err)
			}
			for _, id := range ids {
				if _, ok := found[id]; ok == (id == id72(99)) {
					t.Errorf("found[%s] = %t", id, ok)
				}
			}
		})
	}
	wg.Wait()
}

func TestOfALongListingLittleIsLookedUpAndMuchIsRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ask          []int
		pages, looks int
	}{
		"what the first page holds": {[]int{0, 1, 2, 3}, 1, 0},
		"a few others":              {[]int{1, 10, 20, 30}, 1, 3},
		"many others":               {[]int{10, 11, 12, 13, 14, 15}, 10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handlers := directoryOf(40)
			handlers["GET /Organizations/o/Groups"] = func(w http.ResponseWriter, r *http.Request) {
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				var results []Group
				for i := offset; i < min(40, offset+4); i++ {
					results = append(results, Group{ID: id72(i)})
				}
				links := map[string]any{"self": map[string]any{}}
				if offset+4 < 40 {
					links["next"] = map[string]any{}
				}
				answer(http.StatusOK, map[string]any{"limit": 4, "results": results, "_links": links})(w, r)
			}
			f := newFakeServer(t, handlers)
			c := f.client(t)
			var ids []string
			for _, i := range tc.ask {
				ids = append(ids, id72(i))
			}
			found, err := c.FindGroups(t.Context(), "o", ids...)
			if err != nil || len(found) != len(ids) {
				t.Fatalf("found %d of %d, %v", len(found), len(ids), err)
			}
			pages := f.count("GET /Organizations/o/Groups")
			if looks := f.total("GET /Organizations/o/Groups/"); pages != tc.pages || looks != tc.looks {
				t.Errorf("%d pages and %d look-ups, want %d and %d", pages, looks, tc.pages, tc.looks)
			}
		})
	}
}

func TestASynchronizedGroupIsFoundByItsEntraObjectID(t *testing.T) {
	t.Parallel()
	entra := "11111111-1111-1111-1111-111111111111"
	hybrid := Group{ID: entra + "22222222-2222-2222-2222-222222222222", DisplayName: "Synchronized"}
	f := newFakeServer(t, map[string]http.HandlerFunc{
		"GET /Organizations/o/Groups/" + entra + zeroGUID: answer(http.StatusNotFound, map[string]any{"message": "not found"}),
		"GET /Organizations/o/Groups":                     answer(http.StatusOK, map[string]any{"limit": 10000, "results": []Group{hybrid}}),
	})
	found, err := f.client(t).FindGroups(t.Context(), "o", entra)
	if err != nil || found[entra].ID != hybrid.ID {
		t.Errorf("FindGroups(%s) = %v, %v; want %s", entra, found, err, hybrid.ID)
	}
}

func TestAGroupThatTheCacheDoesNotHoldIsLookedForInMicrosoft365(t *testing.T) {
	t.Parallel()
	handlers := directoryOf(3)
	fresh := Group{ID: id72(7), DisplayName: "Fresh"}
	handlers["GET /Organizations/o/Groups/"+id72(7)] = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("dataSource") != "Production" {
			answer(http.StatusNotFound, map[string]any{"message": "not found"})(w, r)
			return
		}
		answer(http.StatusOK, fresh)(w, r)
	}
	for _, ask := range [][]string{{id72(7)}, {id72(1), id72(7)}} {
		found, err := newFakeServer(t, handlers).client(t).FindGroups(t.Context(), "o", ask...)
		if err != nil || found[id72(7)].DisplayName != "Fresh" {
			t.Errorf("asking for %v: %v, %v", ask, found, err)
		}
	}
}

func TestAnswersAreSharedUntilForgotten(t *testing.T) {
	t.Parallel()
	m := newMemo()
	var loads atomic.Int32
	load := func(context.Context) (int, error) { return int(loads.Add(1)), nil }
	for range 3 {
		if v, err := recall(t.Context(), m, "k", load); v != 1 || err != nil {
			t.Fatalf("recall = %d, %v; want the first answer", v, err)
		}
	}
	m.forget("k")
	if v, _ := recall(t.Context(), m, "k", load); v != 2 {
		t.Errorf("recall after forget = %d, want a new answer", v)
	}
}

func TestAnAnswerAskedForBeforeAWriteIsNotRememberedAfterIt(t *testing.T) {
	t.Parallel()
	m := newMemo()
	started, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = recall(t.Context(), m, "k", func(context.Context) (string, error) {
			close(started)
			<-release
			return "stale", nil
		})
	}()
	<-started
	m.forget("k")
	close(release)
	<-done
	got, _ := recall(t.Context(), m, "k", func(context.Context) (string, error) { return "fresh", nil })
	if got != "fresh" {
		t.Errorf("recall = %q, want fresh", got)
	}
}

func TestFailuresAreNotRemembered(t *testing.T) {
	t.Parallel()
	m := newMemo()
	_, err := recall(t.Context(), m, "k", func(context.Context) (int, error) { return 0, errors.New("no") })
	if err == nil {
		t.Fatal("the failure was swallowed")
	}
	if v, err := recall(t.Context(), m, "k", func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("recall after a failure = %d, %v", v, err)
	}
}
