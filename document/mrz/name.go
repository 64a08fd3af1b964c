package mrz

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// SameName says whether a name as printed for people, in Latin or Cyrillic letters of any state, can be the name in a
// zone (Doc 9303-3 §6 and §4.6): each national character is replaced by one of the transliterations the standard allows or
// recommends, or by its base letter; hyphens and spaces are fillers; apostrophes, full stops and commas fall away. A zone's
// name that may be truncated needs to be the beginning only. Order of words counts.
func SameName(printed, zone string, truncated bool) bool {
	want := strings.ReplaceAll(zone, " ", "")
	// ends holds the places in want that the characters so far can lead to: one pass, no backtracking.
	ends := map[int]bool{0: true}
	for _, r := range norm.NFC.String(strings.ToUpper(printed)) {
		options := transliterations(r)
		if options == nil {
			continue
		}
		next := map[int]bool{}
		for at := range ends {
			if truncated && at == len(want) {
				next[at] = true
				continue
			}
			for _, o := range options {
				switch rest := want[at:]; {
				case strings.HasPrefix(rest, o):
					next[at+len(o)] = true
				case truncated && strings.HasPrefix(o, rest):
					next[len(want)] = true
				}
			}
		}
		if ends = next; len(ends) == 0 {
			return false
		}
	}
	return ends[len(want)] && want != ""
}

// transliterations gives what may stand in the zone for a capital letter; nil for what is left out.
func transliterations(r rune) []string {
	if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return []string{string(r)}
	}
	if !unicode.IsLetter(r) || r == 'Ь' { // the soft sign falls away
		return nil
	}
	var out []string
	if s, ok := national(r); ok {
		out = strings.Fields(s)
	}
	// The base letter: what is left without its marks.
	if base := norm.NFD.String(string(r)); base[0] >= 'A' && base[0] <= 'Z' {
		out = append(out, base[:1])
	}
	if out == nil {
		return []string{"\x00"} // a letter that nothing stands for never matches
	}
	return out
}

// national gives the transliterations of Doc 9303-3 §6, tables A (Latin) and B (Cyrillic), the recommended first.
func national(r rune) (string, bool) {
	const table = "Ä AE A;Å AA A;Æ AE;Ç C;Ð D;Ñ N NXX;Ö OE O;Ø OE O;Ü UE UXX U;Þ TH;ß SS;ẞ SS;Œ OE;Ĳ IJ;Ə E;Đ D;Ħ H;ı I;İ I;Ł L;Ŋ N;Ŧ T;ĸ K Q;Ŀ L;" +
		"А A;Б B;В V;Г G H;Ґ G;Д D;Ђ D DJ;Ѓ G;Е E IE;Ё E IO;Є IE YE;Ж ZH Z;З Z;Ѕ DZ;И I Y;І I;Ї I YI;Й I Y;Ј J;К K;Л L;Љ LJ;М M;Н N;Њ NJ;О O;П P;Р R;" +
		"С S;Т T;Ћ C;Ќ K KJ;У U;Ў U;Ф F;Х KH H;Ц TS C;Ч CH C;Џ DZ DJ;Ш SH S;Щ SHCH SHT SHH;Ъ IE;Ы Y;Э E;Ю IU YU JU;Я IA YA JA;Ѣ IE;Ә E A;Қ K;Ң N;Ғ G;Ү U;Ұ U;Һ H;Ө O"
	for _, row := range strings.Split(table, ";") {
		letter, to, _ := strings.Cut(row, " ")
		if letter == string(r) {
			return to, true
		}
	}
	return "", false
}
