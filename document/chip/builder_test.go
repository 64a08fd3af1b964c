package chip

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// This file issues documents: keys, authorities, certificates, revocation lists, master lists and files of a chip, with
// an encoder of its own, so that anything can be put wrong.

// tlv encodes an element with a tag of one or two octets.
func tlv(tag int, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	var out []byte
	if tag > 0xff {
		out = append(out, byte(tag>>8))
	}
	out = append(out, byte(tag))
	switch n := len(content); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, content...)
}

func seq(parts ...[]byte) []byte { return tlv(0x30, parts...) }
func set(parts ...[]byte) []byte { return tlv(0x31, parts...) }
func octets(b []byte) []byte     { return tlv(0x04, b) }
func bits(b []byte) []byte       { return tlv(0x03, []byte{0}, b) }
func null() []byte               { return []byte{5, 0} }

func integer(n int64) []byte { return bigInteger(big.NewInt(n)) }

func bigInteger(n *big.Int) []byte {
	der, err := asn1.Marshal(n)
	if err != nil {
		panic(err)
	}
	return der
}

func oid(dotted string) []byte {
	var id asn1.ObjectIdentifier
	for _, part := range strings.Split(dotted, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			panic(err)
		}
		id = append(id, n)
	}
	der, err := asn1.Marshal(id)
	if err != nil {
		panic(err)
	}
	return der
}

func generalTime(t time.Time) []byte { return tlv(0x18, []byte(t.UTC().Format("20060102150405Z"))) }
func utcTime(t time.Time) []byte     { return tlv(0x17, []byte(t.UTC().Format("060102150405Z"))) }

// distinguished encodes a name of a country and a common name; text is the tag of the latter.
func distinguished(country, common string, text int) []byte {
	return seq(set(seq(oid(oidCountry), tlv(0x13, []byte(country)))), set(seq(oid("2.5.4.3"), tlv(text, []byte(common)))))
}

func hashID(h crypto.Hash) []byte {
	for _, id := range []string{oidSHA1, oidSHA224, oidSHA256, oidSHA384, oidSHA512} {
		if hashByOID(id) == h {
			return seq(oid(id))
		}
	}
	panic("unknown hash")
}

// testKey is a private key, the SubjectPublicKeyInfo it is published with, and how it signs.
type testKey struct {
	rsa  *rsa.PrivateKey
	ec   *ecdsa.PrivateKey
	spki []byte
	alg  []byte // AlgorithmIdentifier of its signatures
	hash crypto.Hash
	pss  bool
}

func (k *testKey) sign(message []byte) []byte {
	sum := digest(k.hash, message)
	var out []byte
	var err error
	switch {
	case k.ec != nil:
		out, err = ecdsa.SignASN1(rand.Reader, k.ec, sum)
	case k.pss:
		out, err = rsa.SignPSS(rand.Reader, k.rsa, k.hash, sum, &rsa.PSSOptions{SaltLength: k.hash.Size()})
	default:
		out, err = rsa.SignPKCS1v15(nil, k.rsa, k.hash, sum)
	}
	if err != nil {
		panic(err)
	}
	return out
}

// keyRing makes RSA keys once: they take long.
type keyRing struct {
	mu   sync.Mutex
	keys map[string]*rsa.PrivateKey
}

var ring = &keyRing{keys: map[string]*rsa.PrivateKey{}}

func (r *keyRing) get(name string, size int) *rsa.PrivateKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[name] == nil {
		k, err := rsa.GenerateKey(rand.Reader, size)
		if err != nil {
			panic(err)
		}
		r.keys[name] = k
	}
	return r.keys[name]
}

func rsaSPKI(alg []byte, k *rsa.PublicKey) []byte {
	return seq(alg, bits(seq(bigInteger(k.N), integer(int64(k.E)))))
}

func rsaKey(name string, h crypto.Hash) *testKey {
	k := ring.get(name, 2048)
	ids := map[crypto.Hash]string{crypto.SHA1: "5", crypto.SHA224: "14", crypto.SHA256: "11", crypto.SHA384: "12", crypto.SHA512: "13"}
	return &testKey{rsa: k, hash: h, spki: rsaSPKI(seq(oid(oidRSA), null()), &k.PublicKey),
		alg: seq(oid("1.2.840.113549.1.1."+ids[h]), null())}
}

func pssParams(h, mask crypto.Hash, salt int64) []byte {
	return seq(tlv(0xa0, hashID(h)), tlv(0xa1, seq(oid(oidMGF1), hashID(mask))), tlv(0xa2, integer(salt)))
}

