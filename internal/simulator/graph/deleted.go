package graph

import (
	"net/http"
	"strings"
)

// castOf is the type that a path narrows the deleted items to; empty if the
// segment is an id. Clients leave the namespace out in part or in whole.
func castOf(segment string) string {
	switch strings.ToLower(segment) {
	case "microsoft.graph.serviceprincipal", "graph.serviceprincipal":
		return principalCollection.kind
	case "microsoft.graph.application", "graph.application":
		return applicationCollection.kind
	default:
		return ""
	}
}

func getDeleted(x *exchange) (reply, error) {
	switch castOf(x.params["id"]) {
	case principalCollection.kind:
		var items []*ServicePrincipal

		for _, item := range x.tenant.deleted.allSeen(x.view) {
			if item.principal != nil {
				items = append(items, item.principal)
			}
		}

		return list(x, principalCollection, items)
	case applicationCollection.kind:
		var items []*Application

		for _, item := range x.tenant.deleted.allSeen(x.view) {
			if item.application != nil {
				items = append(items, item.application)
			}
		}

		return list(x, applicationCollection, items)
	}

	item := x.tenant.deleted.seen(x.view, key(x.params["id"]))

	switch {
	case item == nil:
		return reply{}, notFound(x.params["id"])
	case item.application != nil:
		return typed(entity(x, applicationCollection, http.StatusOK, item.application, nil), applicationCollection), nil
	default:
		return typed(entity(x, principalCollection, http.StatusOK, item.principal, nil), principalCollection), nil
	}
}

// typed adds the type, which the address does not tell.
func typed(answer reply, c collection) reply {
	if body, isObject := answer.body.(map[string]any); isObject {
		body["@odata.type"] = "#microsoft.graph." + c.kind
	}

	return answer
}

// ownDeleted finds the deleted item that the path names for a write.
func (x *exchange) ownDeleted() (*deletedItem, error) {
	id := x.params["id"]

	item := x.tenant.deleted.get(key(id))
	if item == nil || x.tenant.deleted.seen(x.view, key(id)) == nil {
		return nil, notFound(id)
	}

	if !x.mayChange(id) {
		return nil, denied()
	}

	return item, nil
}

func purge(x *exchange) (reply, error) {
	if _, err := x.ownDeleted(); err != nil {
		return reply{}, err
	}

	put(x.writer(), &x.tenant.deleted, key(x.params["id"]), nil, deleted)

	return noContent(), nil
}

func restore(x *exchange) (reply, error) {
	item, err := x.ownDeleted()
	if err != nil {
		return reply{}, err
	}

	if item.application != nil {
		app := clone(*item.application)
		app.DeletedDateTime = nil
		x.tenant.revive(x.writer(), app.ID, item, false)

		return typed(entity(x, applicationCollection, http.StatusOK, &app, nil), applicationCollection), nil
	}

	if x.knobs.RestoreForbidden {
		return reply{}, denied()
	}

	for _, existing := range x.tenant.principals.all() {
		for _, name := range item.principal.ServicePrincipalNames {
			if contains(existing.ServicePrincipalNames, name) {
				return reply{}, nameInUse(name)
			}
		}
	}

	if !x.state.recoverable(item.principal.AppID) {
		return reply{}, noBackingApplication(item.principal.AppID)
	}

	sp := clone(*item.principal)
	sp.DeletedDateTime = nil
	x.tenant.revive(x.writer(), sp.ID, item, x.knobs.GrantsAfterRestore == GrantsAfterRestoreReturn)

	return typed(entity(x, principalCollection, http.StatusOK, &sp, nil), principalCollection), nil
}

// recoverable tells whether an application is registered, or can be again.
func (s *state) recoverable(appID string) bool {
	if _, app := s.application(appID); app != nil {
		return true
	}

	for _, t := range s.tenants {
		for _, item := range t.deleted.all() {
			if item.application != nil && strings.EqualFold(item.application.AppID, appID) {
				return true
			}
		}
	}

	return false
}
