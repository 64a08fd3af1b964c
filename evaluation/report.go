package evaluation

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"strconv"
)

//go:embed report.html.tmpl
var reportTemplate string

// renderReport gives the whole page. Photos is the directory that the samples are in; with nil the page holds neither
// pictures nor names.
func (e *Evaluation) renderReport(photos fs.FS) ([]byte, error) {
	t, err := template.New("report").Parse(reportTemplate)
	if err != nil {
		return nil, fmt.Errorf("parse the report's template: %w", err)
	}
	var page bytes.Buffer
	if err := t.Execute(&page, e.view(photos)); err != nil {
		return nil, fmt.Errorf("render the report: %w", err)
	}
	return page.Bytes(), nil
}

// reportView is what the template shows, in words and finished numbers.
type reportView struct {
	Model, Dataset       string
	People, Images       string
	Genuine, Impostor    string
	AllPairs             bool
	Headline             headline
	Facts                []fact
	DET, Scores          []plot
	Legend               []legend
	PairsCurve           bool
	Tables               []operatingTable
	Photos               bool
	Failures             []string
	FailureCount         string
	FailureShare         string
	WorstGenuine         []pairView
	WorstImpostor        []pairView
	Errata               string
	ErrataImages         string
	Calibration          []calibrationView
	CalibrationPeople    string
	CalibrationImpostors string
	Seed                 uint64
	Wall, Pace           string
	SelfTuned            bool
}

// headline answers the question that the reader came with: is NIST's requirement met?
type headline struct{ Class, Text, Detail string }

type fact struct{ Name, Value, Detail string }

type legend struct{ Class, Text string }

type operatingTable struct {
	Title, Note string
	Rows        []operatingRow
}

type operatingRow struct {
	FAR                            string
	Supported                      bool
	Threshold, TAR, Interval, FNMR string
}

type pairView struct {
	Score        string
	NameA, NameB string
	A, B         template.URL
}

type calibrationView struct{ Score, FMR, Interval string }

func (e *Evaluation) view(photos fs.FS) reportView {
	r := e.Result
	v := reportView{Model: r.Model, Dataset: e.Dataset, People: thousands(int64(e.People)), Images: thousands(int64(r.Images)),
		Genuine: thousands(int64(r.Pairs.Genuine)), Impostor: thousands(int64(r.Pairs.Impostor)),
		AllPairs: r.AllPairs != nil, Photos: photos != nil, Seed: e.BootstrapSeed, SelfTuned: e.SelfTuned,
		FailureCount: thousands(int64(r.FailuresToAcquire)), FailureShare: percent(ratio(int64(r.FailuresToAcquire), int64(r.Images)))}
	detail := &e.PairsDetail
	if r.AllPairs != nil {
		v.Genuine, v.Impostor = thousands(r.AllPairs.Genuine), thousands(r.AllPairs.Impostor)
		detail = e.AllDetail
	}
	if r.WallS > 0 {
		v.Wall, v.Pace = number(r.WallS, 3)+" s", number(float64(r.Images)/r.WallS, 3)
	}
	v.Headline = e.headline()
	v.Facts = e.facts()
	v.plots(e, detail)
	v.Tables = e.tables()
	v.WorstGenuine = pairViews(detail.WorstGenuine, photos)
	v.WorstImpostor = pairViews(detail.WorstImpostor, photos)
	if photos != nil {
		for _, s := range e.Failures[:min(len(e.Failures), 200)] {
			v.Failures = append(v.Failures, s.Name())
		}
	}
	if r.Errata != nil {
		v.Errata, v.ErrataImages = e.ErrataSource, thousands(int64(e.ErrataImages))
		if v.Errata == "" {
			v.Errata = "not stated"
		}
	}
	if c := e.Calibration; c != nil {
		v.CalibrationPeople, v.CalibrationImpostors = thousands(int64(c.People)), thousands(c.Impostors)
		for _, row := range c.Rows {
			v.Calibration = append(v.Calibration, calibrationView{formatScore(row.Score), scientific(row.FMR),
				scientific(row.Lower) + " – " + scientific(row.Upper)})
		}
	}
	return v
}

// headline compares with what NIST SP 800-63A-4 asks of one-to-one comparison: FNMR ≤ 1 % at FMR ≤ 1e-4.
func (e *Evaluation) headline() headline {
	tar, interval := e.Result.Pairs.TARAtFAR["1e-4"], (*Interval)(nil)
	if all := e.Result.AllPairs; all != nil {
		tar, interval = all.TARAtFAR["1e-4"], all.TARCI["1e-4"]
	}
	if tar == nil {
		return headline{"open", "Too few impostor comparisons for a false match rate of 10⁻⁴",
			"NIST SP 800-63A-4 asks for an FNMR of at most 1\u202f% at that rate. Compare all pairs of a larger data set to measure it."}
	}
	fnmr := 1 - *tar
	h := headline{Class: "met", Text: percent(fnmr) + " false non-matches at a false match rate of\u00a010⁻⁴",
		Detail: "NIST SP 800-63A-4 asks for at most 1\u202f%: met on this data."}
	if fnmr > 0.01 {
		h.Class, h.Detail = "missed", "NIST SP 800-63A-4 asks for at most 1\u202f%: not met on this data."
	}
	if interval != nil {
		h.Detail += " 95\u202f% confidence: " + percentRange(Interval{1 - interval[1], 1 - interval[0]}) + "."
	}
	return h
}

