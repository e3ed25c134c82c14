package simulator

import "net/http"

// getServiceInstance answers GET /ServiceInstance.
func (f *restFace) getServiceInstance(x *exchange) (reply, error) {
	body := x.object()
	body.set("installationId", x.knobs.InstallationID)
	body.set("version", x.knobs.ProductVersion)

	return reply{status: http.StatusOK, body: body}, nil
}

// getHealth answers GET /Health, for everybody.
func (f *restFace) getHealth(x *exchange) (reply, error) {
	database, trouble := "Healthy", ""
	if x.knobs.Unhealthy {
		database, trouble = "Unhealthy", "The database server does not answer."
	}

	report := func(status, description string) *object {
		body := x.object()
		body.set("status", status)
		body.nullable("description", description)

		return body
	}

	entries := x.object()
	entries.set("NATS", report("Healthy", ""))
	entries.set("PostgreSQL", report(database, trouble))

	body := x.object()
	body.set("status", database)
	body.set("entries", entries)

	return reply{status: http.StatusOK, body: body}, nil
}
