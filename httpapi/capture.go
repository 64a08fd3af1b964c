package httpapi

import (
	"context"
	"sync"
	"time"

	"truename"
	"truename/access"
	"truename/liveness"
	"truename/registration"
)

const (
	defaultSessions = 64
	// maxBatch is how many frames one request brings at most.
	maxBatch = 8
	// CaptureBytes bounds the memory of one capture session: its evidence, the two frames kept for the comparison, and one
	// request with frames. So 64 sessions take less than 300 MiB, whatever comes. Decoded frames are bounded by the workers.
	CaptureBytes = liveness.EvidenceBytes + 2*liveness.MaxFrameBytes + maxFramesBody
	// idle is how long a session must have been left alone to give way to another one when all places are taken.
	idle = time.Minute
	// maxEnded bounds what is remembered of sessions that are over: id, registration and why.
	maxEnded = 1024
)

// captures are the capture sessions of this process. They are nowhere else: when it dies they are over, and the persons begin
// again. Frames are measured and forgotten; what is measured goes with its session.
type captures struct {
	customers Customers
	most      int

	mu             sync.Mutex
	byID           map[string]*capturing
	byRegistration map[string]*capturing
	ended          map[string]ending
	order          []string // of ended, the oldest first
}

// capturing is one session. Its fields but the first group belong to whoever has the turn.
type capturing struct {
	id, registration string
	turn             chan struct{} // taken by who works on it
	by               truename.Actor

	session  *liveness.Session
	evidence *liveness.Evidence
	// best is the frame that is compared with the portrait, newest the last one that came: what is compared when none could be
	// measured, so that the registration gets its finding and goes on to people.
	best, newest []byte
	touched      time.Time
	// recorded is the finding of liveness once the records have it.
	recorded *truename.Finding
	timer    *time.Timer
}

// ending is what is remembered of a session that is over.
type ending struct {
	registration string
	expired      bool
}

func newCaptures(c Customers) *captures {
	s := &captures{customers: c, most: c.Sessions, byID: map[string]*capturing{}, byRegistration: map[string]*capturing{}, ended: map[string]ending{}}
	if s.most <= 0 {
		s.most = defaultSessions
	}
	return s
}

func (s *captures) now() time.Time {
	if s.customers.Now == nil {
		return time.Now()
	}
	return s.customers.Now()
}

// add takes a session in, if there is a place.
func (s *captures) add(c *capturing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.byRegistration[c.registration] != nil: // two requests to begin at once
		return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeInProgress, Detail: "A capture session of this registration is being begun."}
	case len(s.byID) >= s.most:
		return full()
	}
	s.byID[c.id], s.byRegistration[c.registration] = c, c
	return nil
}

// full is the answer when all places are taken.
func full() error {
	return &truename.Error{Kind: truename.KindBusy, Code: truename.CodeBusy, Detail: "As many people as can at once are showing their face.",
		Remedy: "Try again after the seconds in the Retry-After header.", Cause: &access.RetryAfter{Seconds: 15}}
}

// stale gives the session that was left alone the longest, when all places are taken; nil: there is a place, or nobody is idle.
func (s *captures) stale() *capturing {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.byID) < s.most {
		return nil
	}
	var oldest *capturing
	var since time.Time
	for _, c := range s.byID {
		if !c.tryTurn() {
			continue // somebody works on it
		}
		touched := c.touched
		c.leave()
		if s.now().Sub(touched) >= idle && (oldest == nil || touched.Before(since)) {
			oldest, since = c, touched
		}
	}
	return oldest
}

// of gives the session of a registration; nil: there is none.
func (s *captures) of(registration string) *capturing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byRegistration[registration]
}

// find gives a session by its id. One of another registration is not found, like one that never was.
func (s *captures) find(id, registration string) (*capturing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byID[id]; c != nil && c.registration == registration {
		return c, nil
	}
	if e, over := s.ended[id]; over && e.registration == registration {
		if e.expired {
			return nil, expired()
		}
		return nil, ended()
	}
	return nil, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound, Detail: "There is no such capture session.", Remedy: "Begin another capture session."}
}

