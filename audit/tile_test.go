package audit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"truename/audit"
)

func TestTilePaths(t *testing.T) {
	for path, want := range map[string]audit.TilePath{
		"tile/0/000":                {Level: 0, N: 0, Width: 256},
		"tile/0/x001/x234/067":      {Level: 0, N: 1234067, Width: 256},
		"tile/0/x001/x234/067.p/8":  {Level: 0, N: 1234067, Width: 8},
		"tile/7/000.p/1":            {Level: 7, N: 0, Width: 1},
		"tile/entries/273.p/112":    {Level: audit.Entries, N: 273, Width: 112},
		"tile/entries/x001/000":     {Level: audit.Entries, N: 1000, Width: 256},
		"/tile/1/001.p/255":         {Level: 1, N: 1, Width: 255},
		"/tile/entries/000.p/1":     {Level: audit.Entries, N: 0, Width: 1},
		"tile/2/x999/x999/999.p/17": {Level: 2, N: 999999999, Width: 17},
	} {
		got, err := audit.ParseTilePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		if got.String() != strings.TrimPrefix(path, "/") {
			t.Errorf("%s comes back as %s", path, got)
		}
	}
}

func TestTilePathsRefused(t *testing.T) {
	for _, path := range []string{"", "/", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/00/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/000.p/", "tile/0/-01", "tile/-1/000", "tile/+0/000",
		"tile/8/000", "tile/63/000", "tile/64/000", "tile/data/000", "tile/8/0/000", "tile/entries/1", "tile/Entries/000", "//tile/0/000",
		"tile/0/000/", "tile/0/../0/000", "tile/0/001/000", "tile/0/x001", "checkpoint", "tile/0/x999/x999/x999/x999/x999/x999/999",
		"tile/0/x009/x223/x372/x036/x854/x775/807", "tile/0/000.p/1\n", "tile/0/٠٠٠"} {
		if p, err := audit.ParseTilePath(path); err == nil {
			t.Errorf("%q accepted as %+v", path, p)
		}
	}
}

// TestTilesOfTheSpecification: a tree of 70,000 has the tiles that C2SP tlog-tiles counts.
func TestTilesOfTheSpecification(t *testing.T) {
	const size = 70000
	for level, want := range [][]int{0: {273, 112}, 1: {1, 17}, 2: {0, 1}, 3: {0, 0}} {
		full, partial := 0, 0
		for n := range int64(300) {
			if (audit.TilePath{Level: level, N: n, Width: 256}).Within(size) {
				full++
				continue
			}
			for w := 1; (audit.TilePath{Level: level, N: n, Width: w}).Within(size); w++ {
				partial = w
			}
		}
		if diff := cmp.Diff(want, []int{full, partial}); diff != "" {
			t.Errorf("level %d: %s", level, diff)
		}
	}
}

// TestTilesProveLeaves: a reader with nothing but tiles and the root proves every leaf.
func TestTilesProveLeaves(t *testing.T) {
	l := newLog(t, 700)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 700).Draw(t, "size")
		index := rapid.Int64Range(0, size-1).Draw(t, "index")
		root, err := audit.Root(size, l)
		if err != nil {
			t.Fatal(err)
		}
		r := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, rendered{t, l, size})
		got, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			t.Fatal(err)
		}
		if got[0] != tlog.Hash(sha256.Sum256(append([]byte{0}, l.leaves[index]...))) {
			t.Fatalf("leaf %d of %d", index, size)
		}
	})
}

// rendered serves tiles from the package under test.
type rendered struct {
	t    *rapid.T
	log  *memoryLog
	size int64
}

func (rendered) Height() int                     { return audit.TileHeight }
func (rendered) SaveTiles([]tlog.Tile, [][]byte) {}

func (r rendered) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, want := range tiles {
		p := audit.TilePath{Level: want.L, N: want.N, Width: want.W}
		if !p.Within(r.size) {
			r.t.Fatalf("%s is not within %d", p, r.size)
		}
		data, err := audit.Tile(context.Background(), r.log, p.Level, p.N, p.Width)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func TestTileRefused(t *testing.T) {
	l := newLog(t, 300)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for name, err := range map[string]error{
		"level 8":         errOf(audit.Tile(context.Background(), l, 8, 0, 1)),
		"level -1":        errOf(audit.Tile(context.Background(), l, audit.Entries, 0, 1)),
		"width 0":         errOf(audit.Tile(context.Background(), l, 0, 0, 0)),
		"width 257":       errOf(audit.Tile(context.Background(), l, 0, 0, 257)),
		"negative":        errOf(audit.Tile(context.Background(), l, 0, -1, 1)),
		"huge":            errOf(audit.Tile(context.Background(), l, 7, 1<<62, 1)),
		"beyond the log":  errOf(audit.Tile(context.Background(), l, 0, 1, 45)),
		"caller is gone":  errOf(audit.Tile(gone, l, 0, 0, 1)),
		"wide, high tile": errOf(audit.Tile(context.Background(), l, 1, 0, 2)),
	} {
		if err == nil {
			t.Errorf("%s: rendered", name)
		}
	}
}

func TestEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 1, 256).Draw(t, "leaves")
		bundle := audit.EntriesTile(leaves)
		got, err := audit.ParseEntries(bundle)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(leaves, got); diff != "" {
			t.Fatal(diff)
		}
		cut := rapid.IntRange(0, len(bundle)-1).Draw(t, "cut")
		if got, err := audit.ParseEntries(bundle[:cut]); err == nil && len(got) == len(leaves) {
			t.Fatal("a cut bundle is whole")
		}
	})
	if got := audit.EntriesTile([][]byte{[]byte("ab"), {}}); !bytes.Equal(got, []byte{0, 2, 'a', 'b', 0, 0}) {
		t.Errorf("bundle %x", got)
	}
	if _, err := audit.ParseEntries(make([]byte, 2*257)); err == nil {
		t.Error("257 leaves accepted")
	}
}

func FuzzParseTilePath(f *testing.F) {
	for _, path := range []string{"tile/0/000", "/tile/entries/x001/234.p/17", "tile/7/x999/999", "tile/0/000.p/256", "tile/data/000"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p, err := audit.ParseTilePath(path)
		if err != nil {
			return
		}
		if p.String() != strings.TrimPrefix(path, "/") {
			t.Errorf("%q comes back as %q", path, p)
		}
		if p.Level < audit.Entries || p.Level > 7 || p.N < 0 || p.Width < 1 || p.Width > 256 {
			t.Errorf("%q accepted as %+v", path, p)
		}
		if p.Within(0) {
			t.Errorf("%q is in an empty log", path)
		}
	})
}

func FuzzParseEntries(f *testing.F) {
	f.Add(audit.EntriesTile([][]byte{[]byte("a"), []byte("bc")}))
	f.Add(binary.BigEndian.AppendUint16(nil, 65535))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		leaves, err := audit.ParseEntries(bundle)
		if err == nil && !bytes.Equal(audit.EntriesTile(leaves), bundle) {
			t.Errorf("%x reads as %x", bundle, leaves)
		}
		if len(leaves) > 256 {
			t.Errorf("%d leaves", len(leaves))
		}
	})
}
