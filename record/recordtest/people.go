package recordtest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"truename"
	"truename/access"
)

func testSubject(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	c := opened("1")
	c.Subjects[0].Index = index("identity")
	create(t, s, c)
	person := c.Subjects[0]
	consents := []truename.Consent{
		{ID: id(), Registration: c.Registration.ID, Subject: person.ID, Party: truename.Applicant, Purpose: truename.PurposeIdentity, TextVersion: "1", Language: "en", GivenAt: start, GivenBy: truename.Applicant, RecordedBy: "agent"},
		{ID: id(), Registration: c.Registration.ID, Subject: person.ID, Party: truename.Applicant, Purpose: truename.PurposeFaceRetention, TextVersion: "1", Language: "en", GivenAt: start.Add(time.Second), GivenBy: truename.Applicant, RecordedBy: "agent"},
	}
	template := truename.Sealed{ID: id(), Registration: c.Registration.ID, Subject: person.ID, Party: truename.Applicant, Kind: truename.EvidenceTemplate, Box: []byte("template"), CreatedAt: start.Add(time.Second)}
	ok(t, s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
		return truename.Commit{Registration: next(snap), Consents: consents, Evidence: []truename.Sealed{template}}, nil
	}))
	approve(t, s, c.Registration.ID)

	view, err := s.SubjectView(ctx, person.ID)
	ok(t, err)
	account, err := s.AccountByNumber(ctx, index("1"))
	ok(t, err)
	boxless := []truename.Sealed{c.Evidence[0], template}
	boxless[0].Box, boxless[1].Box = nil, nil
	same(t, "view", view, truename.SubjectView{Subject: person, Consents: consents, Accounts: []truename.Account{account}, Registrations: []string{c.Registration.ID}, Evidence: boxless})

	// A person that something refers to cannot be dropped, and nothing else of the commit happens.
	err = s.TransactSubject(ctx, person.ID, func(truename.SubjectView) (truename.Commit, error) {
		return truename.Commit{DropSubjects: []string{person.ID}, DropEvidence: []string{template.ID}}, nil
	})
	wantError(t, err, truename.KindConflict, truename.CodeWrongState)

	// Attempts that did not pass come back as they were written, and again as none.
	tried := person
	tried.Attempts = []truename.Attempt{{Stage: truename.StageComparison, At: start.Add(time.Minute)}, {Stage: truename.StageLiveness, At: start.Add(2 * time.Minute)}}
	for _, want := range []truename.Subject{tried, person, tried} {
		ok(t, s.TransactSubject(ctx, person.ID, func(truename.SubjectView) (truename.Commit, error) {
			return truename.Commit{Subjects: []truename.Subject{want}, Leaves: []truename.Leaf{leaf("tried")}}, nil
		}))
		for what, read := range map[string]func() (truename.Subject, error){
			"by id":    func() (truename.Subject, error) { return s.Subject(ctx, person.ID) },
			"by index": func() (truename.Subject, error) { return s.SubjectByIndex(ctx, person.Index) },
			"in a snapshot": func() (truename.Subject, error) {
				snap, err := s.Snapshot(ctx, c.Registration.ID)
				return snap.Subjects[person.ID], err
			},
		} {
			got, err := read()
			ok(t, err)
			same(t, "attempts "+what, got, want)
		}
	}

	// Erasure: key and index go, and the consent is withdrawn.
	at := start.Add(time.Hour)
	ok(t, s.TransactSubject(ctx, person.ID, func(v truename.SubjectView) (truename.Commit, error) {
		erased := v.Subject
		erased.Key, erased.Index, erased.ErasedAt, erased.Attempts = nil, nil, &at, nil
		gone := v.Consents[1]
		gone.WithdrawnAt = &at
		return truename.Commit{Subjects: []truename.Subject{erased}, Consents: []truename.Consent{gone}, DropEvidence: []string{template.ID}, Leaves: []truename.Leaf{leaf("erased")}}, nil
	}))
	got, err := s.Subject(ctx, person.ID)
	ok(t, err)
	same(t, "erased subject", got, truename.Subject{ID: person.ID, CreatedAt: start, ErasedAt: &at})
	_, err = s.SubjectByIndex(ctx, index("identity"))
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	snap, err := s.Snapshot(ctx, c.Registration.ID)
	ok(t, err)
	if len(snap.Consents) != 2 || snap.Consents[1].WithdrawnAt == nil {
		t.Errorf("consents are %+v", snap.Consents)
	}
	evidence, err := s.Evidence(ctx, c.Registration.ID)
	ok(t, err)
	same(t, "what is left", evidence, c.Evidence)

	refused := errors.New("the caller's own")
	if err := s.TransactSubject(ctx, person.ID, func(truename.SubjectView) (truename.Commit, error) { return truename.Commit{}, refused }); err != refused {
		t.Errorf("error of change is %v, want it unchanged", err)
	}
	_, err = s.SubjectView(ctx, "unknown")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
}

