package access

import (
	"container/list"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"truename"
)

// Limiter bounds how often each caller may ask: a bucket of tokens per key. It keeps a bounded number of keys, those asking
// last; a key that was forgotten begins with a full bucket. It is safe for concurrent use.
type Limiter struct {
	now    func() time.Time
	rate   rate.Limit
	burst  int
	size   int
	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent list.List // of *bucket, the latest first
}

type bucket struct {
	key    string
	tokens *rate.Limiter
}

// LimiterOptions are settings of a [Limiter].
type LimiterOptions struct {
	PerSecond float64          // requests per second and key; must be positive
	Burst     int              // requests at once; 0: as many as in two seconds, at least 1
	Keys      int              // keys kept; 0: 10,000
	Now       func() time.Time // nil: the machine's clock
}

// NewLimiter makes a limiter.
func NewLimiter(o LimiterOptions) (*Limiter, error) {
	if !(o.PerSecond > 0) || math.IsInf(o.PerSecond, 0) || o.Burst < 0 || o.Keys < 0 {
		return nil, fmt.Errorf("access: a limit of %v requests per second, burst %d, %d keys", o.PerSecond, o.Burst, o.Keys)
	}
	if o.Burst == 0 {
		o.Burst = max(1, int(math.Ceil(min(2*o.PerSecond, 1e6))))
	}
	if o.Keys == 0 {
		o.Keys = 10_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Limiter{now: o.Now, rate: rate.Limit(o.PerSecond), burst: o.Burst, size: o.Keys, byKey: map[string]*list.Element{}}, nil
}

// Allow takes a token of the key (a client's or person's id, or an address for who is unknown): nil, or a *truename.Error of
// KindLimited whose cause is a [*RetryAfter].
func (l *Limiter) Allow(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, tokens := l.now(), l.bucket(key)
	r := tokens.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait <= 0 {
		return nil
	}
	r.CancelAt(now)
	after := &RetryAfter{Seconds: max(1, int(math.Ceil(wait.Seconds())))}
	return &truename.Error{Kind: truename.KindLimited, Code: truename.CodeRateLimited, Detail: "Too many requests.",
		Remedy: fmt.Sprintf("Try again after %d s, and ask less often.", after.Seconds), Cause: after}
}

func (l *Limiter) bucket(key string) *rate.Limiter {
	if e, ok := l.byKey[key]; ok {
		l.recent.MoveToFront(e)
		return e.Value.(*bucket).tokens
	}
	if l.recent.Len() >= l.size {
		oldest := l.recent.Back()
		delete(l.byKey, oldest.Value.(*bucket).key)
		l.recent.Remove(oldest)
	}
	b := &bucket{key, rate.NewLimiter(l.rate, l.burst)}
	l.byKey[key] = l.recent.PushFront(b)
	return b.tokens
}

// RetryAfter says when a request that was one too many may be sent again: the Retry-After header of HTTP.
type RetryAfter struct {
	Seconds int // at least 1
}

// Error says it in words.
func (r *RetryAfter) Error() string { return fmt.Sprintf("retry after %d s", r.Seconds) }
