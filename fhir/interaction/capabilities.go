package interaction

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
)

// statement is the CapabilityStatement but for the base URL, which every request brings itself.
type statement struct {
	once          sync.Once
	before, after []byte // the JSON around the quoted base
	sum           []byte
}

// capabilities answers GET metadata. https://hl7.org/fhir/R4/http.html#capabilities
func (s *Service) capabilities(_ context.Context, r *Request, _ route) (Response, error) {
	mode, rest, err := takeOne(r.Query, "mode")
	if err != nil {
		return Response{}, err
	}
	switch mode {
	case "", "full", "normative":
	case "terminology":
		return Response{}, fhir.NewIssue(fhir.NotSupported, "this server is no terminology server", "http.mode").Because(fhir.ReasonNotImplemented)
	default:
		return Response{}, fhir.NewIssue(fhir.Value, "mode is full, normative or terminology, not "+quote(mode), "http.mode")
	}
	part, rest, err := s.subsetOf(rest, "CapabilityStatement")
	if err == nil {
		err = noMore(rest, nameCapabilities, r.Lenient)
	}
	if err != nil {
		return Response{}, err
	}
	made := s.statement()
	resp := Response{Status: 200, ETag: made.etag(r.Base), LastModified: s.o.Software.Released, Type: "CapabilityStatement"}
	if r.IfNoneMatch == resp.ETag {
		resp.Status = 304
		return resp, nil
	}
	resp.Body, err = part.of(made.json(r.Base))
	return resp, err
}

// statement returns the CapabilityStatement, which is made on first use.
func (s *Service) statement() *statement {
	made := &s.capable
	made.once.Do(func() {
		w := &statementWriter{s: s, b: make([]byte, 0, 1<<20)}
		split := w.write()
		sum := sha256.Sum256(w.b)
		made.before, made.after, made.sum = w.b[:split:split], w.b[split:], sum[:]
	})
	return made
}

// etag changes with the statement: "The value of the ETag header SHALL change if the returned resource changes."
func (m *statement) etag(base string) string {
	sum := sha256.Sum256(append(m.sum[:len(m.sum):len(m.sum)], base...))
	return `W/"` + hex.EncodeToString(sum[:8]) + `"`
}

func (m *statement) json(base string) []byte {
	b := make([]byte, 0, len(m.before)+len(m.after)+len(base)+16)
	b = tree.Quote(append(b, m.before...), base)
	return append(b, m.after...)
}

// statementWriter writes what is really served. https://hl7.org/fhir/R4/capabilitystatement.html
type statementWriter struct {
	s *Service
	b []byte
}

func (w *statementWriter) raw(text string) { w.b = append(w.b, text...) }

// member writes ,"name":"value", where there is a value.
func (w *statementWriter) member(name, value string) {
	if value != "" {
		w.raw(`,"` + name + `":`)
		w.b = tree.Quote(w.b, value)
	}
}

// list writes ,"name":[...] around what each writes.
func (w *statementWriter) list(name string, n int, each func(k int)) {
	if n == 0 {
		return
	}
	w.raw(`,"` + name + `":[`)
	for k := range n {
		if k > 0 {
			w.raw(",")
		}
		each(k)
	}
	w.raw("]")
}

func (w *statementWriter) codes(name string, codes []string) {
	w.list(name, len(codes), func(k int) {
		w.raw(`{"code":"` + codes[k] + `"}`)
	})
}

// write writes the statement and returns where the base belongs.
func (w *statementWriter) write() (split int) {
	soft := w.s.o.Software
	w.raw(`{"resourceType":"CapabilityStatement","status":"active","date":"` + soft.Released.UTC().Format(fhir.InstantLayout) + `","kind":"instance"`)
	name := soft.Name
	if name == "" {
		name = "Firewolf"
	}
	w.raw(`,"software":{"name":`)
	w.b = tree.Quote(w.b, name)
	w.member("version", soft.Version)
	w.raw(`},"implementation":{"description":`)
	w.b = tree.Quote(w.b, firstOf(soft.Description, name+", a FHIR R4 server"))
	w.raw(`,"url":`)
	split = len(w.b)
	w.raw(`},"fhirVersion":"4.0.1","format":["application/fhir+json","json"],"rest":[{"mode":"server"`)
	w.member("documentation", w.s.policies())
	if soft.Security != "" {
		w.raw(`,"security":{"description":`)
		w.b = append(tree.Quote(w.b, soft.Security), '}')
	}
	w.resources()
	w.codes("interaction", []string{nameTransaction, nameBatch, nameSearchSystem, nameHistorySystem})
	w.params("Resource")
	w.operations("", LevelSystem)
	w.list("compartment", len(compartments), func(k int) {
		w.raw(`"http://hl7.org/fhir/CompartmentDefinition/` + compartments[k] + `"`)
	})
	w.raw(`}]}`)
	return split
}

