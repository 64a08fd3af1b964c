package httpapi

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the edge costs per request, without an engine.
func BenchmarkRequest(b *testing.B) {
	for name, size := range map[string]int{"2x10kB": 10_000, "2x3MB": 3_000_000} {
		contentType, body := encode(b, part{"portrait", "p", strings.Repeat("x", size)}, part{"live", "l", strings.Repeat("y", size)})
		b.Run("handler/"+name, func(b *testing.B) {
			api := newAPI(b, nil)
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/v1/verifications", bytes.NewReader(body))
				r.Header.Set("Content-Type", contentType)
				api.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
		b.Run("connection/"+name, func(b *testing.B) {
			s := serve(b, nil)
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				status, _, answer, err := s.send(b.Context(), contentType, bytes.NewReader(body))
				if err != nil || status != http.StatusOK {
					b.Fatalf("%d %v %s", status, err, answer)
				}
			}
		})
	}
	b.Run("refusal", func(b *testing.B) {
		s := serve(b, func(c *Config) { c.Limits.Workers, c.Limits.Queue = 1, 0 })
		s.api.admission.enter()
		defer func() { <-s.api.admission.places }()
		b.ReportAllocs()
		for b.Loop() {
			status, _, _, err := s.send(b.Context(), "multipart/form-data; boundary=b", io.NopCloser(strings.NewReader("--b--")))
			if err != nil || status != http.StatusServiceUnavailable {
				b.Fatalf("%d %v", status, err)
			}
		}
	})
}

// Verifications per second on all cores, by calling the engine and by asking the server for the same: the difference
// is what HTTP costs, the client's part included, as it runs on the same cores.
func BenchmarkEngine(b *testing.B) {
	portrait, live := photo(b, "cage.jpg"), photo(b, "cage2_crop.jpg")
	contentType, body := encode(b, part{"portrait", "p", portrait}, part{"live", "l", live})
	s := serveEngine(b, nil)
	b.Run("called", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.api.config.Verifier.Verify(b.Context(), []byte(portrait), []byte(live), 1e-4); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("over HTTP", func(b *testing.B) {
		b.SetParallelism(2) // one request waits while another is verified
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				status, _, answer, err := s.send(b.Context(), contentType, bytes.NewReader(body))
				if err != nil || status != http.StatusOK {
					b.Errorf("%d %v %s", status, err, answer)
				}
			}
		})
	})
}
