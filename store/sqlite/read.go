package sqlite

import (
	"context"

	"firewolf/fhir"
	"firewolf/store"
)

// Read returns the version that was current at t. It needs no index entry that is ever dropped, and so no floor.
func (s *Store) Read(ctx context.Context, t fhir.Moment, k fhir.Key) (v fhir.Version, err error) {
	at, err := s.readMoment(t)
	if err != nil {
		return v, err
	}
	err = s.borrow(ctx, func(r *reader) error {
		current, found, err := r.loadCurrent(k, at)
		if v = current; found || err != nil {
			return err
		}
		return r.snapshot(func() error {
			n, err := r.current(k, at)
			if err != nil {
				return err
			}
			if n == 0 {
				return store.NotFound(k)
			}
			v, err = r.load(n)
			return err
		})
	})
	if err == nil && v.Deleted {
		err = store.Gone(v)
	}
	return v, err
}

// ReadVersion returns one version: the containers of an id list its versions without gaps.
func (s *Store) ReadVersion(ctx context.Context, k fhir.Key, vid int64) (v fhir.Version, err error) {
	head := s.head().n
	err = s.read(ctx, func(r *reader) error {
		rows, err := r.history(k)
		if err != nil {
			return err
		}
		rows.RemoveRange(uint64(head)+1, 1<<32)
		if vid < 1 || uint64(vid) > rows.GetCardinality() {
			return store.NoVersion(k, vid)
		}
		n, err := rows.Select(uint32(vid - 1))
		if err != nil {
			return err
		}
		v, err = r.load(n)
		return err
	})
	if err == nil && v.Deleted {
		err = store.Gone(v)
	}
	return v, err
}

// readMoment is moment without the floor: identities are kept for ever.
func (s *Store) readMoment(t fhir.Moment) (uint32, error) {
	at, err := s.moment(t)
	if err != nil && t > 0 && t <= fhir.Moment(s.head().n) {
		return uint32(t), nil
	}
	return at, err
}
