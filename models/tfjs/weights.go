package tfjs

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

const (
	// maxJSON bounds the bytes of a manifest or topology; the face mesh has 96 kB.
	maxJSON = 4 << 20
	// maxWeights bounds the bytes of the weights; dlib's network has 6.4 MB. Decoding may make four of one.
	maxWeights = 64 << 20
	// maxRank bounds the number of a weight's dimensions.
	maxRank = 6
)

// weight is a constant of the network in TensorFlow's layout. Exactly one of floats and ints is used.
type weight struct {
	shape  []int
	floats []float32
	ints   []int32
}

// weightGroup is an entry of a weights manifest: weights that lie one behind the other in a run of shards.
type weightGroup struct {
	Weights []weightEntry `json:"weights"`
}

type weightEntry struct {
	Name         string        `json:"name"`
	Shape        []int         `json:"shape"`
	DType        string        `json:"dtype"`
	Quantization *quantization `json:"quantization"`
}

// quantization says how floats are stored: as float16, or as uint8 or uint16 with value = Scale × stored + Min.
type quantization struct {
	DType string   `json:"dtype"`
	Scale *float64 `json:"scale"`
	Min   *float64 `json:"min"`
}

// decodeJSON reads one JSON value of bounded size. Keys that are not needed are skipped: the format has many.
func decodeJSON(data []byte, into any) error {
	if len(data) > maxJSON {
		return fmt.Errorf("the JSON has %d bytes, more than %d", len(data), maxJSON)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the JSON cannot be read: %w", err)
	}
	return nil
}

// readWeights decodes the weights of all groups. data holds the shards one behind the other, in the manifest's order,
// and must be used up exactly.
func readWeights(groups []weightGroup, data []byte) (map[string]weight, error) {
	if len(data) > maxWeights {
		return nil, fmt.Errorf("the weights have %d bytes, more than %d", len(data), maxWeights)
	}
	weights := map[string]weight{}
	for _, group := range groups {
		for _, entry := range group.Weights {
			if _, twice := weights[entry.Name]; twice {
				return nil, fmt.Errorf("weight %q is there twice", entry.Name)
			}
			w, size, err := entry.decode(data)
			if err != nil {
				return nil, fmt.Errorf("weight %q: %w", entry.Name, err)
			}
			weights[entry.Name] = w
			data = data[size:]
		}
	}
	if len(data) > 0 {
		return nil, fmt.Errorf("%d bytes of weights are left over", len(data))
	}
	return weights, nil
}

// decode reads the weight from the start of data and says how many bytes it took.
func (e weightEntry) decode(data []byte) (weight, int, error) {
	width, err := e.width()
	if err != nil {
		return weight{}, 0, err
	}
	count, err := e.count(len(data) / width)
	if err != nil {
		return weight{}, 0, err
	}
	size := count * width
	w := weight{shape: e.Shape}
	if e.DType == "int32" {
		w.ints = make([]int32, count)
		for i := range w.ints {
			w.ints[i] = int32(binary.LittleEndian.Uint32(data[4*i:]))
		}
		return w, size, nil
	}
	w.floats = make([]float32, count)
	for i := range w.floats {
		v := e.float(data, i)
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return weight{}, 0, errors.New("it holds a number that is not finite")
		}
		w.floats[i] = v
	}
	return w, size, nil
}

// width gives the bytes of one stored element, after checking that type and quantisation are understood.
func (e weightEntry) width() (int, error) {
	q := e.Quantization
	switch {
	case q == nil && (e.DType == "float32" || e.DType == "int32"):
		return 4, nil
	case q == nil || e.DType != "float32":
		return 0, fmt.Errorf("type %q is not supported", e.DType)
	case q.DType == "float16":
		return 2, nil
	case q.DType != "uint8" && q.DType != "uint16":
		return 0, fmt.Errorf("quantisation to %q is not supported", q.DType)
	case q.Scale == nil || q.Min == nil:
		return 0, errors.New("the quantisation lacks scale or min")
	case q.DType == "uint8":
		return 1, nil
	default:
		return 2, nil
	}
}

// count gives the number of elements, of which there can be no more than available.
func (e weightEntry) count(available int) (int, error) {
	if len(e.Shape) > maxRank {
		return 0, fmt.Errorf("it has %d dimensions, more than %d", len(e.Shape), maxRank)
	}
	count := 1
	for _, d := range e.Shape {
		if d < 1 {
			return 0, fmt.Errorf("shape %v has a dimension below 1", e.Shape)
		}
		if d > available/count {
			return 0, fmt.Errorf("shape %v asks for more bytes than there are", e.Shape)
		}
		count *= d
	}
	if count > available { // a scalar where no byte is left
		return 0, fmt.Errorf("shape %v asks for more bytes than there are", e.Shape)
	}
	return count, nil
}

// float gives element i of the stored data.
func (e weightEntry) float(data []byte, i int) float32 {
	q := e.Quantization
	switch {
	case q == nil:
		return math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	case q.DType == "float16":
		return float16(binary.LittleEndian.Uint16(data[2*i:]))
	case q.DType == "uint16":
		return q.float(float64(binary.LittleEndian.Uint16(data[2*i:])))
	default:
		return q.float(float64(data[i]))
	}
}

// float computes as TensorFlow.js does: in double precision, stored in single.
func (q *quantization) float(stored float64) float32 {
	return float32(float64(stored**q.Scale) + *q.Min) // the inner conversion keeps the two roundings apart
}

// float16 widens an IEEE 754 half; exact.
func float16(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits>>15)<<31, bits>>10&0x1f, bits&0x3ff
	switch exponent {
	case 0: // zero or subnormal: fraction × 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | uint32(fraction)<<13)
	default:
		return math.Float32frombits(sign | (uint32(exponent)+127-15)<<23 | uint32(fraction)<<13)
	}
}
