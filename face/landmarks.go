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

// mirror[i] is the point that takes i's place in a mirror image.
var mirror = [68]int{
	16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, // jaw
	26, 25, 24, 23, 22, 21, 20, 19, 18, 17, // brows
	27, 28, 29, 30, 35, 34, 33, 32, 31, // nose
	45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, // eyes
	54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, // outer mouth
	64, 63, 62, 61, 60, 67, 66, 65, // inner mouth
}

// locate finds the landmarks in the square that toSource maps the network's input to.
func (e *Engine) locate(ctx context.Context, pic *picture, toSource Affine, mirrored bool) (*Landmarks, error) {
	n := float64(e.landmarks.Input.Width)
	if mirrored {
		toSource = toSource.mirrored(n)
	}
	var l Landmarks
	err := e.landmarks.run(ctx, pic, toSource, func(outputs [][]float32) {
		for i := range l {
			to := i
			if mirrored {
				to = mirror[i]
			}
			l[to] = toSource.Apply(Point{float64(outputs[0][2*i]) * n, float64(outputs[0][2*i+1]) * n})
		}
	})
	return &l, err
}

// boxCrop gives the map from the network's input to the square around a detection.
func (n *network) boxCrop(d Detection) Affine {
	return square(float64(n.Input.Width), d.Centre, d.Height*n.Crop.Scale, d.Angle)
}
