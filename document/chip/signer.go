package chip

import (
	"slices"
	"time"
)

const (
	oidMasterListKey = "2.23.136.1.1.3" // id-icao-mrtd-security-cscaMasterListSigningKey
	clockSkew        = 24 * time.Hour   // a stated time of signing has no time zone worth the name
)

// purpose is what a signer's certificate must be made for.
type purpose int

const (
	purposeDocument purpose = iota + 1
	purposeMasterList
)

// authenticate checks a CMS from its signature up to the store of trust. Everything is checked that can be, so that a
// document with two faults shows both; issuer is nil unless the chain holds.
func (t *Trust) authenticate(s *signedData, p purpose, at time.Time) (signer, issuer *certificate, errs []error) {
	signer, err := s.signerCertificate()
	if err != nil {
		return nil, nil, []error{err}
	}
	for _, err := range []error{s.verify(signer.key), signer.checkPurpose(p), signer.checkTimes(s.signer.signingTime, at)} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	issuer, err = t.issuerOf(signer, at)
	if err != nil {
		return signer, nil, append(errs, err)
	}
	if err := t.checkRevocation(signer, issuer, at); err != nil {
		errs = append(errs, err)
	}
	return signer, issuer, errs
}

// checkPurpose says whether a certificate may sign documents, or master lists. Doc 9303-12 gives document signers no
// extended key usage; signers of other things (master lists, visible seals, deviation lists) have one.
func (c *certificate) checkPurpose(p purpose) error {
	ok := c.mayDo(usageDigitalSignature) && !c.isCA
	if p == purposeMasterList {
		ok = ok && slices.Contains(c.extendedUsage, oidMasterListKey)
	} else {
		ok = ok && len(c.extendedUsage) == 0
	}
	if !ok {
		return failed(ReasonKeyUsage)
	}
	return nil
}

// checkTimes says whether a certificate is valid now and was when it signed, as far as that is stated. Doc 9303-12 makes
// a document signer's certificate valid for as long as the documents it has signed, so an expired one is refused even
// when it was valid then: the stated time is the signer's own word.
func (c *certificate) checkTimes(signed, at time.Time) error {
	if !c.validAt(at) {
		return failed(ReasonSignerExpired)
	}
	if signed.IsZero() {
		return nil
	}
	early := signed.Before(c.notBefore.Add(-clockSkew)) || !c.useFrom.IsZero() && signed.Before(c.useFrom.Add(-clockSkew))
	late := signed.After(at.Add(clockSkew)) || !c.useUntil.IsZero() && signed.After(c.useUntil.Add(clockSkew))
	if early || late {
		return failed(ReasonSigningTime)
	}
	return nil
}
