package mongodb

import (
	"context"
	"errors"
	"fmt"
)

// settle finds out how an insert ended whose answer did not come, or says too little. That the commit is not there proves
// nothing: it may be on its way. Only a slot that another commit has proves that ours will never have it, so that this puts an
// empty one there, as often as it takes until a majority has one or the other.
func (p *protocol) settle(ctx context.Context, after mark, c commit, cause error) (ending, error) {
	for wait := p.patience(); ; {
		empty := commit{slot: c.slot, nonce: p.nonces(), t: after.t, at: after.at}
		occupied := p.db.insertCommit(ctx, empty)
		if occupied == nil {
			p.reached(stepOccupied)
		}
		owner, there, err := p.db.readCommit(ctx, c.slot)
		if there && err == nil {
			return whose(c, owner), nil
		}
		if errors.Is(err, errNewerFormat) {
			return lost, err
		}
		if ended := wait.wait(ctx); ended != nil {
			return unsure, errors.Join(fmt.Errorf("settling slot %d: %w", c.slot, ended), cause)
		}
	}
}
