package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// maxKeyset bounds the bytes of a keyset file: some thousand keys.
const maxKeyset = 1 << 20

// tinkPrefix is the head of a box: 0x01 and the key's id, four bytes, most significant first.
const tinkPrefix = 5

// Create makes a new master key in a file that only its owner may read. It refuses to replace a file. The file appears
// whole, on disk, or not at all.
func Create(path string) error {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return unavailable("A master key cannot be made.", "Report this as a defect.", err)
	}
	temporary, err := writeKeyset(path, h)
	if err != nil {
		return fileTrouble(err)
	}
	defer os.Remove(temporary)
	// A link fails where a rename would replace.
	if err := os.Link(temporary, path); errors.Is(err, os.ErrExist) {
		return invalid("The master key file is there already.", "Use it, or choose another path; it is never replaced.")
	} else if err != nil {
		return fileTrouble(err)
	}
	return syncFolder(path)
}

// RotateMaster adds a new master key to the file and makes it the one that wraps. It gives the new key's name. The old keys
// stay and open what they have wrapped.
func RotateMaster(path string) (key string, err error) {
	err = changeKeyset(path, func(m *keyset.Manager, _ *masterKeys) error {
		id, err := m.Add(aead.AES256GCMKeyTemplate())
		if err != nil {
			return err
		}
		key = strconv.FormatUint(uint64(id), 10)
		return m.SetPrimary(id)
	})
	return key, err
}

// RetireMaster removes a master key from the file. What it alone has wrapped is lost for ever: the caller has made sure that
// neither a data key nor the ring is left (see [Vault.MasterOf]). The key that wraps cannot be removed.
func RetireMaster(path, key string) error {
	return changeKeyset(path, func(m *keyset.Manager, keys *masterKeys) error {
		id, err := strconv.ParseUint(key, 10, 32)
		if err != nil || !slices.Contains(keys.ids, uint32(id)) {
			return invalid("There is no such master key in the file.", "Name one of the keyset.")
		}
		if uint32(id) == keys.primary {
			return invalid("This master key is in use.", "Rotate first, rewrap what it has wrapped, then remove it.")
		}
		return m.Delete(uint32(id))
	})
}

// fileMaster is a master key in a file. It follows the file: a new keyset is seen without a restart.
type fileMaster struct {
	path string
	mu   sync.Mutex
	keys *masterKeys
}

// masterKeys is a keyset as read. It does not change.
type masterKeys struct {
	stamp   stamp
	handle  *keyset.Handle
	aead    tink.AEAD
	primary uint32
	ids     []uint32
}

// stamp tells whether a file is still the one that was read.
type stamp struct {
	device, inode   uint64
	size, sec, nsec int64
}

func openFileMaster(path string) (master, error) {
	m := &fileMaster{path: path}
	if _, err := m.fresh(); err != nil {
		return nil, err
	}
	return m, nil
}

// wrap looks at the file each time: a key must never be wrapped by a master key that is no longer on disk.
func (m *fileMaster) wrap(_ context.Context, key, bound []byte) ([]byte, error) {
	keys, err := m.fresh()
	if err != nil {
		return nil, err
	}
	box, err := keys.aead.Encrypt(key, bound)
	if err != nil {
		return nil, unavailable("Wrapping a key failed.", "Try again; if it persists, see the server's log.", err)
	}
	return box, nil
}

func (m *fileMaster) unwrap(_ context.Context, box, bound []byte) ([]byte, error) {
	id, err := boxKey(box)
	if err != nil {
		return nil, err
	}
	keys := m.read()
	if !slices.Contains(keys.ids, id) {
		// Wrapped by a key that another process has added meanwhile, perhaps.
		if keys, err = m.fresh(); err != nil {
			return nil, err
		}
		if !slices.Contains(keys.ids, id) {
			return nil, unavailable(fmt.Sprintf("The master key %d is not in the keyset file.", id),
				"Put the newest keyset file in place, or restore the one that holds this key.", nil)
		}
	}
	key, err := keys.aead.Decrypt(box, bound)
	if err != nil {
		return nil, sealBroken(err)
	}
	return key, nil
}

func (m *fileMaster) current(context.Context) (string, error) {
	keys, err := m.fresh()
	if err != nil {
		return "", err
	}
	return strconv.FormatUint(uint64(keys.primary), 10), nil
}

func (m *fileMaster) keyOf(box []byte) (string, error) {
	id, err := boxKey(box)
	return strconv.FormatUint(uint64(id), 10), err
}

func (m *fileMaster) read() *masterKeys {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.keys
}

// fresh gives the keyset as the file is now.
func (m *fileMaster) fresh() (*masterKeys, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, now, err := openKeyset(m.path)
	if err != nil {
		return nil, fileTrouble(err)
	}
	defer f.Close()
	if m.keys != nil && m.keys.stamp == now {
		return m.keys, nil
	}
	keys, err := readKeyset(f, now)
	if err != nil {
		return nil, fileTrouble(err)
	}
	m.keys = keys
	return keys, nil
}

