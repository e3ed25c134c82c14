package graph_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vb365/terraform-provider-vb365/internal/simulator"
	"github.com/vb365/terraform-provider-vb365/internal/simulator/graph"
)

type object = map[string]any

// register logs in to the provider's tenant and registers an application there.
func register(t *testing.T, options graph.Options) (c *client, path, appID string) {
	t.Helper()

	c = connect(t, options)
	c.enter(graph.ProviderTenant)

	a := c.want(c.ask(http.MethodPost, "/applications", object{
		"displayName": "Mine", "signInAudience": graph.MultipleOrganizations,
		"api": object{"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": []object{scope(true)}},
	}), http.StatusCreated)

	return c, "/applications/" + a.text("id"), a.text("appId")
}

func scope(enabled bool) object {
	return object{"id": user, "value": "access_as_user", "type": "Admin", "isEnabled": enabled, "adminConsentDisplayName": "Access"}
}

func certificate(t *testing.T, c *client, name string) ([]byte, string) {
	t.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: c.clock.Now(), NotAfter: c.clock.Now().Add(time.Hour),
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}

	return der, base64.StdEncoding.EncodeToString(der)
}

func TestAnApplicationIsRegisteredAndChanged(t *testing.T) {
	t.Parallel()

	c, path, appID := register(t, graph.Options{})
	patch := func(body object) answer { return c.ask(http.MethodPatch, path, body) }

	c.want(patch(object{"identifierUris": []string{"api://" + appID}}), http.StatusNoContent)
	c.want(patch(object{"spa": object{"redirectUris": []string{"https://portal.example.com"}}}), http.StatusNoContent)
	// What is left out of an object stays.
	c.want(patch(object{"api": object{"acceptMappedClaims": true}}), http.StatusNoContent)

	a := c.want(c.get("/applications(appId='"+appID+"')"), http.StatusOK)
	api := a.body["api"].(object)

	if api["requestedAccessTokenVersion"] != float64(2) || len(api["oauth2PermissionScopes"].([]any)) != 1 || api["acceptMappedClaims"] != true {
		t.Errorf("%s", a.raw)
	}

	sp := c.want(c.ask(http.MethodPost, "/servicePrincipals", object{"appId": appID}), http.StatusCreated)
	c.want(patch(object{"displayName": "Yours"}), http.StatusNoContent)

	if a := c.get("/servicePrincipals/" + sp.text("id")); a.text("displayName") != "Yours" || !strings.Contains(a.raw, "api://"+appID) {
		t.Errorf("the service principal is %s", a.raw)
	}

	if found := c.get("/applications?$filter=displayName eq 'Yours'").items(); len(found) != 1 || found[0]["appId"] != appID {
		t.Errorf("found %v", found)
	}

	c.want(c.ask(http.MethodDelete, path), http.StatusNoContent)
	c.want(c.get(path), http.StatusNotFound)
	c.want(c.get(byApp(appID)), http.StatusNotFound)

	if n := len(c.get("/directory/deletedItems/microsoft.graph.application").items()); n != 1 {
		t.Errorf("%d applications can be restored", n)
	}

	c.want(c.ask(http.MethodPost, "/directory/deletedItems/"+strings.TrimPrefix(path, "/applications/")+"/restore"), http.StatusOK)
	c.want(c.get(path), http.StatusOK)
	c.want(c.get(byApp(appID)), http.StatusNotFound)
	c.clean()
}

func TestAServicePrincipalWhoseApplicationIsGoneForGoodStaysDeleted(t *testing.T) {
	t.Parallel()

	c, path, appID := register(t, graph.Options{})
	sp := c.want(c.ask(http.MethodPost, "/servicePrincipals", object{"appId": appID}), http.StatusCreated).text("id")
	c.want(c.ask(http.MethodDelete, path), http.StatusNoContent)
	c.want(c.ask(http.MethodDelete, "/directory/deletedItems/"+strings.TrimPrefix(path, "/applications/")), http.StatusNoContent)
	c.want(c.ask(http.MethodPost, "/directory/deletedItems/"+sp+"/restore"), http.StatusBadRequest)
}