func pssKey(name string, h crypto.Hash) *testKey {
	k := rsaKey(name, h)
	k.pss, k.alg = true, seq(oid(oidPSS), pssParams(h, h, int64(h.Size())))
	return k
}

var curveNames = map[string]string{"P-224": "1.3.132.0.33", "P-256": "1.2.840.10045.3.1.7", "P-384": "1.3.132.0.34",
	"P-521": "1.3.132.0.35", "brainpoolP256r1": "1.3.36.3.3.2.8.1.1.7", "brainpoolP384r1": "1.3.36.3.3.2.8.1.1.11",
	"brainpoolP512r1": "1.3.36.3.3.2.8.1.1.13"}

func ecKey(c elliptic.Curve, h crypto.Hash) *testKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	ids := map[crypto.Hash]string{crypto.SHA1: "1", crypto.SHA224: "3.1", crypto.SHA256: "3.2", crypto.SHA384: "3.3", crypto.SHA512: "3.4"}
	return &testKey{ec: k, hash: h, spki: ecSPKI(oid(curveNames[c.Params().Name]), &k.PublicKey), alg: seq(oid("1.2.840.10045.4." + ids[h]))}
}

func ecSPKI(params []byte, k *ecdsa.PublicKey) []byte {
	//lint:ignore SA1019 brainpool keys have no other encoding in the standard library
	return seq(seq(oid(oidECKey), params), bits(encodePoint(k.Curve, k.X, k.Y)))
}

func encodePoint(c elliptic.Curve, x, y *big.Int) []byte {
	n := (c.Params().P.BitLen() + 7) / 8
	return append(append([]byte{4}, x.FillBytes(make([]byte, n))...), y.FillBytes(make([]byte, n))...)
}

// explicitParams spells a curve out. The coefficients are found from its generator and its double.
func explicitParams(c elliptic.Curve) []byte {
	p := c.Params()
	//lint:ignore SA1019 arithmetic on public parameters
	x2, y2 := c.Double(p.Gx, p.Gy)
	left := func(x, y *big.Int) *big.Int { // y² - x³
		l := new(big.Int).Mul(y, y)
		return l.Sub(l, new(big.Int).Exp(x, big.NewInt(3), nil)).Mod(l, p.P)
	}
	l1, l2 := left(p.Gx, p.Gy), left(x2, y2)
	a := new(big.Int).Sub(l1, l2)
	a.Mul(a, new(big.Int).ModInverse(new(big.Int).Mod(new(big.Int).Sub(p.Gx, x2), p.P), p.P)).Mod(a, p.P)
	b := new(big.Int).Sub(l1, new(big.Int).Mul(a, p.Gx))
	b.Mod(b, p.P)
	n := (p.P.BitLen() + 7) / 8
	return seq(integer(1), seq(oid(oidPrime), bigInteger(p.P)),
		seq(octets(a.FillBytes(make([]byte, n))), octets(b.FillBytes(make([]byte, n)))),
		octets(encodePoint(c, p.Gx, p.Gy)), bigInteger(p.N), integer(1))
}

func explicitKey(c elliptic.Curve, h crypto.Hash) *testKey {
	k := ecKey(c, h)
	k.spki = ecSPKI(explicitParams(c), &k.ec.PublicKey)
	return k
}

func keyID(k *testKey) []byte {
	sum := sha1.Sum(k.spki)
	return sum[:]
}

// extension encodes one extension.
func extension(id string, critical bool, value []byte) []byte {
	if critical {
		return seq(oid(id), []byte{1, 1, 0xff}, octets(value))
	}
	return seq(oid(id), octets(value))
}

// certSpec is what a certificate says.
type certSpec struct {
	serial              int64
	issuer, subject     []byte
	issuerKey, key      *testKey
	notBefore, notAfter time.Time
	extensions          [][]byte
}

func (c certSpec) der() []byte {
	tbs := seq(tlv(0xa0, integer(2)), integer(c.serial), c.issuerKey.alg, c.issuer,
		seq(utcTime(c.notBefore), generalTime(c.notAfter)), c.subject, c.key.spki, tlv(0xa3, seq(c.extensions...)))
	return seq(tbs, c.issuerKey.alg, bits(c.issuerKey.sign(tbs)))
}

