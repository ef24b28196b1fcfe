package interaction

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// includeBatch is how many ids one inner search asks for.
const includeBatch = 500

// include returns what _include and _revinclude add to the matches, at the moment of the page, each resource once.
// It is whole or an error: https://hl7.org/fhir/R4/search.html#revinclude
func (q *searching) include(ctx context.Context, matches []store.Match) ([]store.Match, error) {
	if len(q.head.Includes)+len(q.head.RevIncludes) == 0 || len(matches) == 0 {
		return nil, nil
	}
	g := &gathering{q: q, ctx: ctx, current: make(map[fhir.Key]int64, 2*len(matches)), versions: map[namedVersion]bool{}}
	for _, m := range matches {
		g.current[m.Key] = m.VID
	}
	frontier := matches
	for round := 0; len(frontier) > 0; round++ {
		if round > q.s.o.Limits.IncludeDepth {
			return nil, tooMuch("_include:iterate goes deeper than "+strconv.Itoa(q.s.o.Limits.IncludeDepth)+" rounds", "http._include")
		}
		before := len(g.out)
		for _, in := range q.head.Includes {
			if round > 0 && !in.Iterate {
				continue
			}
			if err := g.follow(in, frontier); err != nil {
				return nil, err
			}
		}
		for _, in := range q.head.RevIncludes {
			if round > 0 && !in.Iterate {
				continue
			}
			if err := g.followBack(in, frontier); err != nil {
				return nil, err
			}
		}
		frontier = g.out[before:]
	}
	return g.out, nil
}

func tooMuch(text, where string) error {
	return fhir.NewIssue(fhir.TooCostly, text+": ask for smaller pages with _count, or for less", where)
}

// gathering collects included resources.
type gathering struct {
	q        *searching
	ctx      context.Context
	current  map[fhir.Key]int64    // what the Bundle holds: the version that is current at the moment
	versions map[namedVersion]bool // and older versions that a reference names
	out      []store.Match
}

// namedVersion is a version that a reference names.
type namedVersion struct {
	key fhir.Key
	vid int64
}

func (g *gathering) add(m store.Match) error {
	if len(g.out) == g.q.s.o.Limits.Includes {
		return tooMuch("the page includes more than "+strconv.Itoa(len(g.out))+" resources", "http._include")
	}
	g.out = append(g.out, m)
	return nil
}

// follow adds what the resources refer to.
func (g *gathering) follow(in search.Include, from []store.Match) error {
	group := ofType(from, in.Source)
	if len(group) == 0 {
		return nil
	}
	refs, err := g.refs(group, in.Param)
	if err != nil {
		return err
	}
	wanted := map[string][]string{} // type -> ids
	var types []string
	for _, list := range refs {
		for _, ref := range list {
			switch {
			case !ref.Direct(), in.Target != "" && ref.Key.Type != in.Target, in.Param != "*" && ref.Param != in.Param:
				continue
			case ref.VID != "":
				current, err := g.version(ref)
				if err != nil {
					return err
				}
				if !current {
					continue
				}
			}
			if _, has := g.current[ref.Key]; has {
				continue
			}
			g.current[ref.Key] = 0
			if wanted[ref.Key.Type] == nil {
				types = append(types, ref.Key.Type)
			}
			wanted[ref.Key.Type] = append(wanted[ref.Key.Type], ref.Key.ID)
		}
	}
	for _, typ := range types {
		if err := g.fetch(typ, wanted[typ]); err != nil {
			return err
		}
	}
	return g.followCanonicals(in, group)
}

func ofType(ms []store.Match, typ string) []store.Match {
	for k, m := range ms {
		if m.Type != typ {
			out := slices.Clone(ms[:k])
			for _, m := range ms[k:] {
				if m.Type == typ {
					out = append(out, m)
				}
			}
			return out
		}
	}
	return ms
}

