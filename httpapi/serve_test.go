package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"truename"
	"truename/verification"
)

// patience is how long a test waits for what must happen at some time. No test measures time.
const patience = 20 * time.Second

// serving is an API on a real listener.
type serving struct {
	api    *API
	addr   string
	url    string
	client *http.Client
	stop   func() // tells Serve to end
	ended  chan error
}

func serve(t testing.TB, change func(*Config)) *serving {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &serving{api: newAPI(t, change), addr: l.Addr().String(), url: "http://" + l.Addr().String(), stop: cancel, ended: make(chan error, 1)}
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	s.client = &http.Client{Transport: transport, Timeout: patience}
	done := make(chan struct{})
	go func() {
		s.ended <- Serve(ctx, l, s.api, slog.New(slog.DiscardHandler))
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		transport.CloseIdleConnections()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("Serve does not return")
		}
	})
	return s
}

// send posts a form and gives status, header and body.
func (s *serving) send(ctx context.Context, contentType string, body io.Reader) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/verifications", body)
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Content-Type", contentType)
	w, err := s.client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	return w.StatusCode, w.Header, answer, err
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func (s *serving) free() bool {
	return len(s.api.admission.places) == 0 && len(s.api.admission.workers) == 0
}

// gate is a verifier that holds every verification until it is opened or the context is done.
type gate struct {
	started   chan struct{}
	open      chan struct{}
	cancelled atomic.Int32
	running   atomic.Int32
	most      atomic.Int32
}

func newGate() *gate { return &gate{started: make(chan struct{}, 1000), open: make(chan struct{})} }

func (g *gate) Verify(ctx context.Context, p, l []byte, target float64) (*verification.Result, error) {
	n := g.running.Add(1)
	defer g.running.Add(-1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); most = g.most.Load() {
	}
	g.started <- struct{}{}
	select {
	case <-g.open:
		return match(ctx, p, l, target)
	case <-ctx.Done():
		g.cancelled.Add(1)
		return nil, ctx.Err()
	}
}

// 200 requests at once against a queue of 8: each is answered, with a result or with 503 and when to try again, and
// nothing is left behind.
func TestParallelRequestsAreAnsweredOrRefused(t *testing.T) {
	var running, most atomic.Int32
	s := serve(t, func(c *Config) {
		c.Limits.Workers, c.Limits.Queue = 2, 8
		c.Verifier = verifierFunc(func(ctx context.Context, p, l []byte, target float64) (*verification.Result, error) {
			n := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(20 * time.Millisecond) // long enough for the others to arrive
			return match(ctx, p, l, target)
		})
	})
	contentType, body := encode(t, part{"portrait", "p", strings.Repeat("x", 300_000)}, part{"live", "l", strings.Repeat("y", 300_000)})
	before := runtime.NumGoroutine()

	var ok, refused atomic.Int32
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			status, header, answer, err := s.send(t.Context(), contentType, bytes.NewReader(body))
			switch {
			case err != nil:
				t.Errorf("no answer: %v", err)
			case status == http.StatusOK:
				ok.Add(1)
			case status == http.StatusServiceUnavailable:
				refused.Add(1)
				if p := checkProblem(t, status, header, answer); p.Code != truename.CodeBusy {
					t.Errorf("code %s", p.Code)
				}
				if seconds, err := strconv.Atoi(header.Get("Retry-After")); err != nil || seconds < 1 {
					t.Errorf("Retry-After %q", header.Get("Retry-After"))
				}
			default:
				t.Errorf("status %d: %s", status, answer)
			}
		})
	}
	wg.Wait()
	if ok.Load() < 10 || refused.Load() == 0 {
		t.Errorf("%d answered, %d refused: at least 2 + 8 must be let in, and not all", ok.Load(), refused.Load())
	}
	if most.Load() > 2 {
		t.Errorf("%d verifications at once, 2 allowed", most.Load())
	}
	eventually(t, "all places are free", s.free)
	s.client.CloseIdleConnections()
	eventually(t, "goroutines are back at where they were", func() bool { return runtime.NumGoroutine() <= before+1 })

	if status, _, _, err := s.send(t.Context(), contentType, bytes.NewReader(body)); err != nil || status != http.StatusOK {
		t.Errorf("afterwards: %d, %v", status, err)
	}
}

