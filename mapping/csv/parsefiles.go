package csv

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"firewolf/mapping"
)

// files reads what a mapping file says of each file.
func (p *parser) files(n *yaml.Node) {
	p.m.sheets = map[string]*sheetMapping{}
	p.each(n, func(name string, key, value *yaml.Node) {
		i := p.instruments[name]
		if i == nil {
			p.wrong(key, "%q is no canonical file; those are %s", name, strings.Join(sortedKeys(p.instruments), ", "))
			return
		}
		p.m.sheets[name] = p.sheet(i, value)
	})
}

func (p *parser) sheet(i *mapping.Instrument, n *yaml.Node) *sheetMapping {
	s := &sheetMapping{}
	columns := map[string]mapping.Column{}
	for _, c := range i.Columns {
		columns[c.Name] = c
	}
	own := p.m.habits
	readers := map[string]func(*yaml.Node){
		"file":      func(n *yaml.Node) { s.file = p.fileName(n) },
		"columns":   func(n *yaml.Node) { s.columns = p.byColumn(n, columns, nil) },
		"constants": func(n *yaml.Node) { s.constants = p.byColumn(n, columns, p.constant) },
		"ignore":    func(n *yaml.Node) { s.ignore = p.set(n) },
		"codes":     func(n *yaml.Node) { s.codes = p.codes(n, columns) },
		"missing":   func(n *yaml.Node) { s.missing = p.missing(n, columns) },
	}
	changed := map[string]func(*yaml.Node){}
	p.habits(&own, changed)
	for _, name := range []string{"decimal", "dates"} {
		read := changed[name]
		readers[name] = func(n *yaml.Node) {
			read(n)
			s.own = &own
		}
	}
	p.fields(n, readers)
	return s
}

// errPath is why a file name is refused.
var errPath = errors.New("a file lies in the folder itself: its name has no slash")

func (p *parser) fileName(n *yaml.Node) string {
	name := p.text(n)
	if strings.ContainsAny(name, `/\`) || name == "" || name == ".." {
		p.wrong(n, "%q: %v", name, errPath)
	}
	return name
}

// byColumn reads canonical column -> text.
func (p *parser) byColumn(n *yaml.Node, columns map[string]mapping.Column, check func(mapping.Column, *yaml.Node, string)) map[string]string {
	m := map[string]string{}
	p.each(n, func(name string, key, value *yaml.Node) {
		c, ok := columns[name]
		if !ok {
			p.wrong(key, "%q is no column here; those are %s", name, strings.Join(sortedKeys(columns), ", "))
			return
		}
		m[name] = p.text(value)
		if check != nil {
			check(c, value, m[name])
		}
	})
	return m
}

// missing reads the missing codes of single columns.
func (p *parser) missing(n *yaml.Node, columns map[string]mapping.Column) map[string]map[string]bool {
	m := map[string]map[string]bool{}
	p.each(n, func(name string, key, value *yaml.Node) {
		if _, ok := columns[name]; !ok {
			p.wrong(key, "%q is no column here", name)
			return
		}
		m[name] = p.set(value)
	})
	return m
}
