package chip

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
)

// masterList signs a list of certificates, as the world's State does.
func (w *world) masterList(signer *testKey, change func(*certSpec, *cmsSpec), certificates ...[]byte) []byte {
	c := w.signer
	c.serial, c.key, c.subject = 99, signer, distinguished("DE", "Master List Signer", 0x0c)
	c.extensions = append(signerExtensions(c.issuerKey), extension(oidExtendedKeyUsage, true, seq(oid(oidMasterListKey))))
	s := cmsSpec{contentType: oidMasterList, content: seq(integer(0), set(certificates...)), hash: crypto.SHA256,
		issuer: w.cms.issuer, serial: 99, key: signer, signers: 1}
	if change != nil {
		change(&c, &s)
	}
	s.certificates = [][]byte{c.der(), w.authority.der()}
	return s.der()
}

// foreign is another State's authority.
func foreign(country string, k *testKey) certSpec {
	state := distinguished(country, "CSCA", 0x0c)
	at := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	return certSpec{serial: 3, issuer: state, subject: state, issuerKey: k, key: k, notBefore: at.AddDate(-5, 0, 0), notAfter: at.AddDate(9, 0, 0),
		extensions: authorityExtensions(k)}
}

func TestMasterList(t *testing.T) {
	signer, key := ecKey(elliptic.P256(), crypto.SHA256), ecKey(elliptic.P384(), crypto.SHA384)
	weak := foreign("IT", key)
	weak.key = &testKey{spki: seq(seq(oid(oidECKey), oid("1.3.36.3.3.2.8.1.1.9")), bits(append([]byte{4}, make([]byte, 80)...)))}
	notAuthority := foreign("ES", key)
	notAuthority.extensions = notAuthority.extensions[1:]
	w := ecWorld()
	trust, own := w.store(t), w.authority.der()
	if _, err := trust.AddCertificates(own); err != nil {
		t.Fatal(err)
	}
	got, err := trust.AddMasterList(w.masterList(signer, nil, foreign("FR", key).der(), own, weak.der(), notAuthority.der(), null()), w.at)
	if err != nil {
		t.Fatal(err)
	}
	want := Import{Added: 1, Known: 1, Refused: map[truename.Code]int{ReasonCurve: 1, ReasonKeyUsage: 1, ReasonMalformed: 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := trust.Certificates(); n != 3 { // two signatures of the same authority, and the one from the list
		t.Errorf("%d certificates", n)
	}
}

func TestMasterListRefused(t *testing.T) {
	signer, other := ecKey(elliptic.P256(), crypto.SHA256), ecKey(elliptic.P256(), crypto.SHA256)
	for name, c := range map[string]struct {
		change func(*certSpec, *cmsSpec)
		before func(*world)
		bytes  func([]byte) []byte
		want   truename.Code
	}{
		"tampered":             {bytes: func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, want: ReasonSignature},
		"signed by another":    {change: func(_ *certSpec, s *cmsSpec) { s.key = other }, want: ReasonSignature},
		"document signer":      {change: func(c *certSpec, _ *cmsSpec) { c.extensions = c.extensions[:2] }, want: ReasonKeyUsage},
		"issuer not in store":  {change: func(c *certSpec, _ *cmsSpec) { c.issuerKey, c.extensions[1] = other, signerExtensions(other)[1] }, want: ReasonIssuerUnknown},
		"expired":              {change: func(c *certSpec, _ *cmsSpec) { c.notAfter = c.notBefore.AddDate(0, 1, 0) }, want: ReasonSignerExpired},
		"revoked":              {before: func(w *world) { w.list.revoked = []int64{99} }, want: ReasonSignerRevoked},
		"no revocation list":   {before: func(w *world) { w.list = nil }, want: ReasonRevocationUnknown},
		"security object":      {change: func(_ *certSpec, s *cmsSpec) { s.contentType = oidSecurityObject }, want: ReasonMalformed},
		"truncated":            {bytes: func(b []byte) []byte { return b[:len(b)-5] }, want: ReasonTruncated},
		"data behind it":       {bytes: func(b []byte) []byte { return append(b, 0) }, want: ReasonTrailing},
		"1 GB length":          {bytes: func(b []byte) []byte { return append([]byte{0x30, 0x84, 0x40, 0, 0, 0}, b...) }, want: ReasonLength},
		"indefinite length":    {bytes: func(b []byte) []byte { return append([]byte{0x30, 0x80}, b...) }, want: ReasonNotDER},
		"content is no list":   {change: func(_ *certSpec, s *cmsSpec) { s.content = seq(integer(7)) }, want: ReasonMalformed},
		"content is truncated": {change: func(_ *certSpec, s *cmsSpec) { s.content = s.content[:len(s.content)-1] }, want: ReasonTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			w := ecWorld()
			if c.before != nil {
				c.before(w)
			}
			list := w.masterList(signer, c.change, foreign("FR", other).der())
			if c.bytes != nil {
				list = c.bytes(list)
			}
			trust := w.store(t)
			got, err := trust.AddMasterList(list, w.at)
			if err == nil || truename.AsError(err).Code != c.want || got.Added != 0 || trust.Certificates() != 1 {
				t.Errorf("%v, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestRevocationListRefused(t *testing.T) {
	other := ecKey(elliptic.P256(), crypto.SHA256)
	for name, c := range map[string]struct {
		change func(*listSpec)
		bytes  func([]byte) []byte
		want   truename.Code
	}{
		"signed by another":  {change: func(l *listSpec) { l.key = other }, want: ReasonSignature},
		"unknown issuer":     {change: func(l *listSpec) { l.issuer = distinguished("FR", "CSCA", 0x0c) }, want: ReasonIssuerUnknown},
		"made in the future": {change: func(l *listSpec) { l.thisUpdate = l.thisUpdate.AddDate(1, 0, 0) }, want: ReasonSigningTime},
		"about a part only": {change: func(l *listSpec) { l.extensions = [][]byte{extension("2.5.29.28", true, seq())} },
			want: ReasonAlgorithm},
		"truncated":      {bytes: func(b []byte) []byte { return b[:len(b)-5] }, want: ReasonTruncated},
		"data behind it": {bytes: func(b []byte) []byte { return append(b, 0) }, want: ReasonTrailing},
		"1 GB length":    {bytes: func([]byte) []byte { return []byte{0x30, 0x84, 0x40, 0, 0, 0, 1} }, want: ReasonLength},
		"a certificate":  {bytes: func([]byte) []byte { return foreign("FR", other).der() }, want: ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			w := ecWorld()
			list := w.list
			w.list = nil
			if c.change != nil {
				c.change(list)
			}
			der := list.der()
			if c.bytes != nil {
				der = c.bytes(der)
			}
			if err := w.store(t).AddRevocationList(der, w.at); err == nil || truename.AsError(err).Code != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestNewerRevocationListStays(t *testing.T) {
	w := ecWorld()
	w.list.revoked = []int64{77}
	trust := w.store(t)
	older := *w.list
	older.revoked, older.thisUpdate = nil, older.thisUpdate.AddDate(0, -1, 0)
	if err := trust.AddRevocationList(older.der(), w.at); err != nil {
		t.Fatal(err)
	}
	r, err := trust.Verify(context.Background(), w.issue(), nil, w.at)
	if diff := cmp.Diff([]truename.Code{ReasonSignerRevoked}, r.Reasons); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAuthorityRefused(t *testing.T) {
	k := ecKey(elliptic.P256(), crypto.SHA256)
	for name, c := range map[string]struct {
		change func(*certSpec)
		want   truename.Code
	}{
		"signed by another":      {func(c *certSpec) { c.issuerKey = ecKey(elliptic.P256(), crypto.SHA256) }, ReasonSignature},
		"may not sign":           {func(c *certSpec) { c.extensions[0] = usage(usageDigitalSignature) }, ReasonKeyUsage},
		"no authority":           {func(c *certSpec) { c.extensions = append(c.extensions[:1:1], c.extensions[2]) }, ReasonKeyUsage},
		"of no country":          {func(c *certSpec) { c.subject = seq(); c.issuer = c.subject }, ReasonKeyUsage},
		"no extensions":          {func(c *certSpec) { c.extensions = nil }, ReasonKeyUsage},
		"unknown critical thing": {func(c *certSpec) { c.extensions = append(c.extensions, extension("1.2.3", true, null())) }, ReasonKeyUsage},
	} {
		t.Run(name, func(t *testing.T) {
			spec := foreign("FR", k)
			c.change(&spec)
			trust := NewTrust(Options{})
			if _, err := trust.AddCertificates(spec.der()); err == nil || truename.AsError(err).Code != c.want || trust.Certificates() != 0 {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// An authority that has changed its key: documents of both generations are genuine when both certificates, or the new
// one and the link between them, are in the store.
func TestGenerationsOfAnAuthority(t *testing.T) {
	w := ecWorld()
	next := ecKey(elliptic.P256(), crypto.SHA256)
	newer, link := w.authority, w.authority
	newer.serial, newer.key, newer.issuerKey, newer.extensions = 20, next, next, authorityExtensions(next)
	link.serial, link.key = 21, next
	link.extensions = append(authorityExtensions(next), extension(oidAuthorityKeyID, false, seq(tlv(0x80, keyID(w.authority.key)))))
	trust := w.store(t)
	got, err := trust.AddCertificates(link.der())
	if err != nil || got.Added != 1 {
		t.Fatal(got, err)
	}
	w.signer.issuerKey, w.signer.extensions = next, signerExtensions(next)
	r, err := trust.Verify(context.Background(), w.issue(), nil, w.at)
	if err != nil || r.Outcome != OutcomeGenuine {
		t.Errorf("%s for %v, %v", r.Outcome, r.Reasons, err)
	}
}

func TestLoad(t *testing.T) {
	w := ecWorld()
	key := ecKey(elliptic.P256(), crypto.SHA256)
	french := foreign("FR", key)
	frenchList := listSpec{issuer: french.subject, key: key, thisUpdate: w.at.AddDate(0, -1, 0), nextUpdate: w.at.AddDate(0, 1, 0)}
	file := func(b []byte) *fstest.MapFile { return &fstest.MapFile{Data: b} }
	files := fstest.MapFS{
		"de/csca.pem":   file(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.authority.der()})),
		"de/csca.crl":   file(w.list.der()),
		"fr.crl":        file(frenchList.der()), // its issuer comes with the master list
		"de.ml":         file(w.masterList(key, nil, french.der())),
		"broken.crt":    file([]byte{0x30, 0x84, 0x40, 0, 0, 0}),
		"notes.txt":     file([]byte("not read")),
		"other/bad.crl": file([]byte("?")),
	}
	trust, done, refused, err := Load(files, Options{}, w.at)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Import{Added: 2, Refused: map[truename.Code]int{ReasonLength: 1}}, done); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Refusal{{"broken.crt", ReasonLength}, {"other/bad.crl", ReasonTruncated}}, refused); diff != "" {
		t.Error(diff)
	}
	if trust.Certificates() != 2 || trust.RevocationLists() != 2 {
		t.Errorf("%d certificates, %d lists", trust.Certificates(), trust.RevocationLists())
	}
	delete(files, "de/csca.pem")
	if _, _, _, err := Load(files, Options{}, w.at); err == nil {
		t.Error("a master list was trusted that nobody vouches for")
	}
}

// Certificates and revocation lists made by crypto/x509, an encoder that is not this package's.
func TestStandardLibraryEncodings(t *testing.T) {
	at := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	authority, signer := ecKey(elliptic.P256(), crypto.SHA256), rsaKey("ds", crypto.SHA256)
	parent := &x509.Certificate{SerialNumber: big.NewInt(9), Subject: pkix.Name{Country: []string{"DE"}, CommonName: "CSCA"},
		NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(12, 0, 0), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	root, err := x509.CreateCertificate(rand.Reader, parent, parent, &authority.ec.PublicKey, authority.ec)
	if err != nil {
		t.Fatal(err)
	}
	if parent, err = x509.ParseCertificate(root); err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(300), Subject: pkix.Name{Country: []string{"DE"}, CommonName: "DS"},
		NotBefore: at.AddDate(0, -9, 0), NotAfter: at.AddDate(11, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}, parent, &signer.rsa.PublicKey, authority.ec)
	if err != nil {
		t.Fatal(err)
	}
	revoked := []x509.RevocationListEntry{{SerialNumber: big.NewInt(4), RevocationTime: at.AddDate(0, -2, 0), ReasonCode: 1}}
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(2), ThisUpdate: at.AddDate(0, -1, 0),
		NextUpdate: at.AddDate(0, 2, 0), RevokedCertificateEntries: revoked}, parent, authority.ec)
	if err != nil {
		t.Fatal(err)
	}
	trust := NewTrust(Options{})
	if _, err := trust.AddCertificates(root); err != nil {
		t.Fatal(err)
	}
	if err := trust.AddRevocationList(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list}), at); err != nil {
		t.Fatal(err)
	}
	w := newWorld(authority, signer)
	w.cms.issuer, w.cms.serial, w.cms.certificates = parent.RawSubject, 300, [][]byte{leaf}
	r, err := trust.Verify(context.Background(), w.issue(), nil, at)
	if err != nil || r.Outcome != OutcomeGenuine {
		t.Errorf("%s for %v, %v", r.Outcome, r.Reasons, err)
	}
}

// Whatever cannot be used says so with a code and nothing of what is in it.
func TestErrorsHoldNoContent(t *testing.T) {
	spec := foreign("FR", ecKey(elliptic.P256(), crypto.SHA256))
	spec.subject = distinguished("FR", "SECRET NAME", 0x0c)
	spec.extensions = nil
	_, err := NewTrust(Options{}).AddCertificates(spec.der())
	if text := fmt.Sprintf("%v %+v", err, truename.AsError(err).Cause); bytes.Contains([]byte(text), []byte("SECRET")) {
		t.Error(text)
	}
}
