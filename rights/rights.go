package rights

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"truename"
	"truename/audit"
	"truename/vault"
)

// Records is where subjects are kept; package record documents the methods.
type Records interface {
	SubjectView(ctx context.Context, id string) (truename.SubjectView, error)
	TransactSubject(ctx context.Context, id string, change func(truename.SubjectView) (truename.Commit, error)) error
	Snapshot(ctx context.Context, registration string) (truename.Snapshot, error)
	Decisions(ctx context.Context, registration string) ([]truename.Decision, error)
	Evidence(ctx context.Context, registration string) ([]truename.Sealed, error)
	Pack(ctx context.Context, digest string) ([]byte, error)
}

// Office answers subjects. It is safe for concurrent use.
type Office struct {
	records Records
	vault   *vault.Vault
	now     func() time.Time
}

// New makes an office; a nil now is time.Now.
func New(records Records, vault *vault.Vault, now func() time.Time) *Office {
	if now == nil {
		now = time.Now
	}
	return &Office{records, vault, now}
}

// Plan is what an erasure would do, or why it cannot be done yet.
type Plan struct {
	Subject   string   `json:"subject"`
	Possible  bool     `json:"possible"`
	Blocking  []string `json:"blocking" nullable:"false" doc:"accounts still reserved, active or suspended; they end first"`
	Evidence  int      `json:"evidence" doc:"pieces of sealed evidence that are dropped"`
	Biometric int      `json:"biometric" doc:"how many of them are biometric; these can be dropped at once, whatever else is kept"`
	Erased    bool     `json:"erased" doc:"it was erased before"`
}

// PlanErasure says what an erasure would do; it changes nothing.
func (o *Office) PlanErasure(ctx context.Context, subject string) (Plan, error) {
	v, err := o.records.SubjectView(ctx, subject)
	return plan(v), err
}

func plan(v truename.SubjectView) Plan {
	p := Plan{Subject: v.Subject.ID, Blocking: []string{}, Evidence: len(v.Evidence), Erased: v.Subject.ErasedAt != nil}
	for _, a := range v.Accounts {
		if a.State != truename.AccountClosed {
			p.Blocking = append(p.Blocking, a.ID)
		}
	}
	for _, e := range v.Evidence {
		if e.Kind.Biometric() {
			p.Biometric++
		}
	}
	p.Possible = len(p.Blocking) == 0
	return p
}

// Erase destroys the subject's key and drops its evidence. While the subject has numbers in service, the operator has to
// be able to say whose they are: then only the biometric evidence is dropped and the plan says what blocks the rest.
func (o *Office) Erase(ctx context.Context, by truename.Actor, subject string) (Plan, error) {
	var done Plan
	err := o.records.TransactSubject(ctx, subject, func(v truename.SubjectView) (truename.Commit, error) {
		done = plan(v)
		if done.Erased {
			return truename.Commit{}, nil
		}
		now := o.now().UTC()
		var c truename.Commit
		for _, e := range v.Evidence {
			if done.Possible || e.Kind.Biometric() {
				c.DropEvidence = append(c.DropEvidence, e.ID)
			}
		}
		kind := "subject.biometrics_dropped"
		if done.Possible {
			kind = string(truename.EventSubjectErased)
			s := v.Subject
			s.Key, s.Index, s.ErasedAt, s.Attempts = nil, nil, &now, nil
			c.Subjects = []truename.Subject{s}
			data, err := json.Marshal(map[string]string{"subject": s.ID})
			if err != nil {
				return c, err
			}
			c.Events = []truename.Event{{ID: uuid.Must(uuid.NewV7()).String(), Type: truename.EventSubjectErased, At: now, Data: data}}
			done.Erased = true
		}
		leaf, err := audit.Note(kind, map[string]any{"subject": subject, "by": by.ID, "evidence": len(c.DropEvidence)}, now)
		c.Leaves = []truename.Leaf{leaf}
		return c, err
	})
	return done, err
}
