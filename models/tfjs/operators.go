package tfjs

import (
	"errors"
	"fmt"
	"slices"
)

// node converts one node.
func (c *converter) node(n *tfNode) (value, error) {
	arity := map[string]int{"Placeholder": 0, "DepthwiseConv2dNative": 2, "AddV2": 2, "Prelu": 2, "MaxPool": 1,
		"Pad": 2, "Reshape": 2, "Sigmoid": 1, "Identity": 1}
	if want, ok := arity[n.Op]; ok && len(n.Inputs) != want {
		return value{}, fmt.Errorf("operator %s has %d inputs, not %d", n.Op, len(n.Inputs), want)
	}
	switch n.Op {
	case "Placeholder":
		return c.placeholder(n)
	case "_FusedConv2D":
		return c.fusedConvolution(n)
	case "DepthwiseConv2dNative":
		return c.depthwiseConvolution(n)
	case "AddV2":
		return c.sum(n)
	case "Prelu":
		x, err := c.value(n.Inputs[0])
		if err != nil {
			return value{}, err
		}
		return c.prelu(n, x, n.Inputs[1])
	case "MaxPool":
		return c.maxPool(n)
	case "Pad":
		return c.pad(n)
	case "Reshape":
		return c.reshape(n)
	case "Sigmoid":
		x, err := c.value(n.Inputs[0])
		if err != nil {
			return value{}, err
		}
		return c.add(n, "Sigmoid", []string{x.name}, x.shape), nil
	case "Identity":
		return c.value(n.Inputs[0])
	default:
		return value{}, fmt.Errorf("operator %q is not supported", n.Op)
	}
}

// placeholder makes the graph's input.
func (c *converter) placeholder(n *tfNode) (value, error) {
	dims := n.Attrs["shape"].Shape.Dim
	if len(c.graph.inputs) > 0 {
		return value{}, errors.New("a second input is not supported")
	}
	if len(dims) != 4 || (dims[0].Size != -1 && dims[0].Size != 1) {
		return value{}, errors.New("the input is not one picture [-1, height, width, channels]")
	}
	shape := []int{1}
	for _, d := range dims[1:] {
		if d.Size < 1 || d.Size > maxSide {
			return value{}, fmt.Errorf("the input's dimension %d is out of range", d.Size)
		}
		shape = append(shape, int(d.Size))
	}
	c.graph.inputs = append(c.graph.inputs, valueInfo{"input", []int{1, shape[3], shape[1], shape[2]}})
	return value{"input", shape}, nil
}

// fusedConvolution: picture, filters [height, width, in, out], bias and, with PRelu, its slopes.
func (c *converter) fusedConvolution(n *tfNode) (value, error) {
	fused, err := n.texts("fused_ops")
	if err != nil {
		return value{}, err
	}
	withPrelu := slices.Equal(fused, []string{"BiasAdd", "Prelu"})
	if !withPrelu && !slices.Equal(fused, []string{"BiasAdd"}) {
		return value{}, fmt.Errorf("_FusedConv2D with %q is not supported", fused)
	}
	if want := 2 + len(fused); len(n.Inputs) != want {
		return value{}, fmt.Errorf("operator _FusedConv2D has %d inputs, not %d", len(n.Inputs), want)
	}
	x, err := c.picture(n.Inputs[0])
	if err != nil {
		return value{}, err
	}
	filters, name, err := c.floats(n.Inputs[1], 4)
	if err != nil {
		return value{}, err
	}
	height, width, in, out := filters.shape[0], filters.shape[1], filters.shape[2], filters.shape[3]
	bias, biasName, err := c.floats(n.Inputs[2], 1)
	if err != nil {
		return value{}, err
	}
	if in != x.channels() || bias.shape[0] != out {
		return value{}, fmt.Errorf("filters %v and bias %v do not fit the picture %v", filters.shape, bias.shape, x.shape)
	}
	win, err := n.window([2]int{height, width}, x.heightWidth())
	if err != nil {
		return value{}, err
	}
	w := c.constant(name, "oihw", func() tensor {
		return tensor{dims: []int{out, in, height, width}, floats: oihw(filters.floats, height, width, in, out)}
	})
	b := c.constant(biasName, "vector", func() tensor { return tensor{dims: bias.shape, floats: bias.floats} })
	y := c.add(n, "Conv", []string{x.name, w, b}, []int{1, win.out[0], win.out[1], out}, win.attributes()...)
	if withPrelu {
		return c.prelu(n, y, n.Inputs[3])
	}
	return y, nil
}

// depthwiseConvolution: picture and filters [height, width, channels, multiplier].
func (c *converter) depthwiseConvolution(n *tfNode) (value, error) {
	x, err := c.picture(n.Inputs[0])
	if err != nil {
		return value{}, err
	}
	filters, name, err := c.floats(n.Inputs[1], 4)
	if err != nil {
		return value{}, err
	}
	height, width, channels, multiplier := filters.shape[0], filters.shape[1], filters.shape[2], filters.shape[3]
	if channels != x.channels() {
		return value{}, fmt.Errorf("filters %v do not fit the picture %v", filters.shape, x.shape)
	}
	win, err := n.window([2]int{height, width}, x.heightWidth())
	if err != nil {
		return value{}, err
	}
	out := channels * multiplier
	w := c.constant(name, "depthwise", func() tensor {
		return tensor{dims: []int{out, 1, height, width}, floats: oihw(filters.floats, height, width, 1, out)}
	})
	attributes := append(win.attributes(), attribute{"group", []int{channels}, true})
	return c.add(n, "Conv", []string{x.name, w}, []int{1, win.out[0], win.out[1], out}, attributes...), nil
}

