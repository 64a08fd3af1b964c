package chip

import (
	"bytes"
	"crypto"
	"crypto/subtle"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of CMS (RFC 5652).
const (
	oidSignedData    = "1.2.840.113549.1.7.2"
	oidContentType   = "1.2.840.113549.1.9.3"
	oidMessageDigest = "1.2.840.113549.1.9.4"
	oidSigningTime   = "1.2.840.113549.1.9.5"
)

// Bounds of a CMS structure.
const (
	maxCertificates = 64
	maxAttributes   = 32
)

// signedData is a CMS SignedData with one signer and its content inside, as Doc 9303 profiles it.
type signedData struct {
	contentType  string
	content      []byte
	certificates []embedded
	signer       signerInfo
}

// embedded is a certificate inside a CMS, or why it could not be read: only the signer's matters.
type embedded struct {
	certificate *certificate
	err         error
}

// signerInfo is what one signer has signed.
type signerInfo struct {
	issuerDER   []byte // and serial, or keyID, name the certificate
	serial      string
	keyID       []byte
	digestHash  crypto.Hash
	digest      []byte
	attributes  []byte // DER of the SET that is signed
	contentType string
	signingTime time.Time // zero when not stated
	algorithm   algorithm
	signature   []byte
}

// parseSignedData reads a ContentInfo that holds SignedData.
func parseSignedData(der []byte) (*signedData, error) {
	if err := checkDER(der); err != nil {
		return nil, err
	}
	info, err := readSequence(der)
	if err != nil {
		return nil, err
	}
	var wrapped, seq cryptobyte.String
	kind, ok := readOID(&info)
	if !ok || kind != oidSignedData || !info.ReadASN1(&wrapped, contextTag(0)) || !info.Empty() ||
		!wrapped.ReadASN1(&seq, tagSequence) || !wrapped.Empty() {
		return nil, failed(ReasonMalformed)
	}
	return readSignedData(seq)
}

func readSignedData(seq cryptobyte.String) (*signedData, error) {
	s := &signedData{}
	var version int
	var digests, encapsulated, wrapped, content, field, signers cryptobyte.String
	var ok, present bool
	if !seq.ReadASN1Integer(&version) || version < 1 || version > 5 || !seq.ReadASN1(&digests, tagSet) ||
		!seq.ReadASN1(&encapsulated, tagSequence) {
		return nil, failed(ReasonMalformed)
	}
	if s.contentType, ok = readOID(&encapsulated); !ok || !encapsulated.ReadASN1(&wrapped, contextTag(0)) ||
		!encapsulated.Empty() || !wrapped.ReadASN1(&content, tagOctetString) || !wrapped.Empty() {
		return nil, failed(ReasonMalformed)
	}
	s.content = content
	if !seq.ReadOptionalASN1(&field, &present, contextTag(0)) {
		return nil, failed(ReasonMalformed)
	}
	if present {
		if err := s.readCertificates(field); err != nil {
			return nil, err
		}
	}
	if !seq.SkipOptionalASN1(contextTag(1)) || !seq.ReadASN1(&signers, tagSet) || !seq.Empty() {
		return nil, failed(ReasonMalformed)
	}
	return s, s.readSigner(signers)
}

// readCertificates reads a CertificateSet. Kinds other than X.509 certificates are passed over.
func (s *signedData) readCertificates(set cryptobyte.String) error {
	for !set.Empty() {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1Element(&element, &tag) {
			return failed(ReasonMalformed)
		}
		if tag != tagSequence {
			continue
		}
		if len(s.certificates) >= maxCertificates {
			return failed(ReasonMalformed)
		}
		c, err := parseCertificate(element)
		s.certificates = append(s.certificates, embedded{c, err})
	}
	return nil
}

// readSigner reads SignerInfos, of which there must be one: Doc 9303 recommends it, and more would leave open whose
// signature a result is about.
func (s *signedData) readSigner(set cryptobyte.String) error {
	var info, id, attributes cryptobyte.String
	if !set.ReadASN1(&info, tagSequence) || !set.Empty() {
		return failed(ReasonSeveralSigners)
	}
	var version int
	if !info.ReadASN1Integer(&version) {
		return failed(ReasonMalformed)
	}
	keyIDTag := cbasn1.Tag(0).ContextSpecific()
	switch {
	case info.PeekASN1Tag(tagSequence):
		info.ReadASN1(&id, tagSequence)
		var issuer cryptobyte.String
		if !id.ReadASN1Element(&issuer, tagSequence) {
			return failed(ReasonMalformed)
		}
		s.signer.issuerDER = issuer
		var err error
		if s.signer.serial, err = readSerial(&id); err != nil || !id.Empty() {
			return failed(ReasonMalformed)
		}
	case !info.ReadASN1(&id, keyIDTag) || len(id) == 0:
		return failed(ReasonMalformed)
	default:
		s.signer.keyID = id
	}
	var err error
	if s.signer.digestHash, err = readHash(&info); err != nil {
		return err
	}
	if !info.ReadASN1Element(&attributes, contextTag(0)) {
		return failed(ReasonMalformed) // signed attributes are prescribed: the content is not id-data
	}
	if err := s.signer.readAttributes(attributes); err != nil {
		return err
	}
	if s.signer.algorithm, err = readSignatureAlgorithm(&info, s.signer.digestHash); err != nil {
		return err
	}
	if !info.ReadASN1((*cryptobyte.String)(&s.signer.signature), tagOctetString) ||
		!info.SkipOptionalASN1(contextTag(1)) || !info.Empty() {
		return failed(ReasonMalformed)
	}
	return nil
}

// readAttributes reads the signed attributes. element is the whole [0]; what is signed has the tag of a SET instead.
func (s *signerInfo) readAttributes(element cryptobyte.String) error {
	s.attributes = bytes.Clone(element)
	s.attributes[0] = byte(tagSet)
	var set cryptobyte.String
	if !element.ReadASN1(&set, contextTag(0)) {
		return failed(ReasonMalformed)
	}
	for count := 0; !set.Empty(); count++ {
		var attribute, values cryptobyte.String
		if count >= maxAttributes || !set.ReadASN1(&attribute, tagSequence) {
			return failed(ReasonMalformed)
		}
		oid, ok := readOID(&attribute)
		if !ok || !attribute.ReadASN1(&values, tagSet) || !attribute.Empty() {
			return failed(ReasonMalformed)
		}
		var once bool // these three may appear once, with one value
		switch oid {
		case oidContentType:
			once = s.contentType == ""
			s.contentType, ok = readOID(&values)
		case oidMessageDigest:
			once = s.digest == nil
			ok = values.ReadASN1((*cryptobyte.String)(&s.digest), tagOctetString)
		case oidSigningTime:
			once = s.signingTime.IsZero()
			s.signingTime, ok = readTime(&values)
		default:
			continue
		}
		if !ok || !once || !values.Empty() {
			return failed(ReasonMalformed)
		}
	}
	return nil
}

// signerCertificate finds the certificate that the signer names.
func (s *signedData) signerCertificate() (*certificate, error) {
	var unreadable error
	for _, e := range s.certificates {
		if e.err != nil {
			unreadable = e.err
			continue
		}
		c := e.certificate
		if s.signer.keyID != nil && bytes.Equal(c.subjectKeyID, s.signer.keyID) ||
			s.signer.keyID == nil && c.serial == s.signer.serial && s.sameIssuer(c) {
			return c, nil
		}
	}
	if unreadable != nil {
		return nil, unreadable
	}
	return nil, unchecked(ReasonSignerMissing)
}

// sameIssuer compares the issuer's name, encoded as in the certificate or otherwise.
func (s *signedData) sameIssuer(c *certificate) bool {
	if bytes.Equal(c.issuerDER, s.signer.issuerDER) {
		return true
	}
	in := cryptobyte.String(s.signer.issuerDER)
	n, err := readName(&in)
	return err == nil && n.form == c.issuer.form
}

// verify checks that the signer's key has signed this content as this type.
func (s *signedData) verify(key publicKey) error {
	if s.signer.contentType != s.contentType ||
		subtle.ConstantTimeCompare(digest(s.signer.digestHash, s.content), s.signer.digest) != 1 {
		return failed(ReasonSignature)
	}
	return key.verify(s.signer.algorithm, s.signer.attributes, s.signer.signature)
}

// usesSHA1 says whether the signature rests on SHA-1.
func (s *signedData) usesSHA1() bool {
	return s.signer.digestHash == crypto.SHA1 || s.signer.algorithm.hash == crypto.SHA1
}
