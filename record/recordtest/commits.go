package recordtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
	"truename/record"
)

func testCreate(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	c := opened("1")
	c.Jobs[0].At = time.Now().Add(time.Hour).Truncate(time.Millisecond).Add(time.Microsecond).UTC()
	create(t, s, c)
	snap, err := s.Snapshot(ctx, c.Registration.ID)
	ok(t, err)
	same(t, "snapshot", snap, truename.Snapshot{
		Registration: *c.Registration, Subjects: map[string]truename.Subject{c.Subjects[0].ID: c.Subjects[0]},
		Holdings: map[string]int{c.Subjects[0].ID: 0}, LastCommit: start,
	})
	evidence, err := s.Evidence(ctx, c.Registration.ID)
	ok(t, err)
	same(t, "evidence", evidence, c.Evidence)
	c.Jobs[0].At = c.Jobs[0].At.Truncate(time.Millisecond).Add(time.Millisecond) // never too early
	same(t, "jobs", pending(t, s), c.Jobs)

	again := opened("1")
	again.Registration.ID = c.Registration.ID
	again.Evidence = nil
	wantError(t, s.Create(ctx, again), truename.KindConflict, truename.CodeStale)
	if _, err := s.Subject(ctx, again.Subjects[0].ID); err == nil {
		t.Error("a refused registration has left its subject behind")
	}
	_, err = s.Snapshot(ctx, "unknown")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	wantError(t, s.Transact(ctx, "unknown", func(truename.Snapshot) (truename.Commit, error) {
		t.Error("change was called for an unknown registration")
		return truename.Commit{}, nil
	}), truename.KindNotFound, truename.CodeNotFound)
}

func testRollback(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	ok(t, s.SaveWebhook(ctx, truename.Webhook{ID: "hook", Version: 1, URL: "https://example.org", CreatedAt: start}))
	first := create(t, s, opened("1"))
	approve(t, s, first.Registration.ID)
	snap, err := s.Snapshot(ctx, first.Registration.ID)
	ok(t, err)
	c := create(t, s, opened("2"))
	before := backup(t, s)

	mine := errors.New("the caller's own")
	if err := s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) { return approved(snap), mine }); err != mine {
		t.Errorf("error of change is %v, want it unchanged", err)
	}
	typed := &truename.Error{Kind: truename.KindConflict, Code: truename.CodeStale}
	if err := s.Transact(ctx, c.Registration.ID, func(truename.Snapshot) (truename.Commit, error) { return truename.Commit{}, typed }); err != typed {
		t.Errorf("error of change is %v, want it unchanged", err)
	}
	// The very last row of the commit is refused: the decision's id is taken.
	err = s.Transact(ctx, c.Registration.ID, func(now truename.Snapshot) (truename.Commit, error) {
		c := approved(now)
		c.Decision.ID = snap.Decision.ID
		return c, nil
	})
	wantError(t, err, truename.KindConflict, truename.CodeStale)
	// A decision that the log would not know of.
	err = s.Transact(ctx, c.Registration.ID, func(now truename.Snapshot) (truename.Commit, error) {
		c := approved(now)
		c.Leaves = nil
		return c, nil
	})
	wantError(t, err, truename.KindUnavailable, truename.CodeRecords)
	func() {
		defer func() { recover() }()
		_ = s.Transact(ctx, c.Registration.ID, func(now truename.Snapshot) (truename.Commit, error) { panic("change") })
	}()
	if d := string(backup(t, s)); d != string(before) {
		t.Errorf("refused commits have left something behind:\n%s\nwas\n%s", d, before)
	}
	approve(t, s, c.Registration.ID)
}

