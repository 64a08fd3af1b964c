package access_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"truename"
	"truename/access"
)

func TestLimiter(t *testing.T) {
	c := &clock{t: time.Now()}
	l, err := access.NewLimiter(access.LimiterOptions{PerSecond: 0.5, Burst: 3, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	allow := func(key string, want bool) {
		t.Helper()
		err := l.Allow(key)
		if (err == nil) != want {
			t.Fatalf("%s: %v", key, err)
		}
		if err != nil {
			wantKind(t, err, truename.KindLimited)
			var after *access.RetryAfter
			if !errors.As(err, &after) || after.Seconds < 1 || after.Seconds > 2 {
				t.Fatalf("retry after %v", after)
			}
		}
	}
	for range 3 {
		allow("a", true)
	}
	for range 100 { // refused requests cost nothing
		allow("a", false)
	}
	allow("b", true)
	c.forward(2 * time.Second)
	allow("a", true)
	allow("a", false)
	c.forward(time.Hour)
	for range 3 {
		allow("a", true)
	}
	allow("a", false)
}

func TestLimiterForgetsTheOldest(t *testing.T) {
	c := &clock{t: time.Now()}
	l, err := access.NewLimiter(access.LimiterOptions{PerSecond: 0.001, Burst: 1, Keys: 10, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Allow("busy"); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if l.Allow("busy") == nil {
			t.Fatal("who asks all the time is forgotten")
		}
		if err := l.Allow(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Allow("0"); err != nil {
		t.Fatal("who has not asked for long is still remembered")
	}
}

func TestLimiterUnderConcurrency(t *testing.T) {
	c := &clock{t: time.Now()}
	l, err := access.NewLimiter(access.LimiterOptions{PerSecond: 1, Burst: 50, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	var good atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if l.Allow("a") == nil {
					good.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if good.Load() != 50 {
		t.Errorf("%d of 800 requests, want 50", good.Load())
	}
	for _, o := range []access.LimiterOptions{{}, {PerSecond: -1}, {PerSecond: math.NaN()}, {PerSecond: math.Inf(1)}, {PerSecond: 1, Burst: -1}, {PerSecond: 1, Keys: -1}} {
		if _, err := access.NewLimiter(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
