package document

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"truename"
)

// CodeNumber: a document number breaks a rule of its scheme.
const CodeNumber truename.Code = "document_number"

// Facts is what a number that holds says about its holder. Fields that a scheme does not carry are empty.
type Facts struct {
	Type truename.DocumentType
	// Number in its normal form: half-width, without spaces and separators, letters in capitals.
	Number truename.Private
	// BirthDate as YYYY-MM-DD.
	BirthDate truename.Private
	// Sex as the number codes it: "M" or "F".
	Sex truename.Private
	// Region is the code of the place in the number: six digits in China and Indonesia, two or four on a foreigner's card,
	// five in Pakistan.
	Region truename.Private
	// Nationality on a Chinese foreign permanent resident card: ISO 3166-1 numeric (2023) or alpha-3 (before).
	Nationality truename.Private
	// Stored is the form that may be kept where the law forbids keeping the number whole (Aadhaar: the last four
	// digits); otherwise it is Number.
	Stored truename.Private
	// Checked lists the checks that hold, Unchecked what the number says but nothing here can confirm.
	Checked, Unchecked []Rule
}

// Rule names one check of a number.
type Rule string

// Rules.
const (
	RuleLength     Rule = "length"
	RuleCharacters Rule = "characters"
	RulePrefix     Rule = "prefix"      // the first digits belong to this type of document
	RuleRegion     Rule = "region"      // the province, at least, exists or existed
	RuleDistrict   Rule = "district"    // the place within the province
	RuleBirthDate  Rule = "birth_date"  // a date of the calendar, not in the future, not before 1850
	RuleSequence   Rule = "sequence"    // the running number is one that is given out
	RuleCheckDigit Rule = "check_digit" // the last character follows from the others
	RuleIssued     Rule = "issued"      // the number was given to somebody
)

// maxInput is more than any number with its separators needs.
const maxInput = 64

// oldestBirth is the first year of birth that is taken for plausible.
const oldestBirth = 1850

// Number checks a number against the scheme of a type of document and gives what it says. Full-width digits and
// letters, spaces, hyphens and dots are normalised; a final x is taken for X. The date is compared with the present
// day; [NumberAt] takes another.
func Number(t truename.DocumentType, s truename.Private) (Facts, error) {
	return NumberAt(t, s, time.Now())
}

// NumberAt is [Number] as of a day.
func NumberAt(t truename.DocumentType, s truename.Private, now time.Time) (Facts, error) {
	scheme, ok := schemeOf(t)
	if !ok {
		return Facts{}, &truename.Error{Kind: truename.KindUnsupported, Code: CodeNumber,
			Detail: "No scheme of numbers is known for this type of document.",
			Remedy: "Choose one of: " + joined(NumberTypes()) + "."}
	}
	number, err := normalise(s.Reveal())
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Type: t, Number: truename.Private(number)}
	f.Stored = f.Number
	if err := scheme(&f, number, now); err != nil {
		return Facts{}, err
	}
	return f, nil
}

// NumberTypes lists the types of document whose numbers can be checked.
func NumberTypes() []truename.DocumentType {
	return []truename.DocumentType{truename.CNResidentID, truename.CNTemporaryID, truename.CNHouseholdBooklet,
		truename.CNResidencePermit, truename.CNForeignPermanentID, truename.INAadhaar, truename.NGNIN, truename.PKCNIC,
		truename.IDKTP, truename.THNationalID, truename.PHPhilSys}
}

// scheme checks a normalised number and fills in the facts.
type scheme func(f *Facts, number string, now time.Time) error

func schemeOf(t truename.DocumentType) (scheme, bool) {
	switch t {
	case truename.CNResidentID, truename.CNTemporaryID, truename.CNHouseholdBooklet:
		return chineseResident, true
	case truename.CNResidencePermit:
		return chineseResidencePermit, true
	case truename.CNForeignPermanentID:
		return chineseForeigner, true
	case truename.INAadhaar:
		return aadhaar, true
	case truename.NGNIN:
		return nigerian, true
	case truename.PKCNIC:
		return pakistani, true
	case truename.IDKTP:
		return indonesian, true
	case truename.THNationalID:
		return thai, true
	case truename.PHPhilSys:
		return philippine, true
	}
	return nil, false
}

// normalise gives capitals and half-width characters without separators.
func normalise(s string) (string, error) {
	if len(s) > maxInput*3 {
		return "", invalid(RuleLength, 0, "is too long")
	}
	var b strings.Builder
	position := 0
	for _, r := range s {
		if r >= '！' && r <= '～' { // full-width forms of ASCII, U+FF01 to U+FF5E
			r -= '！' - '!'
		}
		switch {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u00a0' || r == '\u3000' || r == '\u2009' || r == '\u202f' ||
			r == '-' || r == '.' || r == '\u2010' || r == '\u2011' || r == '\u2013':
			continue
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		position++
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return "", invalid(RuleCharacters, position, "is neither a digit nor a letter")
		}
		b.WriteRune(r)
	}
	if position > maxInput {
		return "", invalid(RuleLength, 0, "is too long")
	}
	return b.String(), nil
}

// invalid is the error of a failed rule. Position counts from 1 in the normalised number; 0 is the whole.
func invalid(r Rule, position int, what string) error {
	subject := "The number"
	if position > 0 {
		subject = fmt.Sprintf("The number's character %d", position)
	}
	return &truename.Error{Kind: truename.KindInvalid, Code: CodeNumber,
		Detail: fmt.Sprintf("%s %s (check: %s).", subject, what, r),
		Remedy: "Compare the number with the document and enter it again."}
}

// digits checks length and that all characters from a position on are digits.
func digits(f *Facts, number string, lengths ...int) error {
	if !slices.Contains(lengths, len(number)) {
		return invalid(RuleLength, 0, "does not have the length of this document's numbers")
	}
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return invalid(RuleCharacters, i+1, "is not a digit")
		}
	}
	f.Checked = append(f.Checked, RuleLength, RuleCharacters)
	return nil
}

// birthDate checks that a date exists and lies between [oldestBirth] and now, and notes it. Position is the date's first.
func birthDate(f *Facts, year, month, day, position int, now time.Time) error {
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if d.Year() != year || int(d.Month()) != month || d.Day() != day {
		return invalid(RuleBirthDate, position, "starts a date that the calendar does not have")
	}
	// A day more than now: somewhere it is tomorrow already.
	if year < oldestBirth || d.After(now.AddDate(0, 0, 1)) {
		return invalid(RuleBirthDate, position, "starts a date at which nobody alive was born")
	}
	f.BirthDate = truename.Private(d.Format(time.DateOnly))
	f.Checked = append(f.Checked, RuleBirthDate)
	return nil
}

// number reads digits; they were checked before.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func joined(types []truename.DocumentType) string {
	s := make([]string, len(types))
	for i, t := range types {
		s[i] = string(t)
	}
	return strings.Join(s, ", ")
}
