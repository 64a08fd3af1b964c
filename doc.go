// Package truename is the vocabulary of the product: the words every other package speaks, as plain types.
//
// It owns reason codes, error kinds and the names of outcomes. It does nothing: it imports only the standard
// library, touches no file and no network, and holds no state.
//
// Invariants:
//   - A code, once released, keeps its meaning. Clients branch on codes, never on sentences.
//   - An [Error] carries nothing personal: its Detail and Remedy may be shown, logged and stored.
package truename
