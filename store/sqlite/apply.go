package sqlite

import (
	"fmt"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// apply writes the versions of a transaction that was found good.
func (w *writer) apply(tx store.Tx, p plan) (store.Commit, error) {
	var c store.Commit
	var rows []uint32
	for _, o := range p.ops {
		res, row, err := w.applyOp(o)
		if err != nil {
			return store.Commit{}, err
		}
		c.Results = append(c.Results, res)
		rows = append(rows, row)
	}
	c.T, c.At = fhir.Moment(w.group.n), w.group.at
	if w.group.n == w.group.before.n {
		c.At = w.group.before.at
	}
	if tx.Idempotency != nil {
		if err := w.remember(*tx.Idempotency, c, rows); err != nil {
			return store.Commit{}, err
		}
	}
	return c, nil
}

// applyOp writes one op and returns the row that is current then, 0 for none.
func (w *writer) applyOp(o opPlan) (store.Result, uint32, error) {
	switch o.effect {
	case store.Absent:
		return store.Result{Effect: store.Absent}, 0, nil
	case store.Unchanged:
		v, err := w.r.load(o.row)
		return store.Result{Effect: store.Unchanged, Version: v}, o.row, err
	default:
	}
	n := w.group.n + 1
	v := fhir.Version{Key: o.op.Key, VID: o.vid + 1, T: fhir.Moment(n), At: w.group.at, Method: o.op.Method}
	if o.effect == store.Deleted {
		v.Deleted, v.Method = true, fhir.MethodDelete
	} else {
		v.JSON = o.op.Stamp.With(v.VID, v.At)
	}
	if err := w.insertVersion(n, v, o); err != nil {
		return store.Result{}, 0, err
	}
	w.group.n = n
	return store.Result{Effect: o.effect, Version: v}, n, nil
}

// insertVersion appends the row, the closing of the version before, and the postings.
func (w *writer) insertVersion(n uint32, v fhir.Version, o opPlan) error {
	typ, ok := w.s.kinds.id(v.Type)
	if !ok {
		var err error
		if typ, err = w.s.kinds.add(w.conn, v.Type); err != nil {
			return err
		}
	}
	if err := w.insertRow(n, v, o); err != nil {
		return fmt.Errorf("inserting %s: %w", v.Location(), err)
	}
	if o.row != 0 {
		if err := w.insertClosing(n, o.row); err != nil {
			return err
		}
		w.s.shut.add(n, o.row)
	}
	places := identityPlaces(typ, v.ID)
	if !v.Deleted {
		places = append(places, placesOf(typ, o.op.Entries)...)
	}
	w.active().add(n, places)
	return nil
}

func (w *writer) insertRow(n uint32, v fhir.Version, o opPlan) error {
	st := w.insert
	defer func() { _ = st.Reset() }()
	b := binder{st: st}
	b.int(int64(n))
	b.text(v.Type)
	b.text(v.ID)
	b.int(v.VID)
	b.int(v.At.UnixMilli())
	b.text(string(v.Method))
	b.int(int64(o.row))
	if v.Deleted {
		b.null()
		b.blob(encodeVals(search.Entries{}))
		b.null()
	} else {
		b.blob(o.op.Digest[:])
		b.blob(encodeVals(o.op.Entries))
		b.blob(v.JSON)
	}
	return b.exec()
}

func (w *writer) insertClosing(n, old uint32) error {
	defer func() { _ = w.closed.Reset() }()
	b := binder{st: w.closed}
	b.int(int64(n))
	b.int(int64(old))
	return b.exec()
}
