package notify

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"truename"
)

// Headers of Standard Webhooks.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

const (
	// Tolerance is how far a message's timestamp may be from the receiver's clock, either way.
	Tolerance = 5 * time.Minute
	// maxSignatures are looked at in one message; the rest is ignored.
	maxSignatures = 16
	maxIDLength   = 255
)

// Sign gives the value of the header webhook-signature: one signature per secret ("whsec_…", "whsk_…"), separated by spaces. The id
// holds no full stop.
func Sign(id string, at time.Time, body []byte, secrets ...truename.Private) (string, error) {
	if !isMessageID(id) {
		return "", invalid("The message id is not acceptable.", "Use 1 to 255 printable ASCII characters without a full stop.")
	}
	content := signed(id, strconv.FormatInt(at.Unix(), 10), body)
	var list []string
	for _, s := range secrets {
		k, err := parseKey(s.Reveal())
		if err != nil {
			return "", err
		}
		signature := k.sign(content)
		if signature == nil {
			return "", invalid("A public key cannot sign.", `Give the secret with the prefix "whsk_".`)
		}
		list = append(list, string(k.scheme)+","+base64.StdEncoding.EncodeToString(signature))
	}
	if len(list) == 0 {
		return "", invalid("There is no secret to sign with.", "Give the webhook a secret.")
	}
	return strings.Join(list, " "), nil
}

// Verify checks, for a receiver, that a message comes from who holds one of the keys ("whsec_…", "whpk_…") and is at most
// [Tolerance] old by the receiver's clock: nil, or a *truename.Error of KindUnauthenticated. The body must be the bytes that
// came, not JSON that was read and written again. Whether the message was seen before is for the receiver to remember, by
// the header webhook-id.
func Verify(h http.Header, body []byte, now time.Time, keys ...string) error {
	id, at, signatures := h.Get(HeaderID), h.Get(HeaderTimestamp), h.Get(HeaderSignature)
	if id == "" || at == "" || signatures == "" {
		return untrusted("A header of the signature is missing.")
	}
	if !isMessageID(id) {
		return untrusted("The header webhook-id is malformed.")
	}
	if err := checkTime(at, now); err != nil {
		return err
	}
	content := signed(id, at, body)
	good := false
	for _, text := range keys {
		k, err := parseKey(text)
		if err != nil {
			return err
		}
		good = good || k.signedOne(content, signatures)
	}
	if !good {
		return untrusted("No signature of the message verifies.")
	}
	return nil
}

// signedOne says whether one of the signatures is the key's.
func (k key) signedOne(content []byte, signatures string) bool {
	for i, one := range strings.SplitN(signatures, " ", maxSignatures+1) {
		scheme, encoded, ok := strings.Cut(one, ",")
		if i == maxSignatures || !ok || Scheme(scheme) != k.scheme || len(encoded) > 128 {
			continue
		}
		if signature, err := base64.StdEncoding.DecodeString(encoded); err == nil && k.verify(content, signature) {
			return true
		}
	}
	return false
}

func checkTime(text string, now time.Time) error {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || strconv.FormatInt(seconds, 10) != text {
		return untrusted("The header webhook-timestamp is malformed.")
	}
	// Compared as numbers: a difference of times saturates.
	if early, late := now.Add(-Tolerance).Unix(), now.Add(Tolerance).Unix(); seconds < early || seconds > late {
		return untrusted("The message is too old, or a clock is wrong.")
	}
	return nil
}

// signed is what a signature covers: "id.timestamp.body".
func signed(id, at string, body []byte) []byte {
	b := make([]byte, 0, len(id)+len(at)+len(body)+2)
	return append(append(append(append(append(b, id...), '.'), at...), '.'), body...)
}

// isMessageID refuses full stops: with them, one signature would fit several messages.
func isMessageID(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' || c == '.' {
			return false
		}
	}
	return len(id) > 0 && len(id) <= maxIDLength
}
