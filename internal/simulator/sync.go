package simulator

import (
	"encoding/json"
	"net/http"
	"time"
)

// The kinds of synchronization.
const (
	syncIncremental = "Incremental"
	syncFull        = "Full"
)

// startSync begins a synchronization of the local cache.
func (t *tenant) startSync(kind string, now time.Time) {
	t.sync.current = syncRun{kind: kind, started: now}
}

// syncing tells whether a synchronization runs.
func (t *tenant) syncing() bool {
	return t.sync.current.kind != ""
}

// settle finishes a synchronization that has run for long enough.
func (t *tenant) settle(now time.Time, duration time.Duration) {
	if t.syncing() && !now.Before(t.sync.current.started.Add(duration)) {
		t.finishSync(t.sync.current.started.Add(duration))
	}
}

// finishSync makes the local cache hold every object.
func (t *tenant) finishSync(now time.Time) {
	t.sync.last = t.sync.current
	t.sync.last.ended = now
	t.sync.current = syncRun{}

	t.users.each(func(u *User) { u.Unsynced = false })
	t.groups.each(func(g *Group) { g.Unsynced = false })
	t.sites.each(func(s *Site) { s.Unsynced = false })
	t.teams.each(func(o *Team) { o.Unsynced = false })
}

// getSyncState answers GET /Organizations/{organizationId}/SyncState.
func (f *restFace) getSyncState(x *exchange) (reply, error) {
	id, err := x.guidParam("organizationId")
	if err != nil {
		return reply{}, err
	}

	var body *object

	err = f.state.try(func(t *tables) error {
		owner, err := t.cached(id)
		if err != nil {
			return err
		}

		owner.settle(x.knobs.Clock(), x.knobs.SyncDuration)

		body = x.syncState(owner.ID, owner.sync)

		return nil
	})

	return reply{status: http.StatusOK, body: body}, err
}

// getSyncStates answers GET /Organizations/SyncState.
func (f *restFace) getSyncStates(x *exchange) (reply, error) {
	bodies := []*object{}

	f.state.write(func(t *tables) {
		for _, owner := range t.tenants {
			if owner.modernAppOnly() {
				owner.settle(x.knobs.Clock(), x.knobs.SyncDuration)

				bodies = append(bodies, x.syncState(owner.ID, owner.sync))
			}
		}
	})

	return reply{status: http.StatusOK, body: bodies}, nil
}

// postSync answers POST /Organizations/{organizationId}/Sync.
func (f *restFace) postSync(x *exchange) (reply, error) {
	id, err := x.guidParam("organizationId")
	if err != nil {
		return reply{}, err
	}

	if err := x.requireJSON(); err != nil {
		return reply{}, err
	}

	var options struct {
		Type string `json:"type"`
	}

	if err := json.Unmarshal(x.body, &options); err != nil || options.Type != syncIncremental && options.Type != syncFull {
		return reply{}, invalid("The type of the synchronization must be Incremental or Full.")
	}

	err = f.state.try(func(t *tables) error {
		owner, err := t.cached(id)
		if err != nil {
			return err
		}

		now := x.knobs.Clock()
		owner.settle(now, x.knobs.SyncDuration)

		if owner.syncing() {
			return conflict("The organization is being synchronized already.")
		}

		owner.startSync(options.Type, now)
		owner.settle(now, x.knobs.SyncDuration)

		return nil
	})

	if x.version >= v8 {
		return reply{status: http.StatusNoContent}, err
	}

	return reply{status: http.StatusOK}, err
}

// cached finds an organization that has a local cache.
func (t *tables) cached(id string) (*tenant, error) {
	owner, known := t.tenant(id)
	if !known {
		return nil, notFound("organization", id)
	}

	if !owner.modernAppOnly() {
		return nil, invalid("The organization %s does not use modern app-only authentication.", owner.Name)
	}

	return owner, nil
}

func (x *exchange) syncState(organizationID string, s syncState) *object {
	links := x.link(nil, "organization", "/organizations/%s", organizationID).object()

	if x.version < v8 {
		return x.syncStateV7(s, links)
	}

	body := x.object()
	body.set("organizationId", organizationID)

	if s.last.kind != "" {
		last := x.object()
		last.set("type", s.last.kind)
		last.set("result", s.last.result())
		last.set("startTime", timestamp(s.last.started))
		last.set("endTime", timestamp(s.last.ended))
		last.nullable("error", s.last.failure)
		body.set("lastSyncState", last)
	}

	if s.current.kind != "" {
		current := x.object()
		current.set("type", s.current.kind)
		current.set("scheduledTime", timestamp(s.current.started))
		current.set("startTime", timestamp(s.current.started))
		current.set("status", "Running")
		body.set("currentSyncState", current)
	}

	body.set("_links", links)

	return body
}

func (x *exchange) syncStateV7(s syncState, links *object) *object {
	body := x.object()
	body.nullable("type", s.last.kind)
	body.set("status", s.last.result())
	body.nullable("lastSyncTime", timestamp(s.last.ended))
	body.nullable("error", s.last.failure)
	body.set("_links", links)

	return body
}

func (r syncRun) result() string {
	switch {
	case r.kind == "":
		return "None"
	case r.failure != "":
		return "Error"
	default:
		return "Success"
	}
}
