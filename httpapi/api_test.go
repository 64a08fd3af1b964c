package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/verification"
)

// verifierFunc stands in for the engine where a test is about queueing, limits, timeouts, faults or clients that go
// away, never about faces. See engine_test.go for the real one.
type verifierFunc func(ctx context.Context, portrait, live []byte, targetFMR float64) (*verification.Result, error)

func (f verifierFunc) Verify(ctx context.Context, portrait, live []byte, targetFMR float64) (*verification.Result, error) {
	return f(ctx, portrait, live, targetFMR)
}

// match is a coherent result at once.
func match(_ context.Context, _, _ []byte, target float64) (*verification.Result, error) {
	score, rate := 0.9, 1e-9
	return &verification.Result{Outcome: truename.OutcomeMatch, Score: &score, FMR: &rate, FMRInterval: &[2]float64{0, 1e-8}, Threshold: 0.5,
		TargetFMR: target, Model: "none", Reasons: []verification.Reason{}, Portrait: emptySample(), Live: emptySample(),
		TimingsMS: map[string]float64{"total": 1}}, nil
}

func emptySample() verification.Sample {
	return verification.Sample{Landmarks: [][2]float64{}, Quality: []verification.Measure{}, Guidance: []truename.Guidance{}}
}

func configure() Config {
	return Config{Verifier: verifierFunc(match), TargetFMR: 1e-4, Limits: DefaultLimits(), Logger: slog.New(slog.DiscardHandler)}
}

func newAPI(t testing.TB, change func(*Config)) *API {
	t.Helper()
	c := configure()
	if change != nil {
		change(&c)
	}
	api, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// part of a form. A picture has a file name.
type part struct{ name, file, content string }

func encode(t testing.TB, parts ...part) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := `form-data; name="` + p.name + `"`
		if p.file != "" {
			disposition += `; filename="` + p.file + `"`
		}
		h.Set("Content-Disposition", disposition)
		w, err := m.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, p.content)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), b.Bytes()
}

func twoPictures(t testing.TB) (contentType string, body []byte) {
	return encode(t, part{"portrait", "p.jpg", "one"}, part{"live", "l.jpg", "two"})
}

func post(t testing.TB, h http.Handler, contentType string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/v1/verifications", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	h.ServeHTTP(w, r)
	return w
}

// problemIn reads a problem document and checks what every one of them must have.
func problemIn(t testing.TB, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	return checkProblem(t, w.Code, w.Header(), w.Body.Bytes())
}

func checkProblem(t testing.TB, status int, h http.Header, body []byte) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("status %d: no problem document: %v: %q", status, err, body)
	}
	if got := h.Get("Content-Type"); got != problemType {
		t.Errorf("content type %q", got)
	}
	if p.Status != status || p.Title == "" || p.Detail == "" || p.Remedy == "" || p.Code == "" {
		t.Errorf("status %d: incomplete problem %+v", status, p)
	}
	if p.Type != problemPath(p.Code) {
		t.Errorf("type %q of code %s", p.Type, p.Code)
	}
	if p.RequestID == "" || p.RequestID != h.Get("X-Request-Id") {
		t.Errorf("request id %q, in the header %q", p.RequestID, h.Get("X-Request-Id"))
	}
	return p
}

