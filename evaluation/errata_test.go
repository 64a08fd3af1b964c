package evaluation

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename"
)

func TestErrataLeaveOutAndRelabel(t *testing.T) {
	errata, err := ParseErrata(strings.NewReader(`
source = "a test"
leave_out = ["A_0002", "B"]
[[relabel]]
image = "C_0001"
person = "A"
`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		sample Sample
		person string
		kept   bool
	}{
		{"A/A_0001.jpg", "A", true}, {"A/A_0002.jpg", "", false}, {"B/B_0001.jpg", "", false}, {"B/B_0002.jpg", "", false},
		{"C/C_0001.jpg", "A", true}, {"C/C_0002.jpg", "C", true}, {"BB/BB_0001.jpg", "BB", true},
	}
	for _, test := range tests {
		if person, kept := errata.identity(test.sample); person != test.person || kept != test.kept {
			t.Errorf("%s: %q, %t", test.sample, person, kept)
		}
	}
}

// A relabelled image turns a genuine pair into an impostor pair and back; results with and without stand side by side.
func TestErrataChangeResults(t *testing.T) {
	templates := Templates{"A/A_0001.jpg": at(0), "A/A_0002.jpg": at(90), "A/A_0003.jpg": at(5), "B/B_0001.jpg": at(85), "C/C_0001.jpg": at(180)}
	pairs := &Pairs{[]Fold{{{"A/A_0001.jpg", "A/A_0002.jpg"}, {"A/A_0001.jpg", "A/A_0003.jpg"}, {"A/A_0002.jpg", "B/B_0001.jpg"}, {"A/A_0001.jpg", "C/C_0001.jpg"}}}}
	errata, err := ParseErrata(strings.NewReader("[[relabel]]\nimage = \"A_0002\"\nperson = \"B\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Evaluate(t.Context(), Options{Pairs: pairs, AllPairs: true, Errata: errata}, templates)
	if err != nil {
		t.Fatal(err)
	}
	got := [][2]int64{{int64(e.Result.Pairs.Genuine), int64(e.Result.Pairs.Impostor)}, {e.Result.AllPairs.Genuine, e.Result.AllPairs.Impostor},
		{int64(e.Result.Errata.Pairs.Genuine), int64(e.Result.Errata.Pairs.Impostor)}, {e.Result.Errata.AllPairs.Genuine, e.Result.Errata.AllPairs.Impostor}}
	want := [][2]int64{{2, 2}, {3, 7}, {2, 2}, {2, 8}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if e.Result.Pairs.Accuracy != 0.75 || e.Result.Errata.Pairs.Accuracy != 1 || e.ErrataImages != 1 {
		t.Errorf("accuracy %v, then %v; %d images", e.Result.Pairs.Accuracy, e.Result.Errata.Pairs.Accuracy, e.ErrataImages)
	}
}

func TestErrataOfLFW(t *testing.T) {
	errata, err := LFWErrata()
	if err != nil {
		t.Fatal(err)
	}
	if errata.Source == "" {
		t.Error("no source")
	}
	for sample, want := range map[Sample]bool{
		NewSample("Cristina_Fernandez", 2): false, NewSample("Jim_OBrien", 1): false, NewSample("Jim_OBrien", 2): true,
		NewSample("Anna_Kournikova", 12): false, NewSample("Anna_Kournikova", 1): true,
		NewSample("Nicole_Kidman", 19): true, // a hard picture, not a wrong label
	} {
		if _, kept := errata.identity(sample); kept != want {
			t.Errorf("%s kept: %t", sample, kept)
		}
	}
	if person, _ := errata.identity(NewSample("Janica_Kostelic", 1)); person != "Anja_Paerson" {
		t.Errorf("got %q", person)
	}
}

func TestErrataThatCannotBeUsed(t *testing.T) {
	for name, text := range map[string]string{
		"not TOML":          "leave_out = [",
		"unknown key":       "leave = []",
		"a path":            `leave_out = ["../x"]`,
		"empty name":        `leave_out = [""]`,
		"no person":         "[[relabel]]\nimage = \"A_0001\"",
		"an image twice":    "[[relabel]]\nimage = \"A_0001\"\nperson = \"B\"\n[[relabel]]\nimage = \"A_0001\"\nperson = \"C\"",
		"out and relabeled": "leave_out = [\"A_0001\"]\n[[relabel]]\nimage = \"A_0001\"\nperson = \"B\"",
		"too large":         "# " + strings.Repeat("x", maxErrataBytes),
	} {
		errata, err := ParseErrata(strings.NewReader(text))
		var e *truename.Error
		if errata != nil || !errors.As(err, &e) || e.Kind != truename.KindInvalid || e.Remedy == "" {
			t.Errorf("%s: %v, %v", name, errata, err)
		}
	}
}

func FuzzParseErrata(f *testing.F) {
	f.Add("source = \"s\"\nleave_out = [\"A_0001\"]\n[[relabel]]\nimage = \"B_0001\"\nperson = \"A\"\n")
	f.Add("leave_out = 3")
	f.Fuzz(func(t *testing.T, text string) {
		errata, err := ParseErrata(strings.NewReader(text))
		if (errata == nil) == (err == nil) {
			t.Fatalf("%v, %v", errata, err)
		}
		if errata != nil {
			if person, kept := errata.identity("A/A_0001.jpg"); kept == (person == "") {
				t.Errorf("%q, %t", person, kept)
			}
		}
	})
}
