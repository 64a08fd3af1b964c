package recordtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"truename"
	"truename/record"
)

// Full checks records whose disk is nearly full: roomy opens them again with space.
func Full(t *testing.T, s *record.Store, roomy func() *record.Store) {
	ctx := t.Context()
	var written []truename.Commit
	var refused truename.Commit
	for i := range 10_000 {
		c := opened(fmt.Sprint("full", i))
		c.Evidence[0].Box = make([]byte, 3000)
		err := s.Create(ctx, c)
		if err != nil {
			wantError(t, err, truename.KindUnavailable, truename.CodeRecords)
			refused = c
			break
		}
		written = append(written, c)
	}
	if refused.Registration == nil || len(written) == 0 {
		t.Fatalf("%d registrations were written, and none refused", len(written))
	}
	// Many at once, some of whom may still find room.
	crowd := make([]truename.Commit, 24)
	errs := make([]error, len(crowd))
	parallel(len(crowd), func(i int) {
		crowd[i] = opened(fmt.Sprint("crowd", i))
		crowd[i].Evidence[0].Box = make([]byte, 200+i*500)
		errs[i] = s.Create(ctx, crowd[i])
	})
	err := s.Transact(ctx, written[0].Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
		c := approved(snap)
		c.Evidence = []truename.Sealed{{ID: id(), Registration: snap.Registration.ID, Subject: snap.Registration.Parties[0].Subject, Kind: truename.EvidenceLive, Box: make([]byte, 1<<20), CreatedAt: start}}
		return c, nil
	})
	wantError(t, err, truename.KindUnavailable, truename.CodeRecords)

	s = roomy()
	snap, err := s.Snapshot(ctx, written[0].Registration.ID)
	ok(t, err)
	if snap.Registration.State != truename.StateOpen || snap.Decision != nil || snap.Own != nil {
		t.Errorf("an approval that did not fit has left: %+v", snap)
	}
	_, err = s.Snapshot(ctx, refused.Registration.ID)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	for _, c := range written {
		evidence, err := s.Evidence(ctx, c.Registration.ID)
		ok(t, err)
		if len(evidence) != 1 {
			t.Errorf("a registration that was written has %d pieces of evidence", len(evidence))
		}
	}
	for i, c := range crowd {
		if errs[i] != nil {
			wantError(t, errs[i], truename.KindUnavailable, truename.CodeRecords)
			_, err := s.Snapshot(ctx, c.Registration.ID)
			wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
			continue
		}
		evidence, err := s.Evidence(ctx, c.Registration.ID)
		if err != nil || len(evidence) != 1 {
			t.Errorf("a registration said to be written has %d pieces of evidence, %v", len(evidence), err)
		}
	}
	ok(t, s.Create(ctx, refused))
	approve(t, s, written[0].Registration.ID)
}

// Secretive hands the records what a client may have made of a person, then looks for it with find, which searches all
// the engine keeps.
func Secretive(t *testing.T, s *record.Store, find func(what []byte) bool) {
	ctx := t.Context()
	const number, name = "8613812345678901", "canary-Wang-Xiaoming"
	c := opened(number)
	c.Subjects[0].Index = index(name)
	create(t, s, c)
	approve(t, s, c.Registration.ID)
	ok(t, s.SaveAnswer(ctx, "client", name+number, truename.Answer{Request: index(name), Status: 200}, start))
	for _, what := range []string{number, name} {
		if find([]byte(what)) {
			t.Errorf("%q is kept in clear", what)
		}
	}
	if !find([]byte(c.Registration.ID)) {
		t.Error("a registration's id is not found: this search would find nothing")
	}
}

// Erased writes evidence and a key, calls written, erases both, and gives them.
func Erased(t *testing.T, s *record.Store, written func(box, key []byte)) (box, key []byte) {
	ctx := t.Context()
	box, key = make([]byte, 20_000), make([]byte, 64)
	rand.Read(box)
	rand.Read(key)
	c := opened("erased")
	c.Subjects[0].Key, c.Evidence[0].Box = key, box
	create(t, s, c)
	written(box[:500], key)
	ok(t, s.TransactSubject(ctx, c.Subjects[0].ID, func(v truename.SubjectView) (truename.Commit, error) {
		if len(v.Evidence) != 1 {
			return truename.Commit{}, errors.New("the evidence is not there")
		}
		erased := v.Subject
		erased.Key, erased.ErasedAt = nil, &start
		return truename.Commit{Subjects: []truename.Subject{erased}, DropEvidence: []string{v.Evidence[0].ID}}, nil
	}))
	return box[:500], key
}
