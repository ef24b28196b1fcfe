package interaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
	"firewolf/fhir/tree"
)

// capability is a CapabilityStatement as a test reads it.
type capability struct {
	ResourceType, Status, Date, Kind, FHIRVersion string
	Format                                        []string
	Rest                                          []struct {
		Mode        string
		Interaction []struct{ Code string }
		SearchParam []struct{ Name, Definition, Type string }
		Compartment []string
		Operation   []struct{ Name, Definition string }
		Resource    []resourceCapability
	}
}

type resourceCapability struct {
	Type, Profile, Versioning, ConditionalRead, ConditionalDelete   string
	Interaction                                                     []struct{ Code string }
	ReadHistory, UpdateCreate, ConditionalCreate, ConditionalUpdate bool
	ReferencePolicy, SearchInclude, SearchRevInclude                []string
	SearchParam                                                     []struct{ Name, Definition, Type string }
	Operation                                                       []struct{ Name, Definition string }
}

func (w *world) capabilities() capability {
	w.t.Helper()
	got := w.do(call("GET metadata", ""))
	if got.Status != 200 {
		w.t.Fatalf("%d %v", got.Status, got.Issues)
	}
	var c capability
	if err := json.Unmarshal([]byte(got.Body), &c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (c capability) resource(t *testing.T, typ string) resourceCapability {
	t.Helper()
	k := slices.IndexFunc(c.Rest[0].Resource, func(r resourceCapability) bool { return r.Type == typ })
	if k < 0 {
		t.Fatalf("no %s", typ)
	}
	return c.Rest[0].Resource[k]
}

// https://hl7.org/fhir/R4/http.html#capabilities
func TestTheCapabilityStatementIsAValidResource(t *testing.T) {
	w := newWorld(t, nil)
	doc, err := tree.Parse([]byte(w.do(call("GET metadata", "")).Body), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if is := checker().Structure(doc); len(is) > 0 {
		t.Error(is)
	}
}

func TestTheCapabilityStatementSaysWhatIsServed(t *testing.T) {
	w := newWorld(t, func(o *interaction.Options) {
		o.Operations = []interaction.Operation{
			{Name: "echo", Levels: interaction.LevelInstance, Types: []string{"Patient"}, Definition: "http://x/echo"},
			{Name: "sum", Levels: interaction.LevelSystem, Definition: "http://x/sum"},
		}
	})
	c := w.capabilities()
	patient := c.resource(t, "Patient")
	if c.ResourceType != "CapabilityStatement" || c.FHIRVersion != "4.0.1" || c.Kind != "instance" || len(c.Rest) != 1 {
		t.Errorf("%+v", c)
	}
	t.Run("every type but Parameters", func(t *testing.T) {
		if n := len(c.Rest[0].Resource); n != 145 {
			t.Errorf("%d types", n)
		}
	})
	t.Run("the operations at their level", func(t *testing.T) {
		if len(patient.Operation) != 1 || patient.Operation[0].Name != "echo" || len(c.Rest[0].Operation) != 1 || c.Rest[0].Operation[0].Name != "sum" || len(c.resource(t, "Group").Operation) != 0 {
			t.Errorf("%v %v", patient.Operation, c.Rest[0].Operation)
		}
	})
	t.Run("what a patient refers to and what refers to it", func(t *testing.T) {
		want := []string{"Patient:*", "Patient:general-practitioner", "Patient:link", "Patient:organization"}
		if diff := cmp.Diff(want, patient.SearchInclude); diff != "" {
			t.Error(diff)
		}
		if !slices.Contains(patient.SearchRevInclude, "Observation:subject") || slices.Contains(patient.SearchRevInclude, "Observation:encounter") {
			t.Errorf("%v", patient.SearchRevInclude)
		}
	})
	t.Run("only search parameters that are answered", func(t *testing.T) {
		for _, r := range c.Rest[0].Resource {
			for _, p := range r.SearchParam {
				if p.Definition == "" || p.Type == "" {
					t.Errorf("%s: %+v", r.Type, p)
				}
				if p.Name == "_text" || p.Name == "_content" || p.Name == "_query" {
					t.Errorf("%s says that %s is answered", r.Type, p.Name)
				}
			}
		}
		if len(patient.SearchParam) < 25 {
			t.Errorf("%d parameters", len(patient.SearchParam))
		}
	})
	t.Run("composite parameters too", func(t *testing.T) {
		composites := map[string][]string{}
		for _, r := range c.Rest[0].Resource {
			for _, p := range r.SearchParam {
				if p.Type == "composite" {
					composites[r.Type] = append(composites[r.Type], p.Name)
				}
			}
		}
		want := []string{
			"code-value-concept", "code-value-date", "code-value-quantity", "code-value-string", "combo-code-value-concept", "combo-code-value-quantity",
			"component-code-value-concept", "component-code-value-quantity",
		}
		if diff := cmp.Diff(want, composites["Observation"]); diff != "" {
			t.Errorf("of Observation (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"relationship"}, composites["DocumentReference"]); diff != "" {
			t.Errorf("of DocumentReference (-want +got):\n%s", diff)
		}
		if len(composites["MolecularSequence"]) == 0 || len(composites["Group"]) == 0 || len(composites["ValueSet"]) == 0 {
			t.Errorf("%v", composites)
		}
	})
}

// Every interaction that the statement names is tried.
func TestWhatTheCapabilityStatementSaysIsTrue(t *testing.T) {
	w := newWorld(t, nil)
	c := w.capabilities()
	tries := map[string]string{
		"read": "GET Patient/1", "vread": "GET Patient/1/_history/1", "update": "PUT Patient/1", "delete": "DELETE Patient/1",
		"history-instance": "GET Patient/1/_history", "history-type": "GET Patient/_history", "create": "POST Patient", "search-type": "GET Patient",
		"search-system": "GET ", "history-system": "GET _history", "batch": "POST ", "transaction": "POST ",
	}
	codes := map[string]bool{}
	for _, i := range append(c.resource(t, "Patient").Interaction, c.Rest[0].Interaction...) {
		codes[i.Code] = true
	}
	for code, line := range tries {
		if !codes[code] {
			t.Errorf("%s is not named", code)
		}
		w.do(putWolf())
		body := ""
		switch {
		case code == "batch" || code == "transaction":
			body = bundle(code)
		case strings.HasPrefix(line, "P"):
			body = wolf
		}
		if r := w.Interact(context.Background(), call(line, body)); r.Status >= 300 || r.Interaction != code {
			t.Errorf("%s: %d as %s", line, r.Status, r.Interaction)
		}
	}
	if len(codes) != len(tries) {
		t.Errorf("%v", codes)
	}
}

func TestTheCapabilityStatementFollowsTheOptions(t *testing.T) {
	for _, c := range []struct {
		references interaction.References
		multiple   bool
		want       [3]string
	}{
		{interaction.ReferencesTransaction, false, [3]string{"literal,local", "single", "A literal reference"}},
		{interaction.ReferencesEnforce, true, [3]string{"literal,enforced", "multiple", "Every literal reference"}},
		{interaction.ReferencesAllow, false, [3]string{"literal,local", "single", "References are not checked"}},
	} {
		w := newWorld(t, func(o *interaction.Options) { o.References, o.ConditionalDeleteMultiple = c.references, c.multiple })
		p := w.capabilities().resource(t, "Patient")
		if got := strings.Join(p.ReferencePolicy, ","); got != c.want[0] || p.ConditionalDelete != c.want[1] {
			t.Errorf("%s: %s, %s", c.references, got, p.ConditionalDelete)
		}
		if body := w.do(call("GET metadata", "")).Body; !strings.Contains(body, c.want[2]) {
			t.Errorf("%s: the documentation does not say %q", c.references, c.want[2])
		}
	}
}

func TestTheStatementSaysHowAClientProvesWhoItIs(t *testing.T) {
	w := newWorld(t, func(o *interaction.Options) { o.Software.Security = `Bearer "tokens"` })
	body := w.do(call("GET metadata", "")).Body
	if !strings.Contains(body, `"security":{"description":"Bearer \"tokens\""}`) {
		t.Error("it does not")
	}
}

func TestMetadata(t *testing.T) {
	w := newWorld(t, nil)
	full := w.do(call("GET metadata", ""))
	for _, c := range []struct {
		name string
		when interaction.Request
		want answer
	}{
		{"an aggregator may see it", call("GET metadata", "", as(fhir.RoleAggregator)), full},
		{"mode=full is the same", call("GET metadata?mode=full", ""), full},
		{"mode=normative is the same", call("GET metadata?mode=normative", ""), full},
		{"a client that has it", call("GET metadata", "", ifNoneMatch(full.ETag)), answer{Status: 304, ETag: full.ETag, Modified: full.Modified}},
		{"mode=terminology", call("GET metadata?mode=terminology", ""), refused(501, "error not-supported/not-implemented http.mode: this server is no terminology server")},
		{"another mode", call("GET metadata?mode=wolf", ""), refused(400, `error value http.mode: mode is full, normative or terminology, not "wolf"`)},
		{"an unknown parameter", call("GET metadata?foo=1", ""), refused(400,
			`error not-supported/unknown-parameter http.foo: "foo" is not a parameter of capabilities`,
		)},
		{
			"_elements", call("GET metadata?_elements=software", ""),
			answer{
				Status: 200, ETag: full.ETag, Modified: full.Modified,
				Body: `{"resourceType":"CapabilityStatement","status":"active","date":"2026-01-02T03:04:00.000Z","kind":"instance","software":{"name":"Firewolf","version":"1"},"fhirVersion":"4.0.1","format":["application/fhir+json","json"]}`,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, w.do(c.when)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTheStatementNamesTheBaseThatWasAsked(t *testing.T) {
	w := newWorld(t, nil)
	for k := range 40 {
		b := fmt.Sprintf("http://host-%d/fhir", k)
		got := w.do(call("GET metadata?_elements=implementation", "", func(r *interaction.Request) { r.Base = b }))
		if !strings.Contains(got.Body, `"url":"`+b+`"`) {
			t.Fatalf("%s", got.Body)
		}
	}
}

// compositeSample is a value of a composite parameter.
func compositeSample(name string) string {
	switch {
	case strings.HasSuffix(name, "-coordinate"):
		return "NC_000009.11$22125500$22125510"
	case strings.HasSuffix(name, "-date"):
		return "http://loinc.org|8310-5$2024"
	case name == "relationship":
		return "DocumentReference/1$replaces"
	default:
		return "http://loinc.org|8310-5$37.5"
	}
}

// What the statement says of searching is tried for every type.
func TestEverySearchThatTheStatementNamesIsAnswered(t *testing.T) {
	w := newWorld(t, nil)
	tried := 0
	accepts := func(line string) {
		t.Helper()
		tried++
		if r := w.Interact(context.Background(), call(line, "")); r.Status != 200 {
			t.Errorf("%s: %d %v", line, r.Status, r.Issues)
		}
	}
	c := w.capabilities()
	for k, r := range c.Rest[0].Resource {
		if testing.Short() && k%10 != 0 {
			continue
		}
		for _, in := range r.SearchInclude {
			accepts("GET " + r.Type + "?_include=" + in)
		}
		for _, in := range r.SearchRevInclude {
			accepts("GET " + r.Type + "?_revinclude=" + in)
		}
		for _, p := range r.SearchParam {
			switch {
			case p.Name == "_id":
				accepts("GET " + r.Type + "?_id=1")
			case p.Name == "_lastUpdated":
				accepts("GET " + r.Type + "?_lastUpdated=2024")
			case p.Type == "composite": // it has no :missing: https://hl7.org/fhir/R4/search.html#modifiers
				accepts("GET " + r.Type + "?" + p.Name + "=" + compositeSample(p.Name))
			default:
				accepts("GET " + r.Type + "?" + p.Name + ":missing=true")
			}
		}
	}
	if tried < 500 {
		t.Errorf("%d searches: the test sees too little", tried)
	}
}
