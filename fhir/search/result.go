package search

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir"
)

// resultParameter returns how a parameter is read that shapes the answer and not the matches.
// https://hl7.org/fhir/R4/search.html#return
func resultParameter(name string) (read func(*parser, Pair) *fhir.Issue, known bool) {
	if name == "" || name[0] != '_' {
		return nil, false
	}
	base, _, _ := strings.Cut(name, ":")
	read, known = resultParameters[base]
	return read, known
}

var resultParameters = map[string]func(*parser, Pair) *fhir.Issue{
	"_sort":       (*parser).sort,
	"_count":      (*parser).count,
	"_total":      (*parser).total,
	"_summary":    (*parser).summary,
	"_elements":   (*parser).elements,
	"_include":    (*parser).include,
	"_revinclude": (*parser).revinclude,
	"_contained":  (*parser).contained,
}

// once refuses a modifier, and the second time of a parameter that makes sense once.
func (p *parser) once(pair Pair) *fhir.Issue {
	if base, modifier, ok := strings.Cut(pair.Name, ":"); ok {
		return refuse(fhir.Invalid, pair.Name, "%s has no modifier :%s", base, clip(modifier))
	}
	if slices.Contains(p.seen, pair.Name) {
		return refuse(fhir.Invalid, pair.Name, "%s can be given once only", pair.Name)
	}
	p.seen = append(p.seen, pair.Name)
	return nil
}

// count reads _count. https://hl7.org/fhir/R4/search.html#count
func (p *parser) count(pair Pair) *fhir.Issue {
	if issue := p.once(pair); issue != nil {
		return issue
	}
	n, err := strconv.ParseUint(pair.Value, 10, 31)
	if err != nil {
		return badValue(pair.Name, pair.Value, "no whole number from 0 on")
	}
	p.q.Count = min(int(n), p.o.MaxCount)
	return nil
}

// total reads _total. https://hl7.org/fhir/R4/search.html#total
func (p *parser) total(pair Pair) *fhir.Issue {
	if issue := p.once(pair); issue != nil {
		return issue
	}
	switch t := Total(pair.Value); t {
	case TotalNone, TotalEstimate, TotalAccurate:
		p.q.Total = t
		return nil
	}
	return badValue(pair.Name, pair.Value, "none of none, estimate, accurate")
}

// contained reads _contained. Contained resources are looked into by chains, and are no results of their own: that is the value
// false, which R4 has as the default. https://hl7.org/fhir/R4/search.html#contained
func (p *parser) contained(pair Pair) *fhir.Issue {
	if issue := p.once(pair); issue != nil {
		return issue
	}
	switch pair.Value {
	case "false":
		return nil
	case "true", "both":
		return unsupported(pair.Name, "to search for contained resources by themselves (_contained="+pair.Value+")").Because(fhir.ReasonLaterParameter)
	}
	return badValue(pair.Name, pair.Value, "none of true, false, both")
}

// summary reads _summary. https://hl7.org/fhir/R4/search.html#summary
func (p *parser) summary(pair Pair) *fhir.Issue {
	if issue := p.once(pair); issue != nil {
		return issue
	}
	switch s := Summary(pair.Value); s {
	case SummaryFalse, SummaryTrue, SummaryText, SummaryData, SummaryCount:
		p.q.Summary = s
		return nil
	}
	return badValue(pair.Name, pair.Value, "none of true, text, data, count, false")
}

// elements reads _elements: "a comma-separated list of base element names".
// https://hl7.org/fhir/R4/search.html#elements
func (p *parser) elements(pair Pair) *fhir.Issue {
	if base, modifier, ok := strings.Cut(pair.Name, ":"); ok {
		return refuse(fhir.Invalid, pair.Name, "%s has no modifier :%s", base, clip(modifier))
	}
	for name := range strings.SplitSeq(pair.Value, ",") {
		// Servers may be asked as Patient.name too; the base element is meant either way.
		typ, base, typed := strings.Cut(name, ".")
		if typed = typed && p.searches(typ); !typed {
			base = name
		}
		// Of several types it is enough that one has it.
		has := func(t string) bool { return (!typed || t == typ) && p.e.hasElement(t, base) }
		if !has(p.q.Type) && !slices.ContainsFunc(p.o.Types, has) {
			return badValue(pair.Name, base, "no element of "+p.searched())
		}
		if len(p.o.Types) == 0 {
			name = base // of the one type
		}
		if !slices.Contains(p.q.Elements, name) {
			p.q.Elements = append(p.q.Elements, name)
		}
	}
	return nil
}

// searched names the types that are searched, unless they are too many to read.
func (p *parser) searched() string {
	if len(p.o.Types) > 10 {
		return "any of the types that are searched"
	}
	return cmp.Or(strings.Join(p.o.Types, ", "), p.q.Type)
}

// searches reports whether a type is one of those that are searched.
func (p *parser) searches(typ string) bool { return typ == p.q.Type || slices.Contains(p.o.Types, typ) }

// hasElement reports whether a type has an element of that name; value stands for all of value[x].
func (e *Engine) hasElement(typ, name string) bool {
	t := e.spec.Type(typ)
	if _, ok := t.Child(name); ok {
		return true
	}
	for _, el := range t.Elements {
		if el.Name == name {
			return true
		}
	}
	return false
}
