package liveness

import (
	"cmp"
	"math"
	"slices"
	"time"

	"truename"
	"truename/face"
)

// A head that turns by an angle shows the tip of its nose moved against the rest by the sine of it. These are what a
// head shows for a sine of 1; a measure over them is 1 for a head and near 0 for anything flat, however it is held.
// They are medians over geometric head turns and films, see docs/liveness.md.
const (
	depth68   = 0.24 // residual of the 51 landmarks without the outline
	depthMesh = 0.36 // residual of the mesh
	depthNose = 0.33 // tip of the nose off the middle line, in distances between the eyes; sideways only
)

// depthLimit: a head is 1, a photo 0.2 to 0.35 (the noise of landmarks that are found anew in each frame).
var depthLimit = limit{pass: 0.6, fail: 0.42}

// measureDepth compares, for each movement of the head that was made, the face at its end with the face before it.
func (e *Evidence) measureDepth(access Access, spans []Span) Fact {
	f := Fact{Name: FactDepth, Measures: map[string]float64{}}
	var depths []float64
	for _, s := range spans {
		if s.Action == ComeCloser {
			if p := e.perspective(access, s); !math.IsNaN(p) {
				f.Measures["perspective"] = p
			}
			continue
		}
		if d := e.depthOf(access, s); !math.IsNaN(d) {
			depths = append(depths, d)
		}
	}
	plane := e.planeness()
	if !math.IsNaN(plane) {
		f.Measures["plane"] = plane
	}
	if len(depths) == 0 {
		if m := planeLimit.margin(plane); m < unclear {
			f.Margin, f.Reasons = m, []truename.Code{ReasonFlat}
			return f
		}
		f.Missing, f.Margin = true, unclear
		return f
	}
	// The mean: each movement is a measurement of the same head.
	sum := 0.0
	for _, d := range depths {
		sum += d / float64(len(depths))
	}
	f.Measures["depth"], f.Measures["depth_movements"] = sum, float64(len(depths))
	f.Margin = 1
	f.weakest(depthLimit.margin(sum), ReasonFlat)
	return f
}

// planeLimit is for [Evidence.planeness]: it can only fail, and only where no movement was followed that depth could be
// measured across.
var planeLimit = limit{pass: 0.60, fail: 0.40}

// planeness looks at the frames that differ most in shape from the first straight ahead, and gives which part of the
// difference a plane seen from another side does not explain: a tilted photo leaves a third of it or less, a head two
// thirds. NaN where nothing has changed its shape by much.
func (e *Evidence) planeness() float64 {
	var first []face.Point
	var shares []float64
	for _, f := range e.frames {
		if !f.Found {
			continue
		}
		if first == nil {
			if f.ahead {
				first = f.landmarks[17:]
			}
			continue
		}
		changed := similarityResidual(first, f.landmarks[17:])
		if changed < leastChange {
			continue
		}
		if r := planeResidual(first, f.landmarks[17:]); !math.IsNaN(r) {
			shares = append(shares, r/changed)
		}
	}
	if len(shares) < 4 {
		return math.NaN()
	}
	return median(shares)
}

// leastChange of a shape, in the landmarks' mean distance from their centre, that says anything: five times the noise.
const leastChange = 0.07

// depthOf gives the depth that one movement shows, 1 for a head; NaN where too little was seen.
func (e *Evidence) depthOf(access Access, s Span) float64 {
	before, after := e.around(access, s)
	if len(before) == 0 || len(after) == 0 {
		return math.NaN()
	}
	moved := movement(before, after)
	if moved < 0.08 {
		return math.NaN()
	}
	pick := func(frames []seen, points func(seen) []face.Point) []face.Point {
		var sets [][]face.Point
		for _, f := range frames {
			if p := points(f); p != nil {
				sets = append(sets, p)
			}
		}
		if len(sets) == 0 {
			return nil
		}
		return averaged(sets)
	}
	inner := func(f seen) []face.Point { return f.landmarks[17:] }
	mesh := func(f seen) []face.Point { return f.mesh }
	parts := []float64{planeResidual(pick(before, inner), pick(after, inner)) / moved / depth68}
	if a, b := pick(before, mesh), pick(after, mesh); a != nil && b != nil {
		parts = append(parts, planeResidual(a, b)/moved/depthMesh)
	}
	if sideways(s.Action) {
		// The nose moves to the side that the head turns to: to the picture's right when it turns to the person's left.
		shift := meanOf(after, noseOffset) - meanOf(before, noseOffset)
		if s.Action == TurnLeft {
			shift = -shift
		}
		parts = append(parts, math.Max(0, shift)/moved/depthNose)
	}
	sum := 0.0
	for _, p := range parts {
		sum += math.Min(p, 1.5) / float64(len(parts))
	}
	return sum
}

