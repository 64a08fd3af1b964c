package visual

import (
	"io/fs"
	"math"
	"math/cmplx"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
)

func TestHomographyRoundTrip(t *testing.T) {
	q := Quad{{100, 80}, {910, 140}, {870, 640}, {60, 560}}
	m, ok := rectToQuad(Rect{0, 0, 85.6, 53.98}, q)
	back, invertible := m.inverse()
	if !ok || !invertible {
		t.Fatal("no map")
	}
	for i, p := range (Rect{0, 0, 85.6, 53.98}).quad() {
		if d := m.apply(p).minus(q[i]).length(); d > 1e-6 {
			t.Errorf("corner %d is off by %g", i, d)
		}
		if d := back.apply(q[i]).minus(p).length(); d > 1e-6 {
			t.Errorf("corner %d comes back off by %g", i, d)
		}
	}
	if _, ok := rectToQuad(Rect{0, 0, 1, 1}, Quad{}); ok {
		t.Error("a map onto one point")
	}
}

func TestReadTextMap(t *testing.T) {
	const w, h = 96, 64
	m := make([]float32, w*h)
	for y := 20; y < 28; y++ {
		for x := 10; x < 70; x++ {
			m[y*w+x] = 0.9
		}
	}
	m[5*w+5] = 1 // a speck
	lines := readTextMap(m, w, h, 0.3)
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	// 60 × 8, grown by 480·1.6/136 = 5.6 on each side.
	b := bounds(lines[0].quad[:])
	want := Rect{10 - 480*growth/136, 20 - 480*growth/136, 60 + 2*480*growth/136, 8 + 2*480*growth/136}
	if math.Abs(b.X-want.X)+math.Abs(b.Y-want.Y)+math.Abs(b.W-want.W)+math.Abs(b.H-want.H) > 1e-6 {
		t.Errorf("%v, want %v", b, want)
	}
}

// steps makes a script of which each rune is one step, '_' the blank.
func steps(characters []string, line string, p float32) *script {
	t := &script{classes: len(characters), characters: characters, steps: len(line), length: float64(len(line))}
	for _, r := range line {
		row := make([]float32, len(characters))
		for c, s := range characters {
			row[c] = (1 - p) / float32(len(characters)-1)
			if s == string(r) || c == 0 && r == '_' {
				row[c] = p
			}
		}
		t.p = append(t.p, row...)
	}
	return t
}

