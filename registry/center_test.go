package registry

import "testing"

func TestTheCenterIsTheLabelOrElseTheManagingOrganization(t *testing.T) {
	const label = `"meta":{"security":[{"system":"http://example.org/fhir/sle-cart/CodeSystem/center","code":"MUC"}]},`
	for _, tt := range []struct{ name, told, want string }{
		{"neither", ``, "unknown"},
		{"a label", label, "MUC"},
		{"a label and an organization", label + `"managingOrganization":{"reference":"Organization/north"},`, "MUC"},
		{"a label of something else", `"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},"managingOrganization":{"reference":"Organization/north"},`, "Organization/north"},
		{"by a reference", `"managingOrganization":{"reference":"Organization/north","display":"North"},`, "Organization/north"},
		{"by a reference to a version", `"managingOrganization":{"reference":"Organization/north/_history/1"},`, "Organization/north"},
		{"by a reference to another server", `"managingOrganization":{"reference":"http://hospital.example/fhir/Organization/7"},`, "http://hospital.example/fhir/Organization/7"},
		{"by an identifier", `"managingOrganization":{"identifier":{"system":"http://fhir.de/sid/arge-ik/iknr","value":"260530103"},"display":"North"},`, "260530103"},
		{"by its name", `"managingOrganization":{"display":"North"},`, "North"},
		{"one that is contained", `"contained":[{"resourceType":"Organization","id":"o","name":"North"}],"managingOrganization":{"reference":"#o"},`, "North"},
	} {
		w := newWorld(t, Options{})
		w.crowd(1, func(int) bool { return false })
		w.must(w.ask(admin, "PUT", "Organization/north", `{"resourceType":"Organization","id":"north","name":"North"}`))
		w.must(w.ask(admin, "PUT", "Patient/c000", `{"resourceType":"Patient",`+tt.told+`"id":"c000"}`))
		w.same(tt.name, w.told("$completeness?form=pga&timepoint=tp-m03", "form", "group", "n"), []string{"all", "1"}, []string{tt.want, "1"})
	}
}

func TestACenterThatOnlyAReplacedRecordNamesIsThatOfThePatient(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(1, func(int) bool { return false })
	w.must(w.ask(admin, "PUT", "Patient/old", `{"resourceType":"Patient","id":"old","managingOrganization":{"display":"South"},"link":[{"other":{"reference":"Patient/c000"},"type":"replaced-by"}]}`))
	w.same("of the old record", w.told("$completeness?form=pga&timepoint=tp-m03", "form", "group"), []string{"all"}, []string{"South"})
	w.must(w.ask(admin, "PUT", "Patient/c000", `{"resourceType":"Patient","id":"c000","managingOrganization":{"display":"North"}}`))
	w.same("of its own", w.told("$completeness?form=pga&timepoint=tp-m03", "form", "group"), []string{"all"}, []string{"North"})
}
