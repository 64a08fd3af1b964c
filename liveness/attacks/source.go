package attacks

import (
	"context"
	"fmt"
	"math"

	"truename/capture"
	"truename/face"
)

// Source is a person's picture or film that recordings are made of.
type Source struct {
	// Name of the source, Person the name of who is in it: two sources may show one person.
	Name, Person string
	// shots are the film's frames in order, or one for a still; all of one size.
	shots []shot
	// interval between frames in milliseconds.
	interval float64
}

// shot is a frame with what was found in it.
type shot struct {
	img  *capture.Image
	seen *face.Observation
}

// Studio makes sources and recordings with a face engine that has a mesh.
type Studio struct {
	Decoder *capture.Decoder
	Faces   *face.Engine
}

// eyeDistance is the distance between the eyes that stills are brought to, in pixels.
const eyeDistance = 62

// Load makes a source of JPEG or PNG files: one for a still, several for a film with the given time between frames.
// Stills are brought to a common size of the face; films stay as they are. Frames without a face are left out.
func (s Studio) Load(ctx context.Context, name, person string, files [][]byte, intervalMS float64) (*Source, error) {
	src := &Source{Name: name, Person: person, interval: intervalMS}
	for _, data := range files {
		img, err := s.Decoder.Decode(ctx, data)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", name, err)
		}
		seen, err := s.observe(ctx, img)
		if err != nil {
			return nil, err
		}
		if seen.Faces == 0 || len(seen.Mesh) == 0 {
			continue
		}
		if len(files) == 1 {
			img = still(img, seen)
			if seen, err = s.observe(ctx, img); err != nil {
				return nil, err
			}
			if seen.Faces == 0 {
				continue
			}
		}
		src.shots = append(src.shots, shot{img, seen})
	}
	if len(src.shots) == 0 {
		return nil, fmt.Errorf("source %s: no face found", name)
	}
	return src, nil
}

func (s Studio) observe(ctx context.Context, img *capture.Image) (*face.Observation, error) {
	return s.Faces.Observe(ctx, img, func(*face.Observation) face.Look { return face.Look{Mesh: true} })
}

// still brings a still to the common size and cuts out head and shoulders, as a front camera sees them.
func still(img *capture.Image, seen *face.Observation) *capture.Image {
	k := eyeDistance / seen.Landmarks.InterEyeDistance()
	img = resized(img, int(math.Round(float64(img.Width)*k)), int(math.Round(float64(img.Height)*k)))
	const width, height = 288, 352
	x, y := int(seen.Face.Centre.X*k)-width/2, int(seen.Face.Centre.Y*k)-height*9/20
	x0, y0 := max(0, x), max(0, y)
	return cropped(img, x0, y0, min(width, img.Width-x0), min(height, img.Height-y0))
}

// at gives the shot for a time; a film that ends runs backwards and forwards.
func (src *Source) at(ms float64) shot {
	n := len(src.shots)
	if n == 1 {
		return src.shots[0]
	}
	i := int(ms/src.interval) % (2 * n)
	if i >= n {
		i = 2*n - 1 - i
	}
	return src.shots[i]
}

// from gives the source beginning at a frame.
func (src *Source) from(frame int) *Source {
	out := *src
	out.shots = src.shots[min(frame, len(src.shots)-1):]
	return &out
}

// Shots is how many frames the source has.
func (src *Source) Shots() int { return len(src.shots) }
