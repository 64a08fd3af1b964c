package liveness

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"truename"
	"truename/capture"
	"truename/face"
)

// cloud is a face-like set of points: across an ellipse, the middle ones standing out toward the camera by depth.
func cloud(depth float64) (points []face.Point, z []float64) {
	for i := range 51 {
		a := float64(i) * 2.399963 // the golden angle spreads them evenly
		r := math.Sqrt((float64(i) + 0.5) / 51)
		points = append(points, face.Point{X: 40 * r * math.Cos(a), Y: 55 * r * math.Sin(a)})
		z = append(z, -depth*math.Exp(-4*r*r))
	}
	return points, z
}

// seenFrom turns the cloud about an upright axis and shows it to a camera.
func seenFrom(points []face.Point, z []float64, degrees float64) []face.Point {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	out := make([]face.Point, len(points))
	for i, p := range points {
		x, d := p.X*cos+z[i]*sin, -p.X*sin+z[i]*cos
		k := 400 / (400 + d)
		out[i] = face.Point{X: 200 + x*k, Y: 150 + p.Y*k}
	}
	return out
}

func TestPlaneResidualTellsFlatFromDeep(t *testing.T) {
	flat, flatZ := cloud(0)
	deep, deepZ := cloud(35)
	for _, degrees := range []float64{-40, -20, -10, 10, 20, 40} {
		if r := planeResidual(seenFrom(flat, flatZ, 0), seenFrom(flat, flatZ, degrees)); r > 1e-3 {
			t.Errorf("flat, turned by %v°: residual %v, want none", degrees, r)
		}
		moved := math.Abs(math.Sin(degrees * math.Pi / 180))
		if r := planeResidual(seenFrom(deep, deepZ, 0), seenFrom(deep, deepZ, degrees)) / moved; r < depth68/2 {
			t.Errorf("deep, turned by %v°: residual %v of the movement, want %v or more", degrees, r, depth68/2)
		}
	}
	if s := similarityResidual(seenFrom(flat, flatZ, 0), seenFrom(flat, flatZ, 40)); s < leastChange {
		t.Errorf("a plane turned by 40° has changed its shape by %v only", s)
	}
}

// No homography of a plane leaves a residual, whatever it is; no similarity changes a shape.
func TestResidualsOfPlanes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points, _ := cloud(0)
		draw := func(name string, most float64) float64 { return rapid.Float64Range(-most, most).Draw(t, name) }
		h := homography{1 + draw("a", 0.5), draw("b", 0.5), draw("c", 100), draw("d", 0.5), 1 + draw("e", 0.4), draw("f", 100), draw("g", 0.003), draw("h", 0.003)}
		if math.Abs(h[0]*h[4]-h[1]*h[3]) < 0.1 {
			t.Skip("a plane seen from its edge")
		}
		to := make([]face.Point, len(points))
		for i, p := range points {
			to[i] = h.apply(p)
		}
		if r := planeResidual(points, to); !(r < 1e-2) {
			t.Errorf("residual %v after %v", r, h)
		}
		sin, cos := math.Sincos(draw("angle", 3))
		k := 0.1 + math.Abs(draw("scale", 5))
		for i, p := range points {
			to[i] = face.Point{X: k*(cos*p.X-sin*p.Y) + 7, Y: k*(sin*p.X+cos*p.Y) - 3}
		}
		if s := similarityResidual(points, to); s > 1e-6 {
			t.Errorf("a similarity has changed the shape by %v", s)
		}
	})
}

func TestPlaneResidualOfPointsInALine(t *testing.T) {
	line := make([]face.Point, 51)
	for i := range line {
		line[i] = face.Point{X: float64(i), Y: 2 * float64(i)}
	}
	if r := planeResidual(line, line); !math.IsNaN(r) {
		t.Errorf("residual %v of points in a line, want that it cannot be said", r)
	}
}

// textured is skin-like: soft blotches and noise, with a stripe pattern of the given strength in it.
func textured(stripes float64, seed uint64) *capture.Image {
	random := rand.New(rand.NewPCG(seed, 1))
	img := &capture.Image{Width: 160, Height: 160, Pix: make([]byte, 3*160*160)}
	for y := range 160 {
		for x := range 160 {
			v := 140 + 20*math.Sin(float64(x)/23)*math.Cos(float64(y)/31) + 2*random.NormFloat64()
			v += stripes * math.Cos(2*math.Pi*(0.27*float64(x)+0.04*float64(y)))
			p := img.Pix[3*(y*160+x):]
			p[0], p[1], p[2] = byte(v+10), byte(v), byte(v-10)
		}
	}
	return img
}

