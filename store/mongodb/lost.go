package mongodb

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"firewolf/fhir"
)

// An engine refuses a find that names an index which is not there. That of a type of which nothing was ever written is no error: there is nothing
// to be found. That of another one was dropped, or did not come with a restore: what asks for it is refused until it is there again, because
// to find nothing, or to read all, would be worse.

// hinted asks what names an index of a type.
func (q *query) hinted(typ string, ask func() error) error {
	err := ask()
	if !noIndex(err) {
		return err
	}
	// What can be seen at the query's moment was there before it asked, and before that its index. So where nothing is there now nothing
	// is missing, and where something is it may have come just now, with the index.
	if some, err := q.x.s.holds(q.ctx, typ); err != nil || !some {
		return err
	}
	if err = ask(); !noIndex(err) {
		return err
	}
	if q.x.s.kinds.lose(typ) {
		q.x.s.o.Log.Error("an index is gone: it is made anew, and searches that need it are refused until it is there", "collection", typ)
	}
	return fhir.NewIssue(fhir.Transient, fmt.Sprintf("an index of %s is gone and is made anew: ask again when it is there", typ)).
		Because(fhir.ReasonUnavailable).CausedBy(redacted(err))
}

// noIndex reports that an index that was named is not there. The words are those of MongoDB and of DocumentDB.
func noIndex(err error) bool {
	var e mongo.ServerError
	return errors.As(err, &e) && (e.HasErrorMessage("hint provided does not correspond") || e.HasErrorMessage("index specified by index hint is not found"))
}

// holds reports whether anything is in a collection.
func (s *Store) holds(ctx context.Context, collection string) (bool, error) {
	_, err := s.collection(collection).FindOne(ctx, bson.D{}, options.FindOne().SetProjection(bson.D{{Key: fieldDoc, Value: 1}})).Raw()
	if isNone(err) {
		return false, nil
	}
	return err == nil, err
}

// mend makes the indexes that were found to be gone. Over a large collection that takes its time.
func (s *Store) mend(ctx context.Context) error {
	for _, collection := range s.kinds.lost() {
		if err := s.ensure(ctx, collection); err != nil {
			return err
		}
		s.o.Log.Info("the indexes are there again", "collection", collection)
	}
	return nil
}
