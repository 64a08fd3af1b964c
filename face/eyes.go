package face

import (
	"context"
	"math"
)

// Eyes holds, for the eye at the picture's left and the other one, the probability (0..1) that it is open and the
// opening of the lids relative to the eye's width.
type Eyes struct {
	LeftOpen, RightOpen         float64
	LeftAperture, RightAperture float64
}

// openness is 0..1: how sure it is that at least one eye is open, so that a person with one eye is not sent away.
// Network and lids must both call an eye closed: alone, the network takes two in a hundred open pairs for closed.
func (e Eyes) openness() float64 {
	return max(e.LeftOpen+openByLids(e.LeftAperture), e.RightOpen+openByLids(e.RightAperture)) / 2
}

// eyeState looks at both eyes. Without an eye network only the lids' landmarks are used, and the probabilities follow
// from them.
func (e *Engine) eyeState(ctx context.Context, pic *picture, l *Landmarks) (Eyes, error) {
	eyes := Eyes{
		LeftAperture:  aperture(l[36], l[37], l[38], l[39], l[40], l[41]),
		RightAperture: aperture(l[42], l[43], l[44], l[45], l[46], l[47]),
	}
	if e.eyes == nil {
		eyes.LeftOpen, eyes.RightOpen = openByLids(eyes.LeftAperture), openByLids(eyes.RightAperture)
		return eyes, nil
	}
	var err error
	if eyes.LeftOpen, err = e.eyeOpen(ctx, pic, l[36:42]); err != nil {
		return eyes, err
	}
	eyes.RightOpen, err = e.eyeOpen(ctx, pic, l[42:48])
	return eyes, err
}

// eyeOpen gives the eye network's probability for "open".
func (e *Engine) eyeOpen(ctx context.Context, pic *picture, lids []Point) (float64, error) {
	outer, inner := lids[0], lids[3]
	side := e.eyes.Crop.Scale * distance(outer, inner)
	angle := math.Atan2(inner.Y-outer.Y, inner.X-outer.X) * 180 / math.Pi
	var open float64
	err := e.eyes.run(ctx, pic, square(float64(e.eyes.Input.Width), mean(lids...), side, angle), func(outputs [][]float32) {
		closedness := float64(outputs[0][0] - outputs[0][1])
		open = 1 / (1 + math.Exp(closedness))
	})
	return open, err
}

// aperture is the mean distance of upper and lower lid over the distance of the corners ("eye aspect ratio",
// T. Soukupová and J. Čech, 2016). Corner, two upper points, corner, two lower points.
func aperture(corner, up1, up2, other, low2, low1 Point) float64 {
	width := distance(corner, other)
	if width == 0 {
		return 0
	}
	return (distance(up1, low1) + distance(up2, low2)) / (2 * width)
}

// openByLids reads an aperture as a probability: 0 at 0.1 and below, 1 at 0.25 and above.
func openByLids(aperture float64) float64 { return max(0, min(1, (aperture-0.1)/0.15)) }
