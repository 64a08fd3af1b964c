package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const (
	// algCosignature is the signature type of C2SP tlog-cosignature v1 with Ed25519.
	algCosignature = 0x04
	// cosignatureSize is a time in 8 bytes and an Ed25519 signature.
	cosignatureSize = 8 + ed25519.SignatureSize
)

// Witness is the public key of somebody who co-signs the log's checkpoints after checking that each continues the one
// before. It is a note.Verifier.
type Witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// ParseWitness reads a witness's verifier key: "<name>+<hash>+<key>" with signature type 4.
func ParseWitness(vkey string) (*Witness, error) {
	const detail, remedy = "The witness's verifier key is malformed.", `Pass it as the witness published it: "<name>+<hash>+<key>", of type 4.`
	name, rest, _ := strings.Cut(vkey, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature {
		return nil, badRequest(detail, remedy)
	}
	w, err := newWitness(name, key[1:])
	if err != nil || w.VerifierKey() != vkey {
		return nil, badRequest(detail, remedy)
	}
	return w, nil
}

func newWitness(name string, key ed25519.PublicKey) (*Witness, error) {
	// The rules for names are the library's; the key's type is not one it knows.
	if _, err := NewSigner(name, make([]byte, ed25519.SeedSize)); err != nil {
		return nil, badRequest("The witness's name is empty or holds white space or a plus sign.", `Name it like a URL without scheme: "witness.example.org/w1".`)
	}
	id := sha256.Sum256(append([]byte(name+"\n"+string(rune(algCosignature))), key...))
	return &Witness{name: name, hash: binary.BigEndian.Uint32(id[:]), key: key}, nil
}

// Name is the witness's name.
func (w *Witness) Name() string { return w.name }

// KeyHash is the key id of C2SP tlog-cosignature.
func (w *Witness) KeyHash() uint32 { return w.hash }

// VerifierKey is the public key in text.
func (w *Witness) VerifierKey() string {
	return fmt.Sprintf("%s+%08x+%s", w.name, w.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, w.key...)))
}

// Verify says whether sig is a co-signature on a checkpoint's text.
func (w *Witness) Verify(text, sig []byte) bool {
	if len(sig) != cosignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= math.MaxInt64 && ed25519.Verify(w.key, cosigned(text, at), sig[8:])
}

// cosigned is the message that a co-signature signs.
func cosigned(text []byte, at uint64) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(at, 10)+"\n"), text...)
}

// Cosigner makes co-signatures: the key of a witness. Two cosigners never share a seed.
type Cosigner struct {
	*Witness
	private ed25519.PrivateKey
}

// NewCosigner makes a cosigner from a seed of 32 bytes.
func NewCosigner(name string, seed []byte) (*Cosigner, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, badRequest("The seed of the witness's key is not 32 bytes long.", "Take the seed as it was made.")
	}
	private := ed25519.NewKeyFromSeed(seed)
	w, err := newWitness(name, private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	return &Cosigner{w, private}, nil
}

// Cosign gives the signature line that says: at this time, this was the largest checkpoint seen that continues all
// before. The caller has made sure of that with [OpenCheckpoint] and [CheckConsistency]; the function signs what it is
// given.
func (c *Cosigner) Cosign(checkpoint []byte, at time.Time) ([]byte, error) {
	text, _, err := splitNote(checkpoint)
	if err != nil {
		return nil, err
	}
	if _, err := parseCheckpoint(string(text)); err != nil {
		return nil, err
	}
	if at.Unix() < 0 {
		return nil, badRequest("A co-signature's time is before 1970.", "Check the clock.")
	}
	seconds := uint64(at.Unix())
	sig := binary.BigEndian.AppendUint32(nil, c.hash)
	sig = binary.BigEndian.AppendUint64(sig, seconds)
	sig = append(sig, ed25519.Sign(c.private, cosigned(text, seconds))...)
	return signatureLine(c.name, base64.StdEncoding.EncodeToString(sig)), nil
}

