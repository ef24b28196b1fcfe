package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/sqlite"
)

// The kinds of stores.
const (
	sqliteStore = "sqlite"
	memoryStore = "memory"
)

// location is where resources are kept.
type location struct {
	kind string
	path string // of sqlite: the folder, or the file of a backup
}

// storeFlags name a store.
type storeFlags struct {
	Store location `default:"sqlite:firewolf-data" placeholder:"STORE" help:"Where resources are kept: sqlite:DIR (or the file of a backup) or memory: (${default})."`
}

// UnmarshalText reads "sqlite:DIR" or "memory:".
func (l *location) UnmarshalText(text []byte) error {
	kind, path, ok := strings.Cut(string(text), ":")
	switch {
	case kind == sqliteStore && ok && path != "":
		*l = location{kind, filepath.Clean(path)}
	case kind == memoryStore && ok && path == "":
		*l = location{kind: kind}
	case strings.HasPrefix(kind, "mongodb"):
		// What follows can hold a password, so it is not repeated.
		return errors.New("this build has no MongoDB store: it is memory: or sqlite:DIR")
	default:
		return fmt.Errorf("%q is no store: it is memory: or sqlite:DIR", text)
	}
	return nil
}

// String returns the text that UnmarshalText reads.
func (l location) String() string { return l.kind + ":" + l.path }

// folder is where the files that belong to a store lie beside it.
func (l location) folder() string {
	_, dir := sqlite.Locate(l.path)
	return dir
}

// open opens the store.
func (l location) open(ctx context.Context, s *spec.Spec, e *search.Engine, own []string) (store.Store, error) {
	if l.kind == memoryStore {
		return memory.New(s, time.Now, own...), nil
	}
	return sqlite.Open(ctx, l.path, sqlite.Options{Engine: e, Clock: time.Now, Index: search.Format})
}

// embedded returns the path of an embedded store, for the commands that work on its files.
func (l location) embedded() (string, error) {
	if l.kind != sqliteStore {
		return "", fmt.Errorf("%s is no embedded store: --store sqlite:DIR names one", l)
	}
	return l.path, nil
}
