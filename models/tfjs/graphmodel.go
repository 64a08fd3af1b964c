package tfjs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

const (
	maxSide     = 4096    // of a picture inside the network
	maxElements = 1 << 24 // of a value inside the network
)

// GraphModel makes an ONNX file of a TensorFlow.js graph model: its model.json and its weights, the shards one behind
// the other. outputs names those outputs of the model's signature to keep, none for all; what only the others need is
// left out. Supported is what the face mesh in npm @vladmandic/human (`models/facemesh.json`) needs; an operator or an
// attribute beyond that is an error that names it.
//
// The model must have one input, a picture [-1,height,width,channels]. It becomes `input` [1,channels,height,width].
// Outputs have the names of the signature, in alphabetical order, and the batch 1.
//
// The face mesh: input [1,3,192,192], RGB, value / 255 (0..1). `output_mesh` [1,1404]: 468 points x, y, z in pixels of
// the input (0..192), z in the same scale, smaller is nearer to the camera. `output_faceflag` [1,1]: 0..1, whether a
// face is in the crop. `output_contours` [1,266]: 133 points of eyes, brows and lips. See the package's doc for licence
// and origin.
//
// Errors are [*truename.Error] with code model_pack.
func GraphModel(modelJSON, weights []byte, outputs ...string) ([]byte, error) {
	var m graphModel
	if err := decodeJSON(modelJSON, &m); err != nil {
		return nil, convertError("a graph model", err)
	}
	nodes, err := m.index()
	if err != nil {
		return nil, convertError("a graph model", err)
	}
	w, err := readWeights(m.Weights, weights)
	if err != nil {
		return nil, convertError("a graph model", err)
	}
	c := converter{nodes: nodes, weights: w, values: map[string]value{}, constants: map[string]string{},
		graph: graph{name: "graph_model", doc: "Converted from a TensorFlow.js graph model; for its origin and licence see the manifest of the model pack."}}
	if err := c.convert(&m, outputs); err != nil {
		return nil, convertError("a graph model", err)
	}
	return c.graph.encode(), nil
}

// converter turns nodes into ONNX nodes, those first that others need.
type converter struct {
	nodes   map[string]*tfNode
	weights map[string]weight
	graph   graph
	// values holds what each converted node gives. A node that is under way has an empty one.
	values map[string]value
	// constants holds the initializer made of a weight in a layout, so that each is there once.
	constants map[string]string
}

// value is what a node gives. shape is TensorFlow's, pictures being [1, height, width, channels]; in the ONNX graph the
// value itself has the channels before the height then.
type value struct {
	name  string
	shape []int
}

func (v value) isPicture() bool     { return len(v.shape) == 4 }
func (v value) heightWidth() [2]int { return [2]int{v.shape[1], v.shape[2]} }
func (v value) channels() int       { return v.shape[len(v.shape)-1] }

func (c *converter) convert(m *graphModel, outputs []string) error {
	if len(m.Signature.Inputs) != 1 {
		return fmt.Errorf("the model has %d inputs, not one", len(m.Signature.Inputs))
	}
	if len(outputs) == 0 {
		outputs = slices.Collect(maps.Keys(m.Signature.Outputs))
	}
	if len(outputs) == 0 {
		return errors.New("the model names no outputs")
	}
	for _, name := range slices.Sorted(slices.Values(outputs)) {
		info, ok := m.Signature.Outputs[name]
		if !ok {
			return fmt.Errorf("the model has no output %q", name)
		}
		v, err := c.value(info.Name)
		if err != nil {
			return err
		}
		if v.isPicture() {
			return fmt.Errorf("output %q is a picture, which is not supported", name)
		}
		c.graph.nodes = append(c.graph.nodes, node{name: name, op: "Identity", inputs: []string{v.name}, outputs: []string{name}})
		c.graph.outputs = append(c.graph.outputs, valueInfo{name, v.shape})
	}
	if len(c.graph.inputs) != 1 {
		return errors.New("the outputs do not depend on the input")
	}
	return nil
}

// value gives what a reference to a node means, converting the node if that has not happened.
func (c *converter) value(reference string) (value, error) {
	name, err := nodeName(reference)
	if err != nil {
		return value{}, err
	}
	if v, ok := c.values[name]; ok {
		if v.name == "" {
			return value{}, fmt.Errorf("node %q depends on itself", name)
		}
		return v, nil
	}
	n, ok := c.nodes[name]
	if !ok {
		return value{}, fmt.Errorf("node %q is missing", name)
	}
	c.values[name] = value{}
	v, err := c.node(n)
	if err != nil {
		return value{}, atNode(name, err)
	}
	elements := 1
	for _, d := range v.shape {
		if d < 1 || d > maxElements/elements {
			return value{}, atNode(name, fmt.Errorf("shape %v is out of range", v.shape))
		}
		elements *= d
	}
	c.values[name] = v
	return v, nil
}

// nodeError is an error with the node it arose at.
type nodeError struct {
	node  string
	cause error
}

func (e *nodeError) Error() string { return fmt.Sprintf("node %q: %v", e.node, e.cause) }
func (e *nodeError) Unwrap() error { return e.cause }

// atNode adds the node to an error, unless it has one: it comes from another node that this one needs.
func atNode(name string, err error) error {
	var located *nodeError
	if errors.As(err, &located) {
		return err
	}
	return &nodeError{name, err}
}

// add appends an ONNX node and gives its value. Values and nodes are numbered, so that no name is there twice.
func (c *converter) add(n *tfNode, op string, inputs []string, shape []int, attributes ...attribute) value {
	v := value{fmt.Sprintf("v%d", len(c.graph.nodes)), shape}
	c.graph.nodes = append(c.graph.nodes, node{name: v.name + " " + n.Name, op: op, inputs: inputs, outputs: []string{v.name}, attributes: attributes})
	return v
}

// weight gives the weight that a reference means and its name.
func (c *converter) weight(reference string) (weight, string, error) {
	name, err := nodeName(reference)
	if err != nil {
		return weight{}, "", err
	}
	n, ok := c.nodes[name]
	if !ok || n.Op != "Const" {
		return weight{}, "", fmt.Errorf("%q is not a constant", name)
	}
	w, ok := c.weights[name]
	if !ok {
		return weight{}, "", fmt.Errorf("weight %q is missing", name)
	}
	return w, name, nil
}

// floats gives a weight that must have floats and the given number of dimensions.
func (c *converter) floats(reference string, rank int) (weight, string, error) {
	w, name, err := c.weight(reference)
	if err == nil && (w.floats == nil || len(w.shape) != rank) {
		err = fmt.Errorf("weight %q has shape %v, not %d dimensions of float32", name, w.shape, rank)
	}
	return w, name, err
}

// constant gives the initializer for a weight in a layout, making it with build when it is not there yet.
func (c *converter) constant(weightName, layout string, build func() tensor) string {
	key := layout + " " + weightName
	if name, ok := c.constants[key]; ok {
		return name
	}
	t := build()
	t.name = fmt.Sprintf("w%d", len(c.graph.initializers))
	c.graph.initializers = append(c.graph.initializers, t)
	c.constants[key] = t.name
	return t.name
}
