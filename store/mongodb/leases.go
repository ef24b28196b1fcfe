package mongodb

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/store"
)

// A reader that takes long holds its moment. The process announces the oldest one that any of its readers holds as a lease in the head: a moment, and until when.
// It renews the lease while it has such readers; that of a process that died ends. Whoever raises the floor reads the leases first and raises it no higher than the
// oldest that lives, and only if no lease was taken since: each raises a count in the head, which the update of the floor asks for.
//
// That no wrong row is seen does not rest on leases, and so not on clocks: a reader whose lease ended, because its process stood still, finds the floor above its moment.

const (
	fieldLeases = "leases" // by process
	fieldLeased = "leased" // how many leases were ever taken
)

// leases are those of one process.
type leases struct {
	holds store.Holds
	name  string // of the process

	mu    sync.Mutex
	told  fhir.Moment // what the head says
	until time.Time   // by the clock of the store; zero where it says nothing
}

// processName tells processes apart.
func processName() string {
	n := randomNonce()
	return hex.EncodeToString(n[:])
}

// Hold keeps a moment searchable.
func (s *Store) Hold(ctx context.Context, t fhir.Moment) (fhir.Moment, func(), error) {
	ctx, end := s.attended(ctx)
	defer end()
	v, err := s.view(ctx, t)
	if err != nil {
		return 0, nil, err
	}
	release := s.leases.holds.Add(v.t)
	err = s.lease(ctx)
	if err == nil && s.progress.now().floor > v.t {
		err = expired()
	}
	if err != nil {
		release()
		return 0, nil, s.failedRead(ctx, err)
	}
	return v.t, release, nil
}

// lease brings what the head says in line with what readers hold.
func (s *Store) lease(ctx context.Context) error {
	l := &s.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		floor := s.progress.now().floor
		oldest, held := l.holds.Oldest(floor)
		now := s.o.Clock()
		switch {
		case !held && l.until.IsZero():
			return nil
		case !held:
			err := s.wire.endLease(ctx, l.name)
			if err == nil {
				l.until = time.Time{}
			}
			return err
		case floor <= l.told && l.told <= oldest && l.until.Sub(now) > s.o.Lease/2:
			return nil
		}
		there, err := s.wire.takeLease(ctx, l.name, oldest, now.Add(s.o.Lease))
		if err != nil {
			return err
		}
		if there {
			l.told, l.until = oldest, now.Add(s.o.Lease)
			return nil
		}
		if _, err := s.now(ctx); err != nil { // the floor is higher than was known
			return err
		}
	}
}

// leave ends the lease of a process that closes the store.
func (s *Store) leave() {
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	if s.leases.until.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), shortly)
	defer cancel()
	_ = s.wire.endLease(ctx, s.leases.name) // else it ends by itself
}

// takeLease announces a lease, unless the floor is above it.
func (w *wire) takeLease(ctx context.Context, process string, t fhir.Moment, until time.Time) (bool, error) {
	res, err := w.meta.UpdateOne(ctx,
		bson.D{{Key: fieldDoc, Value: headDoc}, {Key: fieldFloor, Value: bson.D{{Key: "$lte", Value: int64(t)}}}},
		bson.D{
			{Key: "$set", Value: bson.D{{Key: fieldLeases + "." + process, Value: bson.D{{Key: fieldT, Value: int64(t)}, {Key: fieldUntil, Value: bson.NewDateTimeFromTime(until)}}}}},
			{Key: "$inc", Value: bson.D{{Key: fieldLeased, Value: int64(1)}}},
		})
	if err != nil {
		return false, fmt.Errorf("taking a lease on moment %d: %w", t, err)
	}
	return res.MatchedCount == 1, nil
}

func (w *wire) endLease(ctx context.Context, process string) error {
	_, err := w.meta.UpdateOne(ctx, bson.D{{Key: fieldDoc, Value: headDoc}}, bson.D{{Key: "$unset", Value: bson.D{{Key: fieldLeases + "." + process, Value: ""}}}})
	if err != nil {
		return fmt.Errorf("ending a lease: %w", err)
	}
	return nil
}

// raiseFloor raises the floor as far as leases let it.
func (w *wire) raiseFloor(ctx context.Context, to fhir.Moment, now time.Time) error {
	doc, err := w.meta.FindOne(ctx, bson.D{{Key: fieldDoc, Value: headDoc}}).Raw()
	if err != nil {
		return fmt.Errorf("raising the floor: %w", err)
	}
	return w.raiseOver(ctx, bsoncore.Document(doc), to, now)
}

// raiseOver raises the floor of a head that was read, unless a lease was taken since.
func (w *wire) raiseOver(ctx context.Context, read bsoncore.Document, to fhir.Moment, now time.Time) error {
	ended := bson.D{}
	if all, ok := read.Lookup(fieldLeases).DocumentOK(); ok {
		elements, err := all.Elements()
		if err != nil {
			return fmt.Errorf("reading leases: %w: %w", errCorrupt, err)
		}
		for _, e := range elements {
			lease, _ := e.Value().DocumentOK()
			if timeOf(lease.Lookup(fieldUntil)).After(now) {
				to = min(to, fhir.Moment(wholeOf(lease.Lookup(fieldT))))
			} else {
				ended = append(ended, bson.E{Key: fieldLeases + "." + e.Key(), Value: ""})
			}
		}
	}
	since := bson.E{Key: fieldLeased, Value: bson.D{{Key: "$exists", Value: false}}}
	if n := wholeOf(read.Lookup(fieldLeased)); n > 0 {
		since.Value = n
	}
	update := bson.D{{Key: "$set", Value: bson.D{{Key: fieldFloor, Value: int64(to)}}}}
	if len(ended) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: ended})
	}
	_, err := w.meta.UpdateOne(ctx, bson.D{
		{Key: fieldDoc, Value: headDoc}, {Key: fieldFloor, Value: bson.D{{Key: "$lt", Value: int64(to)}}}, {Key: fieldT, Value: bson.D{{Key: "$gte", Value: int64(to)}}}, since,
	}, update)
	if err != nil {
		return fmt.Errorf("raising the floor: %w", err)
	}
	return nil
}
