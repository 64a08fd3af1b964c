package visual

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"truename"
)

// reads is what one look at a field gave, or what two looks gave together.
type reads struct {
	texts      []string // two for a period
	confidence float64
	ok         bool
	reasons    []truename.Code
}

// limits of confidence below which a value is unsure, by type. They were set on generated photos so that at most one
// value in a hundred is wrong and yet taken for read: docs/documents.md.
func confidenceLimit(f *Field) float64 {
	if f.Limit > 0 {
		return f.Limit
	}
	switch f.Type {
	case TypeNumber, TypeDate, TypePeriod, TypeSex:
		return 0.5
	}
	return 0.6
}

// field reads one field: twice, in views that differ a little, as what is read right is read the same again.
func (r *Reader) field(ctx context.Context, p *photo, m *match, out *Reading, lines []Rect, f *Field) ([]Value, error) {
	names := []string{f.Name}
	if f.Type == TypePeriod {
		names = []string{f.Name + "_from", f.Name + "_until"}
	}
	values := make([]Value, len(names))
	for i, n := range names {
		values[i] = Value{Name: n, State: StateMissing, Reasons: []truename.Code{ReasonMissing}}
	}
	region, ok := m.placeOf(f.Region, f.Near)
	if !ok {
		return values, nil
	}
	rows := rowsIn(lines, region, max(1, f.Lines))
	if len(rows) == 0 {
		if f.Lines > 1 || f.Optional {
			return values, nil
		}
		// A single character can escape the detector: the place itself is read.
		rows = []Rect{{region.X, region.Y + region.H*0.12, region.W, region.H * 0.76}}
	}
	var looks []reads
	for _, by := range [][2]float64{{0.1, 0}, {0.3, -0.07}, {0.6, 0.08}} { // shares of a row's height, to the sides and up and down
		if enough(f, looks) {
			break
		}
		var scripts [][]letter
		for _, row := range rows {
			if err := ended(ctx); err != nil {
				return nil, err
			}
			seen := row.grown(by[0]*row.H, by[1]*row.H)
			seen = seen.clip(Rect{region.X, seen.Y, region.W, seen.H})
			err := r.nets.read(ctx, p, seen.quad(), out.toPhoto, out.hidden, func(t *script) {
				letters := t.decode(lettersOf(f))
				if f.Type == TypeText || f.Type == TypeCapital {
					letters = t.spaced(letters)
				}
				scripts = append(scripts, letters)
			})
			if err != nil {
				return nil, err
			}
		}
		looks = append(looks, f.parse(scripts))
	}
	got := together(looks)
	place := rows[0]
	for _, row := range rows[1:] {
		place = place.join(row)
	}
	for i := range values {
		v := &values[i]
		v.Place = out.toPhoto.quad(place.quad())
		if i >= len(got.texts) || got.texts[i] == "" {
			continue
		}
		v.Text, v.Confidence, v.State, v.Reasons = truename.Private(got.texts[i]), got.confidence, StateRead, got.reasons
		if !got.ok || got.confidence < confidenceLimit(f) || len(got.reasons) > 0 {
			v.State = StateUnsure
			if len(v.Reasons) == 0 {
				v.Reasons = []truename.Code{ReasonUnsure}
			}
		}
	}
	return values, nil
}

// enough says whether a field needs no further look: two looks agree, or the first gave a form that a wrong reading
// hardly has (a number whose check holds, a date, one of two words), with certainty.
func enough(f *Field, looks []reads) bool {
	if len(looks) == 0 || !looks[0].ok {
		return false
	}
	if len(looks) > 1 {
		return looks[1].ok && slices.Equal(looks[0].texts, looks[1].texts)
	}
	switch f.Type {
	case TypeDate, TypePeriod, TypeSex:
	case TypeNumber:
		if s, _ := numberScheme(f.Scheme); s.holds == nil {
			return false
		}
	default:
		return false
	}
	return looks[0].confidence > 0.9 && len(looks[0].reasons) == 0
}

// together weighs looks at one field. Two that agree are believed with the confidence of the surer one; three that all
// differ leave the surest, marked as unsure.
func together(looks []reads) reads {
	best, votes := -1, 0
	for i, a := range looks {
		n := 0
		for _, b := range looks {
			if slices.Equal(a.texts, b.texts) {
				n++
			}
		}
		better := best < 0 || a.ok && !looks[best].ok || a.ok == looks[best].ok &&
			(n > votes || n == votes && a.confidence > looks[best].confidence)
		if better {
			best, votes = i, n
		}
	}
	got := looks[best]
	if votes < 2 && len(looks) > 1 && len(got.reasons) == 0 {
		got.reasons = []truename.Code{ReasonUnsure}
	}
	if votes == 2 && len(looks) == 3 { // outvoted is not agreed
		got.confidence *= 0.85
	}
	return got
}

// rowsIn gives the rows of text in a region, top to bottom, at most so many: the lines whose middles lie in it, those
// beside each other as one.
func rowsIn(lines []Rect, region Rect, most int) []Rect {
	var in []Rect
	for _, l := range lines {
		mid := l.centre().Y
		part := l.clip(region)
		if mid < region.Y || mid > region.Y+region.H || part.W < 0.35*min(l.H, l.W) || part.H <= 0 || l.H > 1.8*max(region.H/float64(most), 3) {
			continue
		}
		l.X, l.W = part.X, part.W
		in = append(in, l)
	}
	slices.SortStableFunc(in, func(a, b Rect) int { return cmp.Compare(a.centre().Y, b.centre().Y) })
	var rows []Rect
	for _, l := range in {
		if n := len(rows); n > 0 && math.Abs(l.centre().Y-rows[n-1].centre().Y) < 0.5*min(l.H, rows[n-1].H) {
			rows[n-1] = rows[n-1].join(l)
			continue
		}
		rows = append(rows, l)
	}
	if len(rows) > most { // the widest are the text, others specks
		slices.SortStableFunc(rows, func(a, b Rect) int { return cmp.Compare(b.W, a.W) })
		rows = rows[:most]
		slices.SortStableFunc(rows, func(a, b Rect) int { return cmp.Compare(a.Y, b.Y) })
	}
	return rows
}

