package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Nine of the samples were infused. What is not understood is never taken for a question about all of them.
func TestWhatIsNotOneValueIsNoQuestionAboutEverybody(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	for _, tt := range []struct{ name, parameters, want string }{
		{"no value", `"parameter":[{"name":"cohort"}]`, "cohort: it has one value, of a primitive type"},
		{"a value that is absent", `"parameter":[{"name":"cohort","_valueString":{"extension":[{"url":"http://x","valueCode":"masked"}]}}]`, "cohort: it has one value, of a primitive type"},
		{"a Reference to a Group", `"parameter":[{"name":"cohort","valueReference":{"reference":"Group/1"}}]`, "cohort: it has one value, of a primitive type"},
		{"two values", `"parameter":[{"name":"cohort","valueString":"Patient?gender=male","valueCode":"Patient"}]`, "cohort: it has one value, of a primitive type"},
		{"parts", `"parameter":[{"name":"cohort","part":[{"name":"x","valueString":"y"}]}]`, "part is not understood here"},
		{"a resource", `"parameter":[{"name":"cohort","resource":{"resourceType":"Group"}}]`, "resource is not understood here"},
		{"an empty text", `"parameter":[{"name":"cohort","valueString":""}]`, "cohort: it is empty"},
		{"another name of the list", `"parameters":[{"name":"cohort","valueString":"Patient?gender=male"}]`, "parameters is not understood here"},
		{"no list", `"parameter":{"name":"cohort","valueString":"Patient?gender=male"}`, "parameter is a list"},
	} {
		r := w.ask(admin, "POST", "Patient/$outcome-rate", `{"resourceType":"Parameters",`+tt.parameters+`}`)
		if r.Status != 400 || len(r.Issues) == 0 || r.Issues[0].Text != tt.want {
			t.Errorf("%s: %d %v", tt.name, r.Status, r.Issues)
		}
	}
	for path, want := range map[string]string{
		"cohort=":      "cohort: it is empty",
		"stratum=":     "stratum: it is empty",
		"stratum=a%3D": "a stratum is a label, an equals sign and a search; the labels all and other are taken",
		"stratum=a%3DPatient&stratum=a%3DPatient?gender%3Dmale": "stratum: a is given more than once",
	} {
		if r := w.ask(admin, "GET", "Patient/$outcome-rate?"+path, ""); r.Status != 400 || len(r.Issues) == 0 || r.Issues[0].Text != want {
			t.Errorf("%s: %d %v", path, r.Status, r.Issues)
		}
	}
	if r := w.ask(admin, "GET", "Patient/$time-to-event?grid=-30", ""); r.Status != 400 {
		t.Errorf("a grid of less than no days: %d", r.Status)
	}
}

func TestTheSameQuestionAskedByBothMethodsHasTheSameAnswer(t *testing.T) {
	w := newWorld(t, Options{}).samples()
	for name, question := range map[string][2]string{
		"outcome-rate":  {"endpoint=lldas&timepoint=tp-m03,tp-m06&cohort=Patient?gender%3Dfemale&window=tp-m03%3D76..104", `{"name":"endpoint","valueCode":"lldas"},{"name":"timepoint","valueCode":"tp-m03"},{"name":"timepoint","valueCode":"tp-m06"},{"name":"cohort","valueString":"Patient?gender=female"},{"name":"window","valueString":"tp-m03=76..104"}`},
		"time-to-event": {"endpoint=overall-survival&grid=0&as-of=2024-07-01", `{"name":"endpoint","valueCode":"overall-survival"},{"name":"grid","valueInteger":0},{"name":"as-of","valueDate":"2024-07-01"}`},
		"toxicity":      {"kind=crs&late=true&within=28", `{"name":"kind","valueCode":"crs"},{"name":"late","valueBoolean":true},{"name":"within","valueInteger":28}`},
		"biomarker":     {"analyte=c3&scale=ratio&stratum=w%3DPatient?gender%3Dfemale", `{"name":"analyte","valueCode":"c3"},{"name":"scale","valueCode":"ratio"},{"name":"stratum","valueString":"w=Patient?gender=female"}`},
		"completeness":  {"form=pga,c3&timepoint=tp-m03", `{"name":"form","valueCode":"pga"},{"name":"form","valueCode":"c3"},{"name":"timepoint","valueCode":"tp-m03"}`},
	} {
		got := w.must(w.ask(admin, "GET", "Patient/$"+name+"?"+question[0], ""))
		posted := w.must(w.ask(admin, "POST", "Patient/$"+name, `{"resourceType":"Parameters","parameter":[`+question[1]+`]}`))
		if diff := cmp.Diff(string(got.Body), string(posted.Body)); diff != "" || len(got.Body) < 500 {
			t.Errorf("%s: %d bytes, %s", name, len(got.Body), diff)
		}
	}
}
