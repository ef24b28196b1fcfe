package search_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/datetime"
	"firewolf/fhir/decimal"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store"
	"firewolf/store/memory"
)

// world is resources of one type, as an index sees them and in the store that looks into the resources instead.
type world struct {
	typ    string
	ids    []string // in the order in which they were written
	index  map[string]search.Entries
	oracle *memory.Store
}

// mostOfAType is how many examples of a type are searched: the oracle looks at each of them for each query.
const mostOfAType = 40

func newWorld(t *testing.T, typ string, sources []source) world {
	t.Helper()
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	w := world{
		typ: typ, index: map[string]search.Entries{},
		oracle: memory.New(s, func() time.Time { return now }, own),
	}
	// The own resources come last and are to be among them.
	sources = slices.Concat(sources[:min(len(sources), mostOfAType)], sources[max(len(sources)-1, 0):])
	for _, src := range sources {
		if _, again := w.index[src.id]; again || !fhir.ValidID(src.id) {
			continue
		}
		w.ids = append(w.ids, src.id)
		w.index[src.id] = indexed(t, src)
		op := store.Op{Action: store.Put, Key: fhir.Key{Type: typ, ID: src.id}, Method: fhir.MethodUpdate, Stamp: src.tree.Stamp(), Digest: src.tree.Digest()}
		if _, err := w.oracle.Write(context.Background(), store.Tx{Ops: []store.Op{op}}); err != nil {
			t.Fatalf("%s: %v", src.name, err)
		}
	}
	return w
}

// ask returns what the oracle finds, and what the plan finds in the entries, both in order.
func (w world) ask(t *testing.T, query string) (want, got []string) {
	t.Helper()
	e := engine(t)
	name, value, _ := strings.Cut(query, "=")
	q, err := e.Parse(w.typ, []search.Pair{{Name: name, Value: value}}, search.Options{Now: now})
	if err != nil {
		t.Fatalf("%s?%s: %v", w.typ, query, err)
	}
	p, err := e.Compile(q)
	if err != nil {
		t.Fatalf("%s?%s: %v", w.typ, query, err)
	}
	for m, err := range w.oracle.Search(context.Background(), p, store.Page{}) {
		if err != nil {
			t.Fatalf("%s?%s: the oracle: %v", w.typ, query, err)
		}
		want = append(want, m.ID)
	}
	for _, id := range w.ids {
		if w.holds(t, p.Where, id) {
			got = append(got, id)
		}
	}
	for _, key := range slices.Backward(p.Sort) {
		slices.SortStableFunc(got, func(a, b string) int { return compareBy(key, w.sortValue(key, a), w.sortValue(key, b)) })
	}
	return want, got
}

// holds reports whether a condition holds of the entries of a resource.
func (w world) holds(t testing.TB, x search.Expr, id string) bool {
	t.Helper()
	e := w.index[id]
	switch x := x.(type) {
	case search.And:
		return !slices.ContainsFunc(x, func(x search.Expr) bool { return !w.holds(t, x, id) })
	case search.Or:
		return slices.ContainsFunc(x, func(x search.Expr) bool { return w.holds(t, x, id) })
	case search.Not:
		return !w.holds(t, x.Expr, id)
	case search.HasKey:
		return slices.Contains(e.Keys, x.Key)
	case search.TextIs:
		return slices.ContainsFunc(e.Texts, func(text search.Text) bool { return textIs(x, text) })
	case search.InRange:
		return slices.ContainsFunc(e.Ranges, func(r search.Range) bool { return inRange(x, r) })
	}
	t.Fatalf("no entries answer %T", x)
	return false
}

func textIs(x search.TextIs, text search.Text) bool {
	if text.Name != x.Name {
		return false
	}
	switch x.Test {
	case search.TextStartsWith:
		return strings.HasPrefix(text.Value, x.Value)
	case search.TextContains:
		return strings.Contains(text.Value, x.Value)
	default:
		return text.Value == x.Value
	}
}

func inRange(x search.InRange, r search.Range) bool {
	return r.Name == x.Name && r.Kind == x.Kind &&
		(x.LoMin == "" || r.Lo >= x.LoMin) && (x.LoMax == "" || r.Lo <= x.LoMax) &&
		(x.LoOver == "" || r.Lo > x.LoOver) && (x.LoUnder == "" || r.Lo < x.LoUnder) &&
		(x.HiMin == "" || r.Hi >= x.HiMin) && (x.HiMax == "" || r.Hi <= x.HiMax) &&
		(x.HiOver == "" || r.Hi > x.HiOver) && (x.HiUnder == "" || r.Hi < x.HiUnder)
}

// sortValue returns what a resource is sorted by, "" where it has no value.
func (w world) sortValue(key search.SortKey, id string) string {
	var values []string
	for _, text := range w.index[id].Texts {
		if key.Kind == search.SortText && text.Name == key.Param {
			values = append(values, text.Value)
		}
	}
	for _, r := range w.index[id].Ranges {
		if key.Kind == search.SortRange && r.Name == key.Param {
			values = append(values, r.Lo)
		}
	}
	switch {
	case len(values) == 0:
		return ""
	case key.Descending:
		return slices.Max(values)
	}
	return slices.Min(values)
}

func compareBy(key search.SortKey, a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	case key.Descending:
		return strings.Compare(b, a)
	}
	return strings.Compare(a, b)
}