func expired() error {
	return &truename.Error{Kind: truename.KindConflict, Code: CodeCaptureExpired, Detail: "The time of this capture session is over."}
}

func ended() error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState, Detail: "This capture session is over.", Remedy: "Begin another capture session."}
}

// remove forgets a session and all that was measured in it.
func (s *captures) remove(c *capturing, hasExpired bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[c.id] != c {
		return
	}
	delete(s.byID, c.id)
	delete(s.byRegistration, c.registration)
	c.timer.Stop()
	if len(s.order) >= maxEnded {
		delete(s.ended, s.order[0])
		s.order = s.order[1:]
	}
	s.ended[c.id], s.order = ending{c.registration, hasExpired}, append(s.order, c.id)
}

// forget drops the session of a registration that has no more use for it.
func (s *captures) forget(registration string) {
	if c := s.of(registration); c != nil {
		s.remove(c, false)
	}
}

// has says whether a session is still there.
func (s *captures) has(c *capturing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[c.id] == c
}

// count is how many sessions there are.
func (s *captures) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

// take waits for the turn on a session.
func (c *capturing) take(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return busy("Another request for this capture session is being answered.")
	}
}

func (c *capturing) tryTurn() bool {
	select {
	case c.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c *capturing) leave() { <-c.turn }

// revealed says whether the person has seen a step. Until then a session that is left counts for nothing: a camera that does not
// work is no attempt. After that it does: else who waits for an order that suits a film could leave all others.
func (c *capturing) revealed() bool {
	f := c.session.Following
	return f.Step > 0 || f.Phase != "" && f.Phase != liveness.PhaseSettle
}

// judged gives the finding of the session as it stands.
func (c *capturing) judged(now time.Time) truename.Finding {
	j, err := liveness.Judge(c.session.Challenge, c.session.Following, c.evidence)
	if err != nil {
		j = liveness.Judgement{Outcome: liveness.OutcomeUnavailable, Reasons: []truename.Code{truename.AsError(err).Code}, Frames: c.evidence.Frames()}
	}
	f := j.Finding("", truename.Applicant, c.by.ID, now)
	if c.evidence.Frames() == 0 && c.newest != nil { // frames came, and none could be measured
		f.State, f.Reasons = truename.FindingUnavailable, []truename.Code{truename.CodeEngineFailure}
	}
	if f.Labels == nil {
		f.Labels = map[string]string{}
	}
	f.Labels["capture"] = c.id
	return f
}

// abandon ends a session that was begun and not finished. If a step was revealed it is an attempt, recorded as what it was.
// Who calls it has the turn.
func (a *API) abandon(ctx context.Context, c *capturing, hasExpired bool) error {
	if !a.captures.has(c) { // it ended while this waited for its turn
		return nil
	}
	if c.recorded == nil && c.revealed() {
		f := c.judged(a.captures.now())
		if f.State == truename.FindingPassed { // left after the last step: nothing was asked for, so nothing is concluded
			f.State, f.Reasons = truename.FindingUndecided, []truename.Code{liveness.ReasonNotFollowed}
		}
		f.Labels["left"] = "yes"
		recorded, err := a.config.Operator.Flow.RecordLiveness(ctx, registration.Request{Actor: c.by}, c.registration, f, nil)
		if err != nil {
			return err
		}
		c.recorded = &recorded
		a.metrics.capture(recorded.State)
	}
	a.captures.remove(c, hasExpired)
	return nil
}

// expire ends a session when its time is over, whether or not somebody asks.
func (a *API) expire(c *capturing) {
	ctx, cancel := context.WithTimeout(context.Background(), a.limits.RequestTimeout)
	defer cancel()
	if c.take(ctx) != nil { // somebody has worked on it for longer than a request may take
		a.captures.remove(c, true)
		return
	}
	defer c.leave()
	if err := a.abandon(ctx, c, true); err != nil {
		a.config.Logger.ErrorContext(ctx, "capture session not recorded", "code", truename.AsError(err).Code)
		a.captures.remove(c, true) // what was measured is not kept for longer
	}
}
