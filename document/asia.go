package document

import (
	"time"

	"truename"
)

// aadhaar checks an Indian Aadhaar number (UIDAI, "UID Numbering Scheme", 2010): twelve digits, the first neither 0
// nor 1, the last by Verhoeff's scheme. A number that reads the same backwards is not given out. It says nothing about
// its holder. The Aadhaar (Sharing of Information) Regulations of 2016 let others show and keep only the last four digits,
// so [Facts.Stored] is masked.
func aadhaar(f *Facts, s string, _ time.Time) error {
	if err := digits(f, s, 12); err != nil {
		return err
	}
	if s[0] < '2' {
		return invalid(RulePrefix, 1, "does not start a number that is given out")
	}
	if s[:6] == reverse(s[6:]) {
		return invalid(RuleSequence, 0, "reads the same backwards, and such are not given out")
	}
	if verhoeff(s) != 0 {
		return invalid(RuleCheckDigit, 12, "does not follow from the others")
	}
	f.Checked = append(f.Checked, RulePrefix, RuleSequence, RuleCheckDigit)
	f.Unchecked = append(f.Unchecked, RuleIssued)
	f.Stored = MaskAadhaar(f.Number)
	return nil
}

// MaskAadhaar gives the form of an Aadhaar number that may be kept and shown: "XXXXXXXX" and the last four digits.
// Something shorter than four characters becomes "XXXXXXXXXXXX".
func MaskAadhaar(n truename.Private) truename.Private {
	s := n.Reveal()
	if len(s) < 4 {
		return "XXXXXXXXXXXX"
	}
	return "XXXXXXXX" + truename.Private(s[len(s)-4:])
}

// pakistani checks a CNIC, NICOP or POC number (NADRA): thirteen digits, of which the first is the province (1 Khyber
// Pakhtunkhwa, 2 the former tribal areas, 3 Punjab, 4 Sindh, 5 Balochistan, 6 Islamabad, 7 Gilgit-Baltistan, 8 Azad
// Kashmir, 9 overseas), the first five the place, and the last odd for men, even for women. How NADRA would compute a
// check digit is not published, so a typing error is found only when it hits the first digit.
func pakistani(f *Facts, s string, _ time.Time) error {
	if err := digits(f, s, 13); err != nil {
		return err
	}
	if s[0] == '0' {
		return invalid(RuleRegion, 1, "is no province")
	}
	if s[5:12] == "0000000" {
		return invalid(RuleSequence, 6, "starts a family number that is not given out")
	}
	f.Checked = append(f.Checked, RuleRegion, RuleSequence)
	f.Unchecked = append(f.Unchecked, RuleDistrict, RuleIssued)
	f.Region, f.Sex = truename.Private(s[:5]), "F"
	if (s[12]-'0')%2 == 1 {
		f.Sex = "M"
	}
	return nil
}

// indonesian checks a NIK (Government Regulation 40/2019, Permendagri 72/2022; introduced by Law 23/2006): sixteen
// digits: province, regency and district (two each), birth date DDMMYY with 40 added to a woman's day, and a sequence.
// The province is checked against the list of 2022, with room for those founded since; the century is the last in which
// the date is not in the future. There is no check digit: a wrong digit is found only where it breaks the date or the place.
func indonesian(f *Facts, s string, now time.Time) error {
	if err := digits(f, s, 16); err != nil {
		return err
	}
	if !indonesianProvince(number(s[:2])) {
		return invalid(RuleRegion, 1, "starts a province that does not exist")
	}
	if s[2:4] == "00" || s[4:6] == "00" {
		return invalid(RuleRegion, 3, "starts a place that does not exist")
	}
	if s[12:] == "0000" {
		return invalid(RuleSequence, 13, "starts a sequence that is not given out")
	}
	f.Checked = append(f.Checked, RuleRegion, RuleSequence)
	day, month, yy := number(s[6:8]), number(s[8:10]), number(s[10:12])
	f.Sex = "M"
	if day > 40 {
		day, f.Sex = day-40, "F"
	}
	if err := birthDate(f, century(yy, month, day, now), month, day, 7, now); err != nil {
		return err
	}
	f.Region = truename.Private(s[:6])
	f.Unchecked = append(f.Unchecked, RuleDistrict, RuleIssued)
	return nil
}

// indonesianProvince says whether there is or was a province of this code: 11–21, 31–36, 51–53, 61–65, 71–76, 81, 82,
// 91–97 (BPS and the Ministry of Home Affairs), and 54 for East Timor until 1999.
func indonesianProvince(code int) bool {
	switch {
	case code >= 11 && code <= 21, code >= 31 && code <= 36, code >= 51 && code <= 54, code >= 61 && code <= 65,
		code >= 71 && code <= 76, code == 81, code == 82, code >= 91 && code <= 97:
		return true
	}
	return false
}

// thai checks a Thai citizen's number (Civil Registration Act of 1991): thirteen digits, of which the first is the
// category of the person (1 to 8; 0 for people without nationality who hold a pink card), and the last is
// (11 − Σ (14−i)·d_i mod 11) mod 10, i from 1. The third digit has the weight 11, which is 0: the scheme does not see it.
// The remainders 0 and 10 share the check digit 1. Any other wrong digit is found.
func thai(f *Facts, s string, _ time.Time) error {
	if err := digits(f, s, 13); err != nil {
		return err
	}
	if s[0] == '9' {
		return invalid(RulePrefix, 1, "is no category of persons")
	}
	sum := 0
	for i := range 12 {
		sum += (13 - i) * int(s[i]-'0')
	}
	if (11-sum%11)%10 != int(s[12]-'0') {
		return invalid(RuleCheckDigit, 13, "does not follow from the others")
	}
	f.Checked = append(f.Checked, RulePrefix, RuleCheckDigit)
	f.Region = truename.Private(s[1:5])
	f.Unchecked = append(f.Unchecked, RuleDistrict, RuleIssued)
	return nil
}

// philippine checks the length of a PhilSys number: the PhilSys Number of twelve digits (Republic Act 11055, sec. 7)
// or the PhilSys Card Number of sixteen, which is the one to show and to keep: the law keeps the former secret. Both are
// random; no check digit is published.
func philippine(f *Facts, s string, _ time.Time) error {
	if err := digits(f, s, 12, 16); err != nil {
		return err
	}
	f.Unchecked = append(f.Unchecked, RuleCheckDigit, RuleIssued)
	if len(s) == 12 {
		f.Stored = "" // Republic Act 11055: not to be kept by others
	}
	return nil
}

// reverse gives the string backwards; it holds digits.
func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
