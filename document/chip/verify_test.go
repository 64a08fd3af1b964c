package chip

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/brainpool"
	"github.com/google/go-cmp/cmp"

	"truename"
)

// verify issues the world's document and checks it.
func (w *world) verify(t testing.TB, f Files, a *Answer) Result {
	t.Helper()
	r, err := w.store(t).Verify(context.Background(), f, a, w.at)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGenuine(t *testing.T) {
	for name, keys := range map[string][2]*testKey{
		"RSA PKCS #1 v1.5":            {rsaKey("csca", crypto.SHA256), rsaKey("ds", crypto.SHA256)},
		"RSA PKCS #1 v1.5, SHA-512":   {rsaKey("csca", crypto.SHA512), rsaKey("ds", crypto.SHA384)},
		"RSA-PSS":                     {pssKey("csca", crypto.SHA256), pssKey("ds", crypto.SHA256)},
		"RSA-PSS, SHA-512":            {pssKey("csca", crypto.SHA512), pssKey("ds", crypto.SHA384)},
		"P-224":                       {ecKey(elliptic.P256(), crypto.SHA256), ecKey(elliptic.P224(), crypto.SHA224)},
		"P-256":                       {ecKey(elliptic.P256(), crypto.SHA256), ecKey(elliptic.P256(), crypto.SHA256)},
		"P-384 and P-521":             {ecKey(elliptic.P521(), crypto.SHA512), ecKey(elliptic.P384(), crypto.SHA384)},
		"brainpool 256 and 384":       {ecKey(brainpool.P384r1(), crypto.SHA384), ecKey(brainpool.P256r1(), crypto.SHA256)},
		"brainpool 512":               {ecKey(brainpool.P512r1(), crypto.SHA512), ecKey(brainpool.P512r1(), crypto.SHA512)},
		"P-256 spelt out":             {explicitKey(elliptic.P256(), crypto.SHA256), explicitKey(elliptic.P256(), crypto.SHA256)},
		"brainpool spelt out":         {explicitKey(brainpool.P384r1(), crypto.SHA384), explicitKey(brainpool.P256r1(), crypto.SHA256)},
		"authority RSA, signer ECDSA": {rsaKey("csca", crypto.SHA256), ecKey(elliptic.P256(), crypto.SHA256)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(keys[0], keys[1])
			want := Result{Outcome: OutcomeGenuine, Notes: []truename.Code{NoteCopyPossible}, Issuer: "DE", Active: ActiveAbsent,
				MRZ:      []string{germanLines[:44], germanLines[44:]},
				Portrait: Portrait{Format: FormatJPEG, Bytes: jpegStub(), Width: 413, Height: 531}}
			if diff := cmp.Diff(want, w.verify(t, w.issue(), nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// refusedResult is all a refused chip may say.
func refusedResult(o Outcome, reasons ...truename.Code) Result {
	return Result{Outcome: o, Reasons: reasons}
}

// onlyVerdict takes notes and states away, which other tests are about, and keeps everything that must not leak.
func onlyVerdict(r Result) Result {
	r.Notes, r.Active = nil, ""
	if r.Outcome == OutcomeUndecided {
		r.Issuer = ""
	}
	return r
}

func TestRefused(t *testing.T) {
	other := ecKey(elliptic.P256(), crypto.SHA256)
	year := func(w *world, n int) time.Time { return w.at.AddDate(n, 0, 0) }
	for name, c := range map[string]struct {
		before func(*world)
		after  func(*world, *Files)
		want   Result
	}{
		"tampered DG1": {after: func(_ *world, f *Files) { f.DG1[20] = 'X' }, want: refusedResult(OutcomeNotGenuine, ReasonHash)},
		"tampered DG2": {after: func(_ *world, f *Files) { f.DG2[len(f.DG2)-1] ^= 1 }, want: refusedResult(OutcomeNotGenuine, ReasonHash)},
		"another person's DG2": {after: func(_ *world, f *Files) { f.DG2 = facialGroup([]byte{0xff, 0xd8, 0xff, 0, 1}) },
			want: refusedResult(OutcomeNotGenuine, ReasonHash)},
		"tampered hash in the SOD": {after: func(_ *world, f *Files) {
			i := bytes.Index(f.SOD, digest(crypto.SHA256, f.DG1))
			f.SOD[i] ^= 1
		}, want: refusedResult(OutcomeNotGenuine, ReasonHash, ReasonSignature)},
		"tampered signature in the SOD": {after: func(_ *world, f *Files) { f.SOD[len(f.SOD)-1] ^= 1 },
			want: refusedResult(OutcomeNotGenuine, ReasonSignature)},
		"signed by another key": {before: func(w *world) { w.cms.key = other }, want: refusedResult(OutcomeNotGenuine, ReasonSignature)},
		"signer's certificate by another key that names the authority's": {before: func(w *world) { w.signer.issuerKey = other },
			want: refusedResult(OutcomeNotGenuine, ReasonSignature)},
		"signer's certificate by another key": {before: func(w *world) {
			w.signer.issuerKey, w.signer.extensions = other, signerExtensions(other)
		}, want: refusedResult(OutcomeUndecided, ReasonIssuerUnknown)},
		"unknown issuer": {before: func(w *world) { w.distrust = true }, want: refusedResult(OutcomeUndecided, ReasonIssuerUnknown)},
		"expired signer": {before: func(w *world) { w.signer.notAfter = w.at.Add(-time.Hour) },
			want: refusedResult(OutcomeNotGenuine, ReasonSignerExpired)},
		"signer not valid yet": {before: func(w *world) { w.signer.notBefore, w.cms.signingTime = w.at.Add(time.Hour), time.Time{} },
			want: refusedResult(OutcomeNotGenuine, ReasonSignerExpired)},
		"expired issuer": {before: func(w *world) { w.authority.notAfter = w.at.Add(-time.Hour) },
			want: refusedResult(OutcomeNotGenuine, ReasonIssuerExpired)},
		"signed before the signer was valid": {before: func(w *world) { w.cms.signingTime = year(w, -3) },
			want: refusedResult(OutcomeNotGenuine, ReasonSigningTime)},
		"signed in the future": {before: func(w *world) { w.cms.signingTime = year(w, 1) },
			want: refusedResult(OutcomeNotGenuine, ReasonSigningTime)},
		"signed after the key's own time": {before: func(w *world) {
			until := tlv(0x81, []byte(w.at.AddDate(0, -8, 0).Format("20060102150405Z")))
			w.signer.extensions = append(w.signer.extensions, extension(oidPrivateKeyUsage, false, seq(until)))
		}, want: refusedResult(OutcomeNotGenuine, ReasonSigningTime)},
		"revoked signer": {before: func(w *world) { w.list.revoked = append(w.list.revoked, 77) },
			want: refusedResult(OutcomeNotGenuine, ReasonSignerRevoked)},
		"revoked signer on a list that has run out": {before: func(w *world) {
			w.list.revoked, w.list.nextUpdate = append(w.list.revoked, 77), w.at.Add(-time.Hour)
		}, want: refusedResult(OutcomeNotGenuine, ReasonSignerRevoked)},
		"revoked issuer": {before: func(w *world) { w.list.revoked = append(w.list.revoked, 1) },
			want: refusedResult(OutcomeNotGenuine, ReasonIssuerRevoked)},
		"no revocation list": {before: func(w *world) { w.list = nil }, want: refusedResult(OutcomeUndecided, ReasonRevocationUnknown)},
		"revocation list has run out": {before: func(w *world) { w.list.nextUpdate = w.at.Add(-time.Hour) },
			want: refusedResult(OutcomeUndecided, ReasonRevocationUnknown)},
		"two signers": {before: func(w *world) { w.cms.signers = 2 }, want: refusedResult(OutcomeNotGenuine, ReasonSeveralSigners)},
		"no signer":   {before: func(w *world) { w.cms.signers = 0 }, want: refusedResult(OutcomeNotGenuine, ReasonSeveralSigners)},
		"signer's certificate missing": {before: func(w *world) { w.cms.certificates = [][]byte{} },
			want: refusedResult(OutcomeUndecided, ReasonSignerMissing)},
		"unknown hash algorithm": {before: func(w *world) { w.hashAlgorithm = seq(oid("1.2.156.10197.1.401")) },
			want: refusedResult(OutcomeUndecided, ReasonHashUnknown)},
		"hash of another length": {before: func(w *world) { w.hashAlgorithm = hashID(crypto.SHA384) },
			want: refusedResult(OutcomeNotGenuine, ReasonMalformed)},
		"unknown signature algorithm": {before: func(w *world) { k := *w.cms.key; k.alg = seq(oid("1.2.840.10040.4.3")); w.cms.key = &k },
			want: refusedResult(OutcomeUndecided, ReasonAlgorithm)},
		"RSA algorithm, EC key": {before: func(w *world) {
			k := *w.cms.key
			k.alg = seq(oid("1.2.840.113549.1.1.11"), null())
			w.cms.key = &k
		}, want: refusedResult(OutcomeNotGenuine, ReasonSignature)},
		"another content type": {before: func(w *world) { w.cms.contentType = oidMasterList },
			want: refusedResult(OutcomeNotGenuine, ReasonMalformed)},
		"group not listed": {before: func(w *world) { w.omit[2] = true }, want: refusedResult(OutcomeNotGenuine, ReasonUnlisted)},
		"DG2 missing":      {after: func(_ *world, f *Files) { f.DG2 = nil }, want: refusedResult(OutcomeUndecided, ReasonFileMissing)},
		"SOD missing":      {after: func(_ *world, f *Files) { f.SOD = nil }, want: refusedResult(OutcomeUndecided, ReasonFileMissing)},
		"SOD truncated":    {after: func(_ *world, f *Files) { f.SOD = f.SOD[:len(f.SOD)-9] }, want: refusedResult(OutcomeNotGenuine, ReasonTruncated)},
		"CMS truncated": {after: func(w *world, f *Files) {
			c := w.cms.der()
			f.SOD = tlv(tagSOD, c[:len(c)-9])
		}, want: refusedResult(OutcomeNotGenuine, ReasonTruncated)},
		"1 GB length": {after: func(_ *world, f *Files) { f.SOD = []byte{tagSOD, 0x84, 0x40, 0, 0, 0, 0x30} },
			want: refusedResult(OutcomeNotGenuine, ReasonLength)},
		"1 GB length within": {after: func(_ *world, f *Files) {
			f.SOD = tlv(tagSOD, []byte{0x30, 0x84, 0x40, 0, 0, 0, 0x06, 0x09})
		}, want: refusedResult(OutcomeNotGenuine, ReasonLength)},
		"length of nine octets": {after: func(_ *world, f *Files) {
			f.SOD = append([]byte{tagSOD, 0x89}, bytes.Repeat([]byte{0xff}, 9)...)
		}, want: refusedResult(OutcomeNotGenuine, ReasonLength)},
		"indefinite length": {after: func(w *world, f *Files) {
			c := w.cms.der()
			f.SOD = tlv(tagSOD, append(append([]byte{0x30, 0x80}, c[4:]...), 0, 0))
		}, want: refusedResult(OutcomeNotGenuine, ReasonNotDER)},
		"padded length": {after: func(w *world, f *Files) {
			c := w.cms.der()
			f.SOD = tlv(tagSOD, append([]byte{0x30, 0x83, 0}, c[2:]...))
		}, want: refusedResult(OutcomeNotGenuine, ReasonNotDER)},
		"deep nesting": {after: func(_ *world, f *Files) {
			b := []byte{}
			for range 100 {
				b = seq(b)
			}
			f.SOD = tlv(tagSOD, b)
		}, want: refusedResult(OutcomeNotGenuine, ReasonNesting)},
		"data behind the SOD": {after: func(_ *world, f *Files) { f.SOD = append(f.SOD, 0) }, want: refusedResult(OutcomeNotGenuine, ReasonTrailing)},
		"data behind the CMS": {after: func(w *world, f *Files) { f.SOD = tlv(tagSOD, w.cms.der(), []byte{5, 0}) },
			want: refusedResult(OutcomeNotGenuine, ReasonTrailing)},
		"signed data behind DG1": {before: func(w *world) { w.mrz += "<" }, want: refusedResult(OutcomeNotGenuine, ReasonMalformed)},
		"RSA of 1024 bits": {before: func(w *world) {
			k := ring.get("weak", 1024)
			w.signer.key = &testKey{rsa: k, hash: crypto.SHA256, spki: rsaSPKI(seq(oid(oidRSA), null()), &k.PublicKey), alg: rsaKey("ds", crypto.SHA256).alg}
			w.cms.key = w.signer.key
		}, want: refusedResult(OutcomeNotGenuine, ReasonWeakKey)},
		"RSA with exponent 1": {before: func(w *world) {
			k := rsaKey("ds", crypto.SHA256)
			k.spki = rsaSPKI(seq(oid(oidRSA), null()), &rsa.PublicKey{N: k.rsa.N, E: 1})
			w.signer.key, w.cms.key = k, k
		}, want: refusedResult(OutcomeNotGenuine, ReasonWeakKey)},
		"RSA of 100000 bits": {before: func(w *world) {
			k := *w.signer.key
			huge := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 16000), big.NewInt(1))
			k.spki = rsaSPKI(seq(oid(oidRSA), null()), &rsa.PublicKey{N: huge, E: 65537})
			w.signer.key = &k
		}, want: refusedResult(OutcomeUndecided, ReasonAlgorithm)},
		"P-192": {before: func(w *world) {
			k := *w.signer.key
			k.spki = seq(seq(oid(oidECKey), oid("1.2.840.10045.3.1.1")), bits(append([]byte{4}, make([]byte, 48)...)))
			w.signer.key = &k
		}, want: refusedResult(OutcomeNotGenuine, ReasonWeakKey)},
		"brainpoolP320r1": {before: func(w *world) {
			k := *w.signer.key
			k.spki = seq(seq(oid(oidECKey), oid("1.3.36.3.3.2.8.1.1.9")), bits(append([]byte{4}, make([]byte, 80)...)))
			w.signer.key = &k
		}, want: refusedResult(OutcomeUndecided, ReasonCurve)},
		"generator of one's own": {before: func(w *world) {
			// The point is the authority's own, the generator is that point, and so 1 is its private key.
			k := *w.signer.key
			k.spki = ecSPKI(bytes.ReplaceAll(explicitParams(elliptic.P256()),
				encodePoint(elliptic.P256(), elliptic.P256().Params().Gx, elliptic.P256().Params().Gy),
				encodePoint(elliptic.P256(), k.ec.X, k.ec.Y)), &k.ec.PublicKey)
			w.signer.key = &k
		}, want: refusedResult(OutcomeUndecided, ReasonCurve)},
		"coefficients of one's own": {before: func(w *world) {
			k := *w.signer.key
			params := explicitParams(elliptic.P256())
			i := bytes.Index(params, elliptic.P256().Params().B.FillBytes(make([]byte, 32)))
			params[i+31] ^= 1
			k.spki = ecSPKI(params, &k.ec.PublicKey)
			w.signer.key = &k
		}, want: refusedResult(OutcomeUndecided, ReasonCurve)},
		"point not on the curve": {before: func(w *world) {
			k := *w.signer.key
			k.spki = bytes.Clone(k.spki)
			k.spki[len(k.spki)-1] ^= 1
			w.signer.key = &k
		}, want: refusedResult(OutcomeNotGenuine, ReasonWeakKey)},
		"signer is an authority": {before: func(w *world) {
			w.signer.extensions = append(w.signer.extensions, extension(oidBasicConstraints, true, seq([]byte{1, 1, 0xff})))
		}, want: refusedResult(OutcomeNotGenuine, ReasonKeyUsage)},
		"signer without key usage": {before: func(w *world) { w.signer.extensions = w.signer.extensions[1:] },
			want: refusedResult(OutcomeNotGenuine, ReasonKeyUsage)},
		"signer for other uses": {before: func(w *world) { w.signer.extensions[0] = usage(usageCRLSign) },
			want: refusedResult(OutcomeNotGenuine, ReasonKeyUsage)},
		"signer of master lists": {before: func(w *world) {
			w.signer.extensions = append(w.signer.extensions, extension(oidExtendedKeyUsage, true, seq(oid(oidMasterListKey))))
		}, want: refusedResult(OutcomeNotGenuine, ReasonKeyUsage)},
		"unknown critical extension": {before: func(w *world) {
			w.signer.extensions = append(w.signer.extensions, extension("1.2.3.4", true, null()))
		}, want: refusedResult(OutcomeNotGenuine, ReasonKeyUsage)},
		"extension twice": {before: func(w *world) {
			w.signer.extensions = append(w.signer.extensions, usage(usageDigitalSignature))
		}, want: refusedResult(OutcomeNotGenuine, ReasonMalformed)},
		"signer for other documents": {before: func(w *world) {
			types := seq(integer(0), set(tlv(0x13, []byte("ID")), tlv(0x13, []byte("A"))))
			w.signer.extensions = append(w.signer.extensions, extension(oidDocumentTypes, false, types))
		}, want: refusedResult(OutcomeNotGenuine, ReasonDocumentType)},
		"another State's document": {before: func(w *world) { w.mrz = strings.Replace(w.mrz, "P<D<<", "P<FRA", 1) },
			want: refusedResult(OutcomeNotGenuine, ReasonCountry)},
		"specimen State": {before: func(w *world) { w.mrz = passportLines }, want: refusedResult(OutcomeUndecided, ReasonCountryUnknown)},
		"SHA-1 refused": {before: func(w *world) {
			w.options.RefuseSHA1, w.hash = true, crypto.SHA1
		}, want: refusedResult(OutcomeUndecided, ReasonSHA1)},
		"active authentication demanded": {before: func(w *world) { w.options.RequireActive = true },
			want: refusedResult(OutcomeUndecided, ReasonActiveMissing)},
		"two faults": {before: func(w *world) { w.signer.notAfter = w.at.Add(-time.Hour) }, after: func(_ *world, f *Files) { f.DG1[20] = 'X' },
			want: refusedResult(OutcomeNotGenuine, ReasonHash, ReasonSignerExpired)},
	} {
		t.Run(name, func(t *testing.T) {
			w := ecWorld()
			if c.before != nil {
				c.before(w)
			}
			f := w.issue()
			if c.after != nil {
				c.after(w, &f)
			}
			if diff := cmp.Diff(c.want, onlyVerdict(w.verify(t, f, nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPasses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		notes  []truename.Code
	}{
		"SHA-1": {func(w *world) { w.hash = crypto.SHA1 }, []truename.Code{NoteCopyPossible, ReasonSHA1}},
		"SHA-1 signature": {func(w *world) {
			k := ecKey(elliptic.P256(), crypto.SHA1)
			w.signer.key, w.cms.key = k, k
		}, []truename.Code{NoteCopyPossible, ReasonSHA1}},
		"no list, allowed": {func(w *world) { w.list, w.options.AllowMissingRevocation = nil, true },
			[]truename.Code{ReasonRevocationUnknown, NoteCopyPossible}},
		"no time of signing": {func(w *world) { w.cms.signingTime = time.Time{} }, []truename.Code{NoteCopyPossible}},
		"signer named by key": {func(w *world) {
			w.signer.extensions = append(w.signer.extensions, extension(oidSubjectKeyID, false, octets(keyID(w.signer.key))))
			w.cms.keyID = keyID(w.signer.key)
		}, []truename.Code{NoteCopyPossible}},
		"issuer's name in other letters and encoding": {func(w *world) {
			w.signer.issuer = distinguished("de", "csca  TEST", 0x13)
			w.cms.issuer = w.signer.issuer
			w.signer.extensions = w.signer.extensions[:1]
		}, []truename.Code{NoteCopyPossible}},
		"signature algorithm names only the key": {func(w *world) {
			a, d := rsaKey("csca", crypto.SHA256), rsaKey("ds", crypto.SHA256)
			*w = *newWorld(a, d)
			w.cms.key = rsaKey("ds", crypto.SHA256)
			w.cms.key.alg = seq(oid(oidRSA), null())
		}, []truename.Code{NoteCopyPossible}},
		"document type by its first letter": {func(w *world) {
			types := seq(integer(0), set(tlv(0x13, []byte("P"))))
			w.signer.extensions = append(w.signer.extensions, extension(oidDocumentTypes, false, types))
			w.mrz = strings.Replace(w.mrz, "P<", "PO", 1)
		}, []truename.Code{NoteCopyPossible}},
		"JPEG 2000": {func(w *world) { w.dg2 = facialGroup([]byte("\x00\x00\x00\x0cjP  \r\n\x87\nrest")) },
			[]truename.Code{NoteCopyPossible, NotePortraitUnsupported}},
		"facial record of another edition": {func(w *world) { w.dg2 = biometricGroup(tagBiometricData, facialRecord("030", jpegStub())) },
			[]truename.Code{NoteCopyPossible, NotePortraitUnsupported}},
		"no facial record": {func(w *world) { w.dg2 = tlv(tagDG2, []byte("??")) }, []truename.Code{NoteCopyPossible, NotePortraitUnreadable}},
		"ISO/IEC 39794-5": {func(w *world) { w.dg2 = biometricGroup(tagBiometricBlock, faceBlock(jpegStub())) },
			[]truename.Code{NoteCopyPossible}},
	} {
		t.Run(name, func(t *testing.T) {
			w := ecWorld()
			c.change(w)
			r := w.verify(t, w.issue(), nil)
			if r.Outcome != OutcomeGenuine || r.Reasons != nil {
				t.Fatalf("%s for %v", r.Outcome, r.Reasons)
			}
			if diff := cmp.Diff(c.notes, r.Notes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilesOverTheirLimits(t *testing.T) {
	w := ecWorld()
	for name, f := range map[string]Files{"SOD": {SOD: make([]byte, MaxSODSize+1)}, "DG2": {DG2: make([]byte, MaxPortraitSize+1)}} {
		_, err := w.store(t).Verify(context.Background(), f, nil, w.at)
		if e := truename.AsError(err); err == nil || e.Kind != truename.KindTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.store(t).Verify(done, w.issue(), nil, w.at); err == nil || truename.AsError(err).Code != truename.CodeTimeout {
		t.Errorf("ended context: %v", err)
	}
}

func TestHostileLengthsAllocateNothing(t *testing.T) {
	w := ecWorld()
	trust := w.store(t)
	f := w.issue()
	f.SOD = tlv(tagSOD, []byte{0x30, 0x84, 0x40, 0, 0, 0, 0x06, 0x09})
	perRun := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = trust.Verify(context.Background(), f, nil, w.at)
		}
	}).AllocedBytesPerOp()
	if perRun > 4096 {
		t.Errorf("%d bytes for a file of 10", perRun)
	}
}

func TestFinding(t *testing.T) {
	w := ecWorld()
	f := w.issue()
	f.DG1[20] = 'X'
	got := w.verify(t, f, nil).Finding()
	want := truename.Finding{Stage: truename.StageDocument, State: truename.FindingFailed, Reasons: []truename.Code{ReasonHash},
		Labels: map[string]string{"source": "chip", "active_authentication": "absent", "chip_copy_possible": "noted"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every changed byte of a document must be noticed, wherever it is: apart from the few that are outside all that is
// signed, such as a version number or the spelling of the issuer's name in the signer's identifier.
func TestEveryByteCounts(t *testing.T) {
	w := ecWorld()
	trust, f := w.store(t), w.issue()
	original := f.SOD
	for name, file := range map[string]*[]byte{"SOD": &f.SOD, "DG1": &f.DG1} {
		whole := *file
		for i := range whole {
			*file = bytes.Clone(whole)
			(*file)[i] ^= 1 << (i % 8)
			r, err := trust.Verify(context.Background(), f, nil, w.at)
			if err != nil || r.Outcome == OutcomeGenuine && (name == "DG1" || !sameSigned(t, original, *file)) {
				t.Errorf("%s: byte %d of %d can be changed: %v", name, i, len(whole), err)
			}
		}
		*file = whole
	}
}

// sameSigned says whether two security objects have all in common that is signed, and the signatures.
func sameSigned(t *testing.T, a, b []byte) bool {
	t.Helper()
	var parts [2][][]byte
	for i, file := range [][]byte{a, b} {
		s, err := parseSecurityObject(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.signed.signerCertificate()
		if err != nil {
			t.Fatal(err)
		}
		parts[i] = [][]byte{s.signed.content, s.signed.signer.attributes, s.signed.signer.signature, c.tbs, c.signature}
	}
	return cmp.Equal(parts[0], parts[1])
}
