package access

import (
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"strings"

	"truename"
)

// Prefixes say what a secret is, to people and to programs that look for leaked ones.
const (
	keyPrefix        = "tn_"
	sessionPrefix    = "tns_"
	invitationPrefix = "tni_"
	ceremonyPrefix   = "tnc_"
	linkPrefix       = "tnl_"
)

const (
	secretSize   = 32 // bytes: 256 random bits
	secretLength = 43 // base 62 digits that 32 bytes take
	digits       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newSecret gives 256 random bits as 43 digits of base 62, the most significant first.
func newSecret() string {
	b := make([]byte, secretSize)
	rand.Read(b) // never fails: the program ends when the system has no randomness
	n, base, digit := new(big.Int).SetBytes(b), big.NewInt(int64(len(digits))), new(big.Int)
	text := make([]byte, secretLength)
	for i := secretLength - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		text[i] = digits[digit.Int64()]
	}
	return string(text)
}

// isSecret says whether s has the form of what [newSecret] gives.
func isSecret(s string) bool {
	if len(s) != secretLength {
		return false
	}
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z') {
			return false
		}
	}
	return true
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// newToken gives a secret with its prefix, and the hash that is kept.
func newToken(prefix string) (truename.Private, []byte) {
	secret := newSecret()
	return truename.Private(prefix + secret), hashOf(secret)
}

// tokenHash gives the hash of a token, and false when it has not the form of one.
func tokenHash(prefix, token string) ([]byte, bool) {
	secret, ok := strings.CutPrefix(token, prefix)
	if !ok || !isSecret(secret) {
		return nil, false
	}
	return hashOf(secret), true
}
