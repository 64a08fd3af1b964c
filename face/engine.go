package face

import (
	"context"
	"fmt"

	"truename/models"
	"truename/onnx"
)

// Effort says how much work goes into one template.
type Effort string

const (
	// EffortFast makes one template of one aligned crop.
	EffortFast Effort = "fast"
	// EffortAccurate averages landmarks over several crops and templates over several alignments.
	EffortAccurate Effort = "accurate"
)

// ParseEffort reads an effort's name.
func ParseEffort(s string) (Effort, error) {
	switch e := Effort(s); e {
	case EffortFast, EffortAccurate:
		return e, nil
	}
	return "", fmt.Errorf("effort %q is neither %q nor %q", s, EffortFast, EffortAccurate)
}

// Engine holds the loaded networks of one pack. It is safe for concurrent use; its memory does not grow with load.
type Engine struct {
	effort                                      Effort
	detector, landmarks, recogniser, pose, eyes *network
}

// network is a model of the manifest with its session.
type network struct {
	*models.Model
	session *onnx.Session
}

// Load reads, checks and loads the pack's networks, each with the given number of slots: so many pictures can be
// analysed side by side, one thread each. [onnx.Start] must have succeeded.
func Load(pack *models.Pack, effort Effort, slots int) (*Engine, error) {
	e := &Engine{effort: effort}
	for _, part := range []struct {
		role models.Role
		into **network
	}{
		{models.RoleDetector, &e.detector},
		{models.RoleLandmarks, &e.landmarks},
		{models.RoleRecogniser, &e.recogniser},
		{models.RolePose, &e.pose},
		{models.RoleEyes, &e.eyes},
	} {
		model := pack.Model(part.role)
		if model == nil {
			continue
		}
		graph, err := pack.Read(model)
		if err != nil {
			e.Close()
			return nil, err
		}
		session, err := onnx.Load(model, graph, slots)
		if err != nil {
			e.Close()
			return nil, err
		}
		*part.into = &network{model, session}
	}
	return e, nil
}

// Close frees the networks. No analysis may be under way.
func (e *Engine) Close() {
	for _, n := range []*network{e.detector, e.landmarks, e.recogniser, e.pose, e.eyes} {
		if n != nil {
			n.session.Close()
		}
	}
}

// run fills the network's input with a region of the picture and lets read see its outputs.
func (n *network) run(ctx context.Context, pic *picture, toSource Affine, read func(outputs [][]float32)) error {
	beyond := edge
	if n.Crop.Kind == "letterbox" {
		beyond = outside{grey: n.Crop.Pad, fixed: true}
	}
	return n.session.Run(ctx, func(input []float32) { pic.sample(input, n.Input, toSource, beyond) }, read)
}
