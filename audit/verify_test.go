package audit_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"truename"
	"truename/audit"
)

// The paths of a log of 700 leaves.
const (
	entries0, entries1, entries2 = "tile/entries/000", "tile/entries/001", "tile/entries/002.p/188"
	tile0, tile1                 = "tile/0/000", "tile/0/001"
	upper                        = "tile/1/000.p/2"
)

func TestTampering(t *testing.T) {
	l := newLog(t, 700)
	whole := exported(t, l)
	longer := newLog(t, 705)
	old := newLog(t, 300)
	// A history that differs from leaf 450 on, signed by the log's own key, and one that differs from the start.
	fork := newLog(t, 450)
	fork.append(t, audit.Commit("other", nil, seed("other"), start).Data)
	fork.grow(t, 249)
	early := newLog(t, 0)
	early.append(t, audit.Commit("other", nil, seed("other"), start).Data)
	early.grow(t, 299)
	forked := exported(t, fork)

	for _, c := range []struct {
		name     string
		tamper   func(fstest.MapFS)
		trusted  [][]byte
		from, to int64 // of the first problem
		path     string
	}{
		{name: "a byte of an entry", tamper: editLeaves(entries1, func(b [][]byte) [][]byte { b[44][50] ^= 1; return b }), from: 300, to: 301, path: entries1},
		{name: "the first leaf", tamper: editLeaves(entries0, func(b [][]byte) [][]byte { b[0][0] ^= 1; return b }), from: 0, to: 1, path: entries0},
		{name: "the last leaf", tamper: editLeaves(entries2, func(b [][]byte) [][]byte { b[187][9] ^= 1; return b }), from: 699, to: 700, path: entries2},
		{name: "a byte of a length", tamper: flip(entries0, 0), from: 0, to: 1, path: entries0},
		{name: "a leaf removed", tamper: editLeaves(entries0, func(b [][]byte) [][]byte { return slices.Delete(b, 17, 18) }), from: 17, to: 18, path: entries0},
		{name: "the last leaf removed", tamper: editLeaves(entries2, func(b [][]byte) [][]byte { return b[:187] }), from: 699, to: 700, path: entries2},
		{name: "a leaf inserted", tamper: editLeaves(entries0, func(b [][]byte) [][]byte { return slices.Insert(b[:255], 17, []byte("x")) }), from: 17, to: 18, path: entries0},
		{name: "a leaf too many", tamper: editLeaves(entries2, func(b [][]byte) [][]byte { return append(b, []byte("x")) }), from: 700, to: 701, path: entries2},
		{name: "two swapped", tamper: editLeaves(entries1, func(b [][]byte) [][]byte { b[3], b[9] = b[9], b[3]; return b }), from: 259, to: 260, path: entries1},
		{name: "two bundles swapped", tamper: func(f fstest.MapFS) { f[entries0], f[entries1] = f[entries1], f[entries0] }, from: 0, to: 1, path: entries0},
		{name: "bundles and tiles swapped", tamper: func(f fstest.MapFS) {
			f[entries0], f[entries1] = f[entries1], f[entries0]
			f[tile0], f[tile1] = f[tile1], f[tile0]
		}, from: 0, to: 256, path: upper},
		{name: "a bundle gone", tamper: remove(entries1), from: 256, to: 257, path: entries1},
		{name: "a bundle and its tile gone", tamper: remove(entries1, tile1), from: 256, to: 257, path: entries1},
		{name: "a byte of a tile", tamper: flip(tile1, 32*44+5), from: 300, to: 301, path: tile1},
		{name: "a byte of an upper tile", tamper: flip(upper, 40), from: 256, to: 512, path: upper},
		{name: "a tile gone", tamper: remove(tile0), from: -1, to: -1, path: tile0},
		{name: "an upper tile gone", tamper: remove(upper), from: -1, to: -1, path: upper},
		{name: "a tile too long", tamper: func(f fstest.MapFS) { f[tile0].Data = append(f[tile0].Data, 0) }, from: -1, to: -1, path: tile0},
		{name: "an entry with its tile", tamper: func(f fstest.MapFS) {
			editLeaves(entries1, func(b [][]byte) [][]byte { b[44] = []byte("forged"); return b })(f)
			h := tlog.RecordHash([]byte("forged"))
			copy(f[tile1].Data[44*32:], h[:])
		}, from: 256, to: 512, path: upper},
		{name: "everything but the checkpoint", tamper: take(forked, "tile/"), from: 0, to: 700, path: "checkpoint"},
		{name: "everything but the checkpoint, an old one at hand", tamper: take(forked, "tile/"),
			trusted: [][]byte{old.signed}, from: 300, to: 700, path: "checkpoint"},
		{name: "another history, signed", tamper: take(forked, ""), trusted: [][]byte{old.signed, l.signed}, from: 300, to: 700, path: "trusted checkpoint 2"},
		{name: "another history before the trusted checkpoint", trusted: [][]byte{early.signed}, from: 0, to: 300, path: "trusted checkpoint 1"},
		{name: "cut back, a newer checkpoint is known", trusted: [][]byte{longer.signed}, from: 700, to: 705, path: "trusted checkpoint 1"},
		{name: "cut back, a newer checkpoint was left", tamper: put("checkpoints/705", longer.signed), from: 700, to: 705, path: "checkpoints/705"},
		{name: "cut back, newer entries were left", tamper: put("tile/entries/002.p/193", []byte("x")), from: 700, to: 701, path: "tile/entries/002.p/193"},
		{name: "cut back, a newer tile was left", tamper: put("tile/1/000.p/3", []byte("x")), from: 512, to: 513, path: "tile/1/000.p/3"},
		{name: "an earlier partial tile altered", tamper: put("tile/0/002.p/3", make([]byte, 96)), from: -1, to: -1, path: "tile/0/002.p/3"},
		{name: "an unsigned earlier checkpoint", tamper: put("checkpoints/300", []byte(strings.Replace(string(old.signed), "300", "301", 1))),
			from: -1, to: -1, path: "checkpoints/300"},
		{name: "a directory in place of a tile", tamper: func(f fstest.MapFS) {
			delete(f, tile0)
			f[tile0+"/x"] = &fstest.MapFile{}
		}, from: -1, to: -1, path: tile0},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := clone(whole)
			if c.tamper != nil {
				c.tamper(files)
			}
			r, err := audit.VerifyExport(files, l.signer.VerifierKey(), c.trusted...)
			e := truename.AsError(err)
			if err == nil || e.Code != audit.CodeAuditInvalid || e.Remedy == "" {
				t.Fatalf("error %v", err)
			}
			if len(r.Problems) == 0 {
				t.Fatal("no problem is listed")
			}
			first := r.Problems[0]
			if first.From != c.from || first.To != c.to || first.Path != c.path {
				t.Errorf("first problem %+v, want leaves %d to %d in %s", first, c.from, c.to, c.path)
			}
			bad, ok := r.FirstBad()
			if ok != (c.from >= 0) || ok && bad != first {
				t.Errorf("first bad leaf %+v, %v", bad, ok)
			}
			if first.Exact() && !strings.Contains(e.Detail, fmt.Sprintf("leaf %d:", c.from)) {
				t.Errorf("the error does not name the leaf: %v", err)
			}
		})
	}
}

