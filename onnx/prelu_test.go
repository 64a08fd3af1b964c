package onnx

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"truename/models"
)

// preluGraph makes a model y = PRelu(x, slope) for x of [1,3,4,4], a slope for each channel.
func preluGraph() []byte {
	varint := func(out []byte, number int, v uint64) []byte {
		out = append(out, byte(number<<3))
		for v >= 0x80 {
			out = append(out, byte(v)|0x80)
			v >>= 7
		}
		return append(out, byte(v))
	}
	tensor := func(name string, dims ...uint64) []byte {
		var shape []byte
		for _, d := range dims {
			shape = appendBytes(shape, 1, varint(nil, 1, d))
		}
		kind := varint(nil, 1, 1) // float
		kind = appendBytes(kind, 2, shape)
		return appendBytes(appendBytes(nil, 1, []byte(name)), 2, appendBytes(nil, 1, kind))
	}
	slope := varint(varint(varint(nil, 1, 3), 1, 1), 1, 1)
	slope = varint(slope, 2, 1)
	slope = appendBytes(slope, 8, []byte("slope"))
	var raw []byte
	for _, v := range []float32{0.25, 1.5, -0.5} {
		bits := math.Float32bits(v)
		raw = append(raw, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	}
	slope = appendBytes(slope, 9, raw)
	graph := appendBytes(nil, graphNode, makeNode("PRelu", "y", "x", "slope"))
	graph = appendBytes(graph, 2, []byte("g"))
	graph = appendBytes(graph, 5, slope)
	graph = appendBytes(graph, 11, tensor("x", 1, 3, 4, 4))
	graph = appendBytes(graph, 12, tensor("y", 1, 3, 4, 4))
	model := varint(nil, 1, 8)
	model = appendBytes(model, modelGraph, graph)
	return appendBytes(model, 8, varint(appendBytes(nil, 1, nil), 2, 17))
}

func TestReplacePReluKeepsTheFunction(t *testing.T) {
	original := preluGraph()
	replaced := replacePRelu(original)
	if bytes.Contains(replaced, []byte("PRelu")) || !bytes.Contains(original, []byte("PRelu")) {
		t.Fatal("PRelu was not replaced")
	}
	pack(t)
	model := &models.Model{ID: "prelu", Input: models.Input{Name: "x", Layout: "NCHW", Width: 4, Height: 4, Colour: models.ColourRGB},
		Output: models.Output{Names: []string{"y"}, Shapes: [][]int64{{1, 3, 4, 4}}}}
	session, err := Load(model, original, 1) // replaces on its way
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, 48)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	x[0], x[17], x[33] = 0, float32(math.Copysign(0, -1)), -1e-40
	slopes := []float32{0.25, 1.5, -0.5}
	err = session.Run(context.Background(), func(in []float32) { copy(in, x) }, func(out [][]float32) {
		for i, got := range out[0] {
			want := x[i]
			if x[i] < 0 {
				want = slopes[i/16] * x[i]
			}
			if got != want {
				t.Errorf("PRelu(%v) with slope %v = %v, want %v", x[i], slopes[i/16], got, want)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplacePReluLeavesTheRest(t *testing.T) {
	for _, data := range [][]byte{nil, {}, []byte("not a model"), {0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f}, {0x3a, 3, 0x0a, 9, 1}} {
		if got := replacePRelu(data); !bytes.Equal(got, data) {
			t.Errorf("%x became %x", data, got)
		}
	}
}

func FuzzReplacePRelu(f *testing.F) {
	f.Add(preluGraph())
	f.Add([]byte{0x3a, 3, 0x0a, 9, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := replacePRelu(data); len(got) > 16*len(data)+256 {
			t.Errorf("%d bytes became %d", len(data), len(got))
		}
	})
}