func TestVerificationPassesPicturesAndTarget(t *testing.T) {
	type call struct {
		portrait, live string
		target         float64
	}
	for name, c := range map[string]struct {
		parts []part
		want  call
	}{
		"default target": {[]part{{"portrait", "p", "one"}, {"live", "l", "two"}}, call{"one", "two", 1e-4}},
		"any order":      {[]part{{"target_fmr", "", "1e-5"}, {"live", "l", "two"}, {"portrait", "p", "one"}}, call{"one", "two", 1e-5}},
		"lowest target":  {[]part{{"portrait", "p", "one"}, {"live", "l", "two"}, {"target_fmr", "", "0.000001"}}, call{"one", "two", 1e-6}},
		"highest target": {[]part{{"portrait", "p", "one"}, {"live", "l", "two"}, {"target_fmr", "", " 1E-1\n"}}, call{"one", "two", 1e-1}},
		"no file names":  {[]part{{"portrait", "", "one"}, {"live", "", "two"}}, call{"one", "two", 1e-4}},
		"boundary-like":  {[]part{{"portrait", "p", "\r\n--\r\n--x"}, {"live", "l", "\r\n"}}, call{"\r\n--\r\n--x", "\r\n", 1e-4}},
	} {
		t.Run(name, func(t *testing.T) {
			var got call
			api := newAPI(t, func(cfg *Config) {
				cfg.Verifier = verifierFunc(func(ctx context.Context, p, l []byte, target float64) (*verification.Result, error) {
					got = call{string(p), string(l), target}
					return match(ctx, p, l, target)
				})
			})
			contentType, body := encode(t, c.parts...)
			w := post(t, api, contentType, body)
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("%d %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(call{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var result verification.Result
			if err := json.Unmarshal(w.Body.Bytes(), &result); err != nil || result.Outcome != truename.OutcomeMatch || result.TargetFMR != c.want.target {
				t.Errorf("%+v, %v", result, err)
			}
		})
	}
}

func TestBadFormsAreProblems(t *testing.T) {
	pictures := []part{{"portrait", "p", "one"}, {"live", "l", "two"}}
	with := func(p ...part) []part { return append(append([]part{}, pictures...), p...) }
	huge := strings.Repeat("x", 2000)
	for name, c := range map[string]struct {
		parts  []part
		status int
		code   truename.Code
		sample truename.Use
	}{
		"nothing":           {nil, 422, truename.CodeInvalidRequest, "portrait"},
		"no portrait":       {pictures[1:], 422, truename.CodeInvalidRequest, "portrait"},
		"no live":           {pictures[:1], 422, truename.CodeInvalidRequest, "live"},
		"empty portrait":    {[]part{{"portrait", "p", ""}, {"live", "l", "two"}}, 422, truename.CodeInvalidRequest, "portrait"},
		"empty live":        {[]part{{"portrait", "p", "one"}, {"live", "l", ""}}, 422, truename.CodeInvalidRequest, "live"},
		"two portraits":     {with(part{"portrait", "p", "three"}), 422, truename.CodeInvalidRequest, "portrait"},
		"two targets":       {with(part{"target_fmr", "", "1e-4"}, part{"target_fmr", "", "1e-5"}), 422, truename.CodeInvalidRequest, ""},
		"unknown part":      {with(part{"age", "", "1"}), 422, truename.CodeInvalidRequest, ""},
		"part without name": {with(part{"", "", "1"}), 400, CodeMalformedBody, ""},
		"large portrait":    {[]part{{"portrait", "p", huge}, {"live", "l", "two"}}, 413, truename.CodeTooLarge, "portrait"},
		"large live":        {[]part{{"portrait", "p", "one"}, {"live", "l", huge}}, 413, truename.CodeTooLarge, "live"},
		"target too low":    {with(part{"target_fmr", "", "9e-7"}), 422, truename.CodeInvalidRequest, ""},
		"target too high":   {with(part{"target_fmr", "", "0.2"}), 422, truename.CodeInvalidRequest, ""},
		"target negative":   {with(part{"target_fmr", "", "-1e-4"}), 422, truename.CodeInvalidRequest, ""},
		"target NaN":        {with(part{"target_fmr", "", "NaN"}), 422, truename.CodeInvalidRequest, ""},
		"target hex":        {with(part{"target_fmr", "", "0x1p-13"}), 422, truename.CodeInvalidRequest, ""},
		"target empty":      {with(part{"target_fmr", "", ""}), 422, truename.CodeInvalidRequest, ""},
		"target long":       {with(part{"target_fmr", "", "0." + strings.Repeat("0", 3000) + "1"}), 422, truename.CodeInvalidRequest, ""},
		"target words":      {with(part{"target_fmr", "", "strict"}), 422, truename.CodeInvalidRequest, ""},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, func(cfg *Config) {
				cfg.Limits.MaxPictureBytes = 1000
				cfg.Verifier = never(t)
			})
			contentType, body := encode(t, c.parts...)
			p := problemIn(t, post(t, api, contentType, body))
			if p.Status != c.status || p.Code != c.code || p.Sample != c.sample {
				t.Errorf("got %d %s %q (%s), want %d %s %q", p.Status, p.Code, p.Sample, p.Detail, c.status, c.code, c.sample)
			}
			if free := api.admission.waiting() + api.admission.busy(); free != 0 {
				t.Errorf("%d places are still taken", free)
			}
		})
	}
}

