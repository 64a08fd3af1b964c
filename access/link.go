package access

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"truename"
)

const (
	// LinkLifetime is how long a customer's link can be used.
	LinkLifetime = time.Hour
	// maxLink is the longest token that is looked at, in bytes; one that [Links.Make] makes has about 250.
	maxLink = 1024
)

// Links makes and reads the tokens with which customers take part in their own registration. A token is kept nowhere: it is a
// sealed statement, so it is true for as long as it says and cannot be changed. It is safe for concurrent use.
type Links struct {
	// Seal and Open encrypt and authenticate with the service key, under a name that nothing else is sealed under. Required.
	Seal, Open func([]byte) ([]byte, error)
	// Now is the clock; nil: the machine's.
	Now func() time.Time
}

// Link is what a token says.
type Link struct {
	Registration string
	Party        truename.Party
	ExpiresAt    time.Time // whole seconds, UTC
}

// Actor gives who acts with the link.
func (l Link) Actor() truename.Actor {
	return truename.Actor{ID: "customer:" + l.Registration, Kind: truename.ActorCustomer}
}

// sealedLink is a link as it is sealed. The nonce makes two tokens of one moment differ.
type sealedLink struct {
	Registration string         `json:"r"`
	Party        truename.Party `json:"p"`
	Expires      int64          `json:"e"` // Unix seconds
	Nonce        []byte         `json:"n"` // 16 random bytes
}

// Make makes a token for a party of a registration. It is a secret: whoever has it acts as that person.
func (l Links) Make(registration string, party truename.Party) (truename.Private, Link, error) {
	made := Link{registration, party, l.now().Add(LinkLifetime).Truncate(time.Second)}
	nonce := make([]byte, 16)
	rand.Read(nonce)
	plain, err := json.Marshal(sealedLink{registration, party, made.ExpiresAt.Unix(), nonce})
	if err != nil {
		return "", Link{}, err
	}
	box, err := l.Seal(plain)
	if err != nil {
		return "", Link{}, err
	}
	return truename.Private(linkPrefix + base64.RawURLEncoding.EncodeToString(box)), made, nil
}

// IsLink says whether a header of authorization carries a link, true or not.
func IsLink(authorization string) bool {
	token, ok := bearer(authorization)
	return ok && strings.HasPrefix(token, linkPrefix)
}

// Read reads the link in a header of authorization ("Bearer tnl_…"). Errors are of KindUnauthenticated. That the registration is
// there and still takes part is for the caller to see.
func (l Links) Read(authorization string) (Link, error) {
	wrong := unauthenticated("The link is not valid.", "Open the whole link, or ask at the outlet for a new one.")
	token, isBearer := bearer(authorization)
	text, isLink := strings.CutPrefix(token, linkPrefix)
	if !isBearer || !isLink || len(text) > maxLink {
		return Link{}, wrong
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Link{}, wrong
	}
	// The service key is in memory: what does not open was not sealed here.
	plain, err := l.Open(box)
	if err != nil {
		return Link{}, because(wrong, err)
	}
	var s sealedLink
	if err := json.Unmarshal(plain, &s); err != nil || !isID(s.Registration) || !slices.Contains(truename.Parties, s.Party) {
		return Link{}, because(wrong, err)
	}
	link := Link{s.Registration, s.Party, time.Unix(s.Expires, 0).UTC()}
	// A clock that was set back must not prolong it.
	if now := l.now(); !now.Before(link.ExpiresAt) || link.ExpiresAt.Sub(now) > LinkLifetime+time.Minute {
		return Link{}, unauthenticated("The link has expired.", "Ask at the outlet for a new one.")
	}
	return link, nil
}

func (l Links) now() time.Time {
	if l.Now == nil {
		return time.Now().UTC()
	}
	return l.Now().UTC()
}
