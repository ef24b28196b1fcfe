package interaction

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store"
)

// search answers a search in one type, in a compartment or in the whole system.
// https://hl7.org/fhir/R4/http.html#search https://hl7.org/fhir/R4/http.html#vsearch
func (s *Service) search(ctx context.Context, r *Request, rt route) (Response, error) {
	q, err := s.searching(r, rt)
	if err != nil {
		return Response{}, err
	}
	return q.answer(ctx)
}

// searching finds out where a search looks.
func (s *Service) searching(r *Request, rt route) (*searching, error) {
	q := &searching{s: s, r: r, pairs: r.Query}
	switch {
	case rt.member == "*":
		q.path, q.owner = rt.key.String()+"/*", rt.key
		members := s.o.Spec.Compartment(rt.key.Type).Params
		return q, q.chooseTypes(func(typ string) bool { return members[typ] != nil })
	case rt.member != "":
		q.path, q.owner, q.types = rt.key.String()+"/"+rt.member, rt.key, []string{rt.member}
	case rt.key.Type != "":
		q.path, q.types = rt.key.Type, []string{rt.key.Type}
	default:
		return q, q.chooseTypes(func(string) bool { return true })
	}
	return q, nil
}

// searching is one search, over one or several types.
type searching struct {
	s     *Service
	r     *Request
	path  string   // below the base
	types []string // that are searched, in the order of the answer
	owner fhir.Key // of a compartment

	typed   string          // _type as sent
	pairs   []search.Pair   // the parameters beside it
	queries []*search.Query // per type
	plans   []search.Plan   // per type
	head    *search.Query   // what all queries have in common
	self    []search.Pair
	at      cursor // where the page starts
	first   bool   // it is the first page
}

// chooseTypes reads _type: the types to search, or else all that belong. https://hl7.org/fhir/R4/search.html#type
func (q *searching) chooseTypes(belongs func(typ string) bool) error {
	var err error
	if q.typed, q.pairs, err = takeOne(q.r.Query, "_type"); err != nil {
		return err
	}
	if q.typed == "" {
		for _, typ := range q.s.servedTypes() {
			if belongs(typ) {
				q.types = append(q.types, typ)
			}
		}
		return nil
	}
	for typ := range strings.SplitSeq(q.typed, ",") {
		switch {
		case q.s.knownType(typ) != nil || !belongs(typ):
			return fhir.NewIssue(fhir.Value, quote(typ)+" is no type that can be searched here", "http._type")
		case !slices.Contains(q.types, typ):
			q.types = append(q.types, typ)
		}
	}
	return nil
}

func (q *searching) answer(ctx context.Context) (Response, error) {
	if err := q.prepare(ctx); err != nil {
		return Response{}, err
	}
	if q.head.Count == 0 || q.head.Summary == search.SummaryCount {
		return q.countOnly(ctx)
	}
	matches, next, err := q.page(ctx)
	if err != nil {
		return Response{}, err
	}
	included, err := q.include(ctx, matches)
	if err != nil {
		return Response{}, err
	}
	total := int64(noTotal)
	switch {
	case q.head.Total == search.TotalAccurate || q.head.Total == search.TotalEstimate:
		if total, err = q.count(ctx); err != nil {
			return Response{}, err
		}
	case q.head.Total == "" && q.first && next == "":
		total = int64(len(matches)) // known without counting
	}
	body, err := q.bundle(matches, included, total, next)
	resp := Response{Status: 200, Body: body, Patient: q.patient()}
	disclosed(matches, included).tell(&resp)
	return resp, err
}

// disclosed are the patients of whom a page tells.
func disclosed(lists ...[]store.Match) *patients {
	p := &patients{}
	for _, list := range lists {
		for k := range list {
			p.of(list[k].Version)
		}
	}
	return p
}

// prepare reads the query for every type, and where the page starts.
func (q *searching) prepare(ctx context.Context) error {
	at, rest, err := takeOne(q.pairs, cursorParam)
	if err != nil {
		return err
	}
	q.first = at == ""
	now := q.now()
	if err := q.parse(rest, now); err != nil {
		return err
	}
	if at != "" {
		if q.at, err = decodeCursor(at, q.s.o.Store.Secret(), queryDigest(q.path, q.self)); err != nil {
			return err
		}
		if q.at.now != now.UnixMilli() { // ap measures from the time of the first page
			if err := q.parse(rest, time.UnixMilli(q.at.now).UTC()); err != nil {
				return err
			}
		}
		return q.compile()
	}
	q.at = cursor{query: queryDigest(q.path, q.self), t: q.r.at, now: now.UnixMilli()}
	if q.at.t == store.Now {
		if q.at.t, _, err = q.s.o.Store.Head(ctx); err != nil {
			return err
		}
	}
	return q.compile()
}

