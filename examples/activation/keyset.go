package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"truename/client"
)

// keySet is the public keys that tokens are verified with. They are fetched once and kept, so that a token is judged without
// asking anybody; and once more when a token names a key that is not among them, because keys rotate. A set that was given as a
// file is never fetched.
type keySet struct {
	file     string // given; empty: fetched
	kept     string // folder
	truename *client.Client
}

func (k keySet) forToken(ctx context.Context, token string) ([]byte, error) {
	path := k.file
	if path == "" {
		path = filepath.Join(k.kept, "jwks.json")
	}
	keys, err := os.ReadFile(path)
	switch {
	case k.file != "" && err != nil:
		return nil, usage("The key set cannot be read: check -jwks.")
	case k.file != "", err == nil && has(keys, keyOf(token)):
		return keys, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, usage("The kept key set cannot be read: check -state.")
	}
	if keys, err = k.truename.JWKS(ctx); err != nil {
		return nil, &outcome{exitUnavailable, err}
	}
	return keys, writeWhole(path, keys)
}

// has says whether a key set has a key. Which key a token names decides nothing but whether the set is fetched: the signature is
// activation.Verify's to check.
func has(keys []byte, id string) bool {
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	return json.Unmarshal(keys, &set) == nil && slices.ContainsFunc(set.Keys, func(k struct {
		ID string `json:"kid"`
	}) bool {
		return k.ID == id
	})
}

// keyOf gives the id of the key that a token names, or nothing.
func keyOf(token string) string {
	first, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(first)
	var header struct {
		Key string `json:"kid"`
	}
	if err != nil || json.Unmarshal(text, &header) != nil {
		return ""
	}
	return header.Key
}

// writeWhole puts a file in place of another, so that nobody ever reads half of it.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
