package httpapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"truename"
)

// statusClientGone is logged and counted when nobody is left to read the answer. It is never seen by a client.
const statusClientGone = 499

type requestIDKey struct{}

// requestID gives the id of the request that a context belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// ServeHTTP answers one request. Around every handler it gives the request an id (never one that a client chose), sets
// the headers that restrict browsers, refuses other sites' pages, turns a panic into a problem, logs and counts.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := rand.Text()
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
	rec := &recorder{ResponseWriter: w}
	setHeaders(rec.Header(), id)

	a.metrics.inFlight.Inc()
	defer func() {
		fault := recover()
		if fault != nil && fault != http.ErrAbortHandler {
			a.logPanic(r.Context(), fault)
			if rec.status == 0 {
				a.problem(r.Context(), internal()).write(rec)
			} else {
				fault = http.ErrAbortHandler // half an answer was sent: the client must not take it for a whole one
			}
		}
		a.metrics.inFlight.Dec()
		a.record(r, rec, time.Since(start))
		if fault == http.ErrAbortHandler {
			panic(fault)
		}
	}()
	if a.origin.Check(r) != nil {
		a.refuse(rec, r, &truename.Error{Kind: truename.KindInvalid, Code: CodeCrossOrigin,
			Detail: "A page of another site made the browser send this request."})
		return
	}
	a.mux.ServeHTTP(rec, r)
}

// setHeaders sets what holds for every answer. Handlers that serve pages state their own policy.
func setHeaders(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// record logs and counts an answered request: by the pattern of its route, never by its path or query, and without
// anything that tells who asked.
func (a *API) record(r *http.Request, rec *recorder, d time.Duration) {
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	if _, path, ok := strings.Cut(route, " "); ok { // the method is logged beside it
		route = path
	}
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	a.metrics.request(route, rec.status, d)
	level := slog.LevelInfo
	switch route {
	case "/healthz", "/readyz", "/metrics":
		level = slog.LevelDebug // asked every few seconds
	}
	a.config.Logger.Log(r.Context(), level, "request", "request_id", requestID(r.Context()), "method", knownMethod(r.Method),
		"route", route, "status", rec.status, "duration_ms", float64(d.Microseconds())/1000, "bytes", rec.bytes)
}

// knownMethod keeps what a client made up out of the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	}
	return "other"
}

// logPanic logs where a fault was, but of its value only what the Go runtime itself said: any other value may hold
// anything.
func (a *API) logPanic(ctx context.Context, fault any) {
	what := fmt.Sprintf("%T", fault)
	if e, ok := fault.(runtime.Error); ok {
		what = e.Error()
	}
	a.config.Logger.ErrorContext(ctx, "panic", "request_id", requestID(ctx), "fault", what, "stack", frames(debug.Stack()))
}

// frames leaves out a stack's first lines up to the panic, which print its value.
func frames(stack []byte) string {
	s := string(stack)
	if i := strings.Index(s, "\npanic("); i >= 0 {
		s = s[i+1:]
		if i := strings.Index(s, "\n"); i >= 0 {
			s = s[i+1:]
		}
	}
	return s
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
