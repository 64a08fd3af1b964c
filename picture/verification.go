package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"

	"truename"
	"truename/capture"
	"truename/verification"
)

const (
	panel  = 460 // width and height of each picture's place
	margin = 24
	crop   = 132 // side of an aligned crop as shown
	header = 44
	footer = 96
)

var (
	paper = color.RGBA{0xfb, 0xfa, 0xf7, 0xff}
	ink   = color.RGBA{0x1d, 0x23, 0x2b, 0xff}
	muted = color.RGBA{0x66, 0x6e, 0x78, 0xff}
	frame = color.RGBA{0xe3, 0xe0, 0xd8, 0xff}
	point = color.RGBA{0xff, 0xff, 0xff, 0xe6}

	// Each verdict has its colour, and words, as colour alone tells some people nothing.
	tints = map[truename.Outcome]color.RGBA{
		truename.OutcomeMatch:    {0x1b, 0x7a, 0x4b, 0xff},
		truename.OutcomeNoMatch:  {0xb4, 0x2b, 0x2b, 0xff},
		truename.OutcomeUnusable: {0x9a, 0x66, 0x00, 0xff},
	}
)

// Verification draws a result, 992 × 780 pixels.
func Verification(r *verification.Result, d *verification.Detail) (image.Image, error) {
	c, err := newCanvas(2*panel+3*margin, header+panel+margin+crop+footer+margin, paper)
	if err != nil {
		return nil, err
	}
	tint := tints[r.Outcome]
	for i, side := range []struct {
		title  string
		sample verification.Sample
	}{{"Portrait", r.Portrait}, {"Live", r.Live}} {
		left := margin + i*(panel+margin)
		if _, err := c.text(c.bold, 17, ink, left, header-16, side.title); err != nil {
			return nil, err
		}
		if _, err := c.text(c.regular, 14, muted, left+90, header-16, facts(side.sample)); err != nil {
			return nil, err
		}
		c.sample(image.Rect(left, header, left+panel, header+panel), d.Images[i], side.sample, tint)
		if err := c.aligned(left, header+panel+margin, d, i); err != nil {
			return nil, err
		}
	}
	return c, c.verdict(r, tint)
}

func facts(s verification.Sample) string {
	if s.Faces == 0 {
		return fmt.Sprintf("%d × %d, no face", s.Width, s.Height)
	}
	return fmt.Sprintf("%d × %d, faces: %d, yaw %+.0f°, pitch %+.0f°, roll %+.0f°", s.Width, s.Height, s.Faces, s.Pose.Yaw, s.Pose.Pitch, s.Pose.Roll)
}

// sample draws the picture, fitted into the place, with the face's box and landmarks.
func (c *canvas) sample(place image.Rectangle, img *capture.Image, s verification.Sample, tint color.Color) {
	draw.Draw(c.RGBA, place, image.NewUniform(frame), image.Point{}, draw.Src)
	k := math.Min(float64(place.Dx())/float64(img.Width), float64(place.Dy())/float64(img.Height))
	w, h := int(float64(img.Width)*k), int(float64(img.Height)*k)
	x0, y0 := place.Min.X+(place.Dx()-w)/2, place.Min.Y+(place.Dy()-h)/2
	draw.CatmullRom.Scale(c.RGBA, image.Rect(x0, y0, x0+w, y0+h), img.Std(), image.Rect(0, 0, img.Width, img.Height), draw.Src, nil)
	if s.Box == nil {
		return
	}
	// The sample counts in pixels of the file, of which the picture may have fewer.
	at := func(x, y float64) [2]float64 {
		return [2]float64{float64(x0) + x*float64(w)/float64(s.Width), float64(y0) + y*float64(h)/float64(s.Height)}
	}
	// A face at the edge has a box that reaches beyond the picture, but must not be drawn over what is beside it.
	inside := &canvas{RGBA: c.SubImage(place).(*image.RGBA)}
	corners := corners(*s.Box)
	for i := range corners {
		from, to := corners[i], corners[(i+1)%4]
		inside.line(tint, 3, at(from[0], from[1]), at(to[0], to[1]))
	}
	for _, p := range s.Landmarks {
		q := at(p[0], p[1])
		inside.dot(ink, q[0], q[1], 2.6)
		inside.dot(point, q[0], q[1], 1.7)
	}
}