func (q *searching) now() time.Time {
	if !q.r.Now.IsZero() {
		return q.r.Now
	}
	return q.s.o.Clock()
}

func (q *searching) parse(pairs []search.Pair, now time.Time) error {
	o := search.Options{Lenient: q.r.Lenient, MaxCount: q.s.o.Limits.Count, DefaultCount: q.s.o.Limits.DefaultCount, Now: now, Base: q.r.Base}
	if len(q.types) > 1 {
		o.Types = q.types
	}
	q.queries = q.queries[:0]
	for _, typ := range q.types {
		one, err := q.s.o.Search.Parse(typ, pairs, o)
		if err != nil {
			return q.uncommon(err, typ)
		}
		q.queries = append(q.queries, one)
	}
	q.head = q.queries[0]
	q.self = q.head.Self
	if q.typed != "" {
		q.self = append([]search.Pair{{Name: "_type", Value: q.typed}}, q.self...)
	}
	return q.common()
}

// uncommon says of parameters that one of several types does not know that they are not common to all of them.
func (q *searching) uncommon(err error, typ string) error {
	is, ok := fhir.IssuesOf(err)
	if !ok || len(q.types) == 1 {
		return err
	}
	out := make(fhir.Issues, len(is))
	for k, i := range is {
		out[k] = i
		if i.Reason == fhir.ReasonUnknownParameter && len(i.Expression) == 1 {
			c := *i
			c.Text = quote(strings.TrimPrefix(i.Expression[0], "http.")) + " is not common to all types that are searched: " + typ + " does not know it; _type says which to search"
			out[k] = &c
		}
	}
	return out
}

// common refuses a parameter that is not there in every type that is searched: "the only parameters that can be used
// are those defined for both". Each type may define it with its own expression, as subject and status are. https://hl7.org/fhir/R4/http.html#vsearch
func (q *searching) common() error {
	for k, other := range q.queries[1:] {
		for n, c := range q.head.Clauses {
			if n >= len(other.Clauses) || !shared(c.Param, other.Clauses[n].Param) {
				return fhir.NewIssue(fhir.Invalid, quote(c.Name)+" does not mean the same for "+q.types[0]+" and "+q.types[k+1], "http."+c.Name)
			}
		}
		if !slices.Equal(q.head.Self, other.Self) {
			return fhir.NewIssue(fhir.Invalid, "the parameters are not the same for "+q.types[0]+" and "+q.types[k+1], "http.query")
		}
	}
	if len(q.types) > 1 && !q.mergeable() {
		return fhir.NewIssue(fhir.NotSupported, "resources of several types can be sorted by one of _lastUpdated and _id only", "http._sort")
	}
	return nil
}

// shared says whether two types have a parameter in common: one definition, or two of one code and type. Those of
// reverse chains are nil.
func shared(a, b *spec.Param) bool {
	return a == b || a != nil && b != nil && a.Code == b.Code && a.Type == b.Type
}

// mergeable says whether results of several types have one order.
func (q *searching) mergeable() bool {
	sort := q.head.Sort
	return len(sort) == 0 || len(sort) == 1 && (sort[0].Param == "_lastUpdated" || sort[0].Param == "_id")
}

func (q *searching) compile() error {
	q.plans = q.plans[:0]
	for _, one := range q.queries {
		p, err := q.s.o.Search.Compile(one)
		if err == nil && q.owner.ID != "" {
			p, err = q.s.o.Search.Compartment(p, q.owner)
		}
		if err != nil {
			return err
		}
		q.plans = append(q.plans, p)
	}
	return nil
}

// page returns the matches of the page, and the cursor of the next one if there is one.
func (q *searching) page(ctx context.Context) ([]store.Match, string, error) {
	if q.at.t == store.Now {
		return nil, "", nil // nothing was ever written
	}
	read := q.inTypeOrder
	if len(q.types) > 1 && len(q.head.Sort) > 0 {
		read = q.merged
	}
	matches, parts, err := read(ctx, q.head.Count)
	if err != nil || parts == nil {
		return matches, "", err
	}
	next := q.at
	next.parts = parts
	return matches, next.encode(q.s.o.Store.Secret()), nil
}

// inTypeOrder reads one type after the other. parts is nil where nothing follows.
func (q *searching) inTypeOrder(ctx context.Context, count int) (matches []store.Match, parts []part, err error) {
	start := 0
	var after []byte
	if len(q.at.parts) == 1 {
		after = q.at.parts[0].after
		if start = slices.Index(q.types, q.at.parts[0].name); start < 0 {
			return nil, nil, errors.New("reading a page: the cursor names a type that is not searched")
		}
	}
	matches = make([]store.Match, 0, min(count+1, 64))
	for k := start; k < len(q.types); k++ {
		page := store.Page{T: q.at.t, After: after, Limit: count + 1 - len(matches)}
		for m, err := range q.s.o.Store.Search(ctx, q.plans[k], page) {
			if err != nil {
				return nil, nil, err
			}
			if len(matches) == count {
				return matches, []part{{name: q.types[k], after: after}}, nil
			}
			matches, after = append(matches, m), m.Cursor
		}
		after = nil
	}
	return matches, nil, nil
}

