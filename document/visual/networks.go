package visual

import (
	"context"
	"math"

	"golang.org/x/sync/errgroup"

	"truename"
	"truename/models"
	"truename/onnx"
)

// networks are those that find and read text.
type networks struct {
	detector, direction *network
	// readers are the recogniser in sessions of growing width.
	readers    []*network
	characters []string
}

type network struct {
	models.Model
	session *onnx.Session
}

// readerWidths in pixels: a line is read in the narrowest that holds it.
var readerWidths = [...]int{96, 160, 320, 480, 640}

func loadNetworks(pack *models.Pack, slots int) (*networks, error) {
	find, read, turn := pack.Model(models.RoleOCRDetect), pack.Model(models.RoleOCRRecognise), pack.Model(models.RoleOCRDirection)
	if find == nil || read == nil || turn == nil {
		return nil, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack,
			Detail: "The model pack " + pack.Name + " reads no documents.", Remedy: "Use a pack with the roles ocr_detect, ocr_recognise and ocr_direction."}
	}
	n := &networks{readers: make([]*network, len(readerWidths))}
	var err error
	if n.characters, err = pack.ReadCharacters(read); err != nil {
		return nil, err
	}
	var group errgroup.Group
	load := func(m models.Model, into **network) {
		group.Go(func() error {
			graph, err := pack.Read(&m)
			if err != nil {
				return err
			}
			session, err := onnx.Load(&m, graph, slots)
			if err == nil {
				*into = &network{m, session}
			}
			return err
		})
	}
	load(*find, &n.detector)
	load(*turn, &n.direction)
	perStep := read.Input.Width / int(read.Output.Shapes[0][1])
	for i, w := range readerWidths {
		m := *read
		m.Input.Width = w
		m.Output.Shapes = [][]int64{{1, int64(w / perStep), read.Output.Shapes[0][2]}}
		load(m, &n.readers[i])
	}
	if err := group.Wait(); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *networks) close() {
	for _, x := range append([]*network{n.detector, n.direction}, n.readers...) {
		if x != nil {
			x.session.Close()
		}
	}
}

// find gives the lines of text in a view that is as large as the detector's input, or smaller.
func (n *networks) find(ctx context.Context, p *photo, v view) (lines []textLine, err error) {
	in := n.detector.Input
	err = n.detector.session.Run(ctx, func(input []float32) { p.input(input, in, n.detector.Crop.Pad, v) },
		func(outputs [][]float32) {
			lines = readTextMap(outputs[0], in.Width, in.Height, n.detector.Output.Threshold)
		})
	return lines, err
}

// upright gives the probability (0..1) that a line, given by its outline in the picture, stands upright.
func (n *networks) upright(ctx context.Context, p *photo, q Quad) (score float64, err error) {
	in := n.direction.Input
	v, ok := lineView(q, in.Height, in.Width)
	if !ok {
		return 0.5, nil
	}
	err = n.direction.session.Run(ctx, func(input []float32) { p.input(input, in, n.direction.Crop.Pad, v) },
		func(outputs [][]float32) { score = float64(outputs[0][0]) })
	return score, err
}

// read reads a line given by its outline on a plane that toPhoto maps to the picture; nothing in the hidden rectangles
// of that plane is seen. use may keep nothing of what it is given.
func (n *networks) read(ctx context.Context, p *photo, q Quad, toPhoto homography, hidden []Rect, use func(*script)) error {
	reader := n.readers[len(n.readers)-1]
	seen := toPhoto.quad(q)
	w, h := seen.sides()
	if !(w > 1 && h > 1) || math.IsInf(w, 0) || math.IsInf(h, 0) {
		use(&script{characters: n.characters, classes: len(n.characters)})
		return nil
	}
	wanted := int(math.Ceil(w / h * float64(reader.Input.Height)))
	for _, r := range n.readers {
		if r.Input.Width >= wanted {
			reader = r
			break
		}
	}
	in := reader.Input
	v := view{w: max(8, min(wanted, in.Width)), h: in.Height, hidden: hidden}
	toPage, ok := rectToQuad(Rect{0, 0, float64(v.w), float64(v.h)}, q)
	if !ok {
		use(&script{characters: n.characters, classes: len(n.characters)})
		return nil
	}
	v.toPage, v.toPhoto = toPage, toPage.then(toPhoto)
	return reader.session.Run(ctx, func(input []float32) { p.input(input, in, reader.Crop.Pad, v) },
		func(outputs [][]float32) {
			total := int(reader.Output.Shapes[0][1])
			use(&script{p: outputs[0], classes: len(n.characters), characters: n.characters,
				steps: min(total, (v.w*total+in.Width-1)/in.Width+1), length: float64(v.w*total) / float64(in.Width)})
		})
}

// lineView shows a line of the picture at a height, at most so wide.
func lineView(q Quad, height, most int) (view, bool) {
	w, h := q.sides()
	v := view{w: max(8, min(most, int(w/max(h, 1e-9)*float64(height)))), h: height}
	var ok bool
	v.toPhoto, ok = rectToQuad(Rect{0, 0, float64(v.w), float64(v.h)}, q)
	return v, ok
}
