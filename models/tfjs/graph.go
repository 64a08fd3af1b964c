package tfjs

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	irVersion = 8  // the ONNX IR version that came with operator set 17
	opset     = 17 // of the default domain
)

// graph is an ONNX model in the making: what the two networks need of the format, no more.
type graph struct {
	name string
	// doc says where the network comes from and under which licence; it is kept in the file.
	doc             string
	inputs, outputs []valueInfo
	nodes           []node
	initializers    []tensor
}

// valueInfo declares an input or output of 32-bit floats.
type valueInfo struct {
	name string
	dims []int
}

type node struct {
	name, op        string
	inputs, outputs []string
	attributes      []attribute
}

// attribute of a node: a list of integers, or a single one.
type attribute struct {
	name   string
	list   []int
	single bool
}

// tensor is a constant, of 32-bit floats or of 64-bit integers.
type tensor struct {
	name   string
	dims   []int
	floats []float32
	ints   []int64
}

// encode gives the file's bytes. They depend on the graph only: fields are written in the order of their numbers,
// elements in the order they were added.
//
// Field numbers are those of onnx.proto (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto,
// ValueInfoProto, OperatorSetIdProto).
func (g *graph) encode() []byte {
	var b []byte
	b = appendInt(b, 1, irVersion)
	b = appendString(b, 2, "truename")
	b = appendString(b, 6, g.doc)
	b = appendMessage(b, 7, g.encodeGraph())
	return appendMessage(b, 8, appendInt(appendString(nil, 1, ""), 2, opset))
}

func (g *graph) encodeGraph() []byte {
	var b []byte
	for _, n := range g.nodes {
		b = appendMessage(b, 1, n.encode())
	}
	b = appendString(b, 2, g.name)
	for _, t := range g.initializers {
		b = appendMessage(b, 5, t.encode())
	}
	for _, v := range g.inputs {
		b = appendMessage(b, 11, v.encode())
	}
	for _, v := range g.outputs {
		b = appendMessage(b, 12, v.encode())
	}
	return b
}

func (n node) encode() []byte {
	var b []byte
	for _, name := range n.inputs {
		b = appendString(b, 1, name)
	}
	for _, name := range n.outputs {
		b = appendString(b, 2, name)
	}
	b = appendString(b, 3, n.name)
	b = appendString(b, 4, n.op)
	for _, a := range n.attributes {
		b = appendMessage(b, 5, a.encode())
	}
	return b
}

func (a attribute) encode() []byte {
	const typeInt, typeInts = 2, 7
	b := appendString(nil, 1, a.name)
	if a.single {
		return appendInt(appendInt(b, 3, a.list[0]), 20, typeInt)
	}
	for _, v := range a.list {
		b = appendInt(b, 8, v)
	}
	return appendInt(b, 20, typeInts)
}

func (t tensor) encode() []byte {
	const typeFloat, typeInt64 = 1, 7
	var b []byte
	for _, d := range t.dims {
		b = appendInt(b, 1, d)
	}
	raw := make([]byte, 0, 4*len(t.floats)+8*len(t.ints))
	for _, v := range t.floats {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	for _, v := range t.ints {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	kind := typeFloat
	if t.ints != nil {
		kind = typeInt64
	}
	b = appendInt(b, 2, kind)
	b = appendString(b, 8, t.name)
	return appendMessage(b, 9, raw)
}

func (v valueInfo) encode() []byte {
	const typeFloat = 1
	var shape []byte
	for _, d := range v.dims {
		shape = appendMessage(shape, 1, appendInt(nil, 1, d))
	}
	tensorType := appendMessage(appendInt(nil, 1, typeFloat), 2, shape)
	return appendMessage(appendString(nil, 1, v.name), 2, appendMessage(nil, 1, tensorType))
}

func appendInt(b []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}
