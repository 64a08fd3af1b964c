package face

import (
	"math"

	"truename"
	"truename/capture"
	"truename/models"
)

// Measure is one component of sample quality, in the vocabulary of ISO/IEC 29794-5:2025, with the limits that were
// applied.
type Measure struct {
	// Name: inter_eye_distance, sharpness, under_exposure, over_exposure, illumination_uniformity, yaw, pitch, roll,
	// eyes_open, crop, compression.
	Name  string
	Value float64
	// Unit: "px", "deg", or "" for a ratio.
	Unit string
	// Limit: beyond it the sample is unusable. Advice: beyond it guidance is given, but the sample is used.
	Limit, Advice float64
	Status        Status
	// Reason names what is wrong, when Status is not good.
	Reason   truename.Code
	Guidance truename.Guidance
}

// Status of a measure.
type Status string

// The statuses: within the advice, beyond the advice, beyond the limit.
const (
	StatusGood     Status = "good"
	StatusPoor     Status = "poor"
	StatusUnusable Status = "unusable"
)

// bounds of a measure: beyond advice is poor, beyond limit unusable. high says whether high values are bad.
type bounds struct{ limit, advice float64 }

// limits are what a use demands of a sample. How they were found: docs/quality.md.
type limits struct {
	interEye, sharpness, under, over, uniformity, yaw, pitch, roll, eyes, crop, compression bounds
	// dominance below which several faces make the sample unusable.
	dominance float64
}

// limitsFor gives the limits of a use. A portrait has been through a printer, a camera and often a compressor, so it
// may be smaller and softer; a live photo can be taken again, so it must be alone, awake and larger.
func limitsFor(use truename.Use) limits {
	l := limits{
		interEye: bounds{20, 45}, sharpness: bounds{0.006, 0.03},
		under: bounds{0.8, 0.3}, over: bounds{0.6, 0.2}, uniformity: bounds{0, 0.3},
		yaw: bounds{45, 20}, pitch: bounds{40, 20}, roll: bounds{60, 15},
		eyes: bounds{0, 0.2}, crop: bounds{0.8, 0.97}, compression: bounds{5, 40},
		dominance: 0.5,
	}
	if use == truename.UseLive {
		l.interEye = bounds{24, 60}
		l.eyes = bounds{0.03, 0.3}
	}
	return l
}

// faceSide is the side, in pixels, of the aligned grey crop that light and sharpness are measured on.
const faceSide = 112

// measure takes all quality measures of a face.
func (e *Engine) measure(img *capture.Image, pic *picture, a *Analysis) []Measure {
	lim := limitsFor(a.Use)
	grey := make([]float32, faceSide*faceSide)
	pic.sample(grey, models.Input{Width: faceSide, Height: faceSide, Layout: "NCHW", Colour: models.ColourGrey,
		Mean: []float32{0}, Std: []float32{1}}, similarity(arcFace, a.Five), edge)
	under, over := exposure(grey)
	// The distance counts in pixels of the file, also when it was decoded at a reduced scale.
	reduction := 1.0
	if img.SourceWidth > img.Width {
		reduction = float64(img.SourceWidth) / float64(img.Width)
	}
	ms := []Measure{
		low("inter_eye_distance", a.Landmarks.InterEyeDistance()*reduction, "px", lim.interEye, truename.ReasonFaceTooSmall, closer(a.Use)),
		low("sharpness", sharpness(grey), "", lim.sharpness, truename.ReasonBlurred, truename.GuideHoldStill),
		high("under_exposure", under, "", lim.under, truename.ReasonUnderexposed, truename.GuideMoreLight),
		high("over_exposure", over, "", lim.over, truename.ReasonOverexposed, truename.GuideLessLight),
		low("illumination_uniformity", uniformity(grey), "", lim.uniformity, truename.ReasonUnevenLight, truename.GuideFaceTheLight),
		high("yaw", math.Abs(a.Pose.Yaw), "deg", lim.yaw, truename.ReasonTurnedAway, truename.GuideLookAhead),
		high("pitch", math.Abs(a.Pose.Pitch), "deg", lim.pitch, truename.ReasonTurnedAway, truename.GuideLookAhead),
		high("roll", math.Abs(a.Pose.Roll), "deg", lim.roll, truename.ReasonTurnedAway, truename.GuideHeadUpright),
		low("eyes_open", a.Eyes.openness(), "", lim.eyes, truename.ReasonEyesClosed, truename.GuideOpenEyes),
		low("crop", visible(a.Landmarks, img), "", lim.crop, truename.ReasonCropped, truename.GuideWholeFace),
	}
	if img.JPEGQuality > 0 {
		ms = append(ms, low("compression", float64(img.JPEGQuality), "", lim.compression, truename.ReasonCompressed, truename.GuideOriginalFile))
	}
	return ms
}