func TestScopesAreDisabledBeforeTheyGo(t *testing.T) {
	t.Parallel()

	c, path, _ := register(t, graph.Options{})
	set := func(scopes ...object) answer {
		return c.ask(http.MethodPatch, path, object{"api": object{"oauth2PermissionScopes": append([]object{}, scopes...)}})
	}
	changed := scope(true)
	changed["value"] = "other"

	c.want(set(), http.StatusBadRequest, "CannotDeleteOrUpdateEnabledEntitlement")
	c.want(set(changed), http.StatusBadRequest, "CannotDeleteOrUpdateEnabledEntitlement")
	c.want(set(scope(true), scope(true)), http.StatusBadRequest)

	for _, text := range []string{
		"adminConsentDisplayName", "adminConsentDescription", "userConsentDisplayName", "userConsentDescription",
	} {
		reworded := scope(true)
		reworded[text] = ""
		c.want(set(reworded), http.StatusBadRequest, "CannotDeleteOrUpdateEnabledEntitlement")
	}

	c.want(set(scope(true)), http.StatusNoContent)

	blank := scope(false)
	blank["value"] = "two words"
	c.want(set(blank), http.StatusBadRequest)
	c.want(set(scope(false)), http.StatusNoContent)
	c.want(set(), http.StatusNoContent)
}

func TestIdentifierURIsAreTheTenantsOwnAndUnique(t *testing.T) {
	t.Parallel()

	c, path, appID := register(t, graph.Options{})
	set := func(uris ...string) answer { return c.ask(http.MethodPatch, path, object{"identifierUris": uris}) }

	if a := c.want(set("api://theirs"), http.StatusBadRequest); !strings.HasPrefix(a.message(), "Failed to add identifier URI api://theirs") {
		t.Errorf("%s", a.raw)
	}

	c.want(set("api://"+graph.PortalAppID), http.StatusBadRequest)
	c.want(set("api://"+appID, "https://provider.com/portal", "api://"+graph.ProviderTenant), http.StatusNoContent)
	c.Configure(func(o *graph.Options) { o.OpenIdentifierURIs = true })
	c.want(set("api://theirs"), http.StatusNoContent)

	// An identifier that another service principal has is taken, and named.
	c.AddServicePrincipal(customer, user, func(sp *graph.ServicePrincipal) { sp.ServicePrincipalNames = []string{"api://theirs"} })
	c.enter(customer)

	if a := c.want(c.ask(http.MethodPost, "/servicePrincipals", object{"appId": appID}), http.StatusConflict); !strings.Contains(a.message(), "api://theirs") {
		t.Errorf("%s", a.raw)
	}
}

func TestCertificatesAreReplacedWholeAndHideTheirBytes(t *testing.T) {
	t.Parallel()

	c, path, _ := register(t, graph.Options{})
	firstDER, first := certificate(t, c, "first")
	_, second := certificate(t, c, "second")
	set := func(keys ...object) answer { return c.ask(http.MethodPatch, path, object{"keyCredentials": keys}) }
	add := func(key string) object { return object{"type": "AsymmetricX509Cert", "usage": "Verify", "key": key} }

	c.want(set(add(first)), http.StatusNoContent)

	key := c.get(path).body["keyCredentials"].([]any)[0].(object)
	sum := sha1.Sum(firstDER)

	if key["key"] != nil || key["customKeyIdentifier"] != base64.StdEncoding.EncodeToString(sum[:]) || key["displayName"] != "CN=first" {
		t.Errorf("shown is %v", key)
	}

	if a := c.get(path + "?$select=keyCredentials"); !strings.Contains(a.raw, first) {
		t.Errorf("asked for alone, it is %s", a.raw)
	}

	c.want(set(key, add(second)), http.StatusNoContent)

	if a := c.get(path + "?$select=keyCredentials"); !strings.Contains(a.raw, first) || !strings.Contains(a.raw, second) {
		t.Errorf("sent back without its bytes, it is %s", a.raw)
	}

	digits := add(second)
	digits["customKeyIdentifier"] = strings.ToUpper(hex.EncodeToString(sum[:]))
	c.want(set(digits), http.StatusNoContent)

	late := add(first)
	late["endDateTime"] = c.clock.Now().Add(48 * time.Hour)

	for name, wrong := range map[string]object{
		"no bytes": {"type": "AsymmetricX509Cert", "usage": "Verify", "keyId": user}, "no certificate": add("AAAA"), "too late an end": late,
		"another use": {"type": "Symmetric", "usage": "Sign", "key": first},
	} {
		if a := set(wrong); a.status != http.StatusBadRequest {
			t.Errorf("%s: answered %d", name, a.status)
		}
	}
}

