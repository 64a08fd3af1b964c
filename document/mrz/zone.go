package mrz

import (
	"fmt"
	"strings"
	"time"

	"truename"
	"truename/document"
)

// CodeNotZone: lines that are not a machine readable zone at all: their number, length or characters.
const CodeNotZone truename.Code = "mrz_malformed"

// Zone is a machine readable zone as it is printed, and what it says.
type Zone struct {
	Format Format
	// Lines as printed: two or three, of 30, 36 or 44 characters A–Z, 0–9 and <.
	Lines []truename.Private

	Code        truename.Private // document code without fillers: P, ID, V …
	State       truename.Private // issuing state or organisation, see [State]
	Nationality truename.Private
	Number      truename.Private // without fillers at the end; a long one is put together
	Surname     truename.Private // primary identifier, words parted by a space
	GivenNames  truename.Private // secondary identifier
	BirthDate   truename.Private // YYYY-MM-DD; YYYY-MM or YYYY where the rest is unknown; empty when unknown or no date
	Sex         truename.Private // M, F, or X for unspecified (printed <)
	Expires     truename.Private // YYYY-MM-DD
	Issued      truename.Private // YYYY-MM, France's older card only
	Optional    truename.Private // optional data without fillers at the end; two fields are parted by a space

	// Checks are the check digits, the composite one last.
	Checks []CheckDigit
	// Problems are the breaches of the standard other than check digits.
	Problems []Problem
	// NameMayBeTruncated: the name fills its field to the last position (Doc 9303-3 §4.6), so the person's whole name may
	// be longer.
	NameMayBeTruncated bool
}

// CheckDigit is one check digit and whether it follows from what it covers.
type CheckDigit struct {
	Field Field `json:"field"`
	// Line and Position count from 1.
	Line     int  `json:"line"`
	Position int  `json:"position"`
	Holds    bool `json:"holds"`
}

// Problem is one breach of the standard.
type Problem struct {
	Code  truename.Code `json:"code"`
	Field Field         `json:"field"`
	// Line and Position, of the first character that is wrong, count from 1.
	Line     int `json:"line"`
	Position int `json:"position"`
}

// Codes of problems.
const (
	ProblemCharacter    truename.Code = "mrz_character"     // a character that the field does not take
	ProblemFiller       truename.Code = "mrz_filler"        // fillers where none may be, or none where they must be
	ProblemDate         truename.Code = "mrz_date"          // no date of the calendar
	ProblemDateOrder    truename.Code = "mrz_date_order"    // expiry before birth
	ProblemState        truename.Code = "mrz_state"         // a state or organisation that Doc 9303-3 §5 does not know
	ProblemSpecimen     truename.Code = "mrz_specimen"      // Utopia (UTO), the state of specimens
	ProblemDocumentCode truename.Code = "mrz_document_code" // a document code that the format does not take
)

// Valid says that every check digit holds.
func (z *Zone) Valid() bool {
	for _, c := range z.Checks {
		if !c.Holds {
			return false
		}
	}
	return len(z.Checks) > 0
}

// Parse reads the lines of a zone as of a day, which decides centuries. Nothing is corrected: lower case, spaces and
// other characters are an error of code mrz_malformed, as are a wrong number of lines or characters. All else that is wrong
// is in the result, as a check that fails or a problem.
func Parse(lines []string, now time.Time) (*Zone, error) {
	if err := shape(lines); err != nil {
		return nil, err
	}
	l, ok := layoutOf(lines)
	if !ok {
		return nil, malformed("The lines have neither the number nor the length of a machine readable zone.")
	}
	z := &Zone{Format: l.format}
	for _, line := range lines {
		z.Lines = append(z.Lines, truename.Private(line))
	}
	z.Checks = l.checks(lines)
	fields := map[Field]slot{}
	for _, s := range l.slots {
		fields[s.field] = s
		z.characters(lines, s)
	}
	text := func(f Field) string {
		if s, ok := fields[f]; ok {
			return lines[s.line][s.from:s.to]
		}
		return ""
	}
	z.Code = truename.Private(strings.TrimRight(text(FieldCode), "<"))
	z.State = truename.Private(strings.TrimRight(text(FieldState), "<"))
	z.Nationality = truename.Private(strings.TrimRight(text(FieldNationality), "<"))
	z.readSex(text(FieldSex))
	z.readNumber(l, lines, text)
	z.readNames(text(FieldName), text(FieldGivenNames), fields[FieldName])
	z.readDates(fields, text, now)
	z.readStates(fields)
	z.readCode(fields[FieldCode])
	return z, nil
}