func TestDecode(t *testing.T) {
	characters := []string{"", "a", "b", "1", " "}
	tests := map[string]struct {
		line    string
		allowed alphabet
		want    string
	}{
		"runs are one":               {"_aaa_bb_", nil, "ab"},
		"a blank parts two":          {"a_a", nil, "aa"},
		"nothing":                    {"____", nil, ""},
		"outside of the alphabet":    {"_b_1_", among("1"), "1"},
		"a run across two is broken": {"aabba", nil, "aba"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := written(steps(characters, test.line, 0.9).decode(test.allowed)); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestDecodeKeepsRareLetters(t *testing.T) {
	// The blank is likelier than any letter, but not than all of them.
	s := &script{classes: 5, characters: []string{"", "a", "b", "c", " "}, steps: 3, length: 3,
		p: []float32{1, 0, 0, 0, 0, 0.6, 0.1, 0.2, 0.1, 0, 1, 0, 0, 0, 0}}
	letters := s.decode(nil)
	if written(letters) != "b" || letters[0].p > 0.21 {
		t.Errorf("%v", letters)
	}
	if letters := s.decode(among("a")); len(letters) != 0 {
		t.Errorf("of another alphabet: %v", letters)
	}
}

func TestLook(t *testing.T) {
	characters := []string{"", "a", "b", "c", " "}
	word, ok := spell("ab", map[string]int{"a": 1, "b": 2})
	if !ok {
		t.Fatal("a word that cannot be spelt")
	}
	s, ok := steps(characters, "__c__a_b__c", 0.9).look(word)
	if !ok || s.p < 0.85 || math.Abs(s.from-5.5/11) > 1e-9 || math.Abs(s.to-7.5/11) > 1e-9 {
		t.Errorf("%v, %v", s, ok)
	}
	if s, ok := steps(characters, "__c__b_a__c", 0.9).look(word); ok {
		t.Errorf("found the other way around: %v", s)
	}
}

func TestNumberFrom(t *testing.T) {
	line := func(s string) (letters []letter) {
		for _, r := range s {
			letters = append(letters, letter{s: string(r), p: 0.99})
		}
		return letters
	}
	cn, _ := numberScheme("cn-resident")
	const good = "999999199001011232"
	digits := line(good[:17])
	valid := ""
	for _, check := range "0123456789X" {
		if s := written(digits) + string(check); cn.holds(s) {
			valid = s
		}
	}
	if got, _, ok, repaired := numberFrom(line(valid), cn); got != valid || !ok || repaired {
		t.Errorf("%v %v %v", got == valid, ok, repaired)
	}
	doubtful := line(valid)
	doubtful[8] = letter{s: "7", p: 0.5, second: valid[8:9], p2: 0.4}
	if got, _, ok, repaired := numberFrom(doubtful, cn); got != valid || !ok || !repaired {
		t.Errorf("repaired: %v %v %v", got == valid, ok, repaired)
	}
	certain := line(valid)
	certain[8].s = "7"
	if _, _, ok, _ := numberFrom(certain, cn); ok {
		t.Error("a wrong check digit was accepted")
	}
	for _, s := range []string{"cn-resident", "id-nik", "th-citizen", "letters-digits"} {
		sch, ok := numberScheme(s)
		if !ok {
			t.Fatal(s)
		}
		numberFrom(nil, sch) // nothing at all is no number, and no panic
	}
}

func TestDates(t *testing.T) {
	tests := []struct{ text, format, want string }{
		{"1990年1月12日", "han", "1990-01-12"},
		{"1990年 1 月12 日", "han", "1990-01-12"},
		{"1990年13月12日", "han", ""},
		{"2000年2月30日", "han", ""},
		{"12 JAN 1990", "02 Jan 2006", "1990-01-12"},
		{"9 Oct. 1977", "2 Jan. 2006", "1977-10-09"},
		{": BATAVIA, 05-03-1988", "02-01-2006", "1988-03-05"},
		{"", "02-01-2006", ""},
	}
	for _, test := range tests {
		if got, _ := parseDate(test.text, []string{test.format}); got != test.want {
			t.Errorf("%q as %q: %q, want %q", test.text, test.format, got, test.want)
		}
	}
	from, until, ok := parsePeriod("2015.03.12-长期", []string{"2006.01.02"})
	if diff := cmp.Diff([]any{"2015-03-12", "unlimited", true}, []any{from, until, ok}); diff != "" {
		t.Error(diff)
	}
	if _, _, ok := parsePeriod("2015.03.12-2035.13.12", []string{"2006.01.02"}); ok {
		t.Error("a thirteenth month")
	}
}

func TestCrossCheck(t *testing.T) {
	templates, err := Templates()
	if err != nil {
		t.Fatal(err)
	}
	var front *Template
	for i := range templates {
		if templates[i].ID == "cn-resident-front" {
			front = &templates[i]
		}
	}
	reading := func(birth string) *Reading {
		return &Reading{Values: []Value{
			{Name: "number", Text: "99999919900101123" + check("99999919900101123"), Confidence: 0.99, State: StateRead},
			{Name: "birth_date", Text: truename.Private(birth), Confidence: 0.4, State: StateUnsure, Reasons: []truename.Code{ReasonUnsure}},
			{Name: "sex", Text: "M", Confidence: 0.99, State: StateRead},
		}}
	}
	r := reading("1990-01-01")
	r.crossCheck(front)
	if r.Value("birth_date").State != StateRead || r.Findings[0].State != truename.FindingPassed {
		t.Errorf("what agrees: %v, %v", r.Value("birth_date").State, r.Findings)
	}
	r = reading("1990-01-07")
	r.crossCheck(front)
	if r.Value("birth_date").State != StateUnsure || r.Value("number").State != StateUnsure || r.Findings[0].State != truename.FindingFailed {
		t.Errorf("what disagrees: %v, %v", r.Value("birth_date").State, r.Findings)
	}
}

// check gives the check character of 17 digits.
func check(digits string) truename.Private {
	for _, c := range "0123456789X" {
		if mod112(digits + string(c)) {
			return truename.Private(c)
		}
	}
	return ""
}

func TestDatesArePlausible(t *testing.T) {
	today := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		values []Value
		check  string
		want   truename.FindingState
	}{
		"expired":              {[]Value{{Name: "valid_until", Text: "2026-05-31"}}, "expiry", truename.FindingFailed},
		"last day":             {[]Value{{Name: "valid_until", Text: "2026-06-01"}}, "expiry", truename.FindingPassed},
		"born tomorrow":        {[]Value{{Name: "birth_date", Text: "2026-06-02"}}, "dates", truename.FindingFailed},
		"issued before birth":  {[]Value{{Name: "birth_date", Text: "2000-01-01"}, {Name: "issue_date", Text: "1999-01-01"}}, "dates", truename.FindingFailed},
		"issued in the future": {[]Value{{Name: "valid_from", Text: "2027-01-01"}}, "dates", truename.FindingFailed},
		"in order":             {[]Value{{Name: "birth_date", Text: "2000-01-01"}, {Name: "issue_date", Text: "2019-01-01"}}, "dates", truename.FindingPassed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := &Reading{Values: test.values}
			r.dates(today)
			for _, f := range r.Findings {
				if f.Check == test.check && f.State != test.want {
					t.Errorf("%s is %s", f.Check, f.State)
				}
			}
			if len(r.Findings) == 0 {
				t.Error("no finding")
			}
		})
	}
}

func TestCompare(t *testing.T) {
	got := Compare(map[string]truename.Private{"name": "A B", "number": "1", "sex": "M"}, map[string]truename.Private{"name": "AB", "number": "2"},
		func(_, v string) string { return strings.ReplaceAll(v, " ", "") })
	want := []Finding{{Check: "same_name", State: truename.FindingPassed, Value: 1, Limit: 1},
		{Check: "same_number", State: truename.FindingFailed, Limit: 1, Reason: ReasonDisagree}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTransform(t *testing.T) {
	a := make([]complex128, 16)
	for i := range a {
		a[i] = cmplx.Rect(1, 2*math.Pi*3*float64(i)/16)
	}
	transform(a)
	for k, v := range a {
		want := 0.0
		if k == 3 {
			want = 16
		}
		if math.Abs(cmplx.Abs(v)-want) > 1e-9 {
			t.Errorf("at %d: %v", k, v)
		}
	}
}

func TestParseTemplateRefuses(t *testing.T) {
	data, err := fs.ReadFile(embedded, "templates/cn-resident-front.toml")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ old, new, message string }{
		"unknown key":           {"least =", "leest =", "unknown key"},
		"other format":          {"format = 1", "format = 2", "format"},
		"id of capitals":        {`"cn-resident-front"`, `"CN"`, "id"},
		"upright card":          {"width = 85.60", "width = 40", "width"},
		"nothing said of tests": {`tested = "generated`, `tested = "" #`, "tested"},
		"label of one letter":   {`text = "姓名"`, `text = "姓"`, "label"},
		"region outside":        {"[14.6, 5.6, 37.0, 6.4]", "[14.6, 5.6, 97.0, 6.4]", "region"},
		"region of three":       {"[14.6, 5.6, 37.0, 6.4]", "[14.6, 5.6, 37.0]", "region"},
		"unknown type":          {`type = "han-name"`, `type = "poem"`, "type"},
		"unknown scheme":        {`scheme = "cn-resident"`, `scheme = "luck"`, "scheme"},
		"sex of another value":  {`"男" = "M"`, `"男" = "m"`, "values"},
		"hidden without why":    {`why = "ethnicity"`, `why = ""`, "hidden"},
		"rule of nothing":       {`"number.sex"`, `"number.age"`, "agree"},
		"unknown rule":          {`rule = "equal"`, `rule = "like"`, "rule"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(data), test.old, test.new, 1)
			if changed == string(data) {
				t.Fatalf("there is no %q", test.old)
			}
			if _, err := ParseTemplate([]byte(changed)); err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("error %v, want one about %q", err, test.message)
			}
		})
	}
}

// FuzzParseTemplate: a template that is let in has places that can be read without a panic.
func FuzzParseTemplate(f *testing.F) {
	names, err := fs.Glob(embedded, "templates/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(embedded, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tpl, err := ParseTemplate(data)
		if err != nil {
			return
		}
		m := &match{template: tpl, toPlane: homography{1, 0, 0, 0, 1, 0, 0, 0, 1}}
		hiddenPlaces(m)
		for i := range tpl.Fields {
			field := &tpl.Fields[i]
			m.placeOf(field.Region, field.Near)
			lettersOf(field)
			field.parse([][]letter{{{s: "1", p: 1}}, nil})
		}
		(&Reading{}).crossCheck(tpl)
	})
}
