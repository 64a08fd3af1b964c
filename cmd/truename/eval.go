package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"truename"
	"truename/evaluation"
	"truename/verification"
)

type evalCommand struct {
	Documents evalDocumentsCommand `cmd:"" help:"Reading the printed fields of identity documents."`
	Pairs     evalPairsCommand     `cmd:"" help:"One-to-one comparison on a data set in the layout of Labeled Faces in the Wild."`
	PAD       evalPADCommand       `cmd:"" name:"pad" help:"Presentation attack detection on bona fide and attack sessions."`
}

// datasetFlags say what to measure on.
type datasetFlags struct {
	Images  string `help:"Folder of images: DIR/NAME/NAME_0001.jpg." required:"" type:"existingdir" placeholder:"DIR"`
	Pairs   string `help:"File of pairs, in LFW's format." required:"" type:"existingfile" placeholder:"FILE"`
	Dataset string `help:"Name of the data set, for the report." default:"Labeled Faces in the Wild" placeholder:"NAME"`
	Errata  string `help:"File of known label errors (TOML), or none (default: LFW's)." default:"lfw" placeholder:"FILE"`
	Seed    uint64 `help:"Seed of the bootstrap." default:"1"`
}

type evalPairsCommand struct {
	engineFlags
	datasetFlags
	AllPairs bool   `help:"Also compare every image with every other."`
	Report   string `help:"Write an HTML report to this folder. It shows pictures of people: treat it as personal data." placeholder:"DIR" type:"path"`
	NoPhotos bool   `help:"Leave the pictures out of the report."`
	JSON     bool   `help:"Print JSON."`
}

func (c evalPairsCommand) Run(ctx context.Context, out output) error {
	e, err := c.datasetFlags.evaluate(ctx, c.engineFlags, c.AllPairs, out.Err)
	if err != nil {
		return err
	}
	if c.Report != "" {
		photos := os.DirFS(c.Images)
		if c.NoPhotos {
			photos = nil
		}
		if err := e.WriteReport(c.Report, photos); err != nil {
			return err
		}
		fmt.Fprintf(out.Err, "report: %s\n", filepath.Join(c.Report, "index.html"))
	}
	if c.JSON {
		return printJSON(out.Out, e.Result)
	}
	return printEvaluation(out.Out, e)
}

// evaluate acquires all samples and computes the results.
func (d datasetFlags) evaluate(ctx context.Context, f engineFlags, allPairs bool, progress io.Writer) (*evaluation.Evaluation, error) {
	start := time.Now()
	options := evaluation.Options{Dataset: d.Dataset, AllPairs: allPairs, Seed: d.Seed}
	file, err := os.Open(d.Pairs)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if options.Pairs, err = evaluation.ParsePairs(file); err != nil {
		return nil, err
	}
	if allPairs {
		if options.Samples, err = evaluation.ListSamples(os.DirFS(d.Images)); err != nil {
			return nil, err
		}
	}
	if options.Errata, err = d.errata(); err != nil {
		return nil, err
	}
	workers := runtime.GOMAXPROCS(0)
	engine, err := f.open(workers)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	options.Model = engine.Model()
	templates, err := acquire(ctx, engine, d.Images, options.ToAcquire(), workers, progress)
	if err != nil {
		return nil, err
	}
	e, err := evaluation.Evaluate(ctx, options, templates)
	if err != nil {
		return nil, err
	}
	e.Result.WallS = time.Since(start).Seconds()
	return e, nil
}

func (d datasetFlags) errata() (*evaluation.Errata, error) {
	switch d.Errata {
	case "none":
		return nil, nil
	case "lfw":
		return evaluation.LFWErrata()
	}
	f, err := os.Open(d.Errata)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return evaluation.ParseErrata(f)
}

