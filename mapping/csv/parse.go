package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding/charmap"

	"firewolf/fhir/decimal"
	"firewolf/fhir/ucum"
	"firewolf/mapping"
	"firewolf/mapping/cart"
)

// Parse reads a mapping file. What is wrong with it comes as Problems, all at once; name is what they call the file.
func Parse(name string, text []byte) (*Mapping, error) {
	p := &parser{name: name, m: &Mapping{}, instruments: map[string]*mapping.Instrument{}, columns: map[string]mapping.Column{}}
	for _, i := range cart.Instruments() {
		p.instruments[i.Name] = i
		for _, c := range i.Columns {
			p.columns[c.Name] = c
		}
	}
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, Problems{yamlProblem(name, err)}
	}
	if err := d.Decode(&more); err == nil {
		p.wrong(&more, "a second document starts here: a mapping is one")
	} else if !errors.Is(err, io.EOF) {
		return nil, Problems{yamlProblem(name, err)}
	}
	if len(doc.Content) == 1 {
		p.top(doc.Content[0])
	}
	if len(p.problems) > 0 {
		sort.SliceStable(p.problems, func(a, b int) bool { return p.problems[a].Line < p.problems[b].Line })
		return nil, p.problems
	}
	return p.m, nil
}

// yamlProblem takes the line out of an error: "yaml: line 3: ...".
func yamlProblem(name string, err error) Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, why, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil {
				return Problem{name, line, why}
			}
		}
	}
	return Problem{name, 1, text}
}

// parser reads the nodes of a mapping file into m.
type parser struct {
	name        string
	m           *Mapping
	problems    Problems
	instruments map[string]*mapping.Instrument
	columns     map[string]mapping.Column // of all instruments, by name
	units       *ucum.Table
}

func (p *parser) wrong(n *yaml.Node, format string, args ...any) {
	p.problems = append(p.problems, Problem{p.name, n.Line, fmt.Sprintf(format, args...)})
}

// fields hands each member of a mapping node to its reader. Names that have none, and names that stand twice, are wrong.
func (p *parser) fields(n *yaml.Node, readers map[string]func(*yaml.Node)) {
	p.each(n, func(name string, key, value *yaml.Node) {
		if read := readers[name]; read != nil {
			read(value)
			return
		}
		p.wrong(key, "%q is not known here; known are %s", name, strings.Join(sortedKeys(readers), ", "))
	})
}

// each walks the members of a mapping node.
func (p *parser) each(n *yaml.Node, do func(name string, key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.wrong(n, "here stand names with values (name: value)")
		return
	}
	seen := map[string]bool{}
	for k := 0; k+1 < len(n.Content); k += 2 {
		key, value := n.Content[k], n.Content[k+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		if seen[key.Value] {
			p.wrong(key, "%q stands twice", key.Value)
			continue
		}
		seen[key.Value] = true
		do(key.Value, key, value)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// text reads a scalar as it is written: 1, yes and 1.50 are texts here.
func (p *parser) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		p.wrong(n, "here stands one value")
		return ""
	}
	return n.Value
}

// texts reads a list of scalars, or one.
func (p *parser) texts(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, "here stands a list")
		return nil
	}
	var l []string
	for _, item := range n.Content {
		l = append(l, p.text(item))
	}
	return l
}

func (p *parser) set(n *yaml.Node) map[string]bool {
	m := map[string]bool{}
	for _, s := range p.texts(n) {
		m[s] = true
	}
	return m
}

func (p *parser) top(n *yaml.Node) {
	var files *yaml.Node // read last: what is said of one file goes on from what is said of all
	readers := map[string]func(*yaml.Node){
		"version":   p.version,
		"center":    func(n *yaml.Node) { p.m.Center = p.text(n) },
		"delimiter": p.delimiter,
		"encoding":  p.encoding,
		"test_data": func(n *yaml.Node) { p.m.TestData = p.yes(n) },
		"codes":     func(n *yaml.Node) { p.m.codes = p.codes(n, p.columns) },
		"units":     p.unitNames,
		"analytes":  p.analytes,
		"files":     func(n *yaml.Node) { files = n },
	}
	p.habits(&p.m.habits, readers)
	p.fields(n, readers)
	if files != nil {
		p.files(files)
	}
}

// habits adds the readers of how cells are written.
func (p *parser) habits(h *habits, readers map[string]func(*yaml.Node)) {
	readers["decimal"] = func(n *yaml.Node) {
		switch p.text(n) {
		case ",":
			h.comma = true
		case ".":
			h.comma = false
		default:
			p.wrong(n, `decimal is "," or "."`)
		}
	}
	readers["dates"] = func(n *yaml.Node) {
		h.dates = nil
		for _, text := range p.texts(n) {
			l, err := parseLayout(text)
			if err != nil {
				p.wrong(n, "%q: %v", text, err)
			}
			if other := l.confusedWith(append([]layout{fhirDay}, h.dates...)); other != nil {
				p.wrong(n, "%q reads a text as another day than %s does: nobody knows which is meant", text, other)
			}
			h.dates = append(h.dates, l)
		}
	}
	readers["missing"] = func(n *yaml.Node) { h.missing = p.set(n) }
}

