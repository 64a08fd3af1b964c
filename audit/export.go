package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"truename"
)

// historyDir is where an export keeps every checkpoint it was ever made for, each named by its size.
const historyDir = "checkpoints"

// Export writes the log up to its newest checkpoint into a directory, in the layout of C2SP tlog-tiles: a web server
// can serve it as it is. The directory is made when it is not there. It may hold an earlier export of the same log,
// whose checkpoints stay and are checked by [VerifyExport]; when that was of a longer log, or one of its checkpoints says
// something else, the export is refused.
//
// earlier are stored checkpoints to be exported with it, each a file: the more there are, the closer an auditor can say where a
// log was rewritten that no longer leads to its signed root. Who has very many passes some of them.
func Export(ctx context.Context, dir string, src Source, earlier ...[]byte) (Checkpoint, error) {
	signed, err := src.Checkpoint(ctx)
	if err != nil {
		return Checkpoint{}, unreadable(err)
	}
	head, err := peekCheckpoint(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	size, err := src.Size(ctx)
	if err != nil {
		return Checkpoint{}, unreadable(err)
	}
	if size < head.Size {
		return Checkpoint{}, invalid(fmt.Sprintf("The log has %d leaves, its checkpoint says %d.", size, head.Size), "Leaves are lost: restore the database from a backup.", nil)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Checkpoint{}, unwritable(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Checkpoint{}, unwritable(err)
	}
	defer root.Close()
	if err := refuseShorter(root.FS(), head.Size); err != nil {
		return Checkpoint{}, err
	}
	if err := exportEntries(ctx, root, src, head.Size); err != nil {
		return Checkpoint{}, err
	}
	if err := exportTiles(ctx, root, src, head.Size); err != nil {
		return Checkpoint{}, err
	}
	for _, c := range append(slices.Clone(earlier), signed) {
		if err := keep(root, c, head.Size); err != nil {
			return Checkpoint{}, err
		}
	}
	// The checkpoint comes last: an interrupted export is not taken for a whole one.
	return head, writeWhole(root, CheckpointPath, signed)
}

// refuseShorter fails when the directory holds a checkpoint of a longer log.
func refuseShorter(dir fs.FS, size int64) error {
	known, err := history(dir)
	if err != nil {
		return unwritable(err)
	}
	for _, c := range known {
		if head, err := peekCheckpoint(c.signed); err == nil && head.Size > size {
			return &truename.Error{Kind: truename.KindConflict, Code: CodeAuditInvalid,
				Detail: fmt.Sprintf("The directory holds a checkpoint of %d leaves, the log's newest one covers %d.", head.Size, size),
				Remedy: "If it is the same log, leaves are lost: keep the directory. Else export into an empty one."}
		}
	}
	return nil
}

// keep puts a checkpoint into the history. One of the same size that is there already stays, when it says something else: it
// proves that the log was rewritten.
func keep(root *os.Root, signed []byte, size int64) error {
	c, err := peekCheckpoint(signed)
	if err != nil {
		return err
	}
	if c.Size > size {
		return invalid(fmt.Sprintf("A stored checkpoint covers %d leaves, the newest one %d.", c.Size, size), "Checkpoints or leaves are lost: restore the database from a backup.", nil)
	}
	name := path.Join(historyDir, fmt.Sprint(c.Size))
	old, err := readBounded(root.FS(), name, maxCheckpoint)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritable(err)
	}
	if err == nil {
		if was, err := peekCheckpoint(old); err != nil || was != c {
			return &truename.Error{Kind: truename.KindConflict, Code: CodeAuditInvalid, Cause: err,
				Detail: fmt.Sprintf("The directory holds another checkpoint of %d leaves than the log.", c.Size),
				Remedy: "If it is the same log, it was rewritten: keep the directory, and export into an empty one."}
		}
	}
	return writeWhole(root, name, signed)
}

func exportEntries(ctx context.Context, root *os.Root, src Source, size int64) error {
	for n := int64(0); widthAt(size, 0, n) > 0; n++ {
		p := TilePath{Level: Entries, N: n, Width: widthAt(size, 0, n)}
		from := n * TileWidth
		leaves, err := readLeaves(ctx, src, from, p.Width)
		if err != nil {
			return err
		}
		for i, leaf := range leaves {
			if len(leaf) > MaxLeaf {
				return invalid(fmt.Sprintf("Leaf %d is longer than a leaf can be.", from+int64(i)), "It was altered: restore the database from a backup.", nil)
			}
		}
		if err := write(root, p.String(), EntriesTile(leaves)); err != nil {
			return err
		}
	}
	return nil
}

// readLeaves reads leaves of the log, and names the first that is not there.
func readLeaves(ctx context.Context, src Source, from int64, width int) ([][]byte, error) {
	leaves, err := src.Leaves(ctx, from, from+int64(width))
	switch {
	case isNotFound(err) && width > 1:
		half := width / 2
		if leaves, err = readLeaves(ctx, src, from, half); err != nil {
			return nil, err
		}
		rest, err := readLeaves(ctx, src, from+int64(half), width-half)
		return append(leaves, rest...), err
	case isNotFound(err):
	case err != nil:
		return nil, unreadable(err)
	case len(leaves) == width:
		return leaves, nil
	}
	return nil, invalid(fmt.Sprintf("The log has no leaf %d.", from+int64(len(leaves))), "Leaves are lost: restore the database from a backup.", err)
}

func exportTiles(ctx context.Context, root *os.Root, src Source, size int64) error {
	for level := 0; widthAt(size, level, 0) > 0; level++ {
		for n := int64(0); widthAt(size, level, n) > 0; n++ {
			p := TilePath{Level: level, N: n, Width: widthAt(size, level, n)}
			data, err := Tile(ctx, src, level, n, p.Width)
			if isNotFound(err) {
				return invalid(fmt.Sprintf("Hashes of the log are lost: %s cannot be made.", p), "Restore the database from a backup.", err)
			}
			if err != nil {
				return err
			}
			if err := write(root, p.String(), data); err != nil {
				return err
			}
		}
	}
	return nil
}

func write(root *os.Root, name string, data []byte) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return unwritable(err)
	}
	if err := root.WriteFile(name, data, 0o644); err != nil {
		return unwritable(err)
	}
	return nil
}

// writeWhole writes a file that appears with its whole content or not at all.
func writeWhole(root *os.Root, name string, data []byte) error {
	part := name + ".part"
	if err := write(root, part, data); err != nil {
		return err
	}
	if err := root.Rename(part, name); err != nil {
		return unwritable(err)
	}
	return nil
}

// kept is a checkpoint out of an export's history.
type kept struct {
	path   string
	signed []byte
}

// history reads the checkpoints that an export keeps.
func history(dir fs.FS) ([]kept, error) {
	files, err := fs.ReadDir(dir, historyDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, f := range files {
		name := path.Join(historyDir, f.Name())
		if !f.Type().IsRegular() || path.Ext(name) == ".part" {
			continue
		}
		signed, err := readBounded(dir, name, maxCheckpoint)
		if err != nil {
			return nil, err
		}
		all = append(all, kept{name, signed})
	}
	return all, nil
}

func unwritable(err error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords,
		Detail: "The export's directory cannot be used.", Remedy: "Check its permissions and the space on its disk, and export again.", Cause: err}
}
