package face

import "context"

// Landmarks are 68 points in the iBUG order: 0–16 jaw, 17–26 brows, 27–35 nose, 36–47 eyes, 48–67 mouth. "Left" is
// the picture's left throughout.
type Landmarks [68]Point

// Five gives the points that alignment uses: left eye, right eye (the means of each eye's lid points), tip of the
// nose, left and right corner of the mouth.
func (l *Landmarks) Five() []Point {
	return []Point{
		mean(l[37], l[38], l[40], l[41]), mean(l[43], l[44], l[46], l[47]),
		l[30], mean(l[48], l[60]), mean(l[54], l[64]),
	}
}

// InterEyeDistance is the distance of the eyes' centres in pixels (ISO/IEC 29794-5, ICAO: from the midpoints of the
// eye corners).
func (l *Landmarks) InterEyeDistance() float64 {
	return distance(mean(l[36], l[39]), mean(l[42], l[45]))
}

// locate finds the landmarks in the square that toSource maps the network's input to.
func (e *Engine) locate(ctx context.Context, pic *picture, toSource Affine) (*Landmarks, error) {
	n := float64(e.landmarks.Input.Width)
	var l Landmarks
	err := e.landmarks.run(ctx, pic, toSource, func(outputs [][]float32) {
		for i := range l {
			l[i] = toSource.Apply(Point{float64(outputs[0][2*i]) * n, float64(outputs[0][2*i+1]) * n})
		}
	})
	return &l, err
}

// boxCrop gives the map from the network's input to the square around a detection.
func (n *network) boxCrop(d Detection) Affine {
	return square(float64(n.Input.Width), d.Centre, d.Height*n.Crop.Scale, d.Angle)
}