func testVersions(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	c := create(t, s, opened("1"))
	write := func(registration, review int) error {
		return s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
			r := snap.Registration
			r.Version = registration
			commit := truename.Commit{Registration: &r}
			if review > 0 {
				commit.Review = &truename.Review{Registration: r.ID, Version: review, Eyes: 2, OpenedAt: start}
			}
			return commit, nil
		})
	}
	ok(t, write(2, 1))
	wantError(t, write(2, 0), truename.KindPrecondition, truename.CodeStale)
	wantError(t, write(4, 0), truename.KindPrecondition, truename.CodeStale)
	wantError(t, write(3, 3), truename.KindPrecondition, truename.CodeStale)
	wantError(t, write(3, 1), truename.KindConflict, truename.CodeStale)
	ok(t, write(3, 2))
	snap, err := s.Snapshot(ctx, c.Registration.ID)
	ok(t, err)
	if snap.Registration.Version != 3 || snap.Review == nil || snap.Review.Version != 2 {
		t.Errorf("registration is at version %d, review %+v; want 3 and 2", snap.Registration.Version, snap.Review)
	}

	// Many at once: each next version is written once.
	var won atomic.Int64
	parallel(20, func(int) {
		err := s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
			if snap.Registration.Version != 3 {
				return truename.Commit{}, errTooLate
			}
			return truename.Commit{Registration: next(snap)}, nil
		})
		switch {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, errTooLate):
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d writers have made version 4, want 1", won.Load())
	}
}

// testTogether: what one writer does or fails to do is not the matter of others who write at the same time.
func testTogether(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	commits := make([]truename.Commit, 48)
	for i := range commits {
		commits[i] = create(t, s, opened(fmt.Sprint(i)))
	}
	other := create(t, s, opened("other"))
	own := errors.New("the caller's own")
	parallel(len(commits), func(i int) {
		defer func() {
			if p := recover(); (p != nil) != (i%4 == 2) || p != nil && p != i {
				t.Errorf("writer %d panics with %v", i, p)
			}
		}()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		err := s.Transact(ctx, commits[i].Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
			c := approved(snap)
			switch i % 4 {
			case 1:
				return c, own
			case 2:
				panic(i)
			case 3: // refused after most of it has been written
				c.DropSubjects = []string{other.Subjects[0].ID}
			}
			return c, nil
		})
		switch i % 4 {
		case 0:
			if err != nil {
				t.Error(err)
			}
		case 1:
			if err != own {
				t.Errorf("error is %v, want the caller's own", err)
			}
		case 3:
			wantError(t, err, truename.KindConflict, truename.CodeWrongState)
		}
	})
	for i, c := range commits {
		snap, err := s.Snapshot(ctx, c.Registration.ID)
		ok(t, err)
		if written := snap.Registration.Version == 2 && snap.Decision != nil && snap.Own != nil; written != (i%4 == 0) {
			t.Errorf("writer %d has written: %v", i, written)
		}
		if i%4 != 0 && (snap.Registration.Version != 1 || snap.Decision != nil || snap.Own != nil) {
			t.Errorf("writer %d has written in part: %+v", i, snap)
		}
	}
	size, err := s.LogSize(ctx)
	ok(t, err)
	if size != 49+12 {
		t.Errorf("the log has %d leaves, want 61", size)
	}
}

var (
	errTooLate = errors.New("too late")
	errLimit   = errors.New("the limit is reached")
)

// testLimit: a person at four of five numbers asks for 100 more at once.
func testLimit(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	c := create(t, s, opened("0"))
	person := c.Registration.Parties[0].Subject
	approve(t, s, c.Registration.ID)
	for i := range 3 {
		c := create(t, s, forSubject(person, fmt.Sprint("held", i)))
		approve(t, s, c.Registration.ID)
	}
	registrations := make([]string, 100)
	for i := range registrations {
		registrations[i] = create(t, s, forSubject(person, fmt.Sprint(i+1))).Registration.ID
	}
	var passed, refused atomic.Int64
	parallel(len(registrations), func(i int) {
		err := s.Transact(ctx, registrations[i], func(snap truename.Snapshot) (truename.Commit, error) {
			if snap.Holdings[person] >= 5 {
				return truename.Commit{}, errLimit
			}
			return approved(snap), nil
		})
		switch {
		case err == nil:
			passed.Add(1)
		case errors.Is(err, errLimit):
			refused.Add(1)
		default:
			t.Error(err)
		}
	})
	if passed.Load() != 1 || refused.Load() != 99 {
		t.Errorf("%d passed and %d were refused, want 1 and 99", passed.Load(), refused.Load())
	}
	view, err := s.SubjectView(ctx, person)
	ok(t, err)
	if len(view.Accounts) != 5 || len(view.Registrations) != 104 {
		t.Errorf("the person has %d accounts and %d registrations, want 5 and 104", len(view.Accounts), len(view.Registrations))
	}
}

