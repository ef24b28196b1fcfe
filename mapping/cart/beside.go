package cart

import (
	"bytes"
	"strings"

	"firewolf/fhir/tree"
	"firewolf/mapping"
	"firewolf/registry/term"
)

// ofRows are the members of a Patient that rows tell of. Everything else is of others: a name, a telephone, or that the record was merged with
// another. https://hl7.org/fhir/R4/patient-definitions.html#Patient.link
var ofRows = map[string]bool{
	"resourceType": true, "id": true, "meta": true, "identifier": true, "gender": true, "birthDate": true,
	"deceasedBoolean": true, "deceasedDateTime": true, "managingOrganization": true,
}

// beside makes the draft of a Patient, which was added last, keep what others told.
func (r *record) beside() {
	n := len(r.b.drafts) - 1
	if n < 0 {
		return
	}
	own, body := r.b.drafts[n].Over, r.b.drafts[n].Body
	r.over(func(stored []byte) (over mapping.Over, err error) {
		if own != nil {
			if over, err = own(stored); err != nil {
				return over, err
			}
		}
		if over.Body == nil {
			over.Body = body
		}
		over.Body, err = withOthers(over.Body, stored)
		return over, err
	})
}

// withOthers returns a resource with what is stored beside it, as it is written there.
func withOthers(body, stored []byte) ([]byte, error) {
	there, err := tree.Parse(stored, tree.Limits{})
	if err != nil {
		return nil, err
	}
	own, err := tree.Parse(body, tree.Limits{})
	if err != nil {
		return nil, err
	}
	all, others := object{}, false
	for m := range there.Root().Members() {
		switch o := own.Root().Member(m.Name()); {
		case m.Name() == "identifier":
			raw, more := identifiers(o, m)
			others = others || more
			all.add(m.Name(), raw)
		case m.Name() == "meta":
			raw, more := metaOf(o, m)
			others = others || more
			if len(raw) > len("{}") {
				all.add(m.Name(), raw)
			}
		case o.Exists():
			all.add(m.Name(), o.Raw())
		case !ofRows[m.Name()] && ofValue(m, own.Root(), there.Root()):
			others = true
			all.add(m.Name(), m.Raw())
		}
	}
	if !others {
		return body, nil
	}
	for m := range own.Root().Members() {
		if !there.Root().Member(m.Name()).Exists() {
			all.add(m.Name(), m.Raw())
		}
	}
	return all.end(), nil
}

// object is one that is being written.
type object struct{ raw []byte }

func (o *object) add(name string, raw []byte) {
	start := byte(',')
	if len(o.raw) == 0 {
		start = '{'
	}
	o.raw = append(append(tree.Quote(append(o.raw, start), name), ':'), raw...)
}

func (o *object) end() []byte {
	if len(o.raw) == 0 {
		return []byte("{}")
	}
	return append(o.raw, '}')
}

// ofValue reports whether a member that is stored is not about a value that rows say otherwise now, as the extensions of one are that stand beside it.
// https://hl7.org/fhir/R4/json.html#primitive
func ofValue(m, own, there tree.Node) bool {
	name, companion := strings.CutPrefix(m.Name(), "_")
	if !companion || !ofRows[name] {
		return true
	}
	now, was := own.Member(name), there.Member(name)
	if !now.Exists() && strings.HasPrefix(name, "deceased") {
		return !was.Exists() && !own.Member("deceasedBoolean").Exists() && !own.Member("deceasedDateTime").Exists()
	}
	return now.Exists() == was.Exists() && (!was.Exists() || bytes.Equal(now.Raw(), was.Raw()))
}

// metaOf is what rows say in meta, and the labels, tags and profiles of others that are stored; more is whether there are some.
func metaOf(own, there tree.Node) (raw []byte, more bool) {
	all := object{}
	for m := range there.Members() {
		switch name := m.Name(); name {
		case "versionId", "lastUpdated":
		case "security", "tag":
			l, others := codings(own.Member(name), m)
			more = more || others
			if len(l) > 0 {
				all.add(name, list(l))
			}
		default:
			more = true
			all.add(name, m.Raw())
		}
	}
	for m := range own.Members() {
		if !there.Member(m.Name()).Exists() {
			all.add(m.Name(), m.Raw())
		}
	}
	return all.end(), more
}

// codings are those that are stored, with what rows say in place of what they said; more is whether there are any of others.
func codings(own, there tree.Node) (l [][]byte, more bool) {
	var said [][]byte
	for c := range own.Items() {
		said = append(said, c.Raw())
	}
	for c := range there.Items() {
		system, code := c.Member("system").Text(), c.Member("code").Text()
		if test := term.TestData(); system != term.Center && (system != test.System || code != test.Code) {
			more = true
			l = append(l, c.Raw())
			continue
		}
		l = append(l, said[:min(1, len(said))]...)
		said = said[min(1, len(said)):]
	}
	return append(l, said...), more
}

func list(items [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(items, []byte{','})...), ']')
}

// identifiers are those that are stored, each of a system of rows as the rows say it, and what rows say beside; more is whether there are others.
func identifiers(own, there tree.Node) (all []byte, more bool) {
	said := map[string]tree.Node{}
	for i := range own.Items() {
		said[i.Member("system").Text()] = i
	}
	var l [][]byte
	for i := range there.Items() {
		system := i.Member("system").Text()
		if o, ok := said[system]; ok {
			delete(said, system)
			l = append(l, o.Raw())
			continue
		}
		more = true
		l = append(l, i.Raw())
	}
	for i := range own.Items() {
		if _, left := said[i.Member("system").Text()]; left {
			l = append(l, i.Raw())
		}
	}
	return list(l), more
}
