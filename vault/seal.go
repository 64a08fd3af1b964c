package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"truename"
)

// boxVersion is the first byte of every box.
const boxVersion = 1

// Seal encrypts evidence under the subject's data key, bound to subject and kind. The box is 29 bytes longer than plain.
// A subject without a key gives CodeErased.
func (v *Vault) Seal(ctx context.Context, s truename.Subject, kind truename.EvidenceKind, plain []byte) ([]byte, error) {
	seal, err := v.evidenceAEAD(ctx, s, kind)
	if err != nil {
		return nil, err
	}
	return sealBox(seal, plain, bind(domainEvidence, s.ID, string(kind)))
}

// Open decrypts what [Vault.Seal] has sealed for the same subject and kind. Anything else is an error of kind unavailable
// and code vault; a subject without a key gives CodeErased.
func (v *Vault) Open(ctx context.Context, s truename.Subject, kind truename.EvidenceKind, box []byte) ([]byte, error) {
	seal, err := v.evidenceAEAD(ctx, s, kind)
	if err != nil {
		return nil, err
	}
	return openBox(seal, box, bind(domainEvidence, s.ID, string(kind)))
}

// SealService encrypts something of the operator's own, bound to name: "webhook/ID", "signing/ID". It lives as long as the
// ring: what has to die with a subject belongs into [Vault.Seal].
func (v *Vault) SealService(name string, plain []byte) ([]byte, error) {
	if name == "" {
		return nil, invalid("A service secret needs a name.", "Say what the secret is for.")
	}
	return sealBox(v.keys().service, plain, bind(domainService, name))
}

// OpenService decrypts what [Vault.SealService] has sealed under the same name.
func (v *Vault) OpenService(name string, box []byte) ([]byte, error) {
	return openBox(v.keys().service, box, bind(domainService, name))
}

// Index gives the blind index of a value in a scope ("identity", "msisdn", "iccid"): 32 bytes, the same for the same value,
// telling nothing to whoever lacks the ring. The value is taken as it is: normalising it is the caller's. Equal values in
// different scopes have unrelated indexes.
func (v *Vault) Index(scope string, value string) []byte {
	mac := hmac.New(sha256.New, v.keys().index)
	mac.Write(bind(domainIndex, scope, value))
	return mac.Sum(nil)
}

// evidenceAEAD unwraps the subject's data key and makes its sealing cipher.
func (v *Vault) evidenceAEAD(ctx context.Context, s truename.Subject, kind truename.EvidenceKind) (tink.AEAD, error) {
	if kind == "" {
		return nil, invalid("Sealing needs a kind of evidence.", "Say what is sealed.")
	}
	key, err := v.dataKey(ctx, s)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	sub := deriveKey(key, domainDataKeySeal)
	defer clear(sub)
	seal, err := subtle.NewAESGCM(sub)
	if err != nil {
		return nil, unavailable("The data key cannot be used.", "Report this as a defect.", err)
	}
	return seal, nil
}

// newServiceAEAD makes the cipher of the ring. One key seals everything the operator ever keeps, so its nonces are 192 bits:
// random ones of 96 bits would run short after some billions of boxes.
func newServiceAEAD(key []byte) (tink.AEAD, error) {
	parameters, err := xaesgcm.NewParameters(xaesgcm.VariantNoPrefix, 12)
	if err != nil {
		return nil, err
	}
	k, err := xaesgcm.NewKey(secretdata.NewBytesFromData(key, insecuresecretdataaccess.Token{}), 0, parameters)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManager()
	id, err := m.AddKey(k)
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	h, err := m.Handle()
	if err != nil {
		return nil, err
	}
	return aead.New(h)
}

func sealBox(seal tink.AEAD, plain, bound []byte) ([]byte, error) {
	ct, err := seal.Encrypt(plain, bound)
	if err != nil {
		return nil, unavailable("Sealing failed.", "Try again; if it persists, see the server's log.", err)
	}
	return append([]byte{boxVersion}, ct...), nil
}

func openBox(seal tink.AEAD, box, bound []byte) ([]byte, error) {
	if len(box) == 0 || box[0] != boxVersion {
		return nil, sealBroken(errors.New("a box of another version"))
	}
	plain, err := seal.Decrypt(box[1:], bound)
	if err != nil {
		return nil, sealBroken(err)
	}
	return plain, nil
}
