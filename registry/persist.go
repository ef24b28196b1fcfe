package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/tree"
	"firewolf/registry/course"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// idPrefix begins the id of every outcome that is written here.
const idPrefix = "fwo-"

// writer writes the outcomes of patients, one transaction each.
type writer struct {
	g       *Registry
	service *interaction.Service
	request interaction.Request

	written
}

// written counts outcomes.
type written struct{ changed, unchanged, withdrawn int }

// or is the count of the first look that counted something: what it wrote is unchanged to the next.
func (n written) or(next written) written {
	if n == (written{}) {
		return next
	}
	return n
}

// write writes what differs from what is there, and who computed it of what. Written twice it changes nothing.
func (w *writer) write(ctx context.Context, t fhir.Moment, c *course.Course, outcomes []judged) (n written, err error) {
	var entries [][]byte
	var targets, inputs []string
	current := map[string]bool{}
	for _, o := range outcomes {
		if !o.keeps() {
			continue
		}
		id := outcomeID(o)
		current[id] = true
		body := observation(o, id)
		old, err := w.stored(ctx, t, fhir.Key{Type: "Observation", ID: id})
		if err != nil {
			return n, err
		}
		if same, err := old.is(body); err != nil {
			return n, err
		} else if same {
			n.unchanged++
			continue
		}
		n.changed++
		entries = append(entries, entryOf("Observation/"+id, old.condition(), body))
		targets = append(targets, "Observation/"+id)
		for _, s := range o.Sources() {
			if !slices.Contains(inputs, s) {
				inputs = append(inputs, s)
			}
		}
	}
	stale, err := w.stale(ctx, t, c, current)
	if err != nil {
		return n, err
	}
	n.withdrawn = len(stale)
	entries = append(entries, stale...)
	if len(targets) > 0 {
		id := w.provenanceID(c, entries)
		entries = append(entries, entryOf("Provenance/"+id, "", w.provenance(id, targets, inputs)))
	}
	if len(entries) == 0 {
		return n, nil
	}
	return n, w.commit(ctx, entries)
}

// add counts what was written of a patient.
func (w *writer) add(n written) {
	w.changed += n.changed
	w.unchanged += n.unchanged
	w.withdrawn += n.withdrawn
}

// keeps reports whether an outcome is written: of a relapse not that nobody can tell, of B cells only that they are back.
func (o judged) keeps() bool {
	switch o.Code {
	case term.Relapse:
		return o.Result != term.NotEvaluable
	case term.BCellReturn:
		return o.Result == term.Met
	default:
		return true
	}
}