// testRebinding: a provisional subject turns out to be a known one.
func testRebinding(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	known := create(t, s, opened("1")).Subjects[0]
	c := create(t, s, opened("2"))
	provisional := c.Subjects[0]
	consent := truename.Consent{ID: id(), Registration: c.Registration.ID, Subject: provisional.ID, Party: truename.Applicant, Purpose: truename.PurposeIdentity, GivenAt: start, GivenBy: truename.Applicant}
	ok(t, s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
		return truename.Commit{Registration: next(snap), Consents: []truename.Consent{consent}}, nil
	}))
	ok(t, s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
		r := next(snap)
		r.Parties = []truename.PartyRecord{{Party: truename.Applicant, Subject: known.ID, Document: truename.Passport, Country: "CHN"}}
		moved, box := snap.Consents[0], c.Evidence[0]
		moved.Subject, box.Subject, box.ID = known.ID, known.ID, id()
		return truename.Commit{Registration: r, Consents: []truename.Consent{moved}, Evidence: []truename.Sealed{box},
			DropEvidence: []string{c.Evidence[0].ID}, DropSubjects: []string{provisional.ID}}, nil
	}))
	_, err := s.Subject(ctx, provisional.ID)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	view, err := s.SubjectView(ctx, known.ID)
	ok(t, err)
	if len(view.Registrations) != 2 || len(view.Consents) != 1 || len(view.Evidence) != 2 {
		t.Errorf("the known subject has %d registrations, %d consents, %d pieces of evidence; want 2, 1, 2", len(view.Registrations), len(view.Consents), len(view.Evidence))
	}
}

func testAccount(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	c := create(t, s, opened("1"))
	approve(t, s, c.Registration.ID)
	a, err := s.AccountByNumber(ctx, index("1"))
	ok(t, err)
	due := start.Add(time.Hour)
	ok(t, s.TransactAccount(ctx, a.ID, func(now truename.Account) (truename.Commit, error) {
		same(t, "account in the transaction", now, a)
		now.State, now.ReverifyBy, now.ReservedUntil = truename.AccountActive, &due, nil
		a = now
		return truename.Commit{Accounts: []truename.Account{now}, Jobs: []truename.Job{{Kind: truename.JobReverify, ID: now.ID, At: due}}, Leaves: []truename.Leaf{leaf("due")}}, nil
	}))
	got, err := s.Account(ctx, a.ID)
	ok(t, err)
	same(t, "account", got, a)
	own := errors.New("the caller's own")
	if err := s.TransactAccount(ctx, a.ID, func(truename.Account) (truename.Commit, error) { return truename.Commit{}, own }); err != own {
		t.Errorf("error of change is %v, want it unchanged", err)
	}
	wantError(t, s.TransactAccount(ctx, "unknown", nil), truename.KindNotFound, truename.CodeNotFound)
	_, err = s.Account(ctx, "unknown")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
}

