package chip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"

	"github.com/ProtonMail/go-crypto/brainpool"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds of keys. The lower ones are those of Doc 9303-12, section 4.4; the upper ones bound the work of a check.
const (
	minRSABits       = 2048
	minActiveRSABits = 1024
	maxRSABits       = 8192
	minCurveBits     = 224
	maxFieldOctets   = 66 // P-521
)

// publicKey is an RSA key or a point on a curve; one of them is set.
type publicKey struct {
	rsa *rsa.PublicKey
	ec  *ecdsa.PublicKey
	pss *algorithm // what an id-RSASSA-PSS key is restricted to; nil: nothing
}

// readPublicKey reads a SubjectPublicKeyInfo. minRSA is the least size of an RSA modulus, in bits.
func readPublicKey(in *cryptobyte.String, minRSA int) (publicKey, error) {
	var spki, bits cryptobyte.String
	if !in.ReadASN1(&spki, tagSequence) {
		return publicKey{}, failed(ReasonMalformed)
	}
	oid, params, ok := readAlgorithmIdentifier(&spki)
	if !ok {
		return publicKey{}, failed(ReasonMalformed)
	}
	if bits, ok = readBits(&spki); !ok || !spki.Empty() {
		return publicKey{}, failed(ReasonMalformed)
	}
	switch oid {
	case oidRSA:
		if !absentOrNull(params) {
			return publicKey{}, failed(ReasonMalformed)
		}
		key, err := readRSA(bits, minRSA)
		return publicKey{rsa: key}, err
	case oidPSS:
		key, err := readRSA(bits, minRSA)
		if err != nil || absentOrNull(params) {
			return publicKey{rsa: key}, err
		}
		only, err := readPSS(params)
		return publicKey{rsa: key, pss: &only}, err
	case oidECKey:
		key, err := readPoint(bits, params)
		return publicKey{ec: key}, err
	}
	return publicKey{}, unchecked(ReasonAlgorithm)
}

// readBits reads a BIT STRING of whole octets.
func readBits(in *cryptobyte.String) (cryptobyte.String, bool) {
	var bits []byte
	ok := in.ReadASN1BitStringAsBytes(&bits)
	return bits, ok
}

