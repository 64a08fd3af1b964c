package tfjs_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"truename"
	"truename/models/tfjs"
)

// testNode is a node of a small graph model; every attribute of a kind has the same form.
type testNode struct {
	Name  string         `json:"name"`
	Op    string         `json:"op"`
	Input []string       `json:"input,omitempty"`
	Attr  map[string]any `json:"attr,omitempty"`
}

type testWeight struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	DType string `json:"dtype"`
	data  []byte
}

func text(s string) map[string]any {
	return map[string]any{"s": base64.StdEncoding.EncodeToString([]byte(s))}
}

func texts(list ...string) map[string]any {
	var encoded []string
	for _, s := range list {
		encoded = append(encoded, base64.StdEncoding.EncodeToString([]byte(s)))
	}
	return map[string]any{"list": map[string]any{"s": encoded}}
}

func ints(list ...string) map[string]any { return map[string]any{"list": map[string]any{"i": list}} }

func placeholder(height, width, channels int) testNode {
	dim := func(n int) map[string]any { return map[string]any{"size": n} }
	return testNode{"x", "Placeholder", nil, map[string]any{
		"shape": map[string]any{"shape": map[string]any{"dim": []any{map[string]any{"size": "-1"}, dim(height), dim(width), dim(channels)}}}}}
}

func windowed(padding, stride string, more ...any) map[string]any {
	attr := map[string]any{"padding": text(padding), "data_format": text("NHWC"), "strides": ints("1", stride, stride, "1"),
		"dilations": ints("1", "1", "1", "1")}
	for i := 0; i < len(more); i += 2 {
		attr[more[i].(string)] = more[i+1]
	}
	return attr
}

func floats(name string, shape []int, values ...float32) testWeight {
	w := testWeight{Name: name, Shape: shape, DType: "float32"}
	for _, v := range values {
		w.data = binary.LittleEndian.AppendUint32(w.data, math.Float32bits(v))
	}
	return w
}

func integers(name string, shape []int, values ...int32) testWeight {
	w := testWeight{Name: name, Shape: shape, DType: "int32"}
	for _, v := range values {
		w.data = binary.LittleEndian.AppendUint32(w.data, uint32(v))
	}
	return w
}

