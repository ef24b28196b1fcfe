package mongodb

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
)

// bounded is a database whose requests end: one that is never answered, on a connection that is never closed, would keep a commit from being
// applied for as long. What a request may take grows with what it carries, so that it is never the size that ends it. An insert of a commit is
// bounded by who settles it.
type bounded struct {
	database
	most time.Duration // that a request takes which carries little
}

// requestTime is far more than a small request takes. Callers are told before, where it matters to them.
const requestTime = 5 * time.Second

// carried is what documents may take on top: a second for each million bytes or hundred documents.
func carried(docs, bytes int) time.Duration {
	return time.Duration(docs)*10*time.Millisecond + time.Duration(bytes)*time.Microsecond
}

func (b bounded) within(ctx context.Context, docs, bytes int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, b.most+carried(docs, bytes))
}

func (b bounded) readCommit(ctx context.Context, s slot) (commit, bool, error) {
	ctx, cancel := b.within(ctx, 1, chunkSize)
	defer cancel()
	return b.database.readCommit(ctx, s)
}

func (b bounded) insertParts(ctx context.Context, s slot, n nonce, parts [][]byte) error {
	bytes := 0
	for _, p := range parts {
		bytes += len(p)
	}
	ctx, cancel := b.within(ctx, len(parts), bytes)
	defer cancel()
	return b.database.insertParts(ctx, s, n, parts)
}

func (b bounded) readParts(ctx context.Context, n nonce, count int) ([]byte, error) {
	ctx, cancel := b.within(ctx, count, count*chunkSize)
	defer cancel()
	return b.database.readParts(ctx, n, count)
}

func (b bounded) insertDocs(ctx context.Context, collection string, docs []bson.Raw) error {
	bytes := 0
	for _, d := range docs {
		bytes += len(d)
	}
	ctx, cancel := b.within(ctx, len(docs), bytes)
	defer cancel()
	return b.database.insertDocs(ctx, collection, docs)
}

func (b bounded) presentDocs(ctx context.Context, collection string, names []name) (map[string]fhir.Moment, error) {
	ctx, cancel := b.within(ctx, len(names), 0)
	defer cancel()
	return b.database.presentDocs(ctx, collection, names)
}

func (b bounded) closeDocs(ctx context.Context, collection string, at time.Time, cs []closing) (int, error) {
	ctx, cancel := b.within(ctx, len(cs), 0)
	defer cancel()
	return b.database.closeDocs(ctx, collection, at, cs)
}

func (b bounded) closedDocs(ctx context.Context, collection string, cs []closing) (map[string]fhir.Moment, error) {
	ctx, cancel := b.within(ctx, len(cs), 0)
	defer cancel()
	return b.database.closedDocs(ctx, collection, cs)
}

func (b bounded) readHead(ctx context.Context) (head, error) {
	ctx, cancel := b.within(ctx, 1, 0)
	defer cancel()
	return b.database.readHead(ctx)
}

func (b bounded) casHead(ctx context.Context, to head) (bool, error) {
	ctx, cancel := b.within(ctx, 1, 0)
	defer cancel()
	return b.database.casHead(ctx, to)
}
