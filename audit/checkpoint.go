package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxCheckpoint is the longest checkpoint read, in bytes, with all its signatures.
const maxCheckpoint = 64 << 10

// Checkpoint is the head of the log: what a signed note of the form C2SP tlog-checkpoint says.
type Checkpoint struct {
	Origin string // the log's name
	Size   int64  // number of leaves
	Root   tlog.Hash
}

// Signer signs checkpoints with the log's Ed25519 key. It is safe for concurrent use.
type Signer struct {
	note.Signer
	vkey string
}

// NewSigner makes a signer from a seed of 32 bytes. Origin names the log, best as a URL without scheme, such as
// "registry.example.com/audit"; it holds no white space and no "+".
func NewSigner(origin string, seed []byte) (*Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, badRequest("The seed of the log's key is not 32 bytes long.", "Take the seed from the vault.")
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, fmt.Errorf("audit: signer: %w", err)
	}
	// The library takes private keys only as text: the public one with the seed in place of the key.
	id := vkey[:len(origin)+len("+01234567")]
	const algEd25519 = 1
	s, err := note.NewSigner("PRIVATE+KEY+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, seed...)))
	if err != nil {
		return nil, badRequest("The log's name is empty or holds white space or a plus sign.", `Name it like a URL without scheme: "registry.example.com/audit".`)
	}
	return &Signer{s, vkey}, nil
}

// VerifierKey is the public key in the form of C2SP signed-note, "<origin>+<hash>+<key>", for publishing.
func (s *Signer) VerifierKey() string { return s.vkey }

// Checkpoint signs the head of a log. The caller makes sure that it continues every head signed before, as [Publisher] does.
func (s *Signer) Checkpoint(size int64, root tlog.Hash) ([]byte, error) {
	if size < 0 || size > maxSize {
		return nil, badRequest("The audit log's size is out of range.", "Pass the number of leaves stored.")
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", s.Name(), size, root)}, s.Signer)
	if err != nil {
		return nil, fmt.Errorf("audit: checkpoint: %w", err)
	}
	return signed, nil
}

// OpenCheckpoint verifies the log's signature on a checkpoint and reads it. Signatures by other keys are ignored; for
// those of witnesses see [VerifyCosignatures].
func OpenCheckpoint(checkpoint []byte, vkey string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return Checkpoint{}, badRequest("The log's verifier key is malformed.", `Pass it as the operator published it: "<origin>+<hash>+<key>".`)
	}
	n, err := openNote(checkpoint, verifier)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != verifier.Name() {
		return Checkpoint{}, invalid("The checkpoint is of another log than the key.", "Ask the operator which key belongs to which log.", nil)
	}
	return c, nil
}

// openNote verifies the signatures by known keys on a note, at least one.
func openNote(signed []byte, known ...note.Verifier) (*note.Note, error) {
	if len(signed) > maxCheckpoint {
		return nil, malformedCheckpoint(nil)
	}
	n, err := note.Open(signed, note.VerifierList(known...))
	var unverified *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return nil, invalid("The checkpoint is not signed by the expected key.", "Check that the verifier key is the one of this log; if it is, the checkpoint is forged.", err)
	case errors.As(err, &wrong):
		return nil, invalid("The signature on the checkpoint is wrong.", "Fetch the checkpoint again; if it stays so, it was altered.", err)
	case err != nil:
		return nil, malformedCheckpoint(err)
	}
	return n, nil
}

// parseCheckpoint reads a checkpoint's text. Extension lines are allowed and ignored, as the format asks.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return Checkpoint{}, malformedCheckpoint(nil)
	}
	for _, line := range lines {
		if line == "" {
			return Checkpoint{}, malformedCheckpoint(nil)
		}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > maxSize || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, malformedCheckpoint(err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil || root.String() != lines[2] {
		return Checkpoint{}, malformedCheckpoint(err)
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

func malformedCheckpoint(cause error) error {
	return invalid("This is not a checkpoint.", "Pass a signed note of the form C2SP tlog-checkpoint, unchanged.", cause)
}
