// Package api is the messages of the HTTP API: what a client sends and what it is answered, as plain types. The server
// (package httpapi) and the client (package client) share them, so they cannot come apart.
//
// It owns names and forms on the wire. It does not check values (the server's operations and the flows do), and holds no
// logic. Its documentation tags become the OpenAPI document.
//
// Invariants:
//   - Personal data travels in [Personal], which encodes in clear and prints redacted.
//   - No message has a blind index, a key or a sealed box.
package api
