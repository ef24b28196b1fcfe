package mongodb

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"firewolf/fhir"
)

// database is all that the protocol needs of a server. Every write is acknowledged by a majority and journaled; every read of the
// head and of commits is one that a majority has, from the primary. Nothing is ever retried below this interface.
type database interface {
	// insertCommit returns nil, errOccupied, or errRefused: it is not there, and can never be. Any other error leaves open
	// whether it is there, or will be.
	insertCommit(ctx context.Context, c commit) error
	// readCommit reports false where no majority has a commit at the slot: it may still come.
	readCommit(ctx context.Context, s slot) (commit, bool, error)
	// readCommits returns commits after a slot, by their slots, fewer than limit where they are large. It is no snapshot: one may be missing.
	readCommits(ctx context.Context, after slot, limit int) ([]commit, error)
	// listCommits is readCommits without what the commits change.
	listCommits(ctx context.Context, after slot, limit int) ([]commit, error)
	// insertParts keeps what is too large for the document of a commit.
	insertParts(ctx context.Context, s slot, n nonce, parts [][]byte) error
	// readParts returns errCorrupt where one is not there.
	readParts(ctx context.Context, n nonce, count int) ([]byte, error)
	// insertDocs inserts documents in no order. An error, a duplicate key too, says nothing about any of them.
	insertDocs(ctx context.Context, collection string, docs []bson.Raw) error
	// presentDocs tells which of the documents are there, and the t of each.
	presentDocs(ctx context.Context, collection string, names []name) (map[string]fhir.Moment, error)
	// closeDocs closes the versions that are open, and returns how many those were.
	closeDocs(ctx context.Context, collection string, at time.Time, cs []closing) (int, error)
	// closedDocs tells the x of each version that is there: 0 of one that is open.
	closedDocs(ctx context.Context, collection string, cs []closing) (map[string]fhir.Moment, error)
	readHead(ctx context.Context) (head, error)
	// casHead moves the head to the next slot, and reports false where it does not stand at the slot before.
	casHead(ctx context.Context, to head) (bool, error)
}

var (
	errOccupied = errors.New("the slot of the log is taken")
	errRefused  = errors.New("the server refused a commit")
	// errCorrupt marks what the protocol makes impossible: the store serves no more, rather than something wrong.
	errCorrupt = errors.New("the database holds what this store never writes")
	// errPruned says that what a commit changed is dropped: it was applied long ago.
	errPruned = errors.New("the payload of the commit is pruned")
	// errNewerFormat marks a commit of a process that knows more.
	errNewerFormat = errors.New("a newer Firewolf writes to this database")
)

// slot is a place in the log of commits: 1, 2, 3, ...
type slot int64

// placeBits is how many bits of a moment number the versions inside a commit.
const placeBits = 20

// maxVersions is the most versions that one commit has.
const maxVersions = 1<<placeBits - 1

// moment is the t of the place-th version of the slot, counted from 1.
func (s slot) moment(place int) fhir.Moment { return fhir.Moment(s)<<placeBits | fhir.Moment(place) }

// nonce tells apart two commits that were tried at one slot.
type nonce [16]byte

// commit is one document of the log.
type commit struct {
	slot    slot
	nonce   nonce
	t       fhir.Moment // the newest moment once it is applied
	at      time.Time   // of its versions; of one without, that of the commit before
	parts   int         // the payload lies in so many parts, 0 for none
	payload []byte      // encoded changes; empty for none
	pruned  bool        // the payload was dropped, long after it was applied
	index   int64       // the generation of the index that its entries are of
}

// changes is what a commit does.
type changes struct {
	inserts  []insert
	closings []closing
}

// insert is a document that a commit brings.
type insert struct {
	collection string
	doc        bson.Raw
}

// name is how a document is found: filters carry the id of the resource, which is the shard key.
type name struct {
	doc string // _id
	id  string // of the resource; "" in collections that have none
}

// closing ends a version: the moment of the one that replaces it.
type closing struct {
	collection string
	name
	x fhir.Moment
}

// head is how far commits are applied.
type head struct {
	applied slot
	t       fhir.Moment // the newest moment
	at      time.Time   // its time
	floor   fhir.Moment // moments below it cannot be searched any more
	pruned  slot        // what commits up to this one closed has lost its keys
	index   int64       // the generation of the index
}
