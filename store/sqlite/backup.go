package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir"
)

// Backup copies the store at path into a new file, as of one moment, while
// another process may have it open and write to it. The copy is a store: start on it to restore.
// https://sqlite.org/lang_vacuum.html#vacuuminto
func Backup(ctx context.Context, path, to string) error {
	file, _ := Locate(path)
	if _, err := os.Stat(file); err != nil {
		return unusable(path, err)
	}
	if _, err := os.Stat(to); err == nil {
		return fhir.NewIssue(fhir.Duplicate, fmt.Sprintf("%s is there already: a backup replaces nothing", to))
	} else if !errors.Is(err, os.ErrNotExist) {
		return unusable(to, err)
	}
	c, err := sqlite3.OpenContext(ctx, "file:"+uriPath(file)+"?mode=rw")
	if err != nil {
		return unusable(path, err)
	}
	defer func() { _ = c.Close() }()
	part := to + ".part"
	_ = os.Remove(part)
	err = c.Exec(`PRAGMA busy_timeout = 10000; VACUUM INTO ` + sqlite3.Quote(part))
	if err == nil {
		err = syncFile(part)
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	if err == nil {
		err = syncFile(filepath.Dir(to))
	}
	if err != nil {
		_ = os.Remove(part)
		return fhir.NewIssue(fhir.NoStore, fmt.Sprintf("backing up %s to %s: %v", file, to, err)).CausedBy(err)
	}
	return nil
}

func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
