package notify

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Attempts is how often a message is sent at most.
const Attempts = 10

// schedule is the wait before each attempt (Standard Webhooks).
func schedule() [Attempts]time.Duration {
	return [Attempts]time.Duration{0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}
}

const longestWait = 24 * time.Hour

// wait says how long after the given number of attempts the next one comes: up to a tenth later than the schedule, so that what
// failed together does not come back together, and not before the receiver wants it, but for more than a day. False: no more.
func wait(attempts int, retryAfter time.Duration) (time.Duration, bool) {
	if attempts >= Attempts {
		return 0, false
	}
	d := schedule()[max(attempts, 0)]
	d += time.Duration(rand.Int64N(int64(d/10) + 1))
	return max(d, min(retryAfter, longestWait)), true
}

// retryAfter reads the header: seconds, or a date. What cannot be read is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
