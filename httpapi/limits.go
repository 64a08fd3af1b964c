package httpapi

import (
	"errors"
	"runtime"
	"time"
)

// Limits bound what one request may cost and how many may run. The pictures held in memory are bounded by
// (Workers + Queue) × MaxBodyBytes.
type Limits struct {
	// MaxPictureBytes is the largest picture, per part.
	MaxPictureBytes int64
	// MaxBodyBytes is the largest request body: two pictures and what is around them.
	MaxBodyBytes int64
	// RequestTimeout is the time for one request, from its header to its answer.
	RequestTimeout time.Duration
	// BodyTimeout is the part of it in which the body has to arrive.
	BodyTimeout time.Duration
	// StallTimeout is how long a body may pause.
	StallTimeout time.Duration
	// Workers is how many verifications run at once.
	Workers int
	// Queue is how many more requests may be inside, sending their pictures or waiting for a worker.
	Queue int
	// Connections is how many connections [Serve] keeps open at once; more wait to be accepted.
	Connections int
	// ShutdownDelay is how long [Serve] goes on accepting requests after readiness has turned to 503, for load
	// balancers to notice. Zero where there is none.
	ShutdownDelay time.Duration
}

// DefaultLimits suit one machine behind a proxy or on its own: 20 MiB a picture, 30 s a request, one worker per core.
func DefaultLimits() Limits {
	const picture = 20 << 20
	return Limits{
		MaxPictureBytes: picture,
		MaxBodyBytes:    2*picture + 64<<10,
		RequestTimeout:  30 * time.Second,
		BodyTimeout:     20 * time.Second,
		StallTimeout:    5 * time.Second,
		Workers:         runtime.GOMAXPROCS(0),
		Queue:           8,
		Connections:     1024,
	}
}

// Check says which limit makes no sense; nil when all do.
func (l Limits) Check() error {
	switch {
	case l.MaxPictureBytes < 1 || l.MaxBodyBytes < l.MaxPictureBytes:
		return errors.New("limits: a body must be able to hold a picture of at least one byte")
	case l.RequestTimeout <= 0 || l.BodyTimeout <= 0 || l.StallTimeout <= 0:
		return errors.New("limits: every time limit must be above zero")
	case l.Workers < 1 || l.Queue < 0:
		return errors.New("limits: at least one worker is needed, and a queue of zero or more")
	case l.Connections < l.Workers+l.Queue+1:
		return errors.New("limits: fewer connections than requests that may be inside, and one to ask for readiness")
	case l.ShutdownDelay < 0:
		return errors.New("limits: the shutdown delay is negative")
	}
	return nil
}
