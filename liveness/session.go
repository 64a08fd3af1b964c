package liveness

import (
	"crypto/sha256"
	"io"
	"slices"
	"time"

	"truename"
)

// Limits of a session.
const (
	// Lifetime is how long a session can be used after it was opened.
	Lifetime = 10 * time.Minute
	// MaxFrames is how many frames a session takes; it bounds what a session costs. See [Offer.Interval].
	MaxFrames = 140
	// MaxFrameBytes is the size of one frame's JPEG.
	MaxFrameBytes = 256 << 10
	// window is how many nonces are out at once, so that frames need not wait for each other's answers.
	window = 8
)

// State of a session.
type State string

// The states.
const (
	StateOpen     State = "open"     // takes frames
	StateComplete State = "complete" // the challenge was followed, or was not: the judgement is due
	StateClosed   State = "closed"   // judged, or cancelled
)

// Session is one attempt of one person to prove that somebody is there. It belongs to one registration and is used
// once. It is plain data: what is stored of it is what a server needs to go on after a connection was lost. It holds the
// challenge, so it is not for the person's eyes: [Session.Offer] is. The zero value is closed to everything.
//
// Times are the caller's: every method is told the present.
type Session struct {
	ID           string `json:"id"`
	Registration string `json:"registration"`
	// Attempt counts from 1 within a registration, up to MaxAttempts.
	Attempt     int       `json:"attempt"`
	MaxAttempts int       `json:"max_attempts"`
	State       State     `json:"state"`
	Opened      time.Time `json:"opened"`
	Challenge   Challenge `json:"challenge"`
	Following   Following `json:"following"`
	// Nonces are those that are out: each admits one frame.
	Nonces []string `json:"nonces"`
	// Frames is how many were admitted; LastCapture is the newest one's capture time on the camera's clock, in
	// milliseconds, FirstCapture the first one's.
	Frames int `json:"frames"`
	// StepBegan is how many of them came before the present step.
	StepBegan    int   `json:"step_began"`
	FirstCapture int64 `json:"first_capture"`
	LastCapture  int64 `json:"last_capture"`
	// FirstArrival and LastArrival are when they came, on the server's clock.
	FirstArrival time.Time `json:"first_arrival"`
	LastArrival  time.Time `json:"last_arrival"`
	// Seen holds the SHA-256 of each frame admitted: the same bytes are not admitted twice.
	Seen [][sha256.Size]byte `json:"seen"`
}

// Opening is what a session is opened with.
type Opening struct {
	// Registration is the id of the registration that it belongs to.
	Registration string
	// Attempts is how many sessions were opened for it before, MaxAttempts the policy's cap.
	Attempts, MaxAttempts int
	Access                Access
}

// Open draws a challenge and opens a session. Beyond the cap the error is of kind limited, code attempts_exhausted: what
// remains is the human route. random is crypto/rand's when nil.
func Open(random io.Reader, now time.Time, o Opening) (*Session, error) {
	if o.Registration == "" || o.Attempts < 0 {
		return nil, invalid("A capture session belongs to a registration.", "Name the registration.")
	}
	if o.Attempts >= o.MaxAttempts {
		return nil, &truename.Error{Kind: truename.KindLimited, Code: truename.CodeAttemptsExhausted,
			Detail: "All attempts to prove presence have been used.", Remedy: "Go on at the counter, where a person checks."}
	}
	random = entropy(random)
	id, err := secret(random)
	if err != nil {
		return nil, err
	}
	challenge, err := Draw(random, o.Access)
	if err != nil {
		return nil, err
	}
	s := &Session{ID: id, Registration: o.Registration, Attempt: o.Attempts + 1, MaxAttempts: o.MaxAttempts,
		State: StateOpen, Opened: now, Challenge: challenge}
	return s, s.refill(random)
}

// Expires says when the session can no longer be used.
func (s *Session) Expires() time.Time { return s.Opened.Add(Lifetime) }

// Frame is one picture of the camera as it was sent.
type Frame struct {
	// Nonce is one of those offered.
	Nonce string
	// Captured is when the camera took it, on the camera's clock, in milliseconds from any zero.
	Captured int64
	// JPEG holds the picture, not mirrored.
	JPEG []byte
}

