package visual

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed templates/*.toml
var embedded embed.FS

// Template describes one side of a kind of document: by which printed words it is known and aligned, where its fields
// are, what they hold and what must agree. It is plain data, read from TOML by [ParseTemplate]; docs/documents.md
// explains each key. Places are in millimetres from the top left corner.
type Template struct {
	// Format is the version of this format: 1.
	Format int `toml:"format"`
	// ID names the template, in lower-case letters, digits and hyphens.
	ID    string `toml:"id"`
	Title string `toml:"title"`
	// Country as ISO 3166-1 alpha-3, empty when the template serves several; Document and Side in the operator's words.
	Country  string `toml:"country,omitempty"`
	Document string `toml:"document"`
	Side     string `toml:"side"`
	// Width and Height of the document in millimetres, wider than high.
	Width  float64 `toml:"width"`
	Height float64 `toml:"height"`
	// Tested says on what the template was tried.
	Tested string `toml:"tested"`
	// Least is the share of all labels' characters that must be found for the document to be this one (0..1).
	Least float64 `toml:"least"`
	// Portrait is the place of the portrait (x, y, width, height), if there is one.
	Portrait []float64 `toml:"portrait,omitempty"`

	Labels []Label  `toml:"label"`
	Fields []Field  `toml:"field"`
	Hidden []Hidden `toml:"hidden,omitempty"`
	Agree  []Agree  `toml:"agree,omitempty"`
}

// Label is a printed word that every such document bears.
type Label struct {
	Text string `toml:"text"`
	// Box is its place (x, y, width, height), empty when documents of this kind differ in it.
	Box []float64 `toml:"box,omitempty"`
}

// FieldType says what a field holds, and so how it is read.
type FieldType string

// Field types.
const (
	TypeHanName FieldType = "han-name" // Chinese characters and the dot between transcribed parts
	TypeHanText FieldType = "han-text" // Chinese characters, digits, letters, brackets, hyphens; lines joined without a space
	TypeText    FieldType = "text"     // Latin letters, digits and punctuation, spaces kept
	TypeCapital FieldType = "capitals" // the same in capitals
	TypeDate    FieldType = "date"     // a date in one of Formats; value YYYY-MM-DD
	TypePeriod  FieldType = "period"   // two dates, the second perhaps 长期 (unlimited); values NAME_from and NAME_until
	TypeSex     FieldType = "sex"      // one of the words of Values; value M, F or X
	TypeNumber  FieldType = "number"   // digits and what Scheme allows
)

// Field says where a value is printed and what it looks like.
type Field struct {
	Name string    `toml:"name"`
	Type FieldType `toml:"type"`
	// Region is where the value is printed (x, y, width, height). With Near, x and y count from the top left of that
	// label.
	Region []float64 `toml:"region"`
	Near   string    `toml:"near,omitempty"`
	// Lines is the most there can be, 1 when left out.
	Lines int `toml:"lines,omitempty"`
	// Formats of a date: Go's reference layouts ("2 Jan 2006"), or "han" for 2006年1月2日.
	Formats []string `toml:"formats,omitempty"`
	// Values of a sex: the printed word, and what it means.
	Values map[string]string `toml:"values,omitempty"`
	// Prefixes in front of the value that are left out ("Mr.").
	Prefixes []string `toml:"prefixes,omitempty"`
	// Scheme of a number: "cn-resident", "id-nik", "th-citizen" or "letters-digits".
	Scheme string `toml:"scheme,omitempty"`
	// Optional fields may be absent.
	Optional bool `toml:"optional,omitempty"`
	// Limit below which a confidence makes the field unsure; 0 is the type's own.
	Limit float64 `toml:"limit,omitempty"`
}

// Hidden is a place that is never read: painted over before the recogniser sees the document, and in every picture of
// it. Near, as in [Field].
type Hidden struct {
	Region []float64 `toml:"region"`
	Near   string    `toml:"near,omitempty"`
	Why    string    `toml:"why"`
}

// Agree is a cross-check of two values: of fields, or of what a number says ("number.birth_date", "number.sex").
type Agree struct {
	Name string `toml:"name"`
	// Rule is "equal" or "before".
	Rule string    `toml:"rule"`
	Of   [2]string `toml:"of"`
}

// maxTemplate bounds a template's file.
const maxTemplate = 256 << 10

// Templates gives the templates that are part of the program.
func Templates() ([]Template, error) {
	sub, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, err
	}
	return ReadTemplates(sub)
}

// ReadTemplates gives the templates of all files *.toml in a folder, sorted by id.
func ReadTemplates(dir fs.FS) ([]Template, error) {
	names, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return nil, err
	}
	var all []Template
	for _, name := range names {
		f, err := dir.Open(name)
		if err != nil {
			return nil, templateError(name, err)
		}
		data, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
		f.Close()
		if err != nil {
			return nil, templateError(name, err)
		}
		t, err := ParseTemplate(data)
		if err != nil {
			return nil, templateError(path.Base(name), err)
		}
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Template) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			return nil, templateError(all[i].ID, errors.New("two templates have this id"))
		}
	}
	return all, nil
}

// ParseTemplate reads a template. Unknown keys, missing ones and places outside of the document are errors.
func ParseTemplate(data []byte) (*Template, error) {
	if len(data) > maxTemplate {
		return nil, fmt.Errorf("more than %d bytes", maxTemplate)
	}
	var t Template
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&t); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return nil, fmt.Errorf("unknown key:\n%s", strict.String())
		}
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return &t, nil
}

func (t *Template) check() error {
	switch {
	case t.Format != 1:
		return fmt.Errorf("format %d is not 1", t.Format)
	case !plainName(t.ID, '-'):
		return fmt.Errorf("id %q: want lower-case letters, digits and hyphens", t.ID)
	case t.Title == "" || t.Document == "" || t.Side == "" || t.Tested == "":
		return errors.New("title, document, side and tested must be stated")
	case !(t.Height >= 20 && t.Width > t.Height && t.Width <= 300):
		return errors.New("width and height are millimetres, the width the larger")
	case !(t.Least > 0 && t.Least <= 1):
		return errors.New("least must lie between 0 and 1")
	case len(t.Labels) < 2 || len(t.Labels) > 64 || len(t.Fields) == 0 || len(t.Fields) > 64 || len(t.Hidden) > 16 || len(t.Agree) > 32:
		return errors.New("a template has 2 to 64 labels, 1 to 64 fields, at most 16 hidden places and 32 rules")
	case t.Portrait != nil && !t.inside(t.Portrait):
		return errors.New("portrait must be x, y, width, height within the document")
	}
	return cmp.Or(t.checkLabels(), t.checkFields(), t.checkHidden(), t.checkAgree())
}

func (t *Template) checkLabels() error {
	for _, l := range t.Labels {
		if n := len([]rune(l.Text)); n < 2 || n > 60 {
			return fmt.Errorf("label %q has fewer than 2 or more than 60 characters", l.Text)
		}
		if l.Box != nil && !t.inside(l.Box) {
			return fmt.Errorf("label %q: box must be x, y, width, height within the document", l.Text)
		}
	}
	return nil
}

func (t *Template) checkFields() error {
	seen := map[string]bool{}
	for _, f := range t.Fields {
		err := func() error {
			switch {
			case !plainName(f.Name, '_') || seen[f.Name]:
				return errors.New("a name of its own in lower-case letters, digits and _ is missing")
			case !t.placed(f.Region, f.Near):
				return errors.New("region must be x, y, width, height within the document, or near a label")
			case f.Lines < 0 || f.Lines > 8:
				return errors.New("lines must lie between 1 and 8")
			case f.Limit < 0 || f.Limit > 1:
				return errors.New("limit must lie between 0 and 1")
			case (f.Type == TypeDate || f.Type == TypePeriod) != (len(f.Formats) > 0):
				return errors.New("dates have formats, others none")
			case (f.Type == TypeSex) != (len(f.Values) > 0):
				return errors.New("a sex has values, others none")
			case (f.Type == TypeNumber) != (f.Scheme != ""):
				return errors.New("a number has a scheme, others none")
			}
			switch f.Type {
			case TypeHanName, TypeHanText, TypeText, TypeCapital, TypeDate, TypePeriod:
			case TypeSex:
				for word, v := range f.Values {
					if word == "" || v != "M" && v != "F" && v != "X" {
						return errors.New("values are M, F or X for printed words")
					}
				}
			case TypeNumber:
				if _, ok := numberScheme(f.Scheme); !ok {
					return fmt.Errorf("unknown scheme %q", f.Scheme)
				}
			default:
				return fmt.Errorf("unknown type %q", f.Type)
			}
			return nil
		}()
		if err != nil {
			return fmt.Errorf("field %q: %w", f.Name, err)
		}
		seen[f.Name] = true
	}
	return nil
}

func (t *Template) checkHidden() error {
	for _, h := range t.Hidden {
		if !t.placed(h.Region, h.Near) || h.Why == "" {
			return errors.New("a hidden place needs a region (with near, from that label) and why")
		}
	}
	return nil
}

func (t *Template) checkAgree() error {
	for _, a := range t.Agree {
		if !plainName(a.Name, '_') || a.Rule != "equal" && a.Rule != "before" {
			return fmt.Errorf("agree %q: want a name, and the rule equal or before", a.Name)
		}
		for _, of := range a.Of {
			field, fact, derived := strings.Cut(of, ".")
			ok := slices.ContainsFunc(t.Fields, func(f Field) bool {
				if derived {
					return f.Name == field && f.Type == TypeNumber && (fact == "birth_date" || fact == "sex")
				}
				return f.Type != TypePeriod && f.Name == field ||
					f.Type == TypePeriod && (field == f.Name+"_from" || field == f.Name+"_until")
			})
			if !ok {
				return fmt.Errorf("agree %q: there is no %q", a.Name, of)
			}
		}
	}
	return nil
}

// inside says whether a place is well formed and within the document.
func (t *Template) inside(r []float64) bool {
	return len(r) == 4 && r[0] >= 0 && r[1] >= 0 && r[2] > 0 && r[3] > 0 && r[0]+r[2] <= t.Width+1e-6 && r[1]+r[3] <= t.Height+1e-6
}

// placed says whether a place is within the document, or of a sensible size near a label that there is.
func (t *Template) placed(r []float64, near string) bool {
	if near == "" {
		return t.inside(r)
	}
	known := slices.ContainsFunc(t.Labels, func(l Label) bool { return l.Text == near })
	return known && len(r) == 4 && r[2] > 0 && r[3] > 0 && r[2] <= t.Width && r[3] <= t.Height &&
		r[0] >= -t.Width && r[0] <= t.Width && r[1] >= -t.Height && r[1] <= t.Height
}

func rectOf(r []float64) Rect { return Rect{r[0], r[1], r[2], r[3]} }

func plainName(s string, also rune) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == also) {
			return false
		}
	}
	return s != ""
}