// shape checks what must hold before positions mean anything.
func shape(lines []string) error {
	if len(lines) < 2 || len(lines) > 3 {
		return malformed("A machine readable zone has two or three lines.")
	}
	for i, line := range lines {
		if len(line) != 30 && len(line) != 36 && len(line) != 44 || len(line) != len(lines[0]) {
			return malformed(fmt.Sprintf("Line %d does not have 30, 36 or 44 characters like the others.", i+1))
		}
		for j := range len(line) {
			if _, ok := index(line[j]); !ok {
				return malformed(fmt.Sprintf("Line %d, position %d: neither a capital letter nor a digit nor a filler.", i+1, j+1))
			}
		}
	}
	return nil
}

func malformed(detail string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: CodeNotZone, Detail: detail,
		Remedy: "Enter the lines at the bottom of the document exactly as printed, with < for each filler."}
}

// checks compares every check digit with what it covers.
func (l layout) checks(lines []string) []CheckDigit {
	rules := l.rules
	if l.composite != nil {
		rules = append(append([]rule{}, rules...), *l.composite)
	}
	var out []CheckDigit
	for _, r := range rules {
		var parts []string
		for _, s := range r.over {
			parts = append(parts, lines[s.line][s.from:s.to])
		}
		digit := lines[r.at.line][r.at.from]
		holds := digit == checkDigit(parts...)
		if r.empty && digit == '<' {
			holds = strings.Trim(strings.Join(parts, ""), "<") == ""
		}
		out = append(out, CheckDigit{Field: r.field, Line: r.at.line + 1, Position: r.at.from + 1, Holds: holds})
	}
	return out
}

// characters notes the first character that a field does not take.
func (z *Zone) characters(lines []string, s slot) {
	for j := s.from; j < s.to; j++ {
		if !s.takes.has(lines[s.line][j]) {
			z.problem(ProblemCharacter, s.field, s.line, j)
			return
		}
	}
}

func (z *Zone) problem(c truename.Code, f Field, line, position int) {
	z.Problems = append(z.Problems, Problem{Code: c, Field: f, Line: line + 1, Position: position + 1})
}

func (z *Zone) readSex(s string) {
	switch s {
	case "M", "F":
		z.Sex = truename.Private(s)
	case "<":
		z.Sex = "X"
	}
}

func (z *Zone) readNumber(l layout, lines []string, text func(Field) string) {
	number, optional := text(FieldNumber), text(FieldOptional)
	if over := l.rules[0].over; len(over) == 2 { // a long number
		number += lines[over[1].line][over[1].from:over[1].to]
		optional = strings.TrimLeft(optional[over[1].len()+1:], "<")
	}
	z.Number = truename.Private(strings.TrimRight(number, "<"))
	both := strings.TrimRight(optional, "<") + " " + strings.TrimRight(text(FieldOptional2), "<")
	z.Optional = truename.Private(strings.TrimSpace(both))
}

// readNames parts the name (Doc 9303-3 §4.6): two fillers between primary and secondary identifier, one between words.
func (z *Zone) readNames(name, given string, s slot) {
	surname := name
	if z.Format != FRA2 {
		surname, given, _ = strings.Cut(name, "<<")
	}
	z.Surname, z.GivenNames = truename.Private(words(surname)), truename.Private(words(given))
	if z.Surname == "" {
		z.problem(ProblemFiller, FieldName, s.line, s.from)
	} else if name[0] == '<' {
		z.problem(ProblemFiller, FieldName, s.line, s.from)
	}
	trimmed := strings.TrimRight(name, "<")
	z.NameMayBeTruncated = len(trimmed) == len(name)
	// After the name only fillers: a third part is one filler too many.
	if z.Format != FRA2 && strings.Count(trimmed, "<<") > 1 {
		z.problem(ProblemFiller, FieldName, s.line, s.from+strings.LastIndex(trimmed, "<<"))
	}
}

// words makes spaces of fillers.
func words(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '<' }), " ")
}

func (z *Zone) readDates(fields map[Field]slot, text func(Field) string, now time.Time) {
	birth, ok := fullDate(text(FieldBirth), birthCentury(now))
	if !ok {
		z.problem(ProblemDate, FieldBirth, fields[FieldBirth].line, fields[FieldBirth].from)
	}
	z.BirthDate = truename.Private(birth)
	if s, has := fields[FieldExpiry]; has {
		expires, ok := fullDate(text(FieldExpiry), expiryCentury(now))
		// Unlike a birth, an expiry is known to the day; some states print fillers for "without end".
		if !ok || len(expires) != 0 && len(expires) != len(time.DateOnly) {
			z.problem(ProblemDate, FieldExpiry, s.line, s.from)
			expires = ""
		}
		z.Expires = truename.Private(expires)
		if birth != "" && expires != "" && expires < birth {
			z.problem(ProblemDateOrder, FieldExpiry, s.line, s.from)
		}
	}
	if s, has := fields[FieldIssued]; has {
		issued, ok := fullDate(text(FieldIssued)+"<<", birthCentury(now))
		if !ok {
			z.problem(ProblemDate, FieldIssued, s.line, s.from)
		}
		z.Issued = truename.Private(issued)
	}
}

