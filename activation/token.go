package activation

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	strict "github.com/go-jose/go-jose/v4/json"
)

// maxKeySet is the longest key set read, in bytes.
const maxKeySet = 64 << 10

// Sign makes a token with the ring's current key.
func Sign(ring Keyring, claims Claims, now time.Time) (string, error) {
	w := claims.wire()
	if name := w.missing(); name != "" {
		return "", badRequest(fmt.Sprintf("The activation token's claim %q is missing or out of range.", name), "Complete the registration before asking for a token.")
	}
	if detail := w.untimely(); detail != "" {
		return "", badRequest(detail, "Check the pack's token lifetime.")
	}
	if *w.Expires <= now.Unix() {
		return "", badRequest("The activation token would have expired already.", "Check the clock and the reservation's end.")
	}
	key, err := ring.Current(now)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(w)
	if err != nil {
		return "", fmt.Errorf("activation: claims: %w", err)
	}
	options := (&jose.SignerOptions{}).WithType(Type).WithHeader("kid", key.ID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key.private()}, options)
	if err != nil {
		return "", fmt.Errorf("activation: signer: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("activation: sign: %w", err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("activation: token: %w", err)
	}
	if len(token) > MaxToken {
		return "", badRequest("The activation token would be longer than 8 kB.", "Shorten the pack's obligations.")
	}
	return token, nil
}

// Verify checks a token against the operator's key set, for a verifier that goes by the name aud. It does not know
// whether the token was used before: the caller activates each [Claims.ID] once. Every refusal is an error of code
// token_invalid that says what to do.
func Verify(token string, jwks []byte, aud string, now time.Time) (Claims, error) {
	if len(token) > MaxToken {
		return Claims{}, refused("The activation token is longer than 8 kB.", fetchNew, nil)
	}
	keys, err := parseKeySet(jwks)
	if err != nil {
		return Claims{}, err
	}
	payload, err := verifySignature(token, keys)
	if err != nil {
		return Claims{}, err
	}
	// This decoder refuses duplicate keys and tells upper from lower case. Other issuers' claims are ignored.
	var w wire
	if err := strict.Unmarshal(payload, &w); err != nil {
		return Claims{}, refused("The activation token's claims cannot be read.", fetchNew, err)
	}
	if name := w.missing(); name != "" {
		return Claims{}, refused(fmt.Sprintf("The activation token's claim %q is missing or out of range.", name), fetchNew, nil)
	}
	if w.Audience != aud || aud == "" {
		return Claims{}, refused("The activation token is meant for another system.", "Do not activate. Check the audience configured on both sides.", nil)
	}
	if detail := w.untimely(); detail != "" {
		return Claims{}, refused(detail, fetchNew, nil)
	}
	leeway := int64(Leeway / time.Second)
	switch seconds := now.Unix(); {
	case seconds >= *w.Expires+leeway:
		return Claims{}, refused("The activation token has expired.", fetchNew, nil)
	case seconds < *w.NotBefore-leeway, seconds < *w.IssuedAt-leeway:
		return Claims{}, refused("The activation token is not valid yet.", "Do not activate. Check the clocks of both systems.", nil)
	}
	return w.claims(), nil
}

// verifySignature gives the payload of a token that one of the keys has signed.
func verifySignature(token string, keys jose.JSONWebKeySet) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(signed.Signatures) != 1 {
		return nil, refused("This is not an activation token signed with EdDSA.", fetchNew, err)
	}
	header := signed.Signatures[0].Protected
	// A key in the header is never taken, nor anything asked for that is not part of the format.
	for name := range header.ExtraHeaders {
		if name != jose.HeaderType {
			return nil, refused("The activation token's header has unknown fields.", fetchNew, nil)
		}
	}
	switch {
	case header.ExtraHeaders[jose.HeaderType] != Type:
		return nil, refused("The token is of another type.", "Do not activate. Pass the activation token, not another one.", nil)
	case header.JSONWebKey != nil || header.Nonce != "":
		return nil, refused("The activation token's header has unknown fields.", fetchNew, nil)
	case header.KeyID == "":
		return nil, refused("The activation token names no key.", fetchNew, nil)
	}
	found := keys.Key(header.KeyID)
	if len(found) != 1 {
		return nil, refused("The activation token is signed with a key that is not in the key set.",
			"Do not activate. Fetch the key set again, then a new token.", nil)
	}
	payload, err := signed.Verify(found[0])
	if err != nil {
		return nil, refused("The activation token's signature is wrong.", "Do not activate. The token was altered or forged; report it.", err)
	}
	return payload, nil
}

// untimely says what is wrong with the token's times among themselves, empty when nothing is.
func (w wire) untimely() string {
	switch {
	case *w.Expires > *w.IssuedAt+int64(MaxLifetime/time.Second):
		return fmt.Sprintf("The activation token lives longer than %s.", MaxLifetime)
	case *w.Expires <= *w.NotBefore || *w.Expires <= *w.IssuedAt:
		return "The activation token ends before it begins."
	}
	return ""
}
