package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename"
)

// entry is a file in a tarball.
type entry struct {
	name string
	data string
	kind byte
}

func tarball(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	w := tar.NewWriter(gz)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(e.data))}
		if e.kind != 0 {
			header.Typeflag, header.Linkname, header.Size, e.data = e.kind, e.data, 0, ""
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func integrity(data []byte) string {
	sum := sha512.Sum512(data)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// hashed puts the hashes of the three networks' contents into the manifest, in its order.
func hashed(contents ...string) string {
	m := manifest
	for _, c := range contents {
		m = strings.Replace(m, `"`+zeros+`"`, fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256([]byte(c)))), 1)
	}
	return m
}

// storeWithRuntime gives a folder of packs in which the inference library is there already, as its tarball is too
// large for a test. It is linked, not copied.
func storeWithRuntime(t *testing.T) string {
	t.Helper()
	store := t.TempDir()
	installed, err := filepath.Abs("pack/runtime")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(installed); err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	if err := os.Symlink(installed, filepath.Join(store, "runtime")); err != nil {
		t.Fatal(err)
	}
	return store
}

func TestInstallFromFolder(t *testing.T) {
	good := []entry{
		{name: "package/package.json", data: `{"scripts": {"install": "false"}}`},
		{name: "package/detector.bin", data: "detects"},
		{name: "package/landmarks.bin", data: "locates"},
		{name: "../../../escaped", data: "not asked for"},
		{name: "package/recogniser.bin", data: "recognises"},
	}
	replaced := func(i int, e entry) []entry {
		changed := append([]entry{}, good...)
		changed[i] = e
		return changed
	}
	installed := []string{"detector.onnx", "fast.toml", "landmarks.onnx", "pack.toml", "recogniser.onnx"}
	untouched := []string{"fast.toml", "pack.toml"}
	tests := map[string]struct {
		entries []entry
		change  func(manifest string) string // after integrity and hashes were filled in
		damage  func(tarball []byte) []byte  // after integrity was taken
		absent  bool
		want    []string
		message string
	}{
		"good":                  {entries: good, want: installed},
		"no tarball":            {entries: good, absent: true, want: untouched, message: "some-thing-1.2.3.tgz"},
		"wrong integrity":       {entries: good, damage: func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, want: untouched, message: "integrity"},
		"cut":                   {entries: good, damage: func(b []byte) []byte { return b[:len(b)-1] }, want: untouched, message: "integrity"},
		"longer":                {entries: good, damage: func(b []byte) []byte { return append(b, 0) }, want: untouched, message: "integrity"},
		"first member missing":  {entries: replaced(1, entry{name: "package/other"}), want: untouched, message: "package/detector.bin"},
		"member under a folder": {entries: replaced(1, entry{name: "x/package/detector.bin", data: "detects"}), want: untouched, message: "package/detector.bin"},
		"member is a link":      {entries: replaced(1, entry{name: "package/detector.bin", data: "/etc/passwd", kind: tar.TypeSymlink}), want: untouched, message: "package/detector.bin"},
		"wrong hash":            {entries: replaced(1, entry{name: "package/detector.bin", data: "deteCts"}), want: untouched, message: "SHA-256"},
		"unknown conversion": {entries: good, change: func(m string) string {
			return strings.Replace(m, `path = "package/detector.bin"`, `path = "package/detector.bin"`+"\nconvert = \"magic\"", 1)
		}, want: untouched, message: "magic"},
		"conversion of something else": {entries: good, change: func(m string) string {
			return strings.Replace(m, `path = "package/detector.bin"`, `path = "package/detector.bin"`+"\nweights = \"package/landmarks.bin\"\nconvert = \"tfjs-dlib\"", 1)
		}, want: untouched, message: "Could not install"},
		"unknown source": {entries: good, change: func(m string) string {
			return strings.Replace(m, `npm = "@some/thing"`+"\npath", `npm = "@other/thing"`+"\npath", 1)
		}, want: untouched, message: "@other/thing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			data := tarball(t, test.entries...)
			m := strings.Replace(hashed("detects", "locates", "recognises"), "INTEGRITY", integrity(data), 1)
			if test.change != nil {
				changed := test.change(m)
				if changed == m {
					t.Fatal("the change found nothing to change")
				}
				m = changed
			}
			if test.damage != nil {
				data = test.damage(data)
			}
			folder := t.TempDir()
			if !test.absent {
				writeFile(t, filepath.Join(folder, "some-thing-1.2.3.tgz"), data)
			}
			pack, err := Find(storeWithRuntime(t), writePack(t, m), false)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			err = pack.Install(t.Context(), folder, func(line string) { lines = append(lines, line) })
			if diff := cmp.Diff(test.want, filesUnder(t, pack.Dir)); diff != "" {
				t.Errorf("files in the pack's folder: %s", diff)
			}
			if test.message != "" {
				checkError(t, err, truename.CodeModelPack)
				if err != nil && !strings.Contains(err.Error(), test.message) {
					t.Errorf("%v; want an error that says %q", err, test.message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(lines) != 3 {
				t.Errorf("progress %q, want a line for each file", lines)
			}
			for role, content := range map[Role]string{RoleDetector: "detects", RoleLandmarks: "locates", RoleRecogniser: "recognises"} {
				if got, err := pack.Read(pack.Model(role)); err != nil || string(got) != content {
					t.Errorf("%s: %q, %v", role, got, err)
				}
			}
		})
	}
}

func TestInstallTouchesOnlyWhatIsMissing(t *testing.T) {
	data := tarball(t, entry{name: "package/landmarks.bin", data: "locates"})
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "some-thing-1.2.3.tgz"), data)
	m := strings.Replace(hashed("detects", "locates", "recognises"), "INTEGRITY", integrity(data), 1)
	pack, err := Find(storeWithRuntime(t), writePack(t, m), false)
	if err != nil {
		t.Fatal(err)
	}
	// The tarball has only the network that is damaged on disk: the others must not be asked for.
	writeFile(t, filepath.Join(pack.Dir, "detector.onnx"), []byte("detects"))
	writeFile(t, filepath.Join(pack.Dir, "landmarks.onnx"), []byte("damaged"))
	writeFile(t, filepath.Join(pack.Dir, "recogniser.onnx"), []byte("recognises"))
	for _, want := range [][]string{{"installed landmarks.onnx"}, nil} {
		var lines []string
		if err := pack.Install(t.Context(), folder, func(line string) { lines = append(lines, line) }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Error(diff)
		}
	}
	if got, err := pack.Read(pack.Model(RoleLandmarks)); err != nil || string(got) != "locates" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestInstallOfLaterWrongFileLeavesNoHalfFile(t *testing.T) {
	data := tarball(t,
		entry{name: "package/detector.bin", data: "detects"},
		entry{name: "package/landmarks.bin", data: "locates wrongly"},
		entry{name: "package/recogniser.bin", data: "recognises"})
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "some-thing-1.2.3.tgz"), data)
	m := strings.Replace(hashed("detects", "locates", "recognises"), "INTEGRITY", integrity(data), 1)
	pack, err := Find(storeWithRuntime(t), writePack(t, m), false)
	if err != nil {
		t.Fatal(err)
	}
	checkError(t, pack.Install(t.Context(), folder, func(string) {}), truename.CodeModelPack)
	// What was right before the wrong file may be there, whole; the wrong one and temporary files may not.
	if diff := cmp.Diff([]string{"detector.onnx", "fast.toml", "pack.toml"}, filesUnder(t, pack.Dir)); diff != "" {
		t.Error(diff)
	}
	if got, err := pack.Read(pack.Model(RoleDetector)); err != nil || string(got) != "detects" {
		t.Errorf("%q, %v", got, err)
	}
}
