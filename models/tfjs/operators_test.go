package tfjs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"truename/models/tfjs"
)

// operatorTests are graphs small enough to compute by hand. Input and wanted output are in TensorFlow's order: row by
// row, pixel by pixel, channel by channel.
var operatorTests = map[string]struct {
	height, width, channels int
	nodes                   []testNode
	weights                 []testWeight
	input, want             []float32
}{
	"reshape keeps TensorFlow's order": {2, 2, 3,
		[]testNode{placeholder(2, 2, 3), {"y", "Reshape", []string{"x", "flat"}, nil}},
		[]testWeight{integers("flat", []int{2}, -1, 12)},
		[]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	// Of the one row and column of zeros that SAME asks for, none goes before: 54.5 = 1+2+3+5+6+7+9+10+11 + ½.
	"convolution, SAME with stride 2": {4, 4, 1,
		[]testNode{placeholder(4, 4, 1),
			{"c", "_FusedConv2D", []string{"x", "w", "b"}, windowed("SAME", "2", "fused_ops", texts("BiasAdd"))},
			{"y", "Reshape", []string{"c", "flat"}, nil}},
		[]testWeight{floats("w", []int{3, 3, 1, 1}, 1, 1, 1, 1, 1, 1, 1, 1, 1), floats("b", []int{1}, 0.5), integers("flat", []int{2}, 1, -1)},
		[]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, []float32{54.5, 45.5, 72.5, 54.5}},
	"convolution, VALID, one kernel column": {2, 2, 1,
		[]testNode{placeholder(2, 2, 1),
			{"c", "_FusedConv2D", []string{"x", "w", "b"}, windowed("VALID", "1", "fused_ops", texts("BiasAdd"))},
			{"y", "Reshape", []string{"c", "flat"}, nil}},
		[]testWeight{floats("w", []int{2, 1, 1, 1}, 1, 10), floats("b", []int{1}, 0), integers("flat", []int{2}, 1, -1)},
		[]float32{1, 2, 3, 4}, []float32{31, 42}},
	"convolution mixes channels, PRelu": {1, 2, 3,
		[]testNode{placeholder(1, 2, 3),
			{"c", "_FusedConv2D", []string{"x", "w", "b", "a"}, windowed("SAME", "1", "fused_ops", texts("BiasAdd", "Prelu"))},
			{"y", "Reshape", []string{"c", "flat"}, nil}},
		[]testWeight{floats("w", []int{1, 1, 3, 2}, 1, -1, 0, 2, 5, 0), floats("b", []int{2}, 0, 1), floats("a", []int{1, 1, 2}, 0.5, 0.25),
			integers("flat", []int{2}, -1, 4)},
		[]float32{1, 2, 0, 3, -4, 1}, []float32{1, 4, 8, -2.5}},
	"depthwise, two for each channel": {1, 2, 3,
		[]testNode{placeholder(1, 2, 3),
			{"c", "DepthwiseConv2dNative", []string{"x", "w"}, windowed("SAME", "1")},
			{"y", "Reshape", []string{"c", "flat"}, nil}},
		[]testWeight{floats("w", []int{1, 1, 3, 2}, 1, 10, 2, 20, 3, 30), integers("flat", []int{2}, -1, 12)},
		[]float32{1, 2, 3, 4, 5, 6}, []float32{1, 10, 4, 40, 9, 90, 4, 40, 10, 100, 18, 180}},
	"pool does not see the zeros around": {3, 3, 1,
		[]testNode{placeholder(3, 3, 1),
			{"p", "MaxPool", []string{"x"}, windowed("SAME", "2", "ksize", ints("1", "2", "2", "1"))},
			{"y", "Reshape", []string{"p", "flat"}, nil}},
		[]testWeight{integers("flat", []int{2}, -1, 4)},
		[]float32{-1, -2, -3, -4, -5, -6, -7, -8, -9}, []float32{-1, -3, -7, -9}},
	"padding above and behind the channels": {1, 1, 3,
		[]testNode{placeholder(1, 1, 3), {"p", "Pad", []string{"x", "pads"}, nil}, {"y", "Reshape", []string{"p", "flat"}, nil}},
		[]testWeight{integers("pads", []int{4, 2}, 0, 0, 1, 0, 0, 0, 0, 1), integers("flat", []int{2}, 1, 8)},
		[]float32{1, 2, 3}, []float32{0, 0, 0, 0, 1, 2, 3, 0}},
	"sum, PRelu, identity, sigmoid": {1, 1, 3,
		[]testNode{placeholder(1, 1, 3),
			{"s", "AddV2", []string{"x", "x:0"}, nil}, {"r", "Prelu", []string{"s", "a"}, nil}, {"i", "Identity", []string{"r"}, nil},
			{"f", "Reshape", []string{"i", "flat"}, nil}, {"y", "Sigmoid", []string{"f"}, nil}},
		[]testWeight{floats("a", []int{1, 1, 3}, 3, 0.5, 0), integers("flat", []int{2}, -1, 3)},
		[]float32{0, -1, -5}, []float32{0.5, 0.26894142, 0.5}}, // the middle one: 1/(1+e)
}

func TestOperators(t *testing.T) {
	startRuntime(t)
	for name, tt := range operatorTests {
		t.Run(name, func(t *testing.T) {
			modelJSON, data := testModel(t, tt.nodes, tt.weights...)
			graph, err := tfjs.GraphModel(modelJSON, data)
			if err != nil {
				t.Fatal(err)
			}
			n := network{graph: graph, width: tt.width, height: tt.height, channels: tt.channels,
				outputs: []string{"out"}, shapes: [][]int64{{1, int64(len(tt.want))}}}
			got := n.run(t, tt.input)
			if diff := cmp.Diff([][]float32{tt.want}, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}
