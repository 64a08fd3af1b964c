package httpapi

import (
	"testing"
	"time"
)

func TestRetryAfterFollowsServiceTime(t *testing.T) {
	for name, c := range map[string]struct {
		workers, queue, inside int
		service                time.Duration
		want                   int
	}{
		"fast, full":          {2, 8, 10, 20 * time.Millisecond, 1},
		"2 s, full":           {2, 8, 10, 2 * time.Second, 10},
		"2 s, one inside":     {2, 8, 1, 2 * time.Second, 1},
		"1.1 s, one worker":   {1, 4, 5, 1100 * time.Millisecond, 6},
		"very slow":           {1, 8, 9, time.Hour, 60},
		"no verification yet": {2, 8, 10, 0, 5},
	} {
		l := DefaultLimits()
		l.Workers, l.Queue = c.workers, c.queue
		a := newAdmission(l)
		if c.service > 0 {
			for range 200 { // long enough to forget the first guess
				a.observe(c.service)
			}
		}
		for range c.inside {
			if a.enter() == nil {
				t.Fatalf("%s: full too early", name)
			}
		}
		if got := a.retryAfter(); got != c.want {
			t.Errorf("%s: %d s, want %d", name, got, c.want)
		}
	}
}

func TestAPlaceIsFreeWhenAllHoldersHaveReleasedIt(t *testing.T) {
	l := DefaultLimits()
	l.Workers, l.Queue = 1, 0
	a := newAdmission(l)
	p := a.enter()
	p.hold()
	if a.enter() != nil {
		t.Fatal("one place, two requests")
	}
	p.release()
	if a.enter() != nil {
		t.Fatal("free while one still holds it")
	}
	p.release()
	if a.enter() == nil {
		t.Fatal("not free when all have released it")
	}
}
