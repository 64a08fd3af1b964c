package visual

import "strings"

// letter is one character that was read.
type letter struct {
	s string
	// p is the network's probability of it, 0..1, where it peaks.
	p float64
	// x is where it stands along the line, 0..1 of the view's width; step is the recogniser's step there.
	x    float64
	step int
	// second is the next likely character at its place, p2 its probability.
	second string
	p2     float64
}

// script is what a recogniser's steps say about one line: distributions over its characters.
type script struct {
	// p has a row of classes for each step.
	p       []float32
	classes int
	// steps that show the line, without the padding; length is the line's, in steps.
	steps      int
	length     float64
	characters []string
}

// alphabet says which characters may be read; nil is all.
type alphabet func(s string) bool

// among allows the characters of a list.
func among(list string) alphabet {
	return func(s string) bool { return strings.Contains(list, s) }
}

// undecided is the probability of all characters together at which a step has a letter though the blank alone is likelier
// than any one of them: rare characters spread over many that look alike, and would vanish unnoticed.
const undecided = 0.25

// decode gives the likeliest characters step by step, each run of one as one (connectionist temporal classification,
// A. Graves et al., 2006). Characters outside the alphabet are taken for what is likeliest inside.
func (t *script) decode(allowed alphabet) []letter {
	in := make([]bool, t.classes)
	for c := range in {
		in[c] = c == 0 || allowed == nil || allowed(t.characters[c])
	}
	var letters []letter
	last := 0
	for s := range t.steps {
		row := t.p[s*t.classes:][:t.classes]
		best, second := 0, 0
		var all float32
		for c := 1; c < t.classes; c++ {
			if in[c] && c != t.classes-1 { // the last is the space
				all += row[c]
			}
			switch {
			case !in[c]:
			case row[c] > row[best]:
				if best != 0 {
					second = best
				}
				best = c
			case second == 0 || row[c] > row[second]:
				second = c
			}
		}
		if best == 0 && all > undecided {
			best, second = second, 0
		}
		if best == 0 {
			last = 0
			continue
		}
		l := letter{s: t.characters[best], p: float64(row[best]), x: (float64(s) + 0.5) / t.length, step: s}
		if second != 0 && second != best {
			l.second, l.p2 = t.characters[second], float64(row[second])
		}
		switch {
		case best != last:
			letters = append(letters, l)
		case l.p > letters[len(letters)-1].p:
			letters[len(letters)-1] = l
		}
		last = best
	}
	return letters
}

// written joins letters to a text.
func written(letters []letter) string {
	var b strings.Builder
	for _, l := range letters {
		b.WriteString(l.s)
	}
	return b.String()
}

// least gives the lowest probability of any letter, 0 for none.
func least(letters []letter) float64 {
	if len(letters) == 0 {
		return 0
	}
	p := 1.0
	for _, l := range letters {
		p = min(p, l.p)
	}
	return p
}

// spaced puts spaces between letters where the recogniser thinks of one, though it finds the blank likelier: in capitals
// it does so often. How sure it is counts as the space's probability, or as the neighbour's where none is put.
func (t *script) spaced(letters []letter) []letter {
	space := t.classes - 1
	var out []letter
	for i, l := range letters {
		if n := len(out); i > 0 && l.s != " " && out[n-1].s != " " {
			var p float32
			for s := letters[i-1].step + 1; s < l.step; s++ {
				p = max(p, t.p[s*t.classes+space])
			}
			switch {
			case p > 0.2:
				out = append(out, letter{s: " ", p: max(0.5, float64(p)), x: (l.x + letters[i-1].x) / 2})
			case p > 0.05:
				l.p = min(l.p, 1-float64(p)*2)
			}
		}
		out = append(out, l)
	}
	return out
}
