package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"truename"
)

// MaxCredentialBody is the longest answer of a browser that is read, in bytes.
const MaxCredentialBody = 64 << 10

// PasskeyOptions are settings of [PasskeySignIn].
type PasskeyOptions struct {
	// Domain is the relying party id: the host name of the pages, or a domain above it. It cannot be changed later without
	// losing every passkey.
	Domain string
	// Name is shown by the browser.
	Name string
	// Origins of the pages: "https://desk.example.com".
	Origins []string
}

// PasskeySignIn registers passkeys and lets members of staff in by them (W3C Web Authentication Level 3). Credentials are
// discoverable, so nobody types a name, and the authenticator must verify the person. It is safe for concurrent use.
type PasskeySignIn struct {
	gate          *Gate
	library       *webauthn.WebAuthn
	registrations *ceremonies[registering]
	signIns       *ceremonies[webauthn.SessionData]
}

// registering is a registration of a passkey under way.
type registering struct {
	invitation []byte // hash
	session    webauthn.SessionData
}

// NewPasskeySignIn makes sign-in by passkey.
func NewPasskeySignIn(g *Gate, o PasskeyOptions) (*PasskeySignIn, error) {
	timeout := webauthn.TimeoutConfig{Timeout: ceremonyTime, TimeoutUVD: ceremonyTime}
	required := true
	library, err := webauthn.New(&webauthn.Config{
		RPID: o.Domain, RPDisplayName: o.Name, RPOrigins: o.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: &required,
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
	})
	if err != nil {
		return nil, fmt.Errorf("access: passkeys: %w", err)
	}
	return &PasskeySignIn{g, library, newCeremonies[registering](g.now), newCeremonies[webauthn.SessionData](g.now)}, nil
}

// person is a member of staff as the library sees one.
type person struct {
	staff       Staff
	credentials []webauthn.Credential
}

func (p person) WebAuthnID() []byte                         { return []byte(p.staff.ID) }
func (p person) WebAuthnName() string                       { return p.staff.Name }
func (p person) WebAuthnDisplayName() string                { return p.staff.Name }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

// BeginRegistration gives the options for navigator.credentials.create, JSON, and the token of the ceremony, for
// [CeremonyCookie]. The invitation is used up by the end of the ceremony only, so that an attempt that fails can be repeated.
func (p *PasskeySignIn) BeginRegistration(ctx context.Context, invitation truename.Private) (ceremony truename.Private, options []byte, err error) {
	hash, ok := tokenHash(invitationPrefix, invitation.Reveal())
	if !ok {
		return "", nil, notInvited()
	}
	i, err := p.gate.records.Invitation(ctx, hash)
	if err != nil {
		return "", nil, orNotInvited(err)
	}
	staff, err := p.invited(ctx, i)
	if err != nil {
		return "", nil, err
	}
	known, err := p.credentials(ctx, staff.ID)
	if err != nil {
		return "", nil, err
	}
	creation, session, err := p.library.BeginRegistration(person{staff, known}, webauthn.WithExclusions(webauthn.Credentials(known).CredentialDescriptors()))
	if err != nil {
		return "", nil, failed("The registration of a passkey could not begin.", err)
	}
	if options, err = json.Marshal(creation); err != nil {
		return "", nil, err
	}
	return p.registrations.begin(registering{hash, *session}), options, nil
}

// FinishRegistration checks what navigator.credentials.create gave (PublicKeyCredential.toJSON), uses up the invitation and
// keeps the passkey.
func (p *PasskeySignIn) FinishRegistration(ctx context.Context, ceremony truename.Private, body []byte) (Passkey, error) {
	r, err := p.registrations.end(ceremony)
	if err != nil {
		return Passkey{}, err
	}
	if len(body) > MaxCredentialBody {
		return Passkey{}, tooLong()
	}
	staff, err := p.gate.records.Staff(ctx, string(r.session.UserID))
	if err != nil {
		return Passkey{}, orNotInvited(err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(body)
	if err != nil {
		return Passkey{}, failed("The browser's answer cannot be read.", err)
	}
	credential, err := p.library.CreateCredential(person{staff: staff}, r.session, parsed)
	if err != nil {
		return Passkey{}, failed("The passkey was not accepted.", err)
	}
	return p.keep(ctx, r.invitation, credential)
}

// keep uses up the invitation first: should saving fail, a new invitation is needed, and no passkey came of a used one.
func (p *PasskeySignIn) keep(ctx context.Context, invitation []byte, c *webauthn.Credential) (Passkey, error) {
	switch _, err := p.gate.records.Passkey(ctx, c.ID); {
	case err == nil:
		return Passkey{}, &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState,
			Detail: "This passkey is registered already.", Remedy: "Sign in with it."}
	case !isNotFound(err):
		return Passkey{}, err
	}
	i, err := p.gate.records.TakeInvitation(ctx, invitation)
	if err != nil {
		return Passkey{}, orNotInvited(err)
	}
	staff, err := p.invited(ctx, i)
	if err != nil {
		return Passkey{}, err
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return Passkey{}, err
	}
	key := Passkey{ID: c.ID, Staff: staff.ID, Credential: doc, CreatedAt: p.gate.now()}
	leaf, err := p.gate.leaf(LeafPasskeyAdded, actorOf(staff), Change{ID: staff.ID, Credential: credentialHash(c.ID)})
	if err != nil {
		return Passkey{}, err
	}
	return key, p.gate.records.SavePasskey(ctx, key, leaf)
}

// invited gives the person an invitation is for, when it still holds.
func (p *PasskeySignIn) invited(ctx context.Context, i Invitation) (Staff, error) {
	if !p.gate.now().Before(i.ExpiresAt) {
		return Staff{}, notInvited()
	}
	staff, err := p.gate.records.Staff(ctx, i.Staff)
	if err != nil {
		return Staff{}, orNotInvited(err)
	}
	return staff, enabled(staff)
}

func (p *PasskeySignIn) credentials(ctx context.Context, staff string) ([]webauthn.Credential, error) {
	keys, err := p.gate.records.Passkeys(ctx, staff)
	if err != nil {
		return nil, err
	}
	var list []webauthn.Credential
	for _, k := range keys {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Credential, &c); err != nil {
			return nil, fmt.Errorf("access: stored passkey: %w", err)
		}
		list = append(list, c)
	}
	return list, nil
}

