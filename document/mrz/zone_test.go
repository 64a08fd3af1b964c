package mrz

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"truename"
	"truename/document"
)

// The specimens of Doc 9303 and others whose lines are published.
var examples = []struct {
	name  string
	lines []string
	want  Zone
}{
	{"part 4, appendix B", []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"},
		Zone{Format: TD3, Code: "P", State: "UTO", Nationality: "UTO", Number: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
			BirthDate: "1974-08-12", Sex: "F", Expires: "2012-04-15", Optional: "ZE184226B"}},
	{"part 5, appendix B", []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"},
		Zone{Format: TD1, Code: "I", State: "UTO", Nationality: "UTO", Number: "D23145890", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
			BirthDate: "1974-08-12", Sex: "F", Expires: "2012-04-15"}},
	{"part 6, appendix B", []string{"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"},
		Zone{Format: TD2, Code: "I", State: "UTO", Nationality: "UTO", Number: "D23145890", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
			BirthDate: "1974-08-12", Sex: "F", Expires: "2012-04-15"}},
	{"part 7, MRV-A", []string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L8988901C4XXX4009078F96121096ZE184226B<<<<<<"},
		Zone{Format: MRVA, Code: "V", State: "UTO", Nationality: "XXX", Number: "L8988901C", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
			BirthDate: "1940-09-07", Sex: "F", Expires: "1996-12-10", Optional: "6ZE184226B"}},
	{"part 7, MRV-B", []string{"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L8988901C4XXX4009078F9612109<<<<<<<<"},
		Zone{Format: MRVB, Code: "V", State: "UTO", Nationality: "XXX", Number: "L8988901C", Surname: "ERIKSSON", GivenNames: "ANNA MARIA",
			BirthDate: "1940-09-07", Sex: "F", Expires: "1996-12-10"}},
	{"part 5, a number of more than nine characters", []string{"I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"},
		Zone{Format: TD1, Code: "I", State: "UTO", Nationality: "UTO", Number: "D23145890734", Surname: "STEVENSON", GivenNames: "PETER JOHN",
			BirthDate: "1934-07-12", Sex: "M", Expires: "1995-07-12"}},
	{"France, 1988 to 2021", []string{"IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "8806923102858CORINNE<<<<<<<6512068F6"},
		Zone{Format: FRA2, Code: "ID", State: "FRA", Number: "880692310285", Surname: "BERTHIER", GivenNames: "CORINNE",
			BirthDate: "1965-12-06", Sex: "F", Issued: "1988-06"}},
}

// today is the day on which the tests read: centuries do not depend on when they run.
var today = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			got, err := Parse(e.lines, today)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Valid() {
				t.Errorf("a check digit does not hold: %+v", got.Checks)
			}
			for _, p := range got.Problems {
				if p.Code != ProblemSpecimen {
					t.Errorf("%+v", p)
				}
			}
			want := e.want
			want.Lines, want.Checks, want.Problems = got.Lines, got.Checks, got.Problems
			if d := cmp.Diff(want, *got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseFindsBreaches(t *testing.T) {
	passport := examples[0].lines
	change := func(line, position int, s string) []string {
		out := append([]string{}, passport...)
		out[line-1] = out[line-1][:position-1] + s + out[line-1][position-1+len(s):]
		return out
	}
	tests := []struct {
		name  string
		lines []string
		want  Problem
	}{
		{"a digit in the name", change(1, 8, "1"), Problem{ProblemCharacter, FieldName, 1, 8}},
		{"a letter in the birth date", change(2, 14, "A"), Problem{ProblemCharacter, FieldBirth, 2, 14}},
		{"30 February", change(2, 14, "740230"), Problem{ProblemDate, FieldBirth, 2, 14}},
		{"month 13", change(2, 22, "121315"), Problem{ProblemDate, FieldExpiry, 2, 22}},
		{"expiry before birth", change(2, 14, "1505011"), Problem{ProblemDateOrder, FieldExpiry, 2, 22}},
		{"no such state", change(1, 3, "QQQ"), Problem{ProblemState, FieldState, 1, 3}},
		{"Utopia", passport, Problem{ProblemSpecimen, FieldState, 1, 3}},
		{"sex Y", change(2, 21, "Y"), Problem{ProblemCharacter, FieldSex, 2, 21}},
		{"no surname", change(1, 6, "<<<<<<<<"), Problem{ProblemFiller, FieldName, 1, 6}},
		{"three names parted by two fillers", change(1, 16, "ANNA<<MARIA"), Problem{ProblemFiller, FieldName, 1, 20}},
		{"a card's letter on a passport", change(1, 1, "I"), Problem{ProblemDocumentCode, FieldCode, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			z, err := Parse(tt.lines, today)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range z.Problems {
				if p == tt.want {
					return
				}
			}
			t.Errorf("got %+v, want %+v among them", z.Problems, tt.want)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, lines := range map[string][]string{
		"nothing":       nil,
		"one line":      {strings.Repeat("<", 44)},
		"uneven":        {strings.Repeat("<", 44), strings.Repeat("<", 36)},
		"two of thirty": {strings.Repeat("<", 30), strings.Repeat("<", 30)},
		"three of 36":   {strings.Repeat("<", 36), strings.Repeat("<", 36), strings.Repeat("<", 36)},
		"lower case":    {strings.Repeat("a", 44), strings.Repeat("<", 44)},
		"a space":       {strings.Repeat(" ", 44), strings.Repeat("<", 44)},
	} {
		if _, err := Parse(lines, today); truename.AsError(err).Code != CodeNotZone {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryDigitIsCovered: another digit in the place of any that a check digit covers is found, and so is every other
// check digit. (Letters that count alike, A, K and U, are beyond the scheme.)
func TestEveryDigitIsCovered(t *testing.T) {
	for _, e := range examples {
		l, _ := layoutOf(e.lines)
		rules := l.rules
		if l.composite != nil {
			rules = append(append([]rule{}, rules...), *l.composite)
		}
		covered := map[span]bool{}
		for _, r := range rules {
			for _, s := range append(append([]span{}, r.over...), r.at) {
				for p := s.from; p < s.to; p++ {
					covered[span{s.line, p, p + 1}] = true
				}
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			i := rapid.IntRange(0, len(e.lines)-1).Draw(t, "line")
			j := rapid.IntRange(0, len(e.lines[0])-1).Draw(t, "position")
			was := e.lines[i][j]
			is := rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
			if was < '0' || was > '9' || was == is || !covered[span{i, j, j + 1}] {
				return
			}
			lines := append([]string{}, e.lines...)
			lines[i] = lines[i][:j] + string(is) + lines[i][j+1:]
			if z, err := Parse(lines, today); err == nil && z.Valid() {
				t.Errorf("%s: line %d, position %d: another digit is not found", e.name, i+1, j+1)
			}
		})
	}
}

func TestDates(t *testing.T) {
	for _, tt := range []struct {
		in     string
		pick   func(time.Time) func(int, int, int) int
		want   string
		exists bool
	}{
		{"740812", birthCentury, "1974-08-12", true},
		{"260601", birthCentury, "2026-06-01", true},
		{"260602", birthCentury, "1926-06-02", true},
		{"26<<<<", birthCentury, "2026", true},
		{"7408<<", birthCentury, "1974-08", true},
		{"<<<<<<", birthCentury, "", true},
		{"<<0812", birthCentury, "", false},
		{"000229", birthCentury, "2000-02-29", true},
		{"010229", birthCentury, "", false},
		{"351231", expiryCentury, "2035-12-31", true},
		{"651231", expiryCentury, "2065-12-31", true},
		{"661231", expiryCentury, "1966-12-31", true},
		{"981231", expiryCentury, "1998-12-31", true},
	} {
		got, ok := fullDate(tt.in, tt.pick(today))
		if got != tt.want || ok != tt.exists {
			t.Errorf("%s: %q, %v; want %q, %v", tt.in, got, ok, tt.want, tt.exists)
		}
	}
}

func TestFindings(t *testing.T) {
	z, err := Parse(examples[0].lines, today)
	if err != nil {
		t.Fatal(err)
	}
	states := func(now time.Time) map[document.Check]truename.FindingState {
		out := map[document.Check]truename.FindingState{}
		for _, f := range z.Findings(now) {
			out[f.Check] = f.State
		}
		return out
	}
	want := map[document.Check]truename.FindingState{
		document.CheckMRZ: truename.FindingPassed, document.CheckComposition: truename.FindingPassed,
		document.CheckSpecimen: truename.FindingFailed, document.CheckExpiry: truename.FindingFailed, document.CheckNameWhole: truename.FindingPassed,
	}
	if d := cmp.Diff(want, states(today)); d != "" {
		t.Error(d)
	}
	want[document.CheckExpiry] = truename.FindingPassed
	if d := cmp.Diff(want, states(time.Date(2012, 4, 15, 23, 0, 0, 0, time.UTC))); d != "" {
		t.Errorf("on the last day: %s", d)
	}
	fields := z.Fields()
	if fields.Type != truename.Passport || fields.Country != "" || fields.Name != "ERIKSSON ANNA MARIA" {
		t.Error("the fields for a registration are not those of the zone")
	}
}

func TestSameName(t *testing.T) {
	for _, tt := range []struct {
		printed, zone string
		truncated     bool
		want          bool
	}{
		{"Eriksson Anna Maria", "ERIKSSON ANNA MARIA", false, true},
		{"MÜLLER JÖRG", "MUELLER JOERG", false, true},
		{"Müller Jörg", "MULLER JORG", false, true},
		{"Müller", "MÜLLER", false, false},
		{"Strauß", "STRAUSS", false, true},
		{"Núñez", "NUNXXEZ", false, true},
		{"Núñez", "NUNEZ", false, true},
		{"O'Connor", "OCONNOR", false, true},
		{"Smith-Jones", "SMITH JONES", false, true},
		{"Ångström", "AANGSTROEM", false, true},
		{"Łukasz", "LUKASZ", false, true},
		{"Щербаков", "SHCHERBAKOV", false, true},
		{"Horváth Ilona", "HORVATH I", true, true},
		{"Horváth Ilona", "HORVATH I", false, false},
		{"Eriksson Anna", "ANNA ERIKSSON", false, false},
		{"", "ERIKSSON", false, false},
		{"Eriksson", "", true, false},
		{"王", "WANG", false, false},
	} {
		if got := SameName(tt.printed, tt.zone, tt.truncated); got != tt.want {
			t.Errorf("SameName(%q, %q, %v) = %v", tt.printed, tt.zone, tt.truncated, got)
		}
	}
}

func TestStateOf(t *testing.T) {
	for code, want := range map[string]State{
		"CHN": {Code: "CHN", Alpha3: "CHN", Known: true},
		"D":   {Code: "D", Alpha3: "DEU", Known: true},
		"GBN": {Code: "GBN", Alpha3: "GBR", Known: true},
		"XXA": {Code: "XXA", Known: true},
		"UTO": {Code: "UTO", Known: true, Specimen: true},
		"QQQ": {Code: "QQQ"}, "": {}, "N A": {Code: "N A"},
	} {
		if d := cmp.Diff(want, StateOf(code)); d != "" {
			t.Errorf("%s: %s", code, d)
		}
	}
	if n := len(strings.Fields(iso3166)); n != 249 {
		t.Errorf("%d countries, ISO 3166-1 has 249", n)
	}
}

// FuzzParse: no lines make it panic; a zone's findings can always be given, and errors say nothing of the lines.
func FuzzParse(f *testing.F) {
	for _, e := range examples {
		f.Add(strings.Join(e.lines, "\n"))
	}
	f.Add("P<UTO\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		z, err := Parse(strings.Split(s, "\n"), today)
		if err != nil {
			if truename.AsError(err).Code != CodeNotZone {
				t.Error(err)
			}
			return
		}
		if len(z.Findings(today)) == 0 || len(z.Checks) < 2 {
			t.Error("a zone without findings or checks")
		}
		z.Fields()
		SameName(s, z.Surname.Reveal(), z.NameMayBeTruncated)
	})
}