func TestSpectrumSeesStripes(t *testing.T) {
	var o face.Observation
	o.Landmarks = new(face.Landmarks)
	o.Landmarks[30] = face.Point{X: 80, Y: 80}
	peak := func(stripes float64) float64 {
		var s spectrum
		for i := range 8 {
			s.add(textured(stripes, uint64(i)), &o)
		}
		return s.peak()
	}
	if plain := peak(0); displayLimit.margin(plain) < 0 {
		t.Errorf("a picture without a pattern has a peak of %.1f dB", plain)
	}
	if striped := peak(1.5); displayLimit.margin(striped) > -1 {
		t.Errorf("stripes of 1.5 levels have a peak of %.1f dB", striped)
	}
}

func TestSpectrumOfFewFramesSaysNothing(t *testing.T) {
	f := (&Evidence{}).measureDisplay()
	if !f.Missing || f.Passes() || f.Fails() {
		t.Errorf("without frames the fact is %+v", f)
	}
}

// calm is evidence of somebody who sits still before a camera with noise of its own.
func calm(frames int) *Evidence {
	random := rand.New(rand.NewPCG(5, 6))
	e := &Evidence{}
	points, z := cloud(30)
	for i := range frames {
		f := seen{Moment: Moment{At: time.Duration(i)*frameTime + time.Duration(random.IntN(9))*time.Millisecond, Found: true, Size: 60}, faces: 1, dominance: 1,
			live: 0.95, ahead: true, detail: 0.3, width: 480, height: 360, sharpness: 0.1, quality: 0.7}
		f.arrived = f.At + 90*time.Millisecond
		f.box = face.Detection{Centre: face.Point{X: 240, Y: 180}, Width: 120, Height: 150}
		f.landmarks = new(face.Landmarks)
		copy(f.landmarks[17:], seenFrom(points, z, 0.3*random.NormFloat64()))
		copy(f.landmarks[:17], f.landmarks[17:34])
		f.signature = make(signature, signatureColumns*signatureRows)
		for j := range f.signature {
			f.signature[j] = byte(120 + 2*random.NormFloat64())
		}
		f.part = i * 4 / frames
		e.frames = append(e.frames, f)
	}
	for i := 0; i < frames; i += frames / 4 {
		e.frames[i].template = person(0)
	}
	return e
}

// person gives templates that are alike for one person and unlike for others.
func person(i int) face.Template {
	v := make([]float32, 8)
	v[i] = 1
	return face.Template{Model: "m/fast", Vector: v}
}

func TestContinuity(t *testing.T) {
	tests := []struct {
		name   string
		change func(e *Evidence)
		passes bool
		fails  bool
		reason truename.Code
	}{
		{"somebody who sits still", func(*Evidence) {}, true, false, ""},
		{"another person at the end", func(e *Evidence) { e.frames[45].template = person(1) }, false, true, ReasonAnotherPerson},
		{"one bad template beside a good one", func(e *Evidence) {
			e.frames[45].template = person(1)
			e.frames[46].template = person(0)
		}, true, false, ""},
		{"a head that jumps", func(e *Evidence) {
			for i := 30; i < 60; i++ {
				e.frames[i].box.Centre.X += 320
			}
		}, false, true, ReasonCut},
		{"half of the frames again", func(e *Evidence) {
			for i := 30; i < 60; i++ {
				e.frames[i].signature = e.frames[i-30].signature
			}
		}, false, true, ReasonRepeated},
		{"away for three seconds, and the same person again", func(e *Evidence) {
			for i := 20; i < 44; i++ {
				e.frames[i].Found = false
			}
			e.frames[15].part, e.frames[44].part = 1, 1
		}, true, false, ""},
		{"away, and not known who came back", func(e *Evidence) {
			for i := 20; i < 44; i++ {
				e.frames[i].Found = false
			}
			for i := 44; i < 60; i++ {
				e.frames[i].part = 5
			}
			e.frames[45].template = face.Template{}
		}, false, false, ReasonLost},
		{"sent faster than it was filmed", func(e *Evidence) {
			for i := range e.frames {
				e.frames[i].arrived = e.frames[i].At / 10
			}
		}, false, true, ReasonClock},
		{"somebody beside", func(e *Evidence) {
			for i := range e.frames {
				e.frames[i].dominance = 0.2
			}
		}, false, false, truename.ReasonSeveralFaces},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := calm(60)
			test.change(e)
			f, err := e.measureContinuity()
			if err != nil {
				t.Fatal(err)
			}
			if f.Passes() != test.passes || f.Fails() != test.fails {
				t.Errorf("passes %v, fails %v (margin %.2f, %v); want %v, %v", f.Passes(), f.Fails(), f.Margin, f.Measures, test.passes, test.fails)
			}
			if test.reason != "" && (len(f.Reasons) == 0 || f.Reasons[0] != test.reason) {
				t.Errorf("reasons %v, want %s first", f.Reasons, test.reason)
			}
		})
	}
}

