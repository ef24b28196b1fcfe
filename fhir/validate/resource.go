package validate

import (
	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// scope is the resource in which elements stand.
type scope struct {
	rule      *rule
	resource  tree.Node
	container *scope            // of the resource that is not contained itself: references to "#id" look there
	contained map[string]string // of a container: id -> type of what it contains; nil until asked for
}

// resource checks a resource that stands alone, or in a Bundle or Parameters, or, with outer set, contained in another.
func (k *checking) resource(n tree.Node, outer *scope) {
	r := k.typeOf(n)
	if r == nil {
		return
	}
	sc := &scope{rule: r, resource: n}
	sc.container = sc
	if outer != nil {
		sc.container = outer.container
		k.asContained(n)
	} else {
		k.uniqueIDs(n)
	}
	k.object(n, r, sc)
}

// nested checks a resource inside another one.
func (k *checking) nested(n tree.Node, kid *member, sc *scope) {
	if kid.element.Name != "contained" {
		sc = nil
	}
	k.resource(n, sc)
}

// typeOf returns the rule of the type that a resource says it is of.
func (k *checking) typeOf(n tree.Node) *rule {
	typ := n.Member("resourceType")
	switch r := k.rules[typ.Text()]; {
	case typ.Kind() == tree.None:
		k.report(fhir.Required, n, "resourceType is required")
	case typ.Kind() != tree.String:
		k.report(fhir.Structure, n, "resourceType must be a string, not "+article(typ.Kind()))
	case !isResource(r):
		k.report(fhir.Structure, n, "resourceType must be one of the resource types of R4")
	default:
		return r
	}
	return nil
}

// asContained checks what holds for contained resources alone.
// https://hl7.org/fhir/R4/domainresource.html#invs (dom-2, dom-4, dom-5)
func (k *checking) asContained(n tree.Node) {
	if more := n.Member("contained"); more.Exists() {
		k.report(fhir.Invalid, more, "a contained resource must not contain resources")
	}
	if !n.Member("id").Exists() {
		k.report(fhir.Required, n, "a contained resource must have an id")
	}
	meta := n.Member("meta")
	for _, name := range []string{"versionId", "lastUpdated", "security"} {
		if m := meta.Member(name); m.Exists() {
			k.report(fhir.Invalid, m, "a contained resource must not have meta."+name)
		}
	}
}

// uniqueIDs checks that the ids of contained resources differ.
// https://hl7.org/fhir/R4/references.html#contained
func (k *checking) uniqueIDs(n tree.Node) {
	list := n.Member("contained")
	if list.Kind() != tree.Array || !list.First().Next().Exists() {
		return
	}
	seen := map[string]bool{}
	for item := list.First(); item.Exists(); item = item.Next() {
		id := item.Member("id")
		if id.Kind() != tree.String {
			continue
		}
		if seen[id.Text()] {
			k.report(fhir.Invalid, id, "two contained resources must not have the same id")
		}
		seen[id.Text()] = true
	}
}

// typeOfContained returns the type of the contained resource with the id; false where there is none.
func (sc *scope) typeOfContained(id string) (string, bool) {
	sc = sc.container
	if sc.contained == nil {
		sc.contained = map[string]string{}
		for item := range sc.resource.Member("contained").Items() {
			sc.contained[item.Member("id").Text()] = item.Member("resourceType").Text()
		}
	}
	typ, ok := sc.contained[id]
	return typ, ok
}
