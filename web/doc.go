// Package web is the browser side of truename: the page at "/", built by Vite from src into dist and embedded here.
//
// It owns how the page is served: content security policy, caching, compression. It does not own the API that the
// page calls (httpapi), and imports nothing of this module.
//
// Invariants:
//   - Nothing comes from another origin: no script, style, font or picture. The policy forbids it and a test keeps it so.
//   - No inline script or style runs.
//   - A build that is missing is said to be missing: 503, never an empty page.
//
// Standards: Content Security Policy Level 3, Permissions Policy, RFC 9110 (conditional requests, content
// negotiation), RFC 9111 (caching), RFC 8246 (immutable).
package web
