package chip

import (
	"crypto"
	"crypto/subtle"

	"golang.org/x/crypto/cryptobyte"
)

// The tags of the files (Doc 9303-10, section 4).
const (
	tagSOD  = 0x77
	tagDG1  = 0x61
	tagDG2  = 0x75
	tagDG14 = 0x6e
	tagDG15 = 0x6f
)

const oidSecurityObject = "2.23.136.1.1.1" // id-icao-mrtd-security-ldsSecurityObject

// securityObject is EF.SOD: the hashes of the data groups, and who has signed them.
type securityObject struct {
	signed *signedData
	hash   crypto.Hash
	groups map[int][]byte
}

// parseSecurityObject reads EF.SOD.
func parseSecurityObject(file []byte) (*securityObject, error) {
	content, err := readFile(file, tagSOD)
	if err != nil {
		return nil, err
	}
	signed, err := parseSignedData(content)
	if err != nil {
		return nil, err
	}
	if signed.contentType != oidSecurityObject {
		return nil, failed(ReasonMalformed)
	}
	s := &securityObject{signed: signed, groups: map[int][]byte{}}
	return s, s.readHashes(signed.content)
}

// readHashes reads LDSSecurityObject (Doc 9303-10, section 4.6.2.3), version 0 or 1.
func (s *securityObject) readHashes(der []byte) error {
	if err := checkDER(der); err != nil {
		return err
	}
	seq, err := readSequence(der)
	if err != nil {
		return err
	}
	var version int
	var list cryptobyte.String
	if !seq.ReadASN1Integer(&version) || version < 0 || version > 1 {
		return failed(ReasonMalformed)
	}
	if s.hash, err = readHash(&seq); err != nil {
		return err
	}
	if !seq.ReadASN1(&list, tagSequence) || !seq.SkipOptionalASN1(tagSequence) || !seq.Empty() {
		return failed(ReasonMalformed)
	}
	for !list.Empty() {
		var entry, value cryptobyte.String
		var group int
		if !list.ReadASN1(&entry, tagSequence) || !entry.ReadASN1Integer(&group) || group < 1 || group > 16 ||
			!entry.ReadASN1(&value, tagOctetString) || !entry.Empty() || len(value) != s.hash.Size() || s.groups[group] != nil {
			return failed(ReasonMalformed)
		}
		s.groups[group] = value
	}
	return nil
}

// check compares a delivered data group with its signed hash.
func (s *securityObject) check(group int, file []byte) error {
	want, listed := s.groups[group]
	if !listed {
		return failed(ReasonUnlisted)
	}
	if subtle.ConstantTimeCompare(digest(s.hash, file), want) != 1 {
		return failed(ReasonHash)
	}
	return nil
}
