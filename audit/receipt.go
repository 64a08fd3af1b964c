package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// ParseReceipt reads a receipt from untrusted JSON. What this version does not know, and so would not verify, is
// refused, and so is a field that appears twice, in whatever case: two readers must not see two decisions.
func ParseReceipt(data []byte) (Receipt, error) {
	const remedy = "Pass the receipt as it was issued; a later version's receipt needs a later version."
	if len(data) > MaxReceipt {
		return Receipt{}, invalid("The receipt is longer than 1 MiB.", remedy, nil)
	}
	if err := checkKeys(data); err != nil {
		return Receipt{}, invalid("This is not a receipt.", remedy, err)
	}
	var r Receipt
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Receipt{}, invalid("This is not a receipt.", remedy, err)
	}
	return r, nil
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
		return errors.New("something follows the receipt")
	}
	return nil
}