func TestOwnersArePeopleOfTheTenant(t *testing.T) {
	t.Parallel()

	c, path, appID := register(t, graph.Options{})
	c.AddUser(graph.ProviderTenant, graph.User{ID: user, DisplayName: "Alice"})

	link := func(id string) object { return object{"@odata.id": c.URL() + "/v1.0/directoryObjects/" + id} }

	c.want(c.ask(http.MethodPost, path+"/owners/$ref", link(user)), http.StatusNoContent)
	c.want(c.ask(http.MethodPost, path+"/owners/$ref", link(user)), http.StatusBadRequest)
	c.want(c.ask(http.MethodPost, path+"/owners/$ref", link("99999999-0000-4000-8000-000000000009")), http.StatusNotFound)
	c.want(c.ask(http.MethodPost, path+"/owners/$ref", link("nobody")), http.StatusBadRequest)

	if owners := c.get(path + "/owners?$select=id").items(); len(owners) != 1 || owners[0]["id"] != user || owners[0]["displayName"] != nil {
		t.Errorf("the owners are %v", owners)
	}

	if got := c.Owners(appID); !slices.Equal(got, []string{user}) {
		t.Errorf("the owners are %v", got)
	}

	c.want(c.ask(http.MethodDelete, path+"/owners/"+user+"/$ref"), http.StatusNoContent)
	c.want(c.ask(http.MethodDelete, path+"/owners/"+user+"/$ref"), http.StatusNotFound)
	c.clean()
}

func TestThoseWhoMayDealWithTheirOwnMayNotDealWithOthers(t *testing.T) {
	t.Parallel()

	c, path, _ := register(t, graph.Options{})
	theirs := c.AddApplication(graph.ProviderTenant, graph.Application{DisplayName: "Theirs"})
	c.SetPermissions(graph.ProviderTenant, graph.DefaultClientID, graph.ApplicationReadWriteOwnedBy)
	c.enter(graph.ProviderTenant)
	c.want(c.ask(http.MethodPatch, path, object{"displayName": "New"}), http.StatusNoContent)
	c.want(c.ask(http.MethodPatch, "/applications/"+theirs.ID, object{"displayName": "New"}), http.StatusForbidden)
}

func TestANewApplicationIsNotKnownOrInConflictForAWhile(t *testing.T) {
	t.Parallel()

	c, path, appID := register(t, graph.Options{LagCreate: graph.Lag{Reads: 3}})

	var statuses []int
	for range 2 {
		statuses = append(statuses, c.ask(http.MethodPatch, path, object{"displayName": "New"}).status)
	}

	slices.Sort(statuses)

	if !slices.Equal(statuses, []int{http.StatusNotFound, http.StatusConflict}) {
		t.Errorf("answered %v", statuses)
	}

	c.want(c.get("/applications(appId='"+appID+"')"), http.StatusNotFound)
	c.want(c.get(path), http.StatusOK)
}

func TestTheSeedFitsTheOtherFace(t *testing.T) {
	t.Parallel()

	seed := graph.ThreeCustomers().WithPortal()

	if portal := simulator.ThreeCustomers().Portal; portal.ApplicationID != graph.PortalAppID {
		t.Errorf("the portal's application is %s", portal.ApplicationID)
	}

	for _, organization := range simulator.ThreeCustomers().Organizations {
		if !slices.ContainsFunc(seed.Tenants, func(s graph.SeedTenant) bool {
			return s.ID == organization.TenantID && slices.Contains(s.Domains, organization.Name)
		}) {
			t.Errorf("%s has no tenant %s", organization.Name, organization.TenantID)
		}
	}
}

func TestASnapshotIsASeed(t *testing.T) {
	t.Parallel()

	c := connect(t, graph.Options{})
	c.AddUser(customer, graph.User{ID: user})
	c.AdminConsent(customer, app)
	c.AddServicePrincipal(graph.AdatumTenant, app)
	c.DeleteServicePrincipal(graph.AdatumTenant, app)

	text, err := encode(c.Snapshot())
	if err != nil {
		t.Fatal(err)
	}

	seed, err := graph.ParseSeed(text)
	if err != nil {
		t.Fatal(err)
	}

	other, err := graph.Start(graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()

	other.Seed(seed)

	again, err := encode(other.Snapshot())
	if err != nil || !bytes.Equal(again, text) {
		t.Errorf("it became\n%s\nof\n%s (%v)", again, text, err)
	}

	if other.Environment()["ARM_TENANT_ID"] != graph.ProviderTenant || len(other.Grants(customer)) != 2 {
		t.Errorf("%v", other.Environment())
	}

	if _, err := graph.ParseSeed([]byte(`{"colour": "red"}`)); err == nil {
		t.Error("an unknown member passed")
	}
}
