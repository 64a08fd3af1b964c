package access

import (
	"time"

	"truename"
)

// Client is a machine with an API key. The key is shown once; only its hash is kept.
type Client struct {
	ID   string `json:"id"` // UUID version 7
	Name string `json:"name"`
	// KeyHash is the SHA-256 of the key's secret part; a key has 256 random bits, so no slow hash is needed.
	KeyHash []byte `json:"-"`
	// CertificateHash is the SHA-256 of the client certificate (DER) that must come with the key; nil: none is asked.
	CertificateHash []byte           `json:"-"`
	Roles           []truename.Role  `json:"roles"`
	Outlet          string           `json:"outlet,omitempty"`
	Channel         truename.Channel `json:"channel,omitempty"`
	CreatedAt       time.Time        `json:"created_at"`
	CreatedBy       string           `json:"created_by"`
	ExpiresAt       *time.Time       `json:"expires_at,omitempty"`
	RevokedAt       *time.Time       `json:"revoked_at,omitempty"`
}

// Staff is a person who works for the operator or a dealer.
type Staff struct {
	ID    string          `json:"id"`   // UUID version 7
	Name  string          `json:"name"` // how colleagues call them; shown to other staff only
	Roles []truename.Role `json:"roles"`
	// Outlet and Channel bind an agent.
	Outlet  string           `json:"outlet,omitempty"`
	Channel truename.Channel `json:"channel,omitempty"`
	// Subject is the subject this person is as a customer, so that nobody decides their own case; empty when unknown.
	Subject string `json:"subject,omitempty"`
	// Issuer and Login tie the person to an OIDC identity ("iss" and "sub" claims); empty when they use passkeys only.
	Issuer     string     `json:"issuer,omitempty"`
	Login      string     `json:"login,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	CreatedBy  string     `json:"created_by"`
	DisabledAt *time.Time `json:"disabled_at,omitempty"`
}

// Passkey is a WebAuthn credential of a member of staff.
type Passkey struct {
	ID    []byte // credential id
	Staff string
	// Credential is the library's record of it (public key, flags, sign count), JSON.
	Credential []byte
	CreatedAt  time.Time
	UsedAt     *time.Time
}

// Session is a signed-in browser or terminal of a member of staff.
type Session struct {
	Hash      []byte // SHA-256 of the session token
	Staff     string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Invitation lets a member of staff register a passkey, once.
type Invitation struct {
	Hash      []byte // SHA-256 of the invitation's secret
	Staff     string
	ExpiresAt time.Time
}

// Outlet is a shop of the operator or a dealer's point of sale.
type Outlet struct {
	ID          string           `json:"id"` // chosen by the operator: lower case letters, digits, "-", at most 40
	Name        string           `json:"name"`
	Channel     truename.Channel `json:"channel"`
	Registry    string           `json:"registry,omitempty"` // its number in the regulator's registry of points of sale
	CreatedAt   time.Time        `json:"created_at"`
	SuspendedAt *time.Time       `json:"suspended_at,omitempty"`
}
