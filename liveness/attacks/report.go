package attacks

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"truename/liveness"
)

//go:embed report.html.tmpl
var reportTemplate string

// WriteReport writes index.html and performance.json to a folder, which is made. It shows nobody.
func WriteReport(dir string, p Performance, model string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "performance.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	page, err := renderReport(p, model)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "index.html"), page, 0o644)
}

type reportView struct {
	Model            string
	P                Performance
	BonaFide, Attack []speciesRow
	Beyond           []speciesRow
	Facts            []factRow
	Worst, Pooled    string // paths of the curves
}

type speciesRow struct {
	Species
	Trials           int
	Rate, Upper      float64
	Undecided, BPCER float64
}

type factRow struct {
	Name      liveness.FactName
	NotPassed float64
	APCER     []speciesRow
}

func renderReport(p Performance, model string) ([]byte, error) {
	v := reportView{Model: model, P: p}
	known := map[string]Species{}
	for _, s := range All() {
		known[s.Name] = s
	}
	describe := func(name string) Species {
		if s, ok := known[name]; ok {
			return s
		}
		return Species{Name: name}
	}
	for _, name := range slices.Sorted(maps.Keys(p.BonaFide)) {
		b := p.BonaFide[name]
		v.BonaFide = append(v.BonaFide, speciesRow{describe(name), p.Trials[name], b.NotPassed, b.NotPassedUpper, p.Undecided[name], b.BPCER})
	}
	attacks := slices.Sorted(maps.Keys(p.APCER))
	for _, name := range attacks {
		v.Attack = append(v.Attack, speciesRow{describe(name), p.Trials[name], p.APCER[name], p.APCERUpper[name], p.Undecided[name], 0})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Beyond)) {
		v.Beyond = append(v.Beyond, speciesRow{describe(name), p.Trials[name], p.Beyond[name], 0, p.Undecided[name], 0})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Facts)) {
		f := p.Facts[name]
		row := factRow{Name: name, NotPassed: f.NotPassed}
		for _, a := range attacks {
			row.APCER = append(row.APCER, speciesRow{Species: Species{Name: a}, Rate: f.APCER[a]})
		}
		v.Facts = append(v.Facts, row)
	}
	v.Worst = curve(p.DET, func(o Operating) float64 { return o.WorstAPCER })
	v.Pooled = curve(p.DET, func(o Operating) float64 { return o.APCER })
	t, err := template.New("report").Funcs(template.FuncMap{"percent": func(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }}).Parse(reportTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, v)
	return b.Bytes(), err
}

// curve draws operating points as a staircase on a plot of 300 by 300, from 0 to 30 % each way.
func curve(points []Operating, rate func(Operating) float64) string {
	var b strings.Builder
	last := 0.0
	for i, o := range points {
		x, y := 1000*min(0.3, rate(o)), 300-1000*min(0.3, o.NotPassed)
		if i == 0 {
			fmt.Fprintf(&b, "M%.1f %.1f", x, y)
		} else {
			fmt.Fprintf(&b, "L%.1f %.1fL%.1f %.1f", x, last, x, y)
		}
		last = y
	}
	return b.String()
}
