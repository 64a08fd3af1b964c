package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"truename/capture"
	"truename/document/visual"
	"truename/evaluation"
	"truename/face"
	"truename/models"
	"truename/onnx"
)

type evalDocumentsCommand struct {
	engineFlags
	Images    string `help:"Folder of the photos." required:"" type:"existingdir" placeholder:"DIR"`
	Truth     string `help:"File of what is printed: {\"photos\": [{\"file\", \"document\", \"fields\": {name: value}}]}." required:"" type:"existingfile" placeholder:"FILE"`
	Templates string `help:"Folder of templates (*.toml) to use instead of the built-in ones." type:"existingdir" placeholder:"DIR"`
	Report    string `help:"Write an HTML report with pictures to this folder. It shows what is on the documents: treat it as personal data." placeholder:"DIR" type:"path"`
	JSON      bool   `help:"Print JSON."`
}

// documentTruth is one photo of the file of truths.
type documentTruth struct {
	File     string            `json:"file"`
	Document string            `json:"document"`
	Fields   map[string]string `json:"fields"`
	Corners  [][2]float64      `json:"corners,omitempty"`
}

// fieldRates counts what became of a field over all photos that have it.
type fieldRates struct {
	Document string `json:"document"`
	Field    string `json:"field"`
	Photos   int    `json:"photos"`
	// Exact: the text is right, sure or not. WrongAccepted: it is wrong, and was given as read with certainty. Unsure:
	// right, but to be confirmed. Missing: nothing was read.
	Exact         int     `json:"exact"`
	WrongAccepted int     `json:"wrong_accepted"`
	Unsure        int     `json:"right_but_unsure"`
	Missing       int     `json:"missing"`
	ExactRate     float64 `json:"exact_rate"`
}

// documentsResult is what the evaluation found.
type documentsResult struct {
	Photos        int          `json:"photos"`
	Recognised    int          `json:"recognised"`
	Located       int          `json:"located"`
	Values        int          `json:"values"`
	ExactRate     float64      `json:"exact_rate"`
	WrongAccepted float64      `json:"wrong_accepted_rate"`
	Unsure        float64      `json:"right_but_unsure_rate"`
	Fields        []fieldRates `json:"fields"`
	// MedianMS and P95MS are from bytes to reading, one photo at a time, by the clock; ProcessorMS is the mean time of
	// the processor, which other work on the machine does not lengthen as much.
	MedianMS    float64 `json:"median_ms"`
	P95MS       float64 `json:"p95_ms"`
	ProcessorMS float64 `json:"processor_ms"`

	photos []documentPhoto
}

// documentPhoto is one photo with its reading, for the report.
type documentPhoto struct {
	documentTruth
	reading *visual.Reading
}

func (c evalDocumentsCommand) Run(ctx context.Context, out output) error {
	truths, err := readTruths(c.Truth)
	if err != nil {
		return err
	}
	reader, closing, err := c.open()
	if err != nil {
		return err
	}
	defer closing()
	result, err := c.measure(ctx, reader, truths, out.Err)
	if err != nil {
		return err
	}
	if c.Report != "" {
		if err := writeDocumentsReport(c.Report, result); err != nil {
			return err
		}
		fmt.Fprintf(out.Err, "report: %s\n", filepath.Join(c.Report, "index.html"))
	}
	if c.JSON {
		return printJSON(out.Out, result)
	}
	return result.print(out.Out)
}

// readTruths reads the file of truths.
func readTruths(file string) ([]documentTruth, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list struct {
		Photos []documentTruth `json:"photos"`
	}
	d := json.NewDecoder(io.LimitReader(f, 64<<20))
	d.DisallowUnknownFields()
	err = d.Decode(&list)
	if err == nil && len(list.Photos) == 0 {
		err = errors.New("it names no photos")
	}
	for _, t := range list.Photos {
		if err == nil && !filepath.IsLocal(t.File) {
			err = fmt.Errorf("the photo %q is not in the folder of images", t.File)
		}
	}
	if err != nil {
		return nil, usage("The file of truths cannot be used.", `Write it as {"photos": [{"file": "a.jpg", "document": "cn-resident-front", "fields": {"name": "…"}}]}.`, err)
	}
	return list.Photos, nil
}

// open loads networks and templates.
func (c evalDocumentsCommand) open() (*visual.Reader, func(), error) {
	templates, err := visual.Templates()
	if c.Templates != "" {
		templates, err = visual.ReadTemplates(os.DirFS(c.Templates))
	}
	if err != nil {
		return nil, nil, err
	}
	pack, err := models.Find(c.store(), c.Pack, c.AllowNonCommercial)
	if err != nil {
		return nil, nil, err
	}
	library, err := pack.RuntimeLibrary()
	if err != nil {
		return nil, nil, err
	}
	if err := onnx.Start(library); err != nil {
		return nil, nil, err
	}
	faces, err := face.Load(pack, face.Effort(c.Effort), 1)
	if err != nil {
		return nil, nil, err
	}
	reader, err := visual.Load(pack, faces, templates, 1)
	if err != nil {
		faces.Close()
		return nil, nil, err
	}
	return reader, func() { reader.Close(); faces.Close() }, nil
}

