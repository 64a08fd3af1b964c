package face

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"truename/models"
	"truename/onnx"
)

// Effort says how much work goes into one template.
type Effort string

const (
	// EffortFast makes one template of one aligned crop.
	EffortFast Effort = "fast"
	// EffortAccurate averages three looks of the mesh, and the templates of the crop and of its mirror image.
	EffortAccurate Effort = "accurate"
)

// Engine holds the loaded networks of one pack. It is safe for concurrent use; its memory does not grow with load.
type Engine struct {
	effort                                                          Effort
	detector, landmarks, mesh, recogniser, pose, eyes, presentation *network
	// memory holds *scratch for analyses to come.
	memory sync.Pool
}

// network is a model of the manifest with its session.
type network struct {
	*models.Model
	session *onnx.Session
	// runs counts how often it was run.
	runs atomic.Int64
}

// Load reads, checks and loads the pack's networks, each with the given number of slots: so many pictures can be
// analysed side by side, one thread each. [onnx.Start] must have succeeded.
func Load(pack *models.Pack, effort Effort, slots int) (*Engine, error) {
	e := &Engine{effort: effort, memory: sync.Pool{New: func() any { return new(scratch) }}}
	var group errgroup.Group
	for _, part := range []struct {
		role models.Role
		into **network
	}{
		{models.RoleDetector, &e.detector},
		{models.RoleLandmarks, &e.landmarks},
		{models.RoleMesh, &e.mesh},
		{models.RoleRecogniser, &e.recogniser},
		{models.RolePose, &e.pose},
		{models.RoleEyes, &e.eyes},
		{models.RolePresentation, &e.presentation},
	} {
		model := pack.Model(part.role)
		if model == nil {
			continue
		}
		group.Go(func() error {
			graph, err := pack.Read(model)
			if err != nil {
				return err
			}
			session, err := onnx.Load(model, graph, slots)
			if err != nil {
				return err
			}
			*part.into = &network{Model: model, session: session}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		e.Close()
		return nil, err
	}
	// The graphs, tens of megabytes, have been read and are of no more use. Collected now, their memory serves the first
	// pictures; else it would take as much fresh memory again before the next collection.
	runtime.GC()
	return e, nil
}

// Close frees the networks. No analysis may be under way.
func (e *Engine) Close() {
	for _, n := range e.networks() {
		n.session.Close()
	}
}

// networks gives those that the pack has.
func (e *Engine) networks() []*network {
	all := []*network{e.detector, e.landmarks, e.mesh, e.recogniser, e.pose, e.eyes, e.presentation}
	return slices.DeleteFunc(all, func(n *network) bool { return n == nil })
}

// Runs gives how often each network has run so far.
func (e *Engine) Runs() map[models.Role]int64 {
	runs := map[models.Role]int64{}
	for _, n := range e.networks() {
		runs[n.Role] = n.runs.Load()
	}
	return runs
}

// RunBare runs each network so many times on whatever its input holds and does nothing else: the limit that the whole
// way is measured against. These runs are not counted.
func (e *Engine) RunBare(ctx context.Context, runs map[models.Role]int64) error {
	for _, n := range e.networks() {
		for range runs[n.Role] {
			if err := n.session.Run(ctx, func([]float32) {}, func([][]float32) {}); err != nil {
				return err
			}
		}
	}
	return nil
}

// run fills the network's input with a region of the picture and lets read see its outputs.
func (n *network) run(ctx context.Context, pic *picture, toSource Affine, read func(outputs [][]float32)) error {
	beyond := edge
	if n.Crop.Kind == "letterbox" {
		beyond = outside{grey: n.Crop.Pad, fixed: true}
	}
	n.runs.Add(1)
	return n.session.Run(ctx, func(input []float32) { pic.sample(input, n.Input, toSource, beyond) }, read)
}

// Model identifies recogniser and effort: what a template must share with another to be compared.
func (e *Engine) Model() string { return e.recogniser.ID + "/" + string(e.effort) }
