package vault

import "encoding/binary"

// bind encodes a domain and its parts so that no two different lists give the same bytes. It is the input of every HMAC,
// the info of every HKDF and the associated data of every box: the domain keeps them apart.
func bind(domain string, parts ...string) []byte {
	n := 4 + len(domain)
	for _, p := range parts {
		n += 4 + len(p)
	}
	b := make([]byte, 0, n)
	for _, p := range append([]string{domain}, parts...) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

// Domains. They are part of what is stored: a changed word makes everything unreadable.
const (
	domainRing            = "truename ring 1"
	domainRingIndex       = "truename ring index 1"
	domainRingTemplate    = "truename ring template 1"
	domainRingService     = "truename ring service 1"
	domainDataKey         = "truename data key 1"
	domainDataKeySeal     = "truename data key seal 1"
	domainDataKeyTemplate = "truename data key template 1"
	domainEvidence        = "truename evidence 1"
	domainService         = "truename service 1"
	domainIndex           = "truename index 1"
	domainTemplate        = "truename template 1"
	domainTemplateTag     = "truename template tag 1"
	domainGallery         = "truename gallery 1"
	domainBindingCheck    = "truename binding check 1"
	domainMasterProbe     = "truename master probe 1"
)
