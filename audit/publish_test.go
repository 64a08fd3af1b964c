package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
	"truename/access"
	"truename/audit"
	"truename/record"
	"truename/record/sqlite"
)

// keptLog is a log in memory with the checkpoints that were stored.
type keptLog struct {
	*memoryLog
	checkpoints map[int64][]byte
	saves       int
	failing     error
}

func newKeptLog(t testing.TB, size int) *keptLog {
	return &keptLog{memoryLog: newLog(t, size), checkpoints: map[int64][]byte{}}
}

func (l *keptLog) publisher() *audit.Publisher { return audit.NewPublisher(l.signer, l.save) }

func (l *keptLog) save(_ context.Context, size int64, checkpoint []byte) error {
	if l.failing != nil {
		return l.failing
	}
	l.saves++
	l.checkpoints[size] = checkpoint
	return nil
}

func (l *keptLog) Checkpoint(context.Context) ([]byte, error) {
	newest := int64(-1)
	for size := range l.checkpoints {
		newest = max(newest, size)
	}
	if newest < 0 {
		return nil, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound}
	}
	return l.checkpoints[newest], nil
}

// publish publishes and checks what comes of it against the log.
func (l *keptLog) publish(t *testing.T, p *audit.Publisher) []byte {
	t.Helper()
	signed, err := p.Publish(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	got, err := audit.OpenCheckpoint(signed, l.signer.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	root, err := audit.Root(int64(len(l.leaves)), l)
	if err != nil {
		t.Fatal(err)
	}
	if want := (audit.Checkpoint{Origin: l.signer.Name(), Size: int64(len(l.leaves)), Root: root}); got != want || !bytes.Equal(l.checkpoints[want.Size], signed) {
		t.Fatalf("published %+v, want %+v", got, want)
	}
	return signed
}

func TestPublish(t *testing.T) {
	l := newKeptLog(t, 0)
	p := l.publisher()
	for i, more := range []int{0, 1, 2, 0, 300, 5} {
		l.grow(t, more)
		signed := l.publish(t, p)
		saves := l.saves
		if again := l.publish(t, p); !bytes.Equal(again, signed) || l.saves != saves {
			t.Errorf("round %d: signed again without need", i)
		}
		if restarted := l.publish(t, l.publisher()); !bytes.Equal(restarted, signed) || l.saves != saves {
			t.Errorf("round %d: signed again after a restart", i)
		}
	}
	if l.saves != 5 {
		t.Errorf("%d checkpoints stored, want 5", l.saves)
	}
	l.grow(t, 1)
	l.publish(t, l.publisher()) // by another process
	l.grow(t, 1)
	l.publish(t, p)
	// Stored checkpoints that are lost are made again while the log itself is whole.
	delete(l.checkpoints, int64(len(l.leaves)))
	l.publish(t, p)
	clear(l.checkpoints)
	l.publish(t, p)
}

// TestPublishRefuses: a log that does not continue what was signed is not signed again, not by the process that knows better, nor, as
// far as the stored checkpoint tells, by one that starts anew. When the records are put right, all goes on.
func TestPublishRefuses(t *testing.T) {
	rewritten := func(t *testing.T, size int) *memoryLog {
		l := newLog(t, 0)
		l.append(t, audit.Commit("other", nil, seed("other"), start).Data)
		l.grow(t, size-1)
		return l
	}
	for name, c := range map[string]struct {
		tamper func(t *testing.T, l *keptLog)
		hidden bool // to a process that starts anew
	}{
		"rewritten, longer":    {tamper: func(t *testing.T, l *keptLog) { l.memoryLog = rewritten(t, 400) }},
		"rewritten, as long":   {tamper: func(t *testing.T, l *keptLog) { l.memoryLog = rewritten(t, 300) }},
		"the last leaf":        {tamper: func(t *testing.T, l *keptLog) { l.memoryLog = newLog(t, 299); l.append(t, []byte("x")); l.grow(t, 9) }},
		"cut back":             {tamper: func(t *testing.T, l *keptLog) { l.memoryLog = newLog(t, 299) }},
		"emptied":              {tamper: func(t *testing.T, l *keptLog) { l.memoryLog = newLog(t, 0) }},
		"cut back, grown anew": {tamper: func(t *testing.T, l *keptLog) { l.memoryLog = newLog(t, 200); l.append(t, []byte("x")); l.grow(t, 150) }},
		"cut back, checkpoint too": {hidden: true, tamper: func(t *testing.T, l *keptLog) {
			l.memoryLog = newLog(t, 200)
			delete(l.checkpoints, 300)
		}},
		"cut back, checkpoint too, grown anew": {hidden: true, tamper: func(t *testing.T, l *keptLog) {
			l.memoryLog = newLog(t, 200)
			l.append(t, []byte("x"))
			l.grow(t, 150)
			delete(l.checkpoints, 300)
		}},
		"rewritten and signed by whoever has the key": {hidden: true, tamper: func(t *testing.T, l *keptLog) {
			l.memoryLog = rewritten(t, 400)
			clear(l.checkpoints)
			l.checkpoints[400] = l.signed
		}},
		"emptied, checkpoints too": {hidden: true, tamper: func(t *testing.T, l *keptLog) {
			l.memoryLog = newLog(t, 0)
			clear(l.checkpoints)
		}},
		"a checkpoint of another key": {tamper: func(t *testing.T, l *keptLog) {
			root, err := audit.Root(300, l)
			if err != nil {
				t.Fatal(err)
			}
			if l.checkpoints[300], err = newSigner(t, "other.example.com").Checkpoint(300, root); err != nil {
				t.Fatal(err)
			}
		}},
		"a checkpoint of nothing": {tamper: func(_ *testing.T, l *keptLog) { l.checkpoints[300] = nil }},
		"a hash of the old head":  {tamper: func(_ *testing.T, l *keptLog) { l.damage(tlog.StoredHashIndex(8, 0)) }},
		"a hash that only the new head needs": {tamper: func(t *testing.T, l *keptLog) {
			l.grow(t, 212) // 512: one hash above everything, which the head of 300 leaves does not reach
			l.damage(tlog.StoredHashIndex(9, 0))
		}},
		"hashes gone": {tamper: func(_ *testing.T, l *keptLog) { l.hashes = l.hashes[:100] }},
	} {
		t.Run(name, func(t *testing.T) {
			l := newKeptLog(t, 200)
			p := l.publisher()
			l.publish(t, p)
			l.grow(t, 100)
			l.publish(t, p)
			good := *l
			good.checkpoints = map[int64][]byte{200: l.checkpoints[200], 300: l.checkpoints[300]}
			c.tamper(t, l)
			publishers := []*audit.Publisher{p, l.publisher()}
			if c.hidden {
				publishers = publishers[:1]
			}
			for i, p := range publishers {
				signed, err := p.Publish(t.Context(), l)
				if e := truename.AsError(err); err == nil || e.Kind != truename.KindUnavailable || e.Code != truename.CodeRecords || e.Remedy == "" {
					t.Errorf("publisher %d: %v", i, err)
				}
				if signed != nil || l.saves != 2 {
					t.Errorf("publisher %d: signed %q", i, signed)
				}
			}
			*l = good
			l.memoryLog = newLog(t, 300)
			l.grow(t, 3)
			l.publish(t, p)
		})
	}
}

// damage changes a stored hash.
func (l *memoryLog) damage(index int64) {
	l.hashes = slices.Clone(l.hashes)
	l.hashes[index][7] ^= 1
}

func TestPublishFailures(t *testing.T) {
	l := newKeptLog(t, 10)
	p := l.publisher()
	l.failing = errors.New("disk full")
	if signed, err := p.Publish(t.Context(), l); !errors.Is(err, l.failing) || signed != nil {
		t.Errorf("a checkpoint that is not stored was given out: %q, %v", signed, err)
	}
	l.failing = nil
	l.publish(t, p)
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := p.Publish(ended, l); truename.AsError(err).Kind != truename.KindTimeout || !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who is gone: %v", err)
	}
	away := errors.New("away")
	_, err := p.Publish(t.Context(), brokenLog{l.memoryLog, 0, 0, away})
	if e := truename.AsError(err); e.Kind != truename.KindUnavailable || !errors.Is(err, away) {
		t.Errorf("records away: %v", err)
	}
	l.publish(t, p)
}

// TestPublishWaitsItsTurn: who waits behind a slow one can give up.
func TestPublishWaitsItsTurn(t *testing.T) {
	l := newKeptLog(t, 10)
	saving, saved := make(chan struct{}), make(chan struct{})
	p := audit.NewPublisher(l.signer, func(ctx context.Context, size int64, signed []byte) error {
		close(saving)
		<-saved
		return l.save(ctx, size, signed)
	})
	slow := make(chan error)
	go func() {
		_, err := p.Publish(context.Background(), l)
		slow <- err
	}()
	<-saving
	ctx, end := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() {
		_, err := p.Publish(ctx, l)
		waiting <- err
	}()
	end()
	if err := <-waiting; truename.AsError(err).Kind != truename.KindTimeout {
		t.Errorf("who gave up: %v", err)
	}
	close(saved)
	if err := <-slow; err != nil {
		t.Error(err)
	}
	l.publish(t, p)
}

// openStore opens real records, with a way to append leaves.
func openStore(t testing.TB) (store *record.Store, path string, add func(names ...string)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "records.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store, path, func(names ...string) {
		var leaves []truename.Leaf
		for _, name := range names {
			leaves = append(leaves, audit.Commit("outlet.added", []byte(name), seed(name), start))
		}
		if err := store.SaveOutlet(context.Background(), access.Outlet{ID: "one"}, leaves...); err != nil {
			t.Error(err)
		}
	}
}

