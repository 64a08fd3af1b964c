package chip

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"testing"

	"github.com/ProtonMail/go-crypto/brainpool"
)

func BenchmarkVerify(b *testing.B) {
	for name, keys := range map[string][2]*testKey{
		"RSA-2048":         {rsaKey("csca", crypto.SHA256), rsaKey("ds", crypto.SHA256)},
		"P-256":            {ecKey(elliptic.P256(), crypto.SHA256), ecKey(elliptic.P256(), crypto.SHA256)},
		"brainpoolP256r1":  {ecKey(brainpool.P256r1(), crypto.SHA256), ecKey(brainpool.P256r1(), crypto.SHA256)},
		"brainpoolP512r1":  {ecKey(brainpool.P512r1(), crypto.SHA512), ecKey(brainpool.P512r1(), crypto.SHA512)},
		"brainpool-256-DS": {ecKey(brainpool.P384r1(), crypto.SHA384), explicitKey(brainpool.P256r1(), crypto.SHA256)},
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(keys[0], keys[1])
			trust, f := w.store(b), w.issue()
			b.ReportAllocs()
			for b.Loop() {
				if r, err := trust.Verify(context.Background(), f, nil, w.at); err != nil || r.Outcome != OutcomeGenuine {
					b.Fatal(r.Reasons, err)
				}
			}
		})
	}
}

// BenchmarkMasterList imports a list of the size of the largest in use.
func BenchmarkMasterList(b *testing.B) {
	w := ecWorld()
	signer, key := ecKey(elliptic.P256(), crypto.SHA256), rsaKey("csca", crypto.SHA256)
	var certificates [][]byte
	for i := range 600 {
		c := foreign("FR", key)
		c.serial = int64(1000 + i)
		certificates = append(certificates, c.der())
	}
	list := w.masterList(signer, nil, certificates...)
	b.ReportAllocs()
	for b.Loop() {
		if done, err := w.store(b).AddMasterList(list, w.at); err != nil || done.Added != 600 {
			b.Fatal(done, err)
		}
	}
}