func testPages(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	var want []string
	for i := range 25 {
		c := opened(fmt.Sprint(i))
		c.Registration.OpenedAt = start.Add(time.Duration(i/3) * time.Second) // some at the same moment
		if i%5 == 0 {
			c.Registration.Outlet, c.Registration.Kind = "other", truename.PortIn
		}
		create(t, s, c)
		want = append(want, c.Registration.ID)
	}
	seen := map[string]int{}
	after, pages := "", 0
	last := start.Add(time.Hour)
	for {
		items, next, err := s.Registrations(ctx, truename.RegistrationQuery{Limit: 4, After: after})
		ok(t, err)
		for _, r := range items {
			seen[r.ID]++
			if r.OpenedAt.After(last) {
				t.Error("the newest do not come first")
			}
			last = r.OpenedAt
		}
		pages++
		if next == "" {
			break
		}
		after = next
	}
	if pages != 7 || len(seen) != 25 {
		t.Errorf("%d pages with %d registrations, want 7 with 25", pages, len(seen))
	}
	for _, id := range want {
		if seen[id] != 1 {
			t.Errorf("registration seen %d times", seen[id])
		}
	}
	first, err := s.Snapshot(ctx, want[0])
	ok(t, err)
	for name, q := range map[string]struct {
		query truename.RegistrationQuery
		count int
	}{
		"outlet":  {truename.RegistrationQuery{Outlet: "other"}, 5},
		"kind":    {truename.RegistrationQuery{Kind: truename.PortIn, State: truename.StateOpen, Channel: truename.Dealer, OpenedBy: "agent"}, 5},
		"state":   {truename.RegistrationQuery{State: truename.StateRefused}, 0},
		"subject": {truename.RegistrationQuery{Subject: first.Registration.Parties[0].Subject}, 1},
		"number":  {truename.RegistrationQuery{Number: index("7")}, 1},
		"all":     {truename.RegistrationQuery{}, 25},
	} {
		items, next, err := s.Registrations(ctx, q.query)
		ok(t, err)
		if len(items) != q.count || next != "" {
			t.Errorf("%s: %d registrations, next %q; want %d", name, len(items), next, q.count)
		}
	}
}

func testReviews(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	for i := range 6 {
		c := create(t, s, opened(fmt.Sprint(i)))
		ok(t, s.Transact(ctx, c.Registration.ID, func(snap truename.Snapshot) (truename.Commit, error) {
			review := &truename.Review{Registration: snap.Registration.ID, Version: 1, Eyes: 1, OpenedAt: start.Add(-time.Duration(i) * time.Minute)}
			if i%2 == 0 {
				review.ResolvedAt = &start
			} else {
				review.ClaimedBy = "reviewer"
			}
			return truename.Commit{Review: review}, nil
		}))
	}
	open, next, err := s.Reviews(ctx, truename.ReviewQuery{Open: true, Outlet: "outlet-1", Channel: truename.Dealer, ClaimedBy: "reviewer", Limit: 2})
	ok(t, err)
	if len(open) != 2 || next == "" || !open[0].OpenedAt.Before(open[1].OpenedAt) {
		t.Fatalf("open reviews are %+v, next %q", open, next)
	}
	open, next, err = s.Reviews(ctx, truename.ReviewQuery{Open: true, After: next, Limit: 2})
	ok(t, err)
	if len(open) != 1 || next != "" {
		t.Errorf("the second page has %d reviews, next %q; want 1 and none", len(open), next)
	}
	every, _, err := s.Reviews(ctx, truename.ReviewQuery{})
	ok(t, err)
	if len(every) != 6 {
		t.Errorf("%d reviews, want 6", len(every))
	}
}

