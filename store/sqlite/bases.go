package sqlite

import (
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir/search"
	"firewolf/store"
)

// Whether an absolute reference is one to this server depends on the server's base URLs, and so do the entries of a resource that
// has one. The file keeps the bases that its entries were made with. A start with others is right as long as nothing in the
// file refers to what lies below a base that is new or gone, so that a server without such references may move at will.

// Bases returns the base URLs of the server that the entries of the store at path were made with; none if there is no store.
func Bases(path string) ([]string, error) {
	file, err := existing(path)
	if err != nil {
		return nil, nil // it will be made
	}
	c, err := dial(file, "", "&mode=rw", "")
	if err != nil {
		return nil, unusable(path, err)
	}
	defer func() { _ = c.Close() }()
	empty, err := isEmpty(c)
	if empty {
		return nil, nil
	}
	if err == nil {
		err = checkFormat(c)
	}
	if err != nil {
		return nil, unusable(path, err)
	}
	return readBases(c)
}

func readBases(c *sqlite3.Conn) ([]string, error) {
	text, err := getMeta(c, metaBases)
	return strings.Fields(string(text)), err
}

func writeBases(c *sqlite3.Conn, bases []string) error {
	return setMeta(c, metaBases, []byte(strings.Join(bases, "\n")))
}

// settleBases refuses a store whose entries would be others with the bases of now, and else notes these.
func (w *writer) settleBases() error {
	made, err := readBases(w.conn)
	if err != nil || slices.Equal(made, w.s.o.Bases) {
		return err
	}
	w.r.mems = w.s.memtables()
	defer func() { w.r.mems = nil }()
	for _, base := range store.ChangedBases(made, w.s.o.Bases) {
		used, err := w.refersBelow(base)
		if err != nil {
			return err
		}
		if used {
			return store.OtherBases(made, base)
		}
	}
	return writeBases(w.conn, w.s.o.Bases)
}

// refersBelow reports whether any version has a reference to what lies below a base.
func (w *writer) refersBelow(base string) (bool, error) {
	key := search.BaseKey(base)
	for _, typ := range *w.s.kinds.names.Load() {
		rows, err := w.r.rows(keyPlace(typ, key), 0, 0xffff)
		if err != nil || !rows.IsEmpty() {
			return err == nil, err
		}
	}
	return false, nil
}
