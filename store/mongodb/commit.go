package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firewolf/fhir"
)

// ending is how the try to commit ended.
type ending int

const (
	committed ending = iota + 1 // it is in its slot, for ever
	lost                        // it is not, and never will be: another commit has the slot
	refused                     // it is not, and never will be: the server did not take it
	unsure                      // nobody can tell yet
)

// mark is a place in the log: a slot, and the newest moment and its time there.
type mark struct {
	slot slot
	t    fhir.Moment
	at   time.Time
}

// commit tries to put a commit into the slot after the mark that it was evaluated on, and returns it as it is in the log.
func (p *protocol) commit(ctx context.Context, after mark, c commit) (commit, ending, error) {
	c.slot, c.nonce = after.slot+1, p.nonces()
	c, err := p.insertParts(ctx, c)
	if err != nil {
		return c, refused, err
	}
	how, err := p.insertCommit(ctx, after, c)
	if how == committed {
		p.reached(stepCommitted)
	}
	return c, how, err
}

func (p *protocol) insertCommit(ctx context.Context, after mark, c commit) (ending, error) {
	ctx, cancel := context.WithTimeout(ctx, p.settling+carried(1, len(c.payload)))
	defer cancel()
	// The rest is for finding out how it ended.
	near, enough := context.WithTimeout(ctx, p.settling*2/3+carried(0, len(c.payload)))
	defer enough()
	err := p.db.insertCommit(near, c)
	switch {
	case err == nil:
		return committed, nil
	case errors.Is(err, errRefused):
		return refused, err
	case errors.Is(err, errOccupied):
		return p.ownerOf(ctx, c)
	default:
		return p.settle(ctx, after, c, err)
	}
}

// insertParts puts a payload that is too large for the commit's document into documents of their own, before the
// commit names them. They carry the slot: once another commit has it nobody will ever ask for them.
func (p *protocol) insertParts(ctx context.Context, c commit) (commit, error) {
	if len(c.payload) <= p.chunk {
		return c, nil
	}
	var parts [][]byte
	for rest := c.payload; len(rest) > 0; {
		n := min(len(rest), p.chunk)
		parts, rest = append(parts, rest[:n]), rest[n:]
	}
	if err := p.db.insertParts(ctx, c.slot, c.nonce, parts); err != nil {
		return c, err
	}
	p.reached(stepParted)
	c.parts, c.payload = len(parts), nil
	return c, nil
}

// ownerOf tells whose the slot of a commit is that met a duplicate key. The key may be of a document that a majority does not have
// yet, so that what a read does not find is no proof.
func (p *protocol) ownerOf(ctx context.Context, c commit) (ending, error) {
	for wait := p.patience(); ; {
		owner, there, err := p.db.readCommit(ctx, c.slot)
		if there && err == nil {
			return whose(c, owner), nil
		}
		if errors.Is(err, errNewerFormat) {
			return lost, err
		}
		if ended := wait.wait(ctx); ended != nil {
			return unsure, errors.Join(fmt.Errorf("reading slot %d: %w", c.slot, ended), err)
		}
	}
}

func whose(c, owner commit) ending {
	if owner.nonce == c.nonce {
		return committed
	}
	return lost
}

// payloadOf returns what a commit changes, or errPruned.
func (p *protocol) payloadOf(ctx context.Context, c commit) (changes, error) {
	payload := c.payload
	if c.parts > 0 {
		var err error
		if payload, err = p.db.readParts(ctx, c.nonce, c.parts); err != nil {
			return changes{}, p.prunedOr(ctx, c, err)
		}
	}
	return p.pack.decodeChanges(payload)
}

// prunedOr tells why a part is not there: another process may have applied, published and pruned the commit since it was read.
func (p *protocol) prunedOr(ctx context.Context, c commit, err error) error {
	if !errors.Is(err, errCorrupt) {
		return err
	}
	now, there, failure := p.db.readCommit(ctx, c.slot)
	switch {
	case failure != nil:
		return failure
	case there && now.pruned:
		return errPruned
	}
	return err
}
