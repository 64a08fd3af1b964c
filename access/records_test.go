package access_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"truename"
	"truename/access"
	"truename/audit"
)

// memory keeps records in memory. With fail set, nothing works.
type memory struct {
	mu          sync.Mutex
	fail        error
	leaves      []truename.Leaf
	clients     map[string]access.Client
	outlets     map[string]access.Outlet
	staff       map[string]access.Staff
	passkeys    map[string]access.Passkey
	sessions    map[string]access.Session
	invitations map[string]access.Invitation
	extended    int // calls of ExtendSession
}

func newMemory() *memory {
	return &memory{clients: map[string]access.Client{}, outlets: map[string]access.Outlet{}, staff: map[string]access.Staff{},
		passkeys: map[string]access.Passkey{}, sessions: map[string]access.Session{}, invitations: map[string]access.Invitation{}}
}

var errDatabase = errors.New("disk on fire")

func missing() error {
	return &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound, Detail: "There is no such record.", Remedy: "Check its id."}
}

func put[T any](m *memory, table map[string]T, key string, v T, leaves []truename.Leaf) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	table[key] = v
	m.leaves = append(m.leaves, leaves...)
	return nil
}

func get[T any](m *memory, table map[string]T, key string) (v T, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return v, m.fail
	}
	v, ok := table[key]
	if !ok {
		return v, missing()
	}
	return v, nil
}

func take[T any](m *memory, table map[string]T, key string, leaves []truename.Leaf) (v T, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return v, m.fail
	}
	v, ok := table[key]
	if !ok {
		return v, missing()
	}
	delete(table, key)
	m.leaves = append(m.leaves, leaves...)
	return v, nil
}

func all[T any](m *memory, table map[string]T) ([]T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []T
	for _, k := range slices.Sorted(maps.Keys(table)) {
		list = append(list, table[k])
	}
	return list, m.fail
}

func (m *memory) SaveClient(_ context.Context, c access.Client, l ...truename.Leaf) error {
	return put(m, m.clients, c.ID, c, l)
}
func (m *memory) Client(_ context.Context, id string) (access.Client, error) {
	return get(m, m.clients, id)
}
func (m *memory) Clients(context.Context) ([]access.Client, error) { return all(m, m.clients) }
func (m *memory) SaveOutlet(_ context.Context, o access.Outlet, l ...truename.Leaf) error {
	return put(m, m.outlets, o.ID, o, l)
}
func (m *memory) Outlet(_ context.Context, id string) (access.Outlet, error) {
	return get(m, m.outlets, id)
}
func (m *memory) Outlets(context.Context) ([]access.Outlet, error) { return all(m, m.outlets) }
func (m *memory) SaveStaff(_ context.Context, s access.Staff, l ...truename.Leaf) error {
	return put(m, m.staff, s.ID, s, l)
}
func (m *memory) Staff(_ context.Context, id string) (access.Staff, error) {
	return get(m, m.staff, id)
}
func (m *memory) StaffMembers(context.Context) ([]access.Staff, error) { return all(m, m.staff) }
func (m *memory) StaffByLogin(ctx context.Context, issuer, login string) (access.Staff, error) {
	list, err := all(m, m.staff)
	for _, s := range list {
		if login != "" && s.Issuer == issuer && s.Login == login {
			return s, err
		}
	}
	return access.Staff{}, cmp.Or(err, missing())
}
func (m *memory) SavePasskey(_ context.Context, p access.Passkey, l ...truename.Leaf) error {
	return put(m, m.passkeys, string(p.ID), p, l)
}
func (m *memory) Passkey(_ context.Context, id []byte) (access.Passkey, error) {
	return get(m, m.passkeys, string(id))
}
func (m *memory) Passkeys(_ context.Context, staff string) ([]access.Passkey, error) {
	list, err := all(m, m.passkeys)
	return slices.DeleteFunc(list, func(p access.Passkey) bool { return p.Staff != staff }), err
}
func (m *memory) DeletePasskey(_ context.Context, id []byte, l ...truename.Leaf) error {
	_, err := take(m, m.passkeys, string(id), l)
	return err
}
func (m *memory) SaveSession(_ context.Context, s access.Session, l ...truename.Leaf) error {
	return put(m, m.sessions, string(s.Hash), s, l)
}
func (m *memory) Session(_ context.Context, hash []byte) (access.Session, error) {
	return get(m, m.sessions, string(hash))
}
func (m *memory) ExtendSession(_ context.Context, hash []byte, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.extended++
	if s, ok := m.sessions[string(hash)]; ok {
		s.ExpiresAt = until
		m.sessions[string(hash)] = s
	}
	return m.fail
}
func (m *memory) DeleteSession(_ context.Context, hash []byte, l ...truename.Leaf) error {
	_, err := take(m, m.sessions, string(hash), l)
	return err
}
func (m *memory) DeleteSessions(_ context.Context, staff string, l ...truename.Leaf) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.sessions, func(_ string, s access.Session) bool { return s.Staff == staff })
	return m.fail
}
func (m *memory) SaveInvitation(_ context.Context, i access.Invitation, l ...truename.Leaf) error {
	return put(m, m.invitations, string(i.Hash), i, l)
}
func (m *memory) Invitation(_ context.Context, hash []byte) (access.Invitation, error) {
	return get(m, m.invitations, string(hash))
}
func (m *memory) TakeInvitation(_ context.Context, hash []byte, l ...truename.Leaf) (access.Invitation, error) {
	return take(m, m.invitations, string(hash), l)
}

