package evaluation

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// reported evaluates simulated people, one of whom has a failure to acquire.
func reported(t *testing.T, allPairs bool) (*Evaluation, []Sample) {
	t.Helper()
	samples, templates := simulated(60, 2, 32, 1.3, 8)
	templates[samples[7]] = nil
	e, err := Evaluate(t.Context(), Options{Model: "recogniser-1", Dataset: "People <b>&</b> faces", Pairs: pairsAmong(samples), AllPairs: allPairs,
		Samples: samples, Errata: &Errata{Source: "a list"}, Seed: 1}, templates)
	if err != nil {
		t.Fatal(err)
	}
	e.Result.WallS = 12.5
	return e, samples
}

// photosOf makes a picture for each sample.
func photosOf(t *testing.T, samples []Sample) fstest.MapFS {
	t.Helper()
	photo := image.NewRGBA(image.Rect(0, 0, 90, 120))
	for i := range photo.Pix {
		photo.Pix[i] = byte(i)
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, photo, nil); err != nil {
		t.Fatal(err)
	}
	root := fstest.MapFS{}
	for _, s := range samples {
		root[string(s)] = &fstest.MapFile{Data: data.Bytes()}
	}
	return root
}

func TestReportHoldsTheResults(t *testing.T) {
	for _, allPairs := range []bool{true, false} {
		e, samples := reported(t, allPairs)
		page, err := e.renderReport(photosOf(t, samples))
		if err != nil {
			t.Fatal(err)
		}
		checkWellFormed(t, page)
		text := string(page)
		want := []string{"recogniser-1", "ISO/IEC 19795-1", "NIST SP 800-63A-4", "FMR", "FNMR", "12.5", "personal data", samples[7].Name(),
			percent(e.Result.Pairs.Accuracy), percent(e.Result.Pairs.AccuracyStd), percent(e.Result.Pairs.EER), percentRange(e.Result.Pairs.AccuracyCI),
			"data:image/jpeg;base64,", "prefers-color-scheme: dark", "without known label errors", "a list"}
		if all := e.Result.AllPairs; all != nil {
			for _, key := range []string{"1e-2", "1e-3"} {
				want = append(want, percent(*all.TARAtFAR[key]), percentRange(*all.TARCI[key]), formatScore(*all.Thresholds[key]))
			}
			want = append(want, thousands(all.Impostor), percent(all.EER), "Calibration", formatScore(e.AllDetail.WorstImpostor[0].Score))
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("all pairs %t: the report lacks %q", allPairs, w)
			}
		}
		for _, never := range []string{"<b>&</b>", "ZgotmplZ", "NaN", "Inf", "<no value>", "<script", "http://", "https://", "url("} {
			if strings.Contains(text, never) {
				t.Errorf("all pairs %t: the report has %q", allPairs, never)
			}
		}
	}
}

// checkWellFormed reads the page strictly, as XML once void elements are closed, and checks the paths of its figures.
func checkWellFormed(t *testing.T, page []byte) {
	t.Helper()
	page = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAll(page, nil)
	page = regexp.MustCompile(`<(meta|img|br)([^>]*)>`).ReplaceAll(page, []byte("<$1$2/>"))
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Entity = xml.HTMLEntity
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			if token.Name.Local == "path" {
				for _, a := range token.Attr {
					if a.Name.Local == "d" && !regexp.MustCompile(`^(M[-0-9.]+ [-0-9.]+)?([LHVZ][-0-9. ]*)*$`).MatchString(a.Value) {
						t.Errorf("path %.60q", a.Value)
					}
				}
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("left open: %v", open)
	}
}

func TestReportWithoutPhotosNamesNobody(t *testing.T) {
	e, _ := reported(t, true)
	page, err := e.renderReport(nil)
	if err != nil {
		t.Fatal(err)
	}
	checkWellFormed(t, page)
	if bytes.Contains(page, []byte("Person_")) || bytes.Contains(page, []byte("<img")) {
		t.Error("the report shows a name or a picture")
	}
	if !bytes.Contains(page, []byte("left out of this report on request")) {
		t.Error("the report does not say that pictures were left out")
	}
}

