package chip

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
)

const oidMasterList = "2.23.136.1.1.2" // id-icao-cscaMasterList

// AddMasterList takes the country signing certificates of a master list (Doc 9303-12, section 9). The list must be
// signed by a master list signer whose issuer is in the store already: who wants another State's view of the world has to
// trust that State first. Certificates that cannot be used are counted and left out. Errors are *truename.Error with a
// chip code; then nothing was added.
func (t *Trust) AddMasterList(data []byte, at time.Time) (Import, error) {
	certificates, err := t.openMasterList(data, at)
	if err != nil {
		return Import{}, asError(err, "The master list")
	}
	var done Import
	for !certificates.Empty() {
		var der cryptobyte.String
		if !certificates.ReadASN1Element(&der, tagSequence) {
			done.refuse(failed(ReasonMalformed))
			break
		}
		_ = t.add(der, &done) // counted
	}
	return done, nil
}

// openMasterList checks the list's signature and gives the certificates in it.
func (t *Trust) openMasterList(data []byte, at time.Time) (cryptobyte.String, error) {
	if len(data) > maxFileSize {
		return nil, failed(ReasonLength)
	}
	signed, err := parseSignedData(data)
	if err != nil {
		return nil, err
	}
	if signed.contentType != oidMasterList {
		return nil, failed(ReasonMalformed)
	}
	_, _, errs := t.authenticate(signed, purposeMasterList, at)
	for _, err := range errs {
		if asRefusal(err).code != ReasonRevocationUnknown || !t.options.AllowMissingRevocation {
			return nil, err
		}
	}
	if err := checkDER(signed.content); err != nil {
		return nil, err
	}
	seq, err := readSequence(signed.content)
	if err != nil {
		return nil, err
	}
	var version int
	var list cryptobyte.String
	if !seq.ReadASN1Integer(&version) || version != 0 || !seq.ReadASN1(&list, tagSet) || !seq.Empty() {
		return nil, failed(ReasonMalformed)
	}
	return list, nil
}
