// Package chip checks what a reader has copied from the chip of an electronic travel document, and takes the machine
// readable zone and the portrait out of it.
//
// It owns passive authentication (is this what the issuing State has signed?), the check of an active authentication
// response (does the chip hold the key that goes with it?), and the store of trust that both need: certificates of
// country signing certificate authorities (CSCA), master lists and revocation lists, all supplied by the operator. It
// does not own the conversation with the chip: basic access control, PACE, secure messaging and chip authentication
// happen in the reader, and what a reader says about them is the reader's word, not this package's. It does not own
// the meaning of the lines of the machine readable zone, nor the pixels of the portrait (package capture).
//
// Invariants:
//   - Data of a chip leave [Trust.Verify] only when the outcome is genuine. Everything that was not checked, is not
//     known or is not supported ends as not_genuine or undecided, never as genuine.
//   - not_genuine: a check was made and does not hold. undecided: a check could not be made. Each reason is one stable
//     code (see the Reason constants), and only codes leave the package: no name, number or picture is in an error.
//   - Bytes are read in place. A length field allocates nothing; files, certificates, lists and nesting are bounded, and
//     every structure ends exactly where its length says.
//   - Encodings are DER, as Doc 9303-10 and -12 demand: indefinite and padded lengths are refused.
//   - Public keys have the sizes of Doc 9303-12 at least: RSA 2048 bits, elliptic curves 224 bits; active
//     authentication RSA 1024 bits.
//   - Elliptic curve parameters that are spelt out are accepted only if they are those of a named curve.
//
// Signatures: RSA PKCS #1 v1.5, RSA-PSS with one hash for message and mask, ECDSA on P-224, P-256, P-384, P-521 and
// brainpoolP256r1, P384r1, P512r1; hashes SHA-1, SHA-224, SHA-256, SHA-384, SHA-512. SHA-1 is accepted in documents that
// are in circulation, with the note chip_sha1: forging one would take a second preimage, which nobody can compute; an
// operator may refuse it (see [Options]). Not supported, and undecided: DSA, brainpoolP224r1, brainpoolP320r1, twisted
// brainpool curves, compressed points.
//
// The certificates, CMS and revocation lists are read here with golang.org/x/crypto/cryptobyte and not by crypto/x509 or
// a PKCS #7 package on top of it: crypto/x509 refuses certificates with brainpool curves or explicit parameters, which
// is what a large part of the world's passports are signed with, and those packages verify no RSA-PSS. The mathematics
// is crypto/rsa, crypto/ecdsa and the brainpool curves of ProtonMail's go-crypto; those curves are not constant in time,
// which is of no consequence where only public values are checked.
//
// Standards: ICAO Doc 9303-10, -11 and -12 (8th edition); RFC 5652 (CMS), RFC 5280 (certificates and revocation lists),
// RFC 4055, RFC 5480, RFC 5639; ISO/IEC 19794-5:2005 and ISO/IEC 39794-5:2019 (facial image); ISO/IEC 9796-2:2010
// scheme 1 and BSI TR-03111 (active authentication).
package chip
