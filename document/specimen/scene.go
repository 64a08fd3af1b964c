package specimen

import (
	"math"
	"math/rand/v2"
)

// Scene is how a card is photographed.
type Scene struct {
	// Width and Height of the photo in pixels.
	Width, Height int
	// Turn in the picture's plane, and Pitch and Yaw away from it, degrees.
	Turn, Pitch, Yaw float64
	// Fill is the share of the photo's width or height, whichever binds, that the card takes up.
	Fill float64
	// ShiftX and ShiftY move the card off the middle, in shares of the room that is left (−1..1).
	ShiftX, ShiftY float64
	// Light is the mean brightness (1: as printed), Gradient its change across the photo (share), from GradientAngle.
	Light, Gradient, GradientAngle float64
	// Warmth scales red up and blue down (share).
	Warmth float64
	// Glare is the brightness (0..255) added at the middle of a reflection, at a place on the card (shares of its width
	// and height), of so many millimetres.
	Glare, GlareX, GlareY, GlareMM float64
	// Blur is the standard deviation of defocus in pixels; Motion the length of a smear in pixels along MotionAngle.
	Blur, Motion, MotionAngle float64
	// Noise is the standard deviation of sensor noise in a mid grey, of 255.
	Noise float64
	// Quality of the JPEG (1..100).
	Quality int
	// Ground says what the card lies on (0..4), in colours and grain by its seed.
	Ground     int
	GroundSeed uint64
	// Screen shows the card on a display of so many pixels across, photographed: 0 is the card itself.
	Screen int
	// Grey prints the card as a black-and-white copy first.
	Grey bool
}

// HandHeld gives a scene as a customer with a phone makes them: mostly level, moderately tilted, indoor light, now and
// then a reflection, a shake, a dim room. Reflections brighten what they lie on without erasing it.
func HandHeld(rng *rand.Rand) Scene {
	between := func(a, b float64) float64 { return a + (b-a)*rng.Float64() }
	s := Scene{
		Width: 1600, Height: 1200,
		Turn: rng.NormFloat64() * 5, Pitch: between(-16, 16), Yaw: between(-16, 16),
		Fill: between(0.68, 0.93), ShiftX: between(-0.8, 0.8), ShiftY: between(-0.8, 0.8),
		Light: between(0.55, 0.96), Gradient: between(0, 0.4), GradientAngle: between(0, 360),
		Warmth: between(-0.06, 0.12),
		Blur:   between(0.3, 1.1), Noise: between(1.5, 6), Quality: 60 + rng.IntN(36),
		Ground: rng.IntN(5), GroundSeed: rng.Uint64(),
	}
	size := pick(rng, [][2]int{{1600, 1200}, {1920, 1080}, {2016, 1512}, {1440, 1080}})
	s.Width, s.Height = size[0], size[1]
	if rng.IntN(5) == 0 { // the phone upright, the card across
		s.Width, s.Height = s.Height, s.Width
		s.Fill = between(0.85, 0.96)
	}
	if rng.IntN(10) == 0 { // the card upside down or upright
		s.Turn += pick(rng, []float64{180, 90, -90})
		if math.Abs(math.Abs(s.Turn)-90) < 40 && s.Width > s.Height {
			s.Fill = between(0.88, 0.97)
		}
	}
	if rng.IntN(4) == 0 {
		s.Glare, s.GlareMM = between(25, 75), between(6, 16)
		s.GlareX, s.GlareY = between(0.1, 0.9), between(0.1, 0.9)
	}
	if rng.IntN(4) == 0 {
		s.Motion, s.MotionAngle = between(1, 2.6), between(0, 180)
	}
	return s
}
