package vault

import (
	"context"
	"strings"
)

// master is a master key, in a file or in a key service. It wraps and unwraps keys of 32 bytes.
type master interface {
	// wrap encrypts with the newest key; bound is the associated data.
	wrap(ctx context.Context, key, bound []byte) ([]byte, error)
	// unwrap decrypts; bytes that do not open under bound give errRefused.
	unwrap(ctx context.Context, box, bound []byte) ([]byte, error)
	// current names the key that wraps.
	current(ctx context.Context) (string, error)
	// keyOf names the key that has wrapped a box.
	keyOf(box []byte) (string, error)
}

// openMaster understands an address. It makes no call to a key service yet.
func openMaster(uri string) (master, error) {
	scheme, _, _ := strings.Cut(uri, ":")
	switch strings.ToLower(scheme) {
	case "file":
		path, err := filePath(uri)
		if err != nil {
			return nil, err
		}
		return openFileMaster(path)
	case "hcvault":
		return openTransit(uri)
	}
	// The address is not repeated: it may hold a secret.
	return nil, invalid("The address of the master key is not understood.",
		"Use file:PATH or hcvault://HOST[:PORT]/MOUNT/keys/KEY; other key services are not supported.")
}
