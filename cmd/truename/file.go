package main

import (
	"os"
	"path/filepath"
	"syscall"
)

// file is written under another name in the same folder, and appears whole, on disk, or not at all. Only its owner may
// read it. The other name is always the same one: what a process that died has left there is overwritten by the next, so
// that no old copy of keys lies about.
type file struct {
	*os.File
	path    string
	replace bool
	there   bool // it has appeared
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
	f, err := os.OpenFile(partial(path), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, unwritable(err)
	}
	if err := claim(f); err != nil {
		f.Close()
		return nil, err
	}
	return &file{File: f, path: path, replace: replace}, nil
}

// partial is the name of a file that has not appeared.
func partial(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".partial")
}

// claim keeps other processes from writing the same file, and empties it.
func claim(f *os.File) error {
	busy := func(err error) error {
		return usage("Another process is writing this file.", "Wait until it has ended.", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return busy(err)
	}
	named, err := os.Lstat(f.Name())
	if err != nil {
		return busy(err)
	}
	// Whoever had it may have finished just now: then the name is gone, or another file's.
	if held, err := f.Stat(); err != nil || !os.SameFile(named, held) {
		return busy(err)
	}
	if err := f.Chmod(0o600); err != nil {
		return unwritable(err)
	}
	if err := f.Truncate(0); err != nil {
		return unwritable(err)
	}
	return nil
}

// appear gives the file its name, when all of it is on disk.
func (f *file) appear() error {
	if err := f.Sync(); err != nil {
		return unwritable(err)
	}
	if err := f.move(); err != nil {
		return unwritable(err)
	}
	f.there = true
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

func (f *file) move() error {
	if f.replace {
		return os.Rename(f.Name(), f.path)
	}
	if err := os.Link(f.Name(), f.path); err != nil { // fails where a rename would replace
		return err
	}
	return os.Remove(f.Name())
}

// abandon closes the file, and removes its other name where it still has that.
func (f *file) abandon() {
	if !f.there {
		os.Remove(f.Name())
	}
	f.Close()
}

func unwritable(err error) error {
	return usage("The file cannot be written.", "Check the folder, its permissions and the space that is left.", err)
}
