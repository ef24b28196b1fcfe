package sqlite

import (
	"maps"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
)

// kinds numbers the resource types of the file. The writer adds, readers look.
type kinds struct {
	names atomic.Pointer[map[string]uint16]
}

func loadKinds(c *sqlite3.Conn) (*kinds, error) {
	s, _, err := c.Prepare(`SELECT id, name FROM kind`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	m := map[string]uint16{}
	for s.Step() {
		m[s.ColumnText(1)] = uint16(s.ColumnInt(0))
	}
	k := &kinds{}
	k.names.Store(&m)
	return k, s.Err()
}

func (k *kinds) id(name string) (uint16, bool) {
	id, ok := (*k.names.Load())[name]
	return id, ok
}

// add numbers a new type inside the transaction of c.
func (k *kinds) add(c *sqlite3.Conn, name string) (uint16, error) {
	old := *k.names.Load()
	id := uint16(len(old) + 1)
	s, _, err := c.Prepare(`INSERT INTO kind VALUES (?, ?)`)
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.Close() }()
	if err := s.BindInt(1, int(id)); err != nil {
		return 0, err
	}
	if err := s.BindText(2, name); err != nil {
		return 0, err
	}
	if err := s.Exec(); err != nil {
		return 0, err
	}
	m := maps.Clone(old)
	m[name] = id
	k.names.Store(&m)
	return id, nil
}
