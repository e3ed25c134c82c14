package vbopowershell

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

const highestPort = 65535

func hostPort(host string, port, otherwise int) string {
	if port == 0 {
		port = otherwise
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// checkAddress finds hosts that are URLs, or carry a port or an account. An error
// wraps [ErrConfig].
func checkAddress(host string, port int) error {
	if port < 0 || port > highestPort {
		return fmt.Errorf("%w: port is %d, and not between 1 and %d", ErrConfig, port, highestPort)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil // an address of IPv6 has colons
	}
	for _, r := range host {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`:/\?#@[]<>&"'%`, r) {
			return fmt.Errorf("%w: host is a name or an address, and has no %q", ErrConfig, r)
		}
	}
	return nil
}
