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
		// Normal numbers from a table, begun anew at a drawn place in each row: the same numbers, never the same rows.
		var table [1 << 12]float64
		for i := range table {
			table[i] = noise * random.NormFloat64()
		}
		var strength [256]float64
		for v := range strength {
			strength[v] = math.Sqrt(0.3 + float64(v)/180)
		}
		for y := range img.Height {
			row := out.Pix[y*out.Stride:][:4*img.Width]
			at := random.IntN(len(table))
			step := 1 + 2*random.IntN(64)
			for i := 0; i < len(row); i += 4 {
				own := table[at&(len(table)-1)]
				for c := range 3 {
					at += step
					v := row[i+c]
					row[i+c] = level(float64(v) + strength[v]*(0.8*own+0.6*table[at&(len(table)-1)]))
				}
				at += step
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
