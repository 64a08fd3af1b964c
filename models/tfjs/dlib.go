package tfjs

import (
	"fmt"
	"slices"

	"truename"
)

// Dlib makes an ONNX file of dlib's face recognition network, a residual network with 29 convolutions, out of its
// TensorFlow.js weights: the weights manifest and the one shard of `model/face_recognition_model` in npm
// @vladmandic/face-api. See the package's doc for licence and origin.
//
// Input `input` [1,3,150,150], NCHW, RGB: (value − mean) / 256 with value 0..255 and mean 122.782, 117.001, 104.298,
// which happens outside of the graph. (dlib divides by 256; face-api by 255, a deviation of its own.) The picture is
// dlib's face chip of 150 pixels with padding 0.25. Of the mean face shape in dlib's source, which is what a chip is
// aligned to, five points lie, in pixels with the origin in the corner of the corner pixel, at: eyes (means of the lid
// points) 47.92 46.69 and 101.11 46.69, tip of the nose 74.51 77.06, corners of the mouth (means of the outer and inner
// lips') 52.73 103.75 and 96.30 103.75.
//
// Output `output` [1,128]: the template, compared by Euclidean distance and not of unit length (about 1.4); dlib's own
// threshold is 0.6.
//
// Errors are [*truename.Error] with code model_pack.
func Dlib(manifest, weights []byte) ([]byte, error) {
	var groups []weightGroup
	if err := decodeJSON(manifest, &groups); err != nil {
		return nil, convertError("dlib's network", err)
	}
	w, err := readWeights(groups, weights)
	if err != nil {
		return nil, convertError("dlib's network", err)
	}
	d := dlib{unused: w, graph: graph{
		name:    "dlib_face_recognition_resnet_v1",
		doc:     "dlib's face recognition network by Davis E. King, CC0-1.0, from the weights in npm @vladmandic/face-api.",
		inputs:  []valueInfo{{"input", []int{1, 3, 150, 150}}},
		outputs: []valueInfo{{"output", []int{1, 128}}},
	}}
	d.build()
	if d.err != nil {
		return nil, convertError("dlib's network", d.err)
	}
	return d.graph.encode(), nil
}

// dlib builds the network. The first error sticks; later calls do nothing then.
type dlib struct {
	graph  graph
	unused map[string]weight
	err    error
}

// feature is a value inside the network: [1, channels, side, side].
type feature struct {
	name           string
	channels, side int
}

func (d *dlib) build() {
	x := d.convolution("conv32_down", feature{"input", 3, 150}, 32, 7, 2)
	x = d.relu("conv32_down", x)
	x = d.pool("pool", "MaxPool", x, 3)
	x = d.residuals(x, "conv32", 1, 3)
	for _, stage := range []struct {
		name            string
		channels, count int
	}{
		{"conv64", 64, 3}, {"conv128", 128, 2}, {"conv256", 256, 2},
	} {
		x = d.down(stage.name+"_down", x, stage.channels)
		x = d.residuals(x, stage.name, 1, stage.count)
	}
	x = d.down("conv256_down_out", x, 256)

	d.add("GlobalAveragePool", "average", []string{x.name})
	d.add("Flatten", "flat", []string{"average"}, attribute{"axis", []int{1}, true})
	fc := d.take("fc", 256, 128)
	d.constant(tensor{name: "fc", dims: []int{256, 128}, floats: fc})
	d.add("MatMul", "output", []string{"flat", "fc"})
	if d.err == nil && len(d.unused) > 0 {
		d.err = fmt.Errorf("%d weights are not part of the network", len(d.unused))
	}
}

// residuals appends blocks numbered from to to: two convolutions beside the identity.
func (d *dlib) residuals(x feature, stage string, from, to int) feature {
	for i := from; i <= to; i++ {
		name := fmt.Sprintf("%s_%d", stage, i)
		y := d.convolution(name+"/conv1", x, x.channels, 3, 1)
		y = d.relu(name+"/conv1", y)
		y = d.convolution(name+"/conv2", y, x.channels, 3, 1)
		x = d.sum(name, y, x)
	}
	return x
}

// down appends a block that halves the sides: two convolutions, the first with stride 2, beside an average pool.
// Where the two differ in size, zeros are added: to the pool's channels behind, to the convolutions' last row and
// column.
func (d *dlib) down(name string, x feature, channels int) feature {
	y := d.convolution(name+"/conv1", x, channels, 3, 2)
	y = d.relu(name+"/conv1", y)
	y = d.convolution(name+"/conv2", y, channels, 3, 1)
	p := d.pool(name+"/pool", "AveragePool", x, 2)
	p = d.pad(name+"/pool", p, channels, p.side)
	y = d.pad(name+"/conv2", y, channels, p.side)
	return d.sum(name, y, p)
}

