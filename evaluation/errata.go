package evaluation

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"

	"github.com/pelletier/go-toml/v2"

	"truename"
)

// maxErrataBytes limits an errata file.
const maxErrataBytes = 1 << 20

// Errata lists known label errors of a data set. Results are reported with and without them; the figure with the
// errors is the one to compare with other publications.
type Errata struct {
	// Source says where the list comes from.
	Source string `toml:"source"`
	// LeaveOut lists what cannot be relied on: images by name (NAME_0001) or all images of a person (NAME).
	LeaveOut []string `toml:"leave_out"`
	// Relabel gives images the identity of the person they show.
	Relabel []Relabel `toml:"relabel"`

	excluded   map[string]bool
	identities map[string]string
}

// Relabel says that the image (NAME_0001) shows the named person.
type Relabel struct {
	Image  string `toml:"image"`
	Person string `toml:"person"`
}

//go:embed errata/lfw.toml
var lfwErrata []byte

// LFWErrata gives the label errors of Labeled Faces in the Wild that ship with the program.
func LFWErrata() (*Errata, error) { return decodeErrata(lfwErrata) }

// ParseErrata reads an errata file (TOML: source, leave_out, relabel; unknown keys are errors).
func ParseErrata(r io.Reader) (*Errata, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxErrataBytes+1))
	if err != nil {
		return nil, unreadable("The errata file cannot be read.", err)
	}
	if len(text) > maxErrataBytes {
		return nil, badErrata(fmt.Sprintf("it is larger than %d bytes", maxErrataBytes))
	}
	return decodeErrata(text)
}

func decodeErrata(text []byte) (*Errata, error) {
	e := &Errata{}
	decoder := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := decoder.Decode(e); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ := at.Position()
			return nil, badErrata(fmt.Sprintf("line %d is not what is expected", line))
		}
		return nil, badErrata("it is not TOML with the keys source, leave_out and relabel")
	}
	e.excluded, e.identities = map[string]bool{}, map[string]string{}
	for i, name := range e.LeaveOut {
		if !safeName(name) {
			return nil, badErrata(fmt.Sprintf("entry %d of leave_out is no name", i+1))
		}
		e.excluded[name] = true
	}
	for i, r := range e.Relabel {
		if _, twice := e.identities[r.Image]; twice || !safeName(r.Image) || !safeName(r.Person) || e.excluded[r.Image] {
			return nil, badErrata(fmt.Sprintf("entry %d of relabel has no usable image and person, or mentions an image again", i+1))
		}
		e.identities[r.Image] = r.Person
	}
	return e, nil
}

// identity gives the person a sample shows, or false when the sample is to be left out. Without errata it is the
// folder's name.
func (e *Errata) identity(s Sample) (string, bool) {
	if e == nil {
		return s.Person(), true
	}
	if e.excluded[s.Name()] || e.excluded[s.Person()] {
		return "", false
	}
	if person, ok := e.identities[s.Name()]; ok {
		return person, true
	}
	return s.Person(), true
}

func badErrata(what string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
		Detail: fmt.Sprintf("The errata file cannot be used: %s.", what),
		Remedy: `Write TOML such as: leave_out = ["NAME_0001"].`}
}
