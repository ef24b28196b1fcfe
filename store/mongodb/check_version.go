package mongodb

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// rows checks versions: each by itself, and with those before and behind it.
func (c *checker) rows(ctx context.Context, e *expected, typ string, rows []bson.Raw) error {
	var all []stored
	for _, doc := range rows {
		v, err := decodeStored(typ, doc)
		if err != nil {
			c.problem("%s: a document has no id or version", typ)
			continue
		}
		c.report.Versions++
		c.place(e, v)
		if id, _ := bsoncore.Document(doc).Lookup(fieldDoc).StringValueOK(); id != versionDoc(v.ID, v.VID) {
			c.problem("%s: its _id is %q", v.Location(), id)
		}
		if err := c.content(ctx, v, doc); err != nil {
			return err
		}
		v.resource = nil
		all = append(all, v)
	}
	return c.lines(ctx, typ, all)
}

// place finds a version in its commit.
func (c *checker) place(e *expected, v stored) {
	if (v.x == 0 || v.x > c.head.t) && !v.Deleted {
		c.report.Current[v.Type]++
	}
	k, found := slices.BinarySearchFunc(e.commits, slotOf(v.T), func(one commit, n slot) int { return int(one.slot - n) })
	n := placeOf(v.T)
	switch {
	case !found:
		c.problem("%s: the log has no commit %d, of which it is", v.Location(), slotOf(v.T))
	case n < 1 || n > len(e.seen[k]):
		c.problem("%s: it is version %d of commit %d, which has %d", v.Location(), n, e.commits[k].slot, len(e.seen[k]))
	case e.seen[k][n-1]:
		c.problem("%s: it has the place of another version, %d of commit %d", v.Location(), n, e.commits[k].slot)
	default:
		e.seen[k][n-1] = true
		if !v.At.Equal(e.commits[k].at) {
			c.problem("%s: it is from %s, its commit from %s", v.Location(), v.At.Format(fhir.InstantLayout), e.commits[k].at.Format(fhir.InstantLayout))
		}
	}
}

// content checks what a version holds.
func (c *checker) content(ctx context.Context, v stored, doc bson.Raw) error {
	if v.Deleted {
		if v.resource != nil || v.parts > 0 {
			c.problem("%s: it is deleted, and has a resource", v.Location())
		}
		return nil
	}
	whole, err := c.s.whole(ctx, v)
	if err != nil {
		if errors.Is(err, errCorrupt) {
			c.problem("%s: its resource is damaged: %v", v.Location(), err)
			return nil
		}
		return err
	}
	t, err := tree.Parse(whole.JSON, tree.Limits{})
	if err != nil {
		c.problem("%s: its resource is damaged: %v", v.Location(), err)
		return nil
	}
	meta := t.Root().Member("meta")
	if t.ResourceType() != v.Type || t.ID() != v.ID || meta.Member(metaVersion).Text() != v.VersionID() || meta.Member(metaUpdated).Text() != v.At.Format(fhir.InstantLayout) {
		c.problem("%s: its resource is of another version", v.Location())
	}
	if t.Digest() != v.digest {
		c.problem("%s: its digest is not that of its resource", v.Location())
	}
	return c.entries(ctx, v, bsoncore.Document(doc), t)
}

// entries compares what the index keeps of a version with what its resource gives. A version that nobody may search any more has none, or those.
func (c *checker) entries(ctx context.Context, v stored, doc bsoncore.Document, t *tree.Tree) error {
	if c.report.Apart != "" {
		return nil
	}
	e, err := c.s.o.Engine.Entries(t)
	if err != nil {
		c.problem("%s: its index entries cannot be made: %v", v.Location(), err)
		return nil
	}
	_, err = doc.LookupErr(fieldKeys)
	if none := err != nil; none {
		if gone, err := c.forgotten(ctx, v); gone || err != nil {
			return err
		}
	}
	want := indexedOf(e)
	if slices.Equal(readTexts(doc.Lookup(fieldKeys)), want.keys) && slices.Equal(readTexts(doc.Lookup(fieldRefs)), want.refs) &&
		slices.Equal(readTexts(doc.Lookup(fieldLongs)), want.longs) {
		return nil
	}
	now, err := c.s.readStanding(ctx)
	if err != nil && !isNone(err) {
		return err
	}
	if now.generation != c.standing.generation {
		c.report.Apart = "the index is being made anew"
		return nil
	}
	c.problem("%s: its index entries are not those that its resource gives", v.Location())
	return nil
}

// forgotten reports whether a version may have lost its entries. The floor is raised before.
func (c *checker) forgotten(ctx context.Context, v stored) (bool, error) {
	if v.x != 0 && v.x > c.floor {
		h, err := c.s.wire.readHead(ctx)
		if err != nil {
			return false, err
		}
		c.floor = h.floor
	}
	return v.x != 0 && v.x <= c.floor, nil
}

// lines checks that each version was closed by the next one of its resource, and no other. Those that were open when the check began may be closed since.
func (c *checker) lines(ctx context.Context, typ string, all []stored) error {
	var names []name
	for _, v := range all {
		if v.VID > 1 {
			names = append(names, name{doc: versionDoc(v.ID, v.VID-1), id: v.ID})
		}
		if c.replaced(v) {
			names = append(names, name{doc: versionDoc(v.ID, v.VID+1), id: v.ID})
		}
	}
	others := map[string]stored{}
	for len(names) > 0 {
		n := min(len(names), namesAtOnce)
		cur, err := c.s.collection(typ).Find(ctx, byNames(names[:n]), options.Find().SetProjection(headerFields))
		if err != nil {
			return err
		}
		err = each(ctx, cur, func(doc bson.Raw) error {
			v, err := decodeStored(typ, doc)
			others[versionDoc(v.ID, v.VID)] = v
			return err
		})
		if err != nil {
			return err
		}
		names = names[n:]
	}
	for _, v := range all {
		c.line(v, others)
	}
	return nil
}

// replaced reports whether a version had been replaced when the check began.
func (c *checker) replaced(v stored) bool { return v.x != 0 && v.x <= c.head.t }

func (c *checker) line(v stored, others map[string]stored) {
	if v.VID > 1 {
		switch before, there := others[versionDoc(v.ID, v.VID-1)]; {
		case !there:
			c.problem("%s: the version before it is not there", v.Location())
		case before.x == 0:
			c.problem("%s: the version before it is not closed", v.Location())
		case before.x != v.T:
			c.problem("%s: the version before it is closed at moment %d, it is of %d", v.Location(), before.x, v.T)
		}
	}
	if c.replaced(v) {
		if next, there := others[versionDoc(v.ID, v.VID+1)]; !there || next.T != v.x {
			c.problem("%s: it is closed at moment %d, and no version of it is of that", v.Location(), v.x)
		}
	}
}
