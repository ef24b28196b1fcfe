package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"firewolf/fhir"
	"firewolf/store"
)

// keepIdempotency is how long the outcome of a transaction is remembered.
const keepIdempotency = 24 * time.Hour

// Replay tells the outcome of an earlier transaction.
func (s *Store) Replay(ctx context.Context, i store.Idempotency) (c store.Commit, err error) {
	found := false
	err = s.read(ctx, func(r *reader) error {
		c, found, err = r.replay(i)
		return err
	})
	if err == nil && !found {
		err = i.Unknown()
	}
	return c, err
}

func (r *reader) replay(i store.Idempotency) (store.Commit, bool, error) {
	st := r.outcome
	defer func() { _ = st.Reset() }()
	k := sha256.Sum256([]byte(i.Key))
	if err := st.BindBlob(1, k[:]); err != nil {
		return store.Commit{}, false, err
	}
	if !st.Step() {
		return store.Commit{}, false, st.Err()
	}
	if r.s.o.Clock().Sub(time.UnixMilli(st.ColumnInt64(0))) > keepIdempotency {
		return store.Commit{}, false, nil
	}
	if string(st.ColumnRawBlob(1)) != string(i.Request[:]) {
		return store.Commit{}, false, i.Reused()
	}
	note, results := st.ColumnBlob(2, nil), st.ColumnBlob(3, nil)
	c, err := r.decodeOutcome(results)
	c.Note, c.Replayed = note, true
	return c, err == nil, err
}

// remember keeps the outcome of a transaction: its moment and time, and for each op the effect and the row.
func (w *writer) remember(i store.Idempotency, c store.Commit, rows []uint32) error {
	results := binary.BigEndian.AppendUint64(nil, uint64(c.T))
	at := int64(-1) // of a store that was never written to
	if !c.At.IsZero() {
		at = c.At.UnixMilli()
	}
	results = binary.BigEndian.AppendUint64(results, uint64(at))
	for k, res := range c.Results {
		results = binary.BigEndian.AppendUint32(append(results, byte(res.Effect)), rows[k])
	}
	defer func() { _ = w.outcome.Reset() }()
	k := sha256.Sum256([]byte(i.Key))
	b := binder{st: w.outcome}
	b.blob(k[:])
	b.int(w.s.o.Clock().UnixMilli())
	b.blob(i.Request[:])
	b.blob(notNil(i.Note))
	b.blob(results)
	if err := b.exec(); err != nil {
		return fmt.Errorf("remembering an idempotency key: %w", err)
	}
	return nil
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

var errOutcome = errors.New("a remembered outcome is damaged")

func (r *reader) decodeOutcome(b []byte) (store.Commit, error) {
	if len(b) < 16 || (len(b)-16)%5 != 0 {
		return store.Commit{}, errOutcome
	}
	c := store.Commit{T: fhir.Moment(binary.BigEndian.Uint64(b))}
	if at := int64(binary.BigEndian.Uint64(b[8:])); at >= 0 {
		c.At = time.UnixMilli(at).UTC()
	}
	for b = b[16:]; len(b) > 0; b = b[5:] {
		res := store.Result{Effect: store.Effect(b[0])}
		if n := binary.BigEndian.Uint32(b[1:]); n != 0 {
			v, err := r.load(n)
			if err != nil {
				return c, err
			}
			res.Version = v
		}
		c.Results = append(c.Results, res)
	}
	return c, nil
}

// forgetKeys drops the idempotency keys that are too old, some at a time.
func (w *writer) forgetKeys() error {
	const some = 1000
	st, _, err := w.conn.Prepare(`DELETE FROM idempotency WHERE k IN (SELECT k FROM idempotency WHERE at < ? LIMIT ?)`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for {
		b := binder{st: st}
		b.int(w.s.o.Clock().Add(-keepIdempotency).UnixMilli())
		b.int(some)
		if err := errors.Join(w.begin(), b.exec()); err != nil {
			return err
		}
		dropped := w.conn.Changes()
		if err := w.end(); err != nil {
			return err
		}
		if dropped < some || len(w.s.queue) > 0 {
			return nil
		}
	}
}
