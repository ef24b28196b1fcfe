package interaction_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

func TestRoutesThatAreNone(t *testing.T) {
	method := func(name, path string, allow ...string) answer {
		return answer{Status: 405, Allow: allow, Issues: []string{
			`error not-supported/method-not-allowed : "` + name + `" is not possible at "` + path + `", only ` + strings.Join(allow, ", "),
		}}
	}
	none := func(path string) answer { return refused(404, `error not-found : there is no endpoint at "`+path+`"`) }
	unknown := refused(404, `error not-supported/unknown-type : "Wolf" is not a resource type of FHIR R4`)
	parameters := refused(404,
		"error not-supported/unknown-type : Parameters has no endpoint: it is only passed to and from operations",
	)
	run(t, []scenario{
		{
			name: "a type that R4 does not have",
			when: call("GET Wolf", ""),
			want: unknown,
		},
		{
			name: "a resource of such a type",
			when: call("GET Wolf/1", ""),
			want: unknown,
		},
		{
			name: "an abstract type",
			when: call("GET DomainResource/1", ""),
			want: refused(404,
				`error not-supported/unknown-type : "DomainResource" is not a resource type of FHIR R4`,
			),
		},
		{
			name: "a data type",
			when: call("GET HumanName", ""),
			want: refused(404, `error not-supported/unknown-type : "HumanName" is not a resource type of FHIR R4`),
		},
		{
			name: "Parameters",
			when: call("POST Parameters", `{"resourceType":"Parameters"}`),
			want: parameters,
		},
		{
			name: "an instance of Parameters",
			when: call("GET Parameters/1", ""),
			want: parameters,
		},
		{
			name: "an id that is none",
			when: call("GET Patient/a%20b", ""),
			want: none("Patient/a b"),
		},
		{
			name: "an id that is too long",
			when: call("GET Patient/"+strings.Repeat("x", 65), ""),
			want: none("Patient/" + strings.Repeat("x", 65)),
		},
		{
			name: "a path that goes too deep",
			when: call("GET Patient/1/2/3/4", ""),
			want: none("Patient/1/2/3/4"),
		},
		{
			name: "a history that goes too deep",
			when: call("GET Patient/1/_history/1/2", ""),
			want: none("Patient/1/_history/1/2"),
		},
		{
			name: "a compartment of a type that has none",
			when: call("GET Observation/1/Patient", ""),
			want: none("Observation/1/Patient"),
		},
		{
			name: "a type in a compartment that R4 does not have",
			when: call("GET Patient/1/Wolf", ""),
			want: unknown,
		},
		{
			name: "an empty segment",
			when: call("GET Patient//1", ""),
			want: none("Patient//1"),
		},
		{
			name: "metadata cannot be posted",
			when: call("POST metadata", "{}"),
			want: method("POST", "metadata", "GET", "HEAD"),
		},
		{
			name: "the base cannot be deleted",
			when: call("DELETE ", ""),
			want: method("DELETE", "", "GET", "HEAD", "POST"),
		},
		{
			name: "an instance cannot be posted",
			when: call("POST Patient/1", wolf),
			want: method("POST", "Patient/1", "GET", "HEAD", "PUT", "PATCH", "DELETE"),
		},
		{
			name: "a version cannot be changed",
			when: call("PUT Patient/1/_history/1", wolf),
			want: method("PUT", "Patient/1/_history/1", "GET", "HEAD"),
		},
		{
			name: "a history cannot be deleted",
			when: call("DELETE Patient/1/_history", ""),
			want: method("DELETE", "Patient/1/_history", "GET", "HEAD"),
		},
		{
			name: "_search is posted",
			when: call("GET Patient/_search", ""),
			want: method("GET", "Patient/_search", "POST"),
		},
		{
			name: "the _search of the system is posted",
			when: call("GET _search", ""),
			want: method("GET", "_search", "POST"),
		},
		{
			name: "a method that HTTP has and FHIR does not use",
			when: call("TRACE Patient/1", ""),
			want: method("TRACE", "Patient/1", "GET", "HEAD", "PUT", "PATCH", "DELETE"),
		},
	})
}

