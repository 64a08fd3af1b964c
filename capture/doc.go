// Package capture turns untrusted bytes into pictures: type, size, pixels and time limited, upright, sRGB, without
// metadata.
//
// It owns what happens between a file and [Image]: recognising JPEG, PNG, WebP and HEIC by content, the limits, EXIF
// orientation, conversion to RGB, and the reduction of large pictures. It does not own what is in a picture (package
// face), nor where bytes come from, and it writes no pictures.
//
// Invariants:
//   - Headers are read and checked against [Limits] before anything in proportion to the picture is allocated, and the
//     memory of all decodes at once is bounded (see [NewDecoder]).
//   - Every error is a *truename.Error with code unsupported_type, too_large, too_many_pixels, truncated, corrupt or
//     timeout. A panic of a decoder is corrupt.
//   - len(Pix) = 3·Width·Height, and all eight EXIF orientations of a picture give the same pixels.
//   - No metadata leaves the package: position, device and time of a photo are not even read. ICC profiles are not
//     applied; samples are taken as sRGB, which is what phones declare or come close to (Display P3).
//   - A large JPEG that the reduced decoder does not take goes to image/jpeg, which has the last word on refusing it.
//
// What runs where: JPEG, PNG and WebP in Go; HEIC by libheif and libde265 compiled to WebAssembly, in a sandbox with
// limited memory. Decoders in Go stop soon after their context ends, except within a lossy WebP, whose work is bounded
// by its pixels; a HEIC decode is left behind and ends by itself.
//
// Standards: ITU-T T.81 and T.871 (JPEG, JFIF), ISO/IEC 15948 (PNG), RFC 9649 and 6386 (WebP), ISO/IEC 23008-12 (HEIF),
// Exif 3.0 (orientation).
package capture
