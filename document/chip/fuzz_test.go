package chip

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"testing"

	"golang.org/x/crypto/cryptobyte"
)

// The parsers of untrusted bytes, each from files that are sound: none may panic, run away or read what is not there,
// and what they accept must be what they were given.

func FuzzSecurityObject(f *testing.F) {
	for _, w := range []*world{ecWorld(), newWorld(pssKey("csca", crypto.SHA256), pssKey("ds", crypto.SHA256)),
		newWorld(explicitKey(elliptic.P256(), crypto.SHA256), explicitKey(elliptic.P256(), crypto.SHA256))} {
		f.Add(w.issue().SOD)
	}
	f.Add([]byte{tagSOD, 0x84, 0x40, 0, 0, 0})
	f.Add(tlv(tagSOD, []byte{0x30, 0x80, 0, 0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSecurityObject(b)
		if err != nil {
			return
		}
		for number, hash := range s.groups {
			if number < 1 || number > 16 || len(hash) != s.hash.Size() || !bytes.Contains(b, hash) {
				t.Fatalf("group %d: %x", number, hash)
			}
		}
		if !bytes.Contains(b, s.signed.content) || s.signed.signer.attributes[0] != 0x31 {
			t.Fatal("what is checked is not what was read")
		}
		if c, err := s.signed.signerCertificate(); err == nil {
			_ = s.signed.verify(c.key)
		}
	})
}

// Nothing but the document itself may pass, whatever is done to its files.
func FuzzVerify(f *testing.F) {
	w := ecWorld()
	w.dg14, w.dg15 = activeInfo(oidPlain+".3"), keyGroup(ecKey(elliptic.P256(), crypto.SHA256).spki)
	trust, files := w.store(f), w.issue()
	f.Add(files.SOD, files.DG1, files.DG2, files.DG14, files.DG15, []byte("response"))
	f.Fuzz(func(t *testing.T, sod, dg1, dg2, dg14, dg15, response []byte) {
		r, err := trust.Verify(context.Background(), Files{SOD: sod, DG1: dg1, DG2: dg2, DG14: dg14, DG15: dg15}, &Answer{Response: response}, w.at)
		if r.Outcome == OutcomeGenuine && (err != nil || !bytes.Equal(dg1, files.DG1) || !bytes.Equal(dg2, files.DG2)) {
			t.Fatal("a changed document is genuine")
		}
		if r.Outcome != OutcomeGenuine && (r.MRZ != nil || r.Portrait.Bytes != nil || err == nil && r.Reasons == nil) {
			t.Fatalf("%s: %v", r.Outcome, r.Reasons)
		}
	})
}

func FuzzCertificate(f *testing.F) {
	f.Add(ecWorld().authority.der())
	f.Add(ecWorld().signer.der())
	f.Add(foreign("FR", explicitKey(elliptic.P384(), crypto.SHA384)).der())
	f.Add(foreign("FR", pssKey("csca", crypto.SHA512)).der())
	f.Fuzz(func(t *testing.T, b []byte) {
		trust := NewTrust(Options{})
		if done, err := trust.AddCertificates(b); (err == nil) != (done.Added > 0) || done.Added != trust.Certificates() {
			t.Fatalf("%+v, %v", done, err)
		}
	})
}

func FuzzRevocationList(f *testing.F) {
	w := ecWorld()
	trust, list := w.store(f), w.list.der()
	f.Add(list)
	f.Add([]byte{0x30, 0x84, 0x40, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if trust.AddRevocationList(b, w.at) == nil && len(trust.lists) != 1 {
			t.Fatal("a list of nobody")
		}
	})
}

func FuzzMasterList(f *testing.F) {
	w := ecWorld()
	signer := ecKey(elliptic.P256(), crypto.SHA256)
	f.Add(w.masterList(signer, nil, foreign("FR", signer).der()))
	f.Fuzz(func(t *testing.T, b []byte) {
		trust := w.store(t)
		if done, err := trust.AddMasterList(b, w.at); err != nil && (done.Added != 0 || trust.Certificates() != 1) {
			t.Fatalf("%+v, %v", done, err)
		}
	})
}

func FuzzMRZ(f *testing.F) {
	f.Add(tlv(tagDG1, tlv(0x5f1f, []byte(germanLines))))
	f.Add(tlv(tagDG1, tlv(0x5f1f, bytes.Repeat([]byte("<"), 90))))
	f.Add(tlv(tagDG1, tlv(0x5f1f, bytes.Repeat([]byte("A"), 72))))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := readMRZ(b)
		if err != nil {
			return
		}
		for _, l := range lines {
			if len(l) != len(lines[0]) || !bytes.Contains(b, []byte(l)) {
				t.Fatal(lines)
			}
		}
		if len(lines) < 2 || len(lines) > 3 {
			t.Fatal(lines)
		}
	})
}

func FuzzPortrait(f *testing.F) {
	f.Add(facialGroup(jpegStub()))
	f.Add(facialGroup([]byte{0xff, 0x4f, 0xff, 0x51, 1, 2}))
	f.Add(biometricGroup(tagBiometricBlock, faceBlock(jpegStub())))
	f.Add(tlv(tagDG2, tlv(tagBiometricGroup, []byte{0x7f, 0x60, 0x84, 0x40, 0, 0, 0})))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPortrait(b)
		if err == nil && (p.Format == "" || !bytes.Contains(b, p.Bytes)) || err != nil && p.Bytes != nil {
			t.Fatalf("%q, %v", p.Format, err)
		}
	})
}

func FuzzActive(f *testing.F) {
	ec := ecKey(elliptic.P256(), crypto.SHA256)
	f.Add(keyGroup(ec.spki), activeInfo(oidPlain+".3"), answerEC(ec.ec, crypto.SHA256, []byte("otherone")))
	short := ring.get("active", 1024)
	f.Add(keyGroup(rsaSPKI(seq(oid(oidRSA), null()), &short.PublicKey)), []byte(nil), answerRSA(short, crypto.SHA1, []byte{0xbc}, []byte("otherone"), false))
	f.Fuzz(func(t *testing.T, dg15, dg14, response []byte) {
		_ = verifyAnswer(dg15, dg14, Answer{Response: response}) // forging is possible here: the key is the fuzzer's
	})
}

func FuzzPublicKey(f *testing.F) {
	f.Add(rsaKey("ds", crypto.SHA256).spki)
	f.Add(explicitKey(elliptic.P256(), crypto.SHA256).spki)
	f.Add(seq(seq(oid(oidPSS), pssParams(crypto.SHA256, crypto.SHA256, 32)), bits(seq(integer(1), integer(3)))))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := cryptobyte.String(b)
		k, err := readPublicKey(&in, minActiveRSABits)
		if err == nil && (k.rsa == nil) == (k.ec == nil) {
			t.Fatal("no key, or two")
		}
	})
}
