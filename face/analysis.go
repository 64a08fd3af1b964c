package face

import (
	"context"
	"slices"
	"time"

	"truename"
	"truename/capture"
	"truename/models"
)

// arcFace is the five-point template on a 112×112 crop (J. Deng et al., "ArcFace", 2019) that light and sharpness are
// measured on, whatever the recogniser.
var arcFace = []Point{{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}}

// Analysis is what was found in one picture.
type Analysis struct {
	Use truename.Use
	// Faces is the number of faces found. With 0, all that follows is empty.
	Faces int
	// Dominance is 1 − (area of the second largest face / area of the largest): 1 when the face is alone.
	Dominance float64
	// Face is the main face.
	Face      Detection
	Landmarks *Landmarks
	// Five are the points the template is aligned by; Faceness (0..1) is how sure the mesh is that it sees a face.
	Five     []Point
	Faceness float64
	// leastFaceness is the manifest's threshold for it.
	leastFaceness float64
	Pose          Pose
	Eyes          Eyes
	Quality       []Measure
	// Template is empty when no face was found.
	Template Template
	Timings  Timings
}

// Timings of the stages.
type Timings struct{ Detect, Landmarks, Quality, Template time.Duration }

// Analyze finds the main face of a picture, measures it and makes its template. A picture without a face, with several
// or of poor quality is not an error: see [Analysis.Problems].
func (e *Engine) Analyze(ctx context.Context, img *capture.Image, use truename.Use) (*Analysis, error) {
	return e.analyze(ctx, img, use, true)
}

// Extract is Analyze without the measures: pose, eyes and quality stay empty. Evaluations use it, as they compare
// every sample whatever its quality.
func (e *Engine) Extract(ctx context.Context, img *capture.Image) (*Analysis, error) {
	return e.analyze(ctx, img, truename.UseLive, false)
}

func (e *Engine) analyze(ctx context.Context, img *capture.Image, use truename.Use, measured bool) (*Analysis, error) {
	a := &Analysis{Use: use}
	memory := e.memory.Get().(*scratch)
	defer e.memory.Put(memory)
	pic := newPicture(img, memory)
	start := time.Now()
	found, err := e.detect(ctx, pic)
	if err != nil {
		return nil, err
	}
	start = lap(&a.Timings.Detect, start)
	if a.Faces = len(found); a.Faces == 0 {
		return a, nil
	}
	a.Face, a.Dominance = found[0], dominance(found)

	if a.Landmarks, err = e.locate(ctx, pic, e.landmarks.boxCrop(a.Face)); err != nil {
		return nil, err
	}
	if a.Five, a.Faceness, err = e.align(ctx, pic, a.Landmarks); err != nil {
		return nil, err
	}
	if e.mesh != nil {
		a.leastFaceness = float64(e.mesh.Output.Threshold)
	}
	start = lap(&a.Timings.Landmarks, start)

	if measured {
		if a.Pose, err = e.headPose(ctx, pic, a.Face, a.Landmarks); err != nil {
			return nil, err
		}
		if a.Eyes, err = e.eyeState(ctx, pic, a.Landmarks); err != nil {
			return nil, err
		}
		a.Quality = e.measure(img, pic, a)
		start = lap(&a.Timings.Quality, start)
	}

	if a.Template, err = e.template(ctx, pic, a.Five); err != nil {
		return nil, err
	}
	lap(&a.Timings.Template, start)
	return a, nil
}

// lap stores the time since start and gives the present.
func lap(into *time.Duration, start time.Time) time.Time {
	now := time.Now()
	*into = now.Sub(start)
	return now
}

// dominance of the first face over the largest other one.
func dominance(found []Detection) float64 {
	var other float64
	for _, d := range found[1:] {
		other = max(other, d.Area())
	}
	return max(0, 1-other/found[0].Area())
}

// Problem is a fact that makes a sample unusable.
type Problem struct {
	Code     truename.Code
	Guidance truename.Guidance
}

// Problems gives what makes the sample unusable, empty when it can be used.
func (a *Analysis) Problems() []Problem {
	if a.Faces == 0 {
		return []Problem{{truename.ReasonNoFace, truename.GuideShowFace}}
	}
	var ps []Problem
	if !(a.Faceness >= a.leastFaceness) {
		ps = append(ps, Problem{truename.ReasonNotAFace, truename.GuideShowFace})
	}
	if a.Dominance < limitsFor(a.Use).dominance {
		ps = append(ps, Problem{truename.ReasonSeveralFaces, truename.GuideOnePerson})
	}
	for _, m := range a.Quality {
		if m.Status == StatusUnusable {
			ps = append(ps, Problem{m.Reason, m.Guidance})
		}
	}
	return ps
}

// Guidance gives what the person can do, most helpful first, each once: first what makes the sample unusable, then
// what would make it better.
func (a *Analysis) Guidance() []truename.Guidance {
	var list []truename.Guidance
	add := func(g truename.Guidance) {
		if g != "" && !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	for _, p := range a.Problems() {
		add(p.Guidance)
	}
	for _, m := range a.Quality {
		add(m.Guidance)
	}
	return list
}

// Aligned gives the face as the recogniser is shown it, side × side pixels, for display.
func (a *Analysis) Aligned(img *capture.Image, side int) *capture.Image {
	out := &capture.Image{Width: side, Height: side, Pix: make([]byte, 3*side*side)}
	values := make([]float32, 3*side*side)
	in := models.Input{Width: side, Height: side, Layout: "NHWC", Colour: models.ColourRGB, Mean: []float32{0}, Std: []float32{1}}
	toSource := square(float64(side), Point{faceSide / 2, faceSide / 2}, faceSide, 0).Then(similarity(arcFace, a.Five))
	newPicture(img, new(scratch)).sample(values, in, toSource, edge)
	for i, v := range values {
		out.Pix[i] = byte(v + 0.5)
	}
	return out
}
