package evaluation

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"truename"
)

func TestParsePairs(t *testing.T) {
	ab := Fold{{"Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg"}, {"Ann/Ann_0001.jpg", "Bob/Bob_0010.jpg"}}
	cd := Fold{{"Cy/Cy_0003.jpg", "Cy/Cy_0001.jpg"}, {"Cy/Cy_0001.jpg", "Di/Di_12345.jpg"}}
	tests := []struct {
		name, text string
		want       *Pairs
	}{
		{"one fold", "1\nAnn\t1\t2\nAnn\t1\tBob\t10\n", &Pairs{[]Fold{ab}}},
		{"one fold, said so", "1\t1\nAnn\t1\t2\nAnn\t1\tBob\t10\n", &Pairs{[]Fold{ab}}},
		{"two folds", "2\t1\nAnn\t1\t2\nAnn\t1\tBob\t10\nCy\t3\t1\nCy\t1\tDi\t12345\n", &Pairs{[]Fold{ab, cd}}},
		{"spaces, CRLF, no final newline, blank end", "1 1\r\nAnn 1 2\r\nAnn 1 Bob 10\r\n\r\n ", &Pairs{[]Fold{ab}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParsePairs(strings.NewReader(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParsePairsSaysWhereAndWhat(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "Line 1 of the list of pairs: the file is empty."},
		{"header of words", "ten folds\n", "Line 1 of the list of pairs: want a whole number from 1 to 1000."},
		{"header too long", "1 1 1\n", "Line 1 of the list of pairs: the header must be"},
		{"no pairs", "0\n", "Line 1 of the list of pairs: want a whole number from 1 to 2000000."},
		{"negative", "1\t-1\n", "Line 1 of the list of pairs: want a whole number"},
		{"too many pairs", "1000\t1001\n", "Line 1 of the list of pairs: more than 2000000 pairs."},
		{"too many for an integer", "1\t99999999999999999999\n", "Line 1 of the list of pairs: want a whole number"},
		{"cut", "1\nAnn\t1\t2\n", "Line 2 of the list of pairs: the file ends after this line"},
		{"impostor where genuine is due", "1\nAnn\t1\tBob\t2\n", "Line 2 of the list of pairs: 4 fields where a genuine pair"},
		{"genuine where impostor is due", "1\nAnn\t1\t2\nAnn\t1\t2\n", "Line 3 of the list of pairs: 3 fields where an impostor pair"},
		{"itself", "1\nAnn\t2\t2\n", "Line 2 of the list of pairs: a picture is paired with itself."},
		{"one person as impostor", "1\nAnn\t1\t2\nAnn\t1\tAnn\t2\n", "Line 3 of the list of pairs: an impostor pair names one person twice."},
		{"number zero", "1\nAnn\t0\t2\n", "Line 2 of the list of pairs: want a whole number from 1 to 999999."},
		{"up and out", "1\n..\t1\t2\n", "Line 2 of the list of pairs: a name is too long or cannot be a folder's."},
		{"a path", "1\nx/../../etc\t1\t2\n", "Line 2 of the list of pairs: a name is too long"},
		{"a control character", "1\nAnn\x00\t1\t2\n", "Line 2 of the list of pairs: a name is too long"},
		{"broken UTF-8", "1\nAnn\xff\t1\t2\n", "Line 2 of the list of pairs: a name is too long"},
		{"a long name", "1\n" + strings.Repeat("a", 201) + "\t1\t2\n", "Line 2 of the list of pairs: a name is too long"},
		{"a long line", "1\n" + strings.Repeat("a", 1<<20), "Line 2 of the list of pairs: the line is too long."},
		{"more than announced", "1\nAnn\t1\t2\nAnn\t1\tBob\t1\n\nBob\t1\t2\n", "Line 5 of the list of pairs: there are more lines"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParsePairs(strings.NewReader(test.text))
			var e *truename.Error
			if got != nil || !errors.As(err, &e) {
				t.Fatalf("got %v, %v", got, err)
			}
			if !strings.HasPrefix(e.Detail, test.want) {
				t.Errorf("got %q, want %q", e.Detail, test.want)
			}
			if e.Kind != truename.KindInvalid || e.Code != truename.CodeInvalidRequest || e.Remedy == "" {
				t.Errorf("got %+v", e)
			}
			if strings.Contains(err.Error(), "Ann") {
				t.Error("the error names a person")
			}
		})
	}
}

func TestParsePairsPassesReadErrorsOn(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("1\nAnn\t1\t2\n"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := ParsePairs(broken); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

func TestSamplesOfPairs(t *testing.T) {
	pairs, err := ParsePairs(strings.NewReader("2\nBob\t1\t2\nAnn\t3\t2\nBob\t2\tAnn\t3\nAnn\t3\tCy\t1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Sample{"Ann/Ann_0002.jpg", "Ann/Ann_0003.jpg", "Bob/Bob_0001.jpg", "Bob/Bob_0002.jpg", "Cy/Cy_0001.jpg"}
	if diff := cmp.Diff(want, pairs.Samples()); diff != "" {
		t.Error(diff)
	}
}

func FuzzParsePairs(f *testing.F) {
	for _, seed := range []string{"1\nAnn\t1\t2\nAnn\t1\tBob\t10\n", "2\t1\nA 1 2\nA 1 B 1\nC 1 2\nC 1 D 2\n", "10\t300\n", "1000\t1000\n", "1\n..\t1\t2\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pairs, err := ParsePairs(strings.NewReader(text))
		if err != nil {
			var e *truename.Error
			if pairs != nil || !errors.As(err, &e) || !strings.Contains(e.Detail, "Line ") {
				t.Fatalf("got %v, %v", pairs, err)
			}
			return
		}
		for _, fold := range pairs.Folds {
			for k, p := range fold {
				if genuine := k < len(fold)/2; genuine != (p.A.Person() == p.B.Person()) || p.A == p.B {
					t.Errorf("pair %d of %d: %v", k, len(fold), p)
				}
				for _, s := range []Sample{p.A, p.B} {
					if strings.Count(string(s), "/") != 1 || s.Person() == "." || s.Person() == ".." {
						t.Errorf("%q leads out of the folder", s)
					}
				}
			}
		}
	})
}