// acquire makes the templates, on all cores. A picture that cannot be decoded or shows no face is a failure to
// acquire; a failure of the engine or a missing file ends the run, as it says nothing about the recogniser.
func acquire(ctx context.Context, engine *verification.Engine, dir string, samples []evaluation.Sample, workers int, progress io.Writer) (evaluation.Templates, error) {
	templates := make([][]float32, len(samples))
	errs := make([]error, workers)
	var next atomic.Int64
	bar := evaluation.NewProgress(progress, "acquiring", len(samples))
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(samples) {
					return
				}
				templates[i], errs[w] = extract(ctx, engine, filepath.Join(dir, filepath.FromSlash(string(samples[i]))))
				bar.Add(1)
			}
		})
	}
	wg.Wait()
	bar.Done()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	result := evaluation.Templates{}
	for i, s := range samples {
		result[s] = templates[i]
	}
	return result, nil
}

// extract gives the template of a file, nil when none can be acquired.
func extract(ctx context.Context, engine *verification.Engine, path string) ([]float32, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("A picture of the data set cannot be read.", "Check that --images and --pairs belong together.", err)
	}
	img, err := engine.Decode(ctx, data)
	if err == nil {
		a, err := engine.Extract(ctx, img)
		if err != nil {
			return nil, err
		}
		return a.Template.Vector, nil
	}
	switch truename.AsError(err).Kind {
	case truename.KindUnavailable, truename.KindTimeout, truename.KindBusy:
		return nil, err
	}
	return nil, nil
}

type calibrateCommand struct {
	engineFlags
	datasetFlags
	Output string `help:"Write the table here instead of to standard output." placeholder:"FILE" type:"path"`
}

func (c calibrateCommand) Help() string {
	return "Name the file in the manifest's calibrations of the recogniser, beside which it must lie."
}

func (c calibrateCommand) Run(ctx context.Context, out output) error {
	e, err := c.datasetFlags.evaluate(ctx, c.engineFlags, true, out.Err)
	if err != nil {
		return err
	}
	if e.Calibration == nil {
		return usage("The data set has too few impostor pairs for a calibration table.", "Use a larger one.", nil)
	}
	e.Calibration.Model, e.Calibration.Effort, _ = strings.Cut(e.Result.Model, "/")
	table, err := evaluation.MarshalCalibration(*e.Calibration)
	if err != nil {
		return err
	}
	if c.Output != "" {
		return os.WriteFile(c.Output, table, 0o644)
	}
	_, err = out.Out.Write(table)
	return err
}

// printEvaluation writes the figures for people.
func printEvaluation(w io.Writer, e *evaluation.Evaluation) error {
	r := e.Result
	fmt.Fprintf(w, "%s on %s: %d images, %d failures to acquire, %.0f s\n\n", r.Model, e.Dataset, r.Images, r.FailuresToAcquire, r.WallS)
	fmt.Fprintf(w, "pairs      accuracy %.2f ± %.2f %%, EER %.2f %%\n", 100*r.Pairs.Accuracy, 100*r.Pairs.AccuracyStd, 100*r.Pairs.EER)
	printRates(w, r.Pairs.TARAtFAR, r.Pairs.Thresholds)
	if r.AllPairs != nil {
		fmt.Fprintf(w, "all pairs  %s genuine, %s impostor, EER %.2f %%\n", thousands(r.AllPairs.Genuine), thousands(r.AllPairs.Impostor), 100*r.AllPairs.EER)
		printRates(w, r.AllPairs.TARAtFAR, r.AllPairs.Thresholds)
	}
	if r.Errata != nil && r.Errata.AllPairs != nil {
		fmt.Fprintln(w, "all pairs without the known label errors")
		printRates(w, r.Errata.AllPairs.TARAtFAR, r.Errata.AllPairs.Thresholds)
	}
	return nil
}

func printRates(w io.Writer, tar, thresholds evaluation.Rates) {
	for _, far := range []string{"1e-2", "1e-3", "1e-4", "1e-5", "1e-6"} {
		if tar[far] != nil {
			fmt.Fprintf(w, "           TAR %.2f %% at FAR %s (score %.3f)\n", 100**tar[far], far, *thresholds[far])
		}
	}
}
