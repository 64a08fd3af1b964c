// Package document checks what stands on identity documents.
//
// It owns national identity numbers: their forms, every check that the law or the standard behind a number gives, and
// what a number says about its holder. It also owns [Finding], the form in which the packages below it (document/mrz
// and its neighbours) say what they measured on a document. It does not own the reading of pictures or chips, nor the
// question whether a number was ever issued: only the issuer can answer that.
//
// Invariants:
//   - A number is accepted only when every check of its scheme holds. What a scheme does not let anybody check is
//     listed in [Facts.Unchecked].
//   - Errors are *truename.Error of kind invalid and code document_number. They name the check that failed and the
//     position, counted from 1, and never a character of the number.
//   - Everything that a number says about a person is truename.Private.
//   - Work and memory do not depend on the length of the input: what is longer than any number is refused unread.
//
// Standards: GB 11643-1999 and GB/T 2260 (China), ISO/IEC 7064 MOD 11-2, Verhoeff's scheme (1969), ICAO Doc 9303-3 §4.9.
// Each scheme's source stands with its function.
package document