// TestEntriesAnswerAsTheResourcesDo asks for the values of every parameter in every way that its type knows, and compares what is
// found in the entries with what store/memory finds by looking into the resources.
func TestEntriesAnswerAsTheResourcesDo(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	s, err := openSpec()
	if err != nil {
		t.Fatal(err)
	}
	all := examples(t)
	asked, found := 0, 0
	for _, typ := range s.ResourceTypes() {
		w := newWorld(t, typ, all[typ])
		for _, p := range s.Params(typ) {
			if p.Expression == "" || p.Type == spec.ParamSpecial || slices.Contains(p.Base, "Resource") && typ != "Patient" || p.Code == "_lastUpdated" || p.Code == "_id" || p.XPathUsage == "phonetic" {
				continue
			}
			for _, query := range w.queries(p) {
				want, got := w.ask(t, query)
				asked++
				found += len(want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s?%s: %s", typ, query, diff)
				}
			}
		}
	}
	t.Logf("%d queries found %d resources", asked, found)
	if asked < 10_000 || found < asked {
		t.Errorf("%d queries found %d resources: too few to prove anything", asked, found)
	}
}

// queries returns ways to ask for the values that the resources have for a parameter.
func (w world) queries(p *spec.Param) []string {
	var list []string
	add := func(modifier, value string) {
		if q := p.Code + modifier + "=" + value; value != "" && !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	if p.Type != spec.ParamComposite {
		add(":missing", "true")
		add(":missing", "false")
		list = append(list, "_sort="+p.Code, "_sort=-"+p.Code)
	}
	for k, id := range w.ids {
		if k > 5 && k < len(w.ids)-1 {
			continue
		}
		e := w.index[id]
		for _, key := range e.Keys {
			w.askKey(p, key, add)
		}
		for _, text := range e.Texts {
			if text.Name == p.Code && p.Type == spec.ParamString {
				askText(text.Value, add)
			}
		}
		for _, r := range e.Ranges {
			if name, ok := strings.CutPrefix(r.Name, p.Code); ok && (name == "" || name[0] == '|') {
				askRange(p, name, r, add)
			}
		}
	}
	return list
}

// escape escapes what a key does not.
var escape = strings.NewReplacer(",", `\,`, "$", `\$`)

// askKey turns a key into the value that it answers.
func (w world) askKey(p *spec.Param, key string, add func(modifier, value string)) {
	form, ok := strings.CutPrefix(key, p.Code)
	if !ok || form == "" || len(form) < 2 || form[0] == '#' {
		return
	}
	if rest, ok := strings.CutPrefix(form, ":exact|"); ok {
		add(":exact", escape.Replace(rest))
		return
	}
	if rest, ok := strings.CutPrefix(form, ":identifier|"); ok {
		add(":identifier", escape.Replace(rest))
		return
	}
	if form[0] != '|' {
		return
	}
	if p.Type == spec.ParamComposite {
		add("", strings.ReplaceAll(strings.ReplaceAll(form[1:], ",", `\,`), "$|", "$"))
		return
	}
	add("", escape.Replace(form[1:]))
	switch p.Type {
	case spec.ParamToken:
		add(":not", escape.Replace(form[1:]))
		add("", strings.ToUpper(escape.Replace(form[1:])))
	case spec.ParamReference:
		if k, ok := fhir.ParseKey(form[1:]); ok {
			add("", k.ID)
			add("", own+"/"+k.String())
		}
	default:
	}
}

// askText asks for the start, the whole and the inside of a text.
func askText(text string, add func(modifier, value string)) {
	runes := []rune(text)
	add("", escape.Replace(text))
	add("", escape.Replace(string(runes[:min(3, len(runes))])))
	add("", escape.Replace(strings.ToUpper(string(runes[:min(6, len(runes))]))))
	if len(runes) > 8 {
		if inside := strings.TrimSpace(string(runes[3:8])); inside != "" {
			add(":contains", escape.Replace(inside))
		}
	}
}

// askRange asks with every prefix for the bounds of a range.
func askRange(p *spec.Param, name string, r search.Range, add func(modifier, value string)) {
	var values []string
	for _, bound := range []string{r.Lo, r.Hi} {
		if r.Kind == search.DateRange {
			values = append(values, datesOf(bound)...)
		} else {
			values = append(values, numbersOf(bound)...)
		}
	}
	if p.Type == spec.ParamComposite {
		token, unit, ok := strings.Cut(name[1:], "$")
		if !ok || strings.Contains(unit, "~") || strings.Contains(p.Code, "coordinate") {
			return
		}
		for _, v := range values {
			add("", strings.ReplaceAll(token, ",", `\,`)+"$"+v+escape.Replace(unit))
		}
		return
	}
	if strings.Contains(name, "~") {
		return
	}
	for _, prefix := range []string{"", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"} {
		for _, v := range values {
			add("", prefix+v+escape.Replace(name))
			if code, ok := strings.CutPrefix(name, "||"); ok {
				add("", prefix+v+"|http://unitsofmeasure.org|"+escape.Replace(code))
			}
		}
	}
}

func datesOf(bound string) []string {
	at := datetime.Unordered(bound)
	if at.IsZero() {
		return nil
	}
	return []string{at.Format("2006"), at.Format("2006-01"), at.Format("2006-01-02"), at.Format("2006-01-02T15:04"), at.Format("2006-01-02T15:04:05Z")}
}

func numbersOf(bound string) []string {
	d, err := decimal.Unordered(bound)
	if err != nil {
		return nil
	}
	lo, hi := d.Implicit()
	return []string{d.Plain(), d.Plain() + "e0", lo.Plain(), hi.Plain(), fmt.Sprintf("%.1e", mustFloat(d))}
}

func mustFloat(d decimal.Decimal) float64 {
	f, _ := d.Rat().Float64()
	return f
}
