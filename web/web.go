package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// Handler serves the embedded page: index.html at "/", and the files that it names. It answers GET and HEAD only, and
// 404 for every other path. Without a build it answers 503 and says how to make one.
func Handler() (http.Handler, error) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("open the embedded page: %w", err)
	}
	return handler(built)
}

// handler serves the files of one build. They are few and small, so they are read, hashed and compressed once, here.
func handler(built fs.FS) (http.Handler, error) {
	files, err := load(built)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setPolicy(w.Header())
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Only GET and HEAD are answered here.", http.StatusMethodNotAllowed)
			return
		}
		if _, ok := files["/"]; !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "The page has not been built. Run `make web`, then build the program again.", http.StatusServiceUnavailable)
			return
		}
		f, ok := files[r.URL.Path]
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, "There is no such page.", http.StatusNotFound)
			return
		}
		f.serve(w, r)
	}), nil
}

// setPolicy gives the browser its limits: what the page may load, who may frame it, what it may use.
// blob: is for the pictures that the person chose, which the page shows before and after they are compared.
func setPolicy(h http.Header) {
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' blob: data:",
		"connect-src 'self'",
		"media-src 'self' blob:",
		"frame-ancestors 'none'",
		"base-uri 'none'",
		"form-action 'self'",
	}, "; "))
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// file is one file of the build, ready to be sent.
type file struct {
	contentType  string
	cacheControl string
	plain        variant
	gzip         variant // body is nil when compression does not make it smaller
}

// variant is one representation of a file, with its own entity tag (RFC 9110, 8.8.3).
type variant struct {
	body []byte
	etag string
}

// load reads a build, keyed by URL path. Files whose name begins with a dot are not served.
func load(built fs.FS) (map[string]file, error) {
	files := map[string]file{}
	err := fs.WalkDir(built, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		body, err := fs.ReadFile(built, name)
		if err != nil {
			return err
		}
		f, err := newFile(name, body)
		if err != nil {
			return err
		}
		files[urlPath(name)] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the embedded page: %w", err)
	}
	return files, nil
}

// urlPath is where a file of the build is found. index.html has one address only, "/".
func urlPath(name string) string {
	if name == "index.html" {
		return "/"
	}
	return "/" + name
}

func newFile(name string, body []byte) (file, error) {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:16])
	f := file{
		contentType:  contentType(name),
		cacheControl: "no-cache",
		plain:        variant{body: body, etag: strconv.Quote(tag)},
	}
	// Vite puts a hash of the content into the name of everything under assets/.
	if strings.HasPrefix(name, "assets/") {
		f.cacheControl = "public, max-age=31536000, immutable"
	}
	small, err := compress(body)
	if err != nil {
		return file{}, fmt.Errorf("compress %s: %w", name, err)
	}
	if len(small) < len(body) {
		f.gzip = variant{body: small, etag: strconv.Quote(tag + "-gzip")}
	}
	return f, nil
}

// contentType does not rely on the tables of the operating system for the types that a build is made of.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	case ".wasm":
		return "application/wasm"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

func compress(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(z, bytes.NewReader(body)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", f.cacheControl)
	v := f.plain
	if f.gzip.body != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			v = f.gzip
		}
	}
	h.Set("ETag", v.etag)
	// A range of a compressed body is of no use to anyone, and net/http omits Content-Length on encoded bodies.
	r = r.Clone(r.Context())
	r.Header.Del("Range")
	h.Set("Content-Length", strconv.Itoa(len(v.body)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(v.body))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip is acceptable when it, or "*", is named with a weight
// above zero; a weight on gzip itself counts before one on "*". A malformed weight counts as zero.
func acceptsGzip(fields []string) bool {
	star := false
	for _, field := range fields {
		for item := range strings.SplitSeq(field, ",") {
			coding, params, _ := strings.Cut(item, ";")
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				return weight(params) > 0
			case "*":
				star = weight(params) > 0
			}
		}
	}
	return star
}

// weight is the q of one item, 1 when there is none.
func weight(params string) float64 {
	name, value, ok := strings.Cut(strings.TrimSpace(params), "=")
	if !ok {
		if strings.TrimSpace(params) == "" {
			return 1
		}
		return 0
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || strings.ToLower(strings.TrimSpace(name)) != "q" || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
