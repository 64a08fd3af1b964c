package vault

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"truename"
)

const (
	// maxDimension bounds templates. Recognisers give 128 to 1024 components.
	maxDimension = 4096
	// maxName bounds the bytes of a purpose and of a recogniser's id.
	maxName          = 255
	protectedVersion = 1
	saltBytes        = 16
	tagBytes         = 16
)

// Protect turns a template so that it can be compared only by this vault, for this subject, purpose and recogniser
// (ISO/IEC 24745). template has 1 to 4096 finite components and not all are zero; its length does not matter. The result is
// still biometric data, of about four bytes a component: the caller seals it as [truename.EvidenceTemplate]. Protecting
// again gives an unlinkable other one. A subject without a key gives CodeErased.
func (v *Vault) Protect(ctx context.Context, s truename.Subject, purpose, recogniser string, template []float32) ([]byte, error) {
	p := protected{purpose: purpose, recogniser: recogniser, dimension: len(template)}
	if err := checkNames(purpose, recogniser); err != nil {
		return nil, err
	}
	vector, ok := spread(template)
	if !ok {
		return nil, noTemplate()
	}
	defer clear(vector)
	rand.Read(p.salt[:])
	seeds, err := v.subjectSeeds(ctx, s, &p)
	if err != nil {
		return nil, err
	}
	defer seeds.clear()
	newRotation(seeds.rotation, len(vector)).apply(vector)
	p.vector = vector
	body := p.encode()
	return append(body, seeds.authenticate(body)...), nil
}

// Compare gives the cosine, −1..1, of a protected template and a probe: that of the templates themselves, to within 1e-6. The
// protected one is not undone: the probe is turned the same way. A template of another purpose is an error of kind
// forbidden, one of another recogniser of code model_pack, one of another subject of code vault.
func (v *Vault) Compare(ctx context.Context, s truename.Subject, purpose string, protected []byte, recogniser string, probe []float32) (float64, error) {
	p, seeds, err := v.openProtected(ctx, s, purpose, recogniser, protected)
	if err != nil {
		return 0, err
	}
	defer p.clear()
	defer seeds.clear()
	if len(probe) != p.dimension {
		return 0, otherRecogniser()
	}
	vector, ok := spread(probe)
	if !ok {
		return 0, noTemplate()
	}
	defer clear(vector)
	newRotation(seeds.rotation, len(vector)).apply(vector)
	var dot, norm float64
	for i, x := range p.vector {
		dot += x * vector[i]
		norm += x * x
	}
	return max(-1, min(1, dot/math.Sqrt(norm))), nil
}

// Unprotect undoes [Vault.Protect]: the template with unit length, to build a gallery from or to protect anew for the same
// purpose. It refuses as [Vault.Compare] does. The caller overwrites the result after use.
func (v *Vault) Unprotect(ctx context.Context, s truename.Subject, purpose, recogniser string, protected []byte) ([]float32, error) {
	p, seeds, err := v.openProtected(ctx, s, purpose, recogniser, protected)
	if err != nil {
		return nil, err
	}
	defer p.clear()
	defer seeds.clear()
	newRotation(seeds.rotation, len(p.vector)).undo(p.vector)
	return toFloat32(p.vector[:p.dimension]), nil
}

// Projection is the rotation of one gallery. It may be used concurrently.
type Projection struct {
	dimension int
	rotate    func([]float64) // a function for the reason given at Vault
}

// Projection gives the rotation of a gallery for a recogniser's templates of a dimension (1 to 4096). The same name gives the
// same rotation: templates of one gallery can be compared with one another. Another name renews it, for instance
// "duplicates/2", and the gallery is rebuilt from the sealed templates.
func (v *Vault) Projection(gallery, recogniser string, dimension int) (*Projection, error) {
	if err := checkNames(gallery, recogniser); err != nil {
		return nil, err
	}
	if dimension < 1 || dimension > maxDimension {
		return nil, noTemplate()
	}
	mac := hmac.New(sha256.New, v.keys().template)
	mac.Write(bind(domainGallery, gallery, recogniser, strconv.Itoa(dimension)))
	var seed [32]byte
	mac.Sum(seed[:0])
	defer clear(seed[:])
	return &Projection{dimension, newRotation(seed, padded(dimension)).apply}, nil
}

// Apply gives the template in the gallery's space, with unit length. It has as many components as the next power of two:
// 128 for 128, 512 for 512.
func (p *Projection) Apply(template []float32) ([]float32, error) {
	if len(template) != p.dimension {
		return nil, otherRecogniser()
	}
	vector, ok := spread(template)
	if !ok {
		return nil, noTemplate()
	}
	defer clear(vector)
	p.rotate(vector)
	return toFloat32(vector), nil
}

// protected is a protected template, parsed:
//
//	version 1 | purpose: length 1, bytes | recogniser: length 1, bytes | dimension 2 | salt 16 | components 4 each | tag 16
//
// Numbers are little-endian; components are IEEE 754 single precision, as many as the next power of two.
type protected struct {
	purpose, recogniser string
	dimension           int
	salt                [saltBytes]byte
	vector              []float64
}

func (p *protected) clear() { clear(p.vector) }

