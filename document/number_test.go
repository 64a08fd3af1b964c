package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"truename"
)

// asOf is the day of the tests.
var asOf = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestNumber(t *testing.T) {
	tests := []struct {
		name string
		t    truename.DocumentType
		in   string
		want Facts
		fail string // rule and position; empty when the number holds
	}{
		{name: "the example of GB 11643-1999", t: truename.CNResidentID, in: "11010519491231002X",
			want: Facts{BirthDate: "1949-12-31", Sex: "F", Region: "110105"}},
		{name: "the standard's other example", t: truename.CNResidentID, in: "440524188001010014",
			want: Facts{BirthDate: "1880-01-01", Sex: "M", Region: "440524"}},
		{name: "full-width, spaces, small x", t: truename.CNTemporaryID, in: "１１０１０５ 19491231 ００２ｘ",
			want: Facts{Number: "11010519491231002X", BirthDate: "1949-12-31", Sex: "F", Region: "110105"}},
		{name: "wrong check character", t: truename.CNResidentID, in: "110105194912310021", fail: "18 check_digit"},
		{name: "fifteen digits", t: truename.CNResidentID, in: "110105491231002", fail: "0 length"},
		{name: "no such province", t: truename.CNResidentID, in: "99999919491231002X", fail: "1 region"},
		{name: "30 February", t: truename.CNResidentID, in: "110105194902300028", fail: "7 birth_date"},
		{name: "born tomorrow but one", t: truename.CNResidentID, in: "110105202606030029", fail: "7 birth_date"},
		{name: "X in the middle", t: truename.CNResidentID, in: "1101051949123X0021", fail: "14 characters"},
		{name: "Hong Kong", t: truename.CNResidencePermit, in: withMOD112("81000019900101001"),
			want: Facts{BirthDate: "1990-01-01", Sex: "M", Region: "810000"}},
		{name: "a citizen's number is no residence permit's", t: truename.CNResidencePermit, in: "11010519491231002X", fail: "1 prefix"},
		{name: "foreigner, 2023", t: truename.CNForeignPermanentID, in: withMOD112("91184019810203004"),
			want: Facts{BirthDate: "1981-02-03", Sex: "F", Region: "11", Nationality: "840"}},
		{name: "foreigner, before", t: truename.CNForeignPermanentID, in: "KAZ110090123105",
			want: Facts{BirthDate: "1990-12-31", Region: "1100", Nationality: "KAZ"}},
		{name: "foreigner, before, wrong digit", t: truename.CNForeignPermanentID, in: "KAZ110090123106", fail: "15 check_digit"},
		{name: "a citizen's number is no foreigner's", t: truename.CNForeignPermanentID, in: "11010519491231002X", fail: "1 prefix"},
		{name: "Aadhaar", t: truename.INAadhaar, in: withVerhoeff("23412341234"), want: Facts{Stored: "XXXXXXXX" + truename.Private(withVerhoeff("23412341234")[8:])}},
		{name: "Aadhaar from 1", t: truename.INAadhaar, in: withVerhoeff("12345678901"), fail: "1 prefix"},
		{name: "Aadhaar backwards the same", t: truename.INAadhaar, in: "234567765432", fail: "0 sequence"},
		{name: "Aadhaar, wrong digit", t: truename.INAadhaar, in: "234123412340", fail: "12 check_digit"},
		{name: "NIN", t: truename.NGNIN, in: "123 4567 8901", want: Facts{}},
		{name: "NIN of one digit", t: truename.NGNIN, in: "11111111111", fail: "0 sequence"},
		{name: "NIN, a letter", t: truename.NGNIN, in: "1234567890A", fail: "11 characters"},
		{name: "CNIC", t: truename.PKCNIC, in: "35202-1234567-1", want: Facts{Sex: "M", Region: "35202"}},
		{name: "CNIC of no province", t: truename.PKCNIC, in: "05202-1234567-1", fail: "1 region"},
		{name: "NIK of a woman", t: truename.IDKTP, in: "3171016508900001", want: Facts{BirthDate: "1990-08-25", Sex: "F", Region: "317101"}},
		{name: "NIK of a man, 2003", t: truename.IDKTP, in: "3171012508030001", want: Facts{BirthDate: "2003-08-25", Sex: "M", Region: "317101"}},
		{name: "NIK of no day", t: truename.IDKTP, in: "3171013208900001", fail: "7 birth_date"},
		{name: "NIK of no province", t: truename.IDKTP, in: "9871013208900001", fail: "1 region"},
		{name: "Thai", t: truename.THNationalID, in: "1-1014-00000-01-0", fail: "13 check_digit"},
		{name: "Thai, right", t: truename.THNationalID, in: withThai("110140000001"), want: Facts{Region: "1014"}},
		{name: "Thai, category 9", t: truename.THNationalID, in: "9101400000018", fail: "1 prefix"},
		{name: "PSN is not to be kept", t: truename.PHPhilSys, in: "1234-5678-9012", want: Facts{}},
		{name: "PCN", t: truename.PHPhilSys, in: "1234-5678-9012-3456", want: Facts{}},
		{name: "PhilSys of 13", t: truename.PHPhilSys, in: "1234567890123", fail: "0 length"},
		{name: "something else altogether", t: truename.NGNIN, in: "12345;DROP", fail: "6 characters"},
		{name: "endless", t: truename.NGNIN, in: strings.Repeat("1", 1<<20), fail: "0 length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := NumberAt(tt.t, truename.Private(tt.in), asOf)
			if tt.fail != "" {
				checkFailure(t, err, tt.in, tt.fail)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tt.want.Number == "" {
				tt.want.Number = truename.Private(strings.NewReplacer(" ", "", "-", "").Replace(tt.in))
			}
			if tt.want.Stored == "" && len(got.Number) != 12 {
				tt.want.Stored = tt.want.Number
			}
			tt.want.Type, tt.want.Checked, tt.want.Unchecked = tt.t, got.Checked, got.Unchecked
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if len(got.Checked) < 2 || len(got.Unchecked) == 0 {
				t.Errorf("checked %v, unchecked %v", got.Checked, got.Unchecked)
			}
		})
	}
}

