package audit

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"truename"
)

// Publisher signs the head of one log as it grows, and never a head that does not continue those signed before: a log that was
// rewritten or cut back stays as it was last signed, for everybody to see. It is safe for concurrent use.
//
// What it holds the log against are the newest stored checkpoint and, in a running process, the newest one it has itself
// published or read. A log that is rewritten together with its stored checkpoints, while no process runs, is for witnesses
// and old receipts to find.
type Publisher struct {
	signer *Signer
	save   func(ctx context.Context, size int64, checkpoint []byte) error
	turn   chan struct{} // holds one token: whoever took it has its turn
	newest *Checkpoint   // with the turn; nil: none yet
}

// NewPublisher makes a publisher. save stores a checkpoint under its size, in place of one of the same size, and returns when it
// is there to stay.
func NewPublisher(signer *Signer, save func(ctx context.Context, size int64, checkpoint []byte) error) *Publisher {
	return &Publisher{signer: signer, save: save, turn: make(chan struct{}, 1)}
}

// VerifierKey is that of the signer.
func (p *Publisher) VerifierKey() string { return p.signer.VerifierKey() }

// Publish gives a signed checkpoint of the log's present size: the stored one, with its co-signatures, if it is of that size,
// else a new one, which is stored first. log gives the newest stored checkpoint, or an error of KindNotFound when there is none. An
// error of KindUnavailable and code "records" says that the log could not be read, or that it does not continue what was
// signed; then nothing is signed until the records are put right.
func (p *Publisher) Publish(ctx context.Context, log Source) ([]byte, error) {
	end, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	// The checkpoint is read before the size: what others publish meanwhile makes the log longer, never shorter.
	stored, signed, err := p.stored(ctx, log)
	if err != nil {
		return nil, err
	}
	head, err := p.head(ctx, log)
	if err != nil {
		return nil, err
	}
	for _, old := range []*Checkpoint{p.newest, stored} {
		if err := continues(old, head, log); err != nil {
			return nil, err
		}
	}
	if stored == nil || stored.Size < head.Size {
		if signed, err = p.signer.Checkpoint(head.Size, head.Root); err != nil {
			return nil, err
		}
		if err := p.save(ctx, head.Size, signed); err != nil {
			return nil, err
		}
	}
	p.newest = &head
	return signed, nil
}

// Cosign puts a witness's signature line on a stored checkpoint and saves it, as [AcceptCosignature] does, one after the other:
// of two witnesses that answer at once, neither takes the other's word away. stored reads the checkpoint the line is about.
func (p *Publisher) Cosign(ctx context.Context, stored func(context.Context) ([]byte, error), line []byte, witnesses []*Witness) ([]byte, error) {
	end, err := p.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	checkpoint, err := stored(ctx)
	if err != nil {
		return nil, unreadable(err)
	}
	head, err := OpenCheckpoint(checkpoint, p.VerifierKey())
	if err != nil {
		return nil, broken("The stored checkpoint of the audit log is not one that this log's key has signed.", err)
	}
	cosigned, err := AcceptCosignature(checkpoint, line, witnesses)
	if err != nil {
		return nil, err
	}
	return cosigned, p.save(ctx, head.Size, cosigned)
}

// begin waits for the caller's turn; end ends it.
func (p *Publisher) begin(ctx context.Context) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, gone(err)
	}
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }, nil
	case <-ctx.Done():
		return nil, gone(ctx.Err())
	}
}

// stored reads the newest stored checkpoint: nil when there is none.
func (p *Publisher) stored(ctx context.Context, log Source) (*Checkpoint, []byte, error) {
	signed, err := log.Checkpoint(ctx)
	if isNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, unreadable(err)
	}
	c, err := OpenCheckpoint(signed, p.VerifierKey())
	if err != nil {
		return nil, nil, broken("The stored checkpoint of the audit log is not one that this log's key has signed.", err)
	}
	return &c, signed, nil
}

// head gives the log's present head.
func (p *Publisher) head(ctx context.Context, log Source) (Checkpoint, error) {
	size, err := log.Size(ctx)
	if err != nil {
		return Checkpoint{}, unreadable(err)
	}
	root, err := Root(size, log)
	if err != nil {
		return Checkpoint{}, lost(err)
	}
	return Checkpoint{Origin: p.signer.Name(), Size: size, Root: root}, nil
}

// continues checks that the log, whose head is given, begins with what an older checkpoint signs.
func continues(old *Checkpoint, head Checkpoint, log tlog.HashReader) error {
	if old == nil {
		return nil
	}
	if head.Size < old.Size {
		return broken(fmt.Sprintf("The audit log has %d leaves; its checkpoint covers %d.", head.Size, old.Size), nil)
	}
	proof, err := Consistency(old.Size, head.Size, log)
	if err != nil {
		return lost(err)
	}
	if err := CheckConsistency(*old, head, proof); err != nil {
		return broken(fmt.Sprintf("The audit log's first %d leaves are not those that its checkpoint signs.", old.Size), err)
	}
	return nil
}

// lost says that hashes of the log are not there, unless err says something else.
func lost(err error) error {
	if isNotFound(err) {
		return broken("Hashes of the audit log are gone from the records.", err)
	}
	return unreadable(err)
}

// broken says that the stored log is not the one that was signed.
func broken(detail string, cause error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords, Detail: detail, Cause: cause,
		Remedy: "Nothing was signed. Keep the database as it is, export the log from a backup, and verify that; if the log's name or key was changed, change it back."}
}

// gone says that the caller waits no longer.
func gone(err error) error {
	return &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout,
		Detail: "The time for this request is over, or the caller has gone.", Remedy: "Send it again.", Cause: err}
}

func isNotFound(err error) bool {
	known, ok := errors.AsType[*truename.Error](err)
	return ok && known.Kind == truename.KindNotFound
}
