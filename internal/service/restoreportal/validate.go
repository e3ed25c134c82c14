package restoreportal

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
)

// hostName is a DNS name.
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

const maxHostName = 253

func checkPortalURI() tfkit.Check {
	return tfkit.NewCheck("must be an https address with a port and without a path", "Invalid address of the portal", func(s string) error {
		const form = "expected the form https://portal.example.com:4443"
		u, err := url.Parse(s)
		if err != nil {
			return fmt.Errorf("%q is no address; %s", s, form)
		}
		host := u.Hostname()
		ip := net.ParseIP(host)
		switch {
		case u.Scheme != "https":
			return fmt.Errorf("%q does not begin with https://; %s", s, form)
		case u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return fmt.Errorf("%q has more than a host and a port, be it a slash at the end; %s", s, form)
		case ip != nil && ip.To4() == nil:
			return fmt.Errorf("%q is an IPv6 address, which the portal does not take; %s", s, form)
		case ip == nil && (!hostName.MatchString(host) || len(host) > maxHostName):
			return fmt.Errorf("%q names no valid host; %s", s, form)
		case s != "https://"+u.Host:
			return fmt.Errorf("%q is not in its plain form; %s", s, form)
		}
		if port := portOf(s); port < 1 || port > highestPort {
			return fmt.Errorf("%q names no port; write it out, even 443: %s", s, form)
		}
		return nil
	})
}

// portOf returns the port of an address; zero if it names none.
func portOf(address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return 0
	}
	return port
}

func checkRegion() tfkit.Check {
	return tfkit.NewCheck("must not be Germany", "A region that no longer is", func(s string) error {
		if s == regionGermany {
			return fmt.Errorf("region %s is that of Microsoft Cloud Germany, which was closed; German data centers of today belong to %s",
				regionGermany, regionWorldwide)
		}
		return nil
	})
}
