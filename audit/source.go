package audit

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"
)

// Source is a stored log. Within the size once given it never changes.
type Source interface {
	// Size gives the number of leaves.
	Size(ctx context.Context) (int64, error)
	// Leaves gives the data of the leaves from (inclusive) to (exclusive), in order.
	Leaves(ctx context.Context, from, to int64) ([][]byte, error)
	// ReadHashes gives stored hashes by storage index.
	tlog.HashReader
	// Checkpoint gives a signed checkpoint of at most the present size.
	Checkpoint(ctx context.Context) ([]byte, error)
}

// peekCheckpoint reads a checkpoint of our own without its key; who verifies uses [OpenCheckpoint].
func peekCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, err := splitNote(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	return parseCheckpoint(string(text))
}
