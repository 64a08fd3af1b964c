package models

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"truename"
)

// checkError says whether err is of kind unavailable and has a code, a detail and a remedy.
func checkError(t *testing.T, err error, code truename.Code) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	e := truename.AsError(err)
	if e.Kind != truename.KindUnavailable || e.Code != code || e.Detail == "" || e.Remedy == "" {
		t.Errorf("kind %s, code %s, detail %q, remedy %q; want kind unavailable, code %s", e.Kind, e.Code, e.Detail, e.Remedy, code)
	}
}

// writePack writes a manifest and its table, and gives the manifest's path.
func writePack(t *testing.T, manifest string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pack.toml")
	writeFile(t, file, []byte(manifest))
	writeFile(t, filepath.Join(filepath.Dir(file), "fast.toml"), []byte(table))
	return file
}

func TestFind(t *testing.T) {
	restricted := strings.Replace(manifest, `"permissive"`, `"non-commercial"`, 1)
	tests := map[string]struct {
		pack    string
		allow   bool
		refused bool
	}{
		"by name":                 {pack: DefaultPack},
		"by path":                 {pack: writePack(t, manifest)},
		"unknown":                 {pack: "unheard-of", refused: true},
		"empty":                   {pack: "", refused: true},
		"name leaves the folder":  {pack: "../packs/faceplugin", refused: true},
		"path without a file":     {pack: filepath.Join(t.TempDir(), "none.toml"), refused: true},
		"path of a bad manifest":  {pack: writePack(t, "format = 1"), refused: true},
		"non-commercial":          {pack: writePack(t, restricted), refused: true},
		"non-commercial, allowed": {pack: writePack(t, restricted), allow: true},
		"permissive, allowed too": {pack: writePack(t, manifest), allow: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store := t.TempDir()
			pack, err := Find(store, test.pack, test.allow)
			if test.refused {
				if pack != nil {
					t.Errorf("pack %s", pack.Name)
				}
				checkError(t, err, truename.CodeModelPack)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := filepath.Join(store, test.pack)
			if strings.HasSuffix(test.pack, ".toml") {
				want = filepath.Dir(test.pack)
			}
			if pack.Dir != want {
				t.Errorf("files are looked for in %s, want %s", pack.Dir, want)
			}
		})
	}
}

// smallPack gives a pack, by path, whose detector has these bytes.
func smallPack(t *testing.T, store string, content []byte) *Pack {
	t.Helper()
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	pack, err := Find(store, writePack(t, strings.Replace(manifest, zeros, sum, 1)), false)
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

func TestReadChecksEveryByte(t *testing.T) {
	content := []byte("the bytes of a network")
	pack := smallPack(t, t.TempDir(), content)
	detector := pack.Model(RoleDetector)
	file := filepath.Join(pack.Dir, detector.File)

	_, err := pack.Read(detector)
	checkError(t, err, truename.CodeModelPack)

	writeFile(t, file, content)
	if got, err := pack.Read(detector); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%q, %v", got, err)
	}
	for i := range content {
		altered := bytes.Clone(content)
		altered[i] ^= 1
		writeFile(t, file, altered)
		got, err := pack.Read(detector)
		if got != nil {
			t.Fatalf("byte %d flipped: the file is read", i)
		}
		checkError(t, err, truename.CodeModelPack)
	}
	for name, other := range map[string][]byte{"empty": {}, "cut": content[:len(content)-1], "longer": append(bytes.Clone(content), 0)} {
		writeFile(t, file, other)
		if got, err := pack.Read(detector); got != nil || err == nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestRuntimeLibraryIsChecked(t *testing.T) {
	store := t.TempDir()
	pack := smallPack(t, store, nil)
	_, lib, err := ThisRuntime()
	if err != nil {
		t.Fatal(err)
	}
	file, err := pack.RuntimeLibrary()
	if file != "" {
		t.Errorf("missing, yet found at %s", file)
	}
	checkError(t, err, truename.CodeRuntime)

	writeFile(t, filepath.Join(store, "runtime", lib.File), []byte("another library"))
	file, err = pack.RuntimeLibrary()
	if file != "" {
		t.Errorf("altered, yet found at %s", file)
	}
	checkError(t, err, truename.CodeRuntime)

	installed, err := Find("pack", DefaultPack, false)
	if err != nil {
		t.Fatal(err)
	}
	file, err = installed.RuntimeLibrary()
	if err != nil {
		t.Fatalf("%v (run: make models)", err)
	}
	if want := filepath.Join("pack", "runtime", lib.File); file != want {
		t.Errorf("found at %s, want %s", file, want)
	}
}

func TestRuntimesAreComplete(t *testing.T) {
	rt, _, err := ThisRuntime()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, lib := range rt.Libraries {
		if seen[lib.Platform] || len(lib.SHA256) != 64 || lib.Path == "" || filepath.Base(lib.File) != lib.File {
			t.Errorf("%+v", lib)
		}
		seen[lib.Platform] = true
	}
	if !strings.HasPrefix(rt.Integrity, "sha512-") || rt.NPM == "" || rt.Version == "" || rt.Licence == "" {
		t.Errorf("%+v", rt)
	}
}

// filesUnder lists all files of a folder, to see that nothing was left behind.
func filesUnder(t *testing.T, dir string) []string {
	t.Helper()
	files := []string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			relative, relErr := filepath.Rel(dir, path)
			files, err = append(files, relative), relErr
		}
		if os.IsNotExist(err) {
			err = nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