// Admit takes a frame once. A nonce that is not out, because it was used or never given, bytes that came before, and a
// session that is over are errors of kind conflict, code wrong_state; nothing is changed then. An error of kind invalid
// says what is wrong with the frame; its nonce stays good.
func (s *Session) Admit(random io.Reader, now time.Time, registration string, f Frame) error {
	if registration != s.Registration {
		return conflict("This capture session belongs to another registration.", "Open a session for this registration.")
	}
	if err := s.usable(now); err != nil {
		return err
	}
	if len(f.JPEG) == 0 || len(f.JPEG) > MaxFrameBytes {
		return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge,
			Detail: "A frame is larger than the limit, or empty.", Remedy: "Send JPEGs of at most 256 KiB."}
	}
	i := slices.Index(s.Nonces, f.Nonce)
	if i < 0 || f.Nonce == "" {
		return conflict("This frame was sent before, or was not asked for.", "Use one of the nonces offered, each once.")
	}
	sum := sha256.Sum256(f.JPEG)
	if slices.Contains(s.Seen, sum) {
		return conflict("This frame was sent before.", "Send each frame of the camera once.")
	}
	if s.Frames > 0 && f.Captured <= s.LastCapture {
		return conflict("This frame was taken before one that has arrived.", "Send frames in the order in which they are taken.")
	}
	if s.Frames == 0 && (f.Captured < 0 || f.Captured > 1<<52) || s.Frames > 0 && f.Captured > s.FirstCapture+Lifetime.Milliseconds() {
		return invalid("The frame's capture time is out of range.", "Send milliseconds of one clock that runs through the session.")
	}
	if s.Frames == MaxFrames {
		s.State = StateComplete
		return conflict("The session has taken all the frames it takes.", "Send about eight frames a second.")
	}
	nonces, err := s.replaced(entropy(random), i)
	if err != nil {
		return err
	}
	s.Nonces = nonces
	s.Seen = append(s.Seen, sum)
	if s.Frames == 0 {
		s.FirstCapture, s.FirstArrival = f.Captured, now
	}
	s.Frames++
	s.LastCapture, s.LastArrival = f.Captured, now
	return nil
}

// Since gives the time from the session's first frame to the given capture time.
func (s *Session) Since(captured int64) time.Duration {
	return time.Duration(captured-s.FirstCapture) * time.Millisecond
}

// Advance follows the challenge by an admitted frame. Once it is followed or broken the session is complete.
func (s *Session) Advance(now time.Time, m Moment) error {
	if err := s.usable(now); err != nil {
		return err
	}
	step := s.Following.Step
	s.Following.Next(s.Challenge, m)
	if s.Following.Step != step {
		s.StepBegan = s.Frames
	}
	if s.Following.Phase == PhaseDone || s.Following.Phase == PhaseBroken || s.Frames == MaxFrames {
		s.State, s.Nonces = StateComplete, nil
	}
	return nil
}

// Close ends the session: it was judged, or the person has left. A closed session stays closed.
func (s *Session) Close() error {
	if s.State == StateClosed || s.State == "" {
		return conflict("This capture session is over.", "Open another one.")
	}
	s.State, s.Nonces = StateClosed, nil
	return nil
}

// usable says whether frames are taken.
func (s *Session) usable(now time.Time) error {
	switch {
	case s.State != StateOpen:
		return conflict("This capture session is over.", "Open another one.")
	case now.Before(s.Opened) || !now.Before(s.Expires()):
		return conflict("This capture session has expired.", "Open another one.")
	}
	return nil
}

// Offer is what the person's device may know: never a step before it is revealed.
type Offer struct {
	State State `json:"state"`
	Phase Phase `json:"phase"`
	// Action is the one revealed, in phase act.
	Action Action `json:"action,omitempty"`
	// Step counts from 0, Steps is how many there are; Progress of the movement is 0..1.
	Step     int       `json:"step"`
	Steps    int       `json:"steps"`
	Progress float64   `json:"progress"`
	Nonces   []string  `json:"nonces"`
	Expires  time.Time `json:"expires"`
	// Limit is how long a step may take.
	Limit time.Duration `json:"limit"`
	// Interval is how far apart frames should be taken now. It grows for those who need more time, so that the frames last;
	// frames that come more densely are taken, too.
	Interval time.Duration `json:"interval"`
}

// Offer gives what may be shown now. A device that comes back after its connection was lost asks for it and goes on.
func (s *Session) Offer() Offer {
	o := Offer{State: s.State, Phase: s.Following.Phase, Step: s.Following.Step, Steps: len(s.Challenge.Steps),
		Nonces: slices.Clone(s.Nonces), Expires: s.Expires(), Limit: s.Challenge.Access.StepLimit(), Interval: s.interval()}
	if o.Phase == "" {
		o.Phase = PhaseSettle
	}
	if o.Phase == PhaseAct {
		o.Action, o.Progress = s.Challenge.Steps[s.Following.Step].Action, s.Following.Progress
	}
	return o
}

// interval between frames: eight a second, and three once a step has taken more than its share of the frames.
func (s *Session) interval() time.Duration {
	if s.Frames-s.StepBegan > MaxFrames/(len(s.Challenge.Steps)+1) {
		return 350 * time.Millisecond
	}
	return 125 * time.Millisecond
}

// refill brings the nonces that are out up to the window.
func (s *Session) refill(random io.Reader) error {
	for len(s.Nonces) < window {
		n, err := secret(random)
		if err != nil {
			return err
		}
		s.Nonces = append(s.Nonces, n)
	}
	return nil
}

// replaced gives the nonces without the one at i and with a new one at the end.
func (s *Session) replaced(random io.Reader, i int) ([]string, error) {
	n, err := secret(random)
	if err != nil {
		return nil, err
	}
	return append(slices.Delete(slices.Clone(s.Nonces), i, i+1), n), nil
}

func conflict(detail, remedy string) *truename.Error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState, Detail: detail, Remedy: remedy}
}

func invalid(detail, remedy string) *truename.Error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy}
}
