package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"truename"
	"truename/face"
	"truename/models"
	"truename/picture"
	"truename/verification"
)

type benchEngineCommand struct {
	engineFlags
	Images string        `help:"Folder of JPEG pictures with faces, the first 200 of which are used (default: one drawn face, 250 × 250 pixels)." type:"existingdir" placeholder:"DIR"`
	Period time.Duration `name:"seconds" help:"How long each part runs." default:"5s"`
	JSON   bool          `help:"Print JSON."`
	// Child runs one verification and reports its own time and memory: cold start is measured in a fresh process.
	Child bool `hidden:""`
}

// benchReport is what a run prints. Durations are milliseconds per picture.
type benchReport struct {
	Model  string `json:"model"`
	Cores  int    `json:"cores"`
	Images int    `json:"images"`
	// PipelineMS and InferenceMS are medians of the same run, taken in turn: the whole way from bytes to template,
	// and the bare sum of the network runs it makes. Ratio is inference / pipeline, from medians.
	PipelineMS  float64               `json:"pipeline_ms"`
	InferenceMS float64               `json:"inference_ms"`
	Ratio       float64               `json:"ratio"`
	Stages      map[string]benchStage `json:"stages"`
	// Runs is how often each network runs for a picture.
	Runs                 map[string]float64 `json:"runs_per_image"`
	ImagesPerSecOneCore  float64            `json:"images_per_s_one_core"`
	ImagesPerSecAllCores float64            `json:"images_per_s_all_cores"`
	// Decode12MPMS is decoding a 12-megapixel JPEG; Decode12MPShare its share of that picture's whole pipeline.
	Decode12MPMS    float64 `json:"decode_12mp_ms"`
	Decode12MPShare float64 `json:"decode_12mp_share"`
	// ColdStartMS is from starting the program to the first result of a verification.
	ColdStartMS float64 `json:"cold_start_ms"`
	// PeakRSSMB is the largest resident memory of this process with all cores at work on the pictures.
	PeakRSSMB float64 `json:"peak_rss_mb"`
}

type benchStage struct {
	MedianMS float64 `json:"median_ms"`
	P95MS    float64 `json:"p95_ms"`
}

func (c benchEngineCommand) Run(ctx context.Context, out output) error {
	if c.Child {
		return c.child(ctx)
	}
	pictures, err := c.pictures()
	if err != nil {
		return err
	}
	cores := runtime.GOMAXPROCS(0)
	engine, err := c.open(cores)
	if err != nil {
		return err
	}
	defer engine.Close()
	r := benchReport{Model: engine.Model(), Cores: cores, Images: len(pictures)}
	// The bare runs work on the very numbers that the pipeline left in the slots: the time of a run depends on them.
	if err := r.pipeline(ctx, engine, pictures, c.Period); err != nil {
		return err
	}
	if r.ImagesPerSecOneCore, err = throughput(ctx, engine, pictures, 1, c.Period); err != nil {
		return err
	}
	if r.ImagesPerSecAllCores, err = throughput(ctx, engine, pictures, cores, c.Period); err != nil {
		return err
	}
	// Before the large picture: drawing it takes more memory than analysing it.
	if r.PeakRSSMB, err = peakRSS(); err != nil {
		return err
	}
	if err := r.large(ctx, engine, c.Period); err != nil {
		return err
	}
	if r.ColdStartMS, err = c.coldStart(ctx); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out.Out, r)
	}
	return r.print(out.Out)
}

