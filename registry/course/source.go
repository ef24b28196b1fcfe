package course

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/registry/term"
	"firewolf/store"
)

// Source reads courses from a store.
type Source struct {
	Store  store.Store
	Engine *search.Engine
}

// Read returns the courses of patients as they were at a moment, by id. Who is not there is left out. Patients are named by the records that
// stand for them; what belongs to those that they replaced is theirs. It costs one search for each type, however many patients are asked for.
func (s Source) Read(ctx context.Context, t fhir.Moment, m *Merges, patients []string, sources bool) (map[string]*Course, error) {
	builders := make(map[string]*Builder, len(patients))
	var records []string
	bases := s.Engine.Own()
	for _, id := range patients {
		b := NewBuilder(id, sources)
		b.bases = bases
		for _, record := range m.Records(id) {
			builders[record] = b
			records = append(records, record)
		}
	}
	there := make(map[string]bool, len(patients))
	for _, typ := range Types() {
		values := make([]string, len(records))
		for k, id := range records {
			values[k] = id
			if typ[1] != "_id" {
				values[k] = "Patient/" + id
			}
		}
		err := s.each(ctx, t, typ[0], []search.Pair{{Name: typ[1], Value: strings.Join(values, ",")}}, func(r *tree.Tree) {
			b := builders[Owner(r, bases)]
			if b == nil {
				return
			}
			b.Add(r)
			if typ[0] == "Patient" && r.ID() == b.c.Patient {
				there[b.c.Patient] = true
			}
		})
		if err != nil {
			return nil, err
		}
	}
	products, err := s.products(ctx, t, builders)
	if err != nil {
		return nil, err
	}
	if err := s.medications(ctx, t, builders); err != nil {
		return nil, err
	}
	out := make(map[string]*Course, len(there))
	for id := range there {
		out[id] = builders[id].Course(products)
	}
	return out, nil
}

// products returns the codes of the products that were infused, by id.
func (s Source) products(ctx context.Context, t fhir.Moment, builders map[string]*Builder) (map[string]string, error) {
	var ids []string
	for record, b := range builders {
		if record == b.c.Patient {
			ids = append(ids, b.Products()...)
		}
	}
	codes := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return codes, nil
	}
	err := s.each(ctx, t, productType, []search.Pair{{Name: "_id", Value: strings.Join(ids, ",")}}, func(r *tree.Tree) {
		codes[strings.Clone(r.ID())] = ProductCode(r)
	})
	return codes, err
}

// medications reads what drugs are named by.
func (s Source) medications(ctx context.Context, t fhir.Moment, builders map[string]*Builder) error {
	by := map[string][]*Builder{}
	for record, b := range builders {
		if record == b.c.Patient {
			for _, id := range b.c.Medications {
				by[id] = append(by[id], b)
			}
		}
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(by)), 100) {
		err := s.each(ctx, t, medicationType, []search.Pair{{Name: "_id", Value: strings.Join(some, ",")}}, func(r *tree.Tree) {
			for _, b := range by[r.ID()] {
				b.Medication(r)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each calls do for every resource of a type that meets criteria at a moment.
func (s Source) each(ctx context.Context, t fhir.Moment, typ string, criteria []search.Pair, do func(r *tree.Tree)) error {
	plan, err := s.plan(typ, criteria)
	if err != nil {
		return err
	}
	for m, err := range s.Store.Search(ctx, plan, store.Page{T: t}) {
		if err != nil {
			return fmt.Errorf("reading %s of courses: %w", typ, err)
		}
		r, err := tree.Parse(m.JSON, tree.Limits{})
		if err != nil {
			return fmt.Errorf("reading %s: %w", m.Key, err)
		}
		do(r)
	}
	return nil
}

// Infused returns the ids of the patients who have a Procedure that is an infusion at a moment, each once, by the records that stand for them:
// of all, or of some.
func (s Source) Infused(ctx context.Context, t fhir.Moment, m *Merges, some []string) ([]string, error) {
	kinds := []string{term.Local + "|" + term.Infusion}
	for _, c := range infusions {
		kinds = append(kinds, c.System+"|"+c.Code)
	}
	criteria := []search.Pair{{Name: "code", Value: strings.Join(kinds, ",")}}
	if some != nil {
		var records []string
		for _, id := range some {
			records = append(records, m.Records(id)...)
		}
		criteria = append(criteria, search.Pair{Name: "subject", Value: "Patient/" + strings.Join(records, ",Patient/")})
	}
	var ids []string
	bases, seen := s.Engine.Own(), map[string]bool{"": true}
	err := s.each(ctx, t, "Procedure", criteria, func(r *tree.Tree) {
		if id := m.Of(Owner(r, bases)); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	})
	return ids, err
}

// Stays returns when the Encounters that meet criteria at a moment began, by the record of the patient that stands for them. What was only planned, was canceled or entered in
// error is none. https://hl7.org/fhir/R4/valueset-encounter-status.html
func (s Source) Stays(ctx context.Context, t fhir.Moment, m *Merges, criteria []search.Pair) (map[string][]Span, error) {
	began, bases := map[string][]Span{}, s.Engine.Own()
	err := s.each(ctx, t, "Encounter", criteria, func(r *tree.Tree) {
		switch r.Root().Member("status").Text() {
		case "planned", "cancelled", "entered-in-error": //nolint:misspell // as the code is written
			return
		}
		id := m.Of(Owner(r, bases))
		began[id] = append(began[id], ParseDay(r.Root().Member("period").Member("start").Text()))
	})
	return began, err
}

func (s Source) plan(typ string, pairs []search.Pair) (search.Plan, error) {
	q, err := s.Engine.Parse(typ, pairs, search.Options{})
	if err != nil {
		return search.Plan{}, err
	}
	return s.Engine.Compile(q)
}

// Patients returns the ids of the patients that a search finds at a moment, by any record of theirs. The pairs are those of a query string.
func (s Source) Patients(ctx context.Context, t fhir.Moment, m *Merges, pairs []search.Pair) ([]string, error) {
	plan, err := s.plan("Patient", pairs)
	if err != nil {
		return nil, err
	}
	var ids []string
	for match, err := range s.Store.Search(ctx, plan, store.Page{T: t}) {
		if err != nil {
			return nil, fmt.Errorf("searching a cohort: %w", err)
		}
		ids = append(ids, m.Of(match.ID))
	}
	return ids, nil
}
