package face

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Detection is a face found in a picture.
type Detection struct {
	// Centre of the box, its Width and Height before turning, all in pixels.
	Centre        Point
	Width, Height float64
	// Angle by which the box is turned about its centre, degrees clockwise.
	Angle float64
	// Score of the detector, 0..1.
	Score float64
}

// Area of the box in square pixels.
func (d Detection) Area() float64 { return d.Width * d.Height }

// detect searches for faces. The detector sees the whole picture first; only when that finds nothing do the costlier
// views follow, in the order in which they are likely to help: the picture small in the middle of the canvas (faces
// that fill the frame), turned either way (tilted heads), and in overlapping tiles (small faces). The faces come
// sorted, the main one first, see [prominence].
func (e *Engine) detect(ctx context.Context, pic *picture) ([]Detection, error) {
	return e.detectIn(ctx, e.views(pic), pic)
}

// detectIn searches group by group until one shows a face.
func (e *Engine) detectIn(ctx context.Context, groups [][]Affine, pic *picture) ([]Detection, error) {
	for _, group := range groups {
		var found []Detection
		for _, toSource := range group {
			some, err := e.look(ctx, pic, toSource)
			if err != nil {
				return nil, err
			}
			found = append(found, some...)
		}
		if found = suppress(found, float64(e.detector.Output.Overlap)); len(found) > 0 {
			w, h := pic.size()
			slices.SortStableFunc(found, func(a, b Detection) int {
				return cmp.Compare(prominence(b, w, h), prominence(a, w, h))
			})
			return found, nil
		}
	}
	return nil, nil
}

// prominence orders faces: a large one before a small one, a certain one before a doubtful one, and of two alike the
// more central.
func prominence(d Detection, width, height float64) float64 {
	off := distance(d.Centre, Point{width / 2, height / 2}) / math.Hypot(width, height) * 2
	return d.Area() * d.Score * d.Score * (1 - 0.5*min(off, 1))
}

// views gives the maps from the detector's canvas to the picture, in groups; see [Engine.detect].
func (e *Engine) views(pic *picture) [][]Affine {
	w, h := pic.size()
	whole := e.letterbox(0, 0, w, h, 1, 0)
	groups := [][]Affine{
		{whole},
		{e.letterbox(0, 0, w, h, 2, 0)},
		{e.letterbox(0, 0, w, h, 1.25, 30), e.letterbox(0, 0, w, h, 1.25, -30)},
	}
	for n := 2; n <= 4; n++ {
		// n×n tiles, each half as large again as its share, so that no face is cut in all of them. Tiles that would
		// show the picture enlarged more than twice find nothing new.
		tw, th := w/float64(n)*1.5, h/float64(n)*1.5
		if tw < float64(e.detector.Input.Width)/2 && th < float64(e.detector.Input.Height)/2 {
			break
		}
		var tiles []Affine
		for j := range n {
			for i := range n {
				x := (w - tw) * float64(i) / float64(n-1)
				y := (h - th) * float64(j) / float64(n-1)
				tiles = append(tiles, e.letterbox(x, y, tw, th, 1, 0))
			}
		}
		groups = append(groups, tiles)
	}
	return groups
}

// letterbox gives the map from canvas to picture that shows the rectangle whole and centred, shrunk by the factor
// margin, the picture turned by angle.
func (e *Engine) letterbox(x, y, w, h, margin, angle float64) Affine {
	cw, ch := float64(e.detector.Input.Width), float64(e.detector.Input.Height)
	k := max(w/cw, h/ch) * margin
	sin, cos := math.Sincos(angle * math.Pi / 180)
	cx, cy := x+w/2, y+h/2
	return Affine{
		k * cos, -k * sin, cx - k*(cos*cw/2-sin*ch/2),
		k * sin, k * cos, cy - k*(sin*cw/2+cos*ch/2),
	}
}

// look runs the detector on one view.
func (e *Engine) look(ctx context.Context, pic *picture, toSource Affine) ([]Detection, error) {
	var found []Detection
	err := e.detector.run(ctx, pic, toSource, func(outputs [][]float32) {
		scores, boxes := outputs[0], outputs[1]
		cw, ch := float64(e.detector.Input.Width), float64(e.detector.Input.Height)
		for i := range len(scores) / 2 {
			score := scores[2*i+1]
			if !(score >= e.detector.Output.Threshold) {
				continue
			}
			b := boxes[4*i : 4*i+4]
			x1, y1, x2, y2 := float64(b[0])*cw, float64(b[1])*ch, float64(b[2])*cw, float64(b[3])*ch
			if !(x2 > x1 && y2 > y1) {
				continue
			}
			k := toSource.scale()
			found = append(found, Detection{
				Centre: toSource.Apply(Point{(x1 + x2) / 2, (y1 + y2) / 2}),
				Width:  (x2 - x1) * k, Height: (y2 - y1) * k,
				Angle: toSource.angle(), Score: float64(score),
			})
		}
	})
	return suppress(found, float64(e.detector.Output.Overlap)), err
}

// suppress keeps of detections that overlap too much the one with the highest score (non-maximum suppression). Boxes
// are compared as if not turned.
func suppress(found []Detection, overlap float64) []Detection {
	slices.SortStableFunc(found, func(a, b Detection) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Detection
	for _, d := range found {
		if !slices.ContainsFunc(kept, func(k Detection) bool { return intersectionOverUnion(d, k) > overlap }) {
			kept = append(kept, d)
		}
	}
	return kept
}

func intersectionOverUnion(a, b Detection) float64 {
	w := min(a.Centre.X+a.Width/2, b.Centre.X+b.Width/2) - max(a.Centre.X-a.Width/2, b.Centre.X-b.Width/2)
	h := min(a.Centre.Y+a.Height/2, b.Centre.Y+b.Height/2) - max(a.Centre.Y-a.Height/2, b.Centre.Y-b.Height/2)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.Area() + b.Area() - w*h)
}
