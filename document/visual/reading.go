package visual

import (
	"time"

	"truename"
	"truename/capture"
)

// Reading is what was read from one picture of one side of a document.
type Reading struct {
	// Template is the id of the template that fits, empty when none does; Country, Document and Side are its.
	Template, Country, Document, Side string
	// Corners of the document in the picture, in the document's own orientation. Located says that they were found by
	// the document's outline; else they follow from the printed words, or are the picture's own.
	Corners Quad
	Located bool
	// WidthMM and HeightMM of the document by its template.
	WidthMM, HeightMM float64
	// Values of the template's fields, in its order.
	Values []Value
	// Findings of the image checks and the cross-checks. None of them approves anything alone.
	Findings []Finding
	// Portrait is nil when the template has none, or none was found.
	Portrait *Portrait
	// Page shows the document rectified and upright, 10 pixels per millimetre, hidden places painted over. Nil when no
	// template fits: then nothing says what would have to be hidden.
	Page *capture.Image
	// Timings of the parts.
	Timings Timings

	// toPhoto maps millimetres of the document to pixels of the picture.
	toPhoto homography
	hidden  []Rect
}

// Timings of the parts of a reading.
type Timings struct{ Locate, Recognise, Fields, Checks time.Duration }

// State of a value.
type State string

// States: read with certainty (that is: at least the field's limit, and no check speaks against it); read, but not to be
// used before somebody has confirmed it; not found. An optional field that is not there is missing, too.
const (
	StateRead    State = "read"
	StateUnsure  State = "unsure"
	StateMissing State = "missing"
)

// Value is a field as it was read.
type Value struct {
	Name string
	// Text in its normal form: dates as YYYY-MM-DD ("unlimited" for a document that does not expire), sex as M, F or X,
	// numbers without spaces. Empty when missing.
	Text truename.Private
	// Confidence is the lowest of its letters' probabilities (0..1), as the network gives them: not a rate of errors.
	Confidence float64
	State      State
	Reasons    []truename.Code
	// Place of the value in the picture.
	Place Quad
}

// Portrait is the picture of the holder on the document.
type Portrait struct {
	// Image is cut out of the picture at its own resolution.
	Image *capture.Image
	// Place in the picture.
	Place Quad
	// InterEyePX is the distance between the eyes in pixels of the picture.
	InterEyePX float64
	// Usable says whether it can be compared with a live face; if not, Problems say why.
	Usable   bool
	Problems []truename.Code
}

// Finding is one check of the picture or of values against each other.
type Finding struct {
	// Check names it: located, resolution, crop, blur, glare, grey_copy, moire, bezel, portrait, expiry, dates, fields, or
	// the name of a template's rule.
	Check string
	State truename.FindingState
	// Value and Limit are what was measured and what it was compared with, in Unit ("", "px", "px/mm", "mm", "days").
	Value, Limit float64
	Unit         string
	// Reason says what is wrong, when State is not passed.
	Reason truename.Code
}

// Value gives a field by its name, nil when the template has none of this name.
func (r *Reading) Value(name string) *Value {
	for i := range r.Values {
		if r.Values[i].Name == name {
			return &r.Values[i]
		}
	}
	return nil
}