// TestCutBack: a log cut back to an older state that was itself signed verifies alone, as it must, and fails as soon
// as a newer checkpoint, a receipt's for one, is held against it.
func TestCutBack(t *testing.T) {
	r, l := newReceipt(t)
	old := exported(t, newLog(t, 300))
	if _, err := audit.VerifyExport(old, l.signer.VerifierKey()); err != nil {
		t.Fatal(err)
	}
	report, err := audit.VerifyExport(old, l.signer.VerifierKey(), []byte(r.Checkpoint))
	if first, ok := report.FirstBad(); err == nil || !ok || first.From != 300 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestTamperedCheckpoint(t *testing.T) {
	l := newLog(t, 300)
	foreign, err := newSigner(t, "other.example.com").Checkpoint(300, l.head(t).Root)
	if err != nil {
		t.Fatal(err)
	}
	whole := exported(t, l)
	for name, signed := range map[string][]byte{
		"gone":              nil,
		"signature altered": []byte(strings.Replace(string(l.signed), "\n300\n", "\n299\n", 1)),
		"another key":       foreign,
		"too long":          make([]byte, 1<<20),
	} {
		files := clone(whole)
		delete(files, "checkpoint")
		if signed != nil {
			put("checkpoint", signed)(files)
		}
		_, err := audit.VerifyExport(files, l.signer.VerifierKey())
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid {
			t.Errorf("%s: %v", name, err)
		}
		// A trusted checkpoint must be signed by the log as well.
		_, err = audit.VerifyExport(whole, l.signer.VerifierKey(), signed)
		if e := truename.AsError(err); err == nil || e.Code != audit.CodeAuditInvalid {
			t.Errorf("%s, as trusted: %v", name, err)
		}
	}
}

// TestEveryByteCounts: whatever byte of whatever file is altered, or wherever a file is cut, it is found.
func TestEveryByteCounts(t *testing.T) {
	l := newLog(t, 530)
	whole := exported(t, l)
	names := slices.Sorted(maps.Keys(whole))
	rapid.Check(t, func(t *rapid.T) {
		files := clone(whole)
		name := rapid.SampledFrom(names).Draw(t, "file")
		data := files[name].Data
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "cut") {
			files[name].Data = data[:at]
		} else {
			data[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		// A signature that is written otherwise and still verifies is the same signature.
		if r, err := audit.VerifyExport(files, l.signer.VerifierKey()); err == nil && !sameText(whole[name].Data, files[name].Data) {
			t.Fatalf("%s at %d: not found, %+v", name, at, r)
		}
	})
}

// TestFirstBadLeafIsNamed: of any set of altered entries each one is named, exactly.
func TestFirstBadLeafIsNamed(t *testing.T) {
	const size = 1000
	l := newLog(t, size)
	whole := exported(t, l)
	rapid.Check(t, func(t *rapid.T) {
		files := clone(whole)
		bad := rapid.SliceOfNDistinct(rapid.IntRange(0, size-1), 1, 40, rapid.ID[int]).Draw(t, "leaves")
		for _, i := range bad {
			p := audit.TilePath{Level: audit.Entries, N: int64(i / 256), Width: min(256, size-i/256*256)}
			editLeaves(p.String(), func(b [][]byte) [][]byte { b[i%256] = []byte("forged"); return b })(files)
		}
		r, _ := audit.VerifyExport(files, l.signer.VerifierKey())
		first, ok := r.FirstBad()
		if !ok || !first.Exact() || first.From != int64(slices.Min(bad)) || len(r.Problems) != len(bad) {
			t.Fatalf("%d problems, first %+v, want %d problems from leaf %d", len(r.Problems), first, len(bad), slices.Min(bad))
		}
	})
}

// FuzzVerifyExport alters one file of an export: the answer is never that all is well, unless the file is of no account.
func FuzzVerifyExport(f *testing.F) {
	l := newLog(f, 300)
	whole := exported(f, l)
	for name, file := range whole {
		f.Add(name, file.Data)
	}
	f.Add("tile/entries/001.p/7", []byte("x"))
	f.Add("checkpoints/9", []byte("x"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !fs.ValidPath(name) || name == "." {
			return
		}
		files := clone(whole)
		files[name] = &fstest.MapFile{Data: data}
		r, err := audit.VerifyExport(files, l.signer.VerifierKey())
		if err == nil && len(r.Problems) > 0 {
			t.Errorf("no error with problems %v", r.Problems)
		}
		if was := whole[name]; err == nil && was != nil && string(was.Data) != string(data) && !sameText(was.Data, data) {
			t.Errorf("%s altered, and nothing found", name)
		}
	})
}

// sameText says whether two checkpoints say the same: a signature can be written in more than one way.
func sameText(a, b []byte) bool {
	x, _, _ := strings.Cut(string(a), "\n\n")
	y, _, _ := strings.Cut(string(b), "\n\n")
	return x == y && strings.HasPrefix(x, "registry.example.com/audit\n")
}

func clone(files fstest.MapFS) fstest.MapFS {
	out := fstest.MapFS{}
	for name, file := range files {
		out[name] = &fstest.MapFile{Data: slices.Clone(file.Data), Mode: file.Mode}
	}
	return out
}

func put(name string, data []byte) func(fstest.MapFS) {
	return func(f fstest.MapFS) { f[name] = &fstest.MapFile{Data: data, Mode: 0o644} }
}

func flip(name string, at int) func(fstest.MapFS) {
	return func(f fstest.MapFS) { f[name].Data[at] ^= 0x10 }
}

func remove(names ...string) func(fstest.MapFS) {
	return func(f fstest.MapFS) {
		for _, name := range names {
			delete(f, name)
		}
	}
}

// take puts another export's files, of one folder or all, in place of the own.
func take(other fstest.MapFS, folder string) func(fstest.MapFS) {
	return func(f fstest.MapFS) {
		for name, file := range other {
			if strings.HasPrefix(name, folder) {
				f[name] = file
			}
		}
	}
}

// editLeaves changes the leaves of a bundle.
func editLeaves(name string, edit func([][]byte) [][]byte) func(fstest.MapFS) {
	return func(f fstest.MapFS) {
		leaves, err := audit.ParseEntries(f[name].Data)
		if err != nil {
			panic(err)
		}
		put(name, audit.EntriesTile(edit(leaves)))(f)
	}
}

func BenchmarkVerifyExport(b *testing.B) {
	const size = 1 << 17
	l := newLog(b, size)
	dir := b.TempDir()
	if _, err := audit.Export(context.Background(), dir, l); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := audit.VerifyExport(os.DirFS(dir), l.signer.VerifierKey()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(size*float64(b.N)/b.Elapsed().Seconds(), "leaves/s")
}
