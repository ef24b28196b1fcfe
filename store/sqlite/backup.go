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
	file, err := existing(path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(to); err == nil {
		return fhir.NewIssue(fhir.Duplicate, fmt.Sprintf("%s is there already: a backup replaces nothing", to))
	} else if !errors.Is(err, os.ErrNotExist) {
		return notBackedUp(file, to, err)
	}
	part := to + ".part"
	err = os.Remove(part)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = copyStore(ctx, file, part)
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	if err == nil {
		err = syncDir(filepath.Dir(to))
	}
	if err != nil {
		_ = os.Remove(part)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return notBackedUp(file, to, err)
	}
	return nil
}

// existing returns the database file of a store that is there.
func existing(path string) (string, error) {
	file, _ := Locate(path)
	if _, err := os.Stat(file); err != nil {
		return "", unusable(path, err)
	}
	return file, nil
}

func notBackedUp(file, to string, err error) error {
	if _, ok := fhir.IssuesOf(err); ok {
		return err
	}
	issue := fhir.NewIssue(fhir.NoStore, fmt.Sprintf("backing up %s to %s: %v", file, to, err)).CausedBy(err)
	if full(err) {
		issue = issue.Because(fhir.ReasonStorageFull)
	}
	return issue
}

// copyStore writes the copy, which only its owner may read, and makes it durable.
func copyStore(ctx context.Context, file, to string) (err error) {
	c, err := dial(file, "", "&mode=rw", "")
	if err != nil {
		return err
	}
	defer func() {
		c.SetInterrupt(context.Background())
		err = errors.Join(err, c.Close())
	}()
	c.SetInterrupt(ctx)
	if err := checkFormat(c); err != nil {
		return err
	}
	if err := c.Exec(`VACUUM INTO ` + sqlite3.Quote(to)); err != nil {
		return err
	}
	return syncFile(to)
}