// outcomeID is the same for the same outcome of the same assessment, so that it is written once. There is one relapse and one
// return of B cells of an infusion, on whatever day. Of the kidney other values may stand for a time point than those of the visit of that day.
func outcomeID(o judged) string {
	day := o.day.String()
	switch {
	case o.Code == term.Relapse, o.Code == term.BCellReturn:
		day = ""
	case o.sat != nil && o.sat.point != "":
		day += " " + o.sat.point
	}
	return idPrefix + digest(o.c.Patient, o.c.Infusions[0].ID, o.Code, day)
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// wants reports whether an endpoint was asked for: what was not computed cannot be stale.
func (w *writer) wants(code string) bool {
	in, err := readInputs(w.request, assessInputs())
	return err == nil && (len(in["endpoint"]) == 0 || slices.Contains(in["endpoint"], code))
}

// entryOf is an entry that writes a resource, on a condition on what is there, "" for none.
func entryOf(at, condition string, body []byte) []byte {
	return fmt.Appendf(nil, `{"fullUrl":"http://example.org/fhir/%s","resource":%s,"request":{"method":"PUT","url":"%s"%s}}`, at, body, at, condition)
}

// commit writes the entries as one transaction, through the door by which every client comes in.
func (w *writer) commit(ctx context.Context, entries [][]byte) error {
	body := slices.Concat([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[`), bytes.Join(entries, []byte(",")), []byte("]}"))
	r := w.service.Interact(ctx, interaction.Request{
		Method: http.MethodPost, Body: body, ContentType: "application/fhir+json", Return: "minimal",
		Base: w.request.Base, Caller: w.request.Caller, Now: w.request.Now,
	})
	switch {
	case r.Err != nil:
		return r.Err
	case len(r.Issues) > 0:
		return r.Issues
	}
	return nil
}

// observation is an outcome as a resource.
func observation(o judged, id string) []byte {
	b := []byte(`{"resourceType":"Observation","id":"` + id + `"`)
	var extensions []string
	if p, ok := o.timepoint(); ok && o.number == nil {
		extensions = append(extensions, `{"url":"`+term.Extension(term.ExtTimepoint)+`","valueCodeableConcept":`+concept(term.Of(p.Code))+`}`)
	}
	if s, ok := o.disagreeing(); ok {
		extensions = append(extensions, `{"url":"`+term.Extension(term.ExtDisagreement)+`","valueReference":`+reference("Observation/"+s.ID)+`}`)
	}
	b = appendList(b, "extension", extensions)
	b = append(b, `,"status":"final","category":[`+concept(term.Terminology("observation-category", "survey", "Survey"))+`]`...)
	b = append(b, `,"code":`+concept(term.Of(o.Code))...)
	b = append(b, `,"subject":`+reference("Patient/"+o.c.Patient)+`,"focus":[`+reference("Procedure/"+o.c.Infusions[0].ID)+`]`...)
	b = append(b, `,"effectiveDateTime":"`+o.day.String()+`"`...)
	if o.number != nil {
		b = append(b, `,"valueQuantity":`+o.number.json()...)
	} else {
		codings := []term.Coding{term.Of(string(o.Result))}
		if o.Code == term.DORIS2021 && o.Result == term.Met {
			codings = append(codings, term.InRemission())
		}
		b = append(b, `,"valueCodeableConcept":`+concept(codings...)...)
	}
	b = append(b, `,"method":`+concept(term.Of(methodOf(o.Code)))...)
	var from []string
	for _, s := range o.Sources() {
		if strings.HasPrefix(s, "Observation/") { // the only type of our inputs that derivedFrom may name
			from = append(from, reference(s))
		}
	}
	b = appendList(b, "derivedFrom", from)
	b = appendList(b, "component", components(o))
	return append(b, '}')
}

// components are the criteria, each true, false or unknown, and what is told beside them.
func components(o judged) []string {
	var l []string
	for _, k := range slices.Concat(o.Criteria, o.Beside) {
		if k.Code == "" {
			continue
		}
		value := `"valueBoolean":` + strconv.FormatBool(k.Truth == score.Yes)
		if !k.Truth.Known() {
			value = `"dataAbsentReason":` + concept(term.Terminology("data-absent-reason", "unknown", "Unknown"))
		}
		l = append(l, `{"code":`+concept(term.Of(k.Code))+`,`+value+`}`)
	}
	for _, p := range o.parts {
		value := `"valueQuantity":` + p.json()
		if p.coded != "" {
			value = `"valueCodeableConcept":` + concept(term.Of(p.coded))
		}
		l = append(l, `{"code":`+concept(term.Of(p.code))+`,`+value+`}`)
	}
	return l
}

// provenanceID is one for each time that something is written: what was written before, and stays, keeps the Provenance that it has.
func (w *writer) provenanceID(c *course.Course, entries [][]byte) string {
	return idPrefix + digest("provenance", c.Patient, w.request.Now.UTC().Format(fhir.InstantLayout), string(bytes.Join(entries, nil)))
}

// provenance says what computed the outcomes, of which inputs. https://hl7.org/fhir/R4/provenance.html
func (w *writer) provenance(id string, targets, inputs []string) []byte {
	b := []byte(`{"resourceType":"Provenance","id":"` + id + `"`)
	refs := make([]string, len(targets))
	for k, t := range targets {
		refs[k] = reference(t)
	}
	b = appendList(b, "target", refs)
	b = append(b, `,"recorded":"`+w.request.Now.UTC().Format(fhir.InstantLayout)+`"`...)
	b = append(b, `,"activity":`+concept(term.Terminology("v3-DataOperation", "CREATE", "create"))...)
	b = append(b, `,"agent":[{"type":`+concept(term.Terminology("provenance-participant-type", "assembler", "Assembler"))+
		`,"who":{"display":"Firewolf, $assess, version 1 of the computations"}}]`...)
	var entities []string
	for _, in := range inputs {
		entities = append(entities, `{"role":"source","what":`+reference(in)+`}`)
	}
	b = appendList(b, "entity", entities)
	return append(b, '}')
}

func (q quantityOf) json() string {
	return `{"value":` + strconv.FormatFloat(q.value, 'f', -1, 64) + `,"unit":"` + q.unit + `","system":"` + term.UCUM + `","code":"` + q.unit + `"}`
}

func reference(to string) string { return `{"reference":` + string(tree.Quote(nil, to)) + `}` }

func concept(l ...term.Coding) string {
	b := []byte(`{"coding":[`)
	for k, c := range l {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"system":"`+c.System+`","code":"`+c.Code+`"`...)
		if c.Display != "" {
			b = tree.Quote(append(b, `,"display":`...), c.Display)
		}
		b = append(b, '}')
	}
	return string(append(b, "]}"...))
}

func appendList(b []byte, name string, items []string) []byte {
	if len(items) == 0 {
		return b
	}
	return append(b, `,"`+name+`":[`+strings.Join(items, ",")+`]`...)
}
