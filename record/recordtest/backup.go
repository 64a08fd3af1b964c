package recordtest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"truename"
	"truename/access"
	"truename/record"
)

// Fill writes a record of every kind and gives the ids of its registrations.
func Fill(t testing.TB, s *record.Store) []string {
	t.Helper()
	ctx := t.Context()
	ok(t, s.SavePack(ctx, truename.PackRef{Name: "cn", Version: "1", Digest: "d"}, []byte("pack\n")))
	ok(t, s.SaveKeyring(ctx, "tokens", nil, []byte{0, 255}))
	ok(t, s.SaveOutlet(ctx, access.Outlet{ID: "outlet-1", CreatedAt: start}, leaf("outlet")))
	ok(t, s.SaveClient(ctx, access.Client{ID: "client", KeyHash: index("key"), CreatedAt: start}, leaf("client")))
	ok(t, s.SaveStaff(ctx, access.Staff{ID: "staff", Issuer: "i", Login: "l", CreatedAt: start}, leaf("staff")))
	ok(t, s.SavePasskey(ctx, access.Passkey{ID: []byte{1}, Staff: "staff", Credential: []byte("{}"), CreatedAt: start}))
	ok(t, s.SaveSession(ctx, access.Session{Hash: index("session"), Staff: "staff", CreatedAt: start, ExpiresAt: start}))
	ok(t, s.SaveWebhook(ctx, truename.Webhook{ID: "hook", Version: 1, Secrets: [][]byte{{1}}, CreatedAt: start}, leaf("hook")))
	ok(t, s.SaveCheckpoint(ctx, 2, []byte("note\n")))
	ok(t, s.SaveAnswer(ctx, "client", "key", truename.Answer{Request: index("request"), Status: 200, Sealed: []byte("sealed")}, start))
	var ids []string
	for i := range 5 {
		c := opened(fmt.Sprint(i))
		c.Subjects[0].Index = index(fmt.Sprint("identity", i))
		c.Consents = []truename.Consent{{ID: id(), Registration: c.Registration.ID, Subject: c.Subjects[0].ID, Party: truename.Applicant, Purpose: truename.PurposeIdentity, GivenAt: start}}
		create(t, s, c)
		approve(t, s, c.Registration.ID)
		ok(t, s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
			return truename.Commit{Review: &truename.Review{Registration: snap.Registration.ID, Version: 1, Eyes: 1, OpenedAt: start}}, nil
		}))
		ids = append(ids, c.Registration.ID)
	}
	return ids
}

// Moved checks that a backup of one store is wholly there after its restoration in another, empty one.
func Moved(t *testing.T, from, to *record.Store) {
	ctx := t.Context()
	ids := Fill(t, from)
	records := backup(t, from)
	var keys bytes.Buffer
	ok(t, from.BackupKeys(ctx, &keys))
	if bytes.Contains(records, []byte("d3JhcHBlZCBrZXk=")) || !bytes.Contains(keys.Bytes(), []byte("d3JhcHBlZCBrZXk=")) {
		t.Error("the subjects' keys are to be in their own stream, and there only")
	}

	// Somebody is erased after the records were backed up, and before the keys are.
	snap, err := from.Snapshot(ctx, ids[0])
	ok(t, err)
	erased := snap.Subjects[snap.Registration.Parties[0].Subject]
	erased.Key, erased.Index, erased.ErasedAt = nil, nil, &start
	ok(t, from.TransactSubject(ctx, erased.ID, func(truename.SubjectView) (truename.Commit, error) {
		return truename.Commit{Subjects: []truename.Subject{erased}}, nil
	}))
	keys.Reset()
	ok(t, from.BackupKeys(ctx, &keys))

	ok(t, to.Restore(ctx, bytes.NewReader(records)))
	kept, err := to.Snapshot(ctx, ids[1])
	ok(t, err)
	if key := kept.Subjects[kept.Registration.Parties[0].Subject].Key; key != nil {
		t.Error("a restored subject has a key before the keys are restored")
	}
	ok(t, to.RestoreKeys(ctx, bytes.NewReader(keys.Bytes())))
	for _, id := range ids[1:] {
		want, err := from.Snapshot(ctx, id)
		ok(t, err)
		got, err := to.Snapshot(ctx, id)
		ok(t, err)
		same(t, "restored snapshot", got, want)
		wantEvidence, err := from.Evidence(ctx, id)
		ok(t, err)
		gotEvidence, err := to.Evidence(ctx, id)
		ok(t, err)
		same(t, "restored evidence", gotEvidence, wantEvidence)
	}
	lost, err := to.Subject(ctx, erased.ID)
	ok(t, err)
	if lost.Key != nil {
		t.Error("the key of an erased subject came back from a backup")
	}
	want, got := sorted(records), sorted(backup(t, to))
	same(t, "backup of the restored records", got, want)
	wantError(t, to.Restore(ctx, bytes.NewReader(records)), truename.KindConflict, truename.CodeWrongState)

	// What was restored goes on working.
	create(t, to, opened("new"))
	ok(t, to.SaveWebhook(ctx, truename.Webhook{ID: "hook", Version: 2, CreatedAt: start}))
}

// sorted gives the lines of a backup, without its end, as a set: engines read rows in different orders.
func sorted(backup []byte) map[string]int {
	lines := map[string]int{}
	all := bytes.Split(bytes.TrimSpace(backup), []byte("\n"))
	for _, l := range all[:len(all)-1] {
		lines[string(l)]++
	}
	return lines
}

func testBackup(t *testing.T, fresh Fresh) { Moved(t, fresh(t)(), fresh(t)()) }

func testDamagedBackup(t *testing.T, fresh Fresh) {
	from, to := fresh(t)(), fresh(t)()
	Fill(t, from)
	whole := backup(t, from)
	empty := backup(t, to)
	flip := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 1
		return b
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	damaged := map[string][]byte{
		"nothing": nil, "the end is missing": bytes.Join(lines[:len(lines)-2], nil), "half": whole[:len(whole)/2],
		"a line is missing":   bytes.Join(append(append([][]byte{}, lines[:40]...), lines[41:]...), nil),
		"another head":        append([]byte(`{"truename_backup":2,"part":"records","schema":1}`+"\n"), whole...),
		"a newer schema":      []byte(`{"truename_backup":1,"part":"records","schema":99}` + "\n"),
		"keys for records":    []byte(`{"truename_backup":1,"part":"keys","schema":1}` + "\n"),
		"an unknown table":    bytes.Replace(whole, []byte(`"table":"pack"`), []byte(`"table":"sqlite_master"`), 1),
		"SQL for a column":    bytes.Replace(whole, []byte(`"digest"`), []byte(`"digest) VALUES (1)--"`), 1),
		"a row without table": []byte(`{"truename_backup":1,"part":"records","schema":1}` + "\n[1]\n"),
		"not JSON":            []byte("hello\n"),
	}
	for i := range 12 {
		damaged[fmt.Sprintf("a bit flipped in part %d", i)] = flip(len(whole)*i/12 + 5)
	}
	for name, b := range damaged {
		err := to.Restore(context.WithoutCancel(t.Context()), bytes.NewReader(b))
		if err == nil {
			t.Fatalf("%s: restored", name)
		}
		if again := backup(t, to); !bytes.Equal(again, empty) {
			t.Fatalf("%s: something was written", name)
		}
	}
	ok(t, to.Restore(t.Context(), bytes.NewReader(whole)))
}