func TestBadBodiesAreProblems(t *testing.T) {
	contentType, good := twoPictures(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]struct {
		body   []byte
		change func(*http.Request)
		status int
		code   truename.Code
	}{
		"no content type":      {good, func(r *http.Request) { r.Header.Del("Content-Type") }, 415, CodeUnsupportedMediaType},
		"json":                 {[]byte(`{}`), header("Content-Type", "application/json"), 415, CodeUnsupportedMediaType},
		"form-urlencoded":      {[]byte("portrait=1"), header("Content-Type", "application/x-www-form-urlencoded"), 415, CodeUnsupportedMediaType},
		"no boundary":          {good, header("Content-Type", "multipart/form-data"), 400, CodeMalformedBody},
		"other boundary":       {good, header("Content-Type", "multipart/form-data; boundary=other"), 400, CodeMalformedBody},
		"compressed":           {good, header("Content-Encoding", "gzip"), 415, CodeUnsupportedMediaType},
		"empty":                {nil, nil, 400, CodeMalformedBody},
		"cut in a picture":     {good[:len(good)/3], nil, 400, CodeMalformedBody},
		"cut in a header":      {append(bytes.Clone(good[:len(good)-4]), []byte("\r\nContent-Disposition: form")...), nil, 400, CodeMalformedBody},
		"long boundary":        {good, header("Content-Type", "multipart/form-data; boundary="+strings.Repeat("b", 71)), 400, CodeMalformedBody},
		"cut before the end":   {good[:len(good)-8], nil, 400, CodeMalformedBody},
		"header without end":   {append([]byte("--b\r\nX: "), bytes.Repeat([]byte("x"), 60_000)...), header("Content-Type", "multipart/form-data; boundary=b"), 400, CodeMalformedBody},
		"header without colon": {[]byte("--b\r\nnonsense\r\n\r\nx\r\n--b--"), header("Content-Type", "multipart/form-data; boundary=b"), 400, CodeMalformedBody},
		"base64":               {[]byte("--b\r\nContent-Disposition: form-data; name=live\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--"), header("Content-Type", "multipart/form-data; boundary=b"), 422, truename.CodeInvalidRequest},
		"long preamble":        {append(bytes.Repeat([]byte("x\r\n"), 20_000), good...), nil, 400, CodeMalformedBody},
		"long epilogue":        {append(bytes.Clone(good), bytes.Repeat([]byte("x"), 60_000)...), nil, 400, CodeMalformedBody},
		"too large, says so":   {bytes.Repeat([]byte("x"), 100_001), nil, 413, truename.CodeTooLarge},
		"too large, is chunked": {[]byte("--b\r\nContent-Disposition: form-data; name=live\r\n\r\n" + strings.Repeat("x", 200_000)), func(r *http.Request) {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			r.ContentLength = -1
		}, 413, truename.CodeTooLarge},
		"unknown query": {good, func(r *http.Request) { r.URL.RawQuery = "target_fmr=1e-6" }, 422, truename.CodeInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, func(cfg *Config) {
				cfg.Limits.MaxBodyBytes = 100_000
				cfg.Limits.MaxPictureBytes = 100_000
				cfg.Verifier = never(t)
			})
			r := httptest.NewRequest(http.MethodPost, "/v1/verifications", bytes.NewReader(c.body))
			r.Header.Set("Content-Type", contentType)
			if c.change != nil {
				c.change(r)
			}
			w := httptest.NewRecorder()
			api.ServeHTTP(w, r)
			if p := problemIn(t, w); p.Status != c.status || p.Code != c.code {
				t.Errorf("got %d %s (%s), want %d %s", p.Status, p.Code, p.Detail, c.status, c.code)
			}
		})
	}
}

