package chip

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of every DER structure.
const (
	maxNesting  = 32       // constructed elements within each other; the deepest of Doc 9303 has 14
	maxFileSize = 16 << 20 // bytes: a master list. Files of a chip have their own, smaller limits
)

// checkDER walks through all elements of der, which must be exactly one, and refuses what is not DER: so every later
// error is one of structure. It reads headers in place and allocates nothing.
func checkDER(der []byte) error {
	rest, err := walkElement(der, 0)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return failed(ReasonTrailing)
	}
	return nil
}

// walkElement checks the first element of b with all its children and gives what follows it.
func walkElement(b []byte, depth int) ([]byte, error) {
	if depth > maxNesting {
		return nil, failed(ReasonNesting)
	}
	if len(b) < 2 {
		return nil, failed(ReasonTruncated)
	}
	tag := b[0]
	if tag&0x1f == 0x1f {
		return nil, failed(ReasonNotDER)
	}
	content, rest, err := splitLength(b[1:], true)
	if err != nil {
		return nil, err
	}
	if tag&0x20 != 0 {
		for len(content) > 0 {
			if content, err = walkElement(content, depth+1); err != nil {
				return nil, err
			}
		}
	}
	return rest, nil
}

// splitLength reads the length octets at the start of b and cuts the content from what follows. DER (minimal) allows
// one encoding of each length; the data elements of a chip (ISO/IEC 7816-4) may be padded.
func splitLength(b []byte, minimal bool) (content, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, failed(ReasonTruncated)
	}
	length, b := uint64(b[0]), b[1:]
	if length >= 0x80 {
		octets := int(length & 0x7f)
		if octets == 0 {
			return nil, nil, failed(ReasonNotDER)
		}
		if octets > 4 {
			return nil, nil, failed(ReasonLength)
		}
		if len(b) < octets {
			return nil, nil, failed(ReasonTruncated)
		}
		length = 0
		for _, o := range b[:octets] {
			length = length<<8 | uint64(o)
		}
		if minimal && (b[0] == 0 || length < 0x80) {
			return nil, nil, failed(ReasonNotDER)
		}
		b = b[octets:]
	}
	if length > maxFileSize {
		return nil, nil, failed(ReasonLength)
	}
	if length > uint64(len(b)) {
		return nil, nil, failed(ReasonTruncated)
	}
	return b[:length], b[length:], nil
}

// readTLV reads one data element of a chip's file: a tag of one or two octets (ISO/IEC 7816-4), a length, a value.
func readTLV(b []byte) (tag uint16, value, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, nil, failed(ReasonTruncated)
	}
	tag, b = uint16(b[0]), b[1:]
	if tag&0x1f == 0x1f {
		if len(b) == 0 {
			return 0, nil, nil, failed(ReasonTruncated)
		}
		if b[0] >= 0x80 {
			return 0, nil, nil, failed(ReasonMalformed)
		}
		tag, b = tag<<8|uint16(b[0]), b[1:]
	}
	value, rest, err = splitLength(b, false)
	return tag, value, rest, err
}

// readFile opens an elementary file: one data element with this tag, and nothing behind it.
func readFile(b []byte, want uint16) ([]byte, error) {
	tag, value, rest, err := readTLV(b)
	switch {
	case err != nil:
		return nil, err
	case tag != want:
		return nil, failed(ReasonMalformed)
	case len(rest) > 0:
		return nil, failed(ReasonTrailing)
	}
	return value, nil
}

// child finds the first element with this tag among the elements of b; nil when there is none.
func child(b []byte, want uint16) ([]byte, error) {
	for len(b) > 0 {
		tag, value, rest, err := readTLV(b)
		if err != nil {
			return nil, err
		}
		if tag == want {
			return value, nil
		}
		b = rest
	}
	return nil, nil
}

// The tags of ASN.1 that this package reads.
const (
	tagSequence    = cbasn1.SEQUENCE
	tagSet         = cbasn1.SET
	tagInteger     = cbasn1.INTEGER
	tagOctetString = cbasn1.OCTET_STRING
)

// contextTag is the tag [n] of a constructed element.
func contextTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// readSequence reads a SEQUENCE that is the whole of der.
func readSequence(der []byte) (cryptobyte.String, error) {
	in, out := cryptobyte.String(der), cryptobyte.String(nil)
	if !in.ReadASN1(&out, tagSequence) {
		return nil, failed(ReasonMalformed)
	}
	if !in.Empty() {
		return nil, failed(ReasonTrailing)
	}
	return out, nil
}

// readOID reads an object identifier in its dotted form.
func readOID(in *cryptobyte.String) (string, bool) {
	var oid encodingOID
	if !in.ReadASN1ObjectIdentifier(&oid) {
		return "", false
	}
	return oid.String(), true
}

// readUnsigned reads a non-negative INTEGER: its magnitude without leading zeros, at most limit octets.
func readUnsigned(in *cryptobyte.String, limit int) ([]byte, bool) {
	var content cryptobyte.String
	if !in.ReadASN1(&content, tagInteger) || len(content) == 0 || content[0] >= 0x80 {
		return nil, false
	}
	for len(content) > 0 && content[0] == 0 {
		content = content[1:]
	}
	return content, len(content) <= limit
}
