package face

import (
	"context"
	"math"
)

// meshPoints is the number of points of the face mesh.
const meshPoints = 468

// The mesh's points that alignment uses, by index: corners of the eyes, tip of the nose, corners of the mouth.
const (
	meshLeftEyeOuter, meshLeftEyeInner   = 33, 133
	meshRightEyeInner, meshRightEyeOuter = 362, 263
	meshNoseTip                          = 4
	meshMouthLeft, meshMouthRight        = 61, 291
)

// align finds the five points that a template is aligned by: the left eye, the right eye, the tip of the nose, the
// corners of the mouth. With a mesh network they are the mesh's, which are more exact than the 68 landmarks: fast
// takes one look, accurate averages three (one from the landmarks' crop, one from the first mesh's, one of that
// mirrored). faceness is the mesh's own confidence, 0..1, that it sees a face; 1 without a mesh.
func (e *Engine) align(ctx context.Context, pic *picture, l *Landmarks) (five []Point, faceness float64, err error) {
	if e.mesh == nil {
		return l.Five(), 1, nil
	}
	crop := e.meshCrop(l[:], l.Five(), 1.6, 0.1)
	five, faceness, outline, err := e.meshFive(ctx, pic, crop, false)
	if err != nil || e.effort == EffortFast {
		return five, faceness, err
	}
	looks := [][]Point{five}
	crop = e.meshCrop(outline, five, e.mesh.Crop.Scale, 0)
	for _, mirrored := range []bool{false, true} {
		five, flag, _, err := e.meshFive(ctx, pic, crop, mirrored)
		if err != nil {
			return nil, 0, err
		}
		looks = append(looks, five)
		faceness = min(faceness, flag)
	}
	average := make([]Point, len(five))
	for i := range average {
		average[i] = mean(looks[0][i], looks[1][i], looks[2][i])
	}
	return average, faceness, nil
}

// meshCrop gives the square around the points' bounding box, scale times its longer side, turned with the line of the
// eyes and moved up by lift of that side: the 68 landmarks lack the forehead, the mesh does not.
func (e *Engine) meshCrop(points, five []Point, scale, lift float64) Affine {
	low, high := points[0], points[0]
	for _, p := range points {
		low = Point{min(low.X, p.X), min(low.Y, p.Y)}
		high = Point{max(high.X, p.X), max(high.Y, p.Y)}
	}
	side := max(high.X-low.X, high.Y-low.Y)
	roll := math.Atan2(five[1].Y-five[0].Y, five[1].X-five[0].X)
	centre := mean(low, high)
	centre.X += lift * side * math.Sin(roll)
	centre.Y -= lift * side * math.Cos(roll)
	return square(float64(e.mesh.Input.Width), centre, scale*side, roll*180/math.Pi)
}

// meshFive runs the mesh on a crop. It gives the five points, the face flag and all points, in picture coordinates.
func (e *Engine) meshFive(ctx context.Context, pic *picture, crop Affine, mirrored bool) (five []Point, flag float64, all []Point, err error) {
	if mirrored {
		crop = crop.mirrored(float64(e.mesh.Input.Width))
	}
	all = make([]Point, meshPoints)
	err = e.mesh.run(ctx, pic, crop, func(outputs [][]float32) {
		for i := range all {
			all[i] = crop.Apply(Point{float64(outputs[0][3*i]), float64(outputs[0][3*i+1])})
		}
		flag = float64(outputs[1][0])
	})
	five = []Point{
		mean(all[meshLeftEyeOuter], all[meshLeftEyeInner]), mean(all[meshRightEyeInner], all[meshRightEyeOuter]),
		all[meshNoseTip], all[meshMouthLeft], all[meshMouthRight],
	}
	if mirrored {
		five = []Point{five[1], five[0], five[2], five[4], five[3]}
	}
	return five, flag, all, err
}