// checkFailure checks that an error names rule and position and nothing of the number.
func checkFailure(t *testing.T, err error, in, want string) {
	t.Helper()
	var e *truename.Error
	if !errors.As(err, &e) || e.Kind != truename.KindInvalid || e.Code != CodeNumber {
		t.Fatalf("got %v, want an error of code %s", err, CodeNumber)
	}
	var position int
	var rule string
	fmt.Sscan(want, &position, &rule)
	if !strings.Contains(e.Detail, "(check: "+rule+")") {
		t.Errorf("%q does not name the check %s", e.Detail, rule)
	}
	if position > 0 && !strings.Contains(e.Detail, fmt.Sprintf("character %d ", position)) {
		t.Errorf("%q does not name position %d", e.Detail, position)
	}
	if len(in) >= 11 && len(in) < 100 && strings.Contains(e.Error()+e.Remedy, in[:4]) {
		t.Errorf("%q tells of the number", e.Detail)
	}
}

func TestUnknownType(t *testing.T) {
	_, err := Number("library_card", "1")
	if e := truename.AsError(err); e.Kind != truename.KindUnsupported {
		t.Errorf("got %v", err)
	}
}

func TestEveryTypeHasAScheme(t *testing.T) {
	for _, dt := range NumberTypes() {
		if _, ok := schemeOf(dt); !ok {
			t.Errorf("%s has no scheme", dt)
		}
	}
}

// TestOneWrongDigitIsFound: MOD 11-2 and Verhoeff promise to find any single wrong character and any swap of neighbours.
func TestOneWrongDigitIsFound(t *testing.T) {
	whole := map[truename.DocumentType]func(*rapid.T) string{
		truename.CNResidentID: func(t *rapid.T) string { return withMOD112(citizen(t)) },
		truename.INAadhaar: func(t *rapid.T) string {
			return withVerhoeff(rapid.StringMatching(`[2-9][0-9]{10}`).Draw(t, "digits"))
		},
	}
	for dt, draw := range whole {
		t.Run(string(dt), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := draw(t)
				if _, err := NumberAt(dt, truename.Private(s), asOf); err != nil && !strings.Contains(err.Error(), "backwards") {
					t.Fatalf("a number made after the rules is refused: %v", err)
				}
				i := rapid.IntRange(0, len(s)-1).Draw(t, "position")
				digit := rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
				wrong := []byte(s)
				wrong[i] = digit
				if digit != s[i] {
					if _, err := NumberAt(dt, truename.Private(wrong), asOf); err == nil {
						t.Errorf("position %d: another digit is not found", i+1)
					}
				}
				i = rapid.IntRange(0, len(s)-2).Draw(t, "swap")
				swapped := []byte(s)
				swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
				if s[i] != s[i+1] {
					if _, err := NumberAt(dt, truename.Private(swapped), asOf); err == nil {
						t.Errorf("position %d: a swap of neighbours is not found", i+1)
					}
				}
			})
		})
	}
}