func (p *protected) encode() []byte {
	b := make([]byte, 0, 5+len(p.purpose)+len(p.recogniser)+saltBytes+4*len(p.vector)+tagBytes)
	b = append(b, protectedVersion, byte(len(p.purpose)))
	b = append(b, p.purpose...)
	b = append(b, byte(len(p.recogniser)))
	b = append(b, p.recogniser...)
	b = binary.LittleEndian.AppendUint16(b, uint16(p.dimension))
	b = append(b, p.salt[:]...)
	return appendFloats(b, p.vector)
}

// parseProtected reads a protected template and splits off what its tag covers and the tag.
func parseProtected(b []byte) (p *protected, body, tag []byte, err error) {
	broken := sealBroken(errors.New("not a protected template"))
	p = &protected{}
	rest := b
	take := func(n int) []byte {
		if n > len(rest) {
			rest = nil
			return nil
		}
		part := rest[:n]
		rest = rest[n:]
		return part
	}
	name := func() string {
		n := take(1)
		if n == nil {
			return ""
		}
		return string(take(int(n[0])))
	}
	if v := take(1); v == nil || v[0] != protectedVersion {
		return nil, nil, nil, broken
	}
	p.purpose, p.recogniser = name(), name()
	dimension, salt := take(2), take(saltBytes)
	if p.purpose == "" || p.recogniser == "" || dimension == nil || salt == nil {
		return nil, nil, nil, broken
	}
	p.dimension = int(binary.LittleEndian.Uint16(dimension))
	copy(p.salt[:], salt)
	if p.dimension < 1 || p.dimension > maxDimension || len(rest) != 4*padded(p.dimension)+tagBytes {
		return nil, nil, nil, broken
	}
	p.vector = make([]float64, padded(p.dimension))
	var norm float64
	for i := range p.vector {
		p.vector[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(rest[4*i:])))
		norm += p.vector[i] * p.vector[i]
	}
	if !(math.Abs(norm-1) < 1e-3) {
		p.clear()
		return nil, nil, nil, broken
	}
	return p, b[:len(b)-tagBytes], b[len(b)-tagBytes:], nil
}

// openProtected parses a protected template and checks that it is what it is asked as.
func (v *Vault) openProtected(ctx context.Context, s truename.Subject, purpose, recogniser string, b []byte) (*protected, *templateSeeds, error) {
	p, body, tag, err := parseProtected(b)
	if err != nil {
		return nil, nil, err
	}
	if p.purpose != purpose {
		return nil, nil, &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden,
			Detail: "A template kept for one purpose is not used for another.", Remedy: "Use the template of this purpose."}
	}
	if p.recogniser != recogniser {
		return nil, nil, otherRecogniser()
	}
	seeds, err := v.subjectSeeds(ctx, s, p)
	if err != nil {
		return nil, nil, err
	}
	if !hmac.Equal(tag, seeds.authenticate(body)) {
		seeds.clear()
		return nil, nil, sealBroken(errors.New("a protected template of another subject, or altered"))
	}
	return p, seeds, nil
}

// templateSeeds are the secrets of one protected template.
type templateSeeds struct {
	rotation [32]byte
	tag      [32]byte
}

func (t *templateSeeds) clear() { clear(t.rotation[:]); clear(t.tag[:]) }

// authenticate gives the tag of an encoded template. A rotation by the wrong seed would give a low score; the tag makes it an error.
func (t *templateSeeds) authenticate(body []byte) []byte {
	mac := hmac.New(sha256.New, t.tag[:])
	mac.Write(body)
	return mac.Sum(nil)[:tagBytes]
}

// subjectSeeds derives the secrets from the ring and from the subject's data key: without the one or the other, and so
// after erasure, nobody can undo the rotation.
func (v *Vault) subjectSeeds(ctx context.Context, s truename.Subject, p *protected) (*templateSeeds, error) {
	key, err := v.dataKey(ctx, s)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	sub := deriveKey(key, domainDataKeyTemplate)
	defer clear(sub)
	both := hmac.New(sha256.New, v.keys().template)
	both.Write(sub)
	secret := both.Sum(nil)
	defer clear(secret)
	seeds := &templateSeeds{}
	for _, d := range []struct {
		domain string
		to     *[32]byte
	}{{domainTemplate, &seeds.rotation}, {domainTemplateTag, &seeds.tag}} {
		mac := hmac.New(sha256.New, secret)
		mac.Write(bind(d.domain, s.ID, p.purpose, p.recogniser, strconv.Itoa(p.dimension), string(p.salt[:])))
		mac.Sum(d.to[:0])
	}
	return seeds, nil
}

func checkNames(purpose, recogniser string) error {
	if purpose == "" || len(purpose) > maxName || recogniser == "" || len(recogniser) > maxName {
		return invalid("A protected template needs a purpose and a recogniser.", fmt.Sprintf("Give both, each of at most %d bytes.", maxName))
	}
	return nil
}

func noTemplate() error {
	return invalid("This is no template.", fmt.Sprintf("Give 1 to %d finite components, not all zero.", maxDimension))
}

func otherRecogniser() error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeModelPack,
		Detail: "Templates of different recognisers cannot be compared.", Remedy: "Make both templates with the same model."}
}
