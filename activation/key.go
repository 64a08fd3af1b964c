package activation

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Key is an Ed25519 key that signs tokens from NotBefore until another takes over, and verifies them until RetiredAt.
type Key struct {
	ID        string    `json:"kid"`  // RFC 7638 thumbprint, SHA-256
	Seed      []byte    `json:"seed"` // 32 bytes, secret
	NotBefore time.Time `json:"not_before"`
	// RetiredAt is when the key leaves the public set; nil: not decided yet.
	RetiredAt *time.Time `json:"retired_at,omitempty"`
}

// NewKey makes a key that signs from now on.
func NewKey(now time.Time) (Key, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return Key{}, fmt.Errorf("activation: key: %w", err)
	}
	k := Key{Seed: seed, NotBefore: now.UTC()}
	var err error
	k.ID, err = thumbprint(k.private().Public().(ed25519.PublicKey))
	return k, err
}

// String names the key without its secret.
func (k Key) String() string { return "key " + k.ID }

// GoString does the same for %#v.
func (k Key) GoString() string { return k.String() }

// LogValue does the same for log/slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Key) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.Seed) }

// retired says whether the key is out of use for good.
func (k Key) retired(now time.Time) bool { return k.RetiredAt != nil && !now.Before(*k.RetiredAt) }

// check says what is wrong with a key read from storage.
func (k Key) check() error {
	if len(k.Seed) != ed25519.SeedSize {
		return fmt.Errorf("a seed of %d bytes", len(k.Seed))
	}
	id, err := thumbprint(k.private().Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	if id != k.ID {
		return fmt.Errorf("key %q has thumbprint %q", k.ID, id)
	}
	if k.NotBefore.IsZero() {
		return fmt.Errorf("key %q has no beginning", k.ID)
	}
	return nil
}

func thumbprint(public ed25519.PublicKey) (string, error) {
	key := jose.JSONWebKey{Key: public}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("activation: thumbprint: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// Keyring is every key that signs or still verifies, in no order. As binary it is JSON with the secrets in clear: who
// stores it seals it.
type Keyring []Key

// NewKeyring makes a ring of one new key.
func NewKeyring(now time.Time) (Keyring, error) {
	k, err := NewKey(now)
	if err != nil {
		return nil, err
	}
	return Keyring{k}, nil
}

// Current gives the key that signs: the newest that has begun and has no end set.
func (r Keyring) Current(now time.Time) (Key, error) {
	best := -1
	for i, k := range r {
		if k.RetiredAt != nil || k.NotBefore.After(now) {
			continue
		}
		if best < 0 || k.NotBefore.After(r[best].NotBefore) {
			best = i
		}
	}
	if best < 0 {
		return Key{}, unusable("No key is there to sign activation tokens.", "Rotate the activation keys; if that does not help, check the clock.", nil)
	}
	return r[best], nil
}

// Rotate gives a ring in which a new key signs from now on. The keys that signed so far verify for the time of the
// overlap, which is at least [MaxLifetime] so that no token outlives its key; keys past their end are gone. The ring
// itself is not changed.
func (r Keyring) Rotate(now time.Time, overlap time.Duration) (Keyring, error) {
	if overlap < MaxLifetime {
		return nil, badRequest(fmt.Sprintf("An overlap of %s is shorter than a token may live.", overlap), fmt.Sprintf("Rotate with an overlap of at least %s.", MaxLifetime))
	}
	next, err := NewKey(now)
	if err != nil {
		return nil, err
	}
	end := now.Add(overlap).UTC()
	rotated := Keyring{next}
	for _, k := range r {
		if k.retired(now) {
			continue
		}
		if k.RetiredAt == nil {
			k.RetiredAt = &end
		}
		rotated = append(rotated, k)
	}
	return rotated, nil
}

// JWKS gives the public keys as a JWK set (RFC 7517, RFC 8037): every key whose end has not come by now.
func (r Keyring) JWKS(now time.Time) ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range r {
		if !k.retired(now) {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private().Public(), KeyID: k.ID, Algorithm: string(jose.EdDSA), Use: "sig"})
		}
	}
	out, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("activation: key set: %w", err)
	}
	return out, nil
}

// MarshalBinary gives the ring with its secrets.
func (r Keyring) MarshalBinary() ([]byte, error) { return json.Marshal([]Key(r)) }

// UnmarshalBinary reads a ring and checks every key.
func (r *Keyring) UnmarshalBinary(data []byte) error {
	var keys []Key
	if err := json.Unmarshal(data, &keys); err != nil {
		// The cause might quote a secret: it is left out.
		return unusable("The activation keys cannot be read.", "Restore them from a backup, or make new ones.", nil)
	}
	for _, k := range keys {
		if err := k.check(); err != nil {
			return unusable("An activation key is damaged.", "Restore the keys from a backup, or make new ones.", err)
		}
	}
	*r = keys
	return nil
}
