// Package mrz reads the machine readable zone of travel documents from its lines of text.
//
// It owns the zone's formats as ICAO Doc 9303 parts 3 to 7 lay them down (TD1, TD2, TD3, MRV-A, MRV-B) and France's
// older identity card, the check digits, names and dates in them. It does not own the way from a picture to lines, the visual
// zone, chips, or what follows from a finding (package policy).
//
// Invariants:
//   - [Parse] takes any lines and never guesses: what does not keep the standard is a [Problem] or a check that fails.
//   - All that is read is truename.Private.
//
// Standards: ICAO Doc 9303, 8th edition 2021, parts 3 (common), 4 (TD3), 5 (TD1), 6 (TD2), 7 (visas).
package mrz
