package registration

import (
	"sync"
	"time"

	"truename"
)

// Limits on what a clock may do.
const (
	// maxBack is how far the clock may lie before the newest entry of the log: several servers never agree exactly.
	maxBack = 2 * time.Minute
	// maxDrift is how far the wall clock may run away from the time the process has measured since the last look.
	maxDrift = 5 * time.Minute
)

// clock notices a wall clock that jumps. Time decides about expiry, reservations and tokens: with a wrong clock nothing
// is decided.
type clock struct {
	now func() time.Time

	mu   sync.Mutex
	last time.Time // wall clock at the last look
	mono time.Time // time.Now at the last look, for its monotonic part
	bad  time.Time // until the wall clock has settled again, nothing is decided: when it was seen to jump
}

func newClock(now func() time.Time) *clock {
	return &clock{now: now, last: now().Round(0), mono: time.Now()}
}

// check refuses when the clock lies before the newest log entry, or has jumped while the process ran. After a jump
// it takes the new time for right only when the log agrees and a minute has passed without another jump.
func (c *clock) check(lastCommit time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, mono := c.now().Round(0), time.Now()
	drift := wall.Sub(c.last) - mono.Sub(c.mono)
	c.last, c.mono = wall, mono
	if drift.Abs() > maxDrift {
		c.bad = mono
	}
	jumped := !c.bad.IsZero() && mono.Sub(c.bad) < time.Minute
	if jumped || wall.Before(lastCommit.Add(-maxBack)) {
		return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeClock,
			Detail: "The server's clock has jumped or is behind its own log; nothing is decided until it is right.",
			Remedy: "Set the clock (NTP) and try again after a minute."}
	}
	return nil
}
