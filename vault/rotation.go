package vault

import (
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"
)

// rounds of permutation, sign flips and Hadamard transform. After one, a vector with few large components is still
// recognisable in its pattern; after three, every component depends on every other in a way the seed decides.
const rounds = 3

// rotation is an orthogonal map of R^size, made from a seed; size is a power of two.
type rotation struct {
	size        int
	permutation [rounds][]uint16
	negative    [rounds][]uint64 // a bit per component
}

// newRotation expands a seed with ChaCha8 (C2SP chacha8rand). The way it draws is part of what is stored and fixed here: not
// that of the standard library's shuffle, which may change.
func newRotation(seed [32]byte, size int) *rotation {
	source := rand.NewChaCha8(seed)
	r := &rotation{size: size}
	for i := range rounds {
		p := make([]uint16, size)
		for j := range p {
			p[j] = uint16(j)
		}
		for j := size - 1; j > 0; j-- {
			k := below(source, uint64(j+1))
			p[j], p[k] = p[k], p[j]
		}
		r.permutation[i] = p
		r.negative[i] = make([]uint64, (size+63)/64)
		for j := range r.negative[i] {
			r.negative[i][j] = source.Uint64()
		}
	}
	return r
}

// below draws a number under n without bias, by rejection.
func below(source *rand.ChaCha8, n uint64) uint64 {
	mask := uint64(1)<<bits.Len64(n-1) - 1
	for {
		if x := source.Uint64() & mask; x < n {
			return x
		}
	}
}

// apply turns v, of length size, in place.
func (r *rotation) apply(v []float64) {
	t := make([]float64, r.size)
	defer clear(t)
	for i := range rounds {
		for j, from := range r.permutation[i] {
			t[j] = r.sign(i, j) * v[from]
		}
		copy(v, t)
		hadamard(v)
	}
}

// undo is the inverse of apply.
func (r *rotation) undo(v []float64) {
	t := make([]float64, r.size)
	defer clear(t)
	for i := rounds - 1; i >= 0; i-- {
		hadamard(v) // its own inverse
		for j, to := range r.permutation[i] {
			t[to] = r.sign(i, j) * v[j]
		}
		copy(v, t)
	}
}

// sign of component j in round i, without a branch on a secret.
func (r *rotation) sign(i, j int) float64 {
	bit := r.negative[i][j/64] >> (j % 64) & 1
	return 1 - 2*float64(bit)
}

// hadamard is the fast Walsh-Hadamard transform, scaled to be orthogonal.
func hadamard(v []float64) {
	for h := 1; h < len(v); h *= 2 {
		for i := 0; i < len(v); i += 2 * h {
			a, b := v[i:i+h], v[i+h:i+2*h]
			for j, x := range a {
				y := b[j]
				a[j], b[j] = x+y, x-y
			}
		}
	}
	k := 1 / math.Sqrt(float64(len(v)))
	for i := range v {
		v[i] *= k
	}
}

// padded gives the power of two that holds n components.
func padded(n int) int { return 1 << bits.Len(uint(n-1)) }

// spread checks a template and gives it with unit length, padded with zeros. The length is set anew, in double precision:
// what rounding has left of it would be the same under every rotation, and so link templates. False: not a template.
func spread(template []float32) ([]float64, bool) {
	if len(template) < 1 || len(template) > maxDimension {
		return nil, false
	}
	v := make([]float64, padded(len(template)))
	var sum float64
	for i, x := range template {
		v[i] = float64(x)
		sum += v[i] * v[i]
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return nil, false
	}
	k := 1 / math.Sqrt(sum)
	for i := range v {
		v[i] *= k
	}
	return v, true
}

// toFloat32 rounds.
func toFloat32(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

func appendFloats(b []byte, v []float64) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
	}
	return b
}
