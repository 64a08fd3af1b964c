package document

import (
	"time"

	"truename"
)

// chineseResident checks a citizen's identity number, GB 11643-1999: region (GB/T 2260, six digits), birth date,
// sequence (odd for men, even for women), check character by ISO/IEC 7064 MOD 11-2.
//
// Of the region the province is checked: the first two digits are one that GB/T 2260 has or had. Districts are
// abolished and merged all the time, and a number keeps the code of its day, so a list of today's districts would
// refuse holders; 999999 (and 99 as a province) is given to nobody, and is refused. The fifteen-digit numbers of before
// 1999 have not been valid since 2013-01-01 (Resident Identity Card Law, art. 23) and are refused by their length.
func chineseResident(f *Facts, s string, now time.Time) error {
	if err := mod112Form(f, s); err != nil {
		return err
	}
	if !chineseProvince(number(s[:2])) {
		return invalid(RuleRegion, 1, "starts a province that does not exist and never did")
	}
	f.Checked = append(f.Checked, RuleRegion)
	f.Unchecked = append(f.Unchecked, RuleDistrict)
	return chineseRest(f, s, s[:6], now)
}

// chineseResidencePermit checks the number of the residence permit for residents of Hong Kong (810000), Macao (820000)
// and Taiwan (830000): Measures of the State Council of 2018, art. 4 and 5, built as GB 11643-1999.
func chineseResidencePermit(f *Facts, s string, now time.Time) error {
	if err := mod112Form(f, s); err != nil {
		return err
	}
	switch s[:6] {
	case "810000", "820000", "830000":
	default:
		return invalid(RulePrefix, 1, "does not start the code of Hong Kong, Macao or Taiwan")
	}
	f.Checked = append(f.Checked, RulePrefix)
	return chineseRest(f, s, s[:6], now)
}

// chineseForeigner checks the number of a foreign permanent resident identity card.
//
// Since 2023-12-01 (rules of the National Immigration Administration for the 2023 card): 9, province of the first
// issue (two digits of GB/T 2260), nationality (ISO 3166-1 numeric), birth date, sequence (odd for men), check
// character by ISO/IEC 7064 MOD 11-2 as a citizen's.
//
// Before, and valid until it expires: nationality (ISO 3166-1 alpha-3), place of issue (four digits), birth date YYMMDD,
// one digit of sequence, and a check digit with the weights 7-3-1 of ICAO Doc 9303-3 §4.9. That the sequence tells the
// sex is not documented; it is not read. The century is the last in which the date is not in the future.
func chineseForeigner(f *Facts, s string, now time.Time) error {
	if len(s) == 15 {
		return chineseForeignerOld(f, s, now)
	}
	if err := mod112Form(f, s); err != nil {
		return err
	}
	if s[0] != '9' {
		return invalid(RulePrefix, 1, "is not the sign of a foreigner's number")
	}
	f.Checked = append(f.Checked, RulePrefix)
	if !chineseProvince(number(s[1:3])) {
		return invalid(RuleRegion, 2, "starts a province that does not exist")
	}
	f.Checked = append(f.Checked, RuleRegion)
	f.Nationality = truename.Private(s[3:6])
	return chineseRest(f, s, s[1:3], now)
}

func chineseForeignerOld(f *Facts, s string, now time.Time) error {
	for i := range len(s) {
		if letter := s[i] >= 'A' && s[i] <= 'Z'; letter != (i < 3) {
			return invalid(RuleCharacters, i+1, "is not what stands there: three letters, then twelve digits")
		}
	}
	f.Checked = append(f.Checked, RuleLength, RuleCharacters)
	if !chineseProvince(number(s[3:5])) {
		return invalid(RuleRegion, 4, "starts a province that does not exist")
	}
	f.Checked = append(f.Checked, RuleRegion)
	sum := 0
	for i, w := range []int{7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3} {
		v := int(s[i] - '0')
		if i < 3 {
			v = int(s[i]-'A') + 10
		}
		sum += v * w
	}
	if sum%10 != int(s[14]-'0') {
		return invalid(RuleCheckDigit, 15, "does not follow from the others")
	}
	f.Checked = append(f.Checked, RuleCheckDigit)
	if err := birthDate(f, century(number(s[7:9]), number(s[9:11]), number(s[11:13]), now), number(s[9:11]), number(s[11:13]), 8, now); err != nil {
		return err
	}
	f.Nationality, f.Region = truename.Private(s[:3]), truename.Private(s[3:7])
	f.Unchecked = append(f.Unchecked, RuleDistrict, RuleIssued)
	return nil
}

// chineseRest checks what all eighteen-character numbers share, from the seventh character on.
func chineseRest(f *Facts, s, region string, now time.Time) error {
	if err := birthDate(f, number(s[6:10]), number(s[10:12]), number(s[12:14]), 7, now); err != nil {
		return err
	}
	if s[14:17] == "000" {
		return invalid(RuleSequence, 15, "starts a sequence that is not given out")
	}
	f.Checked = append(f.Checked, RuleSequence)
	if s[17] != mod112(s[:17]) {
		return invalid(RuleCheckDigit, 18, "does not follow from the others")
	}
	f.Checked = append(f.Checked, RuleCheckDigit)
	f.Region, f.Sex = truename.Private(region), "F"
	if (s[16]-'0')%2 == 1 {
		f.Sex = "M"
	}
	f.Unchecked = append(f.Unchecked, RuleIssued)
	return nil
}

// mod112Form checks that there are seventeen digits and a digit or X.
func mod112Form(f *Facts, s string) error {
	if len(s) != 18 {
		return invalid(RuleLength, 0, "does not have the length of this document's numbers")
	}
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (i < 17 || s[i] != 'X') {
			return invalid(RuleCharacters, i+1, "cannot stand there")
		}
	}
	f.Checked = append(f.Checked, RuleLength, RuleCharacters)
	return nil
}

// mod112 gives the check character of ISO/IEC 7064 MOD 11-2 (radix 2, modulus 11) of a string of digits: it finds
// every single wrong character and every swap of two, neighbours or not, that lie fewer than ten places apart.
func mod112(s string) byte {
	p := 0
	for i := range len(s) {
		p = (p + int(s[i]-'0')) * 2 % 11
	}
	return "0123456789X"[(12-p)%11]
}

// chineseProvince says whether GB/T 2260 has or had a province of this code. 71, 81, 82 (Taiwan, Hong Kong, Macao)
// exist in it; 83 is used for residence permits only.
func chineseProvince(code int) bool {
	switch {
	case code >= 11 && code <= 15, code >= 21 && code <= 23, code >= 31 && code <= 37, code >= 41 && code <= 46,
		code >= 50 && code <= 54, code >= 61 && code <= 65, code == 71, code == 81, code == 82:
		return true
	}
	return false
}

// century gives the last year with these two digits in which the day is not after now.
func century(yy, month, day int, now time.Time) int {
	year := now.Year()/100*100 + yy
	if time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(now) {
		year -= 100
	}
	return year
}
