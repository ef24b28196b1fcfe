package mongodb

import (
	"context"
	"fmt"
)

// publish lets readers see a commit, once all commits before it are seen: the head moves from one slot to the next and
// never further. It returns when the head stands at the commit or behind it, whoever moved it there.
func (p *protocol) publish(ctx context.Context, c commit) (head, error) {
	to := head{applied: c.slot, t: c.t, at: c.at}
	tries := triesAtOnce
	for wait := p.patience(); ; {
		moved, err := p.db.casHead(ctx, to)
		if moved && err == nil {
			p.reached(stepPublished)
			return to, nil
		}
		now, read := p.db.readHead(ctx)
		if read == nil && now.applied >= c.slot {
			return now, nil
		}
		if err == nil {
			err = read
		}
		if err != nil {
			tries--
		}
		if err != nil && (tries == 0 || !disturbed(err)) {
			return head{}, fmt.Errorf("publishing commit %d: %w", c.slot, err)
		}
		if ended := wait.wait(ctx); ended != nil {
			return head{}, fmt.Errorf("publishing commit %d: %w (%w)", c.slot, ended, err)
		}
	}
}