func (z *Zone) readStates(fields map[Field]slot) {
	for _, f := range []Field{FieldState, FieldNationality} {
		s, has := fields[f]
		if !has {
			continue
		}
		code := z.State
		if f == FieldNationality {
			code = z.Nationality
		}
		switch state := StateOf(code.Reveal()); {
		case !state.Known:
			z.problem(ProblemState, f, s.line, s.from)
		case state.Specimen:
			z.problem(ProblemSpecimen, f, s.line, s.from)
		}
	}
}

// readCode checks the first letter: P for passports, V for visas, A, C or I for cards (parts 4 to 7); AC is a crew's.
func (z *Zone) readCode(s slot) {
	first := z.Lines[0].Reveal()[0]
	ok := false
	switch z.Format {
	case TD3:
		ok = first == 'P'
	case MRVA, MRVB:
		ok = first == 'V'
	case TD1, TD2, FRA2:
		ok = first == 'I' || first == 'A' || first == 'C' || first == 'P' // P since the passport card of part 5
	}
	if !ok {
		z.problem(ProblemDocumentCode, FieldCode, s.line, s.from)
	}
}

// Fields gives what the zone says in the form that a registration keeps. Type is a passport for TD3 and a national
// identity card for all else: the zone says no more.
func (z *Zone) Fields() truename.DocumentFields {
	t := truename.NationalID
	if z.Format == TD3 {
		t = truename.Passport
	}
	return truename.DocumentFields{
		Type: t, Country: StateOf(z.State.Reveal()).Alpha3, Number: z.Number,
		Name:      truename.Private(strings.TrimSpace(z.Surname.Reveal() + " " + z.GivenNames.Reveal())),
		BirthDate: z.BirthDate, Sex: z.Sex, Expires: z.Expires,
	}
}

// Findings says what the zone comes to, for policy. Expiry is judged as of a day: a document is valid through its last.
func (z *Zone) Findings(now time.Time) []document.Finding {
	out := []document.Finding{z.checkFinding()}
	composition := document.Finding{Check: document.CheckComposition, State: truename.FindingPassed}
	specimen := document.Finding{Check: document.CheckSpecimen, State: truename.FindingPassed}
	for _, p := range z.Problems {
		place := fmt.Sprintf("line %d, position %d", p.Line, p.Position)
		f := &composition
		if p.Code == ProblemSpecimen {
			f = &specimen
		}
		f.State = truename.FindingFailed
		f.Reasons = append(f.Reasons, p.Code)
		if f.Place == "" {
			f.Place = place
		}
	}
	out = append(out, composition, specimen, z.expiryFinding(now))
	whole := document.Finding{Check: document.CheckNameWhole, State: truename.FindingPassed}
	if z.NameMayBeTruncated {
		whole.State, whole.Reasons = truename.FindingUndecided, []truename.Code{"mrz_name_truncated"}
	}
	return append(out, whole)
}

func (z *Zone) checkFinding() document.Finding {
	f := document.Finding{Check: document.CheckMRZ, State: truename.FindingPassed, Measures: map[string]float64{"check_digits": float64(len(z.Checks))}}
	for _, c := range z.Checks {
		if !c.Holds {
			f.State = truename.FindingFailed
			f.Reasons = append(f.Reasons, truename.Code("mrz_check_digit_"+string(c.Field)))
			if f.Place == "" {
				f.Place = fmt.Sprintf("line %d, position %d", c.Line, c.Position)
			}
		}
	}
	return f
}

func (z *Zone) expiryFinding(now time.Time) document.Finding {
	f := document.Finding{Check: document.CheckExpiry, State: truename.FindingPassed}
	switch {
	case z.Expires == "":
		f.State, f.Reasons = truename.FindingUndecided, []truename.Code{"expiry_unknown"}
	case z.Expires.Reveal() < now.UTC().AddDate(0, 0, -1).Format(time.DateOnly): // somewhere it is still yesterday
		f.State, f.Reasons = truename.FindingFailed, []truename.Code{"document_expired"}
	}
	return f
}
