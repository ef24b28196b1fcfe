package mongodb

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"firewolf/fhir"
)

// simCurrent is what a reader of one resource was told: a version of a moment between its question and its answer.
type simCurrent struct {
	key         fhir.Key
	vid         int64       // the version that it asked for; 0: the one that is current
	told        int64       // 0: there is none
	began, upto fhir.Moment // what was published then
}

// readOne asks a process for one resource: for what is current, or for one of its versions by its number.
func (s *sim) readOne(p *simProcess, r *rand.Rand) (*simCurrent, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got := &simCurrent{key: fhir.Key{Type: "Patient", ID: fmt.Sprintf("shared%d", r.IntN(3))}, began: s.published()}
	if r.IntN(3) == 0 {
		got.vid = int64(1 + r.IntN(6))
	}
	of := simVersions{simConn{sim: s, proc: p}, got.key, r}
	var v stored
	var there bool
	var err error
	if got.vid > 0 {
		v, there, err = p.store.published(ctx, got.vid, of)
	} else {
		v, there, err = p.store.current(ctx, got.key, of)
	}
	if got.upto = s.published(); there {
		got.told = v.VID
	}
	return got, err
}

// published is the newest moment.
func (s *sim) published() fhir.Moment {
	s.dbMu.Lock()
	defer s.dbMu.Unlock()
	return s.db.head.t
}

// simVersions are the versions of a resource in the simulated database.
type simVersions struct {
	conn simConn
	k    fhir.Key
	r    *rand.Rand
}

func (c simVersions) numbered(ctx context.Context, vid int64) (stored, bool, error) {
	return c.any(ctx, func(doc *simDoc) bool { return doc.v.VID == vid })
}

func (c simVersions) open(ctx context.Context) (stored, bool, error) {
	v, there, err := c.any(ctx, func(doc *simDoc) bool { return doc.x == 0 })
	return v, there && c.r.IntN(4) > 0, err
}

func (c simVersions) at(ctx context.Context, t fhir.Moment) (stored, bool, error) {
	return c.any(ctx, func(doc *simDoc) bool { return doc.v.T <= t && (doc.x == 0 || doc.x > t) })
}

// any finds any of the versions that a condition holds for.
func (c simVersions) any(ctx context.Context, holds func(*simDoc) bool) (v stored, there bool, err error) {
	var all []stored
	err = c.conn.call(ctx, "read "+c.k.String(), func() {
		for _, doc := range c.conn.sim.db.docs[c.k.Type] {
			if doc.v.Key == c.k && holds(doc) {
				v := doc.v
				v.x = doc.x
				all = append(all, v)
			}
		}
	})
	if err != nil || len(all) == 0 {
		return stored{}, false, err
	}
	slices.SortFunc(all, func(a, b stored) int { return cmp.Compare(a.T, b.T) })
	return all[c.r.IntN(len(all))], true, nil
}

// outdated checks that a reader of one resource was told what was so at a moment between its question and its answer.
func (c *simChecker) outdated(r *simCurrent) string {
	moments := []fhir.Moment{r.began}
	for _, v := range c.versions[r.key] {
		if v.T > r.began && v.T <= r.upto {
			moments = append(moments, v.T)
		}
	}
	for _, t := range moments {
		if r.told == c.numbered(r, t) {
			return ""
		}
	}
	return fmt.Sprintf("a reader of %s/%d between slots %d and %d was told version %d", r.key, r.vid, r.began>>placeBits, r.upto>>placeBits, r.told)
}

// numbered is the version that a reader of one resource finds at a moment.
func (c *simChecker) numbered(r *simCurrent, t fhir.Moment) int64 {
	of := c.versions[r.key]
	if r.vid > 0 {
		if int(r.vid) <= len(of) && of[r.vid-1].T <= t {
			return r.vid
		}
		return 0
	}
	if v := c.current(r.key, t); v != nil {
		return v.VID
	}
	return 0
}