func (e *Evaluation) facts() []fact {
	r := e.Result
	eer := fact{"Equal error rate", percent(r.Pairs.EER), "where FMR and FNMR are equal"}
	if r.AllPairs != nil {
		eer.Value, eer.Detail = percent(r.AllPairs.EER), "all pairs; pairs protocol "+percent(r.Pairs.EER)
	}
	accuracy := fact{"Accuracy, pairs protocol", percent(r.Pairs.Accuracy),
		"±\u202f" + percent(r.Pairs.AccuracyStd) + " over folds; 95\u202f% confidence " + percentRange(r.Pairs.AccuracyCI)}
	if e.SelfTuned {
		accuracy.Detail = "one fold: its threshold was chosen on itself; 95\u202f% confidence " + percentRange(r.Pairs.AccuracyCI)
	}
	return []fact{eer, accuracy, {"Failures to acquire", thousands(int64(r.FailuresToAcquire)),
		"of " + thousands(int64(r.Images)) + " images (FTA " + percent(ratio(int64(r.FailuresToAcquire), int64(r.Images))) + ")"}}
}

func (v *reportView) plots(e *Evaluation, detail *Detail) {
	var curves []curve
	if e.AllDetail != nil {
		curves = append(curves, curve{"main", e.AllDetail.DET})
		v.Legend = append(v.Legend, legend{"main", "all pairs"})
	}
	if e.ErrataDetail != nil {
		curves = append(curves, curve{"corrected", e.ErrataDetail.DET})
		v.Legend = append(v.Legend, legend{"corrected", "without known label errors"})
	}
	if e.AllDetail == nil {
		curves = append([]curve{{"main", e.PairsDetail.DET}}, curves...)
		v.Legend = append([]legend{{"main", "pairs protocol"}}, v.Legend...)
	} else {
		curves = append(curves, curve{"protocol", e.PairsDetail.DET})
		v.Legend = append(v.Legend, legend{"protocol", "pairs protocol"})
		if len(detail.Band) > 1 {
			v.Legend = append(v.Legend, legend{"band", "95 % confidence, all pairs"})
		}
	}
	thresholds := e.Result.Pairs.Thresholds
	if e.Result.AllPairs != nil {
		thresholds = e.Result.AllPairs.Thresholds
	}
	var rules []rule
	for _, exponent := range []int{-4, -2, -6, -3, -5} { // the ones whose labels matter most come first
		if score := thresholds["1e"+strconv.Itoa(exponent)]; score != nil {
			rules = append(rules, rule{X: *score, Label: power(exponent)})
		}
	}
	for _, size := range []struct {
		class         string
		width, height float64
	}{{"wide", 860, 500}, {"narrow", 380, 400}} {
		v.DET = append(v.DET, plotDET(size.class, size.width, size.height, curves, detail.Band))
		v.Scores = append(v.Scores, plotScores(size.class, size.width, size.height*0.86, detail.Genuine, detail.Impostor, rules))
	}
}

func (e *Evaluation) tables() []operatingTable {
	r := e.Result
	var tables []operatingTable
	if all := r.AllPairs; all != nil {
		tables = append(tables, allPairsTable("All pairs", all))
		if r.Errata != nil && r.Errata.AllPairs != nil {
			tables = append(tables, allPairsTable("All pairs without known label errors", r.Errata.AllPairs))
		}
	}
	tables = append(tables, pairsTable("Pairs protocol", &r.Pairs))
	if r.Errata != nil {
		tables = append(tables, pairsTable("Pairs protocol without known label errors", &r.Errata.Pairs))
	}
	return tables
}

func allPairsTable(title string, a *AllPairsResult) operatingTable {
	return operatingTable{title, fmt.Sprintf("%s genuine pairs, %s impostor comparisons. EER %s. Intervals: bootstrap over people.",
		thousands(a.Genuine), thousands(a.Impostor), percent(a.EER)),
		operatingRows(a.TARAtFAR, a.Thresholds, func(key string) *Interval { return a.TARCI[key] })}
}

func pairsTable(title string, p *PairsResult) operatingTable {
	return operatingTable{title, fmt.Sprintf("%s genuine pairs, %s impostor comparisons. EER %s. Accuracy %s\u00a0±\u00a0%s. Intervals: Clopper–Pearson.",
		thousands(int64(p.Genuine)), thousands(int64(p.Impostor)), percent(p.EER), percent(p.Accuracy), percent(p.AccuracyStd)),
		operatingRows(p.TARAtFAR, p.Thresholds, func(key string) *Interval {
			interval := exactInterval(int64(math.Round(*p.TARAtFAR[key]*float64(p.Genuine))), int64(p.Genuine))
			return &interval
		})}
}

// operatingRows makes a row per target rate; interval is asked only for rates that the data support.
func operatingRows(tar, thresholds Rates, interval func(key string) *Interval) []operatingRow {
	var rows []operatingRow
	for _, t := range targets() {
		row := operatingRow{FAR: power(int(math.Round(math.Log10(t.far))))}
		if tar[t.key] != nil && thresholds[t.key] != nil {
			row.Supported = true
			row.Threshold, row.TAR, row.FNMR = formatScore(*thresholds[t.key]), percent(*tar[t.key]), percent(1-*tar[t.key])
			if i := interval(t.key); i != nil {
				row.Interval = percentRange(*i)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// pairViews shows comparisons; without photos they are scores only.
func pairViews(comparisons []Comparison, photos fs.FS) []pairView {
	var views []pairView
	for _, c := range comparisons {
		v := pairView{Score: formatScore(c.Score)}
		if photos != nil {
			v.NameA, v.NameB = c.A.Name(), c.B.Name()
			v.A, v.B = thumbnail(photos, c.A), thumbnail(photos, c.B)
		}
		views = append(views, v)
	}
	return views
}
