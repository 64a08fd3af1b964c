package face

import (
	"context"
	"errors"
	"fmt"
	"math"

	"truename"
)

// Template is a face's feature vector (ISO/IEC 24745: biometric reference or probe). It is personal data.
type Template struct {
	// Model identifies recogniser and effort; templates of different models are never compared.
	Model string
	// Vector has unit length.
	Vector []float32
}

// Format hides the vector, whatever the verb.
func (t Template) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Template(%s, redacted)", t.Model) }

// MarshalJSON refuses: a template leaves this process sealed or not at all.
func (t Template) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a template is not for printing")
}

// template makes the template of a face aligned by five points. fast takes one crop; accurate averages the vectors of
// the crop and of its mirror image. More crops (other scales, shifts, brightness) were measured and gain nothing that
// rises above the confidence interval, see docs/adr/0003-alignment.md.
func (e *Engine) template(ctx context.Context, pic *picture, five []Point) (Template, error) {
	t := Template{Model: e.Model()}
	for _, v := range e.crops() {
		toSource := similarity(e.alignTo(v.scale), five)
		if v.mirrored {
			toSource = toSource.mirrored(float64(e.recogniser.Input.Width))
		}
		vector, err := e.features(ctx, pic, toSource)
		if err != nil {
			return Template{}, err
		}
		if t.Vector == nil {
			t.Vector = vector
			continue
		}
		for i := range vector {
			t.Vector[i] += vector[i]
		}
	}
	if !normalise(t.Vector) {
		return Template{}, noTemplate()
	}
	return t, nil
}

// variant of the aligned crop: the face's scale relative to the manifest's points, and whether it is mirrored.
type variant struct {
	scale    float64
	mirrored bool
}

// crops gives the variants that a template is made of. The scale was found on the default recogniser; others are as
// insensitive to it.
func (e *Engine) crops() []variant {
	if e.effort == EffortFast {
		return []variant{{0.97, false}}
	}
	return []variant{{0.97, false}, {0.97, true}}
}

// alignTo gives the places of the five points in the recogniser's input, the face scaled about the input's centre.
// The manifest counts from the centre of the first pixel, as the published templates do.
func (e *Engine) alignTo(scale float64) []Point {
	cx, cy := float64(e.recogniser.Input.Width)/2, float64(e.recogniser.Input.Height)/2
	to := make([]Point, len(e.recogniser.Crop.Points))
	for i, p := range e.recogniser.Crop.Points {
		to[i] = Point{(p[0]+0.5-cx)*scale + cx, (p[1]+0.5-cy)*scale + cy}
	}
	return to
}

func noTemplate() error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
		Detail: "The recogniser gave no usable template.", Remedy: "Try another picture."}
}

// features runs the recogniser on the crop that toSource describes and gives the vector with unit length.
func (e *Engine) features(ctx context.Context, pic *picture, toSource Affine) ([]float32, error) {
	v := make([]float32, e.recogniser.Output.Shapes[0][1])
	if err := e.recogniser.run(ctx, pic, toSource, func(outputs [][]float32) { copy(v, outputs[0]) }); err != nil {
		return nil, err
	}
	if !normalise(v) {
		return nil, noTemplate()
	}
	return v, nil
}

// normalise scales v to unit length; false if that cannot be done.
func normalise(v []float32) bool {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return false
	}
	k := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= k
	}
	return true
}
