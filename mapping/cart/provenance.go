package cart

import (
	"encoding/hex"
	"strings"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// trace tells which rows gave which resources: the rows of one instrument and day, or of one key, in one transaction.
type trace struct {
	part    int
	name    string // of instrument and key
	hashes  []string
	targets []fhir.Key
	amends  []int // places of drafts that are targets only where they take something back
	rows    []*mapping.Row
}

// traceOf returns the trace that a row belongs to. Values that a laboratory reports together are traced together.
func (r *record) traceOf(part int, e entry) *trace {
	name := e.Name + "|"
	if e.Name == labs {
		name += e.Cell("date")
	} else {
		name += instanceOf(e.Row)
	}
	key := itoa(part) + "|" + name
	t := r.b.traced[key]
	if t == nil {
		t = &trace{part: part, name: name}
		r.b.traced[key] = t
		r.b.traces = append(r.b.traces, t)
	}
	return t
}

func (t *trace) add(k fhir.Key, e entry) {
	t.targets = append(t.targets, k)
	if len(t.rows) == 0 || t.rows[len(t.rows)-1] != e.Row {
		t.rows = append(t.rows, e.Row)
		t.hashes = append(t.hashes, hex.EncodeToString(e.Hash[:]))
	}
}

// buildTraces makes a Provenance of each trace. It names the source rows by their hashes, never by what is in them; its id holds them too, so
// that a corrected row has a Provenance of its own, and the one of the old row stays. It is no resource that rows give, so it is in no trace
// itself. https://hl7.org/fhir/R4/provenance.html
func (r *record) buildTraces() {
	meta, recorded, software, center := r.s.meta(), r.s.recorded, r.s.softwareID, r.centerID
	seen := map[string]bool{}
	for _, t := range r.b.traces {
		id := r.id("provenance", t.name, strings.Join(t.hashes, " "))
		if seen[id] {
			// A row that gives resources of two courses is traced in the transaction of each.
			id = r.id("provenance", t.name, strings.Join(t.hashes, " "), itoa(t.part))
		}
		seen[id] = true
		r.b.drafts = append(r.b.drafts, mapping.Draft{
			Key: fhir.Key{Type: "Provenance", ID: id}, Part: t.part, Trace: true, Rows: t.rows,
			Late: func() ([]byte, error) {
				for _, k := range t.amends {
					if d := &r.Drafts[k]; d.Fate == mapping.Changed || d.Fate == mapping.Left {
						t.targets = append(t.targets, d.Key)
					}
				}
				p := t.provenance(software, center)
				p.Id, p.Meta, p.Recorded = to(id), meta, recorded
				body, _, _, err := encode(p)
				return body, err
			},
		})
	}
}

// provenance is what a trace tells.
func (t *trace) provenance(software, center string) *r4.Provenance {
	p := &r4.Provenance{
		Activity: concept(term.Terminology("v3-DataOperation", "CREATE", "create")),
		Agent: []r4.ProvenanceAgent{{
			Type:       concept(term.Terminology("provenance-participant-type", "assembler", "Assembler")),
			Who:        *ref("Device", software),
			OnBehalfOf: ref("Organization", center),
		}},
	}
	for _, k := range t.targets {
		p.Target = append(p.Target, *ref(k.Type, k.ID))
	}
	for k, row := range t.rows {
		p.Entity = append(p.Entity, r4.ProvenanceEntity{
			Role: r4.ProvenanceEntityRoleSource,
			What: r4.Reference{
				Identifier: &r4.Identifier{System: to(term.Identifier("source-row-sha256")), Value: to(t.hashes[k])},
				Display:    to("a row of " + row.Name),
			},
		})
	}
	return p
}

// pathSafe keeps letters, digits and dashes of a name that becomes part of a URL.
func pathSafe(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, name)
}