// never fails the test when a request that must be refused reaches the verifier.
func never(t *testing.T) Verifier {
	return verifierFunc(func(context.Context, []byte, []byte, float64) (*verification.Result, error) {
		t.Error("the verifier was called")
		return nil, errors.New("called")
	})
}

func TestVerifierErrorsBecomeProblems(t *testing.T) {
	about := func(kind truename.Kind, code truename.Code) error {
		return &truename.Error{Kind: kind, Code: code, Detail: "What is wrong.", Remedy: "What to do.", Sample: truename.UseLive, Cause: errors.New("secret cause")}
	}
	for name, c := range map[string]struct {
		err    error
		status int
		code   truename.Code
	}{
		"unsupported":  {about(truename.KindUnsupported, truename.CodeUnsupportedType), 415, truename.CodeUnsupportedType},
		"bytes":        {about(truename.KindTooLarge, truename.CodeTooLarge), 413, truename.CodeTooLarge},
		"pixels":       {about(truename.KindTooLarge, truename.CodeTooManyPixels), 413, truename.CodeTooManyPixels},
		"truncated":    {about(truename.KindInvalid, truename.CodeTruncated), 422, truename.CodeTruncated},
		"corrupt":      {about(truename.KindInvalid, truename.CodeCorrupt), 422, truename.CodeCorrupt},
		"timeout":      {about(truename.KindTimeout, truename.CodeTimeout), 504, truename.CodeTimeout},
		"engine":       {about(truename.KindUnavailable, truename.CodeEngineFailure), 503, truename.CodeEngineFailure},
		"models":       {about(truename.KindUnavailable, truename.CodeModelPack), 503, truename.CodeModelPack},
		"runtime":      {about(truename.KindUnavailable, truename.CodeRuntime), 503, truename.CodeRuntime},
		"no such kind": {errors.New("secret cause"), 503, truename.CodeEngineFailure},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, func(cfg *Config) {
				cfg.Verifier = verifierFunc(func(context.Context, []byte, []byte, float64) (*verification.Result, error) { return nil, c.err })
			})
			contentType, body := twoPictures(t)
			w := post(t, api, contentType, body)
			p := problemIn(t, w)
			if p.Status != c.status || p.Code != c.code {
				t.Errorf("got %d %s, want %d %s", p.Status, p.Code, c.status, c.code)
			}
			var e *truename.Error
			if errors.As(c.err, &e) && (p.Sample != e.Sample || p.Detail != e.Detail || p.Remedy != e.Remedy) {
				t.Errorf("lost on the way: %+v", p)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Error("the cause is shown")
			}
			if w.Header().Get("Retry-After") != "" {
				t.Error("Retry-After on what will not pass by itself")
			}
		})
	}
}

