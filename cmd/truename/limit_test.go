package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"truename"
	"truename/client"
	"truename/policy"
	"truename/registration"
)

// An identity that holds four of five numbers asks for a hundred more at once: one gets the fifth place, the others are
// refused by the limit and by nothing else.
func TestAHundredAtOnceForTheLastPlace(t *testing.T) {
	const places, at = 5, 100
	for name, database := range engines {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s := newSite(t, database(t), "cn")
			o := s.open()
			defer o.close()
			for n := range places - 1 {
				id := o.counter(t, n, "N1234567")
				d, err := s.agent.Decide(ctx, id, client.Write{})
				must(t, err)
				if d.Verdict != truename.Approve {
					t.Fatalf("number %d: %s %+v", n+1, d.Verdict, d.Explanation)
				}
				_, err = s.carrier.ConfirmActivation(ctx, id, d.ID, client.Write{})
				must(t, err)
			}
			ids := make([]string, at)
			side(8, at, func(i int) { ids[i] = o.counter(t, 100+i, "N1234567") })

			began := time.Now()
			verdicts := make([]truename.Verdict, at)
			errs := make([]error, at)
			side(at, at, func(i int) {
				d, err := s.agent.Decide(ctx, ids[i], client.Write{})
				verdicts[i], errs[i] = d.Verdict, err
			})
			t.Logf("decided in %v", time.Since(began).Round(time.Millisecond))
			count := map[truename.Verdict]int{}
			for i := range ids {
				must(t, errs[i])
				count[verdicts[i]]++
			}
			if count[truename.Approve] != 1 || count[truename.Refuse] != at-1 {
				t.Errorf("verdicts %v, want 1 approve and %d refuse", count, at-1)
			}

			var holder string
			for i, id := range ids {
				snapshot, err := o.store.Snapshot(ctx, id)
				must(t, err)
				d := snapshot.Decision
				if d == nil || d.Ruling.Verdict != verdicts[i] {
					t.Fatalf("registration %d: the records have another decision than was answered", i)
				}
				holder = snapshot.Registration.Person(truename.Applicant).Subject
				limit := slices.ContainsFunc(d.Ruling.Reasons, func(r truename.Reason) bool { return r.Code == policy.CodeLimitReached && r.Rule == "five_numbers" })
				if refused := d.Ruling.Verdict == truename.Refuse; refused != limit || refused && len(d.Ruling.Reasons) != 1 {
					t.Errorf("registration %d: %s because of %+v", i, d.Ruling.Verdict, d.Ruling.Reasons)
				}
				if (snapshot.Own != nil) != (d.Ruling.Verdict == truename.Approve) {
					t.Errorf("registration %d: %s with reservation %v", i, d.Ruling.Verdict, snapshot.Own)
				}
			}
			view, err := o.store.SubjectView(ctx, holder)
			must(t, err)
			held := 0
			for _, a := range view.Accounts {
				if a.State != truename.AccountClosed {
					held++
				}
			}
			if held != places {
				t.Errorf("the identity has %d numbers", held)
			}
		})
	}
}

// counter takes a customer through the route without a face up to the decision, beside the server. It may be called from any
// goroutine.
func (o *operator) counter(t testing.TB, n int, passport string) (id string) {
	ctx := context.Background()
	said := func(err error) bool {
		if err != nil {
			t.Errorf("customer %d: %v", n, err)
		}
		return err != nil
	}
	machine := registration.Request{Actor: truename.Actor{ID: "shop", Kind: truename.ActorClient}}
	r, err := o.flow.Open(ctx, machine, registration.Opening{Kind: truename.NewNumber, Channel: truename.OwnOutlet, Outlet: "mumbai-1",
		Route: truename.RouteInPerson, Language: "en", Subscription: truename.Subscription{
			MSISDN: truename.Private(fmt.Sprintf("9198%08d", n)), ICCID: truename.Private(fmt.Sprintf("8991%015d", n))}})
	if said(err) {
		return ""
	}
	_, err = o.flow.GiveConsent(ctx, machine, r.ID, registration.ConsentGiven{Party: truename.Applicant, Purpose: truename.PurposeIdentity,
		TextVersion: o.pack.Settings().Consents[truename.PurposeIdentity].Version, Language: "en"})
	if said(err) {
		return r.ID
	}
	_, err = o.flow.RecordDocument(ctx, machine, r.ID, registration.DocumentShown{Party: truename.Applicant, Source: "chip", Original: true,
		Fields: truename.DocumentFields{Type: truename.Passport, Country: "IND", Number: truename.Private(passport), Name: canaryName,
			BirthDate: "1990-05-17", Expires: "2040-01-01"}})
	if said(err) {
		return r.ID
	}
	for _, who := range []string{"agent-1", "agent-2"} {
		_, err := o.flow.CheckInPerson(ctx, agent(who), r.ID, truename.Applicant, true, "")
		said(err)
	}
	return r.ID
}

// side does work for 0 to n-1, so many at a time.
func side(workers, n int, work func(i int)) {
	var running sync.WaitGroup
	next := make(chan int)
	for range workers {
		running.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	running.Wait()
}
