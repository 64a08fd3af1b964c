package chip

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"time"

	"truename"
)

// Bounds of a store of trust.
const (
	maxAnchors    = 20_000
	maxCandidates = 16 // issuers of one name whose signature is tried
)

// Options are the operator's choices. The zero value is the strictest as to revocation.
type Options struct {
	// AllowMissingRevocation lets a chip pass, with the note chip_revocation_unknown, when there is no current
	// revocation list of its issuer. Otherwise it is undecided.
	AllowMissingRevocation bool
	// RefuseSHA1 makes a chip undecided that rests on SHA-1. Otherwise it passes with the note chip_sha1.
	RefuseSHA1 bool
	// RequireActive makes a chip undecided that has not answered a challenge, or cannot. Chips that offer chip
	// authentication instead, which only the reader can see, are then undecided too.
	RequireActive bool
}

// Trust is the store of trust: country signing certificates and revocation lists that the operator supplies. It is
// built by one goroutine; after that, any number may verify with it.
type Trust struct {
	options Options
	seen    map[[sha256.Size]byte]bool
	byName  map[string][]*certificate
	byKeyID map[string][]*certificate
	lists   map[string]*revocationList
}

// NewTrust gives an empty store, with which every chip is undecided.
func NewTrust(o Options) *Trust {
	return &Trust{options: o, seen: map[[sha256.Size]byte]bool{}, byName: map[string][]*certificate{},
		byKeyID: map[string][]*certificate{}, lists: map[string]*revocationList{}}
}

// Import is what became of the certificates of a file.
type Import struct {
	// Added certificates are new, Known ones were there already.
	Added, Known int
	// Refused counts the certificates that cannot be used, by reason: a country whose certificates are refused has
	// no trust, and its documents are undecided.
	Refused map[truename.Code]int
}

// refuse counts one certificate.
func (m *Import) refuse(err error) {
	if m.Refused == nil {
		m.Refused = map[truename.Code]int{}
	}
	m.Refused[asRefusal(err).code]++
}

// Certificates gives the number of country signing certificates in the store.
func (t *Trust) Certificates() int { return len(t.seen) }

// RevocationLists gives the number of revocation lists in the store.
func (t *Trust) RevocationLists() int { return len(t.lists) }

// AddCertificates takes country signing certificates, and the link certificates between their generations, that the
// operator trusts: one in DER, or any number in PEM. The error is a *truename.Error when there is none in data that can
// be used.
func (t *Trust) AddCertificates(data []byte) (Import, error) {
	var done Import
	if len(data) > maxFileSize {
		return done, asError(failed(ReasonLength), "The file of certificates")
	}
	var last error = failed(ReasonMalformed)
	for _, der := range certificatesOf(data) {
		if err := t.add(der, &done); err != nil {
			last = err
		}
	}
	if done.Added+done.Known == 0 {
		return done, asError(last, "The file of certificates")
	}
	return done, nil
}

// certificatesOf gives the certificates of a PEM file, or data itself.
func certificatesOf(data []byte) [][]byte {
	if !bytes.Contains(data, []byte("-----BEGIN")) {
		return [][]byte{data}
	}
	var all [][]byte
	for len(all) < maxAnchors {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			all = append(all, block.Bytes)
		}
		data = rest
	}
	return all
}

// add takes one certificate into the store and counts it.
func (t *Trust) add(der []byte, done *Import) error {
	err := checkDER(der)
	var c *certificate
	if err == nil {
		c, err = parseCertificate(bytes.Clone(der))
	}
	if err == nil {
		err = c.checkAnchor()
	}
	if err == nil && len(t.seen) >= maxAnchors {
		err = failed(ReasonLength)
	}
	if err != nil {
		done.refuse(err)
		return err
	}
	id := sha256.Sum256(der)
	if t.seen[id] {
		done.Known++
		return nil
	}
	t.seen[id] = true
	t.byName[c.subject.form] = append(t.byName[c.subject.form], c)
	if len(c.subjectKeyID) > 0 {
		t.byKeyID[string(c.subjectKeyID)] = append(t.byKeyID[string(c.subjectKeyID)], c)
	}
	done.Added++
	return nil
}

