package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"firewolf/store/mongodb"
	"firewolf/store/sqlite"
)

// The kinds of stores.
const (
	sqliteStore  = "sqlite"
	memoryStore  = "memory"
	mongodbStore = "mongodb"
)

// location is where resources are kept.
type location struct {
	kind  string
	path  string          // of sqlite: the folder, or the file of a backup
	mongo mongodb.Address // of mongodb
}

// storeFlags name a store.
type storeFlags struct {
	Store location `default:"sqlite:firewolf-data" placeholder:"STORE" help:"Where resources are kept: sqlite:DIR (or the file of a backup), mongodb://HOST/DATABASE or memory: (${default})."`
}

// passwordFlags are how a store is logged in to. A password on the command line is seen by every user of the machine.
type passwordFlags struct {
	StorePasswordFile string `placeholder:"FILE" group:"security" help:"Holds the password of the user whom mongodb://USER@HOST names."`
}

// tuningFlags are how a store works.
type tuningFlags struct {
	Retention time.Duration `default:"1h" group:"limits" help:"How long the pages of one search can be walked while what they show is changed."`
	MaxQueue  int           `default:"1024" group:"limits" help:"The most writes that wait; others are answered 429."`
}

// UnmarshalText reads "sqlite:DIR", "memory:" or the connection string of a MongoDB.
func (l *location) UnmarshalText(text []byte) error {
	kind, path, ok := strings.Cut(string(text), ":")
	switch {
	case kind == sqliteStore && ok && path != "":
		*l = location{kind: kind, path: filepath.Clean(path)}
	case kind == memoryStore && ok && path == "":
		*l = location{kind: kind}
	case strings.HasPrefix(kind, "mongodb"):
		a, err := mongodb.ParseAddress(string(text))
		if err != nil {
			return err
		}
		*l = location{kind: mongodbStore, mongo: a}
	case strings.Contains(path, "@"):
		// A connection string of another kind can hold a password too, so it is not repeated.
		return errors.New("this is " + noStore)
	default:
		return fmt.Errorf("%q is %s", text, noStore)
	}
	return nil
}

const noStore = "no store: it is memory:, sqlite:DIR or mongodb://HOST/DATABASE"

// String names the store, without what is secret in it.
func (l location) String() string {
	if l.kind == mongodbStore {
		return l.mongo.String()
	}
	return l.kind + ":" + l.path
}

// withPassword returns the location with the password that a file holds, if one is named.
func (l location) withPassword(f passwordFlags) (location, error) {
	if f.StorePasswordFile == "" {
		return l, nil
	}
	if l.kind != mongodbStore {
		return l, fmt.Errorf("--store-password-file is for mongodb://, the store is %s", l)
	}
	text, err := os.ReadFile(f.StorePasswordFile)
	if err != nil {
		return l, fmt.Errorf("reading the password of the store: %w", err)
	}
	// Editors end a file with a new line.
	if l.mongo, err = l.mongo.WithPassword(strings.TrimRight(string(text), "\r\n")); err != nil {
		return l, fmt.Errorf("--store-password-file: %w", err)
	}
	return l, nil
}

// openSecret reports whether a command line holds a secret of a connection string, which every user of the machine could read.
func openSecret(args []string) bool {
	for _, arg := range args {
		_, value, ok := strings.Cut(arg, "=")
		if !ok || strings.HasPrefix(arg, mongodbStore) {
			value = arg
		}
		if a, err := mongodb.ParseAddress(value); err == nil && a.HasSecret() {
			return true
		}
	}
	return false
}

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
	if l.kind == mongodbStore {
		return "", fmt.Errorf("%s is no embedded store; docs/mongodb.md says how a MongoDB is backed up and restored", l)
	}
	if l.kind != sqliteStore {
		return "", fmt.Errorf("%s is no embedded store: --store sqlite:DIR names one", l)
	}
	return l.path, nil
}