// AddCosignature puts a witness's signature line on a checkpoint, in place of an earlier one of the same key. The line
// is verified first.
func AddCosignature(checkpoint, line []byte, witness *Witness) ([]byte, error) {
	text, signatures, err := splitNote(checkpoint)
	if err != nil {
		return nil, err
	}
	if _, err := parseCheckpoint(string(text)); err != nil {
		return nil, err
	}
	n, err := openNote(bytes.Join([][]byte{text, line}, []byte("\n")), witness)
	if err != nil {
		return nil, err
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return nil, invalid("The witness's answer holds more than its own signature.", "Pass one signature line.", nil)
	}
	out := append(bytes.Clone(text), '\n')
	for old := range bytes.Lines(signatures) {
		if !sameKey(old, witness) {
			out = append(out, old...)
		}
	}
	out = append(out, signatureLine(n.Sigs[0].Name, n.Sigs[0].Base64)...)
	if len(out) > maxCheckpoint {
		return nil, invalid("The checkpoint would be longer than 64 KiB.", "Use fewer witnesses.", nil)
	}
	// Other signatures were taken over unread: damaged ones would make the whole unreadable.
	if _, err := openNote(out, witness); err != nil {
		return nil, err
	}
	return out, nil
}

// AcceptCosignature puts the signature line that a witness has sent on the checkpoint it is about. The line is verified with the
// keys of the witnesses that are known; one by nobody of them, or with anything else in it, is refused. Whoever reads, accepts
// and saves does so one after the other: see [Publisher.Cosign].
func AcceptCosignature(checkpoint, line []byte, witnesses []*Witness) ([]byte, error) {
	for _, w := range witnesses {
		if sameKey(line, w) {
			return AddCosignature(checkpoint, line, w)
		}
	}
	return nil, invalid("The signature line is by none of the known witnesses.", "Have the witness's key added to the configuration, or pass the line as the witness wrote it.", nil)
}

// Cosignature is a witness's word for a checkpoint.
type Cosignature struct {
	Witness string
	At      time.Time // by the witness's clock, to the second
}

// VerifyCosignatures gives the co-signatures by the witnesses, and an error when fewer than quorum of them are valid.
// A key counts once, whatever names it goes by. A wrong signature counts as none. It says nothing about the log's own
// signature: see [OpenCheckpoint].
func VerifyCosignatures(checkpoint []byte, witnesses []*Witness, quorum int) ([]Cosignature, error) {
	if quorum < 1 || quorum > len(witnesses) {
		return nil, badRequest("The quorum is below one or above the number of witnesses.", "Ask for as many witnesses as must have signed.")
	}
	text, _, err := splitNote(checkpoint)
	if err != nil {
		return nil, err
	}
	if _, err := parseCheckpoint(string(text)); err != nil {
		return nil, err
	}
	var good []Cosignature
	counted := map[string]bool{}
	for _, w := range witnesses {
		n, err := openNote(checkpoint, w)
		if err != nil || counted[string(w.key)] {
			continue
		}
		counted[string(w.key)] = true
		sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
		if err != nil {
			continue
		}
		good = append(good, Cosignature{w.name, time.Unix(int64(binary.BigEndian.Uint64(sig[4:])), 0).UTC()})
	}
	if len(good) < quorum {
		return good, invalid(fmt.Sprintf("The checkpoint is co-signed by %d of the witnesses; %d are asked for.", len(good), quorum),
			"Wait for the witnesses, or fetch a checkpoint that has their signatures.", nil)
	}
	return good, nil
}

// splitNote gives a signed note's text, with its last line feed, and its signature lines.
func splitNote(signed []byte) (text, signatures []byte, err error) {
	if len(signed) > maxCheckpoint {
		return nil, nil, malformedCheckpoint(nil)
	}
	split := bytes.LastIndex(signed, []byte("\n\n"))
	if split < 0 || !bytes.HasSuffix(signed, []byte("\n")) {
		return nil, nil, malformedCheckpoint(nil)
	}
	return signed[:split+1], signed[split+2:], nil
}

func signatureLine(name, encoded string) []byte { return []byte("— " + name + " " + encoded + "\n") }

// sameKey says whether a signature line is by the witness's key, right or wrong.
func sameKey(line []byte, w *Witness) bool {
	fields := strings.Fields(strings.TrimPrefix(string(line), "— "))
	if len(fields) != 2 || fields[0] != w.name {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(fields[1])
	return err == nil && len(sig) >= 4 && binary.BigEndian.Uint32(sig) == w.hash
}

var _ note.Verifier = (*Witness)(nil)
