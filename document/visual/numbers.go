package visual

import (
	"strings"
	"time"
)

// scheme is what helps in reading a number: its letters, its length, and what it says about its holder. Whether the
// number may be taken for a real one, region and all, is judged by package document.
type scheme struct {
	alphabet string
	least    int
	most     int
	// holds says whether the number's own check holds; nil where there is none.
	holds func(s string) bool
	// birth and sex give what the number says, "" where it says nothing.
	birth, sex func(s string) string
}

func numberScheme(name string) (scheme, bool) {
	none := func(string) string { return "" }
	switch name {
	case "cn-resident": // GB 11643-1999
		return scheme{"0123456789X", 18, 18, func(s string) bool { return mod112(s) && chineseBirth(s) != "" }, chineseBirth,
			func(s string) string { return oddIsMale(s[16]) }}, true
	case "id-nik": // the day of birth plus 40 for women; no check digit
		return scheme{"0123456789", 16, 16, nil, nikBirth, func(s string) string {
			if s[6] >= '4' {
				return "F"
			}
			return "M"
		}}, true
	case "th-citizen":
		return scheme{"0123456789", 13, 13, thaiCheck, none, none}, true
	case "letters-digits":
		return scheme{"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 5, 14, nil, none, none}, true
	}
	return scheme{}, false
}

// mod112 is ISO/IEC 7064 MOD 11-2 over 17 digits and a check character.
func mod112(s string) bool {
	sum := 0
	for i := range 17 {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum += int(s[i]-'0') * ((1 << (17 - i)) % 11)
	}
	return s[17] == "10X98765432"[sum%11]
}

func chineseBirth(s string) string {
	t, err := time.Parse("20060102", s[6:14])
	if err != nil || t.Year() < 1850 {
		return ""
	}
	return t.Format(time.DateOnly)
}

func oddIsMale(digit byte) string {
	if (digit-'0')%2 == 1 {
		return "M"
	}
	return "F"
}

// nikBirth gives the birth date with two digits of the year, as the number has no more: "--YY-MM-DD" is compared so.
func nikBirth(s string) string {
	day := s[6:8]
	if day[0] >= '4' {
		day = string(day[0]-4) + day[1:]
	}
	t, err := time.Parse("020106", day+s[8:12])
	if err != nil {
		return ""
	}
	return "--" + t.Format("06-01-02")
}

// thaiCheck is the check digit of Thai citizens' numbers: weights 13 to 2, modulo 11.
func thaiCheck(s string) bool {
	sum := 0
	for i := range 12 {
		sum += int(s[i]-'0') * (13 - i)
	}
	return int(s[12]-'0') == (11-sum%11)%10
}

// numberFrom gives the number in a line: the greedy reading if its check holds; else the likeliest change of at most
// two doubtful letters to their second choices that makes it hold. repaired says that it was changed.
func numberFrom(letters []letter, s scheme) (number string, chosen []letter, ok, repaired bool) {
	letters = onlyOf(letters, s.alphabet)
	if len(letters) < s.least {
		return written(letters), letters, false, false
	}
	// The number may have neighbours: dots of the ground, a bracket.
	for extra := len(letters) - s.most; extra > 0; extra = len(letters) - s.most {
		if letters[0].p < letters[len(letters)-1].p {
			letters = letters[1:]
		} else {
			letters = letters[:len(letters)-1]
		}
	}
	number = written(letters)
	if s.holds == nil || s.holds(number) {
		return number, letters, true, false
	}
	best, bestP := "", 0.0
	try := func(changed []letter, p float64) {
		if w := written(changed); p > bestP && s.holds(w) {
			best, bestP = w, p
		}
	}
	for i, a := range letters {
		if a.p2 < 0.02 || !strings.Contains(s.alphabet, a.second) {
			continue
		}
		one := swapped(letters, i)
		try(one, a.p2/a.p)
		for j := i + 1; j < len(letters); j++ {
			if b := letters[j]; b.p2 >= 0.02 && strings.Contains(s.alphabet, b.second) {
				try(swapped(one, j), a.p2/a.p*b.p2/b.p)
			}
		}
	}
	if best == "" {
		return number, letters, false, false
	}
	return best, letters, true, true
}

func swapped(letters []letter, i int) []letter {
	out := append([]letter{}, letters...)
	out[i].s, out[i].p = letters[i].second, letters[i].p2
	return out
}

func onlyOf(letters []letter, list string) []letter {
	var kept []letter
	for _, l := range letters {
		if strings.Contains(list, l.s) {
			kept = append(kept, l)
		}
	}
	return kept
}