// Whatever the verifier answers, only a coherent match reads as one.
func TestIncoherentResultsAreEngineFailures(t *testing.T) {
	for name, spoil := range map[string]func(*verification.Result) *verification.Result{
		"nothing":           func(*verification.Result) *verification.Result { return nil },
		"no outcome":        func(r *verification.Result) *verification.Result { r.Outcome = ""; return r },
		"match, no score":   func(r *verification.Result) *verification.Result { r.Score = nil; return r },
		"match, low score":  func(r *verification.Result) *verification.Result { *r.Score = 0.1; return r },
		"match, with cause": func(r *verification.Result) *verification.Result { r.Reasons = []verification.Reason{{}}; return r },
		"no match, high":    func(r *verification.Result) *verification.Result { r.Outcome = truename.OutcomeNoMatch; return r },
		"unusable, scored":  func(r *verification.Result) *verification.Result { r.Outcome = truename.OutcomeUnusable; return r },
		"score NaN":         func(r *verification.Result) *verification.Result { *r.Score = math.NaN(); return r },
		"pose NaN": func(r *verification.Result) *verification.Result {
			r.Live.Pose = &verification.Pose{Yaw: math.NaN()}
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, func(cfg *Config) {
				cfg.Verifier = verifierFunc(func(ctx context.Context, p, l []byte, target float64) (*verification.Result, error) {
					r, err := match(ctx, p, l, target)
					return spoil(r), err
				})
			})
			contentType, body := twoPictures(t)
			if p := problemIn(t, post(t, api, contentType, body)); p.Status != 503 || p.Code != truename.CodeEngineFailure {
				t.Errorf("got %d %s", p.Status, p.Code)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch {
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "no", http.StatusMethodNotAllowed)
		case r.URL.Path != "/":
			http.Error(w, "no", http.StatusNotFound)
		default:
			_, _ = io.WriteString(w, "the page")
		}
	})
	unready := &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack, Detail: "No pack.", Remedy: "Install it."}
	for name, c := range map[string]struct {
		method, path string
		change       func(*Config)
		status       int
		code         truename.Code
		allow        string
	}{
		"healthy":              {"GET", "/healthz", nil, 200, "", ""},
		"ready":                {"GET", "/readyz", nil, 200, "", ""},
		"not ready":            {"GET", "/readyz", func(c *Config) { c.Ready = func(context.Context) error { return unready } }, 503, truename.CodeModelPack, ""},
		"metrics":              {"GET", "/metrics", nil, 200, "", ""},
		"document":             {"GET", "/openapi.json", nil, 200, "", ""},
		"document's head":      {"HEAD", "/openapi.json", nil, 200, "", ""},
		"reference":            {"GET", "/docs", nil, 200, "", ""},
		"problem":              {"GET", "/problems/busy", nil, 200, "", ""},
		"no such problem":      {"GET", "/problems/none", nil, 404, truename.CodeNotFound, ""},
		"post to a problem":    {"POST", "/problems/busy", nil, 405, CodeMethodNotAllowed, "GET, HEAD"},
		"get verifications":    {"GET", "/v1/verifications", nil, 405, CodeMethodNotAllowed, "POST"},
		"options":              {"OPTIONS", "/v1/verifications", nil, 405, CodeMethodNotAllowed, "POST"},
		"delete health":        {"DELETE", "/healthz", nil, 405, CodeMethodNotAllowed, "GET, HEAD"},
		"made-up method":       {"FETCH", "/docs", nil, 405, CodeMethodNotAllowed, "GET, HEAD"},
		"no page":              {"GET", "/", nil, 404, truename.CodeNotFound, ""},
		"no operation":         {"POST", "/v1/identifications", nil, 404, truename.CodeNotFound, ""},
		"page":                 {"GET", "/", func(c *Config) { c.Page = page }, 200, "", ""},
		"page's 404":           {"GET", "/none", func(c *Config) { c.Page = page }, 404, truename.CodeNotFound, ""},
		"page's 405":           {"POST", "/none", func(c *Config) { c.Page = page }, 405, CodeMethodNotAllowed, "GET, HEAD"},
		"operation over page":  {"GET", "/v1/verifications", func(c *Config) { c.Page = page }, 405, CodeMethodNotAllowed, "POST"},
		"schemas of framework": {"GET", "/schemas/Result", nil, 404, truename.CodeNotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			newAPI(t, c.change).ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
			if w.Code != c.status || w.Header().Get("Allow") != c.allow {
				t.Errorf("got %d, Allow %q: %s", w.Code, w.Header().Get("Allow"), w.Body)
			}
			if c.code != "" {
				if p := problemIn(t, w); p.Code != c.code {
					t.Errorf("code %s", p.Code)
				}
			}
			for _, name := range []string{"X-Request-Id", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"} {
				if w.Header().Get(name) == "" {
					t.Errorf("no %s", name)
				}
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("other origins are let in")
			}
		})
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	contentType, body := twoPictures(t)
	for site, status := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200, "": 200} {
		r := httptest.NewRequest(http.MethodPost, "/v1/verifications", bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		w := httptest.NewRecorder()
		newAPI(t, nil).ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%q: got %d, want %d", site, w.Code, status)
		}
		if status == 403 && problemIn(t, w).Code != CodeCrossOrigin {
			t.Errorf("%q: another problem", site)
		}
	}
}

