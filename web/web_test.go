package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// build is a small build: one page, one hashed asset that compresses, one file too short to.
func build() fstest.MapFS {
	return fstest.MapFS{
		".keep":              {Data: []byte("kept")},
		"index.html":         {Data: []byte("<!doctype html>" + strings.Repeat("<p>page</p>", 100))},
		"assets/app-1a2b.js": {Data: []byte(strings.Repeat("console.log(1);", 200))},
		"favicon.svg":        {Data: []byte("<svg/>")},
	}
}

func get(t *testing.T, h http.Handler, method, target string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func mustHandler(t *testing.T, built fs.FS) http.Handler {
	t.Helper()
	h, err := handler(built)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestServe(t *testing.T) {
	h := mustHandler(t, build())
	type answer struct {
		Status                               int
		Type, Cache, Encoding, Vary, Allowed string
	}
	const immutable = "public, max-age=31536000, immutable"
	tests := map[string]struct {
		method, target, accept string
		want                   answer
	}{
		"page":             {"GET", "/", "", answer{200, "text/html; charset=utf-8", "no-cache", "", "Accept-Encoding", ""}},
		"page compressed":  {"GET", "/", "br, gzip", answer{200, "text/html; charset=utf-8", "no-cache", "gzip", "Accept-Encoding", ""}},
		"page with query":  {"GET", "/?x=1", "", answer{200, "text/html; charset=utf-8", "no-cache", "", "Accept-Encoding", ""}},
		"asset":            {"GET", "/assets/app-1a2b.js", "gzip", answer{200, "text/javascript; charset=utf-8", immutable, "gzip", "Accept-Encoding", ""}},
		"asset head":       {"HEAD", "/assets/app-1a2b.js", "", answer{200, "text/javascript; charset=utf-8", immutable, "", "Accept-Encoding", ""}},
		"too short to zip": {"GET", "/favicon.svg", "gzip", answer{200, "image/svg+xml", "no-cache", "", "", ""}},
		"second address":   {"GET", "/index.html", "", answer{404, "text/plain; charset=utf-8", "no-store", "", "", ""}},
		"unknown":          {"GET", "/nothing", "", answer{404, "text/plain; charset=utf-8", "no-store", "", "", ""}},
		"folder":           {"GET", "/assets/", "", answer{404, "text/plain; charset=utf-8", "no-store", "", "", ""}},
		"hidden file":      {"GET", "/.keep", "", answer{404, "text/plain; charset=utf-8", "no-store", "", "", ""}},
		"traversal":        {"GET", "/assets/../index.html", "", answer{404, "text/plain; charset=utf-8", "no-store", "", "", ""}},
		"post":             {"POST", "/", "", answer{405, "text/plain; charset=utf-8", "", "", "", "GET, HEAD"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{}
			if tt.accept != "" {
				header["Accept-Encoding"] = tt.accept
			}
			res := get(t, h, tt.method, tt.target, header)
			got := answer{res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"),
				res.Header.Get("Content-Encoding"), res.Header.Get("Vary"), res.Header.Get("Allow")}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBodySurvivesCompression(t *testing.T) {
	files := build()
	h := mustHandler(t, files)
	want := string(files["assets/app-1a2b.js"].Data)

	plain, err := io.ReadAll(get(t, h, "GET", "/assets/app-1a2b.js", nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	if string(plain) != want {
		t.Errorf("plain body has %d bytes and differs from the file's %d", len(plain), len(want))
	}

	// A range is ignored: it would cut a compressed body at a place that means nothing.
	res := get(t, h, "GET", "/assets/app-1a2b.js", map[string]string{"Accept-Encoding": "gzip", "Range": "bytes=0-3"})
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %d, want 200", res.StatusCode)
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if string(unzipped) != want {
		t.Errorf("unzipped body has %d bytes and differs from the file's %d", len(unzipped), len(want))
	}
}

func TestUnchangedFileIsNotSentAgain(t *testing.T) {
	h := mustHandler(t, build())
	plain := get(t, h, "GET", "/", nil).Header.Get("ETag")
	zipped := get(t, h, "GET", "/", map[string]string{"Accept-Encoding": "gzip"}).Header.Get("ETag")
	if plain == "" || plain == zipped {
		t.Fatalf("entity tags %q and %q: want two different ones", plain, zipped)
	}
	res := get(t, h, "GET", "/", map[string]string{"If-None-Match": plain})
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusNotModified || len(body) != 0 {
		t.Errorf("status %d with %d bytes, want 304 and none", res.StatusCode, len(body))
	}
}

// The policy is written out once more here: a weaker one is a decision, not an edit.
func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " +
			"connect-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
		"Permissions-Policy":           "camera=(self), microphone=(), geolocation=()",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	}
	answers := map[string]*http.Response{
		"page":      get(t, mustHandler(t, build()), "GET", "/", nil),
		"not found": get(t, mustHandler(t, build()), "GET", "/nothing", nil),
		"method":    get(t, mustHandler(t, build()), "DELETE", "/", nil),
		"not built": get(t, mustHandler(t, fstest.MapFS{}), "GET", "/", nil),
	}
	for name, res := range answers {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for header := range want {
				got[header] = res.Header.Get(header)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMissingBuildSaysHowToMakeOne(t *testing.T) {
	h := mustHandler(t, fstest.MapFS{".keep": {Data: []byte("kept")}})
	for _, target := range []string{"/", "/assets/app.js"} {
		res := get(t, h, "GET", target, nil)
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusServiceUnavailable || !bytes.Contains(body, []byte("make web")) {
			t.Errorf("%s: status %d, body %q: want 503 naming make web", target, res.StatusCode, body)
		}
		if got := res.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Errorf("%s: type %q", target, got)
		}
	}
}

// What is embedded in this very build is served, or said to be missing; and a built page loads nothing inline or from elsewhere.
func TestEmbeddedPage(t *testing.T) {
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	res := get(t, h, "GET", "/", nil)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(dist, "dist/index.html"); err != nil {
		if res.StatusCode != http.StatusServiceUnavailable {
			t.Fatalf("status %d without a build, want 503", res.StatusCode)
		}
		return
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %d with a build, want 200", res.StatusCode)
	}
	for _, banned := range []string{"<style", " style=", "onload=", "http://", "https://"} {
		if bytes.Contains(body, []byte(banned)) {
			t.Errorf("the built page contains %q", banned)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	tests := []struct {
		fields []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"gzip"}, true},
		{[]string{"GZIP"}, true},
		{[]string{"x-gzip"}, true},
		{[]string{"deflate, gzip;q=1.0, *;q=0.5"}, true},
		{[]string{"br", "gzip"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip; q=0.001"}, true},
		{[]string{"gzip;q=0, *"}, false},
		{[]string{"*"}, true},
		{[]string{"*;q=0"}, false},
		{[]string{"identity"}, false},
		{[]string{"gzip;q=NaN"}, false},
		{[]string{"gzip;q=2"}, false},
		{[]string{"gzip;level=9"}, false},
		{[]string{"gzipped"}, false},
	}
	for _, tt := range tests {
		if got := acceptsGzip(tt.fields); got != tt.want {
			t.Errorf("acceptsGzip(%q) = %v, want %v", tt.fields, got, tt.want)
		}
	}
}

// Whatever a client writes into Accept-Encoding: a body is compressed only for those who named gzip or "*".
func FuzzAcceptsGzip(f *testing.F) {
	for _, seed := range []string{"gzip", "gzip;q=0", "*;q=0.5, gzip;q=", ";;,,", "gzip;q=1e309"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		if acceptsGzip([]string{field}) && !strings.Contains(strings.ToLower(field), "gzip") && !strings.Contains(field, "*") {
			t.Errorf("acceptsGzip(%q) without gzip or *", field)
		}
	})
}
