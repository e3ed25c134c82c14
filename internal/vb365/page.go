package vb365

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// pageLimit is the largest page that the server gives.
const pageLimit = 10000

// page is the envelope of a listing.
type page[T any] struct {
	Offset     int            `json:"offset"`
	Limit      int            `json:"limit"`
	SetID      string         `json:"setId"`
	TotalCount *int           `json:"totalCount"` // v6 and v7 only
	Links      map[string]any `json:"_links"`
	Results    []T            `json:"results"`
}

// last tells whether no page follows, given how many results were read in all.
// The server may give smaller pages than it was asked for, so a link to the next
// page and the total count say more than the page's length.
func (p *page[T]) last(read, asked int) bool {
	if len(p.Results) == 0 {
		return true
	}
	if _, more := p.Links["next"]; more {
		return false
	}
	if p.TotalCount != nil {
		return read >= *p.TotalCount
	}
	if len(p.Links) > 0 {
		return true
	}
	limit := asked
	if p.Limit > 0 {
		limit = min(limit, p.Limit)
	}
	return len(p.Results) < limit
}

// listing is a listing that is read page by page, as far as somebody wants it.
// It belongs to all who ask for the same.
type listing[T any] struct {
	client *Client
	path   string
	query  url.Values
	key    func(T) string

	mu    sync.Mutex
	items []T
	seen  map[string]bool
	setID string
	whole bool
}

// all returns the whole listing.
func (l *listing[T]) all(ctx context.Context) ([]T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.whole {
		if err := l.next(ctx); err != nil {
			return nil, err
		}
	}
	return l.items, nil
}

// first returns what was read already, which is the first page at least, and whether it is all.
func (l *listing[T]) first(ctx context.Context) (items []T, whole bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.whole && len(l.items) == 0 {
		err = l.next(ctx)
	}
	return l.items, l.whole, err
}

// next reads the next page. The id of the result set keeps the pages consistent
// while objects come and go, and spares the server new queries. After a failure
// the listing begins anew.
func (l *listing[T]) next(ctx context.Context) error {
	params := maps.Clone(l.query)
	if params == nil {
		params = url.Values{}
	}
	params.Set("limit", strconv.Itoa(pageLimit))
	params.Set("offset", strconv.Itoa(len(l.items)))
	if l.setID != "" {
		params.Set("setId", l.setID)
	}
	p, err := fetch[page[T]](ctx, l.client, request{path: l.path, query: params, slow: true})
	if err == nil {
		err = l.add(p.Results)
	}
	if err != nil {
		l.items, l.seen, l.setID = nil, nil, ""
		return err
	}
	l.whole = p.last(len(l.items), pageLimit)
	if l.setID == "" {
		l.setID = p.SetID
	}
	return nil
}

func (l *listing[T]) add(items []T) error {
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	for _, item := range items {
		id := l.key(item)
		if l.seen[id] {
			return fmt.Errorf("%s %s: the server's pages repeat the object %s; the listing cannot be trusted to be whole",
				http.MethodGet, l.path, id)
		}
		l.seen[id] = true
		l.items = append(l.items, item)
	}
	return nil
}