func closer(use truename.Use) truename.Guidance {
	if use == truename.UsePortrait {
		return truename.GuideBetterPortrait
	}
	return truename.GuideMoveCloser
}

// low makes a measure of which low values are bad, high one of which high values are.
func low(name string, value float64, unit string, b bounds, reason truename.Code, guide truename.Guidance) Measure {
	return judged(Measure{Name: name, Value: value, Unit: unit, Limit: b.limit, Advice: b.advice},
		value < b.limit, value < b.advice, reason, guide)
}

func high(name string, value float64, unit string, b bounds, reason truename.Code, guide truename.Guidance) Measure {
	return judged(Measure{Name: name, Value: value, Unit: unit, Limit: b.limit, Advice: b.advice},
		value > b.limit, value > b.advice, reason, guide)
}

func judged(m Measure, unusable, poor bool, reason truename.Code, guide truename.Guidance) Measure {
	m.Status = StatusGood
	if poor || unusable {
		m.Status, m.Reason, m.Guidance = StatusPoor, reason, guide
	}
	if unusable {
		m.Status = StatusUnusable
	}
	return m
}

// inFace says whether a pixel of the aligned crop lies in the ellipse that the face fills.
func inFace(x, y int) bool {
	dx, dy := (float64(x)-56)/34, (float64(y)-64)/46
	return dx*dx+dy*dy <= 1
}

// exposure gives the shares of the face's pixels with luma 0..25 and 247..255 (the bins of ISO/IEC 29794-5's under-
// and over-exposure prevention). Absolute darkness, not brightness, is judged: a dark skin in fair light has hardly
// any such pixels.
func exposure(grey []float32) (under, over float64) {
	var n float64
	for y := range faceSide {
		for x := range faceSide {
			if !inFace(x, y) {
				continue
			}
			n++
			switch v := grey[y*faceSide+x]; {
			case v <= 25:
				under++
			case v >= 247:
				over++
			}
		}
	}
	return under / n, over / n
}

// uniformity is the overlap of the luma histograms (8 bins) of the face's left and right half, 0..1: 1 when both are
// lit alike (after ISO/IEC 29794-5, illumination uniformity).
func uniformity(grey []float32) float64 {
	var left, right [8]float64
	var nl, nr float64
	for y := range faceSide {
		for x := range faceSide {
			if !inFace(x, y) {
				continue
			}
			bin := min(int(grey[y*faceSide+x])/32, 7)
			if x < faceSide/2 {
				left[bin]++
				nl++
			} else {
				right[bin]++
				nr++
			}
		}
	}
	var overlap float64
	for i := range left {
		overlap += min(left[i]/nl, right[i]/nr)
	}
	return overlap
}

// sharpness is the variance of the Laplacian of the face's luma over the variance of the luma: how much of the
// contrast is in the finest detail that the recogniser sees. Scale and light cancel out.
func sharpness(grey []float32) float64 {
	var n, sum, squares, lapSquares float64
	for y := 1; y < faceSide-1; y++ {
		for x := 1; x < faceSide-1; x++ {
			if !inFace(x, y) {
				continue
			}
			i := y*faceSide + x
			v := float64(grey[i])
			lap := 4*v - float64(grey[i-1]) - float64(grey[i+1]) - float64(grey[i-faceSide]) - float64(grey[i+faceSide])
			n++
			sum += v
			squares += v * v
			lapSquares += lap * lap
		}
	}
	variance := squares/n - (sum/n)*(sum/n)
	if variance < 1 {
		return 0
	}
	return lapSquares / n / variance
}

// visible is the share of the landmarks that lie inside the picture.
func visible(l *Landmarks, img *capture.Image) float64 {
	inside := 0
	for _, p := range l {
		if p.X >= 0 && p.Y >= 0 && p.X <= float64(img.Width) && p.Y <= float64(img.Height) {
			inside++
		}
	}
	return float64(inside) / float64(len(l))
}