// merged reads all types at once, in the order of _sort.
func (q *searching) merged(ctx context.Context, count int) (matches []store.Match, parts []part, err error) {
	for k, p := range q.plans {
		page := store.Page{T: q.at.t, After: q.at.after(q.types[k]), Limit: count + 1}
		for m, err := range q.s.o.Store.Search(ctx, p, page) {
			if err != nil {
				return nil, nil, err
			}
			matches = append(matches, m)
		}
	}
	slices.SortStableFunc(matches, q.order)
	if len(matches) <= count {
		return matches, nil, nil
	}
	matches = matches[:count]
	parts = slices.Clone(q.at.parts)
	for _, m := range matches {
		k := slices.IndexFunc(parts, func(p part) bool { return p.name == m.Type })
		if k < 0 {
			parts = append(parts, part{name: m.Type, after: m.Cursor})
		} else {
			parts[k].after = m.Cursor
		}
	}
	return matches, parts, nil
}

// order compares two matches as _sort says. Ties keep the order of the types.
func (q *searching) order(a, b store.Match) int {
	by := q.head.Sort[0]
	c := a.At.Compare(b.At)
	if by.Param == "_id" {
		c = cmp.Compare(a.ID, b.ID)
	}
	if by.Descending {
		return -c
	}
	return c
}

func (q *searching) count(ctx context.Context) (int64, error) {
	total := int64(0)
	if q.at.t == store.Now {
		return 0, nil
	}
	for _, p := range q.plans {
		n, err := q.s.o.Store.Count(ctx, p, q.at.t)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// countOnly answers _summary=count and _count=0, which mean the same. https://hl7.org/fhir/R4/search.html#count
func (q *searching) countOnly(ctx context.Context) (Response, error) {
	total, err := q.count(ctx)
	if err != nil {
		return Response{}, err
	}
	body, err := q.bundle(nil, nil, total, "")
	return Response{Status: 200, Body: body, Patient: q.patient()}, err
}

// bundle writes the searchset. https://hl7.org/fhir/R4/search.html#entries
func (q *searching) bundle(matches, included []store.Match, total int64, next string) ([]byte, error) {
	links := []link{{"self", pageURL(q.r, q.path, q.self, q.sent())}}
	if next != "" || !q.first {
		links = append(links, link{"first", pageURL(q.r, q.path, q.self, "")})
	}
	if next != "" {
		links = append(links, link{"next", pageURL(q.r, q.path, q.self, next)})
	}
	size := (len(matches)+len(included))*(entryOverhead+len(q.r.Base)) + 4*len(links[0].url)
	for _, list := range [][]store.Match{matches, included} {
		for _, m := range list {
			size += len(m.JSON)
		}
	}
	w := newBundle("searchset", q.r.Base, total, links, size)
	part := subset{s: q.s, summary: q.head.Summary, elements: q.head.Elements}
	for _, m := range matches {
		resource, err := part.of(m.JSON)
		if err != nil {
			return nil, err
		}
		w.match(m.Key, resource, "match")
	}
	part.elements = nil // they are those of the matches' type
	for _, m := range included {
		resource, err := part.of(m.JSON)
		if err != nil {
			return nil, err
		}
		w.match(m.Key, resource, "include")
	}
	if len(q.head.Ignored) > 0 {
		w.outcome(q.head.Ignored)
	}
	return w.bytes(), nil
}

// sent is the cursor that the page was asked for with.
func (q *searching) sent() string {
	for _, p := range q.r.Query {
		if p.Name == cursorParam {
			return p.Value
		}
	}
	return ""
}

// patient is the patient that the search is about: its compartment, or the one that a criterion names.
func (q *searching) patient() string {
	if q.owner.Type == "Patient" {
		return q.owner.String()
	}
	for _, c := range q.head.Clauses {
		if len(c.Values) != 1 || c.Chain != nil || c.Has != nil || c.Modifier != "" && c.Modifier != "Patient" {
			continue
		}
		value := c.Values[0]
		switch {
		case c.Name == "_id" && q.head.Type == "Patient":
			value = "Patient/" + value
		case c.Name == "patient" || c.Name == "subject:Patient":
			if fhir.ValidID(value) {
				value = "Patient/" + value
			}
		case c.Name != "subject":
			continue
		}
		if k, ok := q.s.local(fhir.ParseRef(value), q.r.Base); ok && k.Type == "Patient" {
			return k.String()
		}
	}
	return ""
}
