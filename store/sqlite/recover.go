package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// recover rebuilds in memory what was not merged when the process before ended.
func (w *writer) recover(ctx context.Context) error {
	n, at, err := w.lastRow()
	if err != nil {
		return err
	}
	w.s.now.Store(&headState{n: n, at: at})
	floor, err := metaInt(w.conn, metaFloor)
	if err != nil {
		return err
	}
	w.s.floor.Store(uint32(floor))
	if err := w.loadClosings(); err != nil {
		return err
	}
	merged, err := metaInt(w.conn, metaMerged)
	if err != nil {
		return err
	}
	w.merged = uint32(merged)
	for row := w.merged + 1; row <= n; row += recoverRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.recoverRows(row, min(row+recoverRows-1, n)); err != nil {
			return err
		}
	}
	return nil
}

// recoverRows is how many versions are in memory at a time.
const recoverRows = 256

// recoverRows makes the entries of some versions again, on all cores, since the first answer waits for it.
func (w *writer) recoverRows(from, to uint32) error {
	versions := make([]fhir.Version, to-from+1)
	for i := range versions {
		v, err := w.r.load(from + uint32(i))
		if err != nil {
			return err
		}
		versions[i] = v
	}
	places := make([][]place, len(versions))
	errs := make([]error, len(versions))
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			for i := k; i < len(versions); i += workers {
				errs[i] = guard(func() (err error) {
					places[i], err = w.placesOfVersion(versions[i])
					return err
				})
			}
		})
	}
	wg.Wait()
	for i, v := range versions {
		if errs[i] != nil {
			return fmt.Errorf("recovering %s, version row %d: %w", v.Location(), v.T, errs[i])
		}
		w.active().add(uint32(v.T), places[i])
	}
	return nil
}

func (w *writer) lastRow() (uint32, time.Time, error) {
	st, _, err := w.conn.Prepare(`SELECT n, at FROM version ORDER BY n DESC LIMIT 1`)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { _ = st.Close() }()
	if !st.Step() {
		return 0, time.Time{}, st.Err()
	}
	return uint32(st.ColumnInt64(0)), time.UnixMilli(st.ColumnInt64(1)).UTC(), nil
}

func (w *writer) loadClosings() error {
	st, _, err := w.conn.Prepare(`SELECT n, old FROM closed`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for st.Step() {
		w.s.shut.add(uint32(st.ColumnInt64(0)), uint32(st.ColumnInt64(1)))
	}
	return st.Err()
}

// placesOfVersion makes the postings of a version again, from its resource.
func (w *writer) placesOfVersion(v fhir.Version) ([]place, error) {
	typ, ok := w.s.kinds.id(v.Type)
	if !ok {
		return nil, errors.New("its type has no number")
	}
	places := identityPlaces(typ, v.ID)
	if v.Deleted {
		return places, nil
	}
	e, err := w.entries(v)
	if err != nil {
		return nil, err
	}
	return append(places, placesOf(typ, e)...), nil
}

// entries makes the index entries of a version again.
func (w *writer) entries(v fhir.Version) (search.Entries, error) {
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		return search.Entries{}, err
	}
	return w.s.o.Engine.Entries(t)
}
