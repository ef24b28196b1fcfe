package registry

import (
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/tree"
)

// women asks for half of a crowd and few more.
const women = "Patient/$outcome-rate?timepoint=tp-m03&cohort=Patient?gender%3Dfemale"

func (w *world) refuses(c fhir.Caller, path string) bool {
	w.t.Helper()
	r := w.ask(c, "GET", path, "")
	refused := len(r.Issues) > 0 && r.Issues[0].Code == fhir.Suppressed
	if !refused {
		w.must(r)
	}
	return refused
}

// withholds reports whether a caller is refused an answer, or told less of it than one who was told nothing before. What both are told is the same.
func (w *world) withholds(c fhir.Caller, path string) bool {
	w.t.Helper()
	if w.refuses(token("first of "+c.Name+path), path) {
		w.t.Fatalf("%s alone is refused", path)
	}
	r := w.askFor(c, path, "text/csv")
	if fhir.HasCode(r.Issues.Err(), fhir.Suppressed) {
		return true
	}
	cells := func(r interaction.Response) [][]string {
		l, err := csv.NewReader(strings.NewReader(string(w.must(r).Body))).ReadAll()
		if err != nil {
			w.t.Fatal(err)
		}
		return slices.DeleteFunc(l[1:], func(l []string) bool { return l[0] == "about" })
	}
	got, all := cells(r), cells(w.askFor(token("second of "+c.Name+path), path, "text/csv"))
	if len(got) < len(all) {
		return true
	}
	less := false
	for i := range got {
		for j := range got[i] {
			switch {
			case got[i][j] == all[i][j], all[i][j] == "masked": // beside another small count another one may be hidden
			case got[i][j] == "masked":
				less = true
			default:
				w.t.Errorf("%s: %q is told, and %q to another", path, got[i][j], all[i][j])
			}
		}
	}
	return less
}

func TestServersOfOneStoreKnowWhatEachOtherTold(t *testing.T) {
	one := newWorld(t, Options{})
	one.crowd(40, func(k int) bool { return k%2 == 0 })
	most := "Patient/$outcome-rate?timepoint=tp-m03&cohort=Patient?_id:not%3Dc000"
	other := one.another(Options{})
	for k, tt := range []struct {
		w       *world
		path    string
		caller  fhir.Caller
		refused bool
	}{
		{one, "Patient/$outcome-rate?timepoint=tp-m03", aggregator, false},
		{other, most, aggregator, true},
		{other, "Patient/$toxicity?cohort=Patient?_id:not%3Dc000", aggregator, true},
		{other, most, fhir.Caller{Name: "another", Role: fhir.RoleAggregator}, false},
		{other, women, aggregator, false},
		{one, strings.Replace(women, "female", "female%26_id:not%3Dc000", 1), aggregator, true},
		{one.another(Options{}), most, aggregator, true}, // started anew
		{one.another(Options{}), most, admin, false},
	} {
		if got := tt.w.refuses(tt.caller, tt.path); got != tt.refused {
			t.Errorf("question %d, %s: refused is %v", k, tt.path, got)
		}
	}
}

func TestAnAggregateThatIsToldIsAnAuditEvent(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(40, func(k int) bool { return k%2 == 0 })
	for range 2 { // the second time tells nothing new
		w.table(aggregator, "Patient/$toxicity?kind=crs", "about")
	}
	w.table(admin, "Patient/$toxicity?kind=icans", "about")
	events := w.observations("AuditEvent")
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	e := events[0]
	first := func(name string) tree.Node {
		for x := range e.Member(name).Items() {
			return x
		}
		return e.Member("none")
	}
	query, err := base64.StdEncoding.DecodeString(first("entity").Member("query").Text())
	if err != nil {
		t.Fatal(err)
	}
	got := []string{
		first("agent").Member("who").Member("display").Text(), e.Member("recorded").Text(), string(query), first("subtype").Member("code").Text(),
	}
	if diff := cmp.Diff([]string{"eu-registry", "2026-01-01T12:00:00.000Z", "Patient/$toxicity?kind=crs&late=false&within=30", "operation"}, got); diff != "" {
		t.Error(diff)
	}
	// It is valid as any other resource: the same content, put by a client, is accepted and changes nothing.
	r := w.must(w.ask(admin, "PUT", "AuditEvent/"+e.Member("id").Text(), string(e.Raw())))
	if r.ETag != `W/"1"` {
		t.Errorf("put again it is version %s", r.ETag)
	}
}

func TestAnAuditEventThatWasDeletedOrDamaged(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(40, func(k int) bool { return k%2 == 0 })
	all := "Patient/$toxicity?kind=crs"
	w.table(aggregator, all, "about")
	first := eventKey(aggregator.Name, 1).String()
	w.must(w.ask(admin, "DELETE", first, ""))
	if !w.another(Options{}).refuses(aggregator, all) {
		t.Error("nobody knows what the token was told, and it is told more")
	}
	for name, detail := range map[string]string{
		"without what was told": "",
		"with another text":     `,"detail":[{"type":"firewolf-aggregates","valueBase64Binary":"AAAA"}]`,
	} {
		w.must(w.ask(admin, "PUT", first, fmt.Sprintf(`{"resourceType":"AuditEvent","id":"%s","type":{"code":"rest"},"recorded":"2026-01-01T12:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"x"}},"entity":[{"name":"x"%s}]}`,
			strings.TrimPrefix(first, "AuditEvent/"), detail)))
		if r := w.another(Options{}).ask(aggregator, "GET", all, ""); r.Status != 500 || r.Err == nil {
			t.Errorf("an event %s: %d %v", name, r.Status, r.Issues)
		}
	}
}

func TestAnEventSaysNoPatientInPlainText(t *testing.T) {
	body := auditEvent("x", "token", "Patient/$toxicity", newWorld(t, Options{}).now, []byte("packed"))
	if _, err := tree.Parse(body, tree.Limits{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "packed") {
		t.Errorf("%s", body)
	}
}
