package httpapi

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// admission decides who may come in. A request has a place from before its body is read until nothing works for it
// any more, and a worker while it is verified.
type admission struct {
	places  chan struct{} // Workers + Queue
	workers chan struct{}

	mu      sync.Mutex
	service time.Duration // recent time of one verification, exponentially weighted
}

func newAdmission(l Limits) *admission {
	return &admission{
		places:  make(chan struct{}, l.Workers+l.Queue),
		workers: make(chan struct{}, l.Workers),
		service: time.Second, // before the first verification nothing is known; rather too long than too short
	}
}

// enter gives a place, held once, or nil when all are taken. It does not wait.
func (a *admission) enter() *place {
	select {
	case a.places <- struct{}{}:
		p := &place{admission: a}
		p.hold()
		return p
	default:
		return nil
	}
}

// work waits for a worker, in the order of arrival, and gives the function that returns it.
func (a *admission) work(ctx context.Context) (done func(), err error) {
	select {
	case a.workers <- struct{}{}:
		start := time.Now()
		return func() {
			a.observe(time.Since(start))
			<-a.workers
		}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// turn waits for a worker like work, for something short that says nothing about how long a verification takes.
func (a *admission) turn(ctx context.Context) (done func(), err error) {
	select {
	case a.workers <- struct{}{}:
		return func() { <-a.workers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// observe takes one verification into the recent service time.
func (a *admission) observe(d time.Duration) {
	const weight = 5 // the newest counts for a fifth
	a.mu.Lock()
	defer a.mu.Unlock()
	a.service += (d - a.service) / weight
}

// retryAfter estimates in whole seconds when a place will be free: the time in which all who are inside now will have
// been served. At least 1, at most 60.
func (a *admission) retryAfter() int {
	a.mu.Lock()
	service := a.service
	a.mu.Unlock()
	rounds := float64(len(a.places)) / float64(cap(a.workers))
	return int(max(1, min(60, math.Ceil(rounds*service.Seconds()))))
}

// busy is how many verifications run; waiting is how many requests are inside without a worker.
func (a *admission) busy() int    { return len(a.workers) }
func (a *admission) waiting() int { return max(0, len(a.places)-len(a.workers)) }

// place is one request's place. It may be held by the handler and by the verification that the handler started, and
// is free when both have released it: a verification that outlives its request still holds its pictures.
type place struct {
	admission *admission
	holders   atomic.Int32
}

func (p *place) hold() { p.holders.Add(1) }

func (p *place) release() {
	if p.holders.Add(-1) == 0 {
		<-p.admission.places
	}
}
