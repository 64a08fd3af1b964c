// Package visual reads what is printed on identity documents: it finds the document in a hand-held photo, rectifies it,
// reads the fields that a template describes and says what speaks against the picture.
//
// It owns the templates of documents, the search for the outline, text detection and recognition with the pack's OCR
// networks, the fields with their confidence, cross-checks between fields, the image checks and the cut-out portrait. It
// does not own the rules of numbers and the machine readable zone (package document), the face on the portrait
// (package face), nor any decision: it measures.
//
// Invariants:
//   - What a template hides (ethnicity on Chinese cards, religion on others) is painted over before a field is read, and in
//     every picture of the document that leaves the package. Before that, while it is not known yet which document it is,
//     lines are only asked whether a template's labels are in them ([script.look]); nothing is decoded. Where a template's
//     own label of a hidden place is not found, everything is hidden.
//   - A value is read, unsure or missing. It is read only at or above its limit of confidence, in a form its type allows,
//     with its check digit holding where it has one, and if no cross-check speaks against it.
//   - A check that could not measure does not pass. No check approves.
//   - The work is bounded: by the picture's pixels, at most five pages tried, 60 lines searched and three looks at a row of
//     a field. It ends soon after its context does, with an error.
//   - No text leaves it but as truename.Private; errors and findings hold codes and numbers.
//
// Sources: PP-OCRv4 (PaddleOCR) for the networks and their pre- and post-processing; ISO/IEC 7810 for sizes of cards; ICAO
// Doc 9303 for the data page; GB 11643-1999 for check characters.
package visual
