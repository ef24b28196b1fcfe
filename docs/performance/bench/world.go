package main

import (
	"fmt"
	"strings"
	"time"
)

// world is synthetic data that is computed, not kept: what resource k of patient p
// says follows from the numbers alone, and so does every right answer.
type world struct {
	patients int
}

// Sizes of a world.
const (
	perPatient = 300 // Observations
	encounters = 10
	conditions = 2
	codes      = 200
	// frequent is a code that every tenth Observation has.
	frequent = 0
)

func newWorld(observations int) world {
	return world{patients: max(1, (observations+perPatient-1)/perPatient)}
}

func (w world) observations() int { return w.patients * perPatient }

// sizes are the resources of each type that a patient has.
func (w world) sizes() map[string]int {
	return map[string]int{"Patient": 1, "Condition": conditions, "Encounter": encounters, "Observation": perPatient}
}

func (w world) resources() int {
	n := 0
	for _, size := range w.sizes() {
		n += size * w.patients
	}
	return n
}

// mix scatters a number. https://prng.di.unimi.it/splitmix64.c
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

func scatter(p, k, what int) int {
	return int(mix(uint64(p)<<32|uint64(k)<<8|uint64(what)) >> 1)
}

func patientID(p int) string        { return fmt.Sprintf("pat-%07d", p) }
func observationID(p, k int) string { return fmt.Sprintf("obs-%07d-%03d", p, k) }
func encounterID(p, k int) string   { return fmt.Sprintf("enc-%07d-%02d", p, k) }
func identifier(p int) string       { return fmt.Sprintf("MRN%09d", p*7+3) }

func code(c int) string { return fmt.Sprintf("%d-%d", 10000+c, c%10) }

func observationCode(p, k int) int {
	if k%10 == 0 {
		return frequent
	}
	return 1 + scatter(p, k, 1)%(codes-1)
}

var epoch = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)

// observationTime spreads the Observations over ten years.
func observationTime(p, k int) time.Time {
	return epoch.Add(time.Duration(scatter(p, k, 2)%(3650*86400)) * time.Second)
}

func birth(p int) time.Time { return epoch.AddDate(-60, 0, scatter(p, 0, 3)%(50*365)) }

// bundle is the transaction that creates one patient with everything.
func (w world) bundle(p int) string {
	var b strings.Builder
	b.Grow(perPatient * 1200)
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	w.entry(&b, "Patient/"+patientID(p), fmt.Sprintf(`{"resourceType":"Patient","id":"%s","identifier":[{"system":"http://example.org/mrn","value":"%s"}],`+
		`"name":[{"family":"Family%d","given":["Given%d"]}],"gender":"%s","birthDate":"%s"}`,
		patientID(p), identifier(p), p, p, [...]string{"female", "male"}[p%2], birth(p).Format("2006-01-02")))
	for k := range conditions {
		b.WriteByte(',')
		id := fmt.Sprintf("con-%07d-%d", p, k)
		w.entry(&b, "Condition/"+id, fmt.Sprintf(`{"resourceType":"Condition","id":"%s","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"M32.1%d"}]},`+
			`"subject":{"reference":"Patient/%s"},"onsetDateTime":"2014-0%d-01"}`, id, k, patientID(p), k+1))
	}
	for k := range encounters {
		b.WriteByte(',')
		at := epoch.AddDate(k, 0, 0)
		w.entry(&b, "Encounter/"+encounterID(p, k), fmt.Sprintf(`{"resourceType":"Encounter","id":"%s","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},`+
			`"subject":{"reference":"Patient/%s"},"period":{"start":"%s","end":"%s"}}`, encounterID(p, k), patientID(p), at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339)))
	}
	for k := range perPatient {
		b.WriteByte(',')
		w.entry(&b, "Observation/"+observationID(p, k), observation(p, k, observationID(p, k)))
	}
	b.WriteString("]}")
	return b.String()
}

func (w world) entry(b *strings.Builder, url, resource string) {
	fmt.Fprintf(b, `{"fullUrl":"http://example.org/fhir/%s","resource":%s,"request":{"method":"PUT","url":"%s"}}`, url, resource, url)
}

func observation(p, k int, id string) string {
	withID := ""
	if id != "" {
		withID = `"id":"` + id + `",`
	}
	at := observationTime(p, k)
	return fmt.Sprintf(`{"resourceType":"Observation",%s"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"laboratory"}]}],`+
		`"code":{"coding":[{"system":"http://loinc.org","code":"%s","display":"A synthetic laboratory value of the benchmark"}],"text":"A synthetic laboratory value of the benchmark"},`+
		`"subject":{"reference":"Patient/%s"},"encounter":{"reference":"Encounter/%s"},"effectiveDateTime":"%s","issued":"%s.000Z",`+
		`"valueQuantity":{"value":%d.%02d,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},`+
		`"referenceRange":[{"low":{"value":10,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},"high":{"value":40,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}]}`,
		withID, code(observationCode(p, k)), patientID(p), encounterID(p, k%encounters), at.Format(time.RFC3339), at.Format("2006-01-02T15:04:05"),
		scatter(p, k, 4)%100, scatter(p, k, 5)%100)
}