// convolution appends a convolution with its bias and the per-channel scale behind it folded into one: with stride 1
// the size stays (zeros around), with stride 2 nothing is added around.
func (d *dlib) convolution(name string, x feature, channels, kernel, stride int) feature {
	filters := d.take(name+"/conv/filters", kernel, kernel, x.channels, channels)
	bias := d.take(name+"/conv/bias", channels)
	scale := d.take(name+"/scale/weights", channels)
	shift := d.take(name+"/scale/biases", channels)
	if d.err != nil {
		return feature{}
	}
	folded := oihw(filters, kernel, kernel, x.channels, channels)
	each := len(folded) / channels
	offset := make([]float32, channels)
	for o := range channels {
		for i := range each {
			folded[o*each+i] *= scale[o]
		}
		offset[o] = float32(float64(float64(bias[o])*float64(scale[o])) + float64(shift[o]))
	}
	d.constant(tensor{name: name + "/filters", dims: []int{channels, x.channels, kernel, kernel}, floats: folded})
	d.constant(tensor{name: name + "/bias", dims: []int{channels}, floats: offset})

	pad, side := 0, (x.side-kernel)/stride+1
	if stride == 1 {
		pad, side = kernel/2, x.side
	}
	return feature{d.add("Conv", name+"/conv", []string{x.name, name + "/filters", name + "/bias"},
		square("kernel_shape", kernel), attribute{"pads", []int{pad, pad, pad, pad}, false}, square("strides", stride)), channels, side}
}

func (d *dlib) relu(name string, x feature) feature {
	return feature{d.add("Relu", name+"/relu", []string{x.name}), x.channels, x.side}
}

// pool appends a pool with stride 2 and nothing around.
func (d *dlib) pool(name, op string, x feature, kernel int) feature {
	return feature{d.add(op, name, []string{x.name}, square("kernel_shape", kernel), square("strides", 2)),
		x.channels, (x.side-kernel)/2 + 1}
}

// sum appends the end of a block.
func (d *dlib) sum(name string, y, x feature) feature {
	return d.relu(name, feature{d.add("Add", name+"/sum", []string{y.name, x.name}), y.channels, y.side})
}

// pad appends zeros behind the channels and below and right of the picture, if any are missing.
func (d *dlib) pad(name string, x feature, channels, side int) feature {
	if x.channels == channels && x.side == side {
		return x
	}
	more := int64(side - x.side)
	d.constant(tensor{name: name + "/pads", dims: []int{8}, ints: []int64{0, 0, 0, 0, 0, int64(channels - x.channels), more, more}})
	return feature{d.add("Pad", name+"/padded", []string{x.name, name + "/pads"}), channels, side}
}

// add appends a node with one output, which has the node's name.
func (d *dlib) add(op, name string, inputs []string, attributes ...attribute) string {
	d.graph.nodes = append(d.graph.nodes, node{name: name, op: op, inputs: inputs, outputs: []string{name}, attributes: attributes})
	return name
}

func (d *dlib) constant(t tensor) { d.graph.initializers = append(d.graph.initializers, t) }

// take gives the floats of a weight that must be there with this shape, and strikes it off.
func (d *dlib) take(name string, shape ...int) []float32 {
	if d.err != nil {
		return nil
	}
	w, ok := d.unused[name]
	if !ok || w.floats == nil || !slices.Equal(w.shape, shape) {
		d.err = fmt.Errorf("weight %q with shape %v of float32 is missing", name, shape)
		return nil
	}
	delete(d.unused, name)
	return w.floats
}

func square(name string, v int) attribute { return attribute{name, []int{v, v}, false} }

// oihw turns filters from TensorFlow's order (height, width, in, out) into ONNX's (out, in, height, width).
func oihw(filters []float32, height, width, in, out int) []float32 {
	turned := make([]float32, len(filters))
	for hw := range height * width {
		for i := range in {
			for o := range out {
				turned[(o*in+i)*height*width+hw] = filters[(hw*in+i)*out+o]
			}
		}
	}
	return turned
}

func convertError(what string, cause error) *truename.Error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack,
		Detail: "The TensorFlow.js files of " + what + " cannot be converted.",
		Remedy: "Install them again from the package that the manifest names.", Cause: cause}
}