// testModel puts a graph model together whose output "out" is the value of the last node.
func testModel(t testing.TB, nodes []testNode, weights ...testWeight) (modelJSON, data []byte) {
	t.Helper()
	last := nodes[len(nodes)-1].Name
	for _, w := range weights {
		nodes = append(nodes, testNode{Name: w.Name, Op: "Const"})
		data = append(data, w.data...)
	}
	modelJSON, err := json.Marshal(map[string]any{
		"format": "graph-model",
		"signature": map[string]any{
			"inputs":  map[string]any{"in": map[string]any{"name": "x:0"}},
			"outputs": map[string]any{"out": map[string]any{"name": last + ":0"}},
		},
		"modelTopology":   map[string]any{"node": nodes},
		"weightsManifest": []any{map[string]any{"weights": weights}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return modelJSON, data
}

func TestGraphModelRefuses(t *testing.T) {
	flat := integers("flat", []int{2}, -1, 4)
	reshaped := testNode{"y", "Reshape", []string{"x", "flat"}, nil}
	conv := func(attr map[string]any) []testNode {
		return []testNode{placeholder(2, 2, 1), {"c", "DepthwiseConv2dNative", []string{"x", "w"}, attr}, {"y", "Reshape", []string{"c", "flat"}, nil}}
	}
	kernel := floats("w", []int{1, 1, 1, 1}, 1)
	tests := map[string]struct {
		nodes   []testNode
		weights []testWeight
		outputs []string
		want    string
	}{
		"unknown operator":       {[]testNode{placeholder(2, 2, 1), {"y", "Softmax", []string{"x"}, nil}}, nil, nil, `operator "Softmax" is not supported`},
		"names the node":         {[]testNode{placeholder(2, 2, 1), {"y", "Softmax", []string{"x"}, nil}}, nil, nil, `node "y"`},
		"unknown output":         {[]testNode{placeholder(2, 2, 1), reshaped}, []testWeight{flat}, []string{"mesh"}, `no output "mesh"`},
		"output is a picture":    {[]testNode{placeholder(2, 2, 1)}, nil, nil, "is a picture"},
		"missing node":           {[]testNode{placeholder(2, 2, 1), {"y", "Sigmoid", []string{"z"}, nil}}, nil, nil, `node "z" is missing`},
		"cycle":                  {[]testNode{placeholder(2, 2, 1), {"a", "Sigmoid", []string{"y"}, nil}, {"y", "Sigmoid", []string{"a"}, nil}}, nil, nil, "depends on itself"},
		"node twice":             {[]testNode{placeholder(2, 2, 1), placeholder(2, 2, 1)}, nil, nil, "twice"},
		"second output":          {[]testNode{placeholder(2, 2, 1), {"y", "Sigmoid", []string{"x:1"}, nil}}, nil, nil, `"x:1" is not supported`},
		"control input":          {[]testNode{placeholder(2, 2, 1), {"y", "Sigmoid", []string{"^x"}, nil}}, nil, nil, `"^x" is not supported`},
		"wrong number of inputs": {[]testNode{placeholder(2, 2, 1), {"y", "Sigmoid", []string{"x", "x"}, nil}}, nil, nil, "has 2 inputs, not 1"},
		"constant in the middle": {[]testNode{placeholder(2, 2, 1), {"y", "Sigmoid", []string{"flat"}, nil}}, []testWeight{flat}, nil, `operator "Const" is not supported`},
		"shape does not fit":     {[]testNode{placeholder(2, 2, 2), {"y", "Reshape", []string{"x", "flat"}, nil}}, []testWeight{integers("flat", []int{2}, 3, -1)}, nil, "cannot be reshaped"},
		"two open dimensions":    {[]testNode{placeholder(2, 2, 1), reshaped}, []testWeight{integers("flat", []int{2}, -1, -1)}, nil, "cannot be reshaped"},
		"reshape to a picture":   {[]testNode{placeholder(2, 2, 1), reshaped}, []testWeight{integers("flat", []int{4}, 1, 1, 4, 1)}, nil, "is not supported"},
		"picture out of range":   {[]testNode{placeholder(4097, 2, 1), reshaped}, []testWeight{flat}, nil, "out of range"},
		"input out of range":     {[]testNode{placeholder(4096, 4096, 4096), reshaped}, []testWeight{flat}, nil, "out of range"},
		"dilation":               {conv(windowed("SAME", "1", "dilations", ints("1", "2", "2", "1"))), []testWeight{kernel, flat}, nil, "dilations"},
		"layout":                 {conv(windowed("SAME", "1", "data_format", text("NCHW"))), []testWeight{kernel, flat}, nil, `data_format "NCHW"`},
		"explicit padding":       {conv(windowed("EXPLICIT", "1")), []testWeight{kernel, flat}, nil, `padding "EXPLICIT"`},
		"stride of zero":         {conv(windowed("SAME", "0")), []testWeight{kernel, flat}, nil, "strides"},
		"stride that overflows":  {conv(windowed("SAME", "99999999999")), []testWeight{kernel, flat}, nil, "cannot be read"},
		"kernel too large":       {conv(windowed("VALID", "1")), []testWeight{floats("w", []int{3, 1, 1, 1}, 1, 2, 3), flat}, nil, "larger than the picture"},
		"kernel for 2 channels":  {conv(windowed("SAME", "1")), []testWeight{floats("w", []int{1, 1, 2, 1}, 1, 2), flat}, nil, "do not fit"},
		"weight missing":         {conv(windowed("SAME", "1")), []testWeight{flat}, nil, `"w" is not a constant`},
		"unknown fusion": {[]testNode{placeholder(2, 2, 1), {"y", "_FusedConv2D", []string{"x", "w", "b"}, windowed("SAME", "1", "fused_ops", texts("BiasAdd", "Elu"))}},
			nil, nil, `"Elu"`},
		"negative padding": {[]testNode{placeholder(2, 2, 1), {"p", "Pad", []string{"x", "pads"}, nil}, {"y", "Reshape", []string{"p", "flat"}, nil}},
			[]testWeight{flat, integers("pads", []int{4, 2}, 0, 0, 0, 0, 0, 0, 0, -1)}, nil, "paddings"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			modelJSON, data := testModel(t, tt.nodes, tt.weights...)
			_, err := tfjs.GraphModel(modelJSON, data, tt.outputs...)
			var e *truename.Error
			if !errors.As(err, &e) || e.Code != truename.CodeModelPack || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s with %q", err, truename.CodeModelPack, tt.want)
			}
		})
	}
}

// FuzzGraphModel: whatever is given, no panic; what converts does so the same way twice, and its size is bounded.
func FuzzGraphModel(f *testing.F) {
	for _, tt := range operatorTests {
		modelJSON, data := testModel(f, tt.nodes, tt.weights...)
		f.Add(modelJSON, data)
	}
	f.Fuzz(func(t *testing.T, modelJSON, data []byte) {
		first, err := tfjs.GraphModel(modelJSON, data)
		if err != nil {
			return
		}
		if limit := 64*len(modelJSON) + 64*len(data); len(first) > limit {
			t.Errorf("%d bytes out of %d and %d", len(first), len(modelJSON), len(data))
		}
		if again, err := tfjs.GraphModel(modelJSON, data); err != nil || !bytes.Equal(first, again) {
			t.Errorf("a second conversion differs: %v", err)
		}
	})
}

// FuzzDlib: whatever is given, no panic, and nothing but the whole network converts.
func FuzzDlib(f *testing.F) {
	f.Add([]byte(`[{"weights":[{"name":"fc","shape":[1],"dtype":"float32"}]}]`), make([]byte, 4))
	f.Add([]byte(`[]`), []byte{})
	f.Fuzz(func(t *testing.T, manifest, data []byte) {
		if _, err := tfjs.Dlib(manifest, data); err == nil && len(data) < 1e6 {
			t.Errorf("%d bytes of weights made a network", len(data))
		}
	})
}