// kinds gives the kinds of the audit leaves so far, and checks that each is one.
func (m *memory) kinds(t *testing.T) []string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for _, l := range m.leaves {
		e, err := audit.ParseLeaf(l.Data)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e.Kind)
	}
	return list
}

// clock is set by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

var (
	system = truename.Actor{ID: "system", Kind: truename.ActorSystem}
	admin  = truename.Actor{ID: "an administrator", Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleAdministrator}}
)

// house is a gate with records in memory, a clock that stands still, and two outlets.
type house struct {
	*access.Gate
	records *memory
	clock   *clock
	changes []access.Change // what the leaves commit to
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{records: newMemory(), clock: &clock{t: time.Now().UTC().Truncate(time.Second)}}
	gate, err := access.New(h.records, access.Options{Now: h.clock.now, Leaf: h.leaf})
	if err != nil {
		t.Fatal(err)
	}
	h.Gate = gate
	for id, channel := range map[string]truename.Channel{"shop-1": truename.OwnOutlet, "dealer-7": truename.Dealer} {
		if _, err := h.AddOutlet(t.Context(), admin, access.OutletSpec{ID: id, Name: "An outlet", Channel: channel}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *house) leaf(kind string, payload any) (truename.Leaf, error) {
	doc, err := json.Marshal(payload)
	if err != nil {
		return truename.Leaf{}, err
	}
	if c, ok := payload.(access.Change); !ok || c.By == "" || c.ByKind == "" || c.ID == "" {
		return truename.Leaf{}, fmt.Errorf("a leaf %s about nothing: %s", kind, doc)
	}
	h.changes = append(h.changes, payload.(access.Change))
	salt, err := audit.NewSalt()
	return audit.Commit(kind, doc, salt, h.clock.now()), err
}

func (h *house) addStaff(t *testing.T, spec access.StaffSpec) access.Staff {
	t.Helper()
	spec.Name = cmp.Or(spec.Name, "Lin")
	m, err := h.AddStaff(t.Context(), admin, spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wantKind fails the test unless err is a *truename.Error of the kind, with something to show.
func wantKind(t *testing.T, err error, kind truename.Kind) {
	t.Helper()
	var e *truename.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want one of kind %s", err, kind)
	}
	if e.Kind != kind || e.Detail == "" || e.Remedy == "" || e.Code == "" {
		t.Fatalf("error %s %q (remedy %q), want kind %s", e.Kind, e.Error(), e.Remedy, kind)
	}
}