// readRSA reads an RSAPublicKey and checks its size.
func readRSA(der cryptobyte.String, minBits int) (*rsa.PublicKey, error) {
	if err := checkDER(der); err != nil {
		return nil, err
	}
	seq, err := readSequence(der)
	if err != nil {
		return nil, err
	}
	modulus, ok := readUnsigned(&seq, 2*maxRSABits/8)
	if !ok {
		return nil, failed(ReasonMalformed)
	}
	exponent, ok := readUnsigned(&seq, 2*maxRSABits/8)
	if !ok || !seq.Empty() {
		return nil, failed(ReasonMalformed)
	}
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	switch {
	case n.BitLen() < minBits || n.Bit(0) == 0 || e.Bit(0) == 0 || e.Cmp(big.NewInt(3)) < 0:
		return nil, failed(ReasonWeakKey)
	case n.BitLen() > maxRSABits || e.BitLen() > 31:
		return nil, unchecked(ReasonAlgorithm)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// readPoint reads an uncompressed point on the curve that params name or spell out.
func readPoint(point, params cryptobyte.String) (*ecdsa.PublicKey, error) {
	curve, err := readCurve(params)
	if err != nil {
		return nil, err
	}
	octets := (curve.Params().P.BitLen() + 7) / 8
	if len(point) > 0 && (point[0] == 2 || point[0] == 3) {
		return nil, unchecked(ReasonCurve) // compressed; Doc 9303-12 does not allow it
	}
	if len(point) != 1+2*octets || point[0] != 4 {
		return nil, failed(ReasonMalformed)
	}
	x, y := new(big.Int).SetBytes(point[1:1+octets]), new(big.Int).SetBytes(point[1+octets:])
	// The brainpool curves reduce coordinates before they look at them, so the range is checked here.
	//lint:ignore SA1019 brainpool keys are public data that no other function of the standard library takes
	if p := curve.Params().P; x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || !curve.IsOnCurve(x, y) {
		return nil, failed(ReasonWeakKey)
	}
	//lint:ignore SA1019 as above
	return &ecdsa.PublicKey{Curve: curve, X: x, Y: y}, nil
}

// readCurve reads ECParameters: the name of a curve, or all its parameters.
func readCurve(params cryptobyte.String) (elliptic.Curve, error) {
	if params.PeekASN1Tag(tagSequence) {
		return readExplicitCurve(params)
	}
	name, ok := readOID(&params)
	if !ok || !params.Empty() {
		return nil, failed(ReasonMalformed)
	}
	switch name {
	case "1.3.132.0.33":
		return elliptic.P224(), nil
	case "1.2.840.10045.3.1.7":
		return elliptic.P256(), nil
	case "1.3.132.0.34":
		return elliptic.P384(), nil
	case "1.3.132.0.35":
		return elliptic.P521(), nil
	case "1.3.36.3.3.2.8.1.1.7":
		return brainpool.P256r1(), nil
	case "1.3.36.3.3.2.8.1.1.11":
		return brainpool.P384r1(), nil
	case "1.3.36.3.3.2.8.1.1.13":
		return brainpool.P512r1(), nil
	case "1.2.840.10045.3.1.1", "1.3.36.3.3.2.8.1.1.1", "1.3.36.3.3.2.8.1.1.2", "1.3.36.3.3.2.8.1.1.3", "1.3.36.3.3.2.8.1.1.4":
		return nil, failed(ReasonWeakKey) // P-192, brainpool 160 and 192
	}
	return nil, unchecked(ReasonCurve)
}

// readExplicitCurve reads SpecifiedECDomain (RFC 3279, section 2.3.5) and finds the curve that has these parameters.
// Parameters of no such curve are refused: whoever may choose them can choose a generator that fits a foreign key.
func readExplicitCurve(params cryptobyte.String) (elliptic.Curve, error) {
	var seq, field, coefficients, a, b, base cryptobyte.String
	var version int
	if !params.ReadASN1(&seq, tagSequence) || !params.Empty() || !seq.ReadASN1Integer(&version) ||
		!seq.ReadASN1(&field, tagSequence) {
		return nil, failed(ReasonMalformed)
	}
	kind, ok := readOID(&field)
	if !ok {
		return nil, failed(ReasonMalformed)
	}
	if kind != oidPrime {
		return nil, unchecked(ReasonCurve)
	}
	prime, ok := readUnsigned(&field, maxFieldOctets)
	if !ok || !field.Empty() || !seq.ReadASN1(&coefficients, tagSequence) ||
		!coefficients.ReadASN1(&a, tagOctetString) || !coefficients.ReadASN1(&b, tagOctetString) ||
		!coefficients.SkipOptionalASN1(cbasn1.BIT_STRING) || !coefficients.Empty() ||
		!seq.ReadASN1(&base, tagOctetString) {
		return nil, failed(ReasonMalformed)
	}
	order, ok := readUnsigned(&seq, maxFieldOctets)
	if !ok {
		return nil, failed(ReasonMalformed)
	}
	if !seq.Empty() {
		cofactor, ok := readUnsigned(&seq, maxFieldOctets)
		if !ok || !seq.Empty() || string(cofactor) != "\x01" {
			return nil, failed(ReasonMalformed)
		}
	}
	n := new(big.Int).SetBytes(order)
	if n.BitLen() < minCurveBits {
		return nil, failed(ReasonWeakKey)
	}
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521(),
		brainpool.P256r1(), brainpool.P384r1(), brainpool.P512r1()} {
		if p := c.Params(); p.N.Cmp(n) == 0 && p.P.Cmp(new(big.Int).SetBytes(prime)) == 0 && isBase(base, p) &&
			hasCoefficients(c, new(big.Int).SetBytes(a), new(big.Int).SetBytes(b)) {
			return c, nil
		}
	}
	return nil, unchecked(ReasonCurve)
}

// isBase says whether an encoded point, compressed or not, is the curve's generator.
func isBase(point []byte, p *elliptic.CurveParams) bool {
	octets := (p.P.BitLen() + 7) / 8
	x := p.Gx.FillBytes(make([]byte, octets))
	y := p.Gy.FillBytes(make([]byte, octets))
	compressed := append([]byte{2 + byte(p.Gy.Bit(0))}, x...)
	whole := append(append([]byte{4}, x...), y...)
	return string(point) == string(compressed) || string(point) == string(whole)
}

// hasCoefficients says whether a and b are the curve's own: the generator and its double both satisfy
// y² = x³ + ax + b, and two points with different x determine a and b.
func hasCoefficients(c elliptic.Curve, a, b *big.Int) bool {
	p := c.Params()
	//lint:ignore SA1019 arithmetic on public parameters
	x2, y2 := c.Double(p.Gx, p.Gy)
	return a.Cmp(p.P) < 0 && b.Cmp(p.P) < 0 && satisfies(p.Gx, p.Gy, a, b, p.P) && satisfies(x2, y2, a, b, p.P)
}

// satisfies says whether y² = x³ + ax + b modulo p.
func satisfies(x, y, a, b, p *big.Int) bool {
	right := new(big.Int).Mul(x, x)
	right.Add(right, a).Mul(right, x).Add(right, b).Mod(right, p)
	left := new(big.Int).Mul(y, y)
	return left.Mod(left, p).Cmp(right) == 0
}

// verify checks a signature over message.
func (k publicKey) verify(a algorithm, message, signature []byte) error {
	sum := digest(a.hash, message)
	switch {
	case a.scheme == schemePKCS1 && k.rsa != nil && k.pss == nil:
		if rsa.VerifyPKCS1v15(k.rsa, a.hash, sum, signature) != nil {
			return failed(ReasonSignature)
		}
	case a.scheme == schemePSS && k.rsa != nil:
		if k.pss != nil && (k.pss.hash != a.hash || a.salt < k.pss.salt) {
			return failed(ReasonSignature)
		}
		if rsa.VerifyPSS(k.rsa, a.hash, sum, signature, &rsa.PSSOptions{SaltLength: a.salt}) != nil {
			return failed(ReasonSignature)
		}
	case a.scheme == schemeECDSA && k.ec != nil:
		if !ecdsa.VerifyASN1(k.ec, sum, signature) {
			return failed(ReasonSignature)
		}
	default:
		return failed(ReasonSignature) // the algorithm is not one of this kind of key
	}
	return nil
}
