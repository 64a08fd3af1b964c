package onnx

import (
	"context"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"truename"
	"truename/models"
)

// Session is one loaded network. It is safe for concurrent use.
type Session struct {
	id    string
	graph *ort.DynamicAdvancedSession
	// free holds a token for each slot that is not in use; idle holds these slots, the last used on top, whose memory is
	// likely still in the cache.
	free  chan struct{}
	mutex sync.Mutex
	idle  []*slot
	all   []*slot
}

// slot is a place to run in: tensors that live as long as the session.
type slot struct {
	input   *ort.Tensor[float32]
	outputs []*ort.Tensor[float32]
	in, out []ort.Value
	data    [][]float32
}

// Load makes a session of a model's bytes with the given number of slots. The graph is run once on zeros, into tensors
// of the shapes that the manifest says: a graph whose inputs and outputs have other names, types or shapes does not
// load. [Start] must have succeeded.
func Load(model *models.Model, graph []byte, slots int) (*Session, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, loadError(model, err)
	}
	defer options.Destroy()
	for _, set := range []func() error{
		func() error { return options.SetIntraOpNumThreads(1) },
		func() error { return options.SetInterOpNumThreads(1) },
		func() error { return options.SetExecutionMode(ort.ExecutionModeSequential) },
		func() error { return options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0") },
	} {
		if err := set(); err != nil {
			return nil, loadError(model, err)
		}
	}
	s := &Session{id: model.ID, free: make(chan struct{}, slots)}
	s.graph, err = ort.NewDynamicAdvancedSessionWithONNXData(replacePRelu(graph), []string{model.Input.Name}, model.Output.Names, options)
	if err != nil {
		return nil, loadError(model, err)
	}
	for range slots {
		if err := s.addSlot(model); err != nil {
			s.Close()
			return nil, loadError(model, err)
		}
	}
	if err := s.graph.Run(s.all[0].in, s.all[0].out); err != nil {
		s.Close()
		return nil, loadError(model, err)
	}
	return s, nil
}

func (s *Session) addSlot(model *models.Model) error {
	sl := &slot{}
	s.all = append(s.all, sl)
	var err error
	if sl.input, err = ort.NewEmptyTensor[float32](model.Input.Shape()); err != nil {
		return err
	}
	sl.in = []ort.Value{sl.input}
	for _, shape := range model.Output.Shapes {
		t, err := ort.NewEmptyTensor[float32](shape)
		if err != nil {
			return err
		}
		sl.outputs = append(sl.outputs, t)
		sl.out = append(sl.out, t)
		sl.data = append(sl.data, t.GetData())
	}
	s.release(sl)
	return nil
}

// Run waits for a slot, lets fill write the input (flat, in the manifest's layout), runs the network and lets read
// see the outputs in the order of the manifest. Neither may keep the slices.
func (s *Session) Run(ctx context.Context, fill func(input []float32), read func(outputs [][]float32)) error {
	select {
	case <-s.free:
		sl := s.take()
		defer s.release(sl)
		if err := ctx.Err(); err != nil {
			return waitError(err)
		}
		fill(sl.input.GetData())
		if err := s.graph.Run(sl.in, sl.out); err != nil {
			return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeEngineFailure,
				Detail: "The network " + s.id + " failed.", Remedy: "Try again; if it persists, see the server's log.", Cause: err}
		}
		read(sl.data)
		return nil
	case <-ctx.Done():
		return waitError(ctx.Err())
	}
}

// take gives the slot that was used last; a token was taken before.
func (s *Session) take() *slot {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	sl := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	return sl
}

func (s *Session) release(sl *slot) {
	s.mutex.Lock()
	s.idle = append(s.idle, sl)
	s.mutex.Unlock()
	s.free <- struct{}{}
}

// Close frees the session. No run may be under way.
func (s *Session) Close() {
	for _, sl := range s.all {
		if sl.input != nil {
			sl.input.Destroy()
		}
		for _, t := range sl.outputs {
			t.Destroy()
		}
	}
	s.all = nil
	if s.graph != nil {
		s.graph.Destroy()
		s.graph = nil
	}
}

func loadError(model *models.Model, err error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack,
		Detail: "The model " + model.ID + " cannot be loaded.", Remedy: "Check that file and manifest belong together: names, shapes and types of inputs and outputs.", Cause: err}
}

func waitError(err error) error {
	return &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout,
		Detail: "The request ended before the work was done.", Remedy: "Try again.", Cause: err}
}
