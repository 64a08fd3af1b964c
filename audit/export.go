package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"truename"
)

// historyDir is where an export keeps every checkpoint it was ever made for, each named by its size.
const historyDir = "checkpoints"

// Export writes the log up to its newest checkpoint into a directory, in the layout of C2SP tlog-tiles: a web server
// can serve it as it is. The directory is made when it is not there. It may hold an earlier export of the same log,
// whose checkpoints stay and are checked by [VerifyExport]; when that was of a longer log, the export is refused.
func Export(ctx context.Context, dir string, src Source) (Checkpoint, error) {
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
	// The checkpoint comes last: an interrupted export is not taken for a whole one.
	for _, name := range []string{path.Join(historyDir, fmt.Sprint(head.Size)), CheckpointPath} {
		if err := writeWhole(root, name, signed); err != nil {
			return Checkpoint{}, err
		}
	}
	return head, nil
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

func exportEntries(ctx context.Context, root *os.Root, src Source, size int64) error {
	for n := int64(0); widthAt(size, 0, n) > 0; n++ {
		p := TilePath{Level: Entries, N: n, Width: widthAt(size, 0, n)}
		from := n * TileWidth
		leaves, err := src.Leaves(ctx, from, from+int64(p.Width))
		if err != nil {
			return unreadable(err)
		}
		if len(leaves) != p.Width {
			return invalid(fmt.Sprintf("The log has no leaf %d.", from+int64(len(leaves))), "Leaves are lost: restore the database from a backup.", nil)
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

func exportTiles(ctx context.Context, root *os.Root, src Source, size int64) error {
	for level := 0; widthAt(size, level, 0) > 0; level++ {
		for n := int64(0); widthAt(size, level, n) > 0; n++ {
			p := TilePath{Level: level, N: n, Width: widthAt(size, level, n)}
			data, err := Tile(ctx, src, level, n, p.Width)
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