// usage encodes key usage bits.
func usage(positions ...int) []byte {
	var b [2]byte
	for _, p := range positions {
		b[p/8] |= 0x80 >> (p % 8)
	}
	return extension(oidKeyUsage, true, tlv(3, []byte{0}, b[:1]))
}

func authorityExtensions(k *testKey) [][]byte {
	return [][]byte{usage(usageCertificateSign, usageCRLSign), extension(oidBasicConstraints, true, seq([]byte{1, 1, 0xff}, integer(0))),
		extension(oidSubjectKeyID, false, octets(keyID(k)))}
}

func signerExtensions(issuer *testKey) [][]byte {
	return [][]byte{usage(usageDigitalSignature), extension(oidAuthorityKeyID, false, seq(tlv(0x80, keyID(issuer))))}
}

// listSpec is what a revocation list says.
type listSpec struct {
	issuer                 []byte
	key                    *testKey
	thisUpdate, nextUpdate time.Time
	revoked                []int64
	extensions             [][]byte
}

func (l listSpec) der() []byte {
	parts := [][]byte{integer(1), l.key.alg, l.issuer, utcTime(l.thisUpdate), utcTime(l.nextUpdate)}
	var entries [][]byte
	for _, serial := range l.revoked {
		entries = append(entries, seq(integer(serial), utcTime(l.thisUpdate)))
	}
	if entries != nil {
		parts = append(parts, seq(entries...))
	}
	parts = append(parts, tlv(0xa0, seq(append(l.extensions, extension(oidCRLNumber, false, integer(7)))...)))
	tbs := seq(parts...)
	return seq(tbs, l.key.alg, bits(l.key.sign(tbs)))
}

// cmsSpec is what a SignedData says.
type cmsSpec struct {
	contentType  string
	content      []byte
	hash         crypto.Hash
	certificates [][]byte
	issuer       []byte
	serial       int64
	key          *testKey
	signingTime  time.Time
	signers      int
	keyID        []byte // names the signer instead of issuer and serial
}

func (c cmsSpec) der() []byte {
	attributes := [][]byte{seq(oid(oidContentType), set(oid(c.contentType))),
		seq(oid(oidMessageDigest), set(octets(digest(c.hash, c.content))))}
	if !c.signingTime.IsZero() {
		attributes = append(attributes, seq(oid(oidSigningTime), set(utcTime(c.signingTime))))
	}
	signature := c.key.sign(set(attributes...))
	id := seq(c.issuer, integer(c.serial))
	if c.keyID != nil {
		id = tlv(0x80, c.keyID)
	}
	info := seq(integer(1), id, hashID(c.hash), tlv(0xa0, attributes...), c.key.alg, octets(signature))
	var infos [][]byte
	for range c.signers {
		infos = append(infos, info)
	}
	parts := [][]byte{integer(3), set(hashID(c.hash)), seq(oid(c.contentType), tlv(0xa0, octets(c.content)))}
	if c.certificates != nil {
		parts = append(parts, tlv(0xa0, c.certificates...))
	}
	return seq(oid(oidSignedData), tlv(0xa0, seq(append(parts, set(infos...))...)))
}

// world is a State, its authority and signer, one document, and the store of trust of whoever looks at it. Tests change
// what they are about before [world.issue].
type world struct {
	at                time.Time
	options           Options
	authority, signer certSpec
	list              *listSpec
	hash              crypto.Hash
	hashAlgorithm     []byte // instead of the identifier of hash
	mrz               string
	dg2, dg14, dg15   []byte
	omit              map[int]bool // groups the signed object does not list
	cms               cmsSpec
	distrust          bool
}

const (
	passportLines = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<" + "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
	germanLines   = "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<" + "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"
)

func newWorld(authority, signer *testKey) *world {
	at := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	state := distinguished("DE", "CSCA Test", 0x0c)
	w := &world{at: at, hash: crypto.SHA256, mrz: germanLines, dg2: facialGroup(jpegStub()), omit: map[int]bool{}}
	w.authority = certSpec{serial: 1, issuer: state, subject: state, issuerKey: authority, key: authority,
		notBefore: at.AddDate(-5, 0, 0), notAfter: at.AddDate(10, 0, 0), extensions: authorityExtensions(authority)}
	w.signer = certSpec{serial: 77, issuer: state, subject: distinguished("DE", "DS Test", 0x0c), issuerKey: authority, key: signer,
		notBefore: at.AddDate(-1, 0, 0), notAfter: at.AddDate(9, 0, 0), extensions: signerExtensions(authority)}
	w.list = &listSpec{issuer: state, key: authority, thisUpdate: at.AddDate(0, -1, 0), nextUpdate: at.AddDate(0, 2, 0), revoked: []int64{5, 6}}
	w.cms = cmsSpec{contentType: oidSecurityObject, hash: crypto.SHA256, issuer: state, serial: 77, key: signer,
		signingTime: at.AddDate(0, -6, 0), signers: 1}
	return w
}