// testIdentity: a person unknown so far shows the same document in many registrations at once.
func testIdentity(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	commits := make([]truename.Commit, 12)
	for i := range commits {
		commits[i] = create(t, s, opened(fmt.Sprint(i)))
	}
	var won atomic.Int64
	parallel(len(commits), func(i int) {
		err := s.Transact(ctx, commits[i].Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
			subject := snap.Subjects[snap.Registration.Parties[0].Subject]
			subject.Index = index("identity")
			return truename.Commit{Registration: next(snap), Subjects: []truename.Subject{subject}}, nil
		})
		if err == nil {
			won.Add(1)
			return
		}
		wantError(t, err, truename.KindConflict, truename.CodeStale)
	})
	if won.Load() != 1 {
		t.Errorf("%d subjects have the identity, want 1", won.Load())
	}
	subject, err := s.SubjectByIndex(ctx, index("identity"))
	ok(t, err)
	if subject.Index == nil || subject.Key == nil {
		t.Errorf("subject %+v lacks index or key", subject)
	}
	_, err = s.SubjectByIndex(ctx, index("nobody"))
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
}

// testNumber: one number is asked for by many at once.
func testNumber(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	commits := make([]truename.Commit, 12)
	for i := range commits {
		commits[i] = create(t, s, opened("same"))
	}
	var won atomic.Int64
	parallel(len(commits), func(i int) {
		err := s.Transact(ctx, commits[i].Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
			if snap.Account != nil {
				return truename.Commit{}, errTooLate
			}
			return approved(snap), nil
		})
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, errTooLate) {
			wantError(t, err, truename.KindConflict, truename.CodeStale)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d registrations have reserved the number, want 1", won.Load())
	}
	a, err := s.AccountByNumber(ctx, index("same"))
	ok(t, err)
	// Who sees the reservation and reserves all the same is told what is wrong.
	for _, c := range commits {
		if c.Registration.ID != a.Registration {
			err = s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) { return approved(snap), nil })
			wantError(t, err, truename.KindConflict, truename.CodeNumberTaken)
		}
	}
	// A reservation that is closed frees the number.
	ok(t, s.TransactAccount(ctx, a.ID, func(a truename.Account) (truename.Commit, error) {
		a.State, a.ReservedUntil, a.ClosedAt = truename.AccountClosed, nil, &start
		return truename.Commit{Accounts: []truename.Account{a}}, nil
	}))
	_, err = s.AccountByNumber(ctx, index("same"))
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	for _, c := range commits {
		if c.Registration.ID != a.Registration {
			approve(t, s, c.Registration.ID)
			break
		}
	}
}