// corners of a box turned about its centre.
func corners(b verification.Box) [4][2]float64 {
	sin, cos := math.Sincos(b.Angle * math.Pi / 180)
	cx, cy := b.X+b.Width/2, b.Y+b.Height/2
	var out [4][2]float64
	for i, d := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		x, y := d[0]*b.Width/2, d[1]*b.Height/2
		out[i] = [2]float64{cx + x*cos - y*sin, cy + x*sin + y*cos}
	}
	return out
}

// aligned draws the crop that the recogniser saw, and the measures beside it.
func (c *canvas) aligned(left, top int, d *verification.Detail, i int) error {
	analysis := d.Analyses[i]
	if analysis.Faces == 0 {
		return nil
	}
	chip := analysis.Aligned(d.Images[i], crop)
	draw.Draw(c.RGBA, image.Rect(left, top, left+crop, top+crop), chip.Std(), image.Point{}, draw.Src)
	shown := 0
	for _, m := range analysis.Quality {
		colour := color.Color(muted)
		if m.Status != "good" {
			colour = tints[truename.OutcomeUnusable]
		}
		x, y := left+crop+14+(shown/6)*172, top+14+(shown%6)*23
		value := fmt.Sprintf("%s %.3g %s", labels[m.Name], m.Value, m.Unit)
		if _, err := c.text(c.regular, 13, colour, x, y, value); err != nil {
			return err
		}
		shown++
	}
	return nil
}

// labels are short names of the measures.
var labels = map[string]string{
	"inter_eye_distance": "eye distance", "sharpness": "sharpness", "under_exposure": "dark share",
	"over_exposure": "bright share", "illumination_uniformity": "even light", "yaw": "yaw", "pitch": "pitch",
	"roll": "roll", "eyes_open": "eyes open", "crop": "visible", "compression": "JPEG quality",
}

// verdict writes the outcome in words.
func (c *canvas) verdict(r *verification.Result, tint color.Color) error {
	top := header + panel + margin + crop + margin
	draw.Draw(c.RGBA, image.Rect(0, top, c.Bounds().Dx(), c.Bounds().Dy()), image.NewUniform(tint), image.Point{}, draw.Src)
	head, detail := Words(r)
	if _, err := c.text(c.bold, 30, color.White, margin, top+44, head); err != nil {
		return err
	}
	_, err := c.text(c.regular, 16, color.White, margin, top+76, detail)
	return err
}

// Words says a result in one short and one longer sentence.
func Words(r *verification.Result) (head, detail string) {
	switch r.Outcome {
	case truename.OutcomeMatch:
		head = "Match: one person"
	case truename.OutcomeNoMatch:
		head = "No match: not shown to be one person"
	default:
		head = "Unusable: nothing was compared"
		for _, reason := range r.Reasons {
			detail += fmt.Sprintf("%s: %s ", reason.Sample, reason.Detail)
		}
		return head, detail
	}
	share := OneIn(*r.FMR)
	if r.FMRInterval[0] == 0 { // at the end of the calibration table only an upper bound is known
		share = "fewer than " + OneIn(r.FMRInterval[1])
	}
	return head, fmt.Sprintf("Score %.3f (threshold %.3f). Of impostors, %s would score as high; accepted is %s.",
		*r.Score, r.Threshold, share, OneIn(r.TargetFMR))
}

// OneIn says a rate as "1 in 10,000", or in percent where it is not small.
func OneIn(rate float64) string {
	if rate >= 0.1 {
		return fmt.Sprintf("%.0f %%", 100*rate)
	}
	n := 1 / rate
	// Two significant digits, as the table supports no more.
	step := math.Pow(10, math.Floor(math.Log10(n))-1)
	s := fmt.Sprintf("%.0f", math.Round(n/step)*step)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return "1 in " + s
}
