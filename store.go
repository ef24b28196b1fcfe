package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

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

// tuningFlags are how a store works.
type tuningFlags struct {
	Retention time.Duration `default:"1h" group:"limits" help:"How long the pages of one search can be walked while what they show is changed."`
	MaxQueue  int           `default:"1024" group:"limits" help:"The most writes that wait; others are answered 429."`
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

// ledger is the file that knows what was loaded into the store. It goes with the database and not with the folder, which can hold
// backups too.
func (l location) ledger() string {
	file, _ := sqlite.Locate(l.path)
	return file + ".loaded"
}

// embedded returns the path of an embedded store, for the commands that work on its files.
func (l location) embedded() (string, error) {
	if l.kind != sqliteStore {
		return "", fmt.Errorf("%s is no embedded store: --store sqlite:DIR names one", l)
	}
	return l.path, nil
}
