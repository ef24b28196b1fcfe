package mongodb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The databases below lie to the protocol, so that it does what a protocol without one of its steps would do.

// timeoutsAreFailures says that a commit without a reply is not there.
type timeoutsAreFailures struct{ simConn }

func (d timeoutsAreFailures) insertCommit(ctx context.Context, c commit) error {
	err := d.simConn.insertCommit(ctx, c)
	if errors.Is(err, errSimConnection) {
		return errors.Join(errRefused, err)
	}
	return err
}

// absenceIsProof says that another has a slot that is free.
type absenceIsProof struct{ simConn }

func (d absenceIsProof) insertCommit(ctx context.Context, c commit) error {
	if len(c.payload) == 0 && c.parts == 0 {
		return errOccupied
	}
	return d.simConn.insertCommit(ctx, c)
}

func (d absenceIsProof) readCommit(ctx context.Context, s slot) (commit, bool, error) {
	c, there, err := d.simConn.readCommit(ctx, s)
	if err == nil && !there {
		return commit{slot: s, nonce: nonce{1}}, true, nil
	}
	return c, there, err
}

// nothingIsReadBack says that all documents of a request are there, whatever its reply was.
type nothingIsReadBack struct{ simConn }

func (d nothingIsReadBack) insertDocs(ctx context.Context, collection string, docs []bson.Raw) error {
	if err := d.simConn.insertDocs(ctx, collection, docs); errors.Is(err, errSimDead) {
		return err
	}
	return nil
}

// everyCloseIsDone says that all versions of a request are closed, whatever its reply was.
type everyCloseIsDone struct{ simConn }

func (d everyCloseIsDone) closeDocs(ctx context.Context, collection string, at time.Time, cs []closing) (int, error) {
	if _, err := d.simConn.closeDocs(ctx, collection, at, cs); errors.Is(err, errSimDead) {
		return 0, err
	}
	return len(cs), nil
}

// everyHeadIsMoved says that the head has moved, whatever the reply was.
type everyHeadIsMoved struct{ simConn }

func (d everyHeadIsMoved) casHead(ctx context.Context, to head) (bool, error) {
	if _, err := d.simConn.casHead(ctx, to); errors.Is(err, errSimDead) {
		return false, err
	}
	return true, nil
}

// winnersAreEmpty says that commits of others change nothing.
type winnersAreEmpty struct{ simConn }

func (d winnersAreEmpty) readCommits(ctx context.Context, after slot, limit int) ([]commit, error) {
	all, err := d.simConn.readCommits(ctx, after, limit)
	for k := range all {
		all[k].payload, all[k].parts = nil, 0
	}
	return all, err
}

// everySlotIsOurs says that a commit is in its slot, whoever has it.
type everySlotIsOurs struct{ simConn }

func (d everySlotIsOurs) insertCommit(ctx context.Context, c commit) error {
	if err := d.simConn.insertCommit(ctx, c); !errors.Is(err, errOccupied) {
		return err
	}
	return nil
}

// TestTheSimulationSeesAProtocolWithoutAStep is the proof that the simulation can fail. A protocol without a step can go wrong in more ways
// than one (a commit that is there, and was told to have failed, may be two that have one idempotency key), and which a seed meets first
// is not the same in each run: simulations go on until the way that is named is seen.
func TestTheSimulationSeesAProtocolWithoutAStep(t *testing.T) {
	for _, c := range []struct {
		name string
		flaw func(simConn) database
		want string
	}{
		{"timeouts taken for failures", func(c simConn) database { return timeoutsAreFailures{c} }, "it is in slot"},
		{"a free slot taken for a lost one", func(c simConn) database { return absenceIsProof{c} }, "it is in slot"},
		{"documents not read back", func(c simConn) database { return nothingIsReadBack{c} }, "published, and not there"},
		{"closes not read back", func(c simConn) database { return everyCloseIsDone{c} }, "open, although slot"},
		{"a head that was not seen to move", func(c simConn) database { return everyHeadIsMoved{c} }, "is not in the log as it was answered"},
		{"nothing checked again after a lost slot", func(c simConn) database { return winnersAreEmpty{c} }, "slot "},
		{"a taken slot taken for ours", func(c simConn) database { return everySlotIsOurs{c} }, "documents are of no commit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range 500 {
				why, _ := simulate(t, simPlan{seed: uint64(seed), processes: 3, clients: 5, each: 5, faults: 12, crashes: 1, flaw: c.flaw})
				first, _, _ := strings.Cut(why, "\n")
				if why != "" {
					t.Logf("seed %d: %s", seed, first)
				}
				if strings.Contains(first, c.want) {
					return
				}
			}
			t.Errorf("no simulation saw %q", c.want)
		})
	}
}
