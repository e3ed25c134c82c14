package simulator

import (
	"net/http"
	"strconv"
)

// window is the part of a collection that a request asks for.
type window struct {
	offset int
	limit  int
}

// window reads limit and offset.
func (x *exchange) window() (window, error) {
	asked := window{limit: x.knobs.PageDefault}

	if text := x.param("limit"); text != "" {
		limit, err := strconv.ParseInt(text, 10, 32)
		if err != nil || limit < 1 {
			return window{}, invalid("The value %q is not valid for limit.", text)
		}

		asked.limit = int(limit)
	}

	if text := x.param("offset"); text != "" {
		offset, err := strconv.ParseInt(text, 10, 32)
		if err != nil || offset < 0 {
			return window{}, invalid("The value %q is not valid for offset.", text)
		}

		asked.offset = int(offset)
	}

	asked.limit = min(asked.limit, x.knobs.PageMax)

	return asked, nil
}

// cut returns the window's part of the items.
func cut[T any](items []T, w window) []T {
	start := min(w.offset, len(items))
	end := min(start+w.limit, len(items))

	return items[start:end]
}

// pageLinks are the links of a page: first and prev where there is something
// before it, next where there is something after it.
func (x *exchange) pageLinks(path string, w window, total int) *object {
	var l links

	at := func(name string, offset int) {
		l = x.link(l, name, "%s?offset=%d&limit=%d", path, offset, w.limit)
	}

	if w.offset > 0 {
		at("first", 0)
		at("prev", max(0, w.offset-w.limit))
	}

	at("self", w.offset)

	if w.offset+w.limit < total {
		at("next", w.offset+w.limit)
	}

	return l.object()
}

// page renders one page of a collection.
func (x *exchange) page(path string, w window, total int, setID string, results []*object) reply {
	body := x.object()
	body.set("offset", w.offset)
	body.set("limit", w.limit)

	if x.version < v8 {
		body.set("totalCount", total)
	}

	if setID != "" {
		body.set("setId", setID)
	}

	body.set("_links", x.pageLinks(path, w, total))
	body.set("results", results)

	return reply{status: http.StatusOK, body: body}
}

// listing is a collection that is filtered, frozen and paged.
type listing[T any] struct {
	path    string
	collect func() ([]T, error)
	render  func(T) *object
}

// list answers a request for a page of the collection.
func list[T any](f *restFace, x *exchange, l listing[T]) (reply, error) {
	asked, err := x.window()
	if err != nil {
		return reply{}, err
	}

	var items []T

	setID := x.param("setId")

	if setID == "" {
		items, err = l.collect()
		if err != nil {
			return reply{}, err
		}

		setID = f.sets.freeze(l.path, items)
	} else {
		frozen, known := f.sets.find(setID, l.path)
		if !known {
			return reply{}, notFound("result set", setID)
		}

		items, _ = frozen.([]T)
	}

	f.rules.checkPage(x, setID, asked, len(items))

	return x.page(l.path, asked, len(items), setID, transform(cut(items, asked), l.render)), nil
}
