package face

import "math"

// Point in pixels of the upright picture, x to the right, y down.
type Point struct{ X, Y float64 }

// Affine maps (x, y) to (A·x + B·y + C, D·x + E·y + F).
type Affine struct{ A, B, C, D, E, F float64 }

// Apply maps a point.
func (m Affine) Apply(p Point) Point {
	return Point{m.A*p.X + m.B*p.Y + m.C, m.D*p.X + m.E*p.Y + m.F}
}

// Then gives the map that applies m first and next afterwards.
func (m Affine) Then(next Affine) Affine {
	return Affine{
		next.A*m.A + next.B*m.D, next.A*m.B + next.B*m.E, next.A*m.C + next.B*m.F + next.C,
		next.D*m.A + next.E*m.D, next.D*m.B + next.E*m.E, next.D*m.C + next.E*m.F + next.F,
	}
}

// scale gives the factor by which m enlarges lengths (the root of that for areas).
func (m Affine) scale() float64 { return math.Sqrt(math.Abs(m.A*m.E - m.B*m.D)) }

// angle gives the direction in degrees, clockwise as seen, onto which m turns the x axis.
func (m Affine) angle() float64 { return math.Atan2(m.D, m.A) * 180 / math.Pi }

// square maps the square [0,n]² onto the square with the given centre and side, turned by angle degrees.
func square(n float64, centre Point, side, angle float64) Affine {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	k := side / n
	return Affine{
		k * cos, -k * sin, centre.X - side/2*(cos-sin),
		k * sin, k * cos, centre.Y - side/2*(sin+cos),
	}
}

// mirrored maps x to n − x first: the same region, seen in a mirror.
func (m Affine) mirrored(n float64) Affine {
	return Affine{-1, 0, n, 0, 1, 0}.Then(m)
}

// similarity gives the map of turning, scaling and shifting (no reflection) that brings from closest to to, in the
// sense of least squares (S. Umeyama, 1991, for two dimensions in closed form).
func similarity(from, to []Point) Affine {
	var cf, ct Point
	n := float64(len(from))
	for i := range from {
		cf.X += from[i].X / n
		cf.Y += from[i].Y / n
		ct.X += to[i].X / n
		ct.Y += to[i].Y / n
	}
	var dot, cross, norm float64
	for i := range from {
		fx, fy := from[i].X-cf.X, from[i].Y-cf.Y
		tx, ty := to[i].X-ct.X, to[i].Y-ct.Y
		dot += fx*tx + fy*ty
		cross += fx*ty - fy*tx
		norm += fx*fx + fy*fy
	}
	a, d := dot/norm, cross/norm
	return Affine{a, -d, ct.X - a*cf.X + d*cf.Y, d, a, ct.Y - d*cf.X - a*cf.Y}
}

func mean(points ...Point) Point {
	var m Point
	for _, p := range points {
		m.X += p.X / float64(len(points))
		m.Y += p.Y / float64(len(points))
	}
	return m
}

func distance(a, b Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }
