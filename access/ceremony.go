package access

import (
	"container/list"
	"sync"
	"time"

	"truename"
)

// Limits of ceremonies under way in one process.
const (
	ceremonyTime  = 5 * time.Minute
	ceremonyCount = 4096
)

// ceremonies are sign-ins and registrations that have begun. Each can be ended once, within [ceremonyTime]. When there are
// too many, the oldest go: whoever floods the table delays others for a moment, but locks nobody out for minutes.
type ceremonies[T any] struct {
	now   func() time.Time
	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // of *begun[T], the oldest first
}

type begun[T any] struct {
	key   string
	until time.Time
	state T
}

func newCeremonies[T any](now func() time.Time) *ceremonies[T] {
	return &ceremonies[T]{now: now, byKey: map[string]*list.Element{}}
}

// begin keeps the state of a ceremony and gives the token that ends it.
func (c *ceremonies[T]) begin(state T) truename.Private {
	token, hash := newToken(ceremonyPrefix)
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for e := c.order.Front(); e != nil; e = c.order.Front() {
		if now.Before(e.Value.(*begun[T]).until) && c.order.Len() < ceremonyCount {
			break
		}
		c.drop(e)
	}
	c.byKey[string(hash)] = c.order.PushBack(&begun[T]{string(hash), now.Add(ceremonyTime), state})
	return token
}

// end gives the state of a ceremony, once.
func (c *ceremonies[T]) end(token truename.Private) (state T, err error) {
	hash, ok := tokenHash(ceremonyPrefix, token.Reveal())
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[string(hash)]
	if !ok || e == nil {
		return state, unauthenticated("This sign-in has ended or was never begun.", "Begin again.")
	}
	b := e.Value.(*begun[T])
	c.drop(e)
	if !c.now().Before(b.until) {
		return state, unauthenticated("This sign-in has taken too long.", "Begin again.")
	}
	return b.state, nil
}

func (c *ceremonies[T]) drop(e *list.Element) {
	delete(c.byKey, e.Value.(*begun[T]).key)
	c.order.Remove(e)
}
