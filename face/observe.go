package face

import (
	"context"
	"math"

	"truename/capture"
	"truename/models"
)

// Look says what a frame of a video is measured for beyond where the face is and how the head is turned; each costs a
// run of a network or more.
type Look struct {
	// Mesh asks for the 468 points of the mesh, Presentation for the network that tells a face from a picture of one,
	// Template for the template.
	Mesh, Presentation, Template bool
}

// Observation is what was found in one frame of a video.
type Observation struct {
	// Faces is the number of faces found. With 0, all that follows is empty.
	Faces int
	// Dominance is that of [Analysis].
	Dominance float64
	Face      Detection
	Landmarks *Landmarks
	Pose      Pose
	// Sharpness and Uniformity are the measures of quality "sharpness" and "illumination_uniformity".
	Sharpness, Uniformity float64
	// Mesh holds 468 points in the order of the face mesh, in pixels of the frame; Depth the distance of each from the
	// head's centre away from the camera, in the same pixels (negative is nearer). Faceness is that of [Analysis]. Empty
	// without a look.
	Mesh     []Point
	Depth    []float64
	Faceness float64
	// Live is the presentation network's probability, 0..1, that the frame shows a face and not a picture of one; NaN
	// without a look, or where the pack has no such network.
	Live float64
	// Template is empty without a look.
	Template Template
}

// Observe measures a frame of a video: like [Engine.Analyze], but only what a frame is wanted for. more is asked once a
// face is found, given what is known by then. The face is searched in the whole frame only, not in tiles or turned
// views: a person who takes part holds the head about upright, and frames without a face must stay cheap.
func (e *Engine) Observe(ctx context.Context, img *capture.Image, more func(*Observation) Look) (*Observation, error) {
	o := &Observation{Live: math.NaN()}
	memory := e.memory.Get().(*scratch)
	defer e.memory.Put(memory)
	pic := newPicture(img, memory)
	found, err := e.detectIn(ctx, e.views(pic)[:2], pic)
	if err != nil || len(found) == 0 {
		return o, err
	}
	o.Faces, o.Face, o.Dominance = len(found), found[0], dominance(found)
	if o.Landmarks, err = e.locate(ctx, pic, e.landmarks.boxCrop(o.Face)); err != nil {
		return nil, err
	}
	if o.Pose, err = e.headPose(ctx, pic, o.Face, o.Landmarks); err != nil {
		return nil, err
	}
	grey := make([]float32, faceSide*faceSide)
	pic.sample(grey, models.Input{Width: faceSide, Height: faceSide, Layout: "NCHW", Colour: models.ColourGrey,
		Mean: []float32{0}, Std: []float32{1}}, similarity(arcFace, o.Landmarks.Five()), edge)
	o.Sharpness, o.Uniformity = sharpness(grey), uniformity(grey)

	look := more(o)
	if look.Mesh && e.mesh != nil {
		if err := e.observeMesh(ctx, pic, o); err != nil {
			return nil, err
		}
	}
	if look.Presentation && e.presentation != nil {
		if o.Live, err = e.live(ctx, pic, o.Face); err != nil {
			return nil, err
		}
	}
	if look.Template {
		five, faceness, err := e.align(ctx, pic, o.Landmarks)
		if err != nil {
			return nil, err
		}
		o.Faceness = faceness
		if o.Template, err = e.template(ctx, pic, five); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// HasPresentation says whether the pack has a network that tells a face from a picture of one.
func (e *Engine) HasPresentation() bool { return e.presentation != nil }

func (e *Engine) observeMesh(ctx context.Context, pic *picture, o *Observation) error {
	crop := e.meshCrop(o.Landmarks[:], o.Landmarks.Five(), 1.6, 0.1)
	o.Mesh, o.Depth = make([]Point, meshPoints), make([]float64, meshPoints)
	k := crop.scale()
	return e.mesh.run(ctx, pic, crop, func(outputs [][]float32) {
		for i := range o.Mesh {
			p := outputs[0][3*i:]
			o.Mesh[i], o.Depth[i] = crop.Apply(Point{float64(p[0]), float64(p[1])}), float64(p[2])*k
		}
		o.Faceness = float64(outputs[1][0])
	})
}

// live runs the presentation network on the detected box, enlarged and moved into the picture as the manifest says.
func (e *Engine) live(ctx context.Context, pic *picture, d Detection) (float64, error) {
	var live float64
	err := e.presentation.run(ctx, pic, e.presentation.insideCrop(pic, d), func(outputs [][]float32) {
		live = softmaxFirst(outputs[0])
	})
	return live, err
}

// insideCrop gives the map from the network's input to the box, Crop.Scale times as large, shifted to stay inside the
// picture. The box is not made square: the network was trained on boxes stretched to its input.
func (n *network) insideCrop(pic *picture, d Detection) Affine {
	w, h := pic.size()
	scale := min(n.Crop.Scale, w/d.Width, h/d.Height)
	bw, bh := d.Width*scale, d.Height*scale
	x := max(0, min(w-bw, d.Centre.X-bw/2))
	y := max(0, min(h-bh, d.Centre.Y-bh/2))
	return Affine{bw / float64(n.Input.Width), 0, x, 0, bh / float64(n.Input.Height), y}
}

func softmaxFirst(logits []float32) float64 {
	var sum float64
	for _, x := range logits {
		sum += math.Exp(float64(x - logits[0]))
	}
	return 1 / sum
}
