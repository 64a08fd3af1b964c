package chip

import (
	"bytes"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of certificates.
const (
	maxCertificateSize = 64 << 10
	maxExtensions      = 64
	maxSerialOctets    = 64 // RFC 5280 allows 20; some States use more
)

// Object identifiers of extensions.
const (
	oidSubjectKeyID     = "2.5.29.14"
	oidKeyUsage         = "2.5.29.15"
	oidPrivateKeyUsage  = "2.5.29.16"
	oidSubjectAltName   = "2.5.29.17"
	oidIssuerAltName    = "2.5.29.18"
	oidBasicConstraints = "2.5.29.19"
	oidCRLDistribution  = "2.5.29.31"
	oidPolicies         = "2.5.29.32"
	oidAuthorityKeyID   = "2.5.29.35"
	oidExtendedKeyUsage = "2.5.29.37"
	oidNameChange       = "2.23.136.1.1.6.1"
	oidDocumentTypes    = "2.23.136.1.1.6.2"
)

// Bits of key usage (RFC 5280, section 4.2.1.3).
const (
	usageDigitalSignature = 0
	usageCertificateSign  = 5
	usageCRLSign          = 6
)

// certificate is what this package needs of an X.509 certificate.
type certificate struct {
	tbs       []byte // what is signed
	serial    string // octets without leading zeros
	algorithm algorithm
	signature []byte
	issuer    name
	subject   name
	issuerDER []byte // as encoded, for CMS
	notBefore time.Time
	notAfter  time.Time
	key       publicKey

	usage          cbasn1Bits
	hasUsage       bool
	isCA           bool
	subjectKeyID   []byte
	authorityKeyID []byte
	extendedUsage  []string
	documentTypes  []string // nil: any
	useFrom        time.Time
	useUntil       time.Time // of the private key; zero: not stated
	unknownDemand  bool      // a critical extension that is not known here
}

// cbasn1Bits is a BIT STRING, its first bit being bit 0.
type cbasn1Bits []byte

func (b cbasn1Bits) has(bit int) bool { return bit/8 < len(b) && b[bit/8]&(0x80>>(bit%8)) != 0 }

// parseCertificate reads one certificate, which must have passed [checkDER].
func parseCertificate(der []byte) (*certificate, error) {
	if len(der) > maxCertificateSize {
		return nil, failed(ReasonLength)
	}
	outer, err := readSequence(der)
	if err != nil {
		return nil, err
	}
	c := &certificate{}
	var tbs, alg cryptobyte.String
	var signed cryptobyte.String
	if !outer.ReadASN1Element(&signed, tagSequence) || !outer.ReadASN1Element(&alg, tagSequence) {
		return nil, failed(ReasonMalformed)
	}
	var ok bool
	if c.signature, ok = readBits(&outer); !ok || !outer.Empty() {
		return nil, failed(ReasonMalformed)
	}
	c.tbs = signed
	if !signed.ReadASN1(&tbs, tagSequence) {
		return nil, failed(ReasonMalformed)
	}
	if err := c.readBody(&tbs, alg); err != nil {
		return nil, err
	}
	return c, nil
}

// readBody reads TBSCertificate. alg is the algorithm outside of it, which must be the same.
func (c *certificate) readBody(tbs *cryptobyte.String, alg cryptobyte.String) error {
	var versionField, inner cryptobyte.String
	var version int
	if !tbs.ReadASN1(&versionField, contextTag(0)) || !versionField.ReadASN1Integer(&version) || version != 2 {
		return failed(ReasonMalformed)
	}
	var err error
	if c.serial, err = readSerial(tbs); err != nil {
		return err
	}
	if !tbs.ReadASN1Element(&inner, tagSequence) || !bytes.Equal(inner, alg) {
		return failed(ReasonMalformed)
	}
	if c.algorithm, err = readSignatureAlgorithm(&inner, 0); err != nil {
		return err
	}
	issuer := *tbs
	if c.issuer, err = readName(tbs); err != nil {
		return err
	}
	c.issuerDER = issuer[:len(issuer)-len(*tbs)]
	var validity cryptobyte.String
	if !tbs.ReadASN1(&validity, tagSequence) {
		return failed(ReasonMalformed)
	}
	var okFrom, okUntil bool
	c.notBefore, okFrom = readTime(&validity)
	c.notAfter, okUntil = readTime(&validity)
	if !okFrom || !okUntil || !validity.Empty() {
		return failed(ReasonMalformed)
	}
	if c.subject, err = readName(tbs); err != nil {
		return err
	}
	if c.key, err = readPublicKey(tbs, minRSABits); err != nil {
		return err
	}
	for _, unique := range []uint8{1, 2} {
		if !tbs.SkipOptionalASN1(cbasn1.Tag(unique).ContextSpecific()) {
			return failed(ReasonMalformed)
		}
	}
	var field, list cryptobyte.String
	if !tbs.ReadASN1(&field, contextTag(3)) || !tbs.Empty() || !field.ReadASN1(&list, tagSequence) || !field.Empty() {
		return failed(ReasonMalformed)
	}
	return readExtensions(list, c.readExtension)
}

// readSerial reads a serial number. Negative ones exist and are only compared, so they are let through.
func readSerial(in *cryptobyte.String) (string, error) {
	var serial cryptobyte.String
	if !in.ReadASN1(&serial, tagInteger) || len(serial) == 0 || len(serial) > maxSerialOctets {
		return "", failed(ReasonMalformed)
	}
	return string(bytes.TrimLeft(serial, "\x00")), nil
}

// readTime reads UTCTime or GeneralizedTime.
func readTime(in *cryptobyte.String) (t time.Time, ok bool) {
	if in.PeekASN1Tag(cbasn1.UTCTime) {
		ok = in.ReadASN1UTCTime(&t)
	} else {
		ok = in.ReadASN1GeneralizedTime(&t)
	}
	return t.UTC(), ok
}

// readExtensions hands every extension of a list to read, and refuses repeated ones.
func readExtensions(list cryptobyte.String, read func(oid string, critical bool, value []byte) error) error {
	var seen []string
	for !list.Empty() {
		var entry, value cryptobyte.String
		var critical bool
		if !list.ReadASN1(&entry, tagSequence) {
			return failed(ReasonMalformed)
		}
		oid, ok := readOID(&entry)
		if !ok || !readOptionalTrue(&entry, &critical) ||
			!entry.ReadASN1(&value, tagOctetString) || !entry.Empty() {
			return failed(ReasonMalformed)
		}
		if len(seen) >= maxExtensions || slices.Contains(seen, oid) {
			return failed(ReasonMalformed)
		}
		seen = append(seen, oid)
		if err := read(oid, critical, value); err != nil {
			return err
		}
	}
	return nil
}

// readOptionalTrue reads a BOOLEAN that is FALSE when it is left out.
func readOptionalTrue(in *cryptobyte.String, value *bool) bool {
	return !in.PeekASN1Tag(cbasn1.BOOLEAN) || in.ReadASN1Boolean(value)
}

// readExtension takes what this package needs out of one extension.
func (c *certificate) readExtension(oid string, critical bool, value []byte) error {
	switch oid {
	case oidSubjectAltName, oidIssuerAltName, oidCRLDistribution, oidPolicies, oidNameChange:
		return nil // nothing in them restricts what is checked here
	case oidSubjectKeyID, oidKeyUsage, oidPrivateKeyUsage, oidBasicConstraints, oidAuthorityKeyID, oidExtendedKeyUsage, oidDocumentTypes:
	default:
		c.unknownDemand = c.unknownDemand || critical
		return nil
	}
	if err := checkDER(value); err != nil {
		return err
	}
	in := cryptobyte.String(value)
	var ok bool
	switch oid {
	case oidSubjectKeyID:
		ok = in.ReadASN1((*cryptobyte.String)(&c.subjectKeyID), tagOctetString)
	case oidAuthorityKeyID:
		c.authorityKeyID, ok = readKeyIdentifier(in)
	case oidKeyUsage:
		c.usage, ok = readUsage(in)
		c.hasUsage = true
	case oidBasicConstraints:
		var seq cryptobyte.String
		ok = in.ReadASN1(&seq, tagSequence) && readOptionalTrue(&seq, &c.isCA)
	case oidExtendedKeyUsage:
		c.extendedUsage, ok = readOIDs(in)
	case oidPrivateKeyUsage:
		ok = c.readPrivateKeyUsage(in)
	case oidDocumentTypes:
		c.documentTypes, ok = readDocumentTypes(in)
	}
	if !ok {
		return failed(ReasonMalformed)
	}
	return nil
}

// readKeyIdentifier reads the key identifier of AuthorityKeyIdentifier; nil when it has only a name and a number.
func readKeyIdentifier(in cryptobyte.String) (id []byte, ok bool) {
	var seq, value cryptobyte.String
	var present bool
	if !in.ReadASN1(&seq, tagSequence) || !seq.ReadOptionalASN1(&value, &present, cbasn1.Tag(0).ContextSpecific()) {
		return nil, false
	}
	return value, true
}

// readUsage reads a named bit list.
func readUsage(in cryptobyte.String) (cbasn1Bits, bool) {
	var bits cryptobyte.String
	if !in.ReadASN1(&bits, cbasn1.BIT_STRING) || len(bits) == 0 || bits[0] > 7 {
		return nil, false
	}
	return cbasn1Bits(bits[1:]), true
}

// readOIDs reads SEQUENCE OF OBJECT IDENTIFIER.
func readOIDs(in cryptobyte.String) (oids []string, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, tagSequence) || seq.Empty() {
		return nil, false
	}
	for !seq.Empty() {
		oid, ok := readOID(&seq)
		if !ok || len(oids) >= maxExtensions {
			return nil, false
		}
		oids = append(oids, oid)
	}
	return oids, true
}

