package visual

import "math"

// Point in pixels of the upright picture or in millimetres of the document, x to the right, y down.
type Point struct{ X, Y float64 }

func (p Point) minus(q Point) Point       { return Point{p.X - q.X, p.Y - q.Y} }
func (p Point) plus(q Point) Point        { return Point{p.X + q.X, p.Y + q.Y} }
func (p Point) times(k float64) Point     { return Point{p.X * k, p.Y * k} }
func (p Point) length() float64           { return math.Hypot(p.X, p.Y) }
func cross(a, b Point) float64            { return a.X*b.Y - a.Y*b.X }
func between(a, b Point, t float64) Point { return a.plus(b.minus(a).times(t)) }

// Quad is a quadrilateral: top left, top right, bottom right, bottom left, as the document's own reader sees it.
type Quad [4]Point

// area in square units, positive when the corners run clockwise as seen.
func (q Quad) area() float64 {
	var sum float64
	for i := range q {
		sum += cross(q[i], q[(i+1)%4])
	}
	return sum / 2
}

// convex says whether all corners turn the same way, clockwise.
func (q Quad) convex() bool {
	for i := range q {
		if cross(q[(i+1)%4].minus(q[i]), q[(i+2)%4].minus(q[(i+1)%4])) <= 0 {
			return false
		}
	}
	return true
}

// sides gives the mean lengths of top and bottom, and of left and right.
func (q Quad) sides() (width, height float64) {
	return (q[1].minus(q[0]).length() + q[2].minus(q[3]).length()) / 2, (q[3].minus(q[0]).length() + q[2].minus(q[1]).length()) / 2
}

// turned gives the quad read a half turn around.
func (q Quad) turned() Quad { return Quad{q[2], q[3], q[0], q[1]} }

// Rect is an upright rectangle: x, y of its top left corner, width, height.
type Rect struct{ X, Y, W, H float64 }

func (r Rect) quad() Quad {
	return Quad{{r.X, r.Y}, {r.X + r.W, r.Y}, {r.X + r.W, r.Y + r.H}, {r.X, r.Y + r.H}}
}

func (r Rect) centre() Point { return Point{r.X + r.W/2, r.Y + r.H/2} }

func (r Rect) contains(p Point) bool {
	return p.X >= r.X && p.Y >= r.Y && p.X < r.X+r.W && p.Y < r.Y+r.H
}

// clip gives the part of r inside s; its width or height is zero or negative when there is none.
func (r Rect) clip(s Rect) Rect {
	x, y := max(r.X, s.X), max(r.Y, s.Y)
	return Rect{x, y, min(r.X+r.W, s.X+s.W) - x, min(r.Y+r.H, s.Y+s.H) - y}
}

// join gives the smallest rectangle around both.
func (r Rect) join(s Rect) Rect {
	x, y := min(r.X, s.X), min(r.Y, s.Y)
	return Rect{x, y, max(r.X+r.W, s.X+s.W) - x, max(r.Y+r.H, s.Y+s.H) - y}
}

// grown gives r with a margin on each side.
func (r Rect) grown(dx, dy float64) Rect { return Rect{r.X - dx, r.Y - dy, r.W + 2*dx, r.H + 2*dy} }

// bounds of points.
func bounds(points []Point) Rect {
	lo, hi := points[0], points[0]
	for _, p := range points[1:] {
		lo, hi = Point{min(lo.X, p.X), min(lo.Y, p.Y)}, Point{max(hi.X, p.X), max(hi.Y, p.Y)}
	}
	return Rect{lo.X, lo.Y, hi.X - lo.X, hi.Y - lo.Y}
}

// homography is a projective map of the plane, row by row.
type homography [9]float64

// apply maps a point.
func (m homography) apply(p Point) Point {
	w := m[6]*p.X + m[7]*p.Y + m[8]
	return Point{(m[0]*p.X + m[1]*p.Y + m[2]) / w, (m[3]*p.X + m[4]*p.Y + m[5]) / w}
}

func (m homography) quad(q Quad) (out Quad) {
	for i, p := range q {
		out[i] = m.apply(p)
	}
	return out
}

// then gives the map that applies m first and next afterwards.
func (m homography) then(next homography) (out homography) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				out[3*i+j] += next[3*i+k] * m[3*k+j]
			}
		}
	}
	return out
}

