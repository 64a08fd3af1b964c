package access

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"truename"
)

// ClientSpec is what an administrator says about a new API client.
type ClientSpec struct {
	Name  string // 1 to 100 characters
	Roles []truename.Role
	// Outlet and Channel bind the client: registrations elsewhere are not its own. With an outlet, the channel is the outlet's.
	Outlet  string
	Channel truename.Channel
	// Certificate is the client certificate (DER) that must come with the key; nil: none is asked.
	Certificate []byte
	ExpiresAt   *time.Time // nil: at no time
}

// AddClient makes an API client and its key. The key is given here and never again.
func (g *Gate) AddClient(ctx context.Context, by truename.Actor, spec ClientSpec) (Client, truename.Private, error) {
	c, key, err := g.newClient(ctx, by, spec)
	if err != nil {
		return Client{}, "", err
	}
	leaf, err := g.leaf(LeafClientAdded, by, Change{ID: c.ID, Roles: c.Roles, Outlet: c.Outlet, Channel: c.Channel})
	if err != nil {
		return Client{}, "", err
	}
	if err := g.records.SaveClient(ctx, c, leaf); err != nil {
		return Client{}, "", err
	}
	return c, key, nil
}

func (g *Gate) newClient(ctx context.Context, by truename.Actor, spec ClientSpec) (Client, truename.Private, error) {
	if err := Allow(by, ClientManage); err != nil {
		return Client{}, "", err
	}
	now := g.now()
	c := Client{Name: spec.Name, Roles: sortedRoles(spec.Roles), CreatedAt: now, CreatedBy: by.ID, ExpiresAt: spec.ExpiresAt}
	if err := checkName(spec.Name); err != nil {
		return Client{}, "", err
	}
	if err := checkRoles(spec.Roles); err != nil {
		return Client{}, "", err
	}
	if slices.Contains(spec.Roles, truename.RoleReviewer) {
		return Client{}, "", invalid("A machine cannot be a reviewer.", "Referrals are resolved by people: add a member of staff.")
	}
	if spec.ExpiresAt != nil && !spec.ExpiresAt.After(now) {
		return Client{}, "", invalid("The key would have expired already.", "Give a time in the future.")
	}
	var err error
	if c.Outlet, c.Channel, err = g.binding(ctx, spec.Outlet, spec.Channel); err != nil {
		return Client{}, "", err
	}
	if spec.Certificate != nil {
		if _, err := x509.ParseCertificate(spec.Certificate); err != nil {
			return Client{}, "", because(invalid("The client certificate cannot be read.", "Give one X.509 certificate, DER."), err)
		}
		hash := sha256.Sum256(spec.Certificate)
		c.CertificateHash = hash[:]
	}
	if c.ID, err = newID(); err != nil {
		return Client{}, "", err
	}
	var key truename.Private
	key, c.KeyHash = newKey(c.ID)
	return c, key, nil
}

// RevokeClient ends a client's key, from the next request on. One that is revoked stays as it is.
func (g *Gate) RevokeClient(ctx context.Context, by truename.Actor, id string) (Client, error) {
	if err := Allow(by, ClientManage); err != nil {
		return Client{}, err
	}
	c, err := g.records.Client(ctx, id)
	if err != nil || c.RevokedAt != nil {
		return c, err
	}
	now := g.now()
	c.RevokedAt = &now
	leaf, err := g.leaf(LeafClientRevoked, by, Change{ID: c.ID})
	if err != nil {
		return Client{}, err
	}
	return c, g.records.SaveClient(ctx, c, leaf)
}

// Clients lists all clients.
func (g *Gate) Clients(ctx context.Context, by truename.Actor) ([]Client, error) {
	if err := Allow(by, ClientManage); err != nil {
		return nil, err
	}
	return g.records.Clients(ctx)
}

func checkName(name string) error {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > 100 || !utf8.ValidString(name) || slices.ContainsFunc([]rune(name), unicode.IsControl) {
		return invalid("The name is not acceptable.", "Give a name of 1 to 100 characters, without control characters.")
	}
	return nil
}

func checkRoles(roles []truename.Role) error {
	if len(roles) == 0 {
		return invalid("No role is given.", "The roles are: "+names(truename.Roles)+".")
	}
	for _, r := range roles {
		if !slices.Contains(truename.Roles, r) {
			return invalid("A role is unknown.", "The roles are: "+names(truename.Roles)+".")
		}
	}
	return nil
}

func sortedRoles(roles []truename.Role) []truename.Role {
	return slices.Compact(slices.Sorted(slices.Values(roles)))
}
