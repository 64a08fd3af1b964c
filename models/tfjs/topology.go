package tfjs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxNodes bounds a topology; the face mesh has 241 nodes.
const maxNodes = 4096

// graphModel is a TensorFlow.js graph model (model.json).
type graphModel struct {
	Format    string `json:"format"`
	Signature struct {
		Inputs  map[string]tensorInfo `json:"inputs"`
		Outputs map[string]tensorInfo `json:"outputs"`
	} `json:"signature"`
	Topology struct {
		Nodes []tfNode `json:"node"`
	} `json:"modelTopology"`
	Weights []weightGroup `json:"weightsManifest"`
}

// tensorInfo names a value of the graph.
type tensorInfo struct {
	Name string `json:"name"`
}

// tfNode is a node of TensorFlow's GraphDef in JSON.
type tfNode struct {
	Name   string            `json:"name"`
	Op     string            `json:"op"`
	Inputs []string          `json:"input"`
	Attrs  map[string]tfAttr `json:"attr"`
}

// tfAttr is an attribute's value: of the many kinds, those that are read here.
type tfAttr struct {
	S    string `json:"s"` // base64
	List struct {
		S []string `json:"s"` // base64
		I []tfInt  `json:"i"`
	} `json:"list"`
	Shape struct {
		Dim []struct {
			Size tfInt `json:"size"`
		} `json:"dim"`
	} `json:"shape"`
}

// tfInt is a 64-bit integer, which protobuf's JSON writes as a string and some tools as a number.
type tfInt int

// UnmarshalJSON reads either form.
func (i *tfInt) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 32)
	*i = tfInt(v)
	return err
}

// index gives the nodes by name.
func (m *graphModel) index() (map[string]*tfNode, error) {
	if m.Format != "graph-model" {
		return nil, fmt.Errorf("format %q is not graph-model", m.Format)
	}
	if len(m.Topology.Nodes) > maxNodes {
		return nil, fmt.Errorf("the graph has %d nodes, more than %d", len(m.Topology.Nodes), maxNodes)
	}
	nodes := map[string]*tfNode{}
	for i := range m.Topology.Nodes {
		n := &m.Topology.Nodes[i]
		if _, twice := nodes[n.Name]; twice {
			return nil, fmt.Errorf("node %q is there twice", n.Name)
		}
		nodes[n.Name] = n
	}
	return nodes, nil
}

// nodeName gives the node that a reference means: "name" or "name:0", its first output. Other outputs and control
// inputs ("^name") are not supported.
func nodeName(reference string) (string, error) {
	name := strings.TrimSuffix(reference, ":0")
	if strings.ContainsAny(name, ":^") {
		return "", fmt.Errorf("reference %q is not supported", reference)
	}
	return name, nil
}

// text gives a string attribute, or "" if it is not there.
func (n *tfNode) text(name string) (string, error) {
	return decodeText(n.Attrs[name].S)
}

// texts gives a list of strings.
func (n *tfNode) texts(name string) ([]string, error) {
	var list []string
	for _, s := range n.Attrs[name].List.S {
		text, err := decodeText(s)
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

func decodeText(s string) (string, error) {
	text, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("an attribute is not base64")
	}
	return string(text), nil
}

// heightWidth gives the middle two of a list of four (batch, height, width, channels) whose outer two must be 1.
func (n *tfNode) heightWidth(name string) ([2]int, error) {
	list := n.Attrs[name].List.I
	if len(list) != 4 || list[0] != 1 || list[3] != 1 || list[1] < 1 || list[2] < 1 || list[1] > maxSide || list[2] > maxSide {
		return [2]int{}, fmt.Errorf("%s %v is not supported", name, list)
	}
	return [2]int{int(list[1]), int(list[2])}, nil
}

// window is how a convolution or pool moves over a picture.
type window struct {
	kernel, strides [2]int // height, width
	before, after   [2]int // zeros added
	out             [2]int
}

// window reads strides and padding for a kernel on a picture of the given height and width.
func (n *tfNode) window(kernel, size [2]int) (window, error) {
	w := window{kernel: kernel}
	var err error
	if w.strides, err = n.heightWidth("strides"); err != nil {
		return w, err
	}
	if _, there := n.Attrs["dilations"]; there {
		if d, err := n.heightWidth("dilations"); err != nil || d != [2]int{1, 1} {
			return w, errors.New("dilations are not supported")
		}
	}
	if len(n.Attrs["explicit_paddings"].List.I) > 0 {
		return w, errors.New("explicit_paddings are not supported")
	}
	format, err := n.text("data_format")
	if err != nil || format != "NHWC" {
		return w, fmt.Errorf("data_format %q is not supported", format)
	}
	padding, err := n.text("padding")
	if err != nil || !slices.Contains([]string{"SAME", "VALID"}, padding) {
		return w, fmt.Errorf("padding %q is not supported", padding)
	}
	for i := range 2 {
		switch {
		case padding == "SAME":
			// TensorFlow's rule: as many outputs as strides fit; of an odd number of zeros the larger half goes behind.
			w.out[i] = (size[i] + w.strides[i] - 1) / w.strides[i]
			total := max(0, (w.out[i]-1)*w.strides[i]+kernel[i]-size[i])
			w.before[i], w.after[i] = total/2, total-total/2
		case size[i] < kernel[i]:
			return w, fmt.Errorf("the kernel %v is larger than the picture %v", kernel, size)
		default:
			w.out[i] = (size[i]-kernel[i])/w.strides[i] + 1
		}
	}
	return w, nil
}

// attributes gives the window in ONNX's terms.
func (w window) attributes() []attribute {
	return []attribute{
		{"kernel_shape", w.kernel[:], false},
		{"pads", []int{w.before[0], w.before[1], w.after[0], w.after[1]}, false},
		{"strides", w.strides[:], false},
	}
}
