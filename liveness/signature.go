package liveness

import (
	"math"

	"truename/capture"
)

// signature is a fixed set of single pixels of a frame, not averaged, so that the camera's own noise is in it: two
// frames of a camera never agree in it, two encodings of one frame nearly do.
type signature []byte

const signatureColumns, signatureRows = 40, 30

// sign takes a frame's signature: the green of a grid of pixels.
func sign(img *capture.Image) signature {
	s := make(signature, 0, signatureColumns*signatureRows)
	for j := range signatureRows {
		y := (2*j + 1) * img.Height / (2 * signatureRows)
		for i := range signatureColumns {
			x := (2*i + 1) * img.Width / (2 * signatureColumns)
			s = append(s, img.Pix[3*(y*img.Width+x)+1])
		}
	}
	return s
}

// differs is the mean absolute difference of two signatures, in levels of 255.
func (s signature) differs(t signature) float64 {
	if len(s) != len(t) || len(s) == 0 {
		return math.Inf(1)
	}
	sum := 0
	for i, v := range s {
		d := int(v) - int(t[i])
		if d < 0 {
			d = -d
		}
		sum += d
	}
	return float64(sum) / float64(len(s))
}

// border is the mean absolute difference over the outer part of the picture only, where the room is and not the face.
func (s signature) border(t signature) float64 {
	if len(s) != len(t) || len(s) == 0 {
		return math.Inf(1)
	}
	sum, n := 0.0, 0.0
	for i := range s {
		x, y := i%signatureColumns, i/signatureColumns
		if y > signatureRows/2 || x > signatureColumns/6 && x < signatureColumns*5/6 {
			continue
		}
		sum += math.Abs(float64(s[i]) - float64(t[i]))
		n++
	}
	return sum / n
}