func TestRequestIDsAreTheServersOwn(t *testing.T) {
	api := newAPI(t, nil)
	seen := map[string]bool{}
	for range 100 {
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.Header.Set("X-Request-Id", "chosen by the client")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		id := w.Header().Get("X-Request-Id")
		if id == "" || strings.Contains(id, " ") || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

func TestPanicsAreProblemsAndNotTold(t *testing.T) {
	const secret = "ADA LOVELACE"
	for name, change := range map[string]func(*Config){
		"verifier": func(c *Config) {
			c.Verifier = verifierFunc(func(context.Context, []byte, []byte, float64) (*verification.Result, error) { panic(secret) })
		},
		"runtime error": func(c *Config) {
			c.Verifier = verifierFunc(func(_ context.Context, p, _ []byte, _ float64) (*verification.Result, error) {
				_ = p[len(p)]
				return nil, nil
			})
		},
		"page": func(c *Config) {
			c.Page = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New(secret)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			api := newAPI(t, func(c *Config) {
				c.Logger = slog.New(slog.NewJSONHandler(&log, nil))
				change(c)
			})
			var w *httptest.ResponseRecorder
			if name == "page" {
				w = get(t, api, "/")
			} else {
				contentType, body := encode(t, part{"portrait", secret, "one"}, part{"live", secret, "two"})
				w = post(t, api, contentType, body)
			}
			p := problemIn(t, w)
			if p.Status != 500 || p.Code != CodeInternal {
				t.Errorf("got %d %s", p.Status, p.Code)
			}
			told := w.Body.String() + log.String()
			if strings.Contains(told, secret) {
				t.Errorf("the value of the panic is told: %s", told)
			}
			if !strings.Contains(log.String(), p.RequestID) || !strings.Contains(log.String(), "api_test.go") {
				t.Errorf("the log does not say where request %s failed: %s", p.RequestID, log.String())
			}
			if taken := len(api.admission.places); taken != 0 {
				t.Errorf("%d places are still taken", taken)
			}
		})
	}
}

// Nothing that a client sent, and nothing that tells who it is, is in the log or in the metrics.
func TestLogAndMetricsHaveNoClientData(t *testing.T) {
	const secret = "ada-lovelace"
	var log lockedBuffer
	api := newAPI(t, func(c *Config) {
		c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	contentType, body := encode(t, part{"portrait", secret, secret}, part{"live", secret, secret}, part{secret, secret, secret})
	requests := []*http.Request{
		httptest.NewRequest(http.MethodGet, "/"+secret+"?"+secret+"="+secret, nil),
		httptest.NewRequest(http.MethodPost, "/v1/verifications?name="+secret, bytes.NewReader(body)),
		httptest.NewRequest(strings.ToUpper(secret), "/docs", nil),
		httptest.NewRequest(http.MethodGet, "/problems/"+secret, nil),
	}
	for _, r := range requests {
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("User-Agent", secret)
		r.Header.Set("X-Forwarded-For", secret)
		r.Header.Set("X-Request-Id", secret)
		r.RemoteAddr = "203.0.113.7:4711"
		api.ServeHTTP(httptest.NewRecorder(), r)
	}
	metrics := get(t, api, "/metrics").Body.String()
	for name, text := range map[string]string{"log": log.String(), "metrics": metrics} {
		for _, s := range []string{secret, strings.ToUpper(secret), "203.0.113.7"} {
			if strings.Contains(text, s) {
				t.Errorf("%s has %q: %s", name, s, text)
			}
		}
	}
	if n := strings.Count(log.String(), `"msg":"request"`); n != len(requests)+1 {
		t.Errorf("%d requests are logged, want %d", n, len(requests)+1)
	}
}

func TestMetricsCount(t *testing.T) {
	api := newAPI(t, nil)
	contentType, body := twoPictures(t)
	for range 3 {
		post(t, api, contentType, body)
	}
	post(t, api, contentType, body[:10])
	get(t, api, "/v1/verifications")
	got := get(t, api, "/metrics").Body.String()
	for _, line := range []string{
		`truename_verifications_total{outcome="match"} 3`,
		`truename_verifications_total{outcome="no_match"} 0`,
		`truename_http_requests_total{route="/v1/verifications",status="200"} 3`,
		`truename_http_requests_total{route="/v1/verifications",status="400"} 1`,
		`truename_http_requests_total{route="/v1/verifications",status="405"} 1`,
		`truename_problems_total{code="malformed_body"} 1`,
		`truename_problems_total{code="busy"} 0`,
		`truename_verification_queue_depth 0`,
		`truename_verification_workers_busy 0`,
		`truename_http_requests_in_flight 1`,
		`truename_verification_duration_seconds_count 3`,
	} {
		if !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no verifier":     func(c *Config) { c.Verifier = nil },
		"no logger":       func(c *Config) { c.Logger = nil },
		"no target":       func(c *Config) { c.TargetFMR = 0 },
		"target NaN":      func(c *Config) { c.TargetFMR = math.NaN() },
		"target too high": func(c *Config) { c.TargetFMR = 0.5 },
		"no limits":       func(c *Config) { c.Limits = Limits{} },
		"no workers":      func(c *Config) { c.Limits.Workers = 0 },
		"negative queue":  func(c *Config) { c.Limits.Queue = -1 },
		"no time":         func(c *Config) { c.Limits.StallTimeout = 0 },
		"no connections":  func(c *Config) { c.Limits.Connections = 1 },
		"body < picture":  func(c *Config) { c.Limits.MaxBodyBytes = 1 },
		"negative delay":  func(c *Config) { c.Limits.ShutdownDelay = -1 },
	} {
		c := configure()
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Pictures never reach the disk, however large: the temporary folder, where net/http's own form reader puts large
// parts, stays empty.
func TestPicturesNeverReachTheDisk(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	spilled := func() int {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	large := strings.Repeat("x", 15<<20)
	contentType, body := encode(t, part{"portrait", "p", large}, part{"live", "l", large})

	// The premise: the reader that is not used does write here.
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if err := r.ParseMultipartForm(8 << 10); err != nil || spilled() == 0 {
		t.Fatalf("ParseMultipartForm: %v, %d files", err, spilled())
	}
	if err := r.MultipartForm.RemoveAll(); err != nil {
		t.Fatal(err)
	}

	during := -1
	api := newAPI(t, func(c *Config) {
		c.Verifier = verifierFunc(func(ctx context.Context, p, l []byte, target float64) (*verification.Result, error) {
			during = spilled()
			if len(p) != len(large) || len(l) != len(large) {
				t.Errorf("%d and %d bytes", len(p), len(l))
			}
			return match(ctx, p, l, target)
		})
	})
	if w := post(t, api, contentType, body); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if during != 0 || spilled() != 0 {
		t.Errorf("%d files while verifying, %d after", during, spilled())
	}
}
