package audit

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// VerifyExport verifies an export offline. It recomputes every leaf hash from the entries, every tile, and the root
// that the checkpoint signs; it checks that the export's earlier checkpoints and the trusted ones (from receipts,
// witnesses, or kept by the auditor) are of the same history; and it names the first bad leaf.
//
// Without a trusted checkpoint it cannot know that a log was cut back to an older state if every newer checkpoint was
// removed with it. The report is filled as far as verification came; the error is nil only when everything holds.
func VerifyExport(dir fs.FS, vkey string, trusted ...[]byte) (Report, error) {
	_, head, err := exportedHead(dir, vkey)
	if err != nil {
		return Report{}, err
	}
	v := &verification{dir: dir, head: head, report: Report{Origin: head.Origin, Size: head.Size, Root: head.Root}}
	v.known = []known{{CheckpointPath, false, head}}
	for i, t := range trusted {
		c, err := OpenCheckpoint(t, vkey)
		if err != nil {
			return v.report, fmt.Errorf("trusted checkpoint %d: %w", i+1, err)
		}
		v.known = append(v.known, known{fmt.Sprintf("trusted checkpoint %d", i+1), true, c})
	}
	v.readHistory(vkey)
	v.readTree()
	v.judge()
	v.checkOtherFiles()
	v.report.sort()
	return v.report, v.report.err()
}

// exportedHead reads an export's checkpoint and verifies its signature.
func exportedHead(dir fs.FS, vkey string) ([]byte, Checkpoint, error) {
	signed, err := readBounded(dir, CheckpointPath, maxCheckpoint)
	if err != nil {
		return nil, Checkpoint{}, invalid("The export has no readable checkpoint.", "Point at the directory that holds the file \"checkpoint\".", err)
	}
	head, err := OpenCheckpoint(signed, vkey)
	return signed, head, err
}

// known is a checkpoint whose signature is verified.
type known struct {
	name    string
	trusted bool // it comes from outside the export
	Checkpoint
}

// verification is one pass over an export.
type verification struct {
	dir    fs.FS
	head   Checkpoint
	known  []known // compared with the tree as it grows, by size
	report Report

	tree frontier
	// rows are the hashes of the tile being filled, by level.
	rows [maxLevel + 1][]tlog.Hash
	// doubts are differences between tiles and what lies below them that the signature could not settle on the spot.
	doubts []doubt
	// agreed are the checkpoints that the tree leads to, forks the others of its sizes; both by size.
	agreed, forks []known
	whole         bool // every leaf's hash was there, so the root could be computed
}

// doubt is a hash in a tile that is not the one computed.
type doubt struct {
	path     string
	from, to int64
}

func (v *verification) problem(path string, from, to int64, format string, args ...any) {
	if len(v.report.Problems) < maxProblems {
		v.report.Problems = append(v.report.Problems, Problem{path, from, to, fmt.Sprintf(format, args...)})
	}
}

func (v *verification) full() bool { return len(v.report.Problems)+len(v.doubts) >= maxProblems }

// readHistory opens the checkpoints that the export keeps.
func (v *verification) readHistory(vkey string) {
	all, err := history(v.dir)
	if err != nil {
		v.problem(historyDir, -1, -1, "The earlier checkpoints cannot be read.")
		return
	}
	for _, k := range all {
		c, err := OpenCheckpoint(k.signed, vkey)
		if err != nil {
			v.problem(k.path, -1, -1, "The checkpoint is not signed by the log's key.")
			continue
		}
		v.known = append(v.known, known{k.path, false, c})
	}
}

// readTree goes through the entries once, computing the tree and comparing it with tiles and checkpoints on the way.
func (v *verification) readTree() {
	slices.SortStableFunc(v.known, func(a, b known) int { return cmp.Compare(a.Size, b.Size) })
	waiting := v.compareCheckpoints(v.known)
	for n := int64(0); v.tree.size < v.head.Size; n++ {
		hashes := v.readLeaves(n)
		if hashes == nil || v.full() {
			return
		}
		for _, h := range hashes {
			v.tree.push(h, v.node)
			waiting = v.compareCheckpoints(waiting)
		}
	}
	v.whole = true
	for level := 1; level <= maxLevel; level++ {
		if len(v.rows[level]) > 0 {
			v.compareTile(level, v.tree.size>>(TileHeight*(level+1)))
		}
	}
	for _, k := range waiting { // larger than the export
		v.problem(k.name, v.head.Size, k.Size, "The log was cut back: this signed checkpoint covers %d leaves, the export %d.", k.Size, v.head.Size)
	}
}

