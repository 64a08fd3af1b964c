package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"github.com/tink-crypto/tink-go/v2/tink"

	"truename"
)

// keyBytes is the size of every key here: 256 bits.
const keyBytes = 32

// ringVersion is the first byte of a ring.
const ringVersion = 1

// Vault holds the keys of a running operator. Its methods may be called concurrently. Printed, logged or encoded, it
// shows nothing.
type Vault struct {
	master master
	// keys is a function, because fmt looks into everything else: a Vault in another type's unexported field is printed
	// without asking its methods, and pointers are followed for verbs that do not fit them.
	keys func() *ringKeys
}

// ringKeys are the keys derived from the ring.
type ringKeys struct {
	index, template []byte
	service         tink.AEAD
}

// NewRing makes the operator's ring: index, template and service keys, wrapped by the master key that uri names (see
// [Unlock]). The caller keeps it in the records, once, for ever: a second ring does not find what the first one indexed.
func NewRing(ctx context.Context, uri string) ([]byte, error) {
	m, err := openMaster(uri)
	if err != nil {
		return nil, err
	}
	root := make([]byte, keyBytes)
	defer clear(root)
	rand.Read(root)
	return wrapRing(ctx, m, root)
}

// RewrapRing wraps a ring by the newest master key of to. from and to are the same address after a rotation, and two when
// the master moves, for instance from a file to a key service.
func RewrapRing(ctx context.Context, from, to string, ring []byte) ([]byte, error) {
	old, err := openMaster(from)
	if err != nil {
		return nil, err
	}
	root, err := unwrapRing(ctx, old, ring)
	if err != nil {
		return nil, err
	}
	defer clear(root)
	m, err := openMaster(to)
	if err != nil {
		return nil, err
	}
	return wrapRing(ctx, m, root)
}

// Unlock opens the vault with the master key that uri names and the ring that [NewRing] made.
//
//	file:PATH                            a Tink keyset in JSON, made by Create; readable by its owner only
//	hcvault://HOST[:PORT]/MOUNT/keys/KEY a key of HashiCorp Vault's or OpenBao's transit engine, over TLS
//
// For hcvault, the usual variables apply (VAULT_TOKEN, VAULT_CACERT, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY,
// VAULT_NAMESPACE), and two options in the query: token_file=PATH, read anew at every call, for tokens that are renewed,
// and timeout=DURATION for a call, 100ms to 30s, 5s by default.
//
// An address that is not understood is an error of kind invalid; a master that is away, does not fit the ring, or does not
// enforce associated data is one of kind unavailable and code vault.
func Unlock(ctx context.Context, uri string, ring []byte) (*Vault, error) {
	m, err := openMaster(uri)
	if err != nil {
		return nil, err
	}
	root, err := unwrapRing(ctx, m, ring)
	if err != nil {
		return nil, err
	}
	defer clear(root)
	if err := enforcesBinding(ctx, m, ring); err != nil {
		return nil, err
	}
	service := deriveKey(root, domainRingService)
	defer clear(service)
	seal, err := newServiceAEAD(service)
	if err != nil {
		return nil, unavailable("The service key cannot be used.", "Report this as a defect.", err)
	}
	keys := &ringKeys{deriveKey(root, domainRingIndex), deriveKey(root, domainRingTemplate), seal}
	return &Vault{m, func() *ringKeys { return keys }}, nil
}

// enforcesBinding checks that the master refuses a box under other associated data than it was sealed with: a key service
// that ignores it would let one subject's key be put in another's place.
func enforcesBinding(ctx context.Context, m master, ring []byte) error {
	got, err := m.unwrap(ctx, ring[1:], bind(domainBindingCheck))
	clear(got)
	switch {
	case err == nil:
		return unavailable("The key service ignores associated data.",
			"Use a version and a key type that enforce it: HashiCorp Vault 1.13 or newer, type aes256-gcm96.", nil)
	case errors.Is(err, errRefused):
		return nil
	}
	return err
}

