package evaluation

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// simulated makes templates of people that differ by noise around a random direction each: people·images samples of the
// given dimension. The larger noise, the lower genuine scores.
func simulated(people, images, dimension int, noise float64, seed uint64) ([]Sample, Templates) {
	random := rand.New(rand.NewPCG(seed, 1))
	templates := Templates{}
	var samples []Sample
	for p := range people {
		centre := unit(random, make([]float64, dimension), 1)
		for i := range images {
			s := NewSample(fmt.Sprintf("Person_%04d", p), i+1)
			v := unit(random, centre, noise)
			template := make([]float32, dimension)
			for k := range v {
				template[k] = float32(v[k])
			}
			samples, templates[s] = append(samples, s), template
		}
	}
	return samples, templates
}

// unit adds Gaussian noise of the given length (on average) to a vector and scales it to length 1.
func unit(random *rand.Rand, centre []float64, noise float64) []float64 {
	v := make([]float64, len(centre))
	var norm float64
	for k := range v {
		v[k] = centre[k] + noise*random.NormFloat64()/math.Sqrt(float64(len(centre)))
		norm += v[k] * v[k]
	}
	for k := range v {
		v[k] /= math.Sqrt(norm)
	}
	return v
}
