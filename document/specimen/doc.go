// Package specimen makes test data: photos of identity documents that do not exist, of people who do not exist.
//
// It owns drawn layouts (their own, after the order and place of the fields on real documents, without any security
// feature, and marked as specimens), invented people, and the photography: perspective, light, blur, glare, noise. It
// does not own reading (package document/visual), and nothing a product does with a customer depends on it.
//
// Invariants:
//   - The same seed gives the same picture, on the same fonts.
//   - Chinese numbers have the region 999999, which is assigned to nobody; the Indonesian and Thai numbers likewise begin
//     with digits that no place has; the passport's state is UTO (ICAO Doc 9303: specimens).
//   - The place of ethnicity and that of religion hold a word that is neither.
//   - Portraits are drawn; no photo of a person is part of it.
//
// Fonts come from Debian's packages fonts-noto-cjk, fonts-droid-fallback, fonts-liberation, fonts-ocr-b and
// fonts-tlwg-garuda-ttf.
package specimen
