package chip

import (
	"crypto"
	_ "crypto/sha1" // documents in circulation are signed with it
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type encodingOID = asn1.ObjectIdentifier

// Object identifiers of algorithms.
const (
	oidSHA1   = "1.3.14.3.2.26"
	oidSHA256 = "2.16.840.1.101.3.4.2.1"
	oidSHA384 = "2.16.840.1.101.3.4.2.2"
	oidSHA512 = "2.16.840.1.101.3.4.2.3"
	oidSHA224 = "2.16.840.1.101.3.4.2.4"

	oidRSA     = "1.2.840.113549.1.1.1"
	oidPSS     = "1.2.840.113549.1.1.10"
	oidMGF1    = "1.2.840.113549.1.1.8"
	oidECKey   = "1.2.840.10045.2.1"
	oidPrime   = "1.2.840.10045.1.1"
	oidPlain   = "0.4.0.127.0.7.1.1.4.1" // BSI TR-03111: ecdsa-plain-signatures
	maxSaltLen = 512
)

// hashByOID gives a hash function, 0 for one that is not known.
func hashByOID(oid string) crypto.Hash {
	switch oid {
	case oidSHA1:
		return crypto.SHA1
	case oidSHA224:
		return crypto.SHA224
	case oidSHA256:
		return crypto.SHA256
	case oidSHA384:
		return crypto.SHA384
	case oidSHA512:
		return crypto.SHA512
	}
	return 0
}

// digest hashes data.
func digest(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

// scheme is how a signature is made, apart from key and hash.
type scheme int

const (
	schemePKCS1 scheme = iota + 1
	schemePSS
	schemeECDSA
)

// algorithm is a signature algorithm with its parameters.
type algorithm struct {
	scheme scheme
	hash   crypto.Hash
	salt   int // octets, of schemePSS
}

// readHash reads an AlgorithmIdentifier of a hash function; its parameters are absent or NULL.
func readHash(in *cryptobyte.String) (crypto.Hash, error) {
	oid, params, ok := readAlgorithmIdentifier(in)
	if !ok || !absentOrNull(params) {
		return 0, failed(ReasonMalformed)
	}
	h := hashByOID(oid)
	if h == 0 {
		return 0, unchecked(ReasonHashUnknown)
	}
	return h, nil
}

// readSignatureAlgorithm reads the AlgorithmIdentifier of a signature. fallback is the hash of a CMS signer whose
// identifier names only the kind of key (RFC 3370); 0 where that is not allowed.
func readSignatureAlgorithm(in *cryptobyte.String, fallback crypto.Hash) (algorithm, error) {
	oid, params, ok := readAlgorithmIdentifier(in)
	if !ok {
		return algorithm{}, failed(ReasonMalformed)
	}
	simple := func(s scheme, h crypto.Hash) (algorithm, error) {
		if !absentOrNull(params) {
			return algorithm{}, failed(ReasonMalformed)
		}
		if h == 0 {
			return algorithm{}, unchecked(ReasonAlgorithm)
		}
		return algorithm{scheme: s, hash: h}, nil
	}
	switch oid {
	case oidPSS:
		return readPSS(params)
	case oidRSA:
		return simple(schemePKCS1, fallback)
	case "1.2.840.113549.1.1.5":
		return simple(schemePKCS1, crypto.SHA1)
	case "1.2.840.113549.1.1.14":
		return simple(schemePKCS1, crypto.SHA224)
	case "1.2.840.113549.1.1.11":
		return simple(schemePKCS1, crypto.SHA256)
	case "1.2.840.113549.1.1.12":
		return simple(schemePKCS1, crypto.SHA384)
	case "1.2.840.113549.1.1.13":
		return simple(schemePKCS1, crypto.SHA512)
	case "1.2.840.10045.4.1":
		return simple(schemeECDSA, crypto.SHA1)
	case "1.2.840.10045.4.3.1":
		return simple(schemeECDSA, crypto.SHA224)
	case "1.2.840.10045.4.3.2":
		return simple(schemeECDSA, crypto.SHA256)
	case "1.2.840.10045.4.3.3":
		return simple(schemeECDSA, crypto.SHA384)
	case "1.2.840.10045.4.3.4":
		return simple(schemeECDSA, crypto.SHA512)
	}
	return algorithm{}, unchecked(ReasonAlgorithm)
}

// readPSS reads RSASSA-PSS-params (RFC 4055). The hash of the mask must be that of the message, as in every profile.
func readPSS(params cryptobyte.String) (algorithm, error) {
	a := algorithm{scheme: schemePSS, hash: crypto.SHA1, salt: 20}
	mask := crypto.SHA1
	if params == nil {
		return algorithm{}, failed(ReasonMalformed)
	}
	var seq, field cryptobyte.String
	if !params.ReadASN1(&seq, tagSequence) || !params.Empty() {
		return algorithm{}, failed(ReasonMalformed)
	}
	var present bool
	var err error
	if !seq.ReadOptionalASN1(&field, &present, contextTag(0)) {
		return algorithm{}, failed(ReasonMalformed)
	}
	if present {
		if a.hash, err = readHash(&field); err != nil {
			return algorithm{}, err
		}
		if !field.Empty() {
			return algorithm{}, failed(ReasonMalformed)
		}
	}
	if !seq.ReadOptionalASN1(&field, &present, contextTag(1)) {
		return algorithm{}, failed(ReasonMalformed)
	}
	if present {
		oid, inner, ok := readAlgorithmIdentifier(&field)
		if !ok || !field.Empty() {
			return algorithm{}, failed(ReasonMalformed)
		}
		if oid != oidMGF1 {
			return algorithm{}, unchecked(ReasonAlgorithm)
		}
		if mask, err = readHash(&inner); err != nil {
			return algorithm{}, err
		}
		if !inner.Empty() {
			return algorithm{}, failed(ReasonMalformed)
		}
	}
	trailer := 1
	if !readOptionalInt(&seq, 2, &a.salt) || !readOptionalInt(&seq, 3, &trailer) || !seq.Empty() {
		return algorithm{}, failed(ReasonMalformed)
	}
	// crypto/rsa takes no salt at all for "any length", so that rare choice is not supported.
	if mask != a.hash || trailer != 1 || a.salt < 1 || a.salt > maxSaltLen {
		return algorithm{}, unchecked(ReasonAlgorithm)
	}
	return a, nil
}

// readOptionalInt reads [tag] EXPLICIT INTEGER into value when it is there.
func readOptionalInt(in *cryptobyte.String, tag uint8, value *int) bool {
	var field cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&field, &present, contextTag(tag)) {
		return false
	}
	return !present || field.ReadASN1Integer(value) && field.Empty()
}

// readAlgorithmIdentifier reads an identifier and its parameters as they stand; nil when there are none.
func readAlgorithmIdentifier(in *cryptobyte.String) (oid string, params cryptobyte.String, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, tagSequence) {
		return "", nil, false
	}
	if oid, ok = readOID(&seq); !ok {
		return "", nil, false
	}
	if seq.Empty() {
		return oid, nil, true
	}
	ok = seq.ReadAnyASN1Element(&params, new(cbasn1.Tag)) && seq.Empty()
	return oid, params, ok
}

// absentOrNull says whether parameters are none: both encodings are in use.
func absentOrNull(params cryptobyte.String) bool {
	return params == nil || string(params) == "\x05\x00"
}
