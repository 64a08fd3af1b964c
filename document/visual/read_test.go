package visual_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/capture"
	"truename/document/specimen"
	"truename/document/visual"
	"truename/face"
	"truename/models"
	"truename/onnx"
	"truename/picture"
)

// today that documents are judged on: generated ones are valid then, or have expired for certain.
func today() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }

// open loads the real networks.
func open(t *testing.T) *visual.Reader {
	t.Helper()
	pack, err := models.Find("../../models/pack", models.DefaultPack, false)
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
	faces, err := face.Load(pack, face.EffortFast, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(faces.Close)
	templates, err := visual.Templates()
	if err != nil {
		t.Fatal(err)
	}
	r, err := visual.Load(pack, faces, templates, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// drawn gives a card and a plain scene: level, sharp, evenly lit, large enough to read.
func drawn(t *testing.T, f *specimen.Fonts, d specimen.Document, seed uint64) (*specimen.Card, specimen.Scene) {
	t.Helper()
	c, err := f.Draw(d, rand.New(rand.NewPCG(seed, 3)), picture.DrawnFace(400, 500))
	if err != nil {
		t.Fatal(err)
	}
	return c, specimen.Scene{Width: 1280, Height: 960, Fill: 0.85, Turn: 3, Pitch: 8, Yaw: -6, Light: 0.9, Gradient: 0.1, Blur: 0.5, Noise: 2, Quality: 90, Ground: 1, GroundSeed: seed}
}

// decoded takes the photo through a JPEG, as a customer's comes.
func decoded(t *testing.T, m image.Image, quality int) *capture.Image {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	img, err := capture.NewDecoder(capture.DefaultLimits()).Decode(t.Context(), b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func read(t *testing.T, r *visual.Reader, img *capture.Image) *visual.Reading {
	t.Helper()
	got, err := r.Read(t.Context(), img, today())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// texts gives the values that were read.
func texts(r *visual.Reading) map[string]string {
	m := map[string]string{}
	for name, v := range r.Fields() {
		m[name] = v.Reveal()
	}
	return m
}

func state(r *visual.Reading, check string) truename.FindingState {
	for _, f := range r.Findings {
		if f.Check == check {
			return f.State
		}
	}
	return ""
}

func TestRead(t *testing.T) {
	r := open(t)
	fonts, err := specimen.OpenFonts()
	if err != nil {
		t.Fatal(err)
	}
	noise := func() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }

	for _, d := range specimen.Documents() {
		t.Run(string(d), func(t *testing.T) {
			c, scene := drawn(t, fonts, d, 41)
			if d == specimen.Passport {
				scene.Width, scene.Height = 1600, 1200
			}
			photo := c.Photograph(scene, noise())
			got := read(t, r, decoded(t, photo.Image, scene.Quality))
			if got.Template != string(d) || !got.Located {
				t.Fatalf("template %q, located %v", got.Template, got.Located)
			}
			if diff := cmp.Diff(c.Fields, texts(got)); diff != "" {
				t.Error(diff)
			}
			for i, want := range photo.Corners {
				// Within a millimetre and a half: print and edge of a card are aligned no better in the factory.
				if dx, dy := got.Corners[i].X-want[0], got.Corners[i].Y-want[1]; dx*dx+dy*dy > 20*20 {
					t.Errorf("corner %d at %v, want %v", i, got.Corners[i], want)
				}
			}
			if (got.Portrait != nil) != (d != specimen.ChineseBack) {
				t.Errorf("portrait %v", got.Portrait)
			}
		})
	}

	front, scene := drawn(t, fonts, specimen.ChineseFront, 42)
	t.Run("ethnicity is painted over", func(t *testing.T) {
		got := read(t, r, decoded(t, front.Photograph(scene, noise()).Image, 90))
		for _, at := range [][2]int{{320, 140}, {340, 156}, {390, 156}, {420, 180}} { // tenths of a millimetre
			px := got.Page.Pix[3*(at[1]*got.Page.Width+at[0]):][:3]
			if px[0] != 200 || px[1] != 200 || px[2] != 200 {
				t.Errorf("at %v the page shows %v", at, px)
			}
		}
		for name := range got.Fields() {
			if _, known := front.Fields[name]; !known {
				t.Errorf("field %q was read", name)
			}
		}
	})
	t.Run("upside down", func(t *testing.T) {
		s := scene
		s.Turn += 180
		if diff := cmp.Diff(front.Fields, texts(read(t, r, decoded(t, front.Photograph(s, noise()).Image, 90)))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a scan without an outline", func(t *testing.T) {
		sheet := image.NewRGBA(image.Rect(0, 0, 2400, 1700))
		draw.Draw(sheet, sheet.Bounds(), image.NewUniform(front.Image.At(2, 2)), image.Point{}, draw.Src)
		draw.Draw(sheet, image.Rect(300, 250, 300+1712, 250+1079), front.Image, image.Point{}, draw.Src)
		got := read(t, r, decoded(t, sheet, 90))
		if diff := cmp.Diff(front.Fields, texts(got)); diff != "" {
			t.Errorf("located %v: %s", got.Located, diff)
		}
	})
	t.Run("black-and-white copy", func(t *testing.T) {
		s := scene
		s.Grey = true
		if got := read(t, r, decoded(t, front.Photograph(s, noise()).Image, 90)); state(got, "grey_copy") != truename.FindingUndecided {
			t.Errorf("findings %v", got.Findings)
		}
	})
	t.Run("burnt out by a reflection", func(t *testing.T) {
		s := scene
		s.Glare, s.GlareMM, s.GlareX, s.GlareY = 400, 14, 0.5, 0.85
		got := read(t, r, decoded(t, front.Photograph(s, noise()).Image, 90))
		if state(got, "glare") != truename.FindingUndecided {
			t.Errorf("findings %v", got.Findings)
		}
		if v := got.Value("number"); v.State == visual.StateRead && v.Text.Reveal() != front.Fields["number"] {
			t.Error("a wrong number was accepted")
		}
	})
	t.Run("small and blurred", func(t *testing.T) {
		s := scene
		s.Width, s.Height, s.Blur = 480, 360, 1.6
		got := read(t, r, decoded(t, front.Photograph(s, noise()).Image, 90))
		for _, v := range got.Values {
			if v.State == visual.StateRead && v.Text.Reveal() != front.Fields[v.Name] {
				t.Errorf("%s is wrong and was accepted", v.Name)
			}
		}
		if got.Template != "" && (state(got, "resolution") != truename.FindingUndecided || state(got, "blur") != truename.FindingUndecided ||
			state(got, "portrait") == truename.FindingPassed && got.Portrait.InterEyePX < 20) {
			t.Errorf("findings %v", got.Findings)
		}
	})
	t.Run("no document", func(t *testing.T) {
		got := read(t, r, decoded(t, picture.DrawnFace(640, 480), 90))
		if got.Template != "" || len(got.Values) != 0 || got.Page != nil || got.Finding("1", truename.Applicant, "x", today()).State == truename.FindingPassed {
			t.Errorf("reading %v", got)
		}
	})
	t.Run("a request that has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		img := decoded(t, picture.DrawnFace(320, 240), 90)
		_, err := r.Read(ctx, img, today())
		var e *truename.Error
		if !errors.As(err, &e) || e.Code != truename.CodeTimeout {
			t.Errorf("error %v", err)
		}
	})
}