func boxKey(box []byte) (uint32, error) {
	if len(box) < tinkPrefix || box[0] != 1 {
		return 0, sealBroken(errors.New("not wrapped by a keyset file"))
	}
	return binary.BigEndian.Uint32(box[1:]), nil
}

// changeKeyset reads a keyset, changes it and puts it in place, whole and on disk. Two changes wait for one another.
func changeKeyset(path string, change func(*keyset.Manager, *masterKeys) error) error {
	// The file itself is replaced, not a link to it.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fileTrouble(err)
	}
	f, now, err := openKeyset(path)
	if err != nil {
		return fileTrouble(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return unavailable("The keyset file is being changed by another process.", "Try again.", err)
	}
	// Whoever held the lock before may have put another file in place.
	if again, stampAgain, err := openKeyset(path); err != nil {
		return fileTrouble(err)
	} else if again.Close(); stampAgain != now {
		return unavailable("The keyset file has just been changed by another process.", "Try again.", nil)
	}
	keys, err := readKeyset(f, now)
	if err != nil {
		return fileTrouble(err)
	}
	m := keyset.NewManagerFromHandle(keys.handle)
	if err := change(m, keys); err != nil {
		return fileTrouble(err)
	}
	h, err := m.Handle()
	if err != nil {
		return fileTrouble(err)
	}
	temporary, err := writeKeyset(path, h)
	if err != nil {
		return fileTrouble(err)
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return fileTrouble(err)
	}
	return syncFolder(path)
}

// openKeyset opens the file and checks, on the open file, that nobody but this user can have read or written it.
func openKeyset(path string) (*os.File, stamp, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, stamp{}, unavailable("The master key file does not exist.",
			"Restore it; make a new one only for a new operator, it opens nothing that another has sealed.", err)
	}
	if err != nil {
		return nil, stamp{}, err
	}
	now, err := private(f, os.Geteuid())
	if err != nil {
		f.Close()
		return nil, stamp{}, err
	}
	return f, now, nil
}

// private refuses files that are not the user's own, or that others may read or write.
func private(f *os.File, user int) (stamp, error) {
	info, err := f.Stat()
	if err != nil {
		return stamp{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || !info.Mode().IsRegular():
		return stamp{}, unavailable("The key file is not a regular file.", "Give the path of the file itself.", nil)
	case int(st.Uid) != user:
		return stamp{}, unavailable("The key file belongs to another user.", "Change its owner to the user that runs truename.", nil)
	case info.Mode().Perm()&0o077 != 0:
		return stamp{}, unavailable(fmt.Sprintf("Others may use the key file: its mode is %04o.", info.Mode().Perm()), "Set its mode to 0600; if others may have read it, rotate.", nil)
	}
	return stamp{uint64(st.Dev), st.Ino, st.Size, int64(st.Mtim.Sec), int64(st.Mtim.Nsec)}, nil
}

func readKeyset(f *os.File, now stamp) (*masterKeys, error) {
	body, err := io.ReadAll(io.LimitReader(f, maxKeyset+1))
	defer clear(body)
	if err != nil {
		return nil, err
	}
	if len(body) > maxKeyset {
		return nil, unavailable("The master key file is too large to be a keyset.", "Check the path.", nil)
	}
	keys, err := parseKeyset(body)
	if err != nil {
		return nil, err
	}
	keys.stamp = now
	return keys, nil
}

// parseKeyset reads a Tink keyset in JSON. Its keys must be for authenticated encryption and name themselves in what they
// wrap. A parser's error may quote what it has read, so it is not passed on.
func parseKeyset(body []byte) (*masterKeys, error) {
	broken := unavailable("The master key file is not a usable Tink keyset.", "Restore it from where it is kept.", nil)
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(body)))
	if err != nil {
		return nil, broken
	}
	keys := &masterKeys{handle: h, primary: h.KeysetInfo().GetPrimaryKeyId()}
	for _, k := range h.KeysetInfo().GetKeyInfo() {
		if k.GetOutputPrefixType() != tinkpb.OutputPrefixType_TINK {
			return nil, broken
		}
		if k.GetStatus() == tinkpb.KeyStatusType_ENABLED {
			keys.ids = append(keys.ids, k.GetKeyId())
		}
	}
	if keys.aead, err = aead.New(h); err != nil {
		return nil, broken
	}
	return keys, nil
}

// writeKeyset writes a keyset to a new file beside path, on disk, and gives its name.
func writeKeyset(path string, h *keyset.Handle) (temporary string, err error) {
	var body bytes.Buffer
	defer func() { clear(body.Bytes()) }()
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&body)); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(body.Bytes()); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fileTrouble(err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fileTrouble(err)
	}
	return nil
}

// filePath takes the path out of file:PATH or file:///PATH.
func filePath(uri string) (string, error) {
	path := uri[len("file:"):]
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = rest
		if !strings.HasPrefix(path, "/") {
			return "", invalid("The address of the master key names a host.", "Use file:PATH or file:///PATH.")
		}
	}
	if path == "" {
		return "", invalid("The address of the master key names no file.", "Use file:PATH.")
	}
	return path, nil
}