// The refusal does not wait for the body, and comes before any of it is asked for.
func TestRefusalComesBeforeTheBody(t *testing.T) {
	g := newGate()
	s := serve(t, func(c *Config) { c.Limits.Workers, c.Limits.Queue, c.Verifier = 1, 0, g })
	contentType, body := twoPictures(t)
	first := make(chan int, 1)
	go func() {
		status, _, _, _ := s.send(t.Context(), contentType, bytes.NewReader(body))
		first <- status
	}()
	<-g.started

	for _, expect := range []string{"", "Expect: 100-continue\r\n"} {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(c, "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 10000000\r\n%s\r\n", contentType, expect)
		w, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%q: %v", expect, err)
		}
		answer, err := io.ReadAll(w.Body) // its length is known, so this ends though the server still reads
		if err != nil {
			t.Fatal(err)
		}
		if p := checkProblem(t, w.StatusCode, w.Header, answer); p.Code != truename.CodeBusy {
			t.Errorf("%q: %s", expect, p.Code)
		}
		_ = c.Close()
	}
	close(g.open)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the request that was inside got %d", status)
	}
}

// A client that is sending many bytes gets the refusal, not a reset.
func TestRefusalReachesAClientThatIsSending(t *testing.T) {
	s := serve(t, func(c *Config) { c.Limits.MaxPictureBytes, c.Limits.MaxBodyBytes = 1000, 20<<20 })
	contentType, body := encode(t, part{"portrait", "p", strings.Repeat("x", 15<<20)}, part{"live", "l", "two"})
	for range 5 {
		status, header, answer, err := s.send(t.Context(), contentType, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if p := checkProblem(t, status, header, answer); p.Code != truename.CodeTooLarge || p.Sample != truename.UsePortrait {
			t.Errorf("%+v", p)
		}
	}
}

// A client that goes away while it sends frees its place.
func TestDisconnectInTheBodyFreesThePlace(t *testing.T) {
	s := serve(t, func(c *Config) { c.Limits.Workers, c.Limits.Queue, c.Verifier = 1, 0, never(t) })
	contentType, body := twoPictures(t)
	for range 3 {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", contentType, len(body))
		_, _ = c.Write(body[:len(body)/2])
		eventually(t, "the request is inside", func() bool { return len(s.api.admission.places) == 1 })
		_ = c.Close()
		eventually(t, "its place is free", s.free)
	}
}

// A client that goes away while it is verified, or waits for a worker, cancels the work and frees its place.
func TestDisconnectWhileVerifyingFreesThePlace(t *testing.T) {
	g := newGate()
	s := serve(t, func(c *Config) { c.Limits.Workers, c.Limits.Queue, c.Verifier = 1, 1, g })
	contentType, body := twoPictures(t)
	ctx, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 { // one is verified, one waits
		wg.Go(func() {
			if _, _, _, err := s.send(ctx, contentType, bytes.NewReader(body)); !errors.Is(err, context.Canceled) {
				t.Errorf("got an answer: %v", err)
			}
		})
	}
	<-g.started
	eventually(t, "both are inside", func() bool { return len(s.api.admission.places) == 2 })
	leave()
	wg.Wait()
	eventually(t, "all places are free", s.free)
	if g.cancelled.Load() == 0 {
		t.Error("the verification was not cancelled")
	}
	eventually(t, "it is counted as gone", func() bool {
		return strings.Contains(get(t, s.api, "/metrics").Body.String(), `route="/v1/verifications",status="499"} 2`)
	})
}

// A verification that takes too long is answered 504, also when the verifier ignores its context; its place stays
// taken until it returns, as it still holds the pictures.
func TestTimeoutWhileVerifying(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(c *Config) {
		c.Limits.Workers, c.Limits.Queue, c.Limits.RequestTimeout = 1, 1, 100*time.Millisecond
		c.Verifier = verifierFunc(func(ctx context.Context, p, l []byte, target float64) (*verification.Result, error) {
			<-release
			return match(ctx, p, l, target)
		})
	})
	contentType, body := twoPictures(t)
	status, header, answer, err := s.send(t.Context(), contentType, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if p := checkProblem(t, status, header, answer); p.Status != 504 || p.Code != truename.CodeTimeout {
		t.Errorf("%+v", p)
	}
	if len(s.api.admission.places) != 1 || len(s.api.admission.workers) != 1 {
		t.Error("the place was given away while the verifier has the pictures")
	}
	// The next one waits for the worker in vain: it was not looked at, so it may be sent again.
	status, header, answer, err = s.send(t.Context(), contentType, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if p := checkProblem(t, status, header, answer); p.Status != 503 || p.Code != truename.CodeBusy || header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
	close(release)
	eventually(t, "all places are free", s.free)
}

// A body that stops, or that drips, is answered 408.
func TestSlowBodies(t *testing.T) {
	for name, change := range map[string]func(*Limits){
		"stalls": func(l *Limits) { l.StallTimeout = 50 * time.Millisecond },
		"drips":  func(l *Limits) { l.BodyTimeout = 200 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(c *Config) { c.Limits.Workers, c.Limits.Queue, c.Verifier = 1, 0, never(t); change(&c.Limits) })
			contentType, body := encode(t, part{"portrait", "p", strings.Repeat("x", 100_000)}, part{"live", "l", "two"})
			c, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			fmt.Fprintf(c, "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", contentType, len(body))
			go func() {
				if name == "stalls" {
					_, _ = c.Write(body[:1000])
					return
				}
				for i := range body {
					if _, err := c.Write(body[i : i+1]); err != nil {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			}()
			w, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if p := checkProblem(t, w.StatusCode, w.Header, answer); p.Status != 408 || p.Code != CodeBodyTimeout {
				t.Errorf("%+v", p)
			}
			eventually(t, "its place is free", s.free)
		})
	}
}

// One connection serves request after request: limits of one do not hold for the next.
func TestConnectionsAreKept(t *testing.T) {
	s := serve(t, func(c *Config) { c.Limits.Workers, c.Limits.Queue = 1, 0 })
	contentType, body := twoPictures(t)
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	answers := bufio.NewReader(c)
	for i := range 50 {
		fmt.Fprintf(c, "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", contentType, len(body))
		_, _ = c.Write(body)
		w, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if _, err := io.Copy(io.Discard, w.Body); err != nil || w.StatusCode != http.StatusOK {
			t.Fatalf("request %d: %d, %v", i, w.StatusCode, err)
		}
	}
}

// Shutting down: readiness turns, what has begun is finished, and Serve returns.
func TestShutdownFinishesWhatHasBegun(t *testing.T) {
	g := newGate()
	s := serve(t, func(c *Config) {
		c.Limits.Workers, c.Limits.Queue, c.Verifier = 1, 1, g
		c.Limits.ShutdownDelay = 300 * time.Millisecond
	})
	contentType, body := twoPictures(t)
	type answer struct {
		status int
		err    error
	}
	answers := make(chan answer, 2)
	for range 2 { // one is verified, one waits
		go func() {
			status, _, _, err := s.send(t.Context(), contentType, bytes.NewReader(body))
			answers <- answer{status, err}
		}()
	}
	<-g.started
	eventually(t, "both are inside", func() bool { return len(s.api.admission.places) == 2 })
	if status := s.ask(t, "/readyz"); status != http.StatusOK {
		t.Fatalf("ready: %d", status)
	}
	s.stop()
	eventually(t, "readiness turns", func() bool { return get(t, s.api, "/readyz").Code == http.StatusServiceUnavailable })
	if status := s.ask(t, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("while shutting down: ready %d", status)
	}
	if status := s.ask(t, "/healthz"); status != http.StatusOK {
		t.Errorf("while shutting down: healthy %d", status)
	}
	select {
	case err := <-s.ended:
		t.Fatalf("Serve returned with requests inside: %v", err)
	default:
	}
	close(g.open)
	for range 2 {
		if a := <-answers; a.err != nil || a.status != http.StatusOK {
			t.Errorf("a request that had begun: %d, %v", a.status, a.err)
		}
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("Serve does not return")
	}
	if _, err := net.Dial("tcp", s.addr); err == nil {
		t.Error("connections are still accepted")
	}
}

func (s *serving) ask(t *testing.T, path string) int {
	t.Helper()
	w, err := s.client.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	_, _ = io.Copy(io.Discard, w.Body)
	return w.StatusCode
}

// Connections beyond the limit wait; they are served when others end.
func TestConnectionsAreLimited(t *testing.T) {
	const limit = 5
	s := serve(t, func(c *Config) {
		c.Limits.Workers, c.Limits.Queue, c.Limits.Connections = 1, 0, limit
	})
	var idle []net.Conn
	for range limit {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	late, err := net.Dial("tcp", s.addr) // the operating system takes it, the server does not
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	fmt.Fprint(late, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = late.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := late.Read(make([]byte, 1)); err == nil {
		t.Fatal("one connection more than the limit was served")
	}
	_ = idle[0].Close()
	_ = late.SetReadDeadline(time.Now().Add(patience))
	if w, err := http.ReadResponse(bufio.NewReader(late), nil); err != nil || w.StatusCode != http.StatusOK {
		t.Errorf("after one ended: %v", err)
	}
}

func TestServersBoundEveryPhase(t *testing.T) {
	s := NewServer("127.0.0.1:0", http.NotFoundHandler())
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("a phase has no limit: %+v", s)
	}
}
