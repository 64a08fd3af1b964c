package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
)

// MaxReceipt is the longest receipt read, in bytes.
const MaxReceipt = 1 << 20

// Receipt proves to whoever holds the log's verifier key, without asking anybody, that a decision is in the log as it
// reads here. It is handed to the customer and to the carrier. Its JSON is read with [ParseReceipt].
type Receipt struct {
	Decision   truename.Decision `json:"decision"`   // with its salt
	Leaf       string            `json:"leaf"`       // the leaf's data
	Index      int64             `json:"index"`      // of the leaf in the log
	Checkpoint string            `json:"checkpoint"` // a signed note that covers the leaf
	Proof      []tlog.Hash       `json:"proof"`      // of inclusion, RFC 6962, from the leaf up
}

// NewReceipt makes the receipt of a decision, given its leaf and a checkpoint that covers it. r reads the log's hashes.
func NewReceipt(d truename.Decision, leaf, checkpoint []byte, r tlog.HashReader) (Receipt, error) {
	head, err := peekCheckpoint(checkpoint)
	if err != nil {
		return Receipt{}, err
	}
	proof, err := Inclusion(head.Size, d.Leaf, r)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Decision: d, Leaf: string(leaf), Index: d.Leaf, Checkpoint: string(checkpoint), Proof: proof}, nil
}

// Verify checks the whole receipt offline: the log's signature on the checkpoint, the leaf's place under it, and that
// the leaf commits to the decision.
func (r Receipt) Verify(vkey string) error {
	head, err := OpenCheckpoint([]byte(r.Checkpoint), vkey)
	if err != nil {
		return err
	}
	const ask = "Ask the operator for a new receipt; keep this one if that differs."
	if r.Index != r.Decision.Leaf {
		return invalid("The receipt is about another leaf than the decision's.", ask, nil)
	}
	if r.Index < 0 || r.Index >= head.Size {
		return invalid(fmt.Sprintf("The receipt's checkpoint covers %d leaves, not leaf %d.", head.Size, r.Index), ask, nil)
	}
	if err := tlog.CheckRecord(r.Proof, head.Size, head.Root, r.Index, tlog.RecordHash([]byte(r.Leaf))); err != nil {
		return invalid(fmt.Sprintf("Leaf %d is not in the log that was signed.", r.Index), ask, err)
	}
	entry, err := ParseLeaf([]byte(r.Leaf))
	if err != nil {
		return err
	}
	if entry.Kind != KindDecision {
		return invalid("The receipt's leaf is not about a decision.", ask, nil)
	}
	payload, err := DecisionPayload(r.Decision)
	if err != nil {
		return invalid("The receipt's decision has no canonical form.", ask, err)
	}
	return Open([]byte(r.Leaf), payload, r.Decision.Salt)
}

// ExportedReceipt makes the receipt of a decision out of an export, without asking anybody, and verifies it: whether the decision is
// in the log as it reads here. The decision is the one that the operator shows, with its salt and the index of its leaf.
func ExportedReceipt(dir fs.FS, vkey string, d truename.Decision) (Receipt, error) {
	signed, head, err := exportedHead(dir, vkey)
	if err != nil {
		return Receipt{}, err
	}
	if d.Leaf < 0 || d.Leaf >= head.Size {
		return Receipt{}, invalid(fmt.Sprintf("The export covers %d leaves, not leaf %d.", head.Size, d.Leaf), "Take an export that is newer than the decision.", nil)
	}
	leaf, err := exportedLeaf(dir, head.Size, d.Leaf)
	if err != nil {
		return Receipt{}, err
	}
	// The reader believes a tile only as far as the signed root vouches for it.
	proof, err := tlog.ProveRecord(head.Size, d.Leaf, tlog.TileHashReader(tlog.Tree{N: head.Size, Hash: head.Root}, exportedTiles{dir}))
	if err != nil {
		return Receipt{}, invalid(fmt.Sprintf("The export's tiles do not lead from leaf %d to the signed root.", d.Leaf), "Verify the whole export: it says what is damaged.", err)
	}
	r := Receipt{Decision: d, Leaf: string(leaf), Index: d.Leaf, Checkpoint: string(signed), Proof: proof}
	if err := r.Verify(vkey); err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// exportedLeaf reads a leaf out of an export. What it gives is not verified.
func exportedLeaf(dir fs.FS, size, index int64) ([]byte, error) {
	n := index / TileWidth
	path := TilePath{Level: Entries, N: n, Width: widthAt(size, 0, n)}.String()
	bundle, err := readBounded(dir, path, maxBundle)
	if err == nil {
		// Damage behind the leaf is not this leaf's.
		if leaves, _ := ParseEntries(bundle); index%TileWidth < int64(len(leaves)) {
			return leaves[index%TileWidth], nil
		}
	}
	return nil, invalid(fmt.Sprintf("The export lacks leaf %d.", index), "Verify the whole export: it says what is damaged.", err)
}

// ParseReceipt reads a receipt from untrusted JSON. What this version does not know, and so would not verify, is
// refused, and so is a field that appears twice, in whatever case: two readers must not see two decisions.
func ParseReceipt(data []byte) (Receipt, error) { return parseStrict[Receipt](data, "receipt") }

// ParseDecision reads a decision, as the API gives it, from untrusted JSON, as strictly as [ParseReceipt].
func ParseDecision(data []byte) (truename.Decision, error) {
	return parseStrict[truename.Decision](data, "decision")
}

func parseStrict[T any](data []byte, what string) (T, error) {
	remedy := "Pass the " + what + " as it was issued; that of a later version needs a later version."
	var v, none T
	if len(data) > MaxReceipt {
		return none, invalid("The "+what+" is longer than 1 MiB.", remedy, nil)
	}
	if err := checkKeys(data); err != nil {
		return none, invalid("This is not a "+what+".", remedy, err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return none, invalid("This is not a "+what+".", remedy, err)
	}
	return v, nil
}

// checkKeys reads one JSON value to its end and refuses an object with two keys that differ in case at most.
func checkKeys(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	type object struct {
		seen map[string]bool // nil: an array
		key  bool            // a key comes next
	}
	var open []object
	for first := true; first || len(open) > 0; first = false {
		token, err := d.Token()
		if err != nil {
			return err
		}
		var in *object
		if len(open) > 0 && open[len(open)-1].seen != nil {
			in = &open[len(open)-1]
		}
		if key, ok := token.(string); ok && in != nil && in.key {
			folded := strings.ToLower(key)
			if in.seen[folded] {
				return errors.New("a field appears twice")
			}
			in.seen[folded], in.key = true, false
			continue
		}
		switch token {
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			continue
		}
		if in != nil {
			in.key = true // after this value
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{seen: map[string]bool{}, key: true})
		case json.Delim('['):
			open = append(open, object{})
		}
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows")
	}
	return nil
}
