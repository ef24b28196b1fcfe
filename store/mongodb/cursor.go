package mongodb

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// each calls do with each document of a cursor. The document is valid until do returns.
func each(ctx context.Context, cur *mongo.Cursor, do func(bson.Raw) error) error {
	defer func() { _ = cur.Close(context.WithoutCancel(ctx)) }()
	for cur.Next(ctx) {
		if err := do(cur.Current); err != nil {
			return err
		}
	}
	return cur.Err()
}

// errEnough ends a walk over a cursor.
var errEnough = errors.New("enough was read")

func cloneRaw(doc bson.Raw) bson.Raw { return slices.Clone(doc) }

func isNone(err error) bool { return errors.Is(err, mongo.ErrNoDocuments) }