// readLeaves gives the leaf hashes of bundle n: those of the entries, unless the signature proves that an entry is not
// the one that was signed; then the signed one, and the leaf is reported. It gives nil when neither entries nor tile
// tell a hash.
func (v *verification) readLeaves(n int64) []tlog.Hash {
	width := widthAt(v.head.Size, 0, n)
	from := n * TileWidth
	bundlePath := TilePath{Level: Entries, N: n, Width: width}.String()
	tilePath := TilePath{Level: 0, N: n, Width: width}.String()

	bundle, err := readBounded(v.dir, bundlePath, maxBundle)
	if err != nil {
		v.problem(bundlePath, from, from+1, "The entries cannot be read.")
	}
	leaves, damage := ParseEntries(bundle)
	tile, err := v.readTile(0, n, width)
	if err != nil {
		v.problem(tilePath, -1, -1, "The tile is missing or has the wrong length.")
	}

	hashes := make([]tlog.Hash, width)
	var differ []int
	for i := range width {
		switch {
		case i < len(leaves):
			hashes[i] = tlog.RecordHash(leaves[i])
			v.report.Leaves++
			if tile != nil && hashes[i] != tile[i] {
				differ = append(differ, i)
			}
		case tile != nil:
			hashes[i] = tile[i]
		default:
			v.problem(bundlePath, from+int64(i), from+int64(i)+1, "The leaf is missing, and so is the tile with its hash.")
			return nil
		}
	}
	if len(differ) > 0 {
		v.settle(from, differ, hashes, len(leaves) != width, bundlePath, tilePath)
	}
	switch {
	case bundle == nil, len(differ) > 0: // already said
	case len(leaves) < width:
		v.problem(bundlePath, from+int64(len(leaves)), from+int64(len(leaves))+1, "The leaf is missing or its length is damaged: %d of %d leaves are there.", len(leaves), width)
	case len(leaves) > width:
		v.problem(bundlePath, from+int64(width), from+int64(width)+1, "There are more leaves than the checkpoint covers.")
	case damage != nil:
		v.problem(bundlePath, from+int64(width), from+int64(width)+1, "Bytes follow the last leaf.")
	}
	return hashes
}

// settle decides, for leaves whose entry and tile differ, which of the two is the signed one, by the tiles above up to
// the signed root. Where it is the tile, the entry is bad beyond doubt; else the end of the pass decides. When a leaf
// was taken out or put in, all after it have moved, and only the first is reported.
func (v *verification) settle(from int64, differ []int, hashes []tlog.Hash, moved bool, bundlePath, tilePath string) {
	indexes := make([]int64, len(differ))
	for i, d := range differ {
		indexes[i] = tlog.StoredHashIndex(0, from+int64(d))
	}
	proven, err := v.signedHashes(indexes)
	for i, d := range differ {
		leaf := from + int64(d)
		if err == nil {
			hashes[d] = proven[i]
		}
		switch {
		case moved && i > 0:
		case err != nil:
			v.doubt(tilePath, leaf, leaf+1)
		case moved:
			v.problem(bundlePath, leaf, leaf+1, "The leaf is not the one that was signed; a leaf was removed or inserted here.")
		default:
			v.problem(bundlePath, leaf, leaf+1, "The leaf is not the one that was signed.")
		}
	}
}

func (v *verification) doubt(path string, from, to int64) {
	if len(v.doubts) < maxProblems {
		v.doubts = append(v.doubts, doubt{path, from, to})
	}
}

// node takes a node of the growing tree into the row of its level, and compares the row when its tile is full.
func (v *verification) node(level int, index int64, h tlog.Hash) {
	if level%TileHeight != 0 || level == 0 || level/TileHeight > maxLevel {
		return
	}
	level /= TileHeight
	v.rows[level] = append(v.rows[level], h)
	if len(v.rows[level]) == TileWidth {
		v.compareTile(level, index>>TileHeight)
	}
}

// compareTile compares tile n of a level, from 1 up, with the row computed for it.
func (v *verification) compareTile(level int, n int64) {
	row := v.rows[level]
	v.rows[level] = row[:0]
	path := TilePath{Level: level, N: n, Width: len(row)}.String()
	tile, err := v.readTile(level, n, len(row))
	if err != nil {
		v.problem(path, -1, -1, "The tile is missing or has the wrong length.")
		return
	}
	for i := range row {
		if row[i] != tile[i] {
			at := n<<TileHeight + int64(i)
			v.doubt(path, at<<(TileHeight*level), (at+1)<<(TileHeight*level))
		}
	}
}

// compareCheckpoints compares the tree with the checkpoints of its present size and gives those still to come.
func (v *verification) compareCheckpoints(waiting []known) []known {
	for len(waiting) > 0 && waiting[0].Size == v.tree.size {
		k := waiting[0]
		waiting = waiting[1:]
		v.report.Checkpoints++
		if v.tree.root() == k.Root {
			v.agreed = append(v.agreed, k)
		} else {
			v.forks = append(v.forks, k)
		}
	}
	return waiting
}

