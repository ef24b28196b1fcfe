package validate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"firewolf/fhir/tree"
)

// What these resources do looks like a fault, and is none.
func TestWhatTheSpecificationAllowsIsAccepted(t *testing.T) {
	const observation = `{"resourceType":"Observation","status":"final","code":{"text":"x"},%s}`
	const patient = `{"resourceType":"Patient",%s}`
	tests := []struct{ name, src string }{
		{"a resource with nothing but its type", `{"resourceType":"Patient"}`},
		{"resourceType at the end", `{"active":true,"resourceType":"Patient"}`},
		{"a value with its extensions", fmt.Sprintf(patient, `"birthDate":"1970-03-30","_birthDate":{"id":"b","extension":[{"url":"u","valueDateTime":"1970-03-30T10:00:00+01:00"}]}`)},
		{"extensions before their value", fmt.Sprintf(patient, `"_birthDate":{"id":"b"},"birthDate":"1970-03-30"`)},
		{"extensions in place of a value", fmt.Sprintf(patient, `"_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}`)},
		{"extensions in place of a required value", `{"resourceType":"Observation","_status":{"extension":[{"url":"u","valueCode":"unknown"}]},"code":{"text":"x"}}`},
		{"extensions in place of a required concept", `{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"extension":[{"url":"u","valueCode":"unknown"}]}}`},
		{"nulls with their other halves", fmt.Sprintf(patient, `"name":[{"given":["a",null,"c"],"_given":[null,{"id":"b"},null]}]`)},
		{"a list of halves alone", fmt.Sprintf(patient, `"name":[{"_given":[{"id":"a"},{"id":"b"}]}]`)},
		{"a choice with both halves", fmt.Sprintf(observation, `"valueString":"x","_valueString":{"id":"v"}`)},
		{"an extension whose value is a half", fmt.Sprintf(patient, `"extension":[{"url":"u","_valueString":{"id":"v"}}]`)},
		{"an extension inside an extension", fmt.Sprintf(patient, `"extension":[{"url":"u","extension":[{"url":"v","valueInteger":-0}]}]`)},
		{"a string of white space", fmt.Sprintf(patient, `"name":[{"text":" \n\t"}]`)},
		{"a decimal with exponent", fmt.Sprintf(observation, `"valueQuantity":{"value":-1.50E+3}`)},
		{"a code system's code among other codings", `{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"s","code":"c"},{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"relapse"}]}}`},
		{"a currency that came after R4", `{"resourceType":"Invoice","status":"draft","totalNet":{"value":1,"currency":"XCG"}}`},
		{"a concept beside a set that is only extensible", `{"resourceType":"FamilyMemberHistory","status":"partial","patient":{"reference":"Patient/1"},"relationship":{"text":"x"},"sex":{"coding":[{"system":"s","code":"c"}]}}`},
		{"any MIME type", `{"resourceType":"Binary","contentType":"x/y; charset=utf-8","data":"AAAA"}`},
		{"a reference to a contained resource", fmt.Sprintf(observation, `"contained":[{"resourceType":"Patient","id":"p"}],"subject":{"reference":"#p"}`)},
		{"a contained resource that refers to another and to its container", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","partOf":{"reference":"#q"},"extension":[{"url":"u","valueReference":{"reference":"#"}}]},{"resourceType":"Organization","id":"q","name":"x"}],"managingOrganization":{"reference":"#o"}}`},
		{"a contained resource with a profile and a tag", fmt.Sprintf(observation, `"contained":[{"resourceType":"Patient","id":"p","meta":{"profile":["http://example.org/p"],"tag":[{"code":"t"}]}}],"subject":{"reference":"#p"}`)},
		{"references by URL, URN, version, fragment and condition", `{"resourceType":"List","status":"current","mode":"working","entry":[{"item":{"reference":"https://example.org/fhir/Patient/1"}},{"item":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}},{"item":{"reference":"Patient/1/_history/2"}},{"item":{"reference":"Patient/1#x"}},{"item":{"reference":"Patient?identifier=a|b"}}]}`},
		{"an URL of another server that is no FHIR", fmt.Sprintf(observation, `"subject":{"reference":"https://example.org/Documents/1"}`)},
		{"a logical reference of another type", fmt.Sprintf(observation, `"subject":{"identifier":{"system":"s","value":"v"},"display":"x"}`)},
		{"Reference.type as name and as canonical", fmt.Sprintf(observation, `"subject":{"type":"Patient","identifier":{"value":"v"}},"focus":[{"type":"http://hl7.org/fhir/StructureDefinition/Patient","display":"x"},{"type":"http://example.org/logical/Model","display":"x"}]`)},
		{"resources in Parameters and Bundle", `{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Binary","contentType":"text/plain"}}]}},{"name":"b","part":[{"name":"c","valueBoolean":false}]}]}`},
		{"the same id contained in two entries", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a"}]}},{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a"}]}}]}`},
		{"a Duration as a choice", `{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},"quantityQuantity":{"value":1,"comparator":"<"},"occurrenceTiming":{"repeat":{"boundsDuration":{"value":1,"comparator":"<","system":"http://unitsofmeasure.org","code":"d"}}}}`},
		{"part of a content reference", `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"group","item":[{"linkId":"1.1.1","type":"string"}]}]}]}`},
	}
	c := checker(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := tree.Parse([]byte(tt.src), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if is := c.Structure(doc); len(is) > 0 {
				t.Error(is)
			}
		})
	}
}

func TestANarrativeMayHave(t *testing.T) {
	const div = `<div xmlns='http://www.w3.org/1999/xhtml'>%s</div>`
	tests := []struct{ name, div string }{
		{"text", fmt.Sprintf(div, "x")},
		{"white space around", "\n " + fmt.Sprintf(div, "x") + "\n"},
		{"an image alone", fmt.Sprintf(div, `<img src="#p" alt=""/>`)},
		{"an image in itself", fmt.Sprintf(div, `<img src="data:image/png;base64,AAAA" alt="x" />`)},
		{"links", fmt.Sprintf(div, `<a href="https://example.org/?a=b&amp;c=d">x</a> <a name="y"/>`)},
		{"a table with styles and languages", fmt.Sprintf(div, `<table class="grid" style="color: red"><tr><td colspan="2" lang="de" xml:lang="de">ä</td></tr></table>`)},
		{"references to characters", fmt.Sprintf(div, `&lt;&#160;&#xE4;&quot;&apos;&gt;`)},
		{"a comment", fmt.Sprintf(div, `x<!-- y - z -->`)},
		{"the namespace again", fmt.Sprintf(div, `<p xmlns="http://www.w3.org/1999/xhtml">x</p>`)},
		{"spaces in tags", "<div  xmlns = \"http://www.w3.org/1999/xhtml\" ><br />x</div >"},
		{"a quote of the other kind", fmt.Sprintf(div, `<p title="it's">x</p>`)},
		{"an end of CDATA that is none", fmt.Sprintf(div, `a[1]] b`)},
		{"a > alone", fmt.Sprintf(div, `a > b`)},
		{"the script of a word", fmt.Sprintf(div, `<p title="javascript: a language">javascript:</p>`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := narrative(t, tt.div); len(got) > 0 {
				t.Error(got)
			}
		})
	}
}