// lettersOf gives the alphabet of a field.
func lettersOf(f *Field) alphabet {
	ascii := func(s string) bool { return len(s) == 1 }
	switch f.Type {
	case TypeHanName:
		return func(s string) bool { return isHan(s) || s == "·" || s == "•" || s == "." }
	case TypeHanText:
		return func(s string) bool {
			return isHan(s) || s != " " && ascii(s) || strings.Contains("（）－—·、，", s)
		}
	case TypeText, TypeCapital:
		return ascii
	case TypeSex:
		var all strings.Builder
		for word := range f.Values {
			all.WriteString(word)
		}
		return among(all.String())
	case TypeNumber:
		s, _ := numberScheme(f.Scheme)
		return among(s.alphabet)
	case TypePeriod:
		return among("0123456789.-—长期")
	case TypeDate:
		if slices.Contains(f.Formats, "han") {
			return among("0123456789年月日")
		}
		return ascii
	}
	return nil
}

func isHan(s string) bool {
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) {
			return false
		}
	}
	return s != ""
}

// parse gives a field's value from the letters of its rows.
func (f *Field) parse(rows [][]letter) reads {
	all := slices.Concat(rows...)
	out := reads{confidence: least(all)}
	switch f.Type {
	case TypeHanName:
		s := strings.NewReplacer("•", "·", ".", "·").Replace(written(all))
		out.texts, out.ok = []string{strings.Trim(s, "·")}, len([]rune(s)) >= 2
	case TypeHanText:
		s := strings.NewReplacer("（", "(", "）", ")", "－", "-", "—", "-").Replace(written(all))
		out.texts, out.ok = []string{s}, s != ""
	case TypeText, TypeCapital:
		var parts []string
		for _, row := range rows {
			parts = append(parts, strings.TrimSpace(written(row)))
		}
		s := strings.Join(parts, " ")
		for _, prefix := range f.Prefixes {
			s = strings.TrimSpace(strings.TrimPrefix(s, prefix))
		}
		if f.Type == TypeCapital {
			s = strings.ToUpper(s)
		}
		s = strings.Join(strings.Fields(s), " ")
		out.texts, out.ok = []string{s}, s != ""
	case TypeSex:
		word := written(all)
		if f.Values[word] == "" { // a stray letter beside the word
			for w := range f.Values {
				if strings.Contains(word, w) {
					word = w
					break
				}
			}
		}
		out.texts, out.ok = []string{f.Values[word]}, f.Values[word] != ""
	case TypeNumber:
		s, _ := numberScheme(f.Scheme)
		number, letters, ok, repaired := numberFrom(all, s)
		out.texts, out.confidence, out.ok = []string{number}, least(letters), ok
		if !ok {
			out.reasons = []truename.Code{ReasonCheckDigit}
		} else if repaired {
			out.reasons = []truename.Code{ReasonRepaired}
		}
	case TypeDate:
		s, ok := parseDate(written(all), f.Formats)
		out.texts, out.ok = []string{s}, ok
	case TypePeriod:
		from, until, ok := parsePeriod(written(all), f.Formats)
		out.texts, out.ok = []string{from, until}, ok
	}
	return out
}

// parseDate gives YYYY-MM-DD of a date in one of the formats; spaces and capitals do not matter.
func parseDate(s string, formats []string) (string, bool) {
	tight := strings.ReplaceAll(s, " ", "")
	for _, format := range formats {
		layout := strings.ReplaceAll(format, " ", "")
		text := tight
		if format == "han" {
			layout = "2006年1月2日"
		} else {
			text = latinDate(tight, layout)
		}
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// latinDate cuts from a text what comes before its date (a place of birth, a colon), and puts in the letter case of
// month names in front of the parser.
func latinDate(s, layout string) string {
	if n := len(layout); len(s) > n && layout[0] == '0' {
		s = s[len(s)-n:]
	}
	s = strings.TrimLeft(s, ":,;. ")
	var b strings.Builder
	letter := false
	for _, r := range s {
		if letter {
			r = unicode.ToLower(r)
		} else {
			r = unicode.ToUpper(r)
		}
		letter = unicode.IsLetter(r)
		b.WriteRune(r)
	}
	return b.String()
}

// parsePeriod gives the two dates of "2015.03.12-2035.03.12" or "2015.03.12-长期".
func parsePeriod(s string, formats []string) (from, until string, ok bool) {
	s = strings.ReplaceAll(s, "—", "-")
	for _, format := range formats {
		if len(s) < len(format) {
			continue
		}
		first, rest := s[:len(format)], strings.TrimLeft(s[len(format):], "-. ")
		a, err := time.Parse(format, first)
		if err != nil {
			continue
		}
		if rest == "长期" {
			return a.Format(time.DateOnly), "unlimited", true
		}
		b, err := time.Parse(format, rest)
		if err == nil {
			return a.Format(time.DateOnly), b.Format(time.DateOnly), true
		}
	}
	return "", "", false
}
