package attacks

import (
	"math"

	"truename/capture"
)

type vertex struct{ x, y, z float64 }

// render draws the picture's net of triangles, each vertex moved to where place says, the nearest surface in front. What
// no triangle covers stays as in the picture, or black outside of it.
func (g *grid) render(src *capture.Image, width, height int, place func(i int) (x, y, z float64)) *capture.Image {
	out := &capture.Image{Width: width, Height: height, SourceWidth: width, SourceHeight: height, Pix: make([]byte, 3*width*height)}
	if width == src.Width && height == src.Height {
		copy(out.Pix, src.Pix)
	}
	g.draw(out, src, place, nil)
	return out
}

// draw draws onto out; see render. opaque, when not nil, says which pixels of the source are there at all.
func (g *grid) draw(out, src *capture.Image, place func(i int) (x, y, z float64), opaque func(x, y float64) bool) {
	depth := make([]float32, out.Width*out.Height)
	for i := range depth {
		depth[i] = math.MaxFloat32
	}
	moved := make([]vertex, len(g.depth))
	for i := range moved {
		moved[i].x, moved[i].y, moved[i].z = place(i)
	}
	for r := range g.rows - 1 {
		for c := range g.columns - 1 {
			i := r*g.columns + c
			for _, t := range [2][3]int{{i, i + 1, i + g.columns}, {i + 1, i + g.columns + 1, i + g.columns}} {
				g.triangle(out, src, depth, moved, t, opaque)
			}
		}
	}
}

func (g *grid) triangle(out, src *capture.Image, depth []float32, moved []vertex, t [3]int, opaque func(x, y float64) bool) {
	a, b, c := moved[t[0]], moved[t[1]], moved[t[2]]
	area := (b.x-a.x)*(c.y-a.y) - (b.y-a.y)*(c.x-a.x)
	if math.Abs(area) < 1e-9 {
		return
	}
	ax, ay := g.at(t[0])
	bx, by := g.at(t[1])
	cx, cy := g.at(t[2])
	x0 := max(0, int(math.Ceil(min(a.x, b.x, c.x)-0.5)))
	x1 := min(out.Width-1, int(math.Floor(max(a.x, b.x, c.x)-0.5)))
	y0 := max(0, int(math.Ceil(min(a.y, b.y, c.y)-0.5)))
	y1 := min(out.Height-1, int(math.Floor(max(a.y, b.y, c.y)-0.5)))
	const slack = -1e-9
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			px, py := float64(x)+0.5, float64(y)+0.5
			wb := ((px-a.x)*(c.y-a.y) - (py-a.y)*(c.x-a.x)) / area
			wc := ((b.x-a.x)*(py-a.y) - (b.y-a.y)*(px-a.x)) / area
			wa := 1 - wb - wc
			if wa < slack || wb < slack || wc < slack {
				continue
			}
			z := float32(wa*a.z + wb*b.z + wc*c.z)
			at := y*out.Width + x
			if z >= depth[at] {
				continue
			}
			sx, sy := wa*ax+wb*bx+wc*cx, wa*ay+wb*by+wc*cy
			if opaque != nil && !opaque(sx, sy) {
				continue
			}
			depth[at] = z
			red, green, blue := pixel(src, sx, sy)
			out.Pix[3*at], out.Pix[3*at+1], out.Pix[3*at+2] = level(red), level(green), level(blue)
		}
	}
}

// pixel interpolates at a place, coordinates counting from the corner of the first pixel; outside, the border repeats.
func pixel(m *capture.Image, x, y float64) (red, green, blue float64) {
	x, y = math.Max(0, math.Min(float64(m.Width-1), x-0.5)), math.Max(0, math.Min(float64(m.Height-1), y-0.5))
	x0, y0 := int(x), int(y)
	right, below := 3, 3*m.Width
	if x0 == m.Width-1 {
		right = 0
	}
	if y0 == m.Height-1 {
		below = 0
	}
	fx, fy := x-float64(x0), y-float64(y0)
	at := 3 * (y0*m.Width + x0)
	a, b, c, d := m.Pix[at:at+3], m.Pix[at+right:at+right+3], m.Pix[at+below:at+below+3], m.Pix[at+right+below:at+right+below+3]
	wa, wb, wc, wd := (1-fx)*(1-fy), fx*(1-fy), (1-fx)*fy, fx*fy
	return wa*float64(a[0]) + wb*float64(b[0]) + wc*float64(c[0]) + wd*float64(d[0]),
		wa*float64(a[1]) + wb*float64(b[1]) + wc*float64(c[1]) + wd*float64(d[1]),
		wa*float64(a[2]) + wb*float64(b[2]) + wc*float64(c[2]) + wd*float64(d[2])
}

func level(v float64) byte { return byte(math.Max(0, math.Min(255, v+0.5))) }

func blank(width, height int) *capture.Image {
	return &capture.Image{Width: width, Height: height, SourceWidth: width, SourceHeight: height, Pix: make([]byte, 3*width*height)}
}

// resized draws a picture anew in another size; averaged where it shrinks.
func resized(m *capture.Image, width, height int) *capture.Image {
	out := blank(width, height)
	kx, ky := float64(m.Width)/float64(width), float64(m.Height)/float64(height)
	n := max(1, int(math.Ceil(math.Max(kx, ky))))
	for y := range height {
		for x := range width {
			var r, g, b float64
			for j := range n {
				for i := range n {
					dr, dg, db := pixel(m, (float64(x)+(float64(i)+0.5)/float64(n))*kx, (float64(y)+(float64(j)+0.5)/float64(n))*ky)
					r, g, b = r+dr, g+dg, b+db
				}
			}
			k := float64(n * n)
			p := out.Pix[3*(y*width+x):]
			p[0], p[1], p[2] = level(r/k), level(g/k), level(b/k)
		}
	}
	return out
}

// cropped gives a part of a picture; beyond its borders they repeat.
func cropped(m *capture.Image, x, y, width, height int) *capture.Image {
	out := blank(width, height)
	for j := range height {
		sy := max(0, min(m.Height-1, y+j))
		for i := range width {
			sx := max(0, min(m.Width-1, x+i))
			copy(out.Pix[3*(j*width+i):][:3], m.Pix[3*(sy*m.Width+sx):])
		}
	}
	return out
}