// TestThaiFindsAllButOneConfusion: the third digit weighs 11, and the remainders 0 and 10 share a check digit; nothing
// else may pass.
func TestThaiFindsAllButOneConfusion(t *testing.T) {
	remainder := func(s string) int {
		sum := 0
		for i := range 12 {
			sum += (13 - i) * int(s[i]-'0')
		}
		return sum % 11
	}
	rapid.Check(t, func(t *rapid.T) {
		s := withThai(rapid.StringMatching(`[1-8][0-9]{11}`).Draw(t, "digits"))
		i := rapid.IntRange(1, 11).Draw(t, "position")
		wrong := []byte(s)
		wrong[i] = rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
		if string(wrong) == s {
			return
		}
		_, err := NumberAt(truename.THNationalID, truename.Private(wrong), asOf)
		a, b := remainder(s), remainder(string(wrong))
		if excused := i == 2 || a+b == 10 && a*b == 0; err == nil && !excused {
			t.Errorf("position %d: remainders %d and %d are not told apart", i+1, a, b)
		}
	})
}

func TestMaskAadhaar(t *testing.T) {
	for in, want := range map[truename.Private]truename.Private{"234123412346": "XXXXXXXX2346", "12": "XXXXXXXXXXXX", "": "XXXXXXXXXXXX"} {
		if got := MaskAadhaar(in); got != want {
			t.Errorf("a number of %d characters is masked wrongly", len(in))
		}
	}
}

func TestWorst(t *testing.T) {
	finding := func(states ...truename.FindingState) (f []Finding) {
		for _, s := range states {
			f = append(f, Finding{State: s})
		}
		return f
	}
	for want, in := range map[truename.FindingState][]Finding{
		truename.FindingPassed:      finding("passed", "passed"),
		truename.FindingUndecided:   finding("passed", "undecided"),
		truename.FindingUnavailable: finding("unavailable", "passed"),
		truename.FindingFailed:      finding("failed", "unavailable", "nobody knows"),
	} {
		if got := Worst(in); got != want {
			t.Errorf("Worst(%v) = %s, want %s", in, got, want)
		}
	}
	if got := Worst(nil); got != truename.FindingUnavailable {
		t.Errorf("of nothing: %s", got)
	}
}

// FuzzNumber: nothing panics, errors say nothing of the number, and what holds stays what it is.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "KAZ110090123105", "234123412346", "３５２０２-1234567-1", "\xff", "\u3000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, dt := range NumberTypes() {
			facts, err := NumberAt(dt, truename.Private(s), asOf)
			if err != nil {
				if e := truename.AsError(err); e.Code != CodeNumber || e.Kind != truename.KindInvalid {
					t.Errorf("%v", err)
				}
				continue
			}
			again, err := NumberAt(dt, facts.Number, asOf)
			if err != nil {
				t.Fatalf("the normal form is refused: %v", err)
			}
			if d := cmp.Diff(facts, again); d != "" {
				t.Error(d)
			}
		}
	})
}

// citizen draws seventeen digits of an invented person.
func citizen(t *rapid.T) string {
	day := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 34000).Draw(t, "day"))
	return rapid.SampledFrom([]string{"11", "31", "44", "50", "65", "37"}).Draw(t, "province") +
		rapid.StringMatching(`[0-9]{4}`).Draw(t, "district") + day.Format("20060102") + rapid.StringMatching(`[1-9][0-9]{2}`).Draw(t, "sequence")
}

func withMOD112(s string) string { return s + string(mod112(s)) }

// withVerhoeff tries all digits: independent of how the check computes one.
func withVerhoeff(s string) string {
	for d := byte('0'); d <= '9'; d++ {
		if verhoeff(s+string(d)) == 0 {
			return s + string(d)
		}
	}
	panic("no check digit")
}

func withThai(s string) string {
	for d := byte('0'); d <= '9'; d++ {
		if thai(&Facts{}, s+string(d), asOf) == nil {
			return s + string(d)
		}
	}
	panic("no check digit")
}

// TestPublishedCheckDigits compares with numbers that others computed.
func TestPublishedCheckDigits(t *testing.T) {
	if verhoeff("2363") != 0 { // the worked example in the literature on the scheme: 236 → 3
		t.Error("Verhoeff of 236 is not 3")
	}
	if got := mod112("0794"); got != '0' { // ISO/IEC 7064 §7: 0794 → 0
		t.Errorf("MOD 11-2 of 0794 is %c", got)
	}
}
