package main

import (
	"context"
	"sync"
	"time"

	"truename"
	"truename/activation"
	"truename/record"
	"truename/vault"
)

// tokenKeys gives the keys that sign activation tokens. They are kept sealed in the records, and several processes may
// share them.
type tokenKeys struct {
	store *record.Store
	vault *vault.Vault

	mu     sync.Mutex
	cached activation.Keyring
	until  time.Time
}

const (
	keyName = "activation"
	// keyAge is how long one key signs.
	keyAge = 90 * 24 * time.Hour
	// keyOverlap is how long the key before still verifies, for carriers that ask for the public keys once a day.
	keyOverlap = 7 * 24 * time.Hour
	// keyCache is how long a process goes on without looking whether another one has rotated the keys.
	keyCache = time.Minute
)

// ring gives the keys, made when there are none and rotated when the one that signs is old.
func (k *tokenKeys) ring(ctx context.Context, now time.Time) (activation.Keyring, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cached != nil && now.Before(k.until) {
		return k.cached, nil
	}
	ring, sealed, err := k.load(ctx)
	if notFound(err) {
		ring, err = k.renew(ctx, nil, now, func() (activation.Keyring, error) { return activation.NewKeyring(now) })
	} else if err == nil {
		var current activation.Key
		if current, err = ring.Current(now); err == nil && now.Sub(current.NotBefore) > keyAge {
			ring, err = k.renew(ctx, sealed, now, func() (activation.Keyring, error) { return ring.Rotate(now, keyOverlap) })
		}
	}
	if err != nil {
		return nil, err
	}
	k.cached, k.until = ring, now.Add(keyCache)
	return ring, nil
}

// rotate makes a new key sign from now on.
func (k *tokenKeys) rotate(ctx context.Context, now time.Time) (activation.Keyring, error) {
	if _, err := k.ring(ctx, now); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ring, sealed, err := k.load(ctx)
	if err != nil {
		return nil, err
	}
	k.cached = nil
	return k.renew(ctx, sealed, now, func() (activation.Keyring, error) { return ring.Rotate(now, keyOverlap) })
}

func (k *tokenKeys) load(ctx context.Context) (ring activation.Keyring, sealed []byte, err error) {
	if sealed, err = k.store.Keyring(ctx, keyName); err != nil {
		return nil, nil, err
	}
	plain, err := k.vault.OpenService(keyName, sealed)
	if err != nil {
		return nil, nil, err
	}
	return ring, sealed, ring.UnmarshalBinary(plain)
}

// renew saves another ring in the place of the sealed one. When another process was faster, its ring is taken.
func (k *tokenKeys) renew(ctx context.Context, old []byte, now time.Time, next func() (activation.Keyring, error)) (activation.Keyring, error) {
	ring, err := next()
	if err != nil {
		return nil, err
	}
	plain, err := ring.MarshalBinary()
	if err != nil {
		return nil, err
	}
	sealed, err := k.vault.SealService(keyName, plain)
	if err != nil {
		return nil, err
	}
	current, err := ring.Current(now)
	if err != nil {
		return nil, err
	}
	changed, err := leaf("keyring.changed", map[string]string{"keyring": keyName, "kid": current.ID})
	if err != nil {
		return nil, err
	}
	err = k.store.SaveKeyring(ctx, keyName, old, sealed, changed)
	if e := truename.AsError(err); err != nil && (e.Kind == truename.KindPrecondition || e.Kind == truename.KindConflict) {
		ring, _, err = k.load(ctx)
	}
	return ring, err
}