// ecWorld is the usual one: quick to make.
func ecWorld() *world {
	return newWorld(ecKey(elliptic.P256(), crypto.SHA256), ecKey(elliptic.P256(), crypto.SHA256))
}

// issue makes the document.
func (w *world) issue() Files {
	f := Files{COM: []byte{0x60, 0}, DG1: tlv(tagDG1, tlv(0x5f1f, []byte(w.mrz))), DG2: w.dg2, DG14: w.dg14, DG15: w.dg15}
	var hashes [][]byte
	for i, file := range map[int][]byte{1: f.DG1, 2: f.DG2, 14: f.DG14, 15: f.DG15} {
		if file != nil && !w.omit[i] {
			hashes = append(hashes, seq(integer(int64(i)), octets(digest(w.hash, file))))
		}
	}
	alg := w.hashAlgorithm
	if alg == nil {
		alg = hashID(w.hash)
	}
	w.cms.content = seq(integer(0), alg, seq(hashes...))
	if w.cms.certificates == nil {
		w.cms.certificates = [][]byte{w.signer.der()}
	}
	f.SOD = tlv(tagSOD, w.cms.der())
	return f
}

// store makes the store of trust.
func (w *world) store(t testing.TB) *Trust {
	t.Helper()
	trust := NewTrust(w.options)
	if w.distrust {
		return trust
	}
	if _, err := trust.AddCertificates(w.authority.der()); err != nil {
		t.Fatalf("the authority's certificate: %v", err)
	}
	if w.list != nil {
		if err := trust.AddRevocationList(w.list.der(), w.at); err != nil {
			t.Fatalf("the revocation list: %v", err)
		}
	}
	return trust
}

// jpegStub begins as a JPEG does; nothing here decodes it.
func jpegStub() []byte {
	return append([]byte{0xff, 0xd8, 0xff, 0xe0}, bytes.Repeat([]byte("face"), 200)...)
}

// facialRecord encodes a record of ISO/IEC 19794-5:2005 with one image and some feature points.
func facialRecord(version string, picture []byte) []byte {
	const points = 3
	info := make([]byte, 20+8*points)
	binary.BigEndian.PutUint32(info, uint32(len(info)+12+len(picture)))
	binary.BigEndian.PutUint16(info[4:], points)
	image := make([]byte, 12)
	binary.BigEndian.PutUint16(image[2:], 413)
	binary.BigEndian.PutUint16(image[4:], 531)
	head := append([]byte("FAC\x00"+version+"\x00"), make([]byte, 6)...)
	binary.BigEndian.PutUint32(head[8:], uint32(14+len(info)+12+len(picture)))
	binary.BigEndian.PutUint16(head[12:], 1)
	return bytes.Join([][]byte{head, info, image, picture}, nil)
}

// biometricGroup wraps a biometric data block into EF.DG2.
func biometricGroup(tag int, block []byte) []byte {
	return tlv(tagDG2, tlv(tagBiometricGroup, integer(1),
		tlv(tagBiometricTemplate, tlv(0xa1, tlv(0x81, []byte{2}), tlv(0x87, []byte{1, 1}), tlv(0x88, []byte{0, 8})), tlv(tag, block))))
}

func facialGroup(picture []byte) []byte {
	return biometricGroup(tagBiometricData, facialRecord("010", picture))
}

// faceBlock encodes FaceImageDataBlock of ISO/IEC 39794-5 with a picture and its size.
func faceBlock(picture []byte) []byte {
	size := tlv(0xa7, tlv(0x80, []byte{1, 0x9d}), tlv(0x81, []byte{2, 0x13}))
	twoD := tlv(0xa0, tlv(0x80, picture), tlv(0xa1, tlv(0xa0, tlv(0x80, []byte{3})), size))
	representation := seq(tlv(0x80, []byte{1}), tlv(0xa1, tlv(0xa0, twoD)))
	return tlv(0xa1, tlv(0x65, tlv(0xa0, tlv(0x80, []byte{3}), tlv(0x81, []byte{7, 0xe3})), tlv(0xa1, representation)))
}
