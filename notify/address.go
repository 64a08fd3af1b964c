package notify

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"truename"
)

// CodeTargetRefused: a webhook's address is not one that may be called.
const CodeTargetRefused truename.Code = "webhook_target_refused"

const maxURLLength = 2048

// Targets says which addresses may be called. The zero value: https to public addresses.
type Targets struct {
	// Allowed networks are called although they are not public: the operator's own.
	Allowed []netip.Prefix
	// PlainHTTP allows http, where a network is trusted to carry events in clear.
	PlainHTTP bool
}

// ValidateURL checks a webhook's address when it is registered. A name is checked again, by what it then resolves to, at each
// connection.
func (t Targets) ValidateURL(address string) error {
	_, err := t.parse(address)
	return err
}

func (t Targets) parse(address string) (*url.URL, error) {
	if len(address) > maxURLLength {
		return nil, refused("The address is longer than 2,048 bytes.")
	}
	u, err := url.Parse(address)
	if err != nil {
		// The cause would repeat the address.
		return nil, refused("The address cannot be read.")
	}
	switch host := u.Hostname(); {
	case u.Scheme != "https" && !(u.Scheme == "http" && t.PlainHTTP):
		return nil, refused("The address does not begin with https://.")
	case u.Opaque != "" || host == "":
		return nil, refused("The address has no host.")
	case u.User != nil:
		return nil, refused("The address holds a user name.")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return nil, refused("The address holds a fragment.")
	case !isPort(u.Port(), u.Host):
		return nil, refused("The port is not a number from 1 to 65,535.")
	default:
		return u, t.checkHost(host)
	}
}

func isPort(port, host string) bool {
	if port == "" {
		return !strings.HasSuffix(host, ":")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// checkHost refuses what would be refused when connecting, where that can be seen already.
func (t Targets) checkHost(host string) error {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Is4In6() || a.Zone() != "" {
			return refused("The address is written in a form that is not accepted.")
		}
		return t.check(a)
	}
	for _, c := range []byte(host) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_') {
			return refused("The host name holds other characters than letters, digits and hyphens.")
		}
	}
	// 127.1 and 0x7f000001 are names to some resolvers and addresses to others.
	last := strings.TrimSuffix(host, ".")
	last = strings.ToLower(last[strings.LastIndexByte(last, '.')+1:])
	if last == "" || '0' <= last[0] && last[0] <= '9' {
		return refused("The host is neither a name nor an address in its usual form.")
	}
	if last == "localhost" && !t.allows(netip.AddrFrom4([4]byte{127, 0, 0, 1})) {
		return refused("The address is on this machine.")
	}
	return nil
}

// check says whether an address may be connected to.
func (t Targets) check(a netip.Addr) error {
	a = a.Unmap()
	if t.allows(a) || isPublic(a) {
		return nil
	}
	return refused("The address is not a public one, and its network is not among those that are allowed.")
}

func (t Targets) allows(a netip.Addr) bool {
	for _, p := range t.Allowed {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// isPublic says whether an address is one of the global internet. What is not known to be is not.
func isPublic(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	except := special4()
	if a.Is6() {
		if !netip.MustParsePrefix("2000::/3").Contains(a) {
			return false
		}
		except = special6()
	}
	for _, p := range except {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// special4 are the networks of IPv4 that are not public.
func special4() []netip.Prefix {
	return prefixes(
		"0.0.0.0/8",        // this network
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // carrier-grade NAT; a cloud's metadata
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // a cloud's virtual host
		"169.254.0.0/16",   // link-local; clouds' metadata
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments; a cloud's metadata
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays
		"192.168.0.0/16",   // private
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast
		"240.0.0.0/4",      // reserved, broadcast
	)
}

// special6 are the networks within 2000::/3 that are not public, or lead to an IPv4 address. Outside it are, among others,
// loopback, IPv4-mapped addresses, NAT64 (64:ff9b::/96), unique local, link-local and multicast addresses.
func special6() []netip.Prefix {
	return prefixes(
		"2001::/23",     // protocol assignments, Teredo
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4
		"3fff::/20",     // documentation
	)
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// dialer connects to allowed addresses only. The check comes after the name was resolved, with the very address that the
// connection is made to.
func (t Targets) dialer(r *net.Resolver) *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second, Resolver: r,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || network != "tcp4" && network != "tcp6" {
				return fmt.Errorf("notify: a connection over %s", network)
			}
			return t.check(to.Addr())
		}}
}

func refused(detail string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: CodeTargetRefused, Detail: detail,
		Remedy: "Give an https:// address with a public host, without user name and fragment, or have its network allowed in the configuration."}
}
