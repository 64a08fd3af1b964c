package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"
)

// loadConfig reads flags from TOML. A key that is no flag is an error, so that a misspelt limit is not ignored.
func loadConfig(r io.Reader) (kong.Resolver, error) {
	var values map[string]any
	if err := toml.NewDecoder(io.LimitReader(r, 1<<20)).Decode(&values); err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	file := &configFile{map[string]any{}}
	for key, value := range values {
		name := strings.ReplaceAll(key, "_", "-")
		if _, twice := file.values[name]; twice {
			return nil, fmt.Errorf("configuration file: %q is given twice, with - and with _", name)
		}
		file.values[name] = value
	}
	return file, nil
}

// configFile gives kong the values of flags, by name, that were not given on the command line.
type configFile struct{ values map[string]any }

// Validate refuses keys that no command has as a flag.
func (c *configFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	for key := range c.values {
		if !known[key] || key == "help" || key == "config" {
			return fmt.Errorf("configuration file: unknown key %q", key)
		}
	}
	return nil
}

// Resolve gives a flag's value, or nil.
func (c *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	return c.values[flag.Name], nil
}

// version gives the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "development"
}