// testTransfer: a number passes from one holder to the next in one commit.
func testTransfer(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	old := create(t, s, opened("n"))
	approve(t, s, old.Registration.ID)
	held, err := s.AccountByNumber(ctx, index("n"))
	ok(t, err)
	held.State, held.ReservedUntil, held.ActivatedAt = truename.AccountActive, nil, &start
	ok(t, s.TransactAccount(ctx, held.ID, func(truename.Account) (truename.Commit, error) {
		return truename.Commit{Accounts: []truename.Account{held}}, nil
	}))

	c := create(t, s, opened("n"))
	approve(t, s, c.Registration.ID)
	snap, err := s.Snapshot(ctx, c.Registration.ID)
	ok(t, err)
	if snap.Account == nil || snap.Own == nil {
		t.Fatalf("account %v and own %v, want both", snap.Account, snap.Own)
	}
	same(t, "account of the holder", *snap.Account, held)
	if snap.Own.State != truename.AccountReserved || snap.Own.Registration != c.Registration.ID {
		t.Errorf("own account is %+v", snap.Own)
	}
	if _, there := snap.Subjects[held.Subject]; there {
		t.Error("the holder is no party, but among the subjects")
	}
	if snap.Holdings[c.Registration.Parties[0].Subject] != 0 {
		t.Error("what a registration has reserved itself counts against it")
	}
	ok(t, s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
		gone, come := *snap.Account, *snap.Own
		gone.State, gone.ClosedAt = truename.AccountClosed, &start
		come.State, come.ActivatedAt, come.ReservedUntil = truename.AccountActive, &start, nil
		return truename.Commit{Registration: next(snap), Accounts: []truename.Account{gone, come}}, nil
	}))
	a, err := s.AccountByNumber(ctx, index("n"))
	ok(t, err)
	if a.Subject != c.Registration.Parties[0].Subject || a.State != truename.AccountActive {
		t.Errorf("the number is with %+v", a)
	}
	snap, err = s.Snapshot(ctx, old.Registration.ID)
	ok(t, err)
	if snap.Account == nil || snap.Account.ID != a.ID || snap.Own == nil || snap.Own.State != truename.AccountClosed {
		t.Errorf("the old registration sees account %+v and own %+v", snap.Account, snap.Own)
	}
}

// testLog: leaves written by many at once stand in one unbroken log whose tree is the one RFC 6962 describes.
func testLog(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	size, err := s.LogSize(ctx)
	ok(t, err)
	if size != 0 {
		t.Fatalf("a new log has %d leaves", size)
	}
	commits := make([]truename.Commit, 40)
	parallel(len(commits), func(i int) {
		commits[i] = opened(fmt.Sprint(i))
		for n := range i % 4 {
			commits[i].Leaves = append(commits[i].Leaves, truename.Leaf{Data: fmt.Appendf(nil, "more %d.%d", i, n), At: start.Add(time.Duration(i) * time.Second)})
		}
		if err := s.Create(ctx, commits[i]); err != nil {
			t.Error(err)
			return
		}
		var leaf int64
		err := s.Transact(ctx, commits[i].Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) { return approved(snap), nil })
		if err != nil {
			t.Error(err, leaf)
		}
	})
	total := int64(0)
	for _, c := range commits {
		total += int64(len(c.Leaves)) + 1
	}
	size, err = s.LogSize(ctx)
	ok(t, err)
	leaves, err := s.Leaves(ctx, 0, size)
	ok(t, err)
	if size != total || int64(len(leaves)) != total {
		t.Fatalf("the log has %d leaves, %d can be read, want %d", size, len(leaves), total)
	}
	var hashes []tlog.Hash
	memory := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			found[i] = hashes[x]
		}
		return found, nil
	})
	for i, data := range leaves {
		added, err := tlog.StoredHashes(int64(i), data, memory)
		ok(t, err)
		hashes = append(hashes, added...)
	}
	for n := int64(1); n <= size; n++ {
		want, err := tlog.TreeHash(n, memory)
		ok(t, err)
		got, err := tlog.TreeHash(n, s.Log(ctx))
		ok(t, err)
		if got != want {
			t.Fatalf("the tree of %d leaves has another hash than its leaves", n)
		}
	}
	for _, c := range commits {
		decisions, err := s.Decisions(ctx, c.Registration.ID)
		ok(t, err)
		if len(decisions) != 1 {
			t.Fatalf("%d decisions, want 1", len(decisions))
		}
		d := decisions[0]
		if got := string(leaves[d.Leaf]); got != "decided "+d.ID {
			t.Errorf("decision %s says its leaf is %q", d.ID, got)
		}
		one, err := s.LeafAt(ctx, d.Leaf)
		ok(t, err)
		same(t, "leaf", one, leaf("decided "+d.ID))
		again, err := s.Decision(ctx, d.ID)
		ok(t, err)
		same(t, "decision", again, d)
		if i := slices.IndexFunc(leaves, func(l []byte) bool { return string(l) == "opened "+c.Registration.ID }); i < 0 || int64(i) > d.Leaf {
			t.Errorf("the leaf of the opening is at %d, that of the decision at %d", i, d.Leaf)
		}
	}
	snap, err := s.Snapshot(ctx, commits[0].Registration.ID)
	ok(t, err)
	if want := start.Add(39 * time.Second); !snap.LastCommit.Equal(want) {
		t.Errorf("last commit at %v, want %v: it never goes back", snap.LastCommit, want)
	}
	for _, r := range [][2]int64{{-1, 1}, {2, 1}, {0, 1 << 40}} {
		_, err = s.Leaves(ctx, r[0], r[1])
		wantError(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
	}
	_, err = s.Leaves(ctx, size-1, size+1)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	_, err = s.LeafAt(ctx, size)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	_, err = s.LogHashes(ctx).ReadHashes([]int64{tlog.StoredHashCount(size)})
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	none, err := s.Leaves(ctx, size, size)
	ok(t, err)
	if len(none) != 0 {
		t.Errorf("an empty range has %d leaves", len(none))
	}
}

