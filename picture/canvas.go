package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// canvas is an image with anti-aliased lines, dots and text.
type canvas struct {
	*image.RGBA
	regular, bold *opentype.Font
}

func newCanvas(width, height int, background color.Color) (*canvas, error) {
	c := &canvas{RGBA: image.NewRGBA(image.Rect(0, 0, width, height))}
	draw.Draw(c.RGBA, c.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)
	var err error
	if c.regular, err = opentype.Parse(goregular.TTF); err != nil {
		return nil, err
	}
	c.bold, err = opentype.Parse(gobold.TTF)
	return c, err
}

// polygon fills a closed polygon. Only the rectangle around it is worked on: a drawing has hundreds of small ones.
func (c *canvas) polygon(fill color.Color, points ...[2]float64) {
	lo, hi := points[0], points[0]
	for _, p := range points {
		lo = [2]float64{min(lo[0], p[0]), min(lo[1], p[1])}
		hi = [2]float64{max(hi[0], p[0]), max(hi[1], p[1])}
	}
	place := image.Rect(int(math.Floor(lo[0])), int(math.Floor(lo[1])), int(math.Ceil(hi[0])), int(math.Ceil(hi[1]))).Intersect(c.Bounds())
	if place.Empty() {
		return
	}
	r := vector.NewRasterizer(place.Dx(), place.Dy())
	for i, p := range points {
		x, y := float32(p[0]-float64(place.Min.X)), float32(p[1]-float64(place.Min.Y))
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(c.RGBA, place, image.NewUniform(fill), image.Point{})
}

// line draws a stroke of the given width.
func (c *canvas) line(colour color.Color, width float64, from, to [2]float64) {
	dx, dy := to[0]-from[0], to[1]-from[1]
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	nx, ny := -dy/length*width/2, dx/length*width/2
	c.polygon(colour, [2]float64{from[0] + nx, from[1] + ny}, [2]float64{to[0] + nx, to[1] + ny},
		[2]float64{to[0] - nx, to[1] - ny}, [2]float64{from[0] - nx, from[1] - ny})
}

// dot draws a disc.
func (c *canvas) dot(colour color.Color, x, y, radius float64) {
	points := make([][2]float64, 16)
	for i := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(points)))
		points[i] = [2]float64{x + radius*cos, y + radius*sin}
	}
	c.polygon(colour, points...)
}

// text writes a line with its baseline at y and gives its width.
func (c *canvas) text(f *opentype.Font, size float64, colour color.Color, x, y int, line string) (int, error) {
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return 0, err
	}
	defer face.Close()
	d := font.Drawer{Dst: c.RGBA, Src: image.NewUniform(colour), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(line)
	return d.Dot.X.Round() - x, nil
}
