package notify_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"truename"
	"truename/notify"
)

func TestValidateURL(t *testing.T) {
	own := notify.Targets{Allowed: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}}
	plain := notify.Targets{PlainHTTP: true}
	local := notify.Targets{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for _, c := range []struct {
		targets notify.Targets
		address string
		want    bool
	}{
		{address: "https://hooks.example.com/a?b=c", want: true},
		{address: "https://hooks.example.com:8443/", want: true},
		{address: "https://8.8.8.8/", want: true},
		{address: "https://[2606:4700::1]/", want: true},
		{address: "https://xn--fiqs8s.example./x", want: true},
		{address: "HTTPS://hooks.example.com", want: true},
		{address: "http://hooks.example.com/"},
		{targets: plain, address: "http://hooks.example.com/", want: true},
		{targets: plain, address: "ftp://hooks.example.com/"},
		{address: "hooks.example.com"}, {address: "//hooks.example.com"}, {address: "https:hooks.example.com"}, {address: "https:///x"}, {address: ""},
		{address: "https://user@hooks.example.com/"}, {address: "https://user:pass@hooks.example.com/"}, {address: "https://@hooks.example.com/"},
		{address: "https://hooks.example.com/#x"}, {address: "https://hooks.example.com/#"},
		{address: "https://hooks.example.com:0/"}, {address: "https://hooks.example.com:65536/"}, {address: "https://hooks.example.com:/"}, {address: "https://hooks.example.com:x/"},
		{address: "https://hooks.example.com/" + strings.Repeat("x", 2048)},
		{address: "https://hooks.example.com/\n"}, {address: "https://hooks example.com/"}, {address: "https://例え.example/"},
		{address: "https://localhost/"}, {address: "https://a.localhost/"}, {address: "https://LOCALHOST./"},
		{targets: local, address: "https://localhost/", want: true},
		{address: "https://127.0.0.1/"}, {address: "https://127.1/"}, {address: "https://2130706433/"}, {address: "https://0x7f000001/"}, {address: "https://0177.0.0.1/"},
		{address: "https://0.0.0.0/"}, {address: "https://10.1.2.3/"}, {address: "https://100.64.0.1/"}, {address: "https://100.100.100.200/"},
		{address: "https://169.254.169.254/latest/meta-data"}, {address: "https://168.63.129.16/"}, {address: "https://172.31.0.1/"}, {address: "https://192.0.0.192/"},
		{address: "https://192.168.1.1/"}, {address: "https://198.18.0.1/"}, {address: "https://224.0.0.1/"}, {address: "https://255.255.255.255/"}, {address: "https://240.0.0.1/"},
		{address: "https://[::1]/"}, {address: "https://[::]/"}, {address: "https://[::ffff:8.8.8.8]/"}, {address: "https://[::ffff:127.0.0.1]/"}, {address: "https://[::127.0.0.1]/"},
		{address: "https://[64:ff9b::7f00:1]/"}, {address: "https://[64:ff9b:1::1]/"}, {address: "https://[2002:7f00:1::]/"}, {address: "https://[2001::1]/"},
		{address: "https://[fe80::1]/"}, {address: "https://[fe80::1%25eth0]/"}, {address: "https://[fd00:ec2::254]/"}, {address: "https://[ff02::1]/"}, {address: "https://[2001:db8::1]/"},
		{targets: own, address: "https://10.1.2.3/", want: true}, {targets: own, address: "https://10.2.2.3/"}, {targets: own, address: "https://[fd00::1]/", want: true},
		{targets: own, address: "https://127.0.0.1/"}, {targets: own, address: "http://10.1.2.3/"},
	} {
		err := c.targets.ValidateURL(c.address)
		if (err == nil) != c.want {
			t.Errorf("%q: %v, want accepted %v", c.address, err, c.want)
		}
		if e := (*truename.Error)(nil); err != nil && (!errors.As(err, &e) || e.Code != notify.CodeTargetRefused || e.Kind != truename.KindInvalid) {
			t.Errorf("%q: error %v", c.address, err)
		}
	}
}

func FuzzValidateURL(f *testing.F) {
	for _, s := range []string{"https://hooks.example.com/a?b=c", "https://user:pass@127.0.0.1:1/#x", "https://[::ffff:127.0.0.1]/", "https://0x7f.1/", "https://%31%32%37.1/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		err := notify.Targets{}.ValidateURL(address)
		if err != nil {
			if len(address) > 12 && strings.Contains(err.Error(), address) {
				t.Fatalf("the error repeats the address: %v", err)
			}
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.Hostname() == "" {
			t.Fatalf("%q is accepted", address)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && (!a.IsGlobalUnicast() || a.IsPrivate() || a.Is4In6()) {
			t.Fatalf("%q is accepted", address)
		}
		if strings.HasSuffix(strings.ToLower(u.Hostname()), "localhost") && (len(u.Hostname()) == 9 || u.Hostname()[len(u.Hostname())-10] == '.') {
			t.Fatalf("%q is accepted", address)
		}
	})
}
