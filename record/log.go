package record

import (
	"context"
	"database/sql"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
	"truename/audit"
)

// maxLeaves is how many leaves can be read at once.
const maxLeaves = 1 << 16

// appendLeaves appends to the audit log and gives the index of the first leaf. Writers wait here for each other.
func (s *Store) appendLeaves(ctx context.Context, tx querier, leaves []truename.Leaf) (first int64, err error) {
	if len(leaves) == 0 {
		return 0, nil
	}
	var last int64
	if err := tx.QueryRowContext(ctx, "SELECT size, last_at FROM log_head WHERE id = 1"+s.engine.Lock).Scan(&first, &last); err != nil {
		return 0, err
	}
	fresh := map[int64]tlog.Hash{} // hashes of this very transaction
	stored := hashReader{ctx, tx, fresh}
	var hashes, rows []any
	for i, leaf := range leaves {
		size := first + int64(i)
		added, err := audit.Append(size, leaf.Data, stored)
		if err != nil {
			return 0, err
		}
		from := tlog.StoredHashCount(size)
		for j, h := range added {
			fresh[from+int64(j)] = h
			hashes = append(hashes, from+int64(j), h[:])
		}
		rows = append(rows, size, leaf.Data, micros(leaf.At))
		last = max(last, micros(leaf.At))
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO log_leaf (position, data, at) VALUES "+tuples(len(rows)/3, 3), rows...); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO log_hash (position, hash) VALUES "+tuples(len(hashes)/2, 2), hashes...); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE log_head SET size = $1, last_at = $2 WHERE id = 1", first+int64(len(leaves)), last)
	return first, err
}

// hashReader reads the tree's hashes out of a transaction or the database.
type hashReader struct {
	ctx   context.Context
	q     querier
	fresh map[int64]tlog.Hash
}

// ReadHashes gives hashes by stored index.
func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make(map[int64]tlog.Hash, len(indexes))
	var missing []any
	for _, i := range indexes {
		if h, ok := r.fresh[i]; ok {
			found[i] = h
		} else {
			missing = append(missing, i)
		}
	}
	for len(missing) > 0 {
		n := min(len(missing), 500)
		if err := r.query(missing[:n], found); err != nil {
			return nil, err
		}
		missing = missing[n:]
	}
	hashes := make([]tlog.Hash, len(indexes))
	for n, i := range indexes {
		h, ok := found[i]
		if !ok {
			return nil, notFound()
		}
		hashes[n] = h
	}
	return hashes, nil
}

func (r hashReader) query(indexes []any, into map[int64]tlog.Hash) error {
	rows, err := r.q.QueryContext(r.ctx, "SELECT position, hash FROM log_hash WHERE position IN "+list(1, len(indexes)), indexes...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int64
		var h []byte
		if err := rows.Scan(&i, &h); err != nil {
			return err
		}
		if len(h) == tlog.HashSize {
			into[i] = tlog.Hash(h)
		}
	}
	return rows.Err()
}

// LogHashes reads the stored hashes of the audit log's tree. They never change once written.
func (s *Store) LogHashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := hashReader{ctx, s.engine.Read, nil}.ReadHashes(indexes)
		return hashes, s.fail(err)
	})
}

// Log is the audit log as package audit reads it: [audit.Source].
type Log struct {
	store *Store
	ctx   context.Context
}

var _ audit.Source = Log{}

// Log gives the audit log to be read; ctx is that of reading hashes.
func (s *Store) Log(ctx context.Context) Log { return Log{s, ctx} }

// Size is [Store.LogSize].
func (l Log) Size(ctx context.Context) (int64, error) { return l.store.LogSize(ctx) }

// Leaves is [Store.Leaves].
func (l Log) Leaves(ctx context.Context, from, to int64) ([][]byte, error) {
	return l.store.Leaves(ctx, from, to)
}

// ReadHashes reads stored hashes by index.
func (l Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	return l.store.LogHashes(l.ctx).ReadHashes(indexes)
}

// Checkpoint gives the note of the newest checkpoint.
func (l Log) Checkpoint(ctx context.Context) ([]byte, error) {
	c, err := l.store.Checkpoint(ctx)
	return c.Note, err
}

// LogSize gives the number of leaves in the audit log.
func (s *Store) LogSize(ctx context.Context) (int64, error) {
	var size int64
	err := s.engine.Read.QueryRowContext(ctx, "SELECT size FROM log_head WHERE id = 1").Scan(&size)
	return size, s.fail(err)
}

// Leaves reads the data of the leaves from index from up to, and without, index to. At most 65,536 can be read at once;
// leaves beyond the end are not found.
func (s *Store) Leaves(ctx context.Context, from, to int64) ([][]byte, error) {
	if from < 0 || to < from || to-from > maxLeaves {
		return nil, &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "The range of leaves is not possible or too long.", Remedy: "Ask for at most 65,536 leaves at once."}
	}
	leaves, err := all(ctx, s.engine.Read, scanBytes, "SELECT data FROM log_leaf WHERE position >= $1 AND position < $2 ORDER BY position", from, to)
	if err == nil && int64(len(leaves)) != to-from {
		err = notFound()
	}
	if err != nil {
		return nil, s.fail(err)
	}
	return leaves, nil
}

// LeafAt reads a leaf.
func (s *Store) LeafAt(ctx context.Context, index int64) (truename.Leaf, error) {
	leaf, err := must(ctx, s.engine.Read, func(row scanner) (l truename.Leaf, err error) {
		var at int64
		err = row.Scan(&l.Data, &at)
		l.At = timeOf(at)
		return l, err
	}, "SELECT data, at FROM log_leaf WHERE position = $1", index)
	return leaf, s.fail(err)
}

// Checkpoint is a signed statement about the audit log at a size.
type Checkpoint struct {
	Size int64
	Note []byte // signed note (C2SP tlog-checkpoint)
}

// SaveCheckpoint keeps a checkpoint. One of the same size, with more signatures, takes its place.
func (s *Store) SaveCheckpoint(ctx context.Context, size int64, note []byte) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO log_checkpoint (size, note) VALUES ($1, $2) ON CONFLICT (size) DO UPDATE SET note = excluded.note", size, note)
		return err
	})
}

// Checkpoint reads the checkpoint of the greatest size; none is not found.
func (s *Store) Checkpoint(ctx context.Context) (Checkpoint, error) {
	c, err := must(ctx, s.engine.Read, scanCheckpoint, "SELECT size, note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
	return c, s.fail(err)
}

// Checkpoints reads all checkpoints, by size.
func (s *Store) Checkpoints(ctx context.Context) ([]Checkpoint, error) {
	list, err := all(ctx, s.engine.Read, scanCheckpoint, "SELECT size, note FROM log_checkpoint ORDER BY size")
	return list, s.fail(err)
}

func scanCheckpoint(row scanner) (Checkpoint, error) {
	var c Checkpoint
	return c, row.Scan(&c.Size, &c.Note)
}
