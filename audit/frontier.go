package audit

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is the right edge of a growing tree: the roots of its complete subtrees, largest first, one for each bit
// that is set in the size. It recomputes the whole tree in one pass without holding it.
type frontier struct {
	size  int64
	roots []tlog.Hash
}

// push appends a leaf's hash and gives every node that it completes, from the leaf up. index counts within the level.
func (f *frontier) push(leaf tlog.Hash, node func(level int, index int64, h tlog.Hash)) {
	h := leaf
	node(0, f.size, h)
	for level := 1; level <= bits.TrailingZeros64(uint64(f.size+1)); level++ {
		last := len(f.roots) - 1
		h = tlog.NodeHash(f.roots[last], h)
		f.roots = f.roots[:last]
		node(level, f.size>>level, h)
	}
	f.roots = append(f.roots, h)
	f.size++
}

// root gives the tree's root hash (RFC 6962, 2.1).
func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // reads nothing, cannot fail
		return empty
	}
	last := len(f.roots) - 1
	h := f.roots[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(f.roots[i], h)
	}
	return h
}