func TestOperations(t *testing.T) {
	echo := func(ctx context.Context, s *interaction.Service, c interaction.Call) interaction.Response {
		return interaction.Response{Status: 200, Body: []byte(`"` + c.Key.Type + "|" + c.Key.ID + "|" + c.VID + `"`)}
	}
	offer := func(o *interaction.Options) {
		o.Operations = []interaction.Operation{
			{Name: "echo", Levels: interaction.LevelSystem | interaction.LevelInstance, Handle: echo},
			{Name: "only", Levels: interaction.LevelType, Types: []string{"Patient"}, Handle: echo},
			{Name: "count", Levels: interaction.LevelSystem, Aggregate: true, Handle: echo},
			{Name: "erase", Levels: interaction.LevelSystem, AffectsState: true, Handle: echo},
			{Name: "crash", Levels: interaction.LevelSystem, Handle: func(context.Context, *interaction.Service, interaction.Call) interaction.Response { panic("wolf") }},
		}
	}
	said := func(text string) answer { return answer{Status: 200, Body: `"` + text + `"`} }
	run(t, []scenario{
		{
			name:    "one of the system",
			options: offer,
			when:    call("GET $echo", ""),
			want:    said("||"),
		},
		{
			name:    "one of an instance",
			options: offer,
			when:    call("POST Patient/1/$echo", "{}"),
			want:    said("Patient|1|"),
		},
		{
			name:    "one of a version",
			options: offer,
			when:    call("GET Patient/1/_history/2/$echo", ""),
			want:    said("Patient|1|2"),
		},
		{
			name:    "one of a type",
			options: offer,
			when:    call("GET Patient/$only", ""),
			want:    said("Patient||"),
		},
		{
			name:    "one that this type does not have",
			options: offer,
			when:    call("GET Observation/$only", ""),
			want:    refused(404, "error not-found : the operation $only is not offered at this place"),
		},
		{
			name:    "one that this level does not have",
			options: offer,
			when:    call("GET Patient/$echo", ""),
			want:    refused(404, "error not-found : the operation $echo is not offered at this place"),
		},
		{
			name:    "one that is not built",
			options: offer,
			when:    call("GET Patient/1/$everything", ""),
			want: refused(501,
				`error not-supported/not-implemented : the operation "$everything" is not implemented`,
			),
		},
		{
			name:    "one that cannot be put",
			options: offer,
			when:    call("PUT $echo", "{}"),
			want:    answer{Status: 405, Allow: []string{"GET", "HEAD", "POST"}, Issues: []string{`error not-supported/method-not-allowed : "PUT" is not possible at "$echo", only GET, HEAD, POST`}},
		},
		{
			name:    "one that writes cannot be got",
			options: offer,
			when:    call("GET $erase", ""),
			want:    answer{Status: 405, Allow: []string{"POST"}, Issues: []string{"error not-supported/method-not-allowed : $erase changes resources and must be posted"}},
		},
		{
			name:    "one that writes is not for a reader",
			options: offer,
			when:    call("POST $erase", "{}", as(fhir.RoleReader)),
			want:    refused(403, `error forbidden : the role "reader" does not allow $erase`),
		},
		{
			name:    "one that writes is for a writer",
			options: offer,
			when:    call("POST $erase", "{}"),
			want:    said("||"),
		},
		{
			name:    "an aggregator may call what counts",
			options: offer,
			when:    call("GET $count", "", as(fhir.RoleAggregator)),
			want:    said("||"),
		},
		{
			name:    "an aggregator may not call what shows resources",
			options: offer,
			when:    call("GET $echo", "", as(fhir.RoleAggregator)),
			want:    refused(403, `error forbidden : the role "aggregator" does not allow $echo`),
		},
		{
			name:    "one that panics is an internal error",
			options: offer,
			when:    call("GET $crash", ""),
			want:    refused(500, "error exception : internal error"),
		},
		{
			name:    "one that writes is no part of a transaction",
			options: offer,
			when:    transaction(`{"request":{"method":"POST","url":"$erase"}}`),
			want: refused(501,
				"error not-supported/not-implemented Bundle.entry[0]: $erase changes resources by itself and cannot be part of a transaction",
			),
		},
		{
			name:    "one that reads is",
			options: offer,
			when:    transaction(`{"request":{"method":"GET","url":"$echo"}}`),
			want:    transactionResponse(`{"resource":"||","response":{"status":"200 OK"}}`),
		},
	})
}

func TestAPanicIsToldToTheLogAloneAndItsValueToNobody(t *testing.T) {
	w := newWorld(t, func(o *interaction.Options) {
		o.Operations = []interaction.Operation{{Name: "crash", Levels: interaction.LevelSystem, Handle: func(context.Context, *interaction.Service, interaction.Call) interaction.Response {
			panic("the secret of the wolf")
		}}}
	})
	resp := w.Interact(context.Background(), call("GET $crash", ""))
	if resp.Err == nil || !strings.Contains(resp.Err.Error(), "a value of type string") || !strings.Contains(resp.Err.Error(), "route_test.go") {
		t.Errorf("the log sees %v", resp.Err)
	} else if strings.Contains(resp.Err.Error(), "secret") {
		t.Error("the log sees the value, which may quote a resource")
	}
	if resp.Status != 500 || strings.Contains(string(interaction.Outcome(resp.Issues)), "secret") {
		t.Errorf("the client sees %d %s", resp.Status, interaction.Outcome(resp.Issues))
	}
	if resp.Interaction != "operation" {
		t.Errorf("interaction %q", resp.Interaction)
	}
}

