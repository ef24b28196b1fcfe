package memory

import (
	"fmt"
	"slices"
	"time"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
)

// view is the store as it was at one moment, for one query.
type view struct {
	*params
	store *Store
	t     fhir.Moment
	now   time.Time // what the prefix ap measures dates from
}

// matches reports whether every clause of a query holds for a resource, and whether it lies in the compartment asked for.
func (v view) matches(q *search.Query, r *record) (bool, error) {
	if q.Owner != (fhir.Key{}) {
		in, err := v.inCompartment(q.Owner, r)
		if err != nil || !in {
			return false, err
		}
	}
	for _, c := range q.Clauses {
		ok, err := v.holds(c, r)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// holds reports whether one clause holds for a resource.
func (v view) holds(c search.Clause, r *record) (bool, error) {
	switch {
	case r.container.Exists() && (c.Has != nil || c.Chain == nil && (c.Param.Code == "_id" || c.Param.Code == "_lastUpdated")):
		// A contained resource has no id and time of its own on this server, and nothing else refers to it.
		return c.Modifier == "missing" && c.Values[0] == "false", nil
	case c.Has != nil:
		return v.has(*c.Has, r)
	case c.Chain != nil:
		return v.chain(c, r)
	}
	have, err := v.values(c.Param, r)
	if err != nil {
		return false, err
	}
	switch c.Modifier {
	case "missing":
		// https://hl7.org/fhir/R4/search.html#missing
		return slices.Equal(c.Values, []string{"true"}) == (len(have) == 0), nil
	case "not":
		// The negation applies to the set of values, so a resource without any satisfies it.
		// https://hl7.org/fhir/R4/search.html#token
		c.Modifier = ""
		ok, err := v.any(c, have, r)
		return !ok, err
	}
	return v.any(c, have, r)
}

// chain reports whether the resource refers, by the clause's parameter, to a resource for which the rest of the chain
// holds. https://hl7.org/fhir/R4/search.html#chaining
func (v view) chain(c search.Clause, r *record) (bool, error) {
	refs, err := v.refsBy(c.Param, r)
	if err != nil {
		return false, err
	}
	for _, ref := range refs {
		if !slices.Contains(c.Chain.Targets, ref.Key.Type) {
			continue
		}
		target := v.store.currentAt(v.t, ref.Key)
		if target == nil || target.Deleted {
			continue
		}
		ok, err := v.holds(c.Chain.Clause[ref.Key.Type], target)
		if err != nil || ok {
			return ok, err
		}
	}
	inside, err := v.contained(c.Param, r)
	if err != nil {
		return false, err
	}
	for _, target := range inside {
		if !slices.Contains(c.Chain.Targets, target.Type) {
			continue
		}
		ok, err := v.holds(c.Chain.Clause[target.Type], target)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// contained returns the contained resources that a resource refers to by a parameter. "A chained condition will be evaluated inside
// contained resources." https://hl7.org/fhir/R4/search.html#contained
func (v view) contained(param *spec.Param, r *record) ([]*record, error) {
	values, err := v.values(param, r)
	if err != nil {
		return nil, err
	}
	container := r.container
	if !container.Exists() {
		container = r.tree.Root()
	}
	var found []*record
	for _, value := range values {
		ref := fhir.ParseRef(reference(value))
		if !ref.IsFragment || ref.Fragment == "" {
			continue
		}
		for n := range container.Member("contained").Items() {
			if n.Member("id").Text() == ref.Fragment && v.spec.IsResource(n.Member("resourceType").Text()) {
				k := fhir.Key{Type: n.Member("resourceType").Text(), ID: ref.Fragment}
				found = append(found, &record{Version: fhir.Version{Key: k}, tree: n.Tree().Sub(n), container: container})
				break
			}
		}
	}
	return found, nil
}

// has reports whether a resource for which the inner clause holds refers to this one.
// https://hl7.org/fhir/R4/search.html#has
func (v view) has(h search.Has, r *record) (bool, error) {
	for _, source := range v.store.resourcesAt(v.t, h.Type) {
		refs, err := v.refsBy(h.Param, source)
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(refs, func(e search.RefEntry) bool { return e.Key == r.Key }) {
			continue
		}
		ok, err := v.holds(h.Clause, source)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// any reports whether some value of the resource satisfies some value asked for.
func (v view) any(c search.Clause, have []fhirpath.Value, r *record) (bool, error) {
	for _, want := range c.Values {
		if url, version, ok := v.canonicalValue(c.Param, want, r); ok {
			and := search.Clause{Name: c.Name, Param: v.spec.Param(r.Type, "version"), Values: []string{version}}
			if ok, err := v.holds(and, r); err != nil || !ok {
				return false, err
			}
			want = url
		}
		is, err := v.test(c.Param, c.Modifier, want)
		if err != nil {
			return false, fmt.Errorf("%s=%s: %w", c.Name, want, err)
		}
		if slices.ContainsFunc(have, is) {
			return true, nil
		}
	}
	return false, nil
}

// canonicalValue splits url|version where the parameter is the canonical url of a resource that has versions: "servers SHOULD
// support automatically detecting a |[version] portion". https://hl7.org/fhir/R4/search.html#uri
func (v view) canonicalValue(param *spec.Param, want string, r *record) (url, version string, ok bool) {
	parts := split(want, '|')
	if param.Code != "url" || param.Type != spec.ParamURI || len(parts) < 2 || v.spec.Param(r.Type, "version") == nil {
		return "", "", false
	}
	return parts[0], want[len(parts[0])+1:], true
}

// test is what a value must satisfy.
type test func(fhirpath.Value) bool

// test returns the test for one value of a query, in which separators are still escaped.
func (v view) test(param *spec.Param, modifier, want string) (test, error) {
	switch param.Type {
	case spec.ParamToken:
		return v.tokenTest(want)
	case spec.ParamString:
		return stringTest(modifier, want)
	case spec.ParamDate:
		return dateTest(want, v.now)
	case spec.ParamNumber:
		return numberTest(want)
	case spec.ParamQuantity:
		return v.quantityTest(want)
	case spec.ParamReference:
		return v.referenceTest(modifier, want)
	case spec.ParamURI:
		return uriTest(want), nil
	case spec.ParamComposite:
		return v.compositeTest(param, want)
	default:
		return nil, fhir.NewIssue(fhir.NotSupported, "parameters of type "+string(param.Type)+" are not evaluated")
	}
}

// compositeTest returns the test of a value a$b: both parts must hold of the same element.
// https://hl7.org/fhir/R4/search.html#composite
func (v view) compositeTest(param *spec.Param, want string) (test, error) {
	parts := split(want, '$')
	if len(parts) != len(param.Components) {
		return nil, fhir.NewIssue(fhir.Value, fmt.Sprintf("a composite of %d parts is asked for with %d", len(param.Components), len(parts)))
	}
	var exprs []*fhirpath.Expr
	var tests []test
	for k, c := range param.Components {
		e, err := v.compile(c.Expression)
		if err != nil {
			return nil, err
		}
		if param.Code == "relationship" {
			c.Definition = param.Components[1-k].Definition // the definition of DocumentReference-relationship crosses its two
		}
		part := v.spec.ParamByURL(c.Definition)
		if part == nil {
			return nil, fmt.Errorf("no parameter %s", c.Definition)
		}
		is, err := v.test(part, "", parts[k])
		if err != nil {
			return nil, err
		}
		exprs, tests = append(exprs, e), append(tests, is)
	}
	return func(on fhirpath.Value) bool {
		for k, e := range exprs {
			have, err := e.EvalAt(on)
			if err != nil || !slices.ContainsFunc(have, tests[k]) {
				return false
			}
		}
		return true
	}, nil
}
