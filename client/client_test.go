package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/api"
	"truename/client"
)

// answer is what a server that the real one cannot be made into says to one request.
type answer struct {
	status      int // 0: the connection is cut instead
	contentType string
	retryAfter  string
	location    string
	body        string
}

// seen is what the server has seen of one request.
type seen struct{ Method, Path, Key, IfMatch, Body string }

// scripted is a server that gives its answers in order, and the last one for ever.
type scripted struct {
	answers []answer
	mu      sync.Mutex
	seen    []seen
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	a := s.answers[min(len(s.seen), len(s.answers)-1)]
	s.seen = append(s.seen, seen{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("If-Match"), string(body)})
	s.mu.Unlock()
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, value := range map[string]string{"Content-Type": a.contentType, "Retry-After": a.retryAfter, "Location": a.location} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (s *scripted) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.seen...)
}

func ok(body string) answer { return answer{status: 200, contentType: "application/json", body: body} }

func problem(status int, code string) answer {
	return answer{status: status, contentType: "application/problem+json", body: fmt.Sprintf(`{"type":"/problems/%[2]s","title":"T","status":%[1]d,"detail":"D.","code":"%[2]s","remedy":"R.","request_id":"ID"}`, status, code)}
}

const registration = `{"id":"r1","state":"open"}`

// serve starts a scripted server and a client of it.
func serve(t *testing.T, answers ...answer) (*scripted, *client.Client) {
	t.Helper()
	s := &scripted{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, &client.Client{Server: server.URL, Key: "tn_key"}
}

// Only what may pass is sent again, and always as the same request under the same key.
func TestWhatIsSentAgain(t *testing.T) {
	html := func(status int) answer { return answer{status: status, contentType: "text/html", body: "<h1>no</h1>"} }
	for _, c := range []struct {
		name   string
		first  answer
		again  bool
		status int
		code   truename.Code
	}{
		{"cut off", answer{}, true, 0, ""},
		{"busy", problem(503, "busy"), true, 0, ""},
		{"shutting down", problem(503, "shutting_down"), true, 0, ""},
		{"records away", problem(503, "records"), true, 0, ""},
		{"limited", problem(429, "rate_limited"), true, 0, ""},
		{"limited by a proxy", html(429), true, 0, ""},
		{"in progress", problem(409, "request_in_progress"), true, 0, ""},
		{"a proxy without its server", html(502), true, 0, ""},
		{"a proxy that gave up", html(504), true, 0, ""},
		{"a proxy's maintenance", html(503), true, 0, ""},

		{"timeout of the server", problem(504, "timeout"), false, 504, truename.CodeTimeout},
		{"internal", problem(500, "internal"), false, 500, "internal"},
		{"a proxy's fault", html(500), false, 500, client.CodeUnexpectedAnswer},
		{"key reused", problem(409, "idempotency_key_reused"), false, 409, truename.CodeKeyReused},
		{"wrong state", problem(409, "wrong_state"), false, 409, truename.CodeWrongState},
		{"stale", problem(412, "stale"), false, 412, truename.CodeStale},
		{"invalid", problem(422, "invalid_request"), false, 422, truename.CodeInvalidRequest},
		{"unauthenticated", problem(401, "unauthenticated"), false, 401, truename.CodeUnauthenticated},
		{"forbidden", problem(403, "forbidden"), false, 403, truename.CodeForbidden},
		{"body too slow", problem(408, "body_timeout"), false, 408, "body_timeout"},
		{"somebody else's 404", html(404), false, 404, client.CodeUnexpectedAnswer},
		{"somebody else's JSON", answer{status: 400, contentType: "application/json", body: `{"code":"busy"}`}, false, 400, client.CodeUnexpectedAnswer},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, to := serve(t, c.first, ok(registration))
			_, err := to.Open(t.Context(), api.Opening{Kind: truename.NewNumber, Language: "en"}, client.Write{Version: 3})
			requests := s.requests()
			if !c.again {
				var p *client.Problem
				if !errors.As(err, &p) || p.Status != c.status || p.Code != c.code || !errors.Is(err, &client.Problem{Code: c.code}) {
					t.Errorf("got %v, want %d %s", err, c.status, c.code)
				}
				if len(requests) != 1 {
					t.Errorf("%d requests", len(requests))
				}
				return
			}
			if err != nil || len(requests) != 2 {
				t.Fatalf("%d requests, error %v", len(requests), err)
			}
			if d := cmp.Diff(requests[0], requests[1]); d != "" {
				t.Errorf("the second request differs:\n%s", d)
			}
			if r := requests[0]; r.Key == "" || r.IfMatch != `"3"` {
				t.Errorf("key %q, If-Match %q", r.Key, r.IfMatch)
			}
		})
	}
}

