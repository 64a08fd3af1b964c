package face

import (
	"context"
	"errors"
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

// String hides the vector.
func (t Template) String() string { return "Template(" + t.Model + ", redacted)" }

// GoString hides the vector.
func (t Template) GoString() string { return t.String() }

// MarshalJSON refuses: a template leaves this process sealed or not at all.
func (t Template) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a template is not for printing")
}

// features runs the recogniser on the crop that toSource describes and gives the vector with unit length.
func (e *Engine) features(ctx context.Context, pic *picture, toSource Affine) ([]float32, error) {
	v := make([]float32, e.recogniser.Output.Shapes[0][1])
	if err := e.recogniser.run(ctx, pic, toSource, func(outputs [][]float32) { copy(v, outputs[0]) }); err != nil {
		return nil, err
	}
	if !normalise(v) {
		return nil, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
			Detail: "The recogniser gave no usable template.", Remedy: "Try another picture."}
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
