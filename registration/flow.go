package registration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"truename"
	"truename/activation"
	"truename/audit"
	"truename/face"
	"truename/policy"
	"truename/vault"
)

// Records is where registrations are kept; package record documents the methods.
type Records interface {
	Create(ctx context.Context, c truename.Commit) error
	Snapshot(ctx context.Context, registration string) (truename.Snapshot, error)
	// Transact locks the registration and its subjects, gives change what is stored, and writes what change returns, all
	// in one transaction; an error of change rolls back and is returned as it is.
	Transact(ctx context.Context, registration string, change func(truename.Snapshot) (truename.Commit, error)) error
	Evidence(ctx context.Context, registration string) ([]truename.Sealed, error)
	SubjectByIndex(ctx context.Context, index []byte) (truename.Subject, error)
}

// Accounts is where the numbers are kept.
type Accounts interface {
	AccountByNumber(ctx context.Context, index []byte) (truename.Account, error)
	TransactAccount(ctx context.Context, id string, change func(truename.Account) (truename.Commit, error)) error
}

// Packs is where policy packs are kept, so that a decision is always ruled and replayed under the pack it names.
type Packs interface {
	Pack(ctx context.Context, digest string) ([]byte, error)
}

// Comparer compares a live face with a portrait. Errors about a picture have Sample set; any other is the engine's.
type Comparer interface {
	Compare(ctx context.Context, portrait, live []byte, targetFMR float64) (Comparison, error)
}

// Comparison is what a [Comparer] measured.
type Comparison struct {
	Outcome   truename.Outcome
	Score     float64 // cosine; meaningless when Outcome is unusable
	FMR       float64 // false-match rate at the score
	Threshold float64
	Model     string
	Reasons   []truename.Code // why a sample is unusable
	// Live is the live sample's template; empty when Outcome is unusable. It is biometric data.
	Live face.Template
}

// Config is what a [Flow] works with. All fields but Now are needed.
type Config struct {
	Records  Records
	Accounts Accounts
	Packs    Packs
	Vault    *vault.Vault
	Comparer Comparer
	// Pack is in force for registrations that are opened now.
	Pack *policy.Pack
	// Keys gives the keys that sign activation tokens.
	Keys     func(ctx context.Context, now time.Time) (activation.Keyring, error)
	Issuer   string
	Audience string
	Now      func() time.Time // nil: time.Now
}

// Flow carries registrations from opening to activation. It is safe for concurrent use.
type Flow struct {
	Config
	clock *clock
	packs packCache
}

// New makes a flow.
func New(c Config) *Flow {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Flow{Config: c, clock: newClock(c.Now), packs: newPackCache(c.Pack)}
}

// Request says who asks, and under which key a repeated request is recognised.
type Request struct {
	Actor truename.Actor
	// Key is the same for a request that is sent again, and for no other; empty: the request is new.
	Key string
	// Version is the version of the registration the caller has seen; 0: any.
	Version int
}

// saw refuses when the caller has seen another version than the stored one.
func (r Request) saw(s truename.Snapshot) error {
	if r.Version != 0 && r.Version != s.Registration.Version {
		return stale()
	}
	return nil
}