func testCheckpoints(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	_, err := s.Checkpoint(ctx)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	ok(t, s.SaveCheckpoint(ctx, 7, []byte("seven")))
	ok(t, s.SaveCheckpoint(ctx, 3, []byte("three")))
	ok(t, s.SaveCheckpoint(ctx, 7, []byte("seven, with a witness")))
	c, err := s.Checkpoint(ctx)
	ok(t, err)
	seven := record.Checkpoint{Size: 7, Note: []byte("seven, with a witness")}
	same(t, "newest", c, seven)
	all, err := s.Checkpoints(ctx)
	ok(t, err)
	same(t, "all", all, []record.Checkpoint{{Size: 3, Note: []byte("three")}, seven})
	note, err := s.Log(ctx).Checkpoint(ctx)
	ok(t, err)
	same(t, "note", note, seven.Note)
}

func testReopen(t *testing.T, fresh Fresh) {
	open := fresh(t)
	s := open()
	c := create(t, s, opened("1"))
	approve(t, s, c.Registration.ID)
	want, err := s.Snapshot(t.Context(), c.Registration.ID)
	ok(t, err)
	ok(t, s.Close())
	s = open()
	got, err := s.Snapshot(t.Context(), c.Registration.ID)
	ok(t, err)
	same(t, "snapshot after opening again", got, want)
	ok(t, s.Ping(t.Context()))
	ok(t, s.Vacuum(t.Context()))
}

// testValues: what no engine can hold, and what looks like SQL.
func testValues(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	for _, id := range []string{"\x00", "\xff", "' OR 1=1 --", "", "$1"} {
		_, err := s.Snapshot(ctx, id)
		var e *truename.Error
		if !errors.As(err, &e) || e.Kind != truename.KindNotFound && e.Kind != truename.KindInvalid {
			t.Errorf("registration %q gives %v", id, err)
		}
	}
	_, _, err := s.Registrations(ctx, truename.RegistrationQuery{After: "no cursor"})
	wantError(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
}

func testCancelled(t *testing.T, fresh Fresh) {
	s := fresh(t)()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, s.Create(ctx, opened("1")), truename.KindTimeout, truename.CodeTimeout)
	_, err := s.Snapshot(ctx, "x")
	wantError(t, err, truename.KindTimeout, truename.CodeTimeout)
	size, err := s.LogSize(t.Context())
	ok(t, err)
	if size != 0 {
		t.Errorf("a cancelled commit has left %d leaves", size)
	}
}
