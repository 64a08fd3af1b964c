// Package access says who asks: API clients with keys, members of staff with passkeys or an OIDC identity, their roles,
// outlets and limits. There are no passwords.
package access