// id gives an identifier for something this request makes: the same when the request is repeated. What is made within a
// registration names that too: the same key elsewhere makes something else.
func (r Request) id(what ...string) string {
	if r.Key == "" {
		return newID()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", r.Actor.ID, r.Key, strings.Join(what, "\x00")))
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8: of our own making (RFC 9562, 5.8)
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// newID gives a UUID version 7: later ones sort after earlier ones.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// change builds a commit from what is stored and writes it, if nobody else has changed the registration meanwhile;
// else it starts again. The commit is built outside the transaction, as opening a key may need a key service.
func (f *Flow) change(ctx context.Context, id string, by Request, build func(truename.Snapshot) (truename.Commit, error)) error {
	return f.settle(ctx, id, func(seen truename.Snapshot) (finish, error) {
		if err := by.saw(seen); err != nil {
			return nil, err
		}
		if err := f.clock.check(seen.LastCommit); err != nil {
			return nil, err
		}
		commit, err := build(seen)
		return func(truename.Snapshot) (truename.Commit, error) { return commit, nil }, err
	})
}

// finish makes the commit from what is locked, which is of the version that was seen.
type finish func(locked truename.Snapshot) (truename.Commit, error)

// settle lets prepare look at what is stored, and its finish write to it, if nobody else has changed the registration
// meanwhile; else it starts again. errDone of prepare ends it without a commit.
func (f *Flow) settle(ctx context.Context, id string, prepare func(seen truename.Snapshot) (finish, error)) error {
	for range 8 {
		seen, err := f.Records.Snapshot(ctx, id)
		if err != nil {
			return err
		}
		finish, err := prepare(seen)
		if errors.Is(err, errDone) {
			return nil
		}
		if err != nil {
			return err
		}
		err = f.Records.Transact(ctx, id, func(locked truename.Snapshot) (truename.Commit, error) {
			if locked.Registration.Version != seen.Registration.Version || !unchanged(seen.Subjects, locked.Subjects) {
				return truename.Commit{}, errAgain
			}
			return finish(locked)
		})
		if !errors.Is(err, errAgain) && !isStale(err) {
			return err
		}
	}
	return stale()
}

// unchanged says whether subjects still are as they were seen. An erasure, a change of the master key or an attempt in another
// registration does not touch this one; written over, an erased key would be back, or an attempt forgotten.
func unchanged(seen, locked map[string]truename.Subject) bool {
	for id, s := range seen {
		l := locked[id]
		if !bytes.Equal(s.Key, l.Key) || !bytes.Equal(s.Index, l.Index) || (s.ErasedAt == nil) != (l.ErasedAt == nil) ||
			!slices.Equal(s.Attempts, l.Attempts) {
			return false
		}
	}
	return true
}

var (
	errAgain = errors.New("changed meanwhile")
	errDone  = errors.New("already done") // a repeated request finds its work done
)

func isStale(err error) bool {
	var e *truename.Error
	return errors.As(err, &e) && e.Code == truename.CodeStale
}

func stale() error {
	return &truename.Error{Kind: truename.KindPrecondition, Code: truename.CodeStale,
		Detail: "The registration has been changed by somebody else.", Remedy: "Read it again and decide anew what to do."}
}

// keyReused is the answer to a key that has come with another request before.
func keyReused() error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeKeyReused,
		Detail: "This key was used for another request.", Remedy: "Choose a new key for every request, and the same one only to send it again."}
}

// over refuses when the registration's time has passed and the job that ends it has not come yet.
func (f *Flow) over(r *truename.Registration) error {
	if f.Now().After(r.ExpiresAt) && !waits(r) {
		return wrongState("The time for this registration is over.")
	}
	return nil
}

// alive refuses when a party's data were erased: nothing more can be kept of it.
func alive(s truename.Snapshot, party truename.Party) error {
	if p := s.Registration.Person(party); p != nil && s.Subjects[p.Subject].ErasedAt != nil {
		return &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeErased,
			Detail: "The data of the " + string(party) + " were erased.", Remedy: "Open a new registration."}
	}
	return nil
}

// next gives a copy of the stored registration with its version raised, to be changed and committed.
func next(s truename.Snapshot) *truename.Registration {
	r := s.Registration
	r.Version++
	r.Parties = append([]truename.PartyRecord(nil), r.Parties...)
	r.Findings = append([]truename.Finding(nil), r.Findings...)
	return &r
}

// leaf makes an audit leaf for something that happened; only decisions are opened again.
func (f *Flow) leaf(kind string, payload any) (truename.Leaf, error) {
	return audit.Note(kind, payload, f.Now())
}

// event tells of the registration's state.
func (f *Flow) event(r *truename.Registration, t truename.EventType) (truename.Event, error) {
	data, err := json.Marshal(map[string]any{"registration": r.ID, "kind": r.Kind, "channel": r.Channel, "outlet": r.Outlet,
		"route": r.Route, "state": r.State, "version": r.Version, "decision": r.Decision})
	return truename.Event{ID: newID(), Type: t, Registration: r.ID, At: f.Now(), Data: data}, err
}

// moved makes the commit of a registration that has reached another state: with leaf and event.
func (f *Flow) moved(r *truename.Registration, by Request) (truename.Commit, error) {
	event, err := f.event(r, eventOf[r.State])
	if err != nil {
		return truename.Commit{}, err
	}
	leaf, err := f.leaf(string(event.Type), map[string]any{"registration": r.ID, "version": r.Version, "by": by.Actor.ID})
	if err != nil {
		return truename.Commit{}, err
	}
	return truename.Commit{Registration: r, Events: []truename.Event{event}, Leaves: []truename.Leaf{leaf}}, nil
}

// pack gives the pack that is in force for a registration.
func (f *Flow) pack(ctx context.Context, ref truename.PackRef) (*policy.Pack, error) {
	return f.packs.get(ref.Digest, func() (*policy.Pack, error) {
		text, err := f.Packs.Pack(ctx, ref.Digest)
		if err != nil {
			return nil, err
		}
		p, err := policy.Load(text)
		if err != nil {
			return nil, err
		}
		if p.Ref().Digest != ref.Digest {
			return nil, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodePolicyPack,
				Detail: "The stored policy pack is not the one the registration names.", Remedy: "Restore the records from a backup."}
		}
		return p, nil
	})
}