// pictures gives the bytes to work on.
func (c benchEngineCommand) pictures() ([][]byte, error) {
	if c.Images == "" {
		drawn, err := drawnFace(250, 250)
		return [][]byte{drawn}, err
	}
	var pictures [][]byte
	err := filepath.WalkDir(c.Images, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isJPEG(path) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if pictures = append(pictures, data); len(pictures) == 200 {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(pictures) == 0 {
		return nil, usage("There are no JPEG pictures in the folder.", "Choose another with --images.", nil)
	}
	return pictures, nil
}

func isJPEG(path string) bool {
	ending := strings.ToLower(filepath.Ext(path))
	return ending == ".jpg" || ending == ".jpeg"
}

// drawnFace gives a JPEG of a drawn face.
func drawnFace(width, height int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, picture.DrawnFace(width, height), &jpeg.Options{Quality: 90})
	return b.Bytes(), err
}

// analyze is the pipeline that is measured: bytes to template.
func analyze(ctx context.Context, e *verification.Engine, data []byte) (*face.Analysis, time.Duration, error) {
	start := time.Now()
	img, err := e.Decode(ctx, data)
	if err != nil {
		return nil, 0, err
	}
	decoding := time.Since(start)
	a, err := e.Analyze(ctx, img, truename.UseLive)
	if err == nil && a.Faces == 0 {
		err = errors.New("a picture without a face cannot be measured")
	}
	return a, decoding, err
}

// pipeline runs one thread, in turn the whole pipeline and then only the networks that it ran.
func (r *benchReport) pipeline(ctx context.Context, e *verification.Engine, pictures [][]byte, long time.Duration) error {
	runtime.LockOSThread() // both kinds of runs share what the caches hold
	defer runtime.UnlockOSThread()
	var whole, bare []time.Duration
	stages := map[string][]time.Duration{}
	total := map[models.Role]int64{}
	n := 0
	for start := time.Now(); n < 3*len(pictures) && n < 30 || time.Since(start) < long; n++ {
		before := e.Runs()
		begin := time.Now()
		a, decoding, err := analyze(ctx, e, pictures[n%len(pictures)])
		if err != nil {
			return err
		}
		whole = append(whole, time.Since(begin))
		for name, d := range map[string]time.Duration{"decode": decoding, "detect": a.Timings.Detect, "landmarks": a.Timings.Landmarks,
			"quality": a.Timings.Quality, "template": a.Timings.Template} {
			stages[name] = append(stages[name], d)
		}
		runs := e.Runs()
		for role := range runs {
			runs[role] -= before[role]
			total[role] += runs[role]
		}
		begin = time.Now()
		if err := e.RunBare(ctx, runs); err != nil {
			return err
		}
		bare = append(bare, time.Since(begin))
	}
	r.PipelineMS, r.InferenceMS = quantile(whole, 0.5), quantile(bare, 0.5)
	r.Ratio = r.InferenceMS / r.PipelineMS
	r.Stages = map[string]benchStage{}
	for name, all := range stages {
		r.Stages[name] = benchStage{quantile(all, 0.5), quantile(all, 0.95)}
	}
	r.Runs = map[string]float64{}
	for role, count := range total {
		if count == 0 { // loaded for something else: capture sessions
			continue
		}
		r.Runs[string(role)] = float64(count) / float64(n)
	}
	return nil
}

// throughput gives pictures per second with so many workers.
func throughput(ctx context.Context, e *verification.Engine, pictures [][]byte, workers int, long time.Duration) (float64, error) {
	var done atomic.Int64
	errs := make([]error, workers)
	var wg sync.WaitGroup
	start := time.Now()
	for w := range workers {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for time.Since(start) < long && errs[w] == nil {
				_, _, errs[w] = analyze(ctx, e, pictures[int(done.Add(1))%len(pictures)])
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), errors.Join(errs...)
}

// large measures a picture as phones make them.
func (r *benchReport) large(ctx context.Context, e *verification.Engine, long time.Duration) error {
	data, err := drawnFace(3000, 4000)
	if err != nil {
		return err
	}
	var decode, whole []time.Duration
	for start := time.Now(); len(whole) < 3 || time.Since(start) < long/2; {
		begin := time.Now()
		_, decoding, err := analyze(ctx, e, data)
		if err != nil {
			return err
		}
		decode, whole = append(decode, decoding), append(whole, time.Since(begin))
	}
	r.Decode12MPMS = quantile(decode, 0.5)
	r.Decode12MPShare = r.Decode12MPMS / quantile(whole, 0.5)
	return nil
}

// coldStart starts this program anew and waits for the first result.
func (c benchEngineCommand) coldStart(ctx context.Context) (float64, error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	var all []time.Duration
	for range 3 {
		args := []string{"bench", "--child", "--pack", c.Pack, "--effort", c.Effort, "--models-dir", c.store()}
		if c.AllowNonCommercial {
			args = append(args, "--allow-non-commercial")
		}
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stderr = os.Stderr
		begin := time.Now()
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("cold start: %w", err)
		}
		all = append(all, time.Since(begin))
	}
	return quantile(all, 0.5), nil
}

// child is what coldStart starts: one verification.
func (c benchEngineCommand) child(ctx context.Context) error {
	data, err := drawnFace(250, 250)
	if err != nil {
		return err
	}
	engine, err := c.open(2)
	if err != nil {
		return err
	}
	defer engine.Close()
	_, err = engine.Verify(ctx, data, data, 1e-4)
	return err
}

// peakRSS gives the process's largest resident memory in MB (10⁶ bytes).
func peakRSS() (float64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	unit := 1024.0 // Linux counts in KiB
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return float64(usage.Maxrss) * unit / 1e6, nil
}

// quantile in milliseconds.
func quantile(durations []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(durations))
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}

func (r *benchReport) print(w io.Writer) error {
	fmt.Fprintf(w, "%s, %d pictures, %d cores\n\n", r.Model, r.Images, r.Cores)
	fmt.Fprintf(w, "%-12s %10s %10s\n", "stage", "median ms", "p95 ms")
	for _, name := range []string{"decode", "detect", "landmarks", "quality", "template"} {
		fmt.Fprintf(w, "%-12s %10.2f %10.2f\n", name, r.Stages[name].MedianMS, r.Stages[name].P95MS)
	}
	runs, err := json.Marshal(r.Runs)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\npipeline %.2f ms, bare inference %.2f ms, ratio %.3f (runs per picture: %s)\n"+
		"pictures per second: %.1f on one core, %.1f on all\n"+
		"12-megapixel JPEG: %.0f ms to decode, %.0f %% of its pipeline\n"+
		"cold start to first result %.0f ms, peak memory %.0f MB\n",
		r.PipelineMS, r.InferenceMS, r.Ratio, runs, r.ImagesPerSecOneCore, r.ImagesPerSecAllCores,
		r.Decode12MPMS, 100*r.Decode12MPShare, r.ColdStartMS, r.PeakRSSMB)
	return err
}
