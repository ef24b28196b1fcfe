package mongodb

import (
	"context"
	"crypto/rand"
	"time"
)

// protocol does the steps of a commit over a database, for a writer as for a helper. It holds nothing that a crash could
// lose. Its methods run under the store's context, never under a client's: a client that leaves must not leave half a commit.
type protocol struct {
	db       database
	pack     *packer
	parallel int                                        // batches that are inserted at a time
	chunk    int                                        // bytes of a payload that one document holds
	settling time.Duration                              // how long it tries to find out how a commit ended
	nonces   func() nonce                               // makes a new one
	pause    func(context.Context, time.Duration) error // waits, or says that the context ended
	step     func(name string)                          // called at each numbered step, where a test wants to know; else nil
}

// The names of the steps, as a test hears them: each is said when what it names has happened.
const (
	stepEvaluated = "evaluated"
	stepParted    = "parts inserted"
	stepCommitted = "committed"
	stepOccupied  = "slot occupied"
	stepInserted  = "documents inserted"
	stepClosed    = "versions closed"
	stepPublished = "published"
	stepFloor     = "floor raised"
	stepDropped   = "keys dropped"
	stepPruned    = "payload pruned"
)

const (
	// chunkSize is how much of a payload one document holds: MongoDB's limit is 16 MB, and the limit of a message with
	// several documents 48 MB.
	chunkSize = 12 << 20
	// settling is short enough that a client hears within two seconds that the end of its write is not known.
	settling = 1800 * time.Millisecond
	// The pauses between two tries grow from the first to the last.
	firstPause = 2 * time.Millisecond
	lastPause  = 100 * time.Millisecond
)

func newProtocol(db database) (*protocol, error) {
	p, err := newPacker()
	if err != nil {
		return nil, err
	}
	return &protocol{db: bounded{db, requestTime}, pack: p, parallel: 4, chunk: chunkSize, settling: settling, nonces: randomNonce, pause: pause}, nil
}

func randomNonce() nonce {
	var n nonce
	_, _ = rand.Read(n[:]) // it never fails: https://pkg.go.dev/crypto/rand#Read
	return n
}

// reached tells a test that a step is done.
func (p *protocol) reached(step string) {
	if p.step != nil {
		p.step(step)
	}
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// patience waits longer from one try to the next.
type patience struct {
	p    *protocol
	next time.Duration
}

func (p *protocol) patience() *patience { return &patience{p: p, next: firstPause} }

func (w *patience) wait(ctx context.Context) error {
	d := w.next
	w.next = min(2*w.next, lastPause)
	return w.p.pause(ctx, d)
}
