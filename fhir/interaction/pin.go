package interaction

import (
	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// versionOf foretells the version that the transaction makes of a resource, for references that name a version. The
// plan holds only as long as nobody else writes that resource, so it is pinned.
func (l *look) versionOf(k fhir.Key) (int64, error) {
	e := l.written[k]
	if e == nil { // a conditional create that found it
		for _, e := range l.entries {
			if e.found != nil && e.found.Key == k {
				return e.found.VID, nil
			}
		}
		return 1, nil
	}
	if e.rt.name == nameCreate {
		return 1, nil
	}
	if e.version > 0 {
		return e.version, nil
	}
	now, err := l.now.read(l.ctx, k)
	switch {
	case fhir.HasCode(err, fhir.NotFound) || fhir.HasCode(err, fhir.Deleted):
		e.version, e.pinned = now.VID+1, &store.Precondition{Absent: true}
		return e.version, nil
	case err != nil:
		return 0, err
	}
	// While its own links are looked at, which may come back here, it counts as changed.
	e.version, e.pinned = now.VID+1, &store.Precondition{Version: now.VID}
	same, err := l.unchanged(e, now)
	if same {
		e.version = now.VID
	}
	return e.version, err
}

// unchanged says whether an update changes nothing, so that it makes no version.
func (l *look) unchanged(e *entry, now fhir.Version) (bool, error) {
	old, err := tree.Parse(now.JSON, tree.Limits{})
	if err != nil {
		return false, err
	}
	t, err := l.rewrite(e)
	if err != nil {
		return false, err
	}
	if t, err = t.WithID(e.key.ID); err != nil {
		return false, err
	}
	return t.Digest() == old.Digest(), nil
}

// pin makes the plan depend on the versions that it foretold.
func (l *look) pin() {
	for _, e := range l.entries {
		if e.pinned == nil || l.p.fates[e.at].kind != fateOp {
			continue
		}
		if op := &l.p.tx.Ops[l.p.fates[e.at].op]; op.If == (store.Precondition{}) {
			op.If = *e.pinned
			l.p.pin(op)
		}
	}
}
