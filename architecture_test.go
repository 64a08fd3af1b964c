package truename_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The house, from the inside out. Imports point inward: cmd → edges → flows → stages → root. A stage imports only
// stages before it in this list; flows never import each other, edges neither. Examples are programs of their own, beside the
// house: they import what a carrier's program would, and nothing imports them.
var (
	stages = []string{"api", "models/tfjs", "models", "onnx", "capture", "face", "match", "liveness", "liveness/attacks", "evaluation", "audit", "activation", "vault", "document", "document/barcode", "document/chip", "document/mrz", "document/specimen", "document/visual", "policy"}
	flows  = []string{"verification", "access", "registration", "review", "rights"}
	edges  = []string{"httpapi", "client", "web", "picture", "record", "record/sqlite", "record/postgres", "record/postgres/pgtest", "record/recordtest", "notify"}
)

// allowed says whether package from may import package to (both relative to the module, "" is the root).
func allowed(from, to string) bool {
	stage := func(p string) int { return slices.Index(stages, p) }
	isFlow, isEdge := slices.Contains(flows, from), slices.Contains(edges, from)
	switch {
	case isProgram(to):
		return false
	case isProgram(from):
		return true
	case to == "":
		return true
	case stage(from) >= 0:
		return stage(to) >= 0 && stage(to) < stage(from)
	case isFlow:
		return stage(to) >= 0
	case isEdge:
		// A noun's own subpackages, such as the engines of record, are one edge.
		return stage(to) >= 0 || slices.Contains(flows, to) || noun(from) == noun(to)
	}
	return false
}

// isProgram says whether a package is a program, or tests of programs.
func isProgram(path string) bool { return noun(path) == "cmd" || noun(path) == "examples" }

// noun is the first part of a package's path.
func noun(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func TestImportsPointInward(t *testing.T) {
	known := slices.Concat(stages, flows, edges)
	seen := 0
	for _, p := range listPackages(t) {
		if p.path == "" {
			for _, i := range p.imports {
				if strings.Contains(strings.Split(i, "/")[0], ".") || strings.HasPrefix(i, "truename/") {
					t.Errorf("the root imports %s: it is the standard library's only", i)
				}
			}
			continue
		}
		seen++
		if !isProgram(p.path) && !slices.Contains(known, p.path) {
			t.Errorf("package %s has no place in the house: add it to the list in this test and to ARCHITECTURE.md", p.path)
			continue
		}
		for _, i := range p.imports {
			if to, ok := inModule(i); ok && !allowed(p.path, to) {
				t.Errorf("%s imports %s: imports point inward", p.path, i)
			}
			if i == "C" || strings.HasPrefix(i, "github.com/yalue/") {
				if p.path != "onnx" {
					t.Errorf("%s imports %s: only onnx uses cgo", p.path, i)
				}
			}
		}
	}
	if seen < len(known) {
		t.Errorf("%d packages listed, %d known: the list in this test is stale", seen, len(known))
	}
}

func TestNoCatchAllPackages(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, word := range []string{"util", "common", "helper", "manager", "misc", "shared"} {
			if strings.Contains(p.path, word) {
				t.Errorf("package %s: a package is named after what it owns", p.path)
			}
		}
	}
}

type pkg struct {
	path    string
	imports []string
}

func inModule(path string) (string, bool) {
	if path == "truename" {
		return "", true
	}
	return strings.CutPrefix(path, "truename/")
}

func listPackages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		path, ok := inModule(p.ImportPath)
		if !ok || strings.Contains(path, "node_modules") {
			continue
		}
		packages = append(packages, pkg{path, p.Imports})
	}
}
