package main

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"

	"truename/document/visual"
)

// mostReported bounds the photos that a report shows, those with faults first.
const mostReported = 60

// documentsPage is the report of an evaluation of documents.
const documentsPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>Documents: {{.Result.Photos}} photos</title>
<style>
:root{color-scheme:light dark;--paper:#eef2ef;--sheet:#f8faf8;--ink:#0f2320;--soft:#465855;--line:#cbd5d0;--good:#00695c;--bad:#9c3d0c}
@media (prefers-color-scheme:dark){:root{--paper:#0b1312;--sheet:#121c1a;--ink:#e8f0ed;--soft:#a3b5b0;--line:#263531;--good:#58d3bd;--bad:#f0a06a}}
body{margin:0 auto;max-width:66rem;padding:2rem 1.25rem 4rem;font:1rem/1.5 system-ui,"Noto Sans CJK SC",sans-serif;color:var(--ink);background:var(--paper)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600;font-size:.875rem}.scroll{overflow-x:auto}
article{background:var(--sheet);border:1px solid var(--line);border-radius:10px;padding:1rem;margin-top:1.25rem;display:grid;gap:1rem;grid-template-columns:minmax(16rem,26rem) 1fr}
@media (max-width:46rem){article{grid-template-columns:1fr}}
img{width:100%;height:auto;border-radius:6px}.bad{color:var(--bad)}.soft{color:var(--soft)}h3{margin:0 0 .5rem;font-size:1rem;overflow-wrap:anywhere}
</style></head><body>
<h1>{{.Result.Photos}} photos of documents</h1>
<p>{{printf "%.2f" .Exact}} % of {{.Result.Values}} values exact, {{printf "%.2f" .Wrong}} % wrong and accepted, {{printf "%.2f" .Unsure}} % right but unsure.
{{printf "%.0f" .Result.MedianMS}} ms median by the clock, {{printf "%.0f" .Result.ProcessorMS}} ms of processor time.</p>
<div class="scroll"><table><tr><th>Document<th>Field<th>Photos<th>Exact<th>Wrong, accepted<th>Right, unsure<th>Missing</tr>
{{range .Result.Fields}}<tr><td>{{.Document}}<td>{{.Field}}<td>{{.Photos}}<td>{{.Exact}}<td>{{.WrongAccepted}}<td>{{.Unsure}}<td>{{.Missing}}</tr>
{{end}}</table></div>
<h2>Photos{{if .Left}} ({{.Left}} more are left out){{end}}</h2>
{{range .Photos}}<article><div>{{if .Picture}}<img src="{{.Picture}}" alt="The document, rectified" loading="lazy">{{else}}No known document was found.{{end}}</div>
<div><h3>{{.File}}</h3><div class="scroll"><table><tr><th>Field<th>Printed<th>Read<th>State<th>Confidence</tr>
{{range .Values}}<tr{{if .Bad}} class="bad"{{end}}><td>{{.Name}}<td>{{.Printed}}<td>{{.Read}}<td>{{.State}}<td>{{printf "%.2f" .Confidence}}</tr>
{{end}}</table></div><p class="soft">{{.Findings}}</p></div></article>
{{end}}</body></html>
`

// photoView is one photo of the report.
type photoView struct {
	File, Picture, Findings string
	Values                  []valueView
	bad                     int
}

type valueView struct {
	Name, Printed, Read string
	State               visual.State
	Confidence          float64
	Bad                 bool
}

// writeDocumentsReport writes index.html and the rectified documents beside it.
func writeDocumentsReport(dir string, r *documentsResult) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var views []photoView
	for _, p := range r.photos {
		views = append(views, viewOf(p))
	}
	order := make([]int, len(views))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(views[b].bad, views[a].bad) })
	var shown []photoView
	for _, i := range order[:min(len(order), mostReported)] {
		if page := r.photos[i].reading.Page; page != nil {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, page.Std(), &jpeg.Options{Quality: 80}); err != nil {
				return err
			}
			views[i].Picture = fmt.Sprintf("page-%03d.jpg", i)
			if err := os.WriteFile(filepath.Join(dir, views[i].Picture), b.Bytes(), 0o600); err != nil {
				return err
			}
		}
		shown = append(shown, views[i])
	}
	t, err := template.New("documents").Parse(documentsPage)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := t.Execute(&page, map[string]any{"Result": r, "Photos": shown, "Left": len(views) - len(shown),
		"Exact": 100 * r.ExactRate, "Wrong": 100 * r.WrongAccepted, "Unsure": 100 * r.Unsure}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "index.html"), page.Bytes(), 0o600)
}

func viewOf(p documentPhoto) photoView {
	v := photoView{File: p.File}
	names := make([]string, 0, len(p.Fields))
	for name := range p.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		got := valueOf(p.reading, p.Document, name)
		x := valueView{name, p.Fields[name], got.Text.Reveal(), got.State, got.Confidence, got.Text.Reveal() != p.Fields[name]}
		if x.Bad {
			v.bad += 2
		} else if got.State != visual.StateRead {
			v.bad++
		}
		v.Values = append(v.Values, x)
	}
	for _, f := range p.reading.Findings {
		if f.Reason != "" {
			v.Findings += fmt.Sprintf("%s %s: %.2f %s (limit %.2f). ", f.Check, f.State, f.Value, f.Unit, f.Limit)
		}
	}
	return v
}
