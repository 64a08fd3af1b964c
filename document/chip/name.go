package chip

import (
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidCountry   = "2.5.4.6"
	maxNameParts = 64
)

// name is a distinguished name in a form that compares equal however its parts are encoded: States write the same name
// once as PrintableString and once as UTF8String, in either case.
type name struct {
	form    string // type=value parts in their order, folded; "" for an empty name
	country string // the value of countryName in upper case, "" when there is none
}

// readName reads a Name (RFC 5280, section 4.1.2.4).
func readName(in *cryptobyte.String) (name, error) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, tagSequence) {
		return name{}, failed(ReasonMalformed)
	}
	var n name
	var form strings.Builder
	for parts := 0; !seq.Empty(); {
		var set cryptobyte.String
		if !seq.ReadASN1(&set, tagSet) || set.Empty() {
			return name{}, failed(ReasonMalformed)
		}
		for !set.Empty() {
			var pair, value cryptobyte.String
			var tag cbasn1.Tag
			if !set.ReadASN1(&pair, tagSequence) {
				return name{}, failed(ReasonMalformed)
			}
			kind, ok := readOID(&pair)
			if !ok || !pair.ReadAnyASN1(&value, &tag) || !pair.Empty() {
				return name{}, failed(ReasonMalformed)
			}
			if parts++; parts > maxNameParts {
				return name{}, failed(ReasonMalformed)
			}
			text := foldText(value, tag)
			if kind == oidCountry {
				n.country = strings.ToUpper(text)
			}
			form.WriteString(kind + "=" + text + "\x00")
		}
		form.WriteByte('\x01')
	}
	n.form = form.String()
	return n, nil
}

// foldText gives a directory string in lower case with single spaces (RFC 5280, section 7.1, for what States use).
func foldText(value []byte, tag cbasn1.Tag) string {
	text := string(value)
	if tag == 30 && len(value)%2 == 0 { // BMPString
		units := make([]uint16, len(value)/2)
		for i := range units {
			units[i] = uint16(value[2*i])<<8 | uint16(value[2*i+1])
		}
		text = string(utf16.Decode(units))
	}
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}