// refs returns the references of resources. A version that was read by itself is not known to the index any more.
func (g *gathering) refs(from []store.Match, param string) ([][]search.RefEntry, error) {
	var indexed []store.Match
	var out [][]search.RefEntry
	for _, m := range from {
		if !g.versions[namedVersion{m.Key, m.VID}] {
			indexed = append(indexed, m)
			continue
		}
		t, err := tree.Parse(m.JSON, tree.Limits{})
		if err != nil {
			return nil, err
		}
		entries, err := g.q.s.o.Search.Entries(t)
		if err != nil {
			return nil, err
		}
		out = append(out, entries.Refs)
	}
	if len(indexed) == 0 {
		return out, nil
	}
	more, err := g.q.s.o.Store.Refs(g.ctx, indexed, []string{param})
	return append(out, more...), err
}

// fetch adds the resources of a type by id. What is not there, or not any more, is left out: the reference dangles.
func (g *gathering) fetch(typ string, ids []string) error {
	for chunk := range slices.Chunk(ids, includeBatch) {
		err := g.run(typ, search.Pair{Name: "_id", Value: strings.Join(chunk, ",")}, func(m store.Match) error {
			g.current[m.Key] = m.VID
			return g.add(m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// version adds the version that a versioned reference names, unless the page does not see it yet. It says if that is the
// current one: then it is included like any other resource.
func (g *gathering) version(ref search.RefEntry) (current bool, err error) {
	vid, ok := versionID(ref.VID)
	name := namedVersion{ref.Key, vid}
	if !ok || g.versions[name] {
		return false, nil
	}
	now, err := g.q.s.o.Store.Read(g.ctx, g.q.at.t, ref.Key)
	switch {
	case fhir.HasCode(err, fhir.NotFound):
		return false, nil
	case err != nil && !fhir.HasCode(err, fhir.Deleted):
		return false, err
	case now.VID == vid:
		return err == nil, nil
	}
	v, err := g.q.s.o.Store.ReadVersion(g.ctx, ref.Key, vid)
	switch {
	case fhir.HasCode(err, fhir.NotFound) || fhir.HasCode(err, fhir.Deleted):
		return false, nil
	case err != nil || v.T > g.q.at.t:
		return false, err
	}
	g.versions[name] = true
	return false, g.add(store.Match{Version: v})
}

// followBack adds what refers to the resources.
func (g *gathering) followBack(in search.Include, to []store.Match) error {
	for _, p := range g.referring(in) {
		var refs []string
		for _, m := range to {
			if (in.Target == "" || in.Target == m.Type) && (len(p.Targets) == 0 || slices.Contains(p.Targets, m.Type)) {
				refs = append(refs, m.String())
			}
		}
		for chunk := range slices.Chunk(refs, includeBatch) {
			err := g.run(in.Source, search.Pair{Name: p.Code, Value: strings.Join(chunk, ",")}, func(m store.Match) error {
				if g.current[m.Key] != 0 {
					return nil
				}
				g.current[m.Key] = m.VID
				return g.add(m)
			})
			if err != nil {
				return err
			}
		}
		if err := g.followCanonicalsBack(in, p.Code, to); err != nil {
			return err
		}
	}
	return nil
}

// referring lists the parameters of an include.
func (g *gathering) referring(in search.Include) []*spec.Param {
	if in.Param != "*" {
		return []*spec.Param{g.q.s.o.Spec.Param(in.Source, in.Param)}
	}
	var out []*spec.Param
	for _, p := range g.q.s.o.Spec.Params(in.Source) {
		if p.Type == spec.ParamReference && p.Expression != "" {
			out = append(out, p)
		}
	}
	return out
}

// run does an inner search at the moment of the page.
func (g *gathering) run(typ string, by search.Pair, each func(store.Match) error) error {
	query, err := g.q.s.o.Search.Parse(typ, []search.Pair{by}, search.Options{Now: g.q.head.Now})
	if err != nil {
		return err
	}
	p, err := g.q.s.o.Search.Compile(query)
	if err != nil {
		return err
	}
	limit := len(g.current) + g.q.s.o.Limits.Includes + 1
	for m, err := range g.q.s.o.Store.Search(g.ctx, p, store.Page{T: g.q.at.t, Limit: limit}) {
		if err != nil {
			return err
		}
		if err := each(m); err != nil {
			return err
		}
	}
	return nil
}
