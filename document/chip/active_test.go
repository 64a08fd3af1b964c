package chip

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/ProtonMail/go-crypto/brainpool"
	"github.com/google/go-cmp/cmp"

	"truename"
)

// answerRSA signs as a chip does (ISO/IEC 9796-2, scheme 1, partial recovery).
func answerRSA(k *rsa.PrivateKey, h crypto.Hash, trailer []byte, challenge []byte, smaller bool) []byte {
	size := k.N.BitLen() / 8
	m1 := make([]byte, size-1-h.Size()-len(trailer))
	_, _ = rand.Read(m1)
	f := bytes.Join([][]byte{{0x6a}, m1, digest(h, append(bytes.Clone(m1), challenge...)), trailer}, nil)
	s := new(big.Int).Exp(new(big.Int).SetBytes(f), k.D, k.N)
	if smaller {
		if other := new(big.Int).Sub(k.N, s); other.Cmp(s) < 0 {
			s = other
		}
	}
	return s.FillBytes(make([]byte, size))
}

// answerEC signs as a chip does (BSI TR-03111, plain).
func answerEC(k *ecdsa.PrivateKey, h crypto.Hash, challenge []byte) []byte {
	r, s, err := ecdsa.Sign(rand.Reader, k, digest(h, challenge))
	if err != nil {
		panic(err)
	}
	n := (k.Params().N.BitLen() + 7) / 8
	return append(r.FillBytes(make([]byte, n)), s.FillBytes(make([]byte, n))...)
}

// activeInfo is EF.DG14 with the algorithm of active authentication behind another entry.
func activeInfo(algorithm string) []byte {
	return tlv(tagDG14, set(seq(oid("0.4.0.127.0.7.2.2.3.2.2"), integer(1)), seq(oid(oidActiveAuth), integer(1), oid(algorithm))))
}

func keyGroup(spki []byte) []byte { return tlv(tagDG15, spki) }

func TestActiveAuthentication(t *testing.T) {
	challenge, err := NewChallenge()
	if err != nil {
		t.Fatal(err)
	}
	short := ring.get("active", 1024)
	shortSPKI := rsaSPKI(seq(oid(oidRSA), null()), &short.PublicKey)
	long := rsaKey("ds", crypto.SHA256)
	ec, bp := ecKey(elliptic.P256(), crypto.SHA256), explicitKey(brainpool.P256r1(), crypto.SHA256)
	for name, c := range map[string]struct {
		dg14, dg15, response []byte
	}{
		"RSA, SHA-1":                  {nil, keyGroup(shortSPKI), answerRSA(short, crypto.SHA1, []byte{0xbc}, challenge[:], false)},
		"RSA, SHA-1, smaller of two":  {nil, keyGroup(shortSPKI), answerRSA(short, crypto.SHA1, []byte{0xbc}, challenge[:], true)},
		"RSA, SHA-256":                {nil, keyGroup(long.spki), answerRSA(long.rsa, crypto.SHA256, []byte{0x34, 0xcc}, challenge[:], false)},
		"RSA, SHA-512":                {nil, keyGroup(long.spki), answerRSA(long.rsa, crypto.SHA512, []byte{0x35, 0xcc}, challenge[:], false)},
		"ECDSA P-256":                 {activeInfo(oidPlain + ".3"), keyGroup(ec.spki), answerEC(ec.ec, crypto.SHA256, challenge[:])},
		"ECDSA P-256, SHA-1":          {activeInfo(oidPlain + ".1"), keyGroup(ec.spki), answerEC(ec.ec, crypto.SHA1, challenge[:])},
		"ECDSA brainpool, spelt out":  {activeInfo(oidPlain + ".3"), keyGroup(bp.spki), answerEC(bp.ec, crypto.SHA256, challenge[:])},
		"ECDSA brainpool and SHA-512": {activeInfo(oidPlain + ".5"), keyGroup(bp.spki), answerEC(bp.ec, crypto.SHA512, challenge[:])},
	} {
		t.Run(name, func(t *testing.T) {
			w := ecWorld()
			w.options.RequireActive = true
			w.dg14, w.dg15 = c.dg14, c.dg15
			f := w.issue()
			r := w.verify(t, f, &Answer{challenge, c.response})
			if r.Outcome != OutcomeGenuine || r.Active != ActivePassed || len(r.Notes) != 0 {
				t.Fatalf("%s for %v, active authentication %s, notes %v", r.Outcome, r.Reasons, r.Active, r.Notes)
			}
			for i := range c.response {
				bad := bytes.Clone(c.response)
				bad[i] ^= 1 << (i % 8)
				if r := w.verify(t, f, &Answer{challenge, bad}); r.Outcome != OutcomeNotGenuine || r.Active != ActiveFailed {
					t.Fatalf("byte %d of the response can be changed: %s", i, r.Outcome)
				}
				if i > 8 && testing.Short() {
					break
				}
			}
			other := challenge
			other[7] ^= 1
			if r := w.verify(t, f, &Answer{other, c.response}); !cmp.Equal(r.Reasons, []truename.Code{ReasonActive}) {
				t.Errorf("a response to another challenge: %s for %v", r.Outcome, r.Reasons)
			}
		})
	}
}

