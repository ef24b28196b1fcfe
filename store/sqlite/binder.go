package sqlite

import "github.com/ncruces/go-sqlite3"

// binder binds the parameters of a statement in order and keeps the first error.
type binder struct {
	st  *sqlite3.Stmt
	i   int
	err error
}

func (b *binder) next(err func(i int) error) {
	b.i++
	if b.err == nil {
		b.err = err(b.i)
	}
}

func (b *binder) int(v int64) { b.next(func(i int) error { return b.st.BindInt64(i, v) }) }

func (b *binder) text(v string) { b.next(func(i int) error { return b.st.BindText(i, v) }) }

func (b *binder) blob(v []byte) { b.next(func(i int) error { return b.st.BindBlob(i, v) }) }

func (b *binder) null() { b.next(b.st.BindNull) }

func (b *binder) exec() error {
	if b.err != nil {
		return b.err
	}
	return b.st.Exec()
}
