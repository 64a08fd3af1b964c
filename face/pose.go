package face

import (
	"context"
	"math"
)

// Pose of the head in degrees. Negative yaw: the nose points to the picture's right. Negative pitch: down. Roll:
// clockwise as seen, from the line of the eyes.
type Pose struct{ Yaw, Pitch, Roll float64 }

// headPose estimates yaw and pitch by the pose network, roll by the eyes. Without a pose network both are estimated
// from where the nose lies between eyes and mouth, which is coarse (about ±10°).
func (e *Engine) headPose(ctx context.Context, pic *picture, d Detection, l *Landmarks) (Pose, error) {
	five := l.Five()
	roll := math.Atan2(five[1].Y-five[0].Y, five[1].X-five[0].X) * 180 / math.Pi
	if e.pose == nil {
		yaw, pitch := noseAngles(five, roll)
		return Pose{yaw, pitch, roll}, nil
	}
	pose := Pose{Roll: roll}
	// The box is turned upright first, so that a tilted head's yaw and pitch are its own.
	d.Angle = roll
	err := e.pose.run(ctx, pic, e.pose.boxCrop(d), func(outputs [][]float32) {
		pose.Yaw, pose.Pitch = expectedAngle(outputs[0]), expectedAngle(outputs[1])
	})
	return pose, err
}

// expectedAngle reads 66 logits as bins of 3° from −99°: the mean angle under their softmax (N. Ruiz, E. Chong,
// J. M. Rehg, "Fine-Grained Head Pose Estimation Without Keypoints", 2018).
func expectedAngle(logits []float32) float64 {
	peak := logits[0]
	for _, x := range logits {
		peak = max(peak, x)
	}
	var sum, angle float64
	for i, x := range logits {
		w := math.Exp(float64(x - peak))
		sum += w
		angle += w * float64(i)
	}
	return angle/sum*3 - 99
}

// noseAngles reads yaw and pitch off the tip of the nose, in a frame turned upright. On a frontal face it lies midway
// between the eyes and 0.6 of the way from their line to the mouth's, and stands out by about half their distance.
func noseAngles(five []Point, roll float64) (yaw, pitch float64) {
	eyes, mouth := mean(five[0], five[1]), mean(five[3], five[4])
	sin, cos := math.Sincos(-roll * math.Pi / 180)
	turn := func(p Point) Point {
		x, y := p.X-eyes.X, p.Y-eyes.Y
		return Point{x*cos - y*sin, x*sin + y*cos}
	}
	nose, lips := turn(five[2]), turn(mouth)
	reach := 0.5 * distance(five[0], five[1])
	clamp := func(x float64) float64 { return math.Asin(max(-1, min(1, x))) * 180 / math.Pi }
	return -clamp((nose.X - lips.X*0.6) / reach), -clamp((nose.Y - lips.Y*0.6) / reach)
}
