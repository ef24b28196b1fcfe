package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// insideOf returns the entries of contained resources.
func insideOf(e search.Entries) (lines []string) {
	for _, line := range showEntries(e) {
		if strings.Contains(line, ">") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestAContainedResourceIsIndexedUnderTheWayThatLeadsToIt(t *testing.T) {
	const medication = `{"resourceType":"Medication","id":"m","code":{"coding":[{"code":"abc"}]},"manufacturer":{"reference":"Organization/o"}}`
	request := func(more string) string {
		return `{"resourceType":"MedicationRequest","id":"1","contained":[` + medication + `,{"resourceType":"Medication","id":"n","status":"active"},{"id":"x"}]` + more + `}`
	}
	for _, c := range []struct {
		name, json string
		want       []string
	}{
		{"one that nothing refers to: not at all", request(""), nil},
		{"a reference to none", request(`,"medicationReference":{"reference":"#y"}`), nil},
		{"a reference to what is no resource", request(`,"medicationReference":{"reference":"#x"}`), nil},
		{"a reference to the container", request(`,"medicationReference":{"reference":"#"}`), nil},
		{
			"one", request(`,"medicationReference":{"reference":"#m"}`),
			[]string{
				"key medication>Medication>!code", "key medication>Medication>!manufacturer", "key medication>Medication>code|abc",
				"key medication>Medication>code||abc", "key medication>Medication>manufacturer|Organization/o", "key medication>Medication|one",
				`text medication>Medication>code "abc"`, `text medication>Medication>manufacturer "Organization/o"`,
				"ref medication>Medication>manufacturer Organization/o",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, insideOf(entries(t, c.json))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSeveralContainedResourcesAreToldApart(t *testing.T) {
	got := insideOf(entries(t, `{"resourceType":"Observation","id":"1","contained":[{"resourceType":"Organization","id":"a","active":true},`+
		`{"resourceType":"Organization","id":"b","active":false}],"performer":[{"reference":"#a"},{"reference":"#b"},{"reference":"#a"}]}`))
	want := []string{
		"key performer>Organization:0", "key performer>Organization:0>!active", "key performer>Organization:0>active|true",
		"key performer>Organization:1", "key performer>Organization:1>!active", "key performer>Organization:1>active|false",
		"key performer>Organization>!active", "key performer>Organization>active|false", "key performer>Organization>active|true",
		`text performer>Organization:0>active "true"`, `text performer>Organization:1>active "false"`,
		`text performer>Organization>active "false"`, `text performer>Organization>active "true"`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWaysThatForkAreToldApartAtTheirEnds(t *testing.T) {
	report := func(toB string) []string {
		return insideOf(entries(t, `{"resourceType":"DiagnosticReport","id":"1","contained":[{"resourceType":"Organization","id":"a","partOf":{"reference":"#c"}},`+
			`{"resourceType":"Organization","id":"b","partOf":{"reference":"#`+toB+`"}},{"resourceType":"Organization","id":"c","active":true},{"resourceType":"Organization","id":"d"}],`+
			`"performer":[{"reference":"#a"},{"reference":"#b"}]}`))
	}
	before := []string{
		"key performer>Organization:0", "key performer>Organization:0>!partof", "key performer>Organization:1", "key performer>Organization:1>!partof",
		"key performer>Organization>!partof",
	}
	const end = "performer>Organization>partof>Organization"
	fork := append(slices.Clone(before), "key "+end+":0", "key "+end+":0>!active", "key "+end+":0>active|true", "key "+end+":1",
		"key "+end+">!active", "key "+end+">active|true", `text `+end+`:0>active "true"`, `text `+end+`>active "true"`)
	if d := cmp.Diff(fork, report("d")); d != "" {
		t.Error(d)
	}
	join := append(slices.Clone(before), "key "+end+">!active", "key "+end+">active|true", "key "+end+"|one", `text `+end+`>active "true"`)
	if d := cmp.Diff(join, report("c")); d != "" {
		t.Error(d)
	}
}

func TestAWayIsFollowedAsFarAsAChainGoes(t *testing.T) {
	lines := insideOf(entries(t, `{"resourceType":"Location","id":"1","managingOrganization":{"reference":"#a"},"contained":[{"resourceType":"Organization","id":"a","partOf":{"reference":"#a"}}]}`))
	var want []string
	for way, k := "organization>Organization", 0; k < 6; way, k = way+">partof>Organization", k+1 {
		want = append(want, "key "+way+">!partof", "key "+way+"|one")
	}
	slices.Sort(want)
	slices.Sort(lines)
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

func TestResourcesThatCannotBeToldApartAreRefused(t *testing.T) {
	for n, refused := range map[int]bool{32: false, 33: true} {
		var contained, performers []string
		for k := range n {
			contained = append(contained, fmt.Sprintf(`{"resourceType":"Organization","id":"o%d"}`, k))
			performers = append(performers, fmt.Sprintf(`{"reference":"#o%d"}`, k))
		}
		doc, err := tree.Parse([]byte(`{"resourceType":"Observation","id":"1","contained":[`+strings.Join(contained, ",")+`],"performer":[`+strings.Join(performers, ",")+`]}`), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = engine(t).Entries(doc)
		is, _ := fhir.IssuesOf(err)
		switch {
		case !refused && err != nil:
			t.Errorf("%d: %v", n, err)
		case refused && (len(is) != 1 || is[0].Code != fhir.TooCostly || is[0].Reason != fhir.ReasonUnprocessable ||
			is[0].Text != "the resource refers to 33 contained resources of type Organization in one way (performer): more than 32 cannot be told apart in a search"):
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestAChainLooksInsideContainedResourcesToo(t *testing.T) {
	not := "and(or(refers(medication to Medication: not(code|abc)) and(medication>Medication|one not(medication>Medication>code|abc))"
	for k := range 32 {
		not += fmt.Sprintf(" and(medication>Medication:%d not(medication>Medication:%d>code|abc))", k, k)
	}
	for _, tt := range []planCase{
		{
			"one condition", "MedicationRequest?medication.code=abc",
			"and(or(refers(medication to Medication: code|abc) medication>Medication>code|abc))",
		},
		{
			"any of two", "MedicationRequest?medication.code=abc,def",
			"and(or(refers(medication to Medication: or(code|abc code|def)) medication>Medication>code|abc medication>Medication>code|def))",
		},
		{
			"a chain out of it", "MedicationRequest?medication.manufacturer:Organization.name=x",
			`and(or(refers(medication to Medication: or(refers(manufacturer to Organization: text(name starts "x")) text(manufacturer>Organization>name starts "x"))) ` +
				`refers(medication>Medication>manufacturer to Organization: text(name starts "x")) text(medication>Medication>manufacturer>Organization>name starts "x")))`,
		},
		{"what does not hold is asked of each", "MedicationRequest?medication.code:not=abc", not + "))"},
		{"an id, which is that of a resource on this server", "MedicationRequest?medication._id=m", "and(refers(medication to Medication: id(m)))"},
		{
			"who refers to it, which is nobody else", "MedicationRequest?medication._has:MedicationDispense:medication:_id=1",
			"and(refers(medication to Medication: referred(by MedicationDispense.medication: id(1))))",
		},
	} {
		p, err := plan(t, tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, showPlan(p)); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

func TestManyWaysIntoContainedResourcesAreRefused(t *testing.T) {
	var contained, items strings.Builder
	for k := range 400 {
		fmt.Fprintf(&contained, `,{"resourceType":"List","id":"l%d","status":"current","mode":"working","identifier":[{"value":"l%d"}],"entry":[`, k, k)
		for n := range 400 {
			fmt.Fprintf(&contained, `%s{"item":{"reference":"#l%d"}}`, strings.Repeat(",", min(n, 1)), n)
		}
		contained.WriteString("]}")
		fmt.Fprintf(&items, `,{"item":{"reference":"#l%d"}}`, k)
	}
	doc, err := tree.Parse([]byte(`{"resourceType":"List","id":"1","contained":[`+contained.String()[1:]+`],"entry":[`+items.String()[1:]+`]}`), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := engine(t).Entries(doc); !fhir.HasCode(err, fhir.TooCostly) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
