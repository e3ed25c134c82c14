package entra

import (
	"fmt"
	"net/url"
	"strings"
)

// Environment is a cloud of Microsoft's. Tenants and applications of different
// clouds do not know each other.
type Environment string

// The clouds, by the names that VB365 gives its regions.
const (
	Worldwide    Environment = "Worldwide"
	USGovernment Environment = "USGovernment" // GCC High
	USDefence    Environment = "USDefence"    // DoD
	China        Environment = "China"        // operated by 21Vianet
)

// cloud is where an environment is reached.
type cloud struct {
	authority string // where tokens are issued
	graph     string // where Microsoft Graph answers
	// exchange is the audience of tokens that are exchanged for an application's own.
	exchange string
}

func (e Environment) cloud() (cloud, bool) {
	switch e {
	case Worldwide, "":
		return cloud{"https://login.microsoftonline.com", "https://graph.microsoft.com", "api://AzureADTokenExchange"}, true
	case USGovernment:
		return cloud{"https://login.microsoftonline.us", "https://graph.microsoft.us", "api://AzureADTokenExchangeUSGov"}, true
	case USDefence:
		return cloud{"https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "api://AzureADTokenExchangeUSGov"}, true
	case China:
		return cloud{"https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn", "api://AzureADTokenExchangeChina"}, true
	}
	return cloud{}, false
}

// ParseEnvironment returns the environment of that name; the names that the
// azuread provider uses are understood too. Case does not count.
func ParseEnvironment(name string) (Environment, error) {
	switch strings.ToLower(name) {
	case "worldwide", "global", "public":
		return Worldwide, nil
	case "usgovernment", "usgovernmentl4":
		return USGovernment, nil
	case "usdefence", "usgovernmentl5", "dod":
		return USDefence, nil
	case "china":
		return China, nil
	}
	return "", fmt.Errorf("%q is not an environment; there are %s, %s, %s and %s", name, Worldwide, USGovernment, USDefence, China)
}

// ParseHost parses the base URL of a login or Graph service: https, a host, and
// nothing but an optional port beside them.
func ParseHost(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL; expected the form https://host", text)
	case u.Scheme != "https":
		return nil, fmt.Errorf("%q does not begin with https://; tokens are sent over HTTPS only", text)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q names no host; expected the form https://host", text)
	case u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("%q is more than a host; expected the form https://host", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}