// narrative returns the problems of a div.
func narrative(t testing.TB, div string) []string {
	t.Helper()
	src := append([]byte(`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":`), tree.Quote(nil, div)...)
	doc, err := tree.Parse(append(src, `}}`...), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, i := range checker(t).Structure(doc) {
		texts = append(texts, i.Text)
	}
	return texts
}

func TestAtMost250ProblemsAreListedAndOneSaysSo(t *testing.T) {
	src := `{"resourceType":"Patient","name":[` + strings.Repeat(`{"x":1},`, 1000) + `{"x":1}],"y":1}`
	doc, err := tree.Parse([]byte(src), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	is := checker(t).Structure(doc)
	if len(is) != 251 {
		t.Fatalf("%d problems, want 251", len(is))
	}
	if got, want := is[249].Error(), "structure: HumanName has no such element (Patient.name[249].x)"; got != want {
		t.Errorf("the last problem is %s, want %s", got, want)
	}
	if got, want := is[250].Error(), "too-costly: the resource has more than 250 problems: the rest is not listed"; got != want {
		t.Errorf("after the last: %s, want %s", got, want)
	}
}

// Each of these would take minutes if the check walked a list for each of its items.
func TestAHostileResourceIsCheckedInLinearTime(t *testing.T) {
	const many = 200_000
	list := func(item string) string { return strings.Repeat(item+",", many-1) + item }
	var attributes, contained strings.Builder
	for i := range many {
		fmt.Fprintf(&contained, `{"resourceType":"Practitioner","id":"%d"},`, i)
		fmt.Fprintf(&attributes, ` a%d=''`, i)
	}
	tests := []struct{ name, src string }{
		{"nulls with their other halves", `{"resourceType":"Patient","name":[{"given":[` + list("null") + `],"_given":[` + list(`{"id":"a"}`) + `]}]}`},
		{"nulls alone", `{"resourceType":"Patient","name":[{"given":[` + list("null") + `]}]}`},
		{"contained resources of one id", `{"resourceType":"Patient","contained":[` + list(`{"resourceType":"Patient","id":"a"}`) + `]}`},
		{"references to contained resources", `{"resourceType":"Patient","contained":[` + contained.String() + `{"resourceType":"Practitioner","id":"a"}],"generalPractitioner":[` + list(`{"reference":"#a"}`) + `]}`},
		{"attributes", `{"resourceType":"Patient","text":{"status":"generated","div":"<div` + attributes.String() + `/>"}}`},
		{"tags", `{"resourceType":"Patient","text":{"status":"generated","div":"` + strings.Repeat("<b>", many) + `"}}`},
		{"ampersands", `{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>` + strings.Repeat("&", many) + `"}}`},
		{"comments", `{"resourceType":"Patient","text":{"status":"generated","div":"` + strings.Repeat("<!--", many) + `"}}`},
	}
	c := checker(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := tree.Parse([]byte(tt.src), tree.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			c.Structure(doc)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
