package access_test

import (
	"testing"

	"truename"
	"truename/access"
)

func TestPlace(t *testing.T) {
	h := newHouse(t)
	bound := func(outlet string, channel truename.Channel) truename.Actor {
		return truename.Actor{ID: "x", Kind: truename.ActorClient, Roles: []truename.Role{truename.RoleAgent}, Outlet: outlet, Channel: channel}
	}
	free, shop, dealer := bound("", ""), bound("shop-1", truename.OwnOutlet), bound("", truename.Dealer)
	online := bound("", truename.SelfService)
	for _, c := range []struct {
		name        string
		actor       truename.Actor
		channel     truename.Channel
		outlet      string
		wantChannel truename.Channel
		wantOutlet  string
		kind        truename.Kind // empty: no error
	}{
		{"bound, nothing said", shop, "", "", truename.OwnOutlet, "shop-1", ""},
		{"bound, all said", shop, truename.OwnOutlet, "shop-1", truename.OwnOutlet, "shop-1", ""},
		{"bound, outlet said", shop, "", "shop-1", truename.OwnOutlet, "shop-1", ""},
		{"bound, another outlet", shop, "", "dealer-7", "", "", truename.KindForbidden},
		{"bound, outlet and channel of another", shop, truename.Dealer, "dealer-7", "", "", truename.KindForbidden},
		{"bound, self-service", shop, truename.SelfService, "", "", "", truename.KindForbidden},
		{"bound to a channel", dealer, "", "dealer-7", truename.Dealer, "dealer-7", ""},
		{"bound to a channel, outlet of another", dealer, "", "shop-1", "", "", truename.KindInvalid},
		{"bound to a channel, no outlet", dealer, "", "", "", "", truename.KindInvalid},
		{"self-service", online, "", "", truename.SelfService, "", ""},
		{"self-service at an outlet", online, "", "shop-1", "", "", truename.KindInvalid},
		{"free", free, truename.Dealer, "dealer-7", truename.Dealer, "dealer-7", ""},
		{"free, self-service", free, truename.SelfService, "", truename.SelfService, "", ""},
		{"free, nothing said", free, "", "", "", "", truename.KindInvalid},
		{"free, no such channel", free, "phone", "", "", "", truename.KindInvalid},
		{"free, no such outlet", free, truename.Dealer, "dealer-8", "", "", truename.KindInvalid},
		{"free, wrong channel", free, truename.OwnOutlet, "dealer-7", "", "", truename.KindInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			channel, outlet, err := h.Place(t.Context(), c.actor, c.channel, c.outlet)
			if c.kind != "" {
				wantKind(t, err, c.kind)
			} else if err != nil {
				t.Fatal(err)
			}
			if channel != c.wantChannel || outlet != c.wantOutlet {
				t.Errorf("place %q %q, want %q %q", channel, outlet, c.wantChannel, c.wantOutlet)
			}
		})
	}
	h.records.fail = errDatabase
	if _, _, err := h.Place(t.Context(), shop, "", ""); err == nil {
		t.Error("a registration is opened although nobody knows whether the outlet is suspended")
	}
}

func TestSuspendedOutletOpensNothing(t *testing.T) {
	h := newHouse(t)
	agent := truename.Actor{ID: "x", Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleAgent}, Outlet: "dealer-7", Channel: truename.Dealer}
	if _, err := h.SuspendOutlet(t.Context(), agent, "dealer-7"); err == nil {
		t.Fatal("an agent suspends an outlet")
	}
	if _, err := h.SuspendOutlet(t.Context(), admin, "dealer-7"); err != nil {
		t.Fatal(err)
	}
	_, _, err := h.Place(t.Context(), agent, "", "")
	wantKind(t, err, truename.KindForbidden)
	if _, err := h.RestoreOutlet(t.Context(), admin, "dealer-7"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Place(t.Context(), agent, "", ""); err != nil {
		t.Fatal(err)
	}
}

func TestWithin(t *testing.T) {
	r := &truename.Registration{Channel: truename.Dealer, Outlet: "dealer-7"}
	for _, c := range []struct {
		outlet  string
		channel truename.Channel
		want    bool
	}{
		{"", "", true}, {"dealer-7", truename.Dealer, true}, {"", truename.Dealer, true},
		{"dealer-8", truename.Dealer, false}, {"", truename.SelfService, false}, {"shop-1", truename.OwnOutlet, false},
	} {
		err := access.Within(truename.Actor{ID: "x", Kind: truename.ActorStaff, Roles: truename.Roles, Outlet: c.outlet, Channel: c.channel}, r)
		if (err == nil) != c.want {
			t.Errorf("bound to %q %q: %v", c.outlet, c.channel, err)
		}
		if err != nil {
			wantKind(t, err, truename.KindNotFound)
		}
	}
}

func TestOutletsAreChecked(t *testing.T) {
	h := newHouse(t)
	for _, s := range []access.OutletSpec{
		{ID: "", Name: "x", Channel: truename.Dealer}, {ID: "Shop", Name: "x", Channel: truename.Dealer}, {ID: "a b", Name: "x", Channel: truename.Dealer},
		{ID: "a", Name: "", Channel: truename.Dealer}, {ID: "a", Name: "a\nb", Channel: truename.Dealer}, {ID: "a", Name: "x", Channel: truename.SelfService},
		{ID: "a", Name: "x"}, {ID: "a", Name: "x", Channel: truename.Dealer, Registry: "\x00"},
	} {
		_, err := h.AddOutlet(t.Context(), admin, s)
		wantKind(t, err, truename.KindInvalid)
	}
	_, err := h.AddOutlet(t.Context(), admin, access.OutletSpec{ID: "shop-1", Name: "x", Channel: truename.Dealer})
	wantKind(t, err, truename.KindConflict)
}