func testAccess(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	client := access.Client{ID: "c1", Name: "billing", KeyHash: index("key"), CertificateHash: index("certificate"), Roles: []truename.Role{truename.RoleActivation}, CreatedAt: start, CreatedBy: "admin"}
	ok(t, s.SaveClient(ctx, client, leaf("client")))
	client.RevokedAt, client.CertificateHash = &start, nil
	ok(t, s.SaveClient(ctx, client, leaf("client revoked")))
	gotClient, err := s.Client(ctx, "c1")
	ok(t, err)
	same(t, "client", gotClient, client)
	clients, err := s.Clients(ctx)
	ok(t, err)
	same(t, "clients", clients, []access.Client{client})

	outlet := access.Outlet{ID: "shop", Name: "Shop", Channel: truename.OwnOutlet, CreatedAt: start}
	ok(t, s.SaveOutlet(ctx, outlet, leaf("outlet")))
	gotOutlet, err := s.Outlet(ctx, "shop")
	ok(t, err)
	same(t, "outlet", gotOutlet, outlet)
	outlets, err := s.Outlets(ctx)
	ok(t, err)
	same(t, "outlets", outlets, []access.Outlet{outlet})

	ann := access.Staff{ID: "s1", Name: "Ann", Roles: []truename.Role{truename.RoleAgent}, Outlet: "shop", Channel: truename.OwnOutlet, Issuer: "https://issuer", Login: "ann", CreatedAt: start, CreatedBy: "admin"}
	ok(t, s.SaveStaff(ctx, ann, leaf("staff")))
	wantError(t, s.SaveStaff(ctx, access.Staff{ID: "s2", Issuer: "https://issuer", Login: "ann"}), truename.KindConflict, truename.CodeStale)
	ben, cem := access.Staff{ID: "s3", Name: "Ben", CreatedAt: start}, access.Staff{ID: "s4", Name: "Cem", CreatedAt: start} // both without a login
	ok(t, s.SaveStaff(ctx, ben))
	ok(t, s.SaveStaff(ctx, cem))
	gotStaff, err := s.StaffByLogin(ctx, "https://issuer", "ann")
	ok(t, err)
	same(t, "staff", gotStaff, ann)
	_, err = s.StaffByLogin(ctx, "", "")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	_, err = s.Staff(ctx, "s2")
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	members, err := s.StaffMembers(ctx)
	ok(t, err)
	same(t, "members", members, []access.Staff{ann, ben, cem})

	passkey := access.Passkey{ID: []byte{1, 0, 2}, Staff: "s1", Credential: []byte("{}"), CreatedAt: start}
	ok(t, s.SavePasskey(ctx, passkey, leaf("passkey")))
	passkey.Credential, passkey.UsedAt = []byte(`{"n":1}`), &start
	ok(t, s.SavePasskey(ctx, passkey))
	stolen := passkey
	stolen.Staff = "s3"
	wantError(t, s.SavePasskey(ctx, stolen), truename.KindPrecondition, truename.CodeStale)
	gotKey, err := s.Passkey(ctx, passkey.ID)
	ok(t, err)
	same(t, "passkey", gotKey, passkey)
	keys, err := s.Passkeys(ctx, "s1")
	ok(t, err)
	same(t, "passkeys", keys, []access.Passkey{passkey})
	ok(t, s.DeletePasskey(ctx, passkey.ID))
	_, err = s.Passkey(ctx, passkey.ID)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)

	session := access.Session{Hash: index("session"), Staff: "s1", CreatedAt: start, ExpiresAt: start.Add(time.Hour)}
	ok(t, s.SaveSession(ctx, session))
	gotSession, err := s.Session(ctx, session.Hash)
	ok(t, err)
	same(t, "session", gotSession, session)
	session.ExpiresAt = start.Add(90 * time.Minute)
	ok(t, s.ExtendSession(ctx, session.Hash, session.ExpiresAt))
	gotSession, err = s.Session(ctx, session.Hash)
	ok(t, err)
	same(t, "extended session", gotSession, session)
	ok(t, s.DeleteSession(ctx, session.Hash))
	ok(t, s.ExtendSession(ctx, session.Hash, session.ExpiresAt))
	_, err = s.Session(ctx, session.Hash)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	ok(t, s.SaveSession(ctx, session))
	ok(t, s.DeleteSessions(ctx, "s1"))
	ok(t, s.SaveSession(ctx, session))
	ok(t, s.PurgeExpired(ctx, start.Add(2*time.Hour), start))
	_, err = s.Session(ctx, session.Hash)
	wantError(t, err, truename.KindNotFound, truename.CodeNotFound)

	size, err := s.LogSize(ctx)
	ok(t, err)
	if size != 5 {
		t.Errorf("the log has %d leaves, want 5", size)
	}
}

func testInvitation(t *testing.T, fresh Fresh) {
	s, ctx := fresh(t)(), t.Context()
	ok(t, s.SaveStaff(ctx, access.Staff{ID: "s1"}))
	want := access.Invitation{Hash: index("invitation"), Staff: "s1", ExpiresAt: start}
	ok(t, s.SaveInvitation(ctx, want))
	got, err := s.Invitation(ctx, want.Hash)
	ok(t, err)
	same(t, "invitation", got, want)
	var taken atomic.Int64
	parallel(10, func(int) {
		i, err := s.TakeInvitation(ctx, want.Hash, leaf("taken"))
		if err == nil {
			taken.Add(1)
			same(t, "taken invitation", i, want)
			return
		}
		wantError(t, err, truename.KindNotFound, truename.CodeNotFound)
	})
	size, err := s.LogSize(ctx)
	ok(t, err)
	if taken.Load() != 1 || size != 1 {
		t.Errorf("the invitation was taken %d times, with %d leaves; want once", taken.Load(), size)
	}
}
