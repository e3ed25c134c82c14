package vb365

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
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

// readPages reads a listing whole. setID keeps the pages of one listing
// consistent while objects come and go, and spares the server new queries.
func readPages[T any](ctx context.Context, c *Client, path string, query url.Values, key func(T) string) ([]T, error) {
	var all []T
	seen := map[string]bool{}
	params := url.Values{}
	maps.Copy(params, query)
	params.Set("limit", strconv.Itoa(pageLimit))
	for {
		params.Set("offset", strconv.Itoa(len(all)))
		p, err := fetch[page[T]](ctx, c, request{path: path, query: params, slow: true})
		if err != nil {
			return nil, err
		}
		for _, item := range p.Results {
			id := key(item)
			if seen[id] {
				return nil, fmt.Errorf("%s %s: the server's pages repeat the object %s; "+
					"the listing cannot be trusted to be whole", http.MethodGet, path, id)
			}
			seen[id] = true
			all = append(all, item)
		}
		if p.last(len(all), pageLimit) {
			return all, nil
		}
		if p.SetID != "" && params.Get("setId") == "" {
			params.Set("setId", p.SetID)
		}
	}
}
