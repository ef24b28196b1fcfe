package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// A format says how the store writes. A database of a newer one is refused; one of an older one is brought forward, a format at a time, by the first process
// that opens it, while processes of the older build may still use it:
//
//  1. Mark: the document of the store says what is under way. Older builds do not open the database any more.
//  2. Raise: the head says the new format. Older builds that serve hear of it with their next request, and stop.
//  3. Fence: a commit of the new format gets a slot of the log. An older build must read it before it can have a later one, and stops. What was committed
//     before it is applied.
//  4. Step: what lies there is changed, a Grace later: requests that began before have ended by then, or look at the head.
//  5. Done: the document of the store says the new format.
//
// A process that dies in this leaves the mark, and the next one begins again with step 1.

// migration changes what a database of one format holds to what the next one does. It may be called again after it was done in part or whole, by several
// processes at once, and by one that stood still while others went on: it changes only what has the old shape, by filters that the new one does not meet.
type migration func(context.Context, *mongo.Database) error

// migrations bring a database from format 1 to 2, from 2 to 3, and so on.
var migrations []migration

const (
	firstFormat    = 1
	fieldMigrating = "migrating" // in the document of the store: the format to which it is being brought
)

// steps are the migrations that a process knows.
func (o Options) steps() []migration {
	if o.migrations != nil {
		return o.migrations
	}
	return migrations
}

// format is the newest that a process knows, the one that it writes.
func (o Options) format() int64 { return firstFormat + int64(len(o.steps())) }

// tooNew says that a database, or what lies in it, is of a format that this build does not know.
func tooNew(has, known int64) error {
	return fhir.NewIssue(fhir.NoStore, fmt.Sprintf("the database has format %d and this build knows formats up to %d: a newer version of firewolf wrote it", has, known)).
		CausedBy(errNewerFormat)
}

// formatOf is the format of a database, and the one to which it is being brought; 0 for none.
func formatOf(doc bsoncore.Document) (is, becomes int64) {
	return wholeOf(doc.Lookup(fieldFormat)), wholeOf(doc.Lookup(fieldMigrating))
}

// migrate brings a database forward, and refuses one that a newer Firewolf wrote.
func (s *Store) migrate(ctx context.Context, doc bsoncore.Document) error {
	from, becomes := formatOf(doc)
	if known := s.wire.format; max(from, becomes) > known {
		return tooNew(max(from, becomes), known)
	}
	if from < firstFormat {
		return fmt.Errorf("the database has format %d, which never was: %w", from, errCorrupt)
	}
	for ; from < s.wire.format; from++ {
		s.o.Log.Info("the database is brought to another format", "from", from, "to", from+1)
		if err := s.migrateFrom(ctx, from); err != nil {
			return fmt.Errorf("bringing the database to format %d: %w", from+1, err)
		}
		s.o.Log.Info("the database has another format", "format", from+1)
	}
	return nil
}

func (s *Store) migrateFrom(ctx context.Context, from int64) error {
	if err := s.setFormat(ctx, from, bson.D{{Key: "$set", Value: bson.D{{Key: fieldMigrating, Value: from + 1}}}}); err != nil {
		return err
	}
	if err := s.wire.raiseFormat(ctx, from+1); err != nil {
		return err
	}
	if err := s.fenceFormat(ctx); err != nil {
		return err
	}
	if err := pause(ctx, s.o.Grace); err != nil {
		return err
	}
	if err := s.o.steps()[from-firstFormat](ctx, s.wire.db); err != nil {
		return err
	}
	return s.setFormat(ctx, from, bson.D{
		{Key: "$set", Value: bson.D{{Key: fieldFormat, Value: from + 1}}}, {Key: "$unset", Value: bson.D{{Key: fieldMigrating, Value: ""}}},
	})
}

// setFormat changes the document of the store if it is of a format still: another process may have been faster.
func (s *Store) setFormat(ctx context.Context, from int64, update bson.D) error {
	_, err := s.wire.meta.UpdateOne(ctx, bson.D{{Key: fieldDoc, Value: storeDoc}, {Key: fieldFormat, Value: from}}, update)
	return err
}

// raiseFormat lets every request see that the database is of another format.
func (w *wire) raiseFormat(ctx context.Context, format int64) error {
	_, err := w.meta.UpdateOne(ctx, bson.D{{Key: fieldDoc, Value: headDoc}}, bson.D{{Key: "$max", Value: bson.D{{Key: fieldFormat, Value: format}}}})
	if err != nil {
		return fmt.Errorf("raising the format of the head: %w", err)
	}
	return nil
}

// fenceFormat puts a commit of this format into the log, and applies all up to it.
func (s *Store) fenceFormat(ctx context.Context) error {
	for wait := s.protocol.patience(); ; {
		tail, err := s.tail(ctx)
		if err != nil {
			return err
		}
		c, how, err := s.protocol.commit(ctx, tail, commit{t: tail.t, at: tail.at})
		switch {
		case err == nil && how == committed:
			return s.applyUpTo(ctx, c.slot)
		case how != lost:
			return errors.Join(fmt.Errorf("slot %d of the log is not had", tail.slot+1), err)
		}
		if err := wait.wait(ctx); err != nil {
			return err
		}
	}
}

// applyUpTo applies what others committed and left, and publishes it.
func (s *Store) applyUpTo(ctx context.Context, upto slot) error {
	for wait := s.protocol.patience(); ; {
		h, err := s.wire.readHead(ctx)
		if err != nil {
			return err
		}
		if h.applied >= upto {
			return nil
		}
		if _, err := s.protocol.help(ctx, h.applied+1); err != nil && !disturbed(err) {
			return err
		}
		if err := wait.wait(ctx); err != nil {
			return err
		}
	}
}
