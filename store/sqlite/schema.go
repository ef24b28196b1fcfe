package sqlite

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir"
)

// format numbers what is in the file. A store of a higher format is refused.
const format = 1

// schema makes the tables. Version rows keep json last, so that reading the
// columns before it does not touch the pages that a large resource overflows to.
const schema = `
CREATE TABLE meta (k TEXT PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE version (
  n INTEGER PRIMARY KEY,  -- the number of the version in the order of commits: its T
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  vid INTEGER NOT NULL,
  at INTEGER NOT NULL,    -- meta.lastUpdated, milliseconds since 1970
  method TEXT NOT NULL,   -- POST, PUT, PATCH, DELETE
  prev INTEGER NOT NULL,  -- the n of the version before, 0 for the first
  digest BLOB,            -- of the resource's tokens
  vals BLOB,              -- ranges, texts and references (vals.go)
  json BLOB               -- NULL for a deletion
);
CREATE TABLE posting (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE closed (n INTEGER PRIMARY KEY, old INTEGER NOT NULL); -- version n closed version old
CREATE TABLE idempotency (
  k BLOB PRIMARY KEY,
  at INTEGER NOT NULL,
  request BLOB NOT NULL,
  note BLOB NOT NULL,
  results BLOB NOT NULL   -- the outcome of the transaction (idempotency.go)
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);
`

// The names of meta rows.
const (
	metaFormat  = "format"
	metaIndex   = "index"   // what the index entries were made with
	metaBases   = "bases"   // the server's base URLs that they were made with, one a line
	metaSecret  = "secret"  // signs cursors
	metaMerged  = "merged"  // versions up to this n are in posting
	metaFloor   = "floor"   // closings up to this n are pruned
	metaReindex = "reindex" // progress of a reindex under way
)

// secretSize is the length of the key that signs cursors.
const secretSize = 32

// checkFormat refuses a file that is not of a store, or of one that this program does not know.
func checkFormat(c *sqlite3.Conn) error {
	got, err := metaInt(c, metaFormat)
	if errors.Is(err, sqlite3.ERROR) || err == nil && got == 0 { // it has no such table, or says nothing of a format
		return fhir.NewIssue(fhir.NotSupported, "the file is a database, but not one of Firewolf")
	}
	if err != nil {
		return err
	}
	if got != format {
		return fhir.NewIssue(fhir.NotSupported,
			fmt.Sprintf("the store has format %d, this Firewolf reads format %d: start it with the Firewolf that wrote it", got, format))
	}
	return nil
}

func createTables(c *sqlite3.Conn, index string) error {
	secret := make([]byte, secretSize)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	tx, err := c.BeginImmediate()
	if err != nil {
		return err
	}
	err = c.Exec(schema)
	for _, kv := range []struct {
		k string
		v []byte
	}{
		{metaFormat, intBytes(format)},
		{metaIndex, []byte(index)},
		{metaSecret, secret},
		{metaMerged, intBytes(0)},
		{metaFloor, intBytes(0)},
	} {
		if err == nil {
			err = setMeta(c, kv.k, kv.v)
		}
	}
	tx.End(&err)
	return err
}

// isEmpty reports whether the file has no tables yet.
func isEmpty(c *sqlite3.Conn) (bool, error) {
	s, _, err := c.Prepare(`SELECT 1 FROM sqlite_schema`)
	if err != nil {
		return false, err
	}
	defer func() { _ = s.Close() }()
	return !s.Step(), s.Err()
}

func getMeta(c *sqlite3.Conn, k string) ([]byte, error) {
	s, _, err := c.Prepare(`SELECT v FROM meta WHERE k = ?`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	if err := s.BindText(1, k); err != nil {
		return nil, err
	}
	if !s.Step() {
		return nil, s.Err()
	}
	return s.ColumnBlob(0, nil), s.Err()
}

func metaInt(c *sqlite3.Conn, k string) (int64, error) {
	v, err := getMeta(c, k)
	if err != nil || len(v) != 8 {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(v)), nil
}

func setMeta(c *sqlite3.Conn, k string, v []byte) error {
	s, _, err := c.Prepare(`INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET v = excluded.v`)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.BindText(1, k); err != nil {
		return err
	}
	if err := s.BindBlob(2, v); err != nil {
		return err
	}
	return s.Exec()
}

func intBytes(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
