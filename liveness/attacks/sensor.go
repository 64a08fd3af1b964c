package attacks

import (
	"bytes"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"truename/capture"
)

// Sensor adds what a camera's own noise adds: shot noise that grows with light, about noise levels of 255 in the
// middle, correlated between the channels in part; then a JPEG of the given quality. Its optics, its noise reduction and
// its video compression are not simulated.
func Sensor(img *capture.Image, noise float64, quality int, random *rand.Rand) []byte {
	out := img.Std()
	if noise > 0 {
		for i := 0; i < len(out.Pix); i += 4 {
			own := random.NormFloat64()
			for c := range 3 {
				v := float64(out.Pix[i+c])
				out.Pix[i+c] = level(v + noise*math.Sqrt(0.3+v/180)*(0.8*own+0.6*random.NormFloat64()))
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // a buffer takes everything and the size is a JPEG's
	}
	return b.Bytes()
}

// generator gives random numbers that are the same each time.
func generator(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x7275656e616d65)) }
