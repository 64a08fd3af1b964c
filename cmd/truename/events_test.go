package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"truename"
)

func TestWebhooksAndEvents(t *testing.T) {
	h := newHouse(t)
	said := h.change("webhook", "add", "https://hooks.example.com/secret-path", "--type", "registration.approved", "--type", "registration.refused")
	if !strings.Contains(said, "key: whsec_") || strings.Contains(said, "secret-path") {
		t.Error(said)
	}
	all := h.items("webhook", "list")
	if len(all) != 1 {
		t.Fatalf("webhooks %v", all)
	}
	hook := all[0]["id"].(string)
	if said := h.change("webhook", "add", "https://hooks.example.org/", "--scheme", "v1a"); !strings.Contains(said, "key: whpk_") {
		t.Error(said)
	}
	h.idle("webhook", "retire", hook)
	if said := h.change("webhook", "rotate", hook); !strings.Contains(said, "key: whsec_") {
		t.Error(said)
	}
	if said := h.change("webhook", "rotate", hook); !strings.Contains(said, "older of its two") {
		t.Error(said)
	}
	h.change("webhook", "retire", hook)
	h.idle("webhook", "enable", hook)
	h.change("webhook", "disable", hook)
	h.idle("webhook", "disable", hook)
	if said := h.ok("webhook", "list"); !strings.Contains(said, "disabled: operator") {
		t.Error(said)
	}
	h.change("webhook", "enable", hook)
	for _, bad := range []struct {
		says string
		args []string
	}{
		{"https", []string{"add", "http://hooks.example.com/"}},
		{"truename:", []string{"add", "https://10.0.0.1/"}},
		{"registration.approved", []string{"add", "https://hooks.example.com/", "--type", "approved"}},
		{"--scheme", []string{"add", "https://hooks.example.com/", "--scheme", "v2"}},
		{"not_found", []string{"rotate", "nothing"}},
		{"not_found", []string{"retire", "nothing"}},
		{"not_found", []string{"enable", "nothing"}},
		{"not_found", []string{"disable", "nothing"}},
		{"not_found", []string{"remove", "nothing"}},
	} {
		for _, yes := range [][]string{nil, {"--yes"}} {
			h.refused(exitUnusable, bad.says, append(append([]string{"webhook"}, bad.args...), yes...)...)
		}
	}

	r, _ := h.registration(1, "chip")
	if all := h.items("events", "list", "--type", "registration.approved", "--registration", r.ID); len(all) != 1 {
		t.Errorf("events %v", all)
	}
	if said := h.ok("events", "list"); !strings.Contains(said, "registration.opened") || !strings.Contains(said, r.ID) {
		t.Error(said)
	}
	if all := h.items("events", "list", "--type", "subject.erased"); len(all) != 0 {
		t.Errorf("events %v", all)
	}
	deliveries := h.items("events", "deliveries", "--webhook", hook)
	if len(deliveries) != 1 || deliveries[0]["state"] != "pending" {
		t.Fatalf("deliveries %v", deliveries)
	}
	id := deliveries[0]["id"].(string)
	h.with(func(ctx context.Context, o *operator) {
		d, _, _, err := o.store.Delivery(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		d.State, d.Attempts, d.Status, d.NextAt, d.UpdatedAt = truename.DeliveryFailed, 9, 500, nil, time.Now()
		if err := o.store.SaveDelivery(ctx, d, nil); err != nil {
			t.Fatal(err)
		}
	})
	if said := h.ok("events", "deliveries", "--state", "failed"); !strings.Contains(said, id) || !strings.Contains(said, "500") {
		t.Error(said)
	}
	h.change("events", "redeliver", id)
	if said := h.ok("events", "deliveries", "--state", "failed"); said != "None.\n" {
		t.Error(said)
	}
	h.ok("webhook", "disable", hook, "--yes")
	h.refused(exitUnusable, "disabled", "events", "redeliver", id)
	h.refused(exitUnusable, "not_found", "events", "redeliver", "nothing", "--yes")
	h.refused(exitUnusable, "delivered", "events", "deliveries", "--state", "lost")
	h.refused(exitUnusable, "registration.approved", "events", "list", "--type", "lost")
	h.change("webhook", "remove", hook)
	if all := h.items("webhook", "list"); len(all) != 1 {
		t.Errorf("webhooks %v", all)
	}
}
