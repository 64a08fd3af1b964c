package notify

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"truename"
)

// Scheme is how a message is signed.
type Scheme string

// Schemes of Standard Webhooks.
const (
	HMAC    Scheme = "v1"  // HMAC-SHA256: sender and receiver share the secret
	Ed25519 Scheme = "v1a" // the receiver holds the public key only
)

// Prefixes of serialised keys.
const (
	hmacPrefix    = "whsec_" // 24 to 64 bytes, base64
	privatePrefix = "whsk_"  // an Ed25519 seed of 32 bytes, or seed and public key, 64 bytes
	publicPrefix  = "whpk_"  // an Ed25519 public key of 32 bytes
)

// NewSecret makes a signing secret, as the standard serialises it: "whsec_" and 32 random bytes for [HMAC], which the receiver
// gets too; "whsk_" and a seed for [Ed25519], of which the receiver gets what [PublicKey] says.
func NewSecret(s Scheme) (truename.Private, error) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: the program ends when the system has no randomness
	switch s {
	case HMAC:
		return truename.Private(hmacPrefix + base64.StdEncoding.EncodeToString(b)), nil
	case Ed25519:
		return truename.Private(privatePrefix + base64.StdEncoding.EncodeToString(b)), nil
	}
	return "", invalid("The signature scheme is unknown.", "The schemes are v1 and v1a.")
}

// PublicKey gives the "whpk_" key with which a receiver checks signatures of a "whsk_" secret.
func PublicKey(secret truename.Private) (string, error) {
	k, err := parseKey(secret.Reveal())
	if err != nil {
		return "", err
	}
	if k.private == nil {
		return "", invalid("The secret has no public key.", `Only secrets with the prefix "whsk_" have one.`)
	}
	return publicPrefix + base64.StdEncoding.EncodeToString(k.public), nil
}

// sealSecret gives a secret as a webhook keeps it.
func sealSecret(seal func([]byte) ([]byte, error), secret truename.Private) ([]byte, error) {
	return seal([]byte(secret.Reveal()))
}

// openSecrets gives the live secrets of a webhook, newest first: one at least. Without, nothing can be signed, and that is the
// engine's failure.
func openSecrets(open func([]byte) ([]byte, error), w truename.Webhook) ([]truename.Private, error) {
	var list []truename.Private
	for _, sealed := range w.Secrets {
		secret, err := open(sealed)
		if err != nil {
			return nil, err
		}
		list = append(list, truename.Private(secret))
	}
	if len(list) == 0 {
		return nil, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords,
			Detail: "The webhook has no secret.", Remedy: "Remove it and add it again."}
	}
	return list, nil
}

// key is a secret or a public key, taken apart.
type key struct {
	scheme  Scheme
	shared  []byte             // HMAC
	private ed25519.PrivateKey // nil for a public key
	public  ed25519.PublicKey
}

func parseKey(text string) (key, error) {
	for _, prefix := range []string{hmacPrefix, privatePrefix, publicPrefix} {
		encoded, ok := strings.CutPrefix(text, prefix)
		if !ok {
			continue
		}
		b, err := base64.StdEncoding.Strict().DecodeString(encoded)
		switch n := len(b); {
		case err != nil || strings.ContainsAny(encoded, "\r\n"):
		case prefix == hmacPrefix && 24 <= n && n <= 64:
			return key{scheme: HMAC, shared: b}, nil
		case prefix == privatePrefix && n == ed25519.SeedSize:
			return keyOf(ed25519.NewKeyFromSeed(b)), nil
		case prefix == privatePrefix && n == ed25519.PrivateKeySize:
			// A public half that is not the seed's would give the seed away with the first signature.
			if k := keyOf(ed25519.NewKeyFromSeed(b[:ed25519.SeedSize])); hmac.Equal(k.private, b) {
				return k, nil
			}
		case prefix == publicPrefix && n == ed25519.PublicKeySize:
			return key{scheme: Ed25519, public: b}, nil
		}
		break
	}
	return key{}, invalid("A webhook secret is malformed.", `It begins with "whsec_", "whsk_" or "whpk_", and base64 follows.`)
}

func keyOf(private ed25519.PrivateKey) key {
	return key{scheme: Ed25519, private: private, public: private.Public().(ed25519.PublicKey)}
}

// sign gives the signature of what [signed] gives; nil when the key is a public one.
func (k key) sign(content []byte) []byte {
	switch {
	case k.scheme == HMAC:
		h := hmac.New(sha256.New, k.shared)
		h.Write(content)
		return h.Sum(nil)
	case k.private != nil:
		return ed25519.Sign(k.private, content)
	}
	return nil
}

func (k key) verify(content, signature []byte) bool {
	if k.scheme == HMAC {
		return hmac.Equal(k.sign(content), signature)
	}
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.public, content, signature)
}