func TestWhatMetricsAndAuditSee(t *testing.T) {
	w := newWorld(t, nil)
	w.do(putWolf())
	w.do(call("PUT Patient/2", `{"resourceType":"Patient","id":"2"}`))
	w.do(call("PUT Condition/c", condition))
	w.do(call("PUT Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"},"performer":[{"reference":"Patient/2"}]}`))
	for _, c := range []struct {
		request                   interaction.Request
		interaction, typ, patient string // the one whom it is about, and the others
	}{
		{call("GET Patient/1", ""), "read", "Patient", "Patient/1"},
		{call("GET Condition/c", ""), "read", "Condition", "Patient/1"},
		{call("GET Observation/o", ""), "read", "Observation", " Patient/1 Patient/2"},
		{call("GET Condition/none", ""), "read", "Condition", ""},
		{call("GET Patient/1/_history/1", ""), "vread", "Patient", "Patient/1"},
		{call("PUT Patient/1", wolfe), "update", "Patient", "Patient/1"},
		{call("PUT Patient/1", "{"), "update", "Patient", ""},
		{call("POST Condition", condition), "create", "Condition", "Patient/1"},
		{call("DELETE Patient/1", ""), "delete", "Patient", "Patient/1"},
		{call("DELETE Patient?name=x", ""), "delete", "Patient", ""},
		{call("PATCH Patient/1", ""), "patch", "Patient", ""},
		{call("GET Patient", ""), "search-type", "Patient", "Patient/2"},
		{call("GET Patient?_id=1", ""), "search-type", "Patient", "Patient/1"},
		{call("GET Observation?patient=1", ""), "search-type", "Observation", "Patient/1 Patient/1 Patient/2"},
		{call("GET Observation?subject=Patient/1", ""), "search-type", "Observation", "Patient/1 Patient/1 Patient/2"},
		{call("GET Observation?subject=Patient/1,Patient/2", ""), "search-type", "Observation", " Patient/1 Patient/2"},
		{call("GET Patient/1/Observation", ""), "search-type", "Observation", "Patient/1 Patient/1 Patient/2"},
		{call("GET Patient/1/*", ""), "search-system", "Patient", "Patient/1 Patient/1 Patient/2"},
		{call("GET ", ""), "search-system", "", " Patient/1 Patient/2"},
		{call("GET Patient/2/_history", ""), "history-instance", "Patient", "Patient/2"},
		{call("GET Patient/_history", ""), "history-type", "Patient", " Patient/1 Patient/2"},
		{call("GET _history", ""), "history-system", "", " Patient/1 Patient/2"},
		{call("GET metadata", ""), "capabilities", "CapabilityStatement", ""},
		{transaction(post("", condition), ask("GET", "Patient/2/_history")), "transaction", "", ""},
		{batch(ask("GET", "Patient/2"), ask("GET", "Patient/2/_history")), "batch", "", "Patient/2"},
		{call("POST ", `{"resourceType":"Bundle","type":"transaction","entry":[{}]}`), "transaction", "", ""},
		{call("GET Patient/1/$everything", ""), "operation", "Patient", ""},
		{call("GET Wolf/1", ""), "", "", ""},
	} {
		r := w.Interact(context.Background(), c.request)
		about := strings.Join(append([]string{r.Patient}, r.Trace.Patients...), " ")
		if r.Interaction != c.interaction || r.Type != c.typ || about != c.patient {
			t.Errorf("%s %s: %q %q %q, want %q %q %q", c.request.Method, c.request.Path, r.Interaction, r.Type, about, c.interaction, c.typ, c.patient)
		}
		name, typ := w.Names(c.request.Method, c.request.Path) // before a body is read a Bundle may be either
		if name != strings.Replace(c.interaction, "transaction", "batch", 1) || typ != c.typ && name != "capabilities" {
			t.Errorf("%s %s would have been %q of %q", c.request.Method, c.request.Path, name, typ)
		}
	}
}

func TestNewRefusesOptionsThatCannotWork(t *testing.T) {
	s, e := definitions()
	w := newWorld(t, nil)
	for _, o := range []interaction.Options{
		{},
		{Spec: s, Search: e},
		{Store: w.store, Search: e},
		{Store: w.store, Spec: s},
		{Store: w.store, Spec: s, Search: e, References: "sometimes"},
	} {
		if _, err := interaction.New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if _, err := interaction.New(interaction.Options{Store: w.store, Spec: s, Search: e}); err != nil {
		t.Error(err)
	}
}

func TestARequestThatIsGivenUpIsToldSo(t *testing.T) {
	w := newWorld(t, nil)
	w.do(putWolf())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := w.Interact(ctx, call("GET Patient?name=wolf", ""))
	if r.Status != 503 || !errors.Is(r.Err, context.Canceled) {
		t.Errorf("%d %v", r.Status, r.Err)
	}
}
