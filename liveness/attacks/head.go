package attacks

import (
	"math"

	"truename/capture"
	"truename/face"
)

// View is how a head or a flat picture is shown to the simulated camera.
type View struct {
	// Yaw and Pitch in degrees as package face gives them: negative yaw is the person's left, negative pitch down.
	Yaw, Pitch float64
	// Roll in degrees, clockwise as seen.
	Roll float64
	// Closer is the factor by which the distance to the camera shrinks; 1 is as photographed.
	Closer float64
	// X and Y shift the thing, in pixels.
	X, Y float64
}

// Head is a picture of a person with a surface: the depth of the face mesh, continued backwards around the face. It can
// be turned a little: what the picture does not show (the far side of the nose, the ears) is stretched, the background is
// pulled along near the head, and light does not change with the turn.
type Head struct {
	img  *capture.Image
	grid grid
	// centre of the turning in the picture, its depth behind the face, and the distance of the camera, all in pixels.
	x, y, pivot, camera float64
	// turn up or down happens about a lower point.
	neck float64
}

// grid is a regular net of vertices over a picture: each with its depth (away from the camera is positive) and how far
// it belongs to what moves, 0..1.
type grid struct {
	step          float64
	columns, rows int
	depth, share  []float64
}

// meshOval are mesh points around the face, in order; the outline that depth and movement fade out from.
var meshOval = []int{10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109}

// Model makes a head of a picture in which package face has seen a mesh.
func Model(img *capture.Image, o *face.Observation) *Head {
	eyes := o.Landmarks.InterEyeDistance()
	left, right := o.Mesh[234], o.Mesh[454]
	h := &Head{img: img, x: (left.X + right.X) / 2, y: (o.Mesh[10].Y + o.Mesh[152].Y) / 2}
	// Depth counts from the plane of the eyes.
	zero := (o.Depth[33] + o.Depth[263]) / 2
	h.camera = 6.5 * eyes // 41 cm, with 63 mm between the eyes
	h.pivot = 1.3 * eyes
	h.neck = 0.8 * eyes
	step := math.Max(3, eyes/10)
	h.grid = newGrid(img, step)
	for i := range h.grid.depth {
		x, y := h.grid.at(i)
		nearest, at := math.Inf(1), 0
		for j, p := range o.Mesh {
			if d2 := (p.X-x)*(p.X-x) + (p.Y-y)*(p.Y-y); d2 < nearest {
				nearest, at = d2, j
			}
		}
		out := 0.0
		if !inside(o.Mesh, x, y) {
			out = math.Sqrt(nearest) / eyes
		}
		// Around the face the head curves back; hair and ears go with it, the rest of the picture does not.
		h.grid.share[i] = 1 - smooth((out-0.35)/1.1)
		if h.grid.share[i] == 0 {
			continue
		}
		sum, weight := 1e-3*(o.Depth[at]-zero), 1e-3
		const width = 0.04
		for j, p := range o.Mesh {
			d2 := ((p.X-x)*(p.X-x) + (p.Y-y)*(p.Y-y)) / (2 * width * eyes * eyes)
			if d2 > 6 {
				continue
			}
			w := math.Exp(-d2)
			sum += w * (o.Depth[j] - zero)
			weight += w
		}
		h.grid.depth[i] = sum/weight + eyes*math.Min(0.6, 0.9*out)
	}
	return h
}

// wearing gives the head with another picture of the same size on its surface.
func (h *Head) wearing(img *capture.Image) *Head {
	other := *h
	other.img = img
	return &other
}

// Show renders the head as seen in a view, into a picture as large as its own.
func (h *Head) Show(v View) *capture.Image {
	return h.grid.render(h.img, h.img.Width, h.img.Height, func(i int) (x, y, z float64) {
		gx, gy := h.grid.at(i)
		x, y, z = h.project(gx, gy, h.grid.depth[i], v)
		s := h.grid.share[i]
		return gx + s*(x-gx), gy + s*(y-gy), z + (1-s)*4*h.pivot
	})
}

// project moves a point of the head, given by where the picture shows it and its depth.
func (h *Head) project(px, py, depth float64, v View) (x, y, z float64) {
	scale := (h.camera + depth) / h.camera
	x, y, z = (px-h.x)*scale, (py-h.y)*scale, depth
	x, y, z = turned(x, y-h.neck, z-h.pivot, v)
	y, z = y+h.neck, z+h.pivot
	z -= h.camera * (1 - 1/v.Closer)
	scale = h.camera / (h.camera + z)
	return h.x + v.X + x*scale, h.y + v.Y + y*scale, z
}

// turned turns a point about the origin: first up or down, then sideways, then in the plane. Depth grows away from the
// camera; a negative yaw moves what is near to the right.
func turned(x, y, z float64, v View) (float64, float64, float64) {
	sin, cos := math.Sincos(v.Pitch * math.Pi / 180)
	y, z = y*cos+z*sin, -y*sin+z*cos
	sin, cos = math.Sincos(v.Yaw * math.Pi / 180)
	x, z = x*cos+z*sin, -x*sin+z*cos
	sin, cos = math.Sincos(v.Roll * math.Pi / 180)
	return x*cos - y*sin, x*sin + y*cos, z
}

func newGrid(img *capture.Image, step float64) grid {
	g := grid{step: step, columns: int(math.Ceil(float64(img.Width)/step)) + 1, rows: int(math.Ceil(float64(img.Height)/step)) + 1}
	g.depth, g.share = make([]float64, g.columns*g.rows), make([]float64, g.columns*g.rows)
	return g
}

// at gives a vertex's place in the picture.
func (g *grid) at(i int) (x, y float64) {
	return float64(i%g.columns) * g.step, float64(i/g.columns) * g.step
}

// inside says whether a point lies within the face's outline.
func inside(mesh []face.Point, x, y float64) bool {
	in := false
	for i, j := 0, len(meshOval)-1; i < len(meshOval); j, i = i, i+1 {
		a, b := mesh[meshOval[i]], mesh[meshOval[j]]
		if (a.Y > y) != (b.Y > y) && x < (b.X-a.X)*(y-a.Y)/(b.Y-a.Y)+a.X {
			in = !in
		}
	}
	return in
}

// smooth goes from 0 to 1 as x does, with level ends.
func smooth(x float64) float64 {
	x = math.Max(0, math.Min(1, x))
	return x * x * (3 - 2*x)
}