// measure reads all photos, one after the other: the times are those of one.
func (c evalDocumentsCommand) measure(ctx context.Context, reader *visual.Reader, truths []documentTruth, progress io.Writer) (*documentsResult, error) {
	decoder := capture.NewDecoder(capture.DefaultLimits())
	bar := evaluation.NewProgress(progress, "reading", len(truths))
	defer bar.Done()
	r := &documentsResult{Photos: len(truths)}
	today := time.Now()
	var times []time.Duration
	var processor time.Duration
	for _, t := range truths {
		data, err := os.ReadFile(filepath.Join(c.Images, t.File))
		if err != nil {
			return nil, usage("A photo of the data set cannot be read.", "Check that --images and --truth belong together.", err)
		}
		before, err := processorTime()
		if err != nil {
			return nil, err
		}
		start := time.Now()
		img, err := decoder.Decode(ctx, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.File, err)
		}
		reading, err := reader.Read(ctx, img, today)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.File, err)
		}
		times = append(times, time.Since(start))
		after, err := processorTime()
		if err != nil {
			return nil, err
		}
		processor += after - before
		r.add(t, reading)
		bar.Add(1)
	}
	r.finish(times, processor)
	return r, nil
}

// processorTime that this process has used.
func processorTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// add counts one photo.
func (r *documentsResult) add(t documentTruth, reading *visual.Reading) {
	if reading.Template == t.Document {
		r.Recognised++
	}
	if reading.Located {
		r.Located++
	}
	names := make([]string, 0, len(t.Fields))
	for name := range t.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		i := slices.IndexFunc(r.Fields, func(f fieldRates) bool { return f.Document == t.Document && f.Field == name })
		if i < 0 {
			r.Fields = append(r.Fields, fieldRates{Document: t.Document, Field: name})
			i = len(r.Fields) - 1
		}
		f := &r.Fields[i]
		f.Photos++
		v := valueOf(reading, t.Document, name)
		right := v.Text.Reveal() == t.Fields[name]
		switch {
		case v.State == visual.StateMissing:
			f.Missing++
		case right && v.State == visual.StateRead:
			f.Exact++
		case right:
			f.Exact++
			f.Unsure++
		case v.State == visual.StateRead:
			f.WrongAccepted++
		}
	}
	r.photos = append(r.photos, documentPhoto{t, reading})
}

// valueOf gives a field of a reading; missing also where the document was taken for another.
func valueOf(reading *visual.Reading, document, name string) visual.Value {
	if v := reading.Value(name); v != nil && reading.Template == document {
		return *v
	}
	return visual.Value{Name: name, State: visual.StateMissing}
}

func (r *documentsResult) finish(times []time.Duration, processor time.Duration) {
	var exact, wrong, unsure int
	for i := range r.Fields {
		f := &r.Fields[i]
		f.ExactRate = float64(f.Exact) / float64(f.Photos)
		r.Values += f.Photos
		exact, wrong, unsure = exact+f.Exact, wrong+f.WrongAccepted, unsure+f.Unsure
	}
	if r.Values > 0 {
		r.ExactRate, r.WrongAccepted, r.Unsure = share(exact, r.Values), share(wrong, r.Values), share(unsure, r.Values)
	}
	r.MedianMS, r.P95MS = quantile(times, 0.5), quantile(times, 0.95)
	r.ProcessorMS = float64(processor.Microseconds()) / 1000 / float64(len(times))
}

func share(part, whole int) float64 { return float64(part) / float64(whole) }

func (r *documentsResult) print(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d photos, %d of them recognised as their document, %d located by their outline\n\n", r.Photos, r.Recognised, r.Located)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DOCUMENT\tFIELD\tPHOTOS\tEXACT\tWRONG, ACCEPTED\tRIGHT, UNSURE\tMISSING")
	for _, f := range r.Fields {
		fmt.Fprintf(t, "%s\t%s\t%d\t%.1f %%\t%d\t%d\t%d\n", f.Document, f.Field, f.Photos, 100*f.ExactRate, f.WrongAccepted, f.Unsure, f.Missing)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%d values: %.2f %% exact, %.2f %% wrong and accepted, %.2f %% right but unsure\n"+
		"%.0f ms median, %.0f ms p95 by the clock, %.0f ms of processor time a photo, one core\n",
		r.Values, 100*r.ExactRate, 100*r.WrongAccepted, 100*r.Unsure, r.MedianMS, r.P95MS, r.ProcessorMS)
	_, err := w.Write(b.Bytes())
	return err
}
