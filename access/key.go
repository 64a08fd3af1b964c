package access

import (
	"strings"

	"github.com/google/uuid"

	"truename"
)

// newKey gives an API key, "tn_<client id>_<secret>", and the hash of its secret.
func newKey(client string) (truename.Private, []byte) {
	secret := newSecret()
	return truename.Private(keyPrefix + client + "_" + secret), hashOf(secret)
}

// parseKey takes a key apart. It accepts the one form that [newKey] writes and no other.
func parseKey(key string) (client string, hash []byte, ok bool) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	if !ok {
		return "", nil, false
	}
	client, secret, ok := strings.Cut(rest, "_")
	if !ok || !isSecret(secret) || !isID(client) {
		return "", nil, false
	}
	return client, hashOf(secret), true
}

// newID gives a UUID of version 7.
func newID() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

// isID says whether s is a UUID as [newID] writes them: 36 characters, lower case.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}