// inverse gives the map back; ok is false where there is none.
func (m homography) inverse() (out homography, ok bool) {
	out = homography{
		m[4]*m[8] - m[5]*m[7], m[2]*m[7] - m[1]*m[8], m[1]*m[5] - m[2]*m[4],
		m[5]*m[6] - m[3]*m[8], m[0]*m[8] - m[2]*m[6], m[2]*m[3] - m[0]*m[5],
		m[3]*m[7] - m[4]*m[6], m[1]*m[6] - m[0]*m[7], m[0]*m[4] - m[1]*m[3],
	}
	det := m[0]*out[0] + m[1]*out[3] + m[2]*out[6]
	if math.Abs(det) < 1e-15 || math.IsNaN(det) {
		return out, false
	}
	for i := range out {
		out[i] /= det
	}
	return out, true
}

// scaleAt gives by how much lengths grow around a point (the root of that for areas).
func (m homography) scaleAt(p Point) float64 {
	o, a, b := m.apply(p), m.apply(Point{p.X + 0.5, p.Y}), m.apply(Point{p.X, p.Y + 0.5})
	return 2 * math.Sqrt(math.Abs(cross(a.minus(o), b.minus(o))))
}

// pair is a point of one plane and its place in another, with the weight it has in a fit.
type pair struct {
	from, to Point
	weight   float64
}

// rectToQuad maps a rectangle onto a quad.
func rectToQuad(r Rect, q Quad) (homography, bool) {
	var pairs []pair
	for i, p := range r.quad() {
		pairs = append(pairs, pair{p, q[i], 1})
	}
	return fitHomography(pairs)
}

// fitHomography gives the projective map closest to four or more pairs, in the algebraic sense.
func fitHomography(pairs []pair) (m homography, ok bool) {
	var a [8][9]float64
	for _, p := range pairs {
		x, y, u, v := p.from.X, p.from.Y, p.to.X, p.to.Y
		addEquation(a[:], []float64{x, y, 1, 0, 0, 0, -u * x, -u * y, u}, p.weight)
		addEquation(a[:], []float64{0, 0, 0, x, y, 1, -v * x, -v * y, v}, p.weight)
	}
	rows := make([][]float64, 8)
	for i := range a {
		rows[i] = a[i][:]
	}
	solution, ok := solve(rows)
	copy(m[:], solution)
	m[8] = 1
	return m, ok
}

// addEquation adds one equation to normal equations of 8 unknowns.
func addEquation(a [][9]float64, e []float64, weight float64) {
	for i := range a {
		for j := range e {
			a[i][j] += weight * e[i] * e[j]
		}
	}
}

// fitAffine gives the affine map closest to three or more pairs, in the sense of least squares.
func fitAffine(pairs []pair) (m homography, ok bool) {
	rows := [2][][]float64{}
	for k := range rows {
		rows[k] = make([][]float64, 3)
		for i := range rows[k] {
			rows[k][i] = make([]float64, 4)
		}
	}
	for _, p := range pairs {
		for k, target := range []float64{p.to.X, p.to.Y} {
			e := []float64{p.from.X, p.from.Y, 1, target}
			for i := range 3 {
				for j := range 4 {
					rows[k][i][j] += p.weight * e[i] * e[j]
				}
			}
		}
	}
	m[8] = 1
	for k := range rows {
		s, fine := solve(rows[k])
		if !fine {
			return m, false
		}
		copy(m[3*k:], s)
	}
	return m, true
}

// fitSimilarity gives the map of turning, scaling and shifting that brings two points onto two others.
func fitSimilarity(a, b pair) (m homography, ok bool) {
	f, t := b.from.minus(a.from), b.to.minus(a.to)
	n := f.X*f.X + f.Y*f.Y
	if n < 1e-9 {
		return m, false
	}
	c, s := (f.X*t.X+f.Y*t.Y)/n, cross(f, t)/n
	return homography{c, -s, a.to.X - c*a.from.X + s*a.from.Y, s, c, a.to.Y - s*a.from.X - c*a.from.Y, 0, 0, 1}, true
}

// solve gives the solution of linear equations, one row each with its right side last, by elimination with pivots.
func solve(a [][]float64) ([]float64, bool) {
	n := len(a)
	for i := range n {
		best := i
		for j := i; j < n; j++ {
			if math.Abs(a[j][i]) > math.Abs(a[best][i]) {
				best = j
			}
		}
		a[i], a[best] = a[best], a[i]
		if !(math.Abs(a[i][i]) > 1e-12) {
			return make([]float64, n), false
		}
		for j := range n {
			if j == i {
				continue
			}
			f := a[j][i] / a[i][i]
			for k := i; k <= n; k++ {
				a[j][k] -= f * a[i][k]
			}
		}
	}
	x := make([]float64, n)
	for i := range n {
		x[i] = a[i][n] / a[i][i]
		if math.IsNaN(x[i]) || math.IsInf(x[i], 0) {
			return x, false
		}
	}
	return x, true
}
