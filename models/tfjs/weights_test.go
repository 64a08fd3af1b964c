package tfjs

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadWeights(t *testing.T) {
	tests := map[string]struct {
		manifest string
		data     []byte
		want     weight
	}{
		"float32": {
			`[{"weights":[{"name":"a","shape":[2],"dtype":"float32"}]}]`,
			[]byte{0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0},
			weight{shape: []int{2}, floats: []float32{1, -2.5}},
		},
		"int32": {
			`[{"weights":[{"name":"a","shape":[1,2],"dtype":"int32"}]}]`,
			[]byte{1, 2, 0, 0, 0xff, 0xff, 0xff, 0xff},
			weight{shape: []int{1, 2}, ints: []int32{513, -1}},
		},
		"uint8": {
			`[{"weights":[{"name":"a","shape":[3],"dtype":"float32","quantization":{"dtype":"uint8","scale":0.5,"min":-10}}]}]`,
			[]byte{0, 1, 255},
			weight{shape: []int{3}, floats: []float32{-10, -9.5, 117.5}},
		},
		"uint16": {
			`[{"weights":[{"name":"a","shape":[2],"dtype":"float32","quantization":{"dtype":"uint16","scale":2,"min":1}}]}]`,
			[]byte{1, 1, 0xff, 0xff},
			weight{shape: []int{2}, floats: []float32{515, 131071}},
		},
		"float16: one, negative, largest, smallest normal, smallest subnormal, negative zero": {
			`[{"weights":[{"name":"a","shape":[6],"dtype":"float32","quantization":{"dtype":"float16","original_dtype":"float32"}}]}]`,
			[]byte{0, 0x3c, 0, 0xc1, 0xff, 0x7b, 0, 4, 1, 0, 0, 0x80},
			weight{shape: []int{6}, floats: []float32{1, -2.5, 65504, 0x1p-14, 0x1p-24, float32(math.Copysign(0, -1))}},
		},
		"scalar": {
			`[{"weights":[{"name":"a","shape":[],"dtype":"int32"}]}]`,
			[]byte{7, 0, 0, 0},
			weight{shape: []int{}, ints: []int32{7}},
		},
		"second group continues where the first ends": {
			`[{"weights":[{"name":"b","shape":[1],"dtype":"int32"}]},{"weights":[{"name":"a","shape":[1],"dtype":"int32"}]}]`,
			[]byte{1, 0, 0, 0, 2, 0, 0, 0},
			weight{shape: []int{1}, ints: []int32{2}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readJSONWeights(tt.manifest, tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got["a"], cmp.AllowUnexported(weight{})); diff != "" {
				t.Errorf("weight (-want +got):\n%s", diff)
			}
			for i, v := range got["a"].floats {
				if math.Signbit(float64(v)) != math.Signbit(float64(tt.want.floats[i])) {
					t.Errorf("element %d is %v: wrong sign of zero", i, v)
				}
			}
		})
	}
}

func TestReadWeightsRefuses(t *testing.T) {
	one := func(entry string) string { return `[{"weights":[` + entry + `]}]` }
	tests := map[string]struct {
		manifest string
		data     []byte
		want     string
	}{
		"not JSON":               {`[{`, nil, "cannot be read"},
		"shape is text":          {one(`{"name":"a","shape":"2","dtype":"int32"}`), nil, "cannot be read"},
		"too few bytes":          {one(`{"name":"a","shape":[2],"dtype":"int32"}`), make([]byte, 7), "more bytes than there are"},
		"scalar without bytes":   {one(`{"name":"a","shape":[],"dtype":"int32"}`), nil, "more bytes than there are"},
		"bytes left over":        {one(`{"name":"a","shape":[1],"dtype":"int32"}`), make([]byte, 5), "1 bytes of weights are left over"},
		"product overflows":      {one(`{"name":"a","shape":[4294967296,4294967296],"dtype":"int32"}`), make([]byte, 8), "more bytes than there are"},
		"zero dimension":         {one(`{"name":"a","shape":[0],"dtype":"int32"}`), nil, "below 1"},
		"negative dimensions":    {one(`{"name":"a","shape":[-1,-2],"dtype":"int32"}`), make([]byte, 8), "below 1"},
		"too many dimensions":    {one(`{"name":"a","shape":[1,1,1,1,1,1,1],"dtype":"int32"}`), make([]byte, 4), "dimensions"},
		"twice":                  {one(`{"name":"a","shape":[1],"dtype":"int32"},{"name":"a","shape":[1],"dtype":"int32"}`), make([]byte, 8), "twice"},
		"unknown type":           {one(`{"name":"a","shape":[1],"dtype":"complex64"}`), make([]byte, 8), `"complex64" is not supported`},
		"unknown quantisation":   {one(`{"name":"a","shape":[1],"dtype":"float32","quantization":{"dtype":"uint4"}}`), make([]byte, 8), `"uint4" is not supported`},
		"quantised integers":     {one(`{"name":"a","shape":[1],"dtype":"int32","quantization":{"dtype":"uint8","scale":1,"min":0}}`), make([]byte, 1), "not supported"},
		"scale missing":          {one(`{"name":"a","shape":[1],"dtype":"float32","quantization":{"dtype":"uint8","min":0}}`), make([]byte, 1), "lacks scale or min"},
		"scale out of range":     {one(`{"name":"a","shape":[1],"dtype":"float32","quantization":{"dtype":"uint8","scale":1e300,"min":0}}`), []byte{255}, "not finite"},
		"float32 not a number":   {one(`{"name":"a","shape":[1],"dtype":"float32"}`), []byte{1, 0, 0xc0, 0x7f}, "not finite"},
		"float16 infinity":       {one(`{"name":"a","shape":[1],"dtype":"float32","quantization":{"dtype":"float16"}}`), []byte{0, 0x7c}, "not finite"},
		"JSON beyond the limit":  {`[` + strings.Repeat(" ", maxJSON) + `]`, nil, "more than"},
		"bytes beyond the limit": {`[]`, make([]byte, maxWeights+1), "more than"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readJSONWeights(tt.manifest, tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one with %q", err, tt.want)
			}
		})
	}
}

// FuzzReadWeights: whatever is given, no panic, and no more numbers than bytes.
func FuzzReadWeights(f *testing.F) {
	f.Add([]byte(`[{"weights":[{"name":"a","shape":[1,2],"dtype":"float32"},{"name":"b","shape":[],"dtype":"int32"}]}]`), make([]byte, 12))
	f.Add([]byte(`[{"weights":[{"name":"a","shape":[2],"dtype":"float32","quantization":{"dtype":"uint8","scale":0.5,"min":-1}}]}]`), []byte{1, 2})
	f.Add([]byte(`[{"weights":[{"name":"a","shape":[1],"dtype":"float32","quantization":{"dtype":"float16"}}]}]`), []byte{1, 2})
	f.Fuzz(func(t *testing.T, manifest, data []byte) {
		weights, err := readJSONWeights(string(manifest), data)
		if err != nil {
			return
		}
		numbers := 0
		for _, w := range weights {
			numbers += len(w.floats) + len(w.ints)
		}
		if numbers > len(data) {
			t.Errorf("%d numbers out of %d bytes", numbers, len(data))
		}
	})
}

func readJSONWeights(manifest string, data []byte) (map[string]weight, error) {
	var groups []weightGroup
	if err := decodeJSON(json.RawMessage(manifest), &groups); err != nil {
		return nil, err
	}
	return readWeights(groups, data)
}
