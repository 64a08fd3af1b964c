package liveness

import (
	"math"

	"truename/face"
)

// homography is a plane seen by a camera that has moved: x' = (h0·x + h1·y + h2) / (h6·x + h7·y + 1), y' likewise.
type homography [8]float64

// fitHomography gives the homography that brings from closest to to, in the sense of linear least squares (R. Hartley
// and A. Zisserman, "Multiple View Geometry", §4.1, the inhomogeneous form). Both sets must be about the origin and of
// about unit size. false says that the points do not determine one.
func fitHomography(from, to []face.Point) (homography, bool) {
	var n [8][9]float64
	add := func(row [8]float64, value float64) {
		for i := range row {
			for j := range row {
				n[i][j] += row[i] * row[j]
			}
			n[i][8] += row[i] * value
		}
	}
	for i, p := range from {
		q := to[i]
		add([8]float64{p.X, p.Y, 1, 0, 0, 0, -q.X * p.X, -q.X * p.Y}, q.X)
		add([8]float64{0, 0, 0, p.X, p.Y, 1, -q.Y * p.X, -q.Y * p.Y}, q.Y)
	}
	// Gauß–Jordan with pivots.
	for c := range 8 {
		pivot := c
		for r := c + 1; r < 8; r++ {
			if math.Abs(n[r][c]) > math.Abs(n[pivot][c]) {
				pivot = r
			}
		}
		if math.Abs(n[pivot][c]) < 1e-9 {
			return homography{}, false
		}
		n[c], n[pivot] = n[pivot], n[c]
		for r := range 8 {
			if r == c {
				continue
			}
			k := n[r][c] / n[c][c]
			for j := c; j < 9; j++ {
				n[r][j] -= k * n[c][j]
			}
		}
	}
	var h homography
	for i := range h {
		h[i] = n[i][8] / n[i][i]
	}
	return h, true
}

func (h homography) apply(p face.Point) face.Point {
	w := h[6]*p.X + h[7]*p.Y + 1
	return face.Point{X: (h[0]*p.X + h[1]*p.Y + h[2]) / w, Y: (h[3]*p.X + h[4]*p.Y + h[5]) / w}
}

// planeResidual is how far the points to are from what a flat thing with the points from can look like, from any side:
// the root of the mean squared distance after the best homography, in units of the points' mean distance from their
// centre. NaN where it cannot be said.
func planeResidual(from, to []face.Point) float64 {
	a, b := centred(from), centred(to)
	h, ok := fitHomography(a, b)
	if !ok {
		return math.NaN()
	}
	sum := 0.0
	for i, p := range a {
		q := h.apply(p)
		sum += (q.X-b[i].X)*(q.X-b[i].X) + (q.Y-b[i].Y)*(q.Y-b[i].Y)
	}
	return math.Sqrt(sum / float64(len(a)))
}

// centred moves points about the origin, their mean distance from it 1.
func centred(points []face.Point) []face.Point {
	var c face.Point
	for _, p := range points {
		c.X += p.X / float64(len(points))
		c.Y += p.Y / float64(len(points))
	}
	size := 0.0
	for _, p := range points {
		size += math.Hypot(p.X-c.X, p.Y-c.Y) / float64(len(points))
	}
	out := make([]face.Point, len(points))
	for i, p := range points {
		out[i] = face.Point{X: (p.X - c.X) / size, Y: (p.Y - c.Y) / size}
	}
	return out
}

// averaged gives the mean of several sets of the same points after each was turned, scaled and moved onto the first,
// about the origin and of unit size: the noise of single frames averages out, the shape stays.
func averaged(sets [][]face.Point) []face.Point {
	first := centred(sets[0])
	sum := append([]face.Point{}, first...)
	for _, set := range sets[1:] {
		for i, p := range laidOnto(first, centred(set)) {
			sum[i].X += p.X
			sum[i].Y += p.Y
		}
	}
	for i := range sum {
		sum[i].X /= float64(len(sets))
		sum[i].Y /= float64(len(sets))
	}
	return sum
}

// laidOnto turns and scales points about the origin so that they come closest to others.
func laidOnto(onto, points []face.Point) []face.Point {
	var dot, cross, norm float64
	for i, p := range points {
		dot += p.X*onto[i].X + p.Y*onto[i].Y
		cross += p.X*onto[i].Y - p.Y*onto[i].X
		norm += p.X*p.X + p.Y*p.Y
	}
	a, b := dot/norm, cross/norm
	out := make([]face.Point, len(points))
	for i, p := range points {
		out[i] = face.Point{X: a*p.X - b*p.Y, Y: b*p.X + a*p.Y}
	}
	return out
}

// similarityResidual is how far two sets of points differ in shape, turning and scaling aside, in the unit of
// [planeResidual].
func similarityResidual(from, to []face.Point) float64 {
	b := centred(to)
	sum := 0.0
	for i, p := range laidOnto(b, centred(from)) {
		sum += (p.X-b[i].X)*(p.X-b[i].X) + (p.Y-b[i].Y)*(p.Y-b[i].Y)
	}
	return math.Sqrt(sum / float64(len(b)))
}
