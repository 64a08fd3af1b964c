package vault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"truename"
	"truename/vault"
)

func TestCreateIsPrivateAndNeverReplaces(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "master.json")
	if err := vault.Create(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, vault.Create(path), truename.KindInvalid, truename.CodeInvalidRequest)
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
	wantCode(t, vault.Create(filepath.Join(folder, "absent", "master.json")), truename.KindUnavailable, truename.CodeVault)
	wantOnly(t, folder, "master.json")
}

func TestCreateHasOneWinner(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "master.json")
	var won atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if vault.Create(path) == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d winners", won.Load())
	}
	wantOnly(t, folder, "master.json")
}

// Rotations at the same time exclude one another or follow one another: no key is lost.
func TestRotationsDoNotLoseKeys(t *testing.T) {
	o, path := onFile(t)
	added := make(chan string, 16)
	var all sync.WaitGroup
	for range cap(added) {
		all.Go(func() {
			if key, err := vault.RotateMaster(path); err == nil {
				added <- key
			} else {
				wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
			}
		})
	}
	all.Wait()
	close(added)
	first, err := o.MasterOfRing(o.ring)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{first: true}
	for key := range added {
		want[key] = true
	}
	last, err := o.Master(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for key := range want {
		if key == last {
			continue
		}
		if err := vault.RetireMaster(path, key); err != nil {
			t.Errorf("key %s is not in the file: %v", key, err)
		}
	}
	if len(want) < 2 {
		t.Error("no rotation succeeded")
	}
	wantOnly(t, filepath.Dir(path), "master.json")
}

func wantOnly(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
}

// A file that others could have read or written is refused, at the start and later.
func TestOpenFilesAreRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o644, 0o640, 0o660, 0o604, 0o602, 0o601, 0o700 | 0o010, 0o777} {
		t.Run(mode.String(), func(t *testing.T) {
			o, path := onFile(t)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			refusedEverywhere(t, o, path)
		})
	}
	t.Run("another owner", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root can give a file away; the rule itself is tested in TestOwner")
		}
		o, path := onFile(t)
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		refusedEverywhere(t, o, path)
	})
	t.Run("gone", func(t *testing.T) {
		o, path := onFile(t)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refusedEverywhere(t, o, path)
	})
	t.Run("a folder", func(t *testing.T) {
		o, path := onFile(t)
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
		refusedEverywhere(t, o, path)
	})
	for _, mode := range []os.FileMode{0o600, 0o400} {
		t.Run("accepted: "+mode.String(), func(t *testing.T) {
			o, path := onFile(t)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := vault.Unlock(t.Context(), o.uri, o.ring); err != nil {
				t.Error(err)
			}
		})
	}
}

// refusedEverywhere: neither a new process nor a running one wraps by that file, and nobody changes it.
func refusedEverywhere(t *testing.T, o operator, path string) {
	t.Helper()
	_, err := vault.Unlock(t.Context(), o.uri, o.ring)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	_, err = o.NewKey(t.Context(), "subject-1")
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
	_, err = vault.RotateMaster(path)
	wantCode(t, err, truename.KindUnavailable, truename.CodeVault)
}

func TestALinkIsFollowedAndKept(t *testing.T) {
	o, path := onFile(t)
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	key, err := vault.RotateMaster(link)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v %v", info, err)
	}
	if now, err := o.Master(t.Context()); err != nil || now != key {
		t.Errorf("master %s, %v; want %s", now, err, key)
	}
	if _, err := vault.Unlock(t.Context(), "file://"+link, o.ring); err != nil {
		t.Error(err)
	}
}

func TestFilesThatAreNoKeyset(t *testing.T) {
	o, path := onFile(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{
		"empty":          {},
		"text":           []byte("hello"),
		"other JSON":     []byte(`{"a":1}`),
		"cut":            good[:len(good)/2],
		"too large":      bytes.Repeat([]byte(" "), 2<<20),
		"for signatures": keysetFile(t, mac.HMACSHA256Tag256KeyTemplate()),
		"without prefix": keysetFile(t, aead.AES256GCMNoPrefixKeyTemplate()),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, body, 0o600); err != nil {
				t.Fatal(err)
			}
			refusedEverywhere(t, o, path)
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := o.NewKey(t.Context(), "subject-1"); err != nil {
				t.Errorf("after the file was restored: %v", err)
			}
		})
	}
}

func keysetFile(t *testing.T, template *tinkpb.KeyTemplate) []byte {
	t.Helper()
	h, err := keyset.NewHandle(template)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAddresses(t *testing.T) {
	for _, uri := range []string{
		"", ":", "master.json", "/etc/master.json", "file:", "file://host/master.json", "aws-kms://arn:aws:kms:us-east-1:1:key/2",
		"gcp-kms://projects/p", "http://127.0.0.1/transit/keys/k", "hcvault:", "hcvault://", "hcvault:///transit/keys/k",
		"hcvault://host/transit/k", "hcvault://host/keys/k", "hcvault://user:secret@host/transit/keys/k", "hcvault://host/transit/keys/k#f",
		"hcvault://host/transit/keys/k?token=secret", "hcvault://host/transit/keys/k?timeout=1s&timeout=2s", "hcvault://host/transit/keys/k?timeout=1ms",
		"hcvault://host/transit/keys/k?timeout=1h", "hcvault://host/transit/keys/k?timeout=x", "hcvault://host/transit/keys/k?a=%zz", "hcvault://[::1/transit/keys/k",
	} {
		t.Run(uri, func(t *testing.T) {
			_, err := vault.NewRing(t.Context(), uri)
			wantCode(t, err, truename.KindInvalid, truename.CodeInvalidRequest)
			if bytes.Contains([]byte(err.Error()), []byte("secret")) {
				t.Errorf("the error repeats the address: %v", err)
			}
		})
	}
}
