package audit

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// TileHeight is the height of tiles: 2^8 hashes in a full one.
	TileHeight = 8
	// TileWidth is the number of hashes in a full tile, and of leaves in a full entry bundle.
	TileWidth = 1 << TileHeight
	// Entries is the level of an entry bundle in a [TilePath].
	Entries = -1
	// CheckpointPath is where the newest checkpoint is served.
	CheckpointPath = "checkpoint"

	// maxLevel is the highest level with tiles: 61 bits of leaves.
	maxLevel = 7
	// maxBundle is the longest entry bundle in bytes.
	maxBundle = TileWidth * (2 + MaxLeaf)
)

// TilePath names a resource of the log by C2SP tlog-tiles.
type TilePath struct {
	Level int   // 0 to 7: a tile of hashes; [Entries]: an entry bundle
	N     int64 // index within the level
	Width int   // 1 to 255: a partial one; 256: a full one
}

// String gives the path without leading slash: "tile/0/x001/234", "tile/entries/000.p/17".
func (p TilePath) String() string {
	// The library writes the paths of an older layout, "tile/<height>/<level>/…" and "data" for entries.
	path := strings.TrimPrefix(tlog.Tile{H: TileHeight, L: p.Level, N: p.N, W: p.Width}.Path(), "tile/8/")
	if rest, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + rest
	}
	return "tile/" + path
}

// ParseTilePath reads an untrusted path, with or without a leading slash. It accepts exactly what [TilePath.String]
// writes.
func ParseTilePath(untrusted string) (TilePath, error) {
	const longest = 64
	path := strings.TrimPrefix(untrusted, "/")
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > longest {
		return TilePath{}, noTile()
	}
	if n, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + n
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil {
		return TilePath{}, noTile()
	}
	p := TilePath{Level: t.L, N: t.N, Width: t.W}
	if p.Level > maxLevel || p.N < 0 || p.N > maxSize>>TileHeight || p.String() != path {
		return TilePath{}, noTile()
	}
	return p, nil
}

// Within says whether a log of the given size has this resource, full or as one of its partial forms.
func (p TilePath) Within(size int64) bool {
	return p.Width >= 1 && p.Width <= widthAt(size, max(p.Level, 0), p.N)
}

// widthAt gives how many hashes tile n of a level holds in a log of the given size: 0 to 256.
func widthAt(size int64, level int, n int64) int {
	if level < 0 || level > maxLevel || n < 0 || n > maxSize>>TileHeight {
		return 0
	}
	hashes := size>>(TileHeight*level) - n<<TileHeight
	return int(min(max(hashes, 0), TileWidth))
}

// Tile renders a tile of hashes: width times 32 bytes. The caller checks with [TilePath.Within] that the log has it.
func Tile(ctx context.Context, r tlog.HashReader, level int, n int64, width int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if level < 0 || level > maxLevel || n < 0 || n > maxSize>>TileHeight || width < 1 || width > TileWidth {
		return nil, noTile()
	}
	data, err := tlog.ReadTileData(tlog.Tile{H: TileHeight, L: level, N: n, W: width}, r)
	if err != nil {
		return nil, unreadable(err)
	}
	return data, nil
}

// EntriesTile renders an entry bundle: each leaf after its length in 16 bits, big-endian. It panics on a leaf longer
// than [MaxLeaf], which [Append] never lets into a log.
func EntriesTile(leaves [][]byte) []byte {
	size := 0
	for _, leaf := range leaves {
		size += 2 + len(leaf)
	}
	out := make([]byte, 0, size)
	for _, leaf := range leaves {
		if len(leaf) > MaxLeaf {
			panic(fmt.Sprintf("audit: a leaf of %d bytes", len(leaf)))
		}
		out = binary.BigEndian.AppendUint16(out, uint16(len(leaf)))
		out = append(out, leaf...)
	}
	return out
}

// ParseEntries reads an entry bundle of at most 256 leaves. The leaves are parts of bundle. On an error it gives the
// leaves before the damage as well.
func ParseEntries(bundle []byte) ([][]byte, error) {
	var leaves [][]byte
	for len(bundle) > 0 {
		if len(leaves) == TileWidth {
			return leaves, invalid("The entry bundle holds more than 256 leaves.", "Export the log again.", nil)
		}
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return leaves, invalid("The entry bundle ends in the middle of a leaf.", "Export the log again.", nil)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		leaves = append(leaves, bundle[2:end:end])
		bundle = bundle[end:]
	}
	return leaves, nil
}

func noTile() error {
	return badRequest("There is no such tile.", "Ask for tile/<level>/<n>[.p/<width>] or tile/entries/<n>[.p/<width>] within the checkpoint's size.")
}