// checkAnchor says whether a certificate can be a country's: an authority that may sign certificates, of a country,
// and with its own signature where it has signed itself.
func (c *certificate) checkAnchor() error {
	if !c.isCA || !c.mayDo(usageCertificateSign) || c.subject.country == "" {
		return failed(ReasonKeyUsage)
	}
	if c.selfIssued() && (c.authorityKeyID == nil || bytes.Equal(c.authorityKeyID, c.subjectKeyID)) {
		return c.key.verify(c.algorithm, c.tbs, c.signature)
	}
	return nil
}

// issuerOf finds the certificate in the store whose key has signed c: one that is valid at a time, if there is one.
func (t *Trust) issuerOf(c *certificate, at time.Time) (*certificate, error) {
	candidates, named := t.byKeyID[string(c.authorityKeyID)], true
	if len(c.authorityKeyID) == 0 || len(candidates) == 0 {
		candidates, named = t.byName[c.issuer.form], false
	}
	if len(candidates) > maxCandidates {
		candidates = candidates[:maxCandidates]
	}
	var expired, forged bool
	for _, a := range candidates {
		if a.subject.country != c.issuer.country {
			continue
		}
		if err := a.key.verify(c.algorithm, c.tbs, c.signature); err != nil {
			forged = named
			continue
		}
		if a.validAt(at) {
			return a, nil
		}
		expired = true
	}
	switch {
	case expired:
		return nil, failed(ReasonIssuerExpired)
	case forged:
		return nil, failed(ReasonSignature)
	}
	return nil, unchecked(ReasonIssuerUnknown)
}

// checkRevocation looks a signer and its issuer up in the issuer's revocation list.
func (t *Trust) checkRevocation(signer, issuer *certificate, at time.Time) error {
	list := t.lists[signer.issuer.form]
	if list == nil {
		list = t.lists[issuer.subject.form]
	}
	switch {
	case list == nil:
		return unchecked(ReasonRevocationUnknown)
	case list.revoked[signer.serial]:
		return failed(ReasonSignerRevoked)
	case issuer.issuer.form == list.issuer.form && list.revoked[issuer.serial]:
		return failed(ReasonIssuerRevoked)
	case !list.current(at):
		return unchecked(ReasonRevocationUnknown)
	}
	return nil
}

// AddRevocationList takes a revocation list, DER or PEM, of an issuer in the store. Of two lists of one issuer the newer
// stays. Errors are *truename.Error with a chip code: chip_issuer_unknown, chip_signature_invalid, chip_signing_time
// (made in the future), or that of its encoding.
func (t *Trust) AddRevocationList(data []byte, at time.Time) error {
	if block, _ := pem.Decode(data); block != nil && block.Type == "X509 CRL" {
		data = block.Bytes
	}
	list, err := parseRevocationList(bytes.Clone(data))
	if err == nil {
		err = t.checkList(list, at)
	}
	if err != nil {
		return asError(err, "The revocation list")
	}
	if old := t.lists[list.issuer.form]; old == nil || old.thisUpdate.Before(list.thisUpdate) {
		t.lists[list.issuer.form] = list
	}
	return nil
}

// checkList says whether a list was signed by an issuer in the store that may sign lists.
func (t *Trust) checkList(l *revocationList, at time.Time) error {
	if l.thisUpdate.After(at) {
		return failed(ReasonSigningTime)
	}
	err := unchecked(ReasonIssuerUnknown)
	for _, a := range t.byName[l.issuer.form] {
		if !a.mayDo(usageCRLSign) {
			continue
		}
		if err = a.key.verify(l.algorithm, l.tbs, l.signature); err == nil {
			return nil
		}
	}
	return err
}
