package models

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"truename"
)

//go:embed runtime.toml packs
var embedded embed.FS

// DefaultPack is the name of the pack that is used when none is chosen.
const DefaultPack = "faceplugin"

// Embedded lists the names of the packs whose manifests are part of the binary.
func Embedded() []string {
	entries, err := fs.ReadDir(embedded, "packs")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Pack is a manifest together with the folder that holds its files.
type Pack struct {
	*Manifest
	// Dir holds the model files.
	Dir string
	// store is the folder of all packs, where the runtime library is too.
	store string
}

// Find gives a pack by the name of an embedded manifest (its files are then in store/NAME), or by the path of a
// manifest file (its files lie beside it). The licence is checked here: a non-commercial model is refused unless
// allowNonCommercial states that its use is allowed. Files are not touched; [Pack.Read] does that.
func Find(store, nameOrPath string, allowNonCommercial bool) (*Pack, error) {
	pack := &Pack{store: store}
	var err error
	if strings.HasSuffix(nameOrPath, ".toml") {
		pack.Dir = filepath.Dir(nameOrPath)
		pack.Manifest, err = Parse(os.DirFS(pack.Dir), filepath.Base(nameOrPath))
	} else {
		pack.Dir = filepath.Join(store, nameOrPath)
		pack.Manifest, err = Parse(embedded, "packs/"+nameOrPath+"/manifest.toml")
	}
	if err != nil {
		return nil, packError("The model pack's manifest cannot be read.",
			"Choose one of "+strings.Join(Embedded(), ", ")+", or give the path of a manifest (.toml).", err)
	}
	for _, m := range pack.Models {
		if m.LicenceClass == LicenceNonCommercial && !allowNonCommercial {
			return nil, packError(fmt.Sprintf("Model %s is licensed for non-commercial use only (%s).", m.ID, m.Licence),
				"Use another pack, or, if its licensor has allowed your use, say so with --allow-non-commercial.", nil)
		}
	}
	return pack, nil
}

// Read gives a model's bytes after checking their SHA-256 against the manifest.
func (p *Pack) Read(m *Model) ([]byte, error) {
	return readVerified(filepath.Join(p.Dir, m.File), m.SHA256)
}

// ReadCharacters gives the characters that a recogniser of text can read, by the place of their output (the first
// output, the blank, is "", the last a space), after checking the file's SHA-256 against the manifest. Their number is
// that of the network's outputs.
func (p *Pack) ReadCharacters(m *Model) ([]string, error) {
	if m.Characters == nil {
		return nil, packError("Model "+m.ID+" has no characters.", "Use a model with the role "+string(RoleOCRRecognise)+".", nil)
	}
	data, err := readVerified(filepath.Join(p.Dir, m.Characters.File), m.Characters.SHA256)
	if err != nil {
		return nil, err
	}
	list := []string{""}
	for line := range strings.Lines(string(data)) {
		list = append(list, strings.TrimRight(line, "\r\n"))
	}
	list = append(list, " ")
	if want := m.Output.Shapes[0][2]; int64(len(list)) != want {
		return nil, packError(fmt.Sprintf("%s has %d characters, the network %d outputs.", m.Characters.File, len(list)-2, want),
			"Check that the file and the network belong together.", nil)
	}
	return list, nil
}

// Runtime is the inference library: where it comes from and its file for each platform.
type Runtime struct {
	Source
	Licence   string    `toml:"licence"`
	Libraries []Library `toml:"library"`
}

// Library is the runtime's shared library for one platform ("linux/amd64").
type Library struct {
	Platform string `toml:"platform"`
	Path     string `toml:"path"`
	File     string `toml:"file"`
	SHA256   string `toml:"sha256"`
}

// ThisRuntime gives the runtime and its library for the platform the program runs on.
func ThisRuntime() (*Runtime, *Library, error) {
	var rt Runtime
	if err := decodeStrict(embedded, "runtime.toml", &rt); err != nil {
		return nil, nil, err
	}
	platform := runtime.GOOS + "/" + runtime.GOARCH
	for i := range rt.Libraries {
		if rt.Libraries[i].Platform == platform {
			return &rt, &rt.Libraries[i], nil
		}
	}
	return nil, nil, &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRuntime,
		Detail: "There is no inference library for " + platform + ".", Remedy: "Run on linux/amd64, linux/arm64 or darwin/arm64."}
}

// RuntimeLibrary gives the path of the inference library after checking its SHA-256.
func (p *Pack) RuntimeLibrary() (string, error) {
	_, lib, err := ThisRuntime()
	if err != nil {
		return "", err
	}
	file := filepath.Join(p.store, "runtime", lib.File)
	if err := verifyFile(file, lib.SHA256); err != nil {
		e := truename.AsError(err)
		e.Code = truename.CodeRuntime
		return "", e
	}
	return file, nil
}

// verifyFile checks a file's SHA-256 without holding it in memory.
func verifyFile(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return missing(file, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return missing(file, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return altered(file)
	}
	return nil
}

// readVerified gives a file's bytes after checking their SHA-256: what is used is what was checked.
func readVerified(file, want string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, missing(file, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want {
		return nil, altered(file)
	}
	return data, nil
}

func missing(file string, cause error) *truename.Error {
	return packError(fmt.Sprintf("%s is missing or cannot be read.", filepath.Base(file)),
		"Install the files with: truename models install", cause)
}

func altered(file string) *truename.Error {
	return packError(fmt.Sprintf("%s is not the file its manifest describes: its SHA-256 differs.", filepath.Base(file)),
		"Remove it and install it again with: truename models install", nil)
}

func packError(detail, remedy string, cause error) *truename.Error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack, Detail: detail, Remedy: remedy, Cause: cause}
}
