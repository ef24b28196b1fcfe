package interaction

import (
	"slices"
	"strings"

	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// A canonical names a resource by its url, and may name its business version behind a bar. Resources of all versions are meant
// where it names none. https://hl7.org/fhir/R4/references.html#canonical

// followCanonicals adds the resources that canonicals name.
func (g *gathering) followCanonicals(in search.Include, group []store.Match) error {
	for _, p := range g.referring(in) {
		targets := g.q.s.o.Search.CanonicalTargets(in.Source, p.Code)
		if len(targets) == 0 || in.Target != "" && !slices.Contains(targets, in.Target) {
			continue
		}
		if in.Target != "" {
			targets = []string{in.Target}
		}
		var names []string
		for _, m := range group {
			of, err := g.canonicalsOf(m, p.Code)
			if err != nil {
				return err
			}
			names = append(names, of...)
		}
		slices.Sort(names)
		if err := g.fetchCanonicals(targets, slices.Compact(names)); err != nil {
			return err
		}
	}
	return nil
}

// canonicalsOf returns the canonicals of a resource that a parameter holds.
func (g *gathering) canonicalsOf(m store.Match, param string) ([]string, error) {
	t, err := tree.Parse(m.JSON, tree.Limits{})
	if err != nil {
		return nil, err
	}
	entries, err := g.q.s.o.Search.Entries(t)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, text := range entries.Texts {
		if text.Name == param {
			names = append(names, text.Value)
		}
	}
	return names, nil
}

// fetchCanonicals adds the resources of some types that have one of the names.
func (g *gathering) fetchCanonicals(types, names []string) error {
	for chunk := range slices.Chunk(names, includeBatch) {
		values := make([]string, len(chunk))
		for k, name := range chunk {
			url, version, versioned := strings.Cut(name, "|")
			if values[k] = search.Escape(url); versioned {
				values[k] += "|" + search.Escape(version)
			}
		}
		for _, typ := range types {
			if g.q.s.o.Spec.Param(typ, "url") == nil {
				continue
			}
			if err := g.run(typ, search.Pair{Name: "url", Value: strings.Join(values, ",")}, g.addOnce); err != nil {
				return err
			}
		}
	}
	return nil
}

// addOnce adds a resource that is not there yet.
func (g *gathering) addOnce(m store.Match) error {
	if g.current[m.Key] != 0 {
		return nil
	}
	g.current[m.Key] = m.VID
	return g.add(m)
}

// followCanonicalsBack adds the resources whose canonicals name one of these.
func (g *gathering) followCanonicalsBack(in search.Include, param string, to []store.Match) error {
	targets := g.q.s.o.Search.CanonicalTargets(in.Source, param)
	versions := map[string][]string{} // url -> versions of the resources that have it
	var urls []string
	for _, m := range to {
		if !slices.Contains(targets, m.Type) || in.Target != "" && in.Target != m.Type {
			continue
		}
		t, err := tree.Parse(m.JSON, tree.Limits{})
		if err != nil {
			return err
		}
		url := t.Root().Member("url").Text()
		if url == "" {
			continue
		}
		if versions[url] == nil {
			urls = append(urls, search.Escape(url))
		}
		versions[url] = append(versions[url], t.Root().Member("version").Text())
	}
	for chunk := range slices.Chunk(urls, includeBatch) {
		err := g.run(in.Source, search.Pair{Name: param, Value: strings.Join(chunk, ",")}, func(m store.Match) error {
			names, err := g.canonicalsOf(m, param)
			if err == nil && slices.ContainsFunc(names, func(name string) bool {
				url, version, versioned := strings.Cut(name, "|")
				return versions[url] != nil && (!versioned || slices.Contains(versions[url], version))
			}) {
				err = g.addOnce(m)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
