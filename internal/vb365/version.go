package vb365

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Version is a version of the REST API: 6, 7 or 8. It is not the product's
// version: builds 8.0 to 8.6 all serve version 8, and 7 and 6 beside it.
type Version int

// The API versions that this package speaks.
const (
	V6 Version = 6
	V7 Version = 7
	V8 Version = 8
)

// Versions lists the API versions that this package speaks, newest first.
func Versions() []Version { return []Version{V8, V7, V6} }

// String returns the version as it stands in URLs: "v8".
func (v Version) String() string { return fmt.Sprintf("v%d", int(v)) }

// ParseVersion returns the version of a text such as "v8".
func ParseVersion(s string) (Version, error) {
	for _, v := range Versions() {
		if s == v.String() {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%q is not an API version that can be used; choose v8, v7 or v6", s)
}

// Version returns the API version in use: the pinned one, or the newest that
// the server serves, found once with anonymous requests.
func (c *Client) Version(ctx context.Context) (Version, error) {
	if c.cfg.APIVersion != 0 {
		return c.cfg.APIVersion, nil
	}
	return recall(ctx, c.shared, "version", c.discover)
}

// discover asks for each version's ServiceInstance without logging in: a served
// version refuses that with 401, any other answers 404.
func (c *Client) discover(ctx context.Context) (Version, error) {
	for _, v := range Versions() {
		served, err := c.serves(ctx, v)
		if err != nil {
			return 0, err
		}
		if served {
			return v, nil
		}
	}
	return 0, c.explainNoVersion(ctx)
}

func (c *Client) serves(ctx context.Context, v Version) (bool, error) {
	resp, err := c.send(ctx, request{method: http.MethodGet, version: v, path: "/ServiceInstance", anonymous: true})
	if err != nil {
		return false, err
	}
	switch {
	case resp.status == http.StatusUnauthorized, resp.status == http.StatusForbidden,
		resp.status == http.StatusOK && resp.isJSON():
		return true, nil
	case resp.status == http.StatusNotFound:
		return false, nil
	case resp.status >= http.StatusInternalServerError || resp.status == http.StatusTooManyRequests:
		return false, resp.err()
	}
	return false, c.notVB365(resp)
}

// explainNoVersion tells a REST host that serves restore operators only (it
// still shows the portal's settings) from something that is not VB365.
func (c *Client) explainNoVersion(ctx context.Context) error {
	_, err := c.portalSettings(ctx, Versions())
	if err == nil {
		return &EndpointError{Endpoint: c.Endpoint(), Reason: OperatorsOnly}
	}
	if e, ok := errors.AsType[*EndpointError](err); ok {
		return e
	}
	return &EndpointError{
		Endpoint: c.Endpoint(), Reason: NotVB365,
		Detail: "it answers 404 for " + versionList(Versions()),
	}
}

// notServed explains a pinned version that the server does not serve, by asking which it does.
func (c *Client) notServed(ctx context.Context, pinned Version) error {
	var served []Version
	for _, v := range Versions() {
		if ok, err := c.serves(ctx, v); err == nil && ok {
			served = append(served, v)
		}
	}
	if len(served) == 0 {
		return c.explainNoVersion(ctx)
	}
	return &EndpointError{
		Endpoint: c.Endpoint(), Reason: VersionNotServed,
		Detail: fmt.Sprintf("API version %s was asked for, the server serves %s", pinned, versionList(served)),
	}
}

func (c *Client) notVB365(resp *response) error {
	detail := fmt.Sprintf("%s %s was answered %s", resp.method, resp.path, resp.statusText())
	if !resp.isJSON() && len(resp.body) > 0 {
		detail += " with " + resp.contentType()
	}
	return &EndpointError{Endpoint: c.Endpoint(), Reason: NotVB365, Detail: detail}
}

func versionList(versions []Version) string {
	texts := make([]string, len(versions))
	for i, v := range versions {
		texts[i] = v.String()
	}
	return strings.Join(texts, ", ")
}

// ServiceInstance is the server that answers.
type ServiceInstance struct {
	InstallationID string `json:"installationId"`
	// Version is the product's build, such as 8.4.0.1457.
	Version string `json:"version"`
}

// ServiceInstance returns the installation's id and build.
func (c *Client) ServiceInstance(ctx context.Context) (ServiceInstance, error) {
	return get[ServiceInstance](ctx, c, "/ServiceInstance")
}

// Health is the state of the services behind the REST service.
type Health struct {
	Status  string                 `json:"status"`
	Entries map[string]HealthEntry `json:"entries"`
}

// HealthEntry is the state of one service, such as its database.
type HealthEntry struct {
	Status      string  `json:"status"`
	Description *string `json:"description"`
}

// Health returns the server's health, or nil where the API version has none (before v8).
func (c *Client) Health(ctx context.Context) (*Health, error) {
	v, err := c.Version(ctx)
	if err != nil || v < V8 {
		return nil, err
	}
	return recall(ctx, c.shared, "health", func(ctx context.Context) (*Health, error) {
		resp, err := c.send(ctx, request{method: http.MethodGet, version: v, path: "/Health", anonymous: true})
		if err != nil {
			return nil, err
		}
		// An unhealthy server may say so with 503 and the same body.
		health := new(Health)
		if json.Unmarshal(resp.body, health) == nil && health.Status != "" {
			return health, nil
		}
		if err := resp.err(); err != nil {
			return nil, err
		}
		return nil, c.notVB365(resp)
	})
}

// ServedVersions asks anonymously which API versions the server serves, newest first.
func (c *Client) ServedVersions(ctx context.Context) ([]Version, error) {
	return recall(ctx, c.shared, "served versions", func(ctx context.Context) ([]Version, error) {
		var served []Version
		for _, v := range Versions() {
			ok, err := c.serves(ctx, v)
			if err != nil {
				return nil, err
			}
			if ok {
				served = append(served, v)
			}
		}
		return served, nil
	})
}
