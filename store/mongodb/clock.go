package mongodb

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
)

// serverClock is a clock that goes with the database's: the processes on one database agree on it, whatever their own clocks say. What
// it gives never decides about the order of anything.
func serverClock(ctx context.Context, db *mongo.Database) (fhir.Clock, error) {
	before := time.Now()
	doc, err := db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Raw()
	if err != nil {
		return nil, fmt.Errorf("asking the database for its time: %w", err)
	}
	took := time.Since(before)
	there := timeOf(bsoncore.Document(doc).Lookup("localTime"))
	if there.IsZero() {
		return time.Now, nil
	}
	ahead := there.Sub(before.Add(took / 2))
	if ahead.Abs() <= took { // no more than what the way explains
		return time.Now, nil
	}
	return func() time.Time { return time.Now().Add(ahead) }, nil
}