// readPrivateKeyUsage reads PrivateKeyUsagePeriod: two optional times.
func (c *certificate) readPrivateKeyUsage(in cryptobyte.String) bool {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, tagSequence) {
		return false
	}
	for i, t := range []*time.Time{&c.useFrom, &c.useUntil} {
		var text cryptobyte.String
		var present bool
		if !seq.ReadOptionalASN1(&text, &present, cbasn1.Tag(i).ContextSpecific()) {
			return false
		}
		if !present {
			continue
		}
		var err error
		if *t, err = time.Parse("20060102150405Z", string(text)); err != nil {
			return false
		}
	}
	return seq.Empty()
}

// readDocumentTypes reads DocumentTypeList (Doc 9303-12, section 7.1.1.6).
func readDocumentTypes(in cryptobyte.String) (types []string, ok bool) {
	var seq, set cryptobyte.String
	var version int
	if !in.ReadASN1(&seq, tagSequence) || !seq.ReadASN1Integer(&version) || !seq.ReadASN1(&set, tagSet) || set.Empty() {
		return nil, false
	}
	for !set.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1(&value, &tag) || len(value) == 0 || len(value) > 2 || len(types) >= maxExtensions {
			return nil, false
		}
		types = append(types, string(value))
	}
	return types, true
}

// validAt says whether t is within the certificate's validity, both ends included.
func (c *certificate) validAt(t time.Time) bool {
	return !t.Before(c.notBefore) && !t.After(c.notAfter)
}

// mayDo says whether the certificate is made for a use; a certificate without key usage is made for none, since
// Doc 9303-12 prescribes the extension.
func (c *certificate) mayDo(bit int) bool {
	return c.hasUsage && c.usage.has(bit) && !c.unknownDemand
}

// selfIssued says whether subject and issuer have the same name.
func (c *certificate) selfIssued() bool { return c.subject.form == c.issuer.form }
