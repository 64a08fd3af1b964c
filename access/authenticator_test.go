package access_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"truename"
	"truename/access"
)

const (
	domain = "desk.example.com"
	origin = "https://desk.example.com"
)

// Flags of authenticator data (W3C Web Authentication, section 6.1).
const (
	userPresent    = 0x01
	userVerified   = 0x04
	backupEligible = 0x08
	backedUp       = 0x10
	attested       = 0x40
)

// authenticator is an authenticator in software: a key on P-256, discoverable credentials, a signature counter. It builds
// every byte itself (CBOR, authenticator data, client data), so that the library is tested against the specification.
// The fields after owner are what tests make it do wrong.
type authenticator struct {
	key     *ecdsa.PrivateKey
	id      []byte
	counter uint32
	owner   string // user handle

	origin, domain, kind string
	flags                byte
	crossOrigin          bool
	spoil                func(map[string]any) // the answer, before it is sent
}

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &authenticator{key: key, id: id, origin: origin, domain: domain, flags: userPresent | userVerified | backupEligible | backedUp}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *authenticator) clientData(kind, challenge string) []byte {
	if a.kind != "" {
		kind = a.kind
	}
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": a.crossOrigin})
	return b
}

func (a *authenticator) data(flags byte) []byte {
	a.counter++
	rp := sha256.Sum256([]byte(a.domain))
	return binary.BigEndian.AppendUint32(append(rp[:], flags), a.counter)
}

// create answers navigator.credentials.create.
func (a *authenticator) create(t testing.TB, options []byte) []byte {
	t.Helper()
	var o struct {
		PublicKey struct {
			Challenge string
			User      struct{ ID string }
			RP        struct{ ID string }
		}
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	if o.PublicKey.RP.ID != domain {
		t.Fatalf("relying party %q", o.PublicKey.RP.ID)
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	a.owner = string(handle)
	data := append(a.data(a.flags|attested), make([]byte, 16)...) // AAGUID: none
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(append(data, a.id...), a.cose(t)...)
	// {"fmt": "none", "attStmt": {}, "authData": bytes}
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	object = append(object, data...)
	return a.answer(t, map[string]any{
		"clientDataJSON": encode(a.clientData("webauthn.create", o.PublicKey.Challenge)), "attestationObject": encode(object), "transports": []string{"internal"}})
}

// cose is the public key: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}.
func (a *authenticator) cose(t testing.TB) []byte {
	point, err := a.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		t.Fatal(err)
	}
	b := append([]byte("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"), point[1:33]...)
	return append(append(b, "\x22\x58\x20"...), point[33:]...)
}

// get answers navigator.credentials.get.
func (a *authenticator) get(t testing.TB, options []byte) []byte {
	t.Helper()
	var o struct {
		PublicKey struct {
			Challenge        string
			UserVerification string
			AllowCredentials []any
		}
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	if o.PublicKey.UserVerification != "required" || len(o.PublicKey.AllowCredentials) != 0 {
		t.Fatalf("options %s", options)
	}
	client, data := a.clientData("webauthn.get", o.PublicKey.Challenge), a.data(a.flags)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte(nil), data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(t, map[string]any{"clientDataJSON": encode(client), "authenticatorData": encode(data),
		"signature": encode(signature), "userHandle": encode([]byte(a.owner))})
}

func (a *authenticator) answer(t testing.TB, response map[string]any) []byte {
	t.Helper()
	if a.spoil != nil {
		a.spoil(response)
	}
	b, err := json.Marshal(map[string]any{"id": encode(a.id), "rawId": encode(a.id), "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// desk is the page at which staff sign in.
type desk struct {
	*access.PasskeySignIn
	h *house
}

func newDesk(t *testing.T, h *house) *desk {
	t.Helper()
	p, err := access.NewPasskeySignIn(h.Gate, access.PasskeyOptions{Domain: domain, Name: "truename", Origins: []string{origin}})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{p, h}
}

// invite gives an invitation.
func (d *desk) invite(t *testing.T, m access.Staff) truename.Private {
	t.Helper()
	secret, _, err := d.h.Invite(t.Context(), admin, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func (d *desk) tryRegister(t *testing.T, invitation truename.Private, a *authenticator) (access.Passkey, error) {
	t.Helper()
	ceremony, options, err := d.BeginRegistration(t.Context(), invitation)
	if err != nil {
		return access.Passkey{}, err
	}
	return d.FinishRegistration(t.Context(), ceremony, a.create(t, options))
}

func (d *desk) register(t *testing.T, m access.Staff, a *authenticator) {
	t.Helper()
	if _, err := d.tryRegister(t, d.invite(t, m), a); err != nil {
		t.Fatal(err, cause(err))
	}
}

func (d *desk) tryIn(t *testing.T, a *authenticator) (truename.Private, error) {
	t.Helper()
	ceremony, options, err := d.BeginSignIn()
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := d.FinishSignIn(t.Context(), ceremony, a.get(t, options))
	return token, err
}

func (d *desk) signIn(t *testing.T, a *authenticator) truename.Private {
	t.Helper()
	token, err := d.tryIn(t, a)
	if err != nil {
		t.Fatal(err, cause(err))
	}
	return token
}

func cause(err error) error { return truename.AsError(err).Cause }

// unextendable are records that cannot prolong a session.
type unextendable struct{ *memory }

func (u *unextendable) ExtendSession(context.Context, []byte, time.Time) error { return errDatabase }
