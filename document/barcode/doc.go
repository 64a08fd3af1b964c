// Package barcode reads two-dimensional codes from a picture of a document: QR codes, as on Aadhaar, PhilSys, CNIC and
// NIN, and Data Matrix, as in visible digital seals.
//
// It owns finding and decoding them, within bounds of pixels and time. It does not own what they say: a code is as easily
// printed as anything else on a card, so its content is a claim, to be compared with the rest of the document, and no
// reason to trust the document. Signed contents (Aadhaar's secure QR code, the seals of ICAO Doc 9303-13) are given out
// as they are; nothing here checks their signatures.
//
// Invariants:
//   - A picture with more pixels than the limit is reduced before it is searched; no other memory depends on it.
//   - The search ends soon after its time or its context. Pictures that are made to keep a decoder busy end an attempt:
//     the number of finder patterns that are combined with each other is bounded.
//   - A panic of the decoder is an attempt that found nothing.
//   - Codes are given in the order they were found, each once, at most [MaxCodes]. QR codes are read at any angle, a Data
//     Matrix within some ten degrees of upright or of a quarter turn: rectify the document first.
//
// PDF417, which several driving licences and older identity cards carry, is not read: gozxing has no decoder for it.
//
// Standards: ISO/IEC 18004 (QR code), ISO/IEC 16022 (Data Matrix).
package barcode
