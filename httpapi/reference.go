package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"truename"
)

//go:embed reference.html
var referenceHTML string

//go:embed reference.css
var referenceCSS string

// registerReference serves the document at /openapi.json, the page made from it at /docs, and one page per code under
// /problems/. All are made once, here.
func (a *API) registerReference(document *huma.OpenAPI) error {
	spec, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	files := map[string]static{"/openapi.json": {"application/json", "", append(spec, '\n')}}

	pages, err := template.New("reference").Funcs(template.FuncMap{"prose": prose}).Parse(referenceHTML)
	if err != nil {
		return fmt.Errorf("read the reference's template: %w", err)
	}
	// The one style sheet is inline and allowed by its hash; there is no script.
	sum := sha256.Sum256([]byte(referenceCSS))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	render := func(path, name string, v any) error {
		var b bytes.Buffer
		if err := pages.ExecuteTemplate(&b, name, v); err != nil {
			return fmt.Errorf("render %s: %w", path, err)
		}
		files[path] = static{"text/html; charset=utf-8", policy, b.Bytes()}
		return nil
	}
	view, err := describe(document)
	if err != nil {
		return err
	}
	if err := render("/docs", "reference", view); err != nil {
		return err
	}
	for _, e := range catalogue() {
		if err := render(problemPath(e.Code), "problem", struct {
			CSS   template.CSS
			Entry entry
		}{template.CSS(referenceCSS), e}); err != nil {
			return err
		}
	}
	for path, f := range files {
		if path != "/docs" && path != "/openapi.json" {
			continue
		}
		a.mux.HandleFunc("GET "+path, f.serve)
		a.mux.HandleFunc(path, a.methodNotAllowed("GET, HEAD"))
	}
	a.mux.HandleFunc("/problems/{code}", a.methodNotAllowed("GET, HEAD"))
	a.mux.HandleFunc("GET /problems/{code}", func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[problemPath(truename.Code(r.PathValue("code")))]
		if !ok {
			a.notFound(w, r)
			return
		}
		f.serve(w, r)
	})
	return nil
}

// static is a file that does not change while the program runs.
type static struct {
	contentType string
	policy      string // Content-Security-Policy; empty for the default, which allows nothing
	body        []byte
}

func (f static) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	sum := sha256.Sum256(f.body)
	h.Set("ETag", strconv.Quote(hex.EncodeToString(sum[:16])))
	if f.policy != "" {
		h.Set("Content-Security-Policy", f.policy)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// The reference as its template reads it.
type (
	reference struct {
		CSS         template.CSS
		Title       string
		Version     string
		Description string
		Groups      []group
		Schemas     []schemaView
		Problems    []entry
	}
	group struct {
		Name, Description string
		Operations        []operationView
	}
	operationView struct {
		ID, Method, Path, Summary, Description string
		BodyType, BodyText                     string
		Fields                                 []field
		Responses                              []responseView
		Samples                                []sample
	}
	responseView struct {
		Status, Description, Media, Schema string
		Headers                            []field
	}
	schemaView struct {
		Name     string
		Fields   []field
		Examples []string // JSON
	}
	field struct {
		Name, Type, Schema, Text, Default string
		Required                          bool
		Values                            []string
	}
)

// describe turns an OpenAPI document into what the page shows.
func describe(document *huma.OpenAPI) (reference, error) {
	ref := reference{CSS: template.CSS(referenceCSS), Title: document.Info.Title, Version: document.Info.Version,
		Description: document.Info.Description, Problems: catalogue()}
	for _, tag := range document.Tags {
		g := group{Name: tag.Name, Description: tag.Description}
		for _, op := range operations(document) {
			if op.Tags[0] == tag.Name {
				g.Operations = append(g.Operations, describeOperation(op))
			}
		}
		ref.Groups = append(ref.Groups, g)
	}
	schemas := document.Components.Schemas.Map()
	for _, name := range sorted(schemas) {
		view := schemaView{Name: name, Fields: fields(schemas[name])}
		for _, example := range schemas[name].Examples {
			text, err := json.MarshalIndent(example, "", "  ")
			if err != nil {
				return ref, fmt.Errorf("encode an example of %s: %w", name, err)
			}
			view.Examples = append(view.Examples, string(text))
		}
		ref.Schemas = append(ref.Schemas, view)
	}
	return ref, nil
}

func describeOperation(op *huma.Operation) operationView {
	v := operationView{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description}
	v.Samples, _ = op.Extensions[samplesExtension].([]sample)
	if op.RequestBody != nil {
		v.BodyText = op.RequestBody.Description
		for _, media := range sorted(op.RequestBody.Content) {
			v.BodyType, v.Fields = media, fields(op.RequestBody.Content[media].Schema)
		}
	}
	for _, status := range sorted(op.Responses) {
		r := op.Responses[status]
		view := responseView{Status: status, Description: r.Description}
		for _, media := range sorted(r.Content) {
			view.Media, view.Schema = media, refName(r.Content[media].Schema.Ref)
		}
		for _, name := range sorted(r.Headers) {
			if name != "X-Request-Id" { // said once, at the top
				view.Headers = append(view.Headers, field{Name: name, Text: r.Headers[name].Description})
			}
		}
		v.Responses = append(v.Responses, view)
	}
	return v
}

// fields lists the properties of an object: the required ones in the order of the document, then the others.
func fields(s *huma.Schema) []field {
	names := slices.Clone(s.Required)
	for _, name := range sorted(s.Properties) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var fs []field
	for i, name := range names {
		p := s.Properties[name]
		f := field{Name: name, Text: p.Description, Required: i < len(s.Required)}
		f.Type, f.Schema = typeOf(p)
		for _, v := range p.Enum {
			f.Values = append(f.Values, fmt.Sprint(v))
		}
		if p.Default != nil {
			f.Default = fmt.Sprint(p.Default)
		}
		fs = append(fs, f)
	}
	return fs
}

// typeOf says a schema's type in words, and which schema it refers to.
func typeOf(s *huma.Schema) (words, ref string) {
	switch {
	case s.Ref != "":
		return "", refName(s.Ref)
	case len(s.AnyOf) > 0:
		words, ref = typeOf(s.AnyOf[0])
		return strings.TrimSpace(words + " or null"), ref
	case s.Type == huma.TypeArray:
		words, ref = typeOf(s.Items)
		words = strings.TrimSpace("list of " + words)
	case s.Format == "binary":
		words = "file"
	case s.Type == huma.TypeObject:
		words = "object"
		if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
			inner, _ := typeOf(values)
			words = "object of " + inner + "s"
		}
	default:
		words = s.Type
	}
	if s.Minimum != nil && s.Maximum != nil {
		words += strings.ReplaceAll(fmt.Sprintf(", %g to %g", *s.Minimum, *s.Maximum), "e-0", "e-")
	}
	if s.Nullable {
		words += " or null"
	}
	return words, ref
}

func refName(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// prose turns the little CommonMark that descriptions use (paragraphs and code) into HTML.
func prose(text string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		b.WriteString("<p>")
		for i, span := range strings.Split(paragraph, "`") {
			if i%2 == 1 {
				b.WriteString("<code>" + template.HTMLEscapeString(span) + "</code>")
				continue
			}
			b.WriteString(template.HTMLEscapeString(span))
		}
		b.WriteString("</p>")
	}
	return template.HTML(b.String())
}
