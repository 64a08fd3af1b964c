package record

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxGroup is how many writers share a transaction at most.
const maxGroup = 64

// group lets writers who would wait for each other share a transaction, and so one wait for the disk: those that have come
// while the transaction before was written. Each is in a savepoint of its own: what one does or fails to do is not the
// others' matter, but none has an answer before all is on the disk.
type group struct {
	store   *Store
	arrive  chan *member // without a buffer: who is received is answered
	closing chan struct{}
	closed  chan struct{}
	once    sync.Once
}

// member is a writer in a group.
type member struct {
	ctx      context.Context
	work     work
	err      error
	panicked any
	answered chan struct{}
}

var errClosed = errors.New("the records are closed")

func newGroup(s *Store) *group {
	g := &group{store: s, arrive: make(chan *member), closing: make(chan struct{}), closed: make(chan struct{})}
	go g.lead()
	return g
}

// join runs work in a shared transaction and waits for its end. A caller who goes away is waited for once it has begun.
func (g *group) join(ctx context.Context, w work) error {
	m := &member{ctx: ctx, work: w, answered: make(chan struct{})}
	select {
	case g.arrive <- m:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closing:
		return errClosed
	}
	<-m.answered
	if m.panicked != nil {
		panic(m.panicked)
	}
	return m.err
}

func (g *group) close() {
	g.once.Do(func() { close(g.closing) })
	<-g.closed
}

// lead writes one group after the other.
func (g *group) lead() {
	defer close(g.closed)
	for {
		select {
		case first := <-g.arrive:
			members := []*member{first}
			for len(members) < maxGroup {
				select {
				case m := <-g.arrive:
					members = append(members, m)
					continue
				default:
				}
				break
			}
			g.write(members)
			for _, m := range members {
				close(m.answered)
			}
		case <-g.closing:
			return
		}
	}
}

// write gives each member its outcome.
func (g *group) write(members []*member) {
	if len(members) > 1 {
		if once(context.Background(), g.store.engine.Write, nil, func(tx *sql.Tx) error { return together(tx, members) }) == nil {
			for _, m := range members {
				if m.panicked == nil && m.err != nil && g.store.again(m.err) {
					g.alone(m)
				}
			}
			return
		}
		// The transaction is lost, for instance as the disk is full: each is told by itself how far it comes.
	}
	for _, m := range members {
		g.alone(m)
	}
}

func (g *group) alone(m *member) {
	m.err, m.panicked = nil, nil
	if m.err = m.ctx.Err(); m.err == nil {
		m.err = g.store.alone(context.WithoutCancel(m.ctx), m.do)
	}
}

// together runs the work of all members. Its own error means that the transaction is lost.
func together(tx *sql.Tx, members []*member) error {
	ctx := context.Background()
	for _, m := range members {
		m.err, m.panicked = nil, nil
		if m.err = m.ctx.Err(); m.err != nil {
			continue
		}
		if _, err := tx.ExecContext(ctx, "SAVEPOINT member"); err != nil {
			return err
		}
		// A caller who goes away in the middle must not interrupt a statement: that would end the others' transaction.
		if m.err = m.do(context.WithoutCancel(m.ctx), tx); m.err != nil {
			// When the database has ended the transaction by itself, this fails, and nothing more is written in it.
			if _, err := tx.ExecContext(ctx, "ROLLBACK TO member"); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "RELEASE member"); err != nil {
			return err
		}
	}
	return nil
}

// do runs the member's work. A panic is kept for its own goroutine.
func (m *member) do(ctx context.Context, tx *sql.Tx) (err error) {
	defer func() {
		if m.panicked = recover(); m.panicked != nil {
			err = &refusal{errPanic}
		}
	}()
	return m.work(ctx, tx)
}

var errPanic = errors.New("panic in a transaction")
