package audit

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"time"

	"truename"
)

const (
	// SaltSize is the length of a salt in bytes.
	SaltSize = 32
	// MaxLeaf is the longest leaf in bytes: an entry bundle gives its length in 16 bits.
	MaxLeaf = 1<<16 - 1

	leafVersion = 1
	// leafDomain comes before what is hashed, so that no commitment can be taken for another kind of hash. The salt
	// has a fixed length, so where the payload begins is never in doubt.
	leafDomain = "truename audit leaf v1\n"
)

// Entry is what a leaf says. It is the leaf's JSON, fields in this order, without white space.
type Entry struct {
	Version int       `json:"v"`
	Kind    string    `json:"kind"` // what happened: "decision", "consent.withdrawn"
	At      time.Time `json:"at"`   // UTC, to the microsecond
	// Commitment is SHA-256 over the domain, the salt and the payload.
	Commitment []byte `json:"commitment"`
}

// NewSalt gives 32 random bytes. A salt is used for one leaf only.
func NewSalt() ([]byte, error) {
	salt := make([]byte, SaltSize)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("audit: salt: %w", err)
	}
	return salt, nil
}

// Commit makes the leaf of a kind for a payload. The payload does not enter the leaf; whoever later shows the same
// payload and salt can prove it with [Open]. It panics when the program is wrong: a salt that is not 32 bytes long, a
// kind that is not 1 to 64 of a–z, 0–9, "_", "-" and ".", a time outside the years 0 to 9999.
func Commit(kind string, payload []byte, salt []byte, at time.Time) truename.Leaf {
	if len(salt) != SaltSize {
		panic(fmt.Sprintf("audit: a salt of %d bytes", len(salt)))
	}
	if !validKind(kind) {
		panic(fmt.Sprintf("audit: kind %q", kind))
	}
	at = moment(at)
	data, err := json.Marshal(Entry{Version: leafVersion, Kind: kind, At: at, Commitment: commitment(payload, salt)})
	if err != nil {
		panic(fmt.Sprintf("audit: leaf: %v", err))
	}
	return truename.Leaf{Data: data, At: at}
}

// Note makes the leaf of something that is never opened again: its salt is not kept. payload is encoded as JSON.
func Note(kind string, payload any, at time.Time) (truename.Leaf, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return truename.Leaf{}, err
	}
	salt, err := NewSalt()
	if err != nil {
		return truename.Leaf{}, err
	}
	return Commit(kind, data, salt, at), nil
}

// ParseLeaf reads a leaf. It accepts the one form that [Commit] writes and no other.
func ParseLeaf(leaf []byte) (Entry, error) {
	var e Entry
	if len(leaf) > MaxLeaf {
		return Entry{}, malformedLeaf(nil)
	}
	if err := json.Unmarshal(leaf, &e); err != nil {
		return Entry{}, malformedLeaf(err)
	}
	again, err := json.Marshal(e)
	if err != nil || !bytes.Equal(leaf, again) || e.Version != leafVersion || !validKind(e.Kind) || len(e.Commitment) != sha256.Size {
		return Entry{}, malformedLeaf(err)
	}
	return e, nil
}

// Open checks that a leaf commits to the payload under the salt.
func Open(leaf []byte, payload, salt []byte) error {
	e, err := ParseLeaf(leaf)
	if err != nil {
		return err
	}
	if len(salt) != SaltSize {
		return invalid("The salt is not 32 bytes long.", "Take the salt that was stored with the decision.", nil)
	}
	if subtle.ConstantTimeCompare(e.Commitment, commitment(payload, salt)) != 1 {
		return invalid("The audit leaf does not commit to this content.", "Compare with the stored original: one of the two was altered.", nil)
	}
	return nil
}

func commitment(payload, salt []byte) []byte {
	h := sha256.New()
	h.Write([]byte(leafDomain))
	h.Write(salt)
	h.Write(payload)
	return h.Sum(nil)
}

// moment is the time as it is committed to: databases keep microseconds.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func validKind(kind string) bool {
	if len(kind) == 0 || len(kind) > 64 {
		return false
	}
	for _, c := range []byte(kind) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

func malformedLeaf(cause error) error {
	return invalid("The audit leaf is not of a form this version knows.", "Verify it with the version that wrote it, or a later one.", cause)
}
