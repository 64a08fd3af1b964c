package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Hashes gives stored hashes by their storage index (see tlog.StoredHashIndex), one for each, in the order asked for.
type Hashes interface{ tlog.HashReader }

// Append gives the hashes to store for a new leaf at the end of a log of the given size: at storage indexes
// tlog.StoredHashIndex(0, size) and following. r reads the hashes stored so far.
func Append(size int64, leaf []byte, r tlog.HashReader) ([]tlog.Hash, error) {
	if size < 0 || size > maxSize {
		return nil, badRequest("The audit log's size is out of range.", "Pass the number of leaves stored.")
	}
	if len(leaf) > MaxLeaf {
		return nil, badRequest("The audit leaf is longer than 65,535 bytes.", "Commit to the content instead of including it.")
	}
	hashes, err := tlog.StoredHashes(size, leaf, r)
	if err != nil {
		return nil, unreadable(err)
	}
	return hashes, nil
}

// Root gives the root hash of the log's first size leaves; of none, SHA-256 of nothing (RFC 6962).
func Root(size int64, r tlog.HashReader) (tlog.Hash, error) {
	if size < 0 || size > maxSize {
		return tlog.Hash{}, badRequest("The audit log's size is out of range.", "Pass a size between 0 and that of the log.")
	}
	root, err := tlog.TreeHash(size, r)
	if err != nil {
		return tlog.Hash{}, unreadable(err)
	}
	return root, nil
}

// Inclusion gives the proof that the log's first size leaves hold the one at index (RFC 6962, 2.1.1).
func Inclusion(size, index int64, r tlog.HashReader) ([]tlog.Hash, error) {
	if index < 0 || index >= size || size > maxSize {
		return nil, badRequest(fmt.Sprintf("A log of %d leaves has no leaf %d.", size, index), "Ask for an index below the size, or for a larger size.")
	}
	proof, err := tlog.ProveRecord(size, index, r)
	if err != nil {
		return nil, unreadable(err)
	}
	return proof, nil
}

// Consistency gives the proof that the log of newer leaves begins with the log of older leaves (RFC 6962, 2.1.2). It is
// empty when older is 0: every log begins with nothing.
func Consistency(older, newer int64, r tlog.HashReader) ([]tlog.Hash, error) {
	if older < 0 || newer < older || newer > maxSize {
		return nil, badRequest(fmt.Sprintf("There is no proof from size %d to size %d.", older, newer), "Give the smaller size first.")
	}
	if older == 0 {
		return nil, nil
	}
	proof, err := tlog.ProveTree(newer, older, r)
	if err != nil {
		return nil, unreadable(err)
	}
	return proof, nil
}

// CheckConsistency checks a proof of [Consistency] between two verified checkpoints.
func CheckConsistency(older, newer Checkpoint, proof []tlog.Hash) error {
	const detail, remedy = "The newer checkpoint does not continue the older one.", "Keep both: together they show that the log was rewritten."
	switch {
	case older.Origin != newer.Origin:
		return invalid("The two checkpoints are of different logs.", "Compare checkpoints of one origin.", nil)
	case older.Size > newer.Size:
		return invalid("The newer checkpoint covers fewer leaves.", remedy, nil)
	case older.Size == 0:
		empty, err := tlog.TreeHash(0, nil)
		if err != nil || older.Root != empty || len(proof) != 0 {
			return invalid(detail, remedy, err)
		}
		return nil
	}
	if err := tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return invalid(detail, remedy, err)
	}
	return nil
}

// maxSize keeps storage indexes, which are twice as many, within 63 bits.
const maxSize = 1 << 61