// A form has another boundary each time it is made, but is made once.
func TestAFormIsSentAgainAsItIs(t *testing.T) {
	s, to := serve(t, problem(503, "busy"), ok(`{"id":"f","state":"passed"}`))
	f, err := to.CompareFace(t.Context(), "r1", truename.Applicant, []byte("live"), []byte("portrait"), client.Write{Key: "mine"})
	if err != nil || f.State != truename.FindingPassed {
		t.Fatalf("%v, %v", f, err)
	}
	requests := s.requests()
	if len(requests) != 2 || requests[0] != requests[1] || requests[0].Key != "mine" || !strings.Contains(requests[0].Body, "portrait") {
		t.Errorf("requests %q", requests)
	}
}

// Two writes are two requests; reads have no key; a caller's key is used as it is.
func TestKeys(t *testing.T) {
	s, to := serve(t, ok(registration))
	ctx := t.Context()
	for _, w := range []client.Write{{}, {}, {Key: "mine"}, {Key: "mine"}} {
		if _, err := to.Withdraw(ctx, "r1", w); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := to.Registration(ctx, "r1"); err != nil {
		t.Fatal(err)
	}
	r := s.requests()
	if r[0].Key == "" || r[0].Key == r[1].Key || r[2].Key != "mine" || r[3].Key != "mine" || r[4].Key != "" {
		t.Errorf("keys %q %q %q %q %q", r[0].Key, r[1].Key, r[2].Key, r[3].Key, r[4].Key)
	}
}

// What is no answer of truename's is an error, once, and never reads as success.
func TestAnswersThatAreNone(t *testing.T) {
	for name, a := range map[string]answer{
		"a page":           {status: 200, contentType: "text/html", body: "<html>sign in to the network</html>"},
		"nothing":          {status: 200},
		"no content":       {status: 204},
		"half":             ok(`{"id":"r1"`),
		"a list":           ok(`[]`),
		"two values":       ok(registration + registration),
		"elsewhere":        {status: 301, location: "/elsewhere"},
		"elsewhere, again": {status: 307, location: "/elsewhere"},
		"not modified":     {status: 304},
		"huge":             ok(`{"id":"` + strings.Repeat("r", 17<<20) + `"}`),
		"a huge problem":   {status: 503, contentType: "application/problem+json", body: strings.Repeat(" ", 17<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			s, to := serve(t, a, ok(registration))
			r, err := to.Withdraw(t.Context(), "r1", client.Write{})
			if err == nil || r.ID != "" {
				t.Errorf("read as %q", r.ID)
			}
			if n := len(s.requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestWhatIsNeverSent(t *testing.T) {
	for name, change := range map[string]func(*client.Client, *client.Write){
		"a key with its line's end":  func(c *client.Client, _ *client.Write) { c.Key = "tn_key\n" },
		"a key of two lines":         func(_ *client.Client, w *client.Write) { w.Key = "a\r\nX-Other: b" },
		"a long key":                 func(_ *client.Client, w *client.Write) { w.Key = strings.Repeat("k", 201) },
		"a server without scheme":    func(c *client.Client, _ *client.Write) { c.Server = strings.TrimPrefix(c.Server, "http://") },
		"a server of another scheme": func(c *client.Client, _ *client.Write) { c.Server = "file:///etc" },
		"no server":                  func(c *client.Client, _ *client.Write) { c.Server = "" },
	} {
		t.Run(name, func(t *testing.T) {
			s, to := serve(t, ok(registration))
			var w client.Write
			change(to, &w)
			_, err := to.Withdraw(t.Context(), "r1", w)
			if err == nil || strings.Contains(err.Error(), "tn_key") {
				t.Errorf("error %v", err)
			}
			if n := len(s.requests()); n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// attempts is a client without a network, so that the time between its requests can be looked at in a bubble's own time.
// answer gives what the request is answered; nil: it does not arrive.
func attempts(answer func() (*http.Response, error)) (*[]time.Duration, *http.Client) {
	var waits []time.Duration
	last := time.Now()
	return &waits, &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		waits = append(waits, time.Since(last))
		last = time.Now()
		a, err := answer()
		if a != nil {
			a.Request = r
		}
		return a, err
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(status int, retryAfter string) *http.Response {
	h := http.Header{"Content-Type": {"application/problem+json"}}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(`{"code":"busy","detail":"D.","remedy":"R."}`))}
}

// The wait is what the server asks for, and otherwise doubles, by chance between half and one and a half.
func TestWaits(t *testing.T) {
	for _, c := range []struct {
		name       string
		attempts   int
		retryAfter func(now time.Time) string
		least      []time.Duration
		most       []time.Duration
	}{
		{"no word of it", 0, func(time.Time) string { return "" },
			[]time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond},
			[]time.Duration{0, 300 * time.Millisecond, 600 * time.Millisecond, 1200 * time.Millisecond}},
		{"seconds", 2, func(time.Time) string { return "7" }, []time.Duration{0, 7 * time.Second}, []time.Duration{0, 7 * time.Second}},
		{"a date", 2, func(now time.Time) string { return now.Add(20 * time.Second).UTC().Format(http.TimeFormat) }, []time.Duration{0, 19 * time.Second}, []time.Duration{0, 20 * time.Second}},
		{"a date that is past", 2, func(now time.Time) string { return now.Add(-time.Hour).UTC().Format(http.TimeFormat) }, []time.Duration{0, 0}, []time.Duration{0, 300 * time.Millisecond}},
		{"nonsense", 2, func(time.Time) string { return "-5" }, []time.Duration{0, 0}, []time.Duration{0, 300 * time.Millisecond}},
		{"longer than anybody waits", 2, func(time.Time) string { return "61" }, []time.Duration{0}, []time.Duration{0}},
		{"one attempt", 1, func(time.Time) string { return "1" }, []time.Duration{0}, []time.Duration{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				waits, by := attempts(func() (*http.Response, error) { return response(503, c.retryAfter(time.Now())), nil })
				_, err := (&client.Client{Server: "http://truename.invalid", HTTP: by, Attempts: c.attempts}).Registration(t.Context(), "r1")
				if !errors.Is(err, &client.Problem{Code: truename.CodeBusy}) {
					t.Errorf("error %v", err)
				}
				if len(*waits) != len(c.least) {
					t.Fatalf("waits %v", *waits)
				}
				for i, w := range *waits {
					if w < c.least[i] || w > c.most[i] {
						t.Errorf("wait %d is %s, not %s to %s", i, w, c.least[i], c.most[i])
					}
				}
			})
		})
	}
}

// A server that does not answer is asked four times; one whose certificate is not trusted once: that does not pass, and may be
// an attack.
func TestNoAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		n    int
	}{
		{"no route", errors.New("no route"), 4},
		{"a foreign certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				waits, by := attempts(func() (*http.Response, error) { return nil, c.err })
				_, err := (&client.Client{Server: "https://truename.invalid", HTTP: by}).Registration(t.Context(), "r1")
				if !errors.Is(err, c.err) || len(*waits) != c.n {
					t.Errorf("error %v after %d requests", err, len(*waits))
				}
			})
		})
	}
}

// How long the server wants to be left alone is told to whoever has to plan for it.
func TestRetryAfterIsTold(t *testing.T) {
	a := problem(503, "busy")
	a.retryAfter = "3600"
	_, to := serve(t, a)
	_, err := to.Registration(t.Context(), "r1")
	var p *client.Problem
	if !errors.As(err, &p) || p.RetryAfter != time.Hour || p.Type != "/problems/busy" || p.RequestID != "ID" {
		t.Errorf("problem %+v", p)
	}
}

// A context that ends stops the waiting, and the error says both why it waited and why it stopped.
func TestContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		waits, by := attempts(func() (*http.Response, error) { return response(503, "30"), nil })
		_, err := (&client.Client{Server: "http://truename.invalid", HTTP: by}).Registration(ctx, "r1")
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, &client.Problem{Code: truename.CodeBusy}) || len(*waits) != 1 {
			t.Errorf("error %v after %d requests", err, len(*waits))
		}
	})
	t.Run("cancelled before", func(t *testing.T) {
		s, to := serve(t, ok(registration))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := to.Withdraw(ctx, "r1", client.Write{}); !errors.Is(err, context.Canceled) || len(s.requests()) != 0 {
			t.Errorf("error %v, %d requests", err, len(s.requests()))
		}
	})
	t.Run("cancelled during", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			n++
			cancel()
			<-r.Context().Done()
		}))
		defer server.Close()
		_, err := (&client.Client{Server: server.URL}).Withdraw(ctx, "r1", client.Write{})
		server.Close()
		if !errors.Is(err, context.Canceled) || n != 1 {
			t.Errorf("error %v, %d requests", err, n)
		}
	})
}

// An error of this client never shows the key.
func TestErrorsKeepTheKey(t *testing.T) {
	_, to := serve(t, problem(401, "unauthenticated"))
	_, err := to.Registration(t.Context(), "r1")
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, to.Key), "tn_key") {
		t.Errorf("error %v", err)
	}
}