// TestPublishFromManySides: on real records, while leaves are appended, several processes' worth of requests ask for a
// checkpoint. Each gets one that covers what was there before it asked, and all that were ever stored are of one history.
func TestPublishFromManySides(t *testing.T) {
	store, _, add := openStore(t)
	signer := newSigner(t, "registry.example.com/audit")
	var all sync.WaitGroup
	for range 2 {
		p := audit.NewPublisher(signer, store.SaveCheckpoint) // a process
		for side := range 6 {
			all.Go(func() {
				for i := range 10 {
					add(fmt.Sprint(side, i))
					before, err := store.LogSize(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					signed, err := p.Publish(t.Context(), store.Log(t.Context()))
					if err != nil {
						t.Error(err)
						return
					}
					if c, err := audit.OpenCheckpoint(signed, signer.VerifierKey()); err != nil || c.Size < before {
						t.Errorf("checkpoint %+v, asked for with %d leaves; %v", c, before, err)
					}
				}
			})
		}
	}
	all.Wait()
	log := store.Log(t.Context())
	checkpoints, err := store.Checkpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	older := audit.Checkpoint{}
	for i, c := range checkpoints {
		newer, err := audit.OpenCheckpoint(c.Note, signer.VerifierKey())
		if err != nil || newer.Size != c.Size {
			t.Fatalf("%+v under size %d: %v", newer, c.Size, err)
		}
		if i > 0 {
			proof, err := audit.Consistency(older.Size, newer.Size, log)
			if err != nil {
				t.Fatal(err)
			}
			if err := audit.CheckConsistency(older, newer, proof); err != nil {
				t.Errorf("from %d to %d: %v", older.Size, newer.Size, err)
			}
		}
		older = newer
	}
	if older.Size != 120 {
		t.Errorf("the newest checkpoint covers %d leaves, want 120", older.Size)
	}
	dir := t.TempDir()
	if _, err := audit.Export(t.Context(), dir, log); err != nil {
		t.Fatal(err)
	}
}

func TestAcceptCosignature(t *testing.T) {
	l, other := newLog(t, 5), newLog(t, 6)
	a, b, stranger := newCosigner(t, "a.example", "a"), newCosigner(t, "b.example", "b"), newCosigner(t, "a.example", "stranger")
	known := []*audit.Witness{a.Witness, b.Witness}
	line := func(w *audit.Cosigner, checkpoint []byte) []byte {
		t.Helper()
		line, err := w.Cosign(checkpoint, start)
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	signed := l.signed
	for _, w := range []*audit.Cosigner{a, b, a} {
		var err error
		if signed, err = audit.AcceptCosignature(signed, line(w, l.signed), known); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := audit.VerifyCosignatures(signed, known, 2); err != nil || len(got) != 2 || bytes.Count(signed, []byte("— ")) != 3 {
		t.Errorf("%v, %v:\n%s", got, err, signed)
	}
	if _, err := audit.OpenCheckpoint(signed, l.signer.VerifierKey()); err != nil {
		t.Errorf("the log's own signature: %v", err)
	}
	forged := line(a, l.signed)
	forged[len(forged)-10] ^= 1
	for name, bad := range map[string][]byte{
		"of another checkpoint":      line(a, other.signed),
		"forged":                     forged,
		"by a stranger of that name": line(stranger, l.signed),
		"by the log itself":          bytes.SplitAfter(l.signed, []byte("\n\n"))[1],
		"two":                        append(line(a, l.signed), line(b, l.signed)...),
		"none":                       nil,
		"a whole note":               l.signed,
		"not a line":                 []byte("a.example"),
		"without its end":            bytes.TrimSuffix(line(a, l.signed), []byte("\n")),
	} {
		out, err := audit.AcceptCosignature(l.signed, bad, known)
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid || e.Remedy == "" || out != nil {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if _, err := audit.AcceptCosignature(l.signed, line(a, l.signed), nil); err == nil {
		t.Error("accepted without any witness known")
	}
}

// TestCosignAtOnce: witnesses that answer at the same moment all find their word stored, and publishing keeps it.
func TestCosignAtOnce(t *testing.T) {
	store, _, add := openStore(t)
	add("first")
	p := audit.NewPublisher(newSigner(t, "registry.example.com/audit"), store.SaveCheckpoint)
	checkpoint, err := p.Publish(t.Context(), store.Log(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var cosigners []*audit.Cosigner
	var witnesses []*audit.Witness
	for i := range 8 {
		c := newCosigner(t, fmt.Sprintf("w%d.example", i), fmt.Sprint("w", i))
		cosigners, witnesses = append(cosigners, c), append(witnesses, c.Witness)
	}
	var all sync.WaitGroup
	for _, c := range cosigners {
		all.Go(func() {
			line, err := c.Cosign(checkpoint, start)
			if err == nil {
				_, err = p.Cosign(t.Context(), store.Log(t.Context()).Checkpoint, line, witnesses)
			}
			if err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := p.Publish(t.Context(), store.Log(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	signed, err := p.Publish(t.Context(), store.Log(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := audit.VerifyCosignatures(signed, witnesses, 8); err != nil {
		t.Errorf("%d co-signatures: %v", len(got), err)
	}
	// What is stored must be the log's own before anybody's word is put on it.
	foreign := newLog(t, 1)
	foreign.signer = newSigner(t, "other.example.com")
	foreign.sign(t)
	line, err := cosigners[0].Cosign(foreign.signed, start)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Cosign(t.Context(), foreign.Checkpoint, line, witnesses); truename.AsError(err).Code != truename.CodeRecords {
		t.Errorf("a foreign checkpoint: %v", err)
	}
}

func BenchmarkPublish(b *testing.B) {
	store, _, add := openStore(b)
	p := audit.NewPublisher(newSigner(b, "registry.example.com/audit"), store.SaveCheckpoint)
	for i := range 1000 {
		add(fmt.Sprint(i))
	}
	for _, grows := range []bool{false, true} {
		b.Run(fmt.Sprintf("grows=%v", grows), func(b *testing.B) {
			for range b.N {
				if grows {
					b.StopTimer()
					add("another")
					b.StartTimer()
				}
				if _, err := p.Publish(b.Context(), store.Log(b.Context())); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
