package main

import (
	"os"
	"path/filepath"
)

// file is written under another name in the same folder, and appears whole, on disk, or not at all. Only its owner may
// read it.
type file struct {
	*os.File
	path    string
	replace bool
}

// newFile begins a file at a path where there must be none.
func newFile(path string) (*file, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, usage("There is a file of this name already.", "Choose another name; it is never replaced.", nil)
	}
	return beginFile(path, false)
}

// replacingFile begins a file that takes the place of the one at a path.
func replacingFile(path string) (*file, error) { return beginFile(path, true) }

func beginFile(path string, replace bool) (*file, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".") // mode 0600
	if err != nil {
		return nil, unwritable(err)
	}
	return &file{f, path, replace}, nil
}

// appear gives the file its name, when all of it is on disk.
func (f *file) appear() error {
	if err := f.Sync(); err != nil {
		return unwritable(err)
	}
	var err error
	if f.replace {
		err = os.Rename(f.Name(), f.path)
	} else {
		err = os.Link(f.Name(), f.path) // fails where a rename would replace
	}
	if err != nil {
		return unwritable(err)
	}
	folder, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return unwritable(err)
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return unwritable(err)
	}
	return nil
}

// abandon closes the file and removes what has not appeared.
func (f *file) abandon() {
	f.Close()
	os.Remove(f.Name())
}

func unwritable(err error) error {
	return usage("The file cannot be written.", "Check the folder, its permissions and the space that is left.", err)
}