// around gives the frames that look ahead before a movement and those at its end, those farthest along, three at most.
func (e *Evidence) around(access Access, s Span) (before, after []seen) {
	for _, f := range e.frames {
		switch {
		case !f.Found:
		case f.At <= s.Revealed && f.At > s.Revealed-1500*time.Millisecond && f.ahead:
			before = append(before, f)
		case f.At > s.Revealed && f.At <= s.Reached+700*time.Millisecond:
			after = append(after, f)
		}
	}
	before = before[max(0, len(before)-4):]
	d := access.demand()
	slices.SortFunc(after, func(a, b seen) int {
		return cmp.Compare(extentOf(d, s.Action, s.Ahead, b.Moment), extentOf(d, s.Action, s.Ahead, a.Moment))
	})
	after = slices.DeleteFunc(after[:min(3, len(after))], func(f seen) bool {
		return extentOf(d, s.Action, s.Ahead, f.Moment) < 0.7
	})
	return before, after
}

// movement is the sine of the angle between two poses.
func movement(before, after []seen) float64 {
	yaw := meanOf(after, func(f seen) float64 { return f.Yaw }) - meanOf(before, func(f seen) float64 { return f.Yaw })
	pitch := meanOf(after, func(f seen) float64 { return f.Pitch }) - meanOf(before, func(f seen) float64 { return f.Pitch })
	return math.Sin(math.Min(60, math.Hypot(yaw, pitch)) * math.Pi / 180)
}

// noseOffset is how far the tip of the nose lies to the picture's left of the line from the bridge to the middle of the
// mouth, in distances between the eyes. On anything flat or bent about an upright axis it cannot change its side.
func noseOffset(f seen) float64 {
	l := f.landmarks
	a := l[27]
	b := face.Point{X: (l[33].X + l[51].X + l[57].X) / 3, Y: (l[33].Y + l[51].Y + l[57].Y) / 3}
	length := math.Hypot(b.X-a.X, b.Y-a.Y)
	if length == 0 || f.Size == 0 {
		return 0
	}
	return ((b.X-a.X)*(l[30].Y-a.Y) - (b.Y-a.Y)*(l[30].X-a.X)) / length / f.Size
}

// perspective is how much smaller, relative to the distance between the eyes, the width of the head at the jaws
// became on coming closer, for a doubling of size: what lies farther back grows less. It is near 0 for anything flat.
func (e *Evidence) perspective(access Access, s Span) float64 {
	before, after := e.around(access, s)
	if len(before) == 0 || len(after) == 0 {
		return math.NaN()
	}
	width := func(f seen) float64 {
		a, b := f.landmarks[1], f.landmarks[15]
		return math.Log(math.Hypot(a.X-b.X, a.Y-b.Y) / f.Size)
	}
	grown := math.Log2(meanOf(after, func(f seen) float64 { return f.Size }) / meanOf(before, func(f seen) float64 { return f.Size }))
	if grown < 0.1 {
		return math.NaN()
	}
	return (meanOf(before, width) - meanOf(after, width)) / grown
}

func meanOf(frames []seen, value func(seen) float64) float64 {
	sum := 0.0
	for _, f := range frames {
		sum += value(f)
	}
	return sum / float64(len(frames))
}
