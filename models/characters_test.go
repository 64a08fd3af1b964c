package models

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// reader is a recogniser of text as a manifest has it.
const reader = `[[model]]
role = "ocr_recognise"
id = "a-reader"
file = "reader.onnx"
sha256 = "` + zeros + `"
npm = "@some/thing"
path = "package/reader.bin"
licence = "MIT"
licence_class = "permissive"
provenance = "nobody"
training_data = "none"
characters = { file = "letters.txt", sha256 = "LETTERS", path = "package/letters.txt" }
input = { name = "in", layout = "NCHW", width = 320, height = 48, colour = "BGR", mean = [127.5], std = [127.5] }
output = { names = ["out"], shapes = [[1, 40, 5]], decode = "ctc" }
crop = { kind = "line" }
`

const letters = "甲\n \nb"

func readerManifest() string {
	sum := sha256.Sum256([]byte(letters))
	return manifest + strings.Replace(reader, "LETTERS", hex.EncodeToString(sum[:]), 1)
}

func TestParseReaderRefuses(t *testing.T) {
	digest := sha256.Sum256([]byte(letters))
	sum := hex.EncodeToString(digest[:])
	whole := readerManifest() + textMap
	if _, err := Parse(folder(whole, table), "pack.toml"); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ old, new, message string }{
		"no characters":               {`characters = { file = "letters.txt"`, `# {`, "characters belong"},
		"characters of another role":  {"calibrations = [", `characters = { file = "a", sha256 = "b", path = "c" }` + "\ncalibrations = [", "characters belong"},
		"characters elsewhere":        {`"letters.txt"`, `"../letters.txt"`, "characters.file"},
		"characters without place":    {`"package/letters.txt"`, `""`, "characters.path"},
		"characters without hash":     {sum, "12", "characters.sha256"},
		"unknown key of characters":   {`path = "package/letters.txt"`, `path = "package/letters.txt", of = 1`, "unknown key"},
		"steps only":                  {"[[1, 40, 5]]", "[[40, 5]]", "do not fit"},
		"blank and space only":        {"[[1, 40, 5]]", "[[1, 40, 2]]", "do not fit"},
		"another role's decoding":     {`"ctc"`, `"embedding"`, "output.decode"},
		"no line":                     {`kind = "line"`, `kind = "eye"`, "crop.kind"},
		"a map whose size is no step": {"480", "470", "multiple of 32"},
		"a map unlike its input":      {"[1, 1, 480, 736]", "[1, 1, 736, 480]", "size of its input"},
		"a map without threshold":     {", threshold = 0.3", "", "output.threshold"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(whole, test.old, test.new, 1)
			if changed == whole {
				t.Fatalf("the manifest has no %q to replace", test.old)
			}
			m, err := Parse(folder(changed, table), "pack.toml")
			if err == nil || m != nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("manifest %v, error %v; want one that says %q", m, err, test.message)
			}
		})
	}
}

// textMap is a network that finds text.
const textMap = `[[model]]
role = "ocr_detect"
id = "a-finder"
file = "finder.onnx"
sha256 = "` + zeros + `"
npm = "@some/thing"
path = "package/finder.bin"
licence = "MIT"
licence_class = "permissive"
provenance = "nobody"
training_data = "none"
input = { name = "in", layout = "NCHW", width = 736, height = 480, colour = "BGR", mean = [127.5], std = [127.5] }
output = { names = ["out"], shapes = [[1, 1, 480, 736]], decode = "text-map", threshold = 0.3 }
crop = { kind = "letterbox" }
`

func TestReadCharacters(t *testing.T) {
	m, err := Parse(fstest.MapFS{"pack.toml": {Data: []byte(readerManifest())}, "fast.toml": {Data: []byte(table)}}, "pack.toml")
	if err != nil {
		t.Fatal(err)
	}
	pack := &Pack{Manifest: m, Dir: t.TempDir()}
	file := filepath.Join(pack.Dir, "letters.txt")
	if _, err := pack.ReadCharacters(m.Model(RoleOCRRecognise)); err == nil {
		t.Error("a missing file was read")
	}
	writeFile(t, file, []byte(letters))
	got, err := pack.ReadCharacters(m.Model(RoleOCRRecognise))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", "甲", " ", "b", " "}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := pack.ReadCharacters(m.Model(RoleDetector)); err == nil {
		t.Error("a detector has characters")
	}
	if err := os.WriteFile(file, bytes.Replace([]byte(letters), []byte("b"), []byte("c"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.ReadCharacters(m.Model(RoleOCRRecognise)); err == nil {
		t.Error("an altered file was read")
	}
	m.Model(RoleOCRRecognise).Output.Shapes[0][2] = 6
	writeFile(t, file, []byte(letters))
	if _, err := pack.ReadCharacters(m.Model(RoleOCRRecognise)); err == nil {
		t.Error("fewer characters than outputs")
	}
}