// judge settles what was left in doubt, now that it is known whether the entries lead to the signed root.
func (v *verification) judge() {
	authentic := v.whole && v.tree.root() == v.head.Root
	named := slices.ContainsFunc(v.report.Problems, func(p Problem) bool { return p.From >= 0 })
	for _, d := range v.doubts {
		switch {
		case authentic:
			v.problem(d.path, d.from, d.to, "The tile is damaged: the entries are the ones that were signed, the tile's hash is not theirs.")
		case d.to == d.from+1:
			v.problem(d.path, d.from, d.to, "The leaf and its hash in the tile differ, and neither leads to the signed root.")
		default:
			v.problem(d.path, d.from, d.to, "The leaves do not lead to the hash in the tile.")
		}
		named = true
	}
	for _, f := range v.forks {
		// That the tree misses checkpoints follows from a leaf already named; that the export's own checkpoint holds and
		// another does not is news: two histories were signed.
		if named && !authentic {
			continue
		}
		v.problem(f.name, v.agreedBelow(f.Size, authentic), f.Size, "The tree of %d leaves is not the one that this checkpoint signs.", f.Size)
	}
}

// agreedBelow gives the largest size, below the given one, up to which a checkpoint vouches for the tree. Between two
// signed histories the export's own checkpoints vouch for nothing: they belong to one of the two.
func (v *verification) agreedBelow(size int64, trustedOnly bool) int64 {
	var best int64
	for _, k := range v.agreed {
		if k.Size < size && (k.trusted || !trustedOnly) {
			best = k.Size
		}
	}
	return best
}

// checkOtherFiles looks at tiles that the checkpoint does not need: earlier partial ones must begin like the present
// ones, and there must be none beyond the checkpoint.
func (v *verification) checkOtherFiles() {
	err := fs.WalkDir(v.dir, "tile", func(name string, f fs.DirEntry, err error) error {
		if err != nil || v.full() {
			return cmp.Or(err, fs.SkipAll)
		}
		p, bad := ParseTilePath(name)
		if bad != nil || f.IsDir() {
			return nil
		}
		width := widthAt(v.head.Size, max(p.Level, 0), p.N)
		switch {
		case p.Width > width:
			from := (p.N<<TileHeight + int64(width)) << (TileHeight * max(p.Level, 0))
			v.problem(name, from, from+1, "The file goes beyond the checkpoint: the log was longer, or an export was interrupted.")
		case p.Width < width:
			v.compareEarlier(name, p, width)
		}
		return nil
	})
	if err != nil && !(v.head.Size == 0 && errors.Is(err, fs.ErrNotExist)) {
		v.problem("tile", -1, -1, "The directory cannot be read.")
	}
}

// compareEarlier checks that a partial file of an earlier size begins the present one.
func (v *verification) compareEarlier(name string, p TilePath, width int) {
	limit := maxBundle
	if p.Level != Entries {
		limit = p.Width * tlog.HashSize
	}
	earlier, err := readBounded(v.dir, name, limit)
	present, err2 := readBounded(v.dir, TilePath{Level: p.Level, N: p.N, Width: width}.String(), maxBundle)
	if err == nil && err2 == nil && bytes.HasPrefix(present, earlier) && v.holds(p, earlier) {
		return
	}
	v.problem(name, -1, -1, "The partial file of an earlier size does not begin the present one.")
}

// holds says whether a file has as many hashes or leaves as its name says.
func (v *verification) holds(p TilePath, data []byte) bool {
	if p.Level != Entries {
		return len(data) == p.Width*tlog.HashSize
	}
	leaves, err := ParseEntries(data)
	return err == nil && len(leaves) == p.Width
}

func (v *verification) readTile(level int, n int64, width int) ([]tlog.Hash, error) {
	data, err := readBounded(v.dir, TilePath{Level: level, N: n, Width: width}.String(), TileWidth*tlog.HashSize)
	if err != nil {
		return nil, err
	}
	if len(data) != width*tlog.HashSize {
		return nil, errors.New("a tile of the wrong length")
	}
	hashes := make([]tlog.Hash, width)
	for i := range hashes {
		copy(hashes[i][:], data[i*tlog.HashSize:])
	}
	return hashes, nil
}

// signedHashes reads hashes out of the tiles and proves them by the signed root.
func (v *verification) signedHashes(indexes []int64) ([]tlog.Hash, error) {
	r := tlog.TileHashReader(tlog.Tree{N: v.head.Size, Hash: v.head.Root}, exportedTiles{v.dir})
	return r.ReadHashes(indexes)
}

// exportedTiles is an export for the library, which checks what it reads.
type exportedTiles struct{ dir fs.FS }

func (exportedTiles) Height() int                     { return TileHeight }
func (exportedTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (e exportedTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		data, err := readBounded(e.dir, TilePath{Level: t.L, N: t.N, Width: t.W}.String(), TileWidth*tlog.HashSize)
		if err != nil {
			return nil, err
		}
		if len(data) != t.W*tlog.HashSize {
			return nil, errors.New("a tile of the wrong length")
		}
		out[i] = data
	}
	return out, nil
}

// readBounded reads a file that is at most limit bytes long.
func readBounded(dir fs.FS, name string, limit int) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, limit)
	}
	return data, nil
}
