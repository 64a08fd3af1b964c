package record

import (
	"context"
	"sync"
	"time"
)

// scrubAfter is how long copies of dropped evidence, which is sealed, may linger in an engine's log file.
const scrubAfter = 10 * time.Second

// scrubber removes from an engine's files what was deleted: at once when somebody is erased, else from time to time.
type scrubber struct {
	scrub func(ctx context.Context) (done bool, err error) // nil: the engine has no way
	mu    sync.Mutex
	timer *time.Timer // nil: nothing is planned
	ended bool
}

// now scrubs. Where readers or an error are in the way, it is planned anew: what was erased is gone from the records by
// then, so it is no failure of who has erased it.
func (s *scrubber) now(ctx context.Context) {
	if s.scrub == nil {
		return
	}
	if done, err := s.scrub(ctx); !done || err != nil {
		s.soon()
	}
}

// soon plans a scrubbing, if none is planned.
func (s *scrubber) soon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scrub == nil || s.ended || s.timer != nil {
		return
	}
	s.timer = time.AfterFunc(scrubAfter, func() {
		s.mu.Lock()
		s.timer = nil
		s.mu.Unlock()
		s.now(context.Background())
	})
}

// end forgets what is planned: closing a database scrubs it too.
func (s *scrubber) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