func (p *parser) version(n *yaml.Node) {
	if p.text(n) != "1" {
		p.wrong(n, "this is read as version 1, not %q", n.Value)
	}
}

func (p *parser) yes(n *yaml.Node) bool {
	switch p.text(n) {
	case "true":
		return true
	case "false":
		return false
	}
	p.wrong(n, "here stands true or false")
	return false
}

func (p *parser) delimiter(n *yaml.Node) {
	switch t := p.text(n); t {
	case ",", ";", "|", "\t":
		p.m.Delimiter = t[0]
	case "tab":
		p.m.Delimiter = '\t'
	default:
		p.wrong(n, `a delimiter is ",", ";", "|" or tab`)
	}
}

func (p *parser) encoding(n *yaml.Node) {
	switch strings.ToLower(p.text(n)) {
	case "utf-8":
	case "windows-1252":
		p.m.Encoding = charmap.Windows1252
	case "iso-8859-1":
		p.m.Encoding = charmap.ISO8859_1
	case "iso-8859-15":
		p.m.Encoding = charmap.ISO8859_15
	default:
		p.wrong(n, "an encoding is utf-8, windows-1252, iso-8859-1 or iso-8859-15")
	}
}

// codes reads column -> the center's code -> the canonical code.
func (p *parser) codes(n *yaml.Node, columns map[string]mapping.Column) map[string]map[string]string {
	all := map[string]map[string]string{}
	p.each(n, func(name string, key, value *yaml.Node) {
		c, ok := columns[name]
		if !ok {
			p.wrong(key, "%q is no column", name)
			return
		}
		of := map[string]string{}
		p.each(value, func(from string, _, to *yaml.Node) {
			of[from] = p.text(to)
			p.code(c, to, of[from])
		})
		all[name] = of
	})
	return all
}

// code checks a canonical code against its column.
func (p *parser) code(c mapping.Column, at *yaml.Node, code string) {
	switch {
	case c.Kind == mapping.Flag && code != "0" && code != "1":
		p.wrong(at, "%s is 1 or 0, not %q", c.Name, code)
	case len(c.Codes) > 0 && !slices.Contains(c.Codes, code):
		p.wrong(at, "%q is no code of %s: %s", code, c.Name, strings.Join(c.Codes, ", "))
	case c.Name == "loinc" && !cart.CheckDigit(code):
		p.wrong(at, "%q is no LOINC code: its check digit is wrong", code)
	}
}

// constant checks what stands for a cell of every row.
func (p *parser) constant(c mapping.Column, at *yaml.Node, text string) {
	if c.Name == "registry_id" || c.Name == "row_id" {
		p.wrong(at, "%s tells rows apart: it cannot be the same in all", c.Name)
	}
	p.code(c, at, text)
}

func (p *parser) unitNames(n *yaml.Node) {
	p.m.units = map[string]string{}
	p.each(n, func(name string, _, value *yaml.Node) { p.m.units[name] = p.unit(value) })
}

func (p *parser) unit(n *yaml.Node) string {
	if p.units == nil {
		p.units = ucum.New()
	}
	text := p.text(n)
	if _, err := p.units.Parse(text); err != nil {
		p.wrong(n, "%q is no unit of UCUM: %v", text, err)
	}
	return text
}

func (p *parser) number(n *yaml.Node) string {
	text := p.text(n)
	if _, err := decimal.Parse(text); err != nil {
		p.wrong(n, "%q is no number with a decimal point", text)
	}
	return text
}

func (p *parser) analytes(n *yaml.Node) {
	p.m.analytes = map[string]test{}
	p.each(n, func(name string, key, value *yaml.Node) {
		var t test
		p.fields(value, map[string]func(*yaml.Node){
			"loinc": func(n *yaml.Node) { t.loinc = p.loinc(n, name) },
			"unit":  func(n *yaml.Node) { t.unit = p.unit(n) },
			"low":   func(n *yaml.Node) { t.low = p.number(n) },
			"high":  func(n *yaml.Node) { t.high = p.number(n) },
			"assay": func(n *yaml.Node) { t.assay = p.text(n) },
		})
		if t.loinc == "" {
			p.wrong(key, "%q has no loinc", name)
		}
		if t.unit == "" && t.low+t.high != "" {
			p.wrong(key, "%q has limits and no unit: limits are of one unit", name)
		}
		p.m.analytes[name] = t
	})
}

// loinc reads the code of a test that the laboratory calls by a name.
func (p *parser) loinc(n *yaml.Node, name string) string {
	code := p.text(n)
	if !cart.CheckDigit(code) {
		p.wrong(n, "%q is no LOINC code: its check digit is wrong", code)
	} else if why := cart.Pairing(code, name); why != "" {
		p.wrong(n, "%s", why)
	}
	return code
}