// NewKey makes a subject's data key, wrapped by the master key and bound to the subject. It is what [truename.Subject]
// keeps as Key.
func (v *Vault) NewKey(ctx context.Context, subject string) (wrapped []byte, err error) {
	if subject == "" {
		return nil, invalid("A data key needs a subject.", "Give the subject's id.")
	}
	key := make([]byte, keyBytes)
	defer clear(key)
	rand.Read(key)
	return v.master.wrap(ctx, key, bind(domainDataKey, subject))
}

// Rewrap wraps the subject's data key by the newest master key. What the data key has sealed stays as it is. The old
// wrapping opens until its master key is retired, so that this needs no pause.
func (v *Vault) Rewrap(ctx context.Context, s truename.Subject) (wrapped []byte, err error) {
	return v.RewrapFrom(ctx, v, s)
}

// RewrapFrom does the same for a key that another master has wrapped: the way from a file to a key service. Both vaults
// are unlocked with the same ring, each in its own wrapping.
func (v *Vault) RewrapFrom(ctx context.Context, old *Vault, s truename.Subject) (wrapped []byte, err error) {
	key, err := old.dataKey(ctx, s)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return v.master.wrap(ctx, key, bind(domainDataKey, s.ID))
}

// Master names the master key that wraps new data keys: the id in the keyset of a file, the version in a key service.
func (v *Vault) Master(ctx context.Context) (string, error) { return v.master.current(ctx) }

// MasterOf names the master key that wraps a data key, without opening it.
func (v *Vault) MasterOf(wrapped []byte) (string, error) { return v.master.keyOf(wrapped) }

// MasterOfRing names the master key that wraps a ring, without opening it.
func (v *Vault) MasterOfRing(ring []byte) (string, error) {
	if err := checkRing(ring); err != nil {
		return "", err
	}
	return v.master.keyOf(ring[1:])
}

// dataKey unwraps the subject's data key. The caller overwrites it.
func (v *Vault) dataKey(ctx context.Context, s truename.Subject) ([]byte, error) {
	if s.ID == "" {
		return nil, invalid("Sealing needs a subject.", "Give the subject's id.")
	}
	if len(s.Key) == 0 || s.ErasedAt != nil {
		return nil, erased()
	}
	key, err := v.master.unwrap(ctx, s.Key, bind(domainDataKey, s.ID))
	if err != nil {
		return nil, err
	}
	if len(key) != keyBytes {
		clear(key)
		return nil, sealBroken(errors.New("a data key has the wrong size"))
	}
	return key, nil
}

func wrapRing(ctx context.Context, m master, root []byte) ([]byte, error) {
	box, err := m.wrap(ctx, root, bind(domainRing))
	if err != nil {
		return nil, err
	}
	return append([]byte{ringVersion}, box...), nil
}

// unwrapRing gives the ring's root, for the caller to overwrite.
func unwrapRing(ctx context.Context, m master, ring []byte) ([]byte, error) {
	if err := checkRing(ring); err != nil {
		return nil, err
	}
	root, err := m.unwrap(ctx, ring[1:], bind(domainRing))
	if errors.Is(err, errRefused) {
		return nil, unavailable("The keyring does not open with this master key.",
			"Use the master key of this operator, or restore the keyring from a backup.", err)
	}
	if err != nil {
		return nil, err
	}
	if len(root) != keyBytes {
		clear(root)
		return nil, sealBroken(errors.New("a ring has the wrong size"))
	}
	return root, nil
}

func checkRing(ring []byte) error {
	if len(ring) < 2 || ring[0] != ringVersion {
		return unavailable("The keyring is missing or of another version.",
			"Use the keyring from the records of this operator, with a program of the same or a newer version.", nil)
	}
	return nil
}

// deriveKey gives the key of a domain under a parent key (HKDF-SHA-256). The parent is uniformly random, so no salt is needed.
func deriveKey(parent []byte, domain string) []byte {
	key, err := hkdf.Key(sha256.New, parent, nil, string(bind(domain)), keyBytes)
	if err != nil {
		// Only for lengths above 255 hashes, or short parents in FIPS mode: neither can be.
		panic(err)
	}
	return key
}