func TestActiveAuthenticationRefused(t *testing.T) {
	var challenge [ChallengeSize]byte
	weak := ring.get("tiny", 1024)
	ec := ecKey(elliptic.P256(), crypto.SHA256)
	response := answerEC(ec.ec, crypto.SHA256, challenge[:])
	oddTrailer := answerRSA(weak, crypto.SHA1, []byte{0x31, 0xcc}, challenge[:], false)
	weakSPKI := rsaSPKI(seq(oid(oidRSA), null()), &weak.PublicKey)
	tiny := rsaSPKI(seq(oid(oidRSA), null()), &rsa.PublicKey{N: new(big.Int).Rsh(weak.N, 512).SetBit(new(big.Int).Rsh(weak.N, 512), 0, 1), E: 65537})
	for name, c := range map[string]struct {
		dg14, dg15, response []byte
		after                func(*Files)
		want                 Result
	}{
		"RSA below 1024 bits": {dg15: keyGroup(tiny), response: make([]byte, 64), want: refusedResult(OutcomeNotGenuine, ReasonWeakKey)},
		"unknown trailer":     {dg15: keyGroup(weakSPKI), response: oddTrailer, want: refusedResult(OutcomeNotGenuine, ReasonActive)},
		"nothing":             {dg15: keyGroup(weakSPKI), response: nil, want: refusedResult(OutcomeNotGenuine, ReasonActive)},
		"ECDSA without DG14":  {dg15: keyGroup(ec.spki), response: response, want: refusedResult(OutcomeUndecided, ReasonFileMissing)},
		"ECDSA, DG14 without it": {dg14: tlv(tagDG14, set()), dg15: keyGroup(ec.spki), response: response,
			want: refusedResult(OutcomeUndecided, ReasonFileMissing)},
		"ECDSA, unknown hash": {dg14: activeInfo(oidPlain + ".9"), dg15: keyGroup(ec.spki), response: response,
			want: refusedResult(OutcomeUndecided, ReasonAlgorithm)},
		"all zero": {dg14: activeInfo(oidPlain + ".3"), dg15: keyGroup(ec.spki), response: make([]byte, 64),
			want: refusedResult(OutcomeNotGenuine, ReasonActive)},
		"no key on the chip": {response: response, want: refusedResult(OutcomeUndecided, ReasonActiveMissing)},
		"key held back": {dg14: activeInfo(oidPlain + ".3"), dg15: keyGroup(ec.spki), response: response,
			after: func(f *Files) { f.DG15 = nil }, want: refusedResult(OutcomeUndecided, ReasonFileMissing)},
		"key of another chip": {dg14: activeInfo(oidPlain + ".3"), dg15: keyGroup(ecKey(elliptic.P256(), crypto.SHA256).spki), response: response,
			after: func(f *Files) { f.DG15 = keyGroup(ec.spki) }, want: refusedResult(OutcomeNotGenuine, ReasonHash)},
		"key cut short": {dg14: activeInfo(oidPlain + ".3"), dg15: keyGroup(ec.spki[:40]), response: response,
			want: refusedResult(OutcomeNotGenuine, ReasonTruncated)},
	} {
		t.Run(name, func(t *testing.T) {
			w := ecWorld()
			w.dg14, w.dg15 = c.dg14, c.dg15
			f := w.issue()
			if c.after != nil {
				c.after(&f)
			}
			r := w.verify(t, f, &Answer{challenge, c.response})
			if r.Active == ActivePassed && name != "key of another chip" {
				t.Error("active authentication passed")
			}
			if diff := cmp.Diff(c.want, onlyVerdict(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnansweredKeyIsNoted(t *testing.T) {
	w := ecWorld()
	w.dg15 = keyGroup(ecKey(elliptic.P256(), crypto.SHA256).spki)
	if r := w.verify(t, w.issue(), nil); r.Outcome != OutcomeGenuine || r.Active != ActiveNotTested || !cmp.Equal(r.Notes, []truename.Code{NoteCopyPossible}) {
		t.Errorf("%s, %s, %v", r.Outcome, r.Active, r.Notes)
	}
}