func (c *converter) sum(n *tfNode) (value, error) {
	x, err := c.value(n.Inputs[0])
	if err != nil {
		return value{}, err
	}
	y, err := c.value(n.Inputs[1])
	if err != nil {
		return value{}, err
	}
	if !slices.Equal(x.shape, y.shape) {
		return value{}, fmt.Errorf("AddV2 of shapes %v and %v is not supported", x.shape, y.shape)
	}
	return c.add(n, "Add", []string{x.name, y.name}, x.shape), nil
}

// prelu of a picture with one slope for each channel.
func (c *converter) prelu(n *tfNode, x value, slopes string) (value, error) {
	w, name, err := c.floats(slopes, 3)
	if err != nil {
		return value{}, err
	}
	if !x.isPicture() || !slices.Equal(w.shape, []int{1, 1, x.channels()}) {
		return value{}, fmt.Errorf("slopes %v for %v are not supported", w.shape, x.shape)
	}
	s := c.constant(name, "channels", func() tensor { return tensor{dims: []int{x.channels(), 1, 1}, floats: w.floats} })
	return c.add(n, "PRelu", []string{x.name, s}, x.shape), nil
}

func (c *converter) maxPool(n *tfNode) (value, error) {
	x, err := c.picture(n.Inputs[0])
	if err != nil {
		return value{}, err
	}
	kernel, err := n.heightWidth("ksize")
	if err != nil {
		return value{}, err
	}
	win, err := n.window(kernel, x.heightWidth())
	if err != nil {
		return value{}, err
	}
	return c.add(n, "MaxPool", []string{x.name}, []int{1, win.out[0], win.out[1], x.channels()}, win.attributes()...), nil
}

// pad adds zeros around a picture; the second input has before and after for each dimension.
func (c *converter) pad(n *tfNode) (value, error) {
	x, err := c.picture(n.Inputs[0])
	if err != nil {
		return value{}, err
	}
	w, name, err := c.weight(n.Inputs[1])
	if err != nil {
		return value{}, err
	}
	p := w.ints
	if !slices.Equal(w.shape, []int{4, 2}) || p == nil || p[0] != 0 || p[1] != 0 || slices.Min(p) < 0 || slices.Max(p) > maxSide {
		return value{}, fmt.Errorf("paddings %v of shape %v are not supported", p, w.shape)
	}
	shape := slices.Clone(x.shape)
	for i := range shape {
		shape[i] += int(p[2*i]) + int(p[2*i+1])
	}
	pads := c.constant(name, "pads", func() tensor {
		var ints []int64
		for _, from := range []int{0, 6, 2, 4, 1, 7, 3, 5} { // batch, channels, height, width: before, then after
			ints = append(ints, int64(p[from]))
		}
		return tensor{dims: []int{8}, ints: ints}
	})
	return c.add(n, "Pad", []string{x.name, pads}, shape), nil
}

// reshape to anything but a picture. The elements keep the order they have in TensorFlow.
func (c *converter) reshape(n *tfNode) (value, error) {
	x, err := c.value(n.Inputs[0])
	if err != nil {
		return value{}, err
	}
	w, _, err := c.weight(n.Inputs[1])
	if err != nil {
		return value{}, err
	}
	if w.ints == nil || len(w.shape) != 1 || len(w.ints) == 4 {
		return value{}, fmt.Errorf("reshaping to %v is not supported", w.ints)
	}
	shape, err := resolveShape(w.ints, x.shape)
	if err != nil {
		return value{}, err
	}
	if x.isPicture() && x.heightWidth() != [2]int{1, 1} && x.channels() != 1 {
		x = c.add(n, "Transpose", []string{x.name}, x.shape, attribute{"perm", []int{0, 2, 3, 1}, false})
	}
	target := c.constant(fmt.Sprint(shape), "shape", func() tensor {
		var ints []int64
		for _, d := range shape {
			ints = append(ints, int64(d))
		}
		return tensor{dims: []int{len(shape)}, ints: ints}
	})
	return c.add(n, "Reshape", []string{x.name, target}, shape), nil
}

// resolveShape replaces the one −1 that a target shape may have.
func resolveShape(target []int32, from []int) ([]int, error) {
	count := 1
	for _, d := range from {
		count *= d
	}
	open, known := -1, 1
	shape := make([]int, len(target))
	for i, d := range target {
		shape[i] = int(d)
		switch {
		case d == -1 && open < 0:
			open = i
		case d < 1 || int(d) > count/known:
			return nil, fmt.Errorf("%v cannot be reshaped to %v", from, target)
		default:
			known *= int(d)
		}
	}
	if open >= 0 {
		shape[open] = count / known
		known *= shape[open]
	}
	if known != count {
		return nil, fmt.Errorf("%v cannot be reshaped to %v", from, target)
	}
	return shape, nil
}

// picture gives a value that must be a picture.
func (c *converter) picture(reference string) (value, error) {
	v, err := c.value(reference)
	if err == nil && !v.isPicture() {
		err = fmt.Errorf("%v is not a picture", v.shape)
	}
	return v, err
}
