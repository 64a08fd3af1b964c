package chip

import (
	"bytes"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of revocation lists.
const (
	maxCRLSize    = 8 << 20
	maxCRLEntries = 200_000
)

const (
	oidCRLNumber  = "2.5.29.20"
	oidReasonCode = "2.5.29.21"
	oidInvalidity = "2.5.29.24"
)

// revocationList is a CRL (RFC 5280, section 5).
type revocationList struct {
	tbs            []byte
	algorithm      algorithm
	signature      []byte
	issuer         name
	authorityKeyID []byte
	thisUpdate     time.Time
	nextUpdate     time.Time // zero when not stated: then it is never current
	revoked        map[string]bool
}

// parseRevocationList reads a CRL. A list with a critical extension that is not known, such as one about only some of
// an issuer's certificates, is refused.
func parseRevocationList(der []byte) (*revocationList, error) {
	if len(der) > maxCRLSize {
		return nil, failed(ReasonLength)
	}
	if err := checkDER(der); err != nil {
		return nil, err
	}
	outer, err := readSequence(der)
	if err != nil {
		return nil, err
	}
	l := &revocationList{revoked: map[string]bool{}}
	var signed, alg, tbs cryptobyte.String
	if !outer.ReadASN1Element(&signed, tagSequence) || !outer.ReadASN1Element(&alg, tagSequence) {
		return nil, failed(ReasonMalformed)
	}
	var ok bool
	if l.signature, ok = readBits(&outer); !ok || !outer.Empty() {
		return nil, failed(ReasonMalformed)
	}
	l.tbs = signed
	if !signed.ReadASN1(&tbs, tagSequence) {
		return nil, failed(ReasonMalformed)
	}
	return l, l.readBody(&tbs, alg)
}

// readBody reads TBSCertList.
func (l *revocationList) readBody(tbs *cryptobyte.String, alg cryptobyte.String) error {
	version := 0
	if tbs.PeekASN1Tag(tagInteger) && !tbs.ReadASN1Integer(&version) || version > 1 {
		return failed(ReasonMalformed)
	}
	var inner, entries, field, list cryptobyte.String
	if !tbs.ReadASN1Element(&inner, tagSequence) || !bytes.Equal(inner, alg) {
		return failed(ReasonMalformed)
	}
	var err error
	if l.algorithm, err = readSignatureAlgorithm(&inner, 0); err != nil {
		return err
	}
	if l.issuer, err = readName(tbs); err != nil {
		return err
	}
	var ok, present bool
	if l.thisUpdate, ok = readTime(tbs); !ok {
		return failed(ReasonMalformed)
	}
	if tbs.PeekASN1Tag(cbasn1.UTCTime) || tbs.PeekASN1Tag(cbasn1.GeneralizedTime) {
		if l.nextUpdate, ok = readTime(tbs); !ok {
			return failed(ReasonMalformed)
		}
	}
	if !tbs.ReadOptionalASN1(&entries, &present, tagSequence) {
		return failed(ReasonMalformed)
	}
	if err := l.readEntries(entries); err != nil {
		return err
	}
	if !tbs.ReadOptionalASN1(&field, &present, contextTag(0)) || !tbs.Empty() {
		return failed(ReasonMalformed)
	}
	if !present {
		return nil
	}
	if !field.ReadASN1(&list, tagSequence) || !field.Empty() {
		return failed(ReasonMalformed)
	}
	return readExtensions(list, func(oid string, critical bool, value []byte) error {
		if oid == oidAuthorityKeyID {
			if l.authorityKeyID, ok = readKeyIdentifier(value); !ok {
				return failed(ReasonMalformed)
			}
			return nil
		}
		return knownOrOptional(oid, critical)
	})
}

// readEntries reads the revoked certificates. Whatever the reason of an entry, the certificate is taken as revoked.
func (l *revocationList) readEntries(entries cryptobyte.String) error {
	for !entries.Empty() {
		var entry, list cryptobyte.String
		if len(l.revoked) >= maxCRLEntries || !entries.ReadASN1(&entry, tagSequence) {
			return failed(ReasonMalformed)
		}
		serial, err := readSerial(&entry)
		if err != nil {
			return err
		}
		if _, ok := readTime(&entry); !ok {
			return failed(ReasonMalformed)
		}
		var present bool
		if !entry.ReadOptionalASN1(&list, &present, tagSequence) || !entry.Empty() {
			return failed(ReasonMalformed)
		}
		err = readExtensions(list, func(oid string, critical bool, _ []byte) error { return knownOrOptional(oid, critical) })
		if err != nil {
			return err
		}
		l.revoked[serial] = true
	}
	return nil
}

// knownOrOptional lets extensions through that do not change what a list means.
func knownOrOptional(oid string, critical bool) error {
	if critical && oid != oidCRLNumber && oid != oidReasonCode && oid != oidInvalidity {
		return unchecked(ReasonAlgorithm)
	}
	return nil
}

// current says whether the list is the newest there should be at time t.
func (l *revocationList) current(t time.Time) bool {
	return !t.Before(l.thisUpdate) && !l.nextUpdate.IsZero() && !t.After(l.nextUpdate)
}
