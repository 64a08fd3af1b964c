package evaluation

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ticking is a clock that stands until it is told to go on.
type ticking struct{ at time.Time }

func (c *ticking) now() time.Time          { return c.at }
func (c *ticking) advance(d time.Duration) { c.at = c.at.Add(d) }
func lines(b *bytes.Buffer, sep string) []string {
	return strings.Split(strings.TrimSpace(b.String()), sep)
}

func TestProgressOffTerminalIsSparse(t *testing.T) {
	var out bytes.Buffer
	clock := &ticking{time.Unix(0, 0)}
	p := newProgress(&out, "acquiring", 100, false, clock.now)
	for range 100 {
		clock.advance(250 * time.Millisecond)
		p.Add(1)
	}
	p.Done()
	p.Done()
	want := []string{
		"acquiring 40/100  4.0/s  0:15 left",
		"acquiring 80/100  4.0/s  0:05 left",
		"acquiring 100/100  4.0/s  in 0:25",
	}
	if diff := cmp.Diff(want, lines(&out, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestProgressOnTerminalRedrawsOneLine(t *testing.T) {
	var out bytes.Buffer
	clock := &ticking{time.Unix(0, 0)}
	p := newProgress(&out, "acquiring", 4, true, clock.now)
	for range 4 {
		clock.advance(30 * time.Minute)
		p.Add(1)
	}
	p.Done()
	got := lines(&out, "\r")
	if strings.Count(out.String(), "\n") != 1 || !strings.HasSuffix(out.String(), "\n") {
		t.Errorf("want one line, ended once: %q", out.String())
	}
	if want := "acquiring [██████··················] 1/4  0.0/s  1:30:00 left"; got[0] != want {
		t.Errorf("got %q, want %q", got[0], want)
	}
	if last := got[len(got)-1]; !strings.Contains(last, "4/4") || !strings.Contains(last, "in 2:00:00") {
		t.Errorf("last state %q", last)
	}
}

func TestProgressCountsFromManyGoroutines(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, "acquiring", 1000)
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			for range 100 {
				p.Add(1)
			}
		})
	}
	group.Wait()
	p.Done()
	if !strings.Contains(out.String(), "1000/1000") {
		t.Errorf("got %q", out.String())
	}
}

func TestProgressOfNothing(t *testing.T) {
	var out bytes.Buffer
	p := NewProgress(&out, "acquiring", 0)
	p.Done()
	if got, want := out.String(), "acquiring 0/0\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