// BeginSignIn gives the options for navigator.credentials.get, JSON, and the token of the ceremony, for [CeremonyCookie].
func (p *PasskeySignIn) BeginSignIn() (ceremony truename.Private, options []byte, err error) {
	assertion, session, err := p.library.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return "", nil, failed("The sign-in could not begin.", err)
	}
	if options, err = json.Marshal(assertion); err != nil {
		return "", nil, err
	}
	return p.signIns.begin(*session), options, nil
}

// FinishSignIn checks what navigator.credentials.get gave (PublicKeyCredential.toJSON) and begins a session. The token is
// given here and never again: see [Gate.SessionCookie].
func (p *PasskeySignIn) FinishSignIn(ctx context.Context, ceremony truename.Private, body []byte) (truename.Private, Session, error) {
	began, err := p.signIns.end(ceremony)
	if err != nil {
		return "", Session{}, err
	}
	if len(body) > MaxCredentialBody {
		return "", Session{}, tooLong()
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		return "", Session{}, failed("The browser's answer cannot be read.", err)
	}
	key, owner, err := p.find(ctx, parsed.RawID, parsed.Response.UserHandle)
	if err != nil {
		return "", Session{}, err
	}
	_, credential, err := p.library.ValidatePasskeyLogin(
		func(_, _ []byte) (webauthn.User, error) { return owner, nil }, began, parsed)
	if err != nil {
		return "", Session{}, failed("The passkey was not accepted.", err)
	}
	// The authenticator counts its signatures, and has counted fewer than were seen: there are two of it.
	if credential.Authenticator.CloneWarning {
		return "", Session{}, forbidden("The passkey may have been copied.", "Ask an administrator for an invitation, and have this passkey removed.")
	}
	if err := enabled(owner.staff); err != nil {
		return "", Session{}, err
	}
	now := p.gate.now()
	key.UsedAt = &now
	if key.Credential, err = json.Marshal(credential); err != nil {
		return "", Session{}, err
	}
	if err := p.gate.records.SavePasskey(ctx, key); err != nil {
		return "", Session{}, err
	}
	return p.gate.startSession(ctx, owner.staff, "passkey")
}

// find reads a passkey and its owner, and checks that the authenticator means the same one.
func (p *PasskeySignIn) find(ctx context.Context, id, handle []byte) (Passkey, person, error) {
	unknown := failed("The passkey was not accepted.", errors.New("unknown credential or another owner"))
	key, err := p.gate.records.Passkey(ctx, id)
	if isNotFound(err) {
		return Passkey{}, person{}, unknown
	}
	if err != nil {
		return Passkey{}, person{}, err
	}
	if key.Staff != string(handle) || !bytes.Equal(key.ID, id) {
		return Passkey{}, person{}, unknown
	}
	staff, err := p.gate.records.Staff(ctx, key.Staff)
	if isNotFound(err) {
		return Passkey{}, person{}, unknown
	}
	if err != nil {
		return Passkey{}, person{}, err
	}
	var c webauthn.Credential
	if err := json.Unmarshal(key.Credential, &c); err != nil {
		return Passkey{}, person{}, fmt.Errorf("access: stored passkey: %w", err)
	}
	return key, person{staff, []webauthn.Credential{c}}, nil
}

func failed(detail string, cause error) error {
	return because(unauthenticated(detail, "Begin again; if it persists, ask an administrator for an invitation."), cause)
}

func tooLong() error {
	return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge,
		Detail: "The browser's answer is longer than 64 KiB.", Remedy: "Use another authenticator."}
}

func notInvited() error {
	return unauthenticated("The invitation does not hold: it was used, has expired, or never was.", "Ask an administrator for a new one.")
}

func orNotInvited(err error) error {
	if isNotFound(err) {
		return notInvited()
	}
	return err
}