func TestReportOfNextToNothing(t *testing.T) {
	for name, o := range map[string]Options{
		"no pairs":    {Pairs: &Pairs{}},
		"two samples": {Pairs: &Pairs{}, AllPairs: true, Samples: []Sample{"A/A_0001.jpg", "B/B_0001.jpg"}},
		"one failed":  {Pairs: &Pairs{[]Fold{{{"A/A_0001.jpg", "C/C_0001.jpg"}}}}, AllPairs: true},
	} {
		e, err := Evaluate(t.Context(), o, Templates{"A/A_0001.jpg": at(0), "B/B_0001.jpg": at(90), "C/C_0001.jpg": nil})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		page, err := e.renderReport(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		checkWellFormed(t, page)
		if bytes.Contains(page, []byte("NaN")) || bytes.Contains(page, []byte("Inf")) {
			t.Errorf("%s: not a number", name)
		}
	}
}

func TestThumbnail(t *testing.T) {
	var wide, huge bytes.Buffer
	photo := image.NewRGBA(image.Rect(0, 0, 300, 100)) // green in the middle third, black beside it
	for y := range 100 {
		for x := 100; x < 200; x++ {
			photo.Set(x, y, color.RGBA{0, 200, 0, 255})
		}
	}
	if err := png.Encode(&wide, photo); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&huge, image.NewGray(image.Rect(0, 0, 60_000, 1))); err != nil {
		t.Fatal(err)
	}
	// A header that claims 60,000 × 60,000 pixels, with its checksum left wrong: the size must be refused before decoding.
	claims := huge.Bytes()
	copy(claims[20:24], []byte{0, 0, 0xea, 0x60})
	root := fstest.MapFS{"A/wide.png": {Data: wide.Bytes()}, "A/claims.png": {Data: claims}, "A/text.jpg": {Data: []byte("no picture")}, "A/empty.jpg": {}}
	for _, s := range []Sample{"A/claims.png", "A/text.jpg", "A/empty.jpg", "A/missing.jpg", "../A/wide.png"} {
		if got := thumbnail(root, s); got != "" {
			t.Errorf("%s: a picture of %d bytes", s, len(got))
		}
	}
	if got := thumbnail(root, "A/wide.png"); !strings.HasPrefix(string(got), "data:image/jpeg;base64,") {
		t.Errorf("got %.40q", got)
	}
}

func TestWriteReport(t *testing.T) {
	e, samples := reported(t, false)
	for _, test := range []struct {
		name   string
		photos fstest.MapFS
		mode   os.FileMode
	}{{"public", nil, 0o644}, {"private", photosOf(t, samples), 0o600}} {
		dir := filepath.Join(t.TempDir(), "new", test.name)
		for range 2 { // the second time over the first
			var err error
			if test.photos == nil {
				err = e.WriteReport(dir, nil)
			} else {
				err = e.WriteReport(dir, test.photos)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 || entries[0].Name() != ReportFile {
			t.Fatalf("%s: %v, %v", test.name, entries, err)
		}
		info, err := entries[0].Info()
		if err != nil || info.Mode().Perm() != test.mode || info.Size() < 10_000 {
			t.Errorf("%s: %v, %v", test.name, info, err)
		}
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.WriteReport(blocked, nil); err == nil {
		t.Error("wrote into a file as if it were a folder")
	}
}

func TestFormats(t *testing.T) {
	for got, want := range map[string]string{
		power(-4): "10⁻⁴", power(0): "10⁰", formatScore(-0.0336): "−0.034", formatScore(0.5): "0.500",
		thousands(7264541): "7\u202f264\u202f541", thousands(12): "12", thousands(1000): "1\u202f000",
		strings.ReplaceAll(scientific(0.000118), "\u202f", " "): "1.2 × 10⁻⁴", scientific(0): "0",
		number(0.00123, 2): "0.0012", number(74.2, 3): "74.2",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
