package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilesAppearWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	names := func() (all []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	put := func(content string, begin func(string) (*file, error), finish bool) {
		t.Helper()
		f, err := begin(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.abandon()
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		if !finish {
			return
		}
		if err := f.appear(); err != nil {
			t.Fatal(err)
		}
	}
	want := func(content string) {
		t.Helper()
		if d := cmp.Diff([]string{"keys"}, names()); d != "" {
			t.Errorf("files: %s", d)
		}
		if got := string(read(t, path)); got != content {
			t.Errorf("%q, want %q", got, content)
		}
	}
	put("first", newFile, false)
	if left := names(); left != nil {
		t.Errorf("left over: %v", left)
	}
	put("first", newFile, true)
	want("first")
	put("given up", replacingFile, false)
	want("first")
	put("second", replacingFile, true)
	want("second")
	if _, err := newFile(path); err == nil {
		t.Error("a file that is there was begun anew")
	}

	// What a process that died has left is overwritten, not added to.
	if err := os.WriteFile(partial(path), []byte("old keys that are longer than the new ones"), 0o644); err != nil {
		t.Fatal(err)
	}
	put("third", replacingFile, true)
	want("third")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	// Two at once: the second waits for another time.
	f, err := replacingFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replacingFile(path); err == nil {
		t.Error("two write one file")
	}
	f.abandon()
	want("third")
	// A link in the place of the other name is not followed.
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), partial(path)); err != nil {
		t.Fatal(err)
	}
	if _, err := replacingFile(path); err == nil {
		t.Error("a link was followed")
	}
}
