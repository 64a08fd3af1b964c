package chip

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
)

// Authorities, revocation lists and signed objects that OpenSSL 3.0 has made for the German lines and the stub of a
// picture in this package's tests: an implementation of CMS that is not this one, with curves and parameters that
// crypto/x509 does not read. The keys were thrown away.
func TestMadeByOpenSSL(t *testing.T) {
	at := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, name := range []string{"brainpool", "brainpool-explicit", "rsa-pss"} {
		t.Run(name, func(t *testing.T) {
			trust := NewTrust(Options{})
			if _, err := trust.AddCertificates(read(name + "-csca.der")); err != nil {
				t.Fatal(err)
			}
			if err := trust.AddRevocationList(read(name+".crl"), at); err != nil {
				t.Fatal(err)
			}
			f := Files{SOD: tlv(tagSOD, read(name+"-sod.cms")), DG1: tlv(tagDG1, tlv(0x5f1f, []byte(germanLines))), DG2: facialGroup(jpegStub())}
			r, err := trust.Verify(context.Background(), f, nil, at)
			if err != nil || r.Outcome != OutcomeGenuine || r.Issuer != "DE" {
				t.Errorf("%s for %v, %v", r.Outcome, r.Reasons, err)
			}
			f.SOD[len(f.SOD)-1] ^= 1
			if r, err = trust.Verify(context.Background(), f, nil, at); err != nil || !cmp.Equal(r.Reasons, []truename.Code{ReasonSignature}) {
				t.Errorf("changed signature: %s for %v, %v", r.Outcome, r.Reasons, err)
			}
		})
	}
}
