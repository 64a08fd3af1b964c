package activation

import (
	"crypto/ed25519"

	"github.com/go-jose/go-jose/v4"
	strict "github.com/go-jose/go-jose/v4/json"
)

// parseKeySet reads a JWK set and keeps what can verify a token: public Ed25519 keys meant for EdDSA signatures whose
// id is their thumbprint. Others are left out, as RFC 7517 asks.
func parseKeySet(data []byte) (jose.JSONWebKeySet, error) {
	const refetch = "Do not activate. Fetch the key set again from the operator's /.well-known/jwks.json."
	if len(data) > maxKeySet {
		return jose.JSONWebKeySet{}, refused("The key set is longer than 64 KiB.", refetch, nil)
	}
	var raw struct {
		Keys []strict.RawMessage `json:"keys"`
	}
	if err := strict.Unmarshal(data, &raw); err != nil {
		return jose.JSONWebKeySet{}, refused("The key set cannot be read.", refetch, err)
	}
	var set jose.JSONWebKeySet
	for _, one := range raw.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(one); err != nil {
			continue // of a kind the library does not know
		}
		public, ok := key.Key.(ed25519.PublicKey)
		if !ok || key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != string(jose.EdDSA) {
			continue
		}
		if id, err := thumbprint(public); err != nil || id != key.KeyID {
			continue
		}
		set.Keys = append(set.Keys, key)
	}
	if len(set.Keys) == 0 {
		return jose.JSONWebKeySet{}, refused("The key set has no key for activation tokens.", refetch, nil)
	}
	return set, nil
}
