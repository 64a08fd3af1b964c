package chip

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
)

// ChallengeSize is the length of a challenge in octets (Doc 9303-11, section 6.1).
const ChallengeSize = 8

// NewChallenge gives a random challenge for active authentication. It is made and kept by the server, used once and
// never taken from the reader: a challenge that somebody else has chosen proves nothing.
func NewChallenge() ([ChallengeSize]byte, error) {
	var c [ChallengeSize]byte
	if _, err := rand.Read(c[:]); err != nil {
		return c, fmt.Errorf("no random challenge: %w", err)
	}
	return c, nil
}

// Answer is what a chip has answered to a challenge.
type Answer struct {
	// Challenge is ours, from [NewChallenge].
	Challenge [ChallengeSize]byte
	// Response is what the chip gave to INTERNAL AUTHENTICATE.
	Response []byte
}

const (
	maxResponseSize       = maxRSABits / 8
	oidActiveAuth         = "2.23.136.1.1.5" // id-icao-mrtd-security-aaProtocolObject
	minRecoveredMessage   = 8                // octets of the chip's own randomness; Doc 9303-11 fills the key
	partialRecoveryHeader = 0x6a
)

// verifyAnswer checks an answer with the key of EF.DG15. dg14 names the hash of ECDSA answers; it may be absent for RSA.
func verifyAnswer(dg15, dg14 []byte, a Answer) error {
	content, err := readFile(dg15, tagDG15)
	if err != nil {
		return err
	}
	if err := checkDER(content); err != nil {
		return err
	}
	in := cryptobyte.String(content)
	key, err := readPublicKey(&in, minActiveRSABits)
	switch {
	case err != nil:
		return err
	case key.rsa != nil:
		return verifyRecoverable(key.rsa, a)
	}
	hash, err := activeHash(dg14)
	if err != nil {
		return err
	}
	return verifyPlain(key.ec, hash, a)
}

// verifyRecoverable checks an RSA answer: ISO/IEC 9796-2, digital signature scheme 1 with partial recovery. The chip
// signs a random M1, which the signature gives back, followed by the challenge.
func verifyRecoverable(key *rsa.PublicKey, a Answer) error {
	if key.N.BitLen()%8 != 0 {
		return unchecked(ReasonAlgorithm)
	}
	size := key.N.BitLen() / 8
	s := new(big.Int).SetBytes(a.Response)
	if len(a.Response) != size || s.Cmp(key.N) >= 0 {
		return failed(ReasonActive)
	}
	opened := s.Exp(s, big.NewInt(int64(key.E)), key.N)
	if opened.Bit(0) != 0 || opened.Bit(1) != 0 || opened.Bit(2) != 1 || opened.Bit(3) != 1 {
		opened.Sub(key.N, opened) // the standard lets the signer give the smaller of s and n - s
	}
	f := opened.FillBytes(make([]byte, size))
	hash, trailer := recoverableTrailer(f)
	if hash == 0 || f[0] != partialRecoveryHeader || len(f) < 1+minRecoveredMessage+hash.Size()+trailer {
		return failed(ReasonActive)
	}
	end := len(f) - trailer - hash.Size()
	message := append(f[1:end:end], a.Challenge[:]...)
	if subtle.ConstantTimeCompare(digest(hash, message), f[end:end+hash.Size()]) != 1 {
		return failed(ReasonActive)
	}
	return nil
}

// recoverableTrailer gives the hash that the trailer of an opened signature names, and the trailer's length.
func recoverableTrailer(f []byte) (crypto.Hash, int) {
	last := f[len(f)-1]
	if last == 0xbc {
		return crypto.SHA1, 1
	}
	if last != 0xcc {
		return 0, 0
	}
	switch f[len(f)-2] { // ISO/IEC 10118-3 numbers
	case 0x33:
		return crypto.SHA1, 2
	case 0x34:
		return crypto.SHA256, 2
	case 0x35:
		return crypto.SHA512, 2
	case 0x36:
		return crypto.SHA384, 2
	case 0x38:
		return crypto.SHA224, 2
	}
	return 0, 0
}

// activeHash reads from EF.DG14 which hash ECDSA answers are made with (Doc 9303-11, section 9.2.7).
func activeHash(dg14 []byte) (crypto.Hash, error) {
	if dg14 == nil {
		return 0, unchecked(ReasonFileMissing)
	}
	content, err := readFile(dg14, tagDG14)
	if err != nil {
		return 0, err
	}
	if err := checkDER(content); err != nil {
		return 0, err
	}
	in, infos := cryptobyte.String(content), cryptobyte.String(nil)
	if !in.ReadASN1(&infos, tagSet) {
		return 0, failed(ReasonMalformed)
	}
	for !infos.Empty() {
		var info cryptobyte.String
		if !infos.ReadASN1(&info, tagSequence) {
			return 0, failed(ReasonMalformed)
		}
		oid, ok := readOID(&info)
		if !ok {
			return 0, failed(ReasonMalformed)
		}
		if oid != oidActiveAuth {
			continue
		}
		var version int
		if !info.ReadASN1Integer(&version) || version != 1 {
			return 0, failed(ReasonMalformed)
		}
		if oid, ok = readOID(&info); !ok {
			return 0, failed(ReasonMalformed)
		}
		return plainHash(oid)
	}
	return 0, unchecked(ReasonFileMissing)
}

// plainHash gives the hash of ecdsa-plain-signatures (BSI TR-03111, section 5.2.1.1).
func plainHash(oid string) (crypto.Hash, error) {
	switch oid {
	case oidPlain + ".1":
		return crypto.SHA1, nil
	case oidPlain + ".2":
		return crypto.SHA224, nil
	case oidPlain + ".3":
		return crypto.SHA256, nil
	case oidPlain + ".4":
		return crypto.SHA384, nil
	case oidPlain + ".5":
		return crypto.SHA512, nil
	}
	return 0, unchecked(ReasonAlgorithm)
}

// verifyPlain checks an ECDSA answer over the challenge: r and s side by side, each as long as the curve's order.
func verifyPlain(key *ecdsa.PublicKey, hash crypto.Hash, a Answer) error {
	size := (key.Params().N.BitLen() + 7) / 8
	if len(a.Response) != 2*size {
		return failed(ReasonActive)
	}
	var b cryptobyte.Builder
	b.AddASN1(tagSequence, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(a.Response[:size]))
		b.AddASN1BigInt(new(big.Int).SetBytes(a.Response[size:]))
	})
	signature, err := b.Bytes()
	if err != nil || !ecdsa.VerifyASN1(key, digest(hash, a.Challenge[:]), signature) {
		return failed(ReasonActive)
	}
	return nil
}