func TestTemplatesOfTwoModelsAreAnError(t *testing.T) {
	e := calm(60)
	e.frames[45].template.Model = "other/fast"
	if _, err := e.measureContinuity(); err == nil {
		t.Error("they were compared")
	}
}

func TestSigns(t *testing.T) {
	honest := Camera{Label: "Integrated Camera", Width: 640, Height: 480, Reported: true, Capabilities: []string{"width"}}
	tests := []struct {
		name   string
		change func(e *Evidence)
		want   []truename.Code
	}{
		{"an honest camera", func(*Evidence) {}, nil},
		{"a device that says nothing", func(e *Evidence) { e.Camera = Camera{} }, nil},
		{"a virtual camera", func(e *Evidence) { e.Camera.Label = "OBS Virtual Camera" }, []truename.Code{"virtual_camera"}},
		{"a camera that can change nothing", func(e *Evidence) { e.Camera.Capabilities = nil }, []truename.Code{"no_capabilities"}},
		{"a phone on its side", func(e *Evidence) { e.Camera.Width, e.Camera.Height = 480, 640 }, nil},
		{"another shape", func(e *Evidence) { e.Camera.Width, e.Camera.Height = 1280, 720 }, []truename.Code{"other_format"}},
		{"a metronome", func(e *Evidence) {
			for i := range e.frames {
				e.frames[i].At = time.Duration(i) * frameTime
			}
		}, []truename.Code{"even_timing"}},
		{"noise that comes again", func(e *Evidence) { e.frames[50].signature = e.frames[3].signature }, []truename.Code{"same_noise"}},
		{"no fine detail", func(e *Evidence) {
			for i := range e.frames {
				e.frames[i].detail = 0.05
			}
		}, []truename.Code{"enlarged"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := calm(60)
			e.Camera = honest
			test.change(e)
			var got []truename.Code
			for _, s := range e.Signs() {
				got = append(got, s.Name)
			}
			if len(got) != len(test.want) || len(got) > 0 && got[0] != test.want[0] {
				t.Errorf("signs %v, want %v", got, test.want)
			}
			if e.measureInjection().Fails() {
				t.Error("signs alone make an attack")
			}
		})
	}
}

// All signs together still prove nothing.
func TestSignsNeverFail(t *testing.T) {
	e := calm(60)
	e.Camera = Camera{Label: "Snap Camera", Width: 1280, Height: 720, Reported: true}
	for i := range e.frames {
		e.frames[i].At, e.frames[i].detail, e.frames[i].signature = time.Duration(i)*frameTime, 0.01, e.frames[0].signature
	}
	if f := e.measureInjection(); f.Fails() || f.Passes() {
		t.Errorf("margin %.2f, want undecided", f.Margin)
	}
}

func TestProbeIsTheMeanOfTheBest(t *testing.T) {
	e := calm(60)
	for i, f := range e.frames {
		if f.template.Vector != nil {
			e.frames[i].template = person(i / 15)
			e.frames[i].quality = float64(i)
		}
	}
	probe, ok := e.Probe(2)
	if !ok {
		t.Fatal("no probe")
	}
	for i, want := range []float64{0, 0, math.Sqrt2 / 2, math.Sqrt2 / 2} {
		if math.Abs(float64(probe.Vector[i])-want) > 1e-6 {
			t.Errorf("component %d is %v, want %v", i, probe.Vector[i], want)
		}
	}
	if _, ok := (&Evidence{}).Probe(3); ok {
		t.Error("a probe was made of nothing")
	}
}
