package cart

import (
	"bytes"

	"firewolf/fhir/tree"
	"firewolf/mapping"
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
	all := []byte{'{'}
	add := func(name string, raw []byte) {
		if len(all) > 1 {
			all = append(all, ',')
		}
		all = append(append(tree.Quote(all, name), ':'), raw...)
	}
	others := false
	for m := range there.Root().Members() {
		switch o := own.Root().Member(m.Name()); {
		case m.Name() == "identifier":
			raw, more := identifiers(o, m)
			others = others || more
			add(m.Name(), raw)
		case o.Exists():
			add(m.Name(), o.Raw())
		case !ofRows[m.Name()]:
			others = true
			add(m.Name(), m.Raw())
		}
	}
	if !others {
		return body, nil
	}
	for m := range own.Root().Members() {
		if !there.Root().Member(m.Name()).Exists() {
			add(m.Name(), m.Raw())
		}
	}
	return append(all, '}'), nil
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
	return append(append([]byte{'['}, bytes.Join(l, []byte{','})...), ']'), more
}
