package chip

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"strings"
	"time"

	"truename"
)

const maxTrustFiles = 4096

// Refusal is a file of a store of trust that could not be used.
type Refusal struct {
	File   string
	Reason truename.Code
}

// Load builds a store of trust from a directory, with its subdirectories: certificates from .pem, .crt, .cer and .der,
// master lists from .ml, revocation lists from .crl; other files are left alone. Certificates come first, since they
// are what master lists are checked with. A file that cannot be used is reported and leaves the rest usable: a country
// is then undecided, never passed. The error is a *truename.Error and says that the directory cannot be read, or that
// no certificate was found.
func Load(files fs.FS, o Options, at time.Time) (*Trust, Import, []Refusal, error) {
	byKind, err := listTrustFiles(files)
	if err != nil {
		return nil, Import{}, nil, loadError("The directory of trusted certificates cannot be read.", err)
	}
	l := loader{files: files, trust: NewTrust(o), at: at, failures: map[string]truename.Code{}}
	l.each(byKind["certificate"], l.trust.AddCertificates)
	// A master list is checked against a revocation list, and may bring the issuer of another one: so lists of
	// revocations are tried before and after.
	l.each(byKind["revocations"], l.addRevocations)
	l.each(byKind["masterlist"], func(data []byte) (Import, error) { return l.trust.AddMasterList(data, at) })
	l.each(byKind["revocations"], l.addRevocations)
	if l.trust.Certificates() == 0 {
		return nil, l.done, l.refusals(byKind), loadError("There is no trusted certificate that can be used.", nil)
	}
	return l.trust, l.done, l.refusals(byKind), nil
}

func loadError(detail string, cause error) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail,
		Remedy: "Put country signing certificates or a master list with its signer's issuer there.", Cause: cause}
}

// listTrustFiles sorts the files of a directory by what their names say they are.
func listTrustFiles(files fs.FS) (map[string][]string, error) {
	byKind := map[string][]string{}
	count := 0
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		kind := ""
		switch strings.ToLower(path.Ext(name)) {
		case ".pem", ".crt", ".cer", ".der":
			kind = "certificate"
		case ".ml":
			kind = "masterlist"
		case ".crl":
			kind = "revocations"
		default:
			return nil
		}
		if count++; count > maxTrustFiles {
			return fmt.Errorf("more than %d files", maxTrustFiles)
		}
		byKind[kind] = append(byKind[kind], name)
		return nil
	})
	return byKind, err
}

// loader adds files to a store and remembers which could not be used.
type loader struct {
	files    fs.FS
	trust    *Trust
	at       time.Time
	done     Import
	failures map[string]truename.Code
}

// each reads files and hands them to add.
func (l *loader) each(names []string, add func([]byte) (Import, error)) {
	for _, name := range names {
		delete(l.failures, name)
		data, err := l.read(name)
		if err == nil {
			var one Import
			one, err = add(data)
			l.count(one)
		}
		if err != nil {
			l.failures[name] = truename.AsError(err).Code
		}
	}
}

// read reads one file, within the limit.
func (l *loader) read(name string) ([]byte, error) {
	f, err := l.files.Open(name)
	if err != nil {
		return nil, asError(failed(ReasonTruncated), "The file")
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, asError(failed(ReasonTruncated), "The file")
	}
	if len(data) > maxFileSize {
		return nil, asError(failed(ReasonLength), "The file")
	}
	return data, nil
}

func (l *loader) addRevocations(data []byte) (Import, error) {
	return Import{}, l.trust.AddRevocationList(data, l.at)
}

// count adds what became of one file.
func (l *loader) count(one Import) {
	l.done.Added += one.Added
	l.done.Known += one.Known
	if l.done.Refused == nil {
		l.done.Refused = maps.Clone(one.Refused)
		return
	}
	for code, n := range one.Refused {
		l.done.Refused[code] += n
	}
}

// refusals lists the files that could not be used, in the directory's order.
func (l *loader) refusals(byKind map[string][]string) []Refusal {
	var all []Refusal
	for _, kind := range []string{"certificate", "masterlist", "revocations"} {
		for _, name := range byKind[kind] {
			if code, bad := l.failures[name]; bad {
				all = append(all, Refusal{name, code})
			}
		}
	}
	return all
}