// compartments are those of R4. https://hl7.org/fhir/R4/compartmentdefinition.html
var compartments = [...]string{"device", "encounter", "patient", "practitioner", "relatedPerson"}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// policies says in words what no element of the statement can say.
func (s *Service) policies() string {
	text := "A transaction is written as a whole or not at all, and a page of a search shows one moment however much is written meanwhile. "
	switch s.o.References {
	case ReferencesEnforce:
		text += "Every literal reference to this server must point to an existing resource, and a resource that is referred to cannot be deleted."
	case ReferencesAllow:
		text += "References are not checked."
	default:
		text += "A literal reference to this server in a transaction must point to a resource that exists once the transaction is done, " +
			"and a transaction cannot delete what is still referred to then."
	}
	return text
}

var typeInteractions = []string{
	nameRead, nameVRead, nameUpdate, nameDelete, nameHistoryInstance, nameHistoryType, nameCreate, nameSearchType,
}

func (w *statementWriter) resources() {
	types := w.s.servedTypes()
	incoming := w.s.incoming(types)
	w.list("resource", len(types), func(k int) {
		typ := types[k]
		w.raw(`{"type":"` + typ + `","profile":"http://hl7.org/fhir/StructureDefinition/` + typ + `"`)
		w.codes("interaction", typeInteractions)
		w.raw(`,"versioning":"versioned-update","readHistory":true,"updateCreate":true,"conditionalCreate":true,` +
			`"conditionalRead":"full-support","conditionalUpdate":true,"conditionalDelete":"` + w.s.conditionalDeletes() + `"`)
		w.list("referencePolicy", 2, func(k int) {
			w.raw([...]string{`"literal"`, `"` + w.s.referencePolicy() + `"`}[k])
		})
		w.strings("searchInclude", w.s.includes(typ))
		w.strings("searchRevInclude", incoming[typ])
		w.params(typ)
		w.operations(typ, LevelType|LevelInstance)
		w.raw("}")
	})
}

func (s *Service) conditionalDeletes() string {
	if s.o.ConditionalDeleteMultiple {
		return "multiple"
	}
	return "single"
}

func (s *Service) referencePolicy() string {
	if s.o.References == ReferencesEnforce {
		return "enforced"
	}
	return "local"
}

func (w *statementWriter) strings(name string, values []string) {
	w.list(name, len(values), func(k int) { w.b = tree.Quote(w.b, values[k]) })
}

// servedTypes are the types with an endpoint.
func (s *Service) servedTypes() []string {
	var out []string
	for _, typ := range s.o.Spec.ResourceTypes() {
		if s.knownType(typ) == nil {
			out = append(out, typ)
		}
	}
	return out
}

// served says whether a search parameter is answered: the search room is asked, so that the statement cannot drift from it.
func (s *Service) served(typ string, p *spec.Param) bool {
	_, err := s.o.Search.Parse(typ, []search.Pair{{Name: p.Code + ":missing", Value: "true"}}, search.Options{})
	if err == nil {
		return true
	}
	for _, value := range samples(len(p.Components)) {
		if _, err := s.o.Search.Parse(typ, []search.Pair{{Name: p.Code, Value: value}}, search.Options{}); err == nil {
			return true
		}
	}
	return false
}

// samples are values of which every parameter that is answered takes one; those of a composite have so many components.
func samples(components int) []string {
	values := []string{"1", "2020"}
	all := values
	for range components - 1 {
		var longer []string
		for _, start := range all {
			for _, v := range values {
				longer = append(longer, start+"$"+v)
			}
		}
		all = longer
	}
	return all
}

// includes are the values of _include for a type.
func (s *Service) includes(typ string) []string {
	out := []string{typ + ":*"}
	for _, p := range s.o.Spec.Params(typ) {
		if p.Type == spec.ParamReference && p.Expression != "" {
			out = append(out, typ+":"+p.Code)
		}
	}
	return out
}

// incoming are the values of _revinclude for every type.
func (s *Service) incoming(types []string) map[string][]string {
	out := make(map[string][]string, len(types))
	for _, from := range types {
		for _, p := range s.o.Spec.Params(from) {
			if p.Type != spec.ParamReference || p.Expression == "" {
				continue
			}
			targets := p.Targets
			if len(targets) == 0 {
				targets = types
			}
			for _, to := range targets {
				out[to] = append(out[to], from+":"+p.Code)
			}
		}
	}
	return out
}

func (w *statementWriter) params(typ string) {
	var served []*spec.Param
	ask := typ
	if typ == "Resource" {
		ask = "Basic"
	}
	for _, p := range w.s.o.Spec.Params(typ) {
		if w.s.served(ask, p) {
			served = append(served, p)
		}
	}
	w.list("searchParam", len(served), func(k int) {
		p := served[k]
		w.raw(`{"name":"` + p.Code + `"`)
		w.member("definition", p.URL)
		w.member("type", string(p.Type))
		w.raw("}")
	})
}

func (w *statementWriter) operations(typ string, levels Level) {
	var offered []Operation
	for _, o := range w.s.o.Operations {
		if o.Levels&levels != 0 && (typ == "" || o.offers(typ)) {
			offered = append(offered, o)
		}
	}
	w.list("operation", len(offered), func(k int) {
		w.raw(`{"name":`)
		w.b = tree.Quote(w.b, offered[k].Name)
		w.member("definition", offered[k].Definition)
		w.raw("}")
	})
}
