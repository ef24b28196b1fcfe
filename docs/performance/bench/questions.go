package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"time"
)

// questions are the requests that EHRs and registries send.
func questions(w world) []question {
	return []question{
		{"read Observation/[id]", 2000, w.read},
		{flat, 400, w.subjectCode},
		{"chain: subject:Patient.identifier, code", 400, w.chain},
		{"_has:Observation:patient:code, birthdate", 500, w.has},
		{"_include=Encounter:subject, _revinclude:iterate=Condition:subject", 500, w.include},
		{"_summary=count of code and dates", 50, w.count},
	}
}

func anyPatient(r *rand.Rand, w world) int { return r.Intn(w.patients) }

func (w world) read(r *rand.Rand) request {
	p, k := anyPatient(r, w), r.Intn(perPatient)
	return request{
		path: "Observation/" + observationID(p, k),
		rows: func([]byte) int { return 1 },
		check: func(body []byte) error {
			var got struct {
				ID   string
				Code struct{ Coding []struct{ Code string } }
			}
			if err := json.Unmarshal(body, &got); err != nil {
				return err
			}
			return equal([]string{observationID(p, k), code(observationCode(p, k))}, []string{got.ID, got.Code.Coding[0].Code})
		},
	}
}

func (w world) subjectCode(r *rand.Rand) request {
	p, c := anyPatient(r, w), drawCode(r)
	return request{
		path:  fmt.Sprintf("Observation?subject=Patient/%s&code=http://loinc.org%%7C%s&_sort=-date&_count=20", patientID(p), code(c)),
		rows:  entries,
		check: func(body []byte) error { return equal(w.newest(p, c, 20), ids(body)) },
	}
}

// drawCode gives the frequent code half of the time, so that pages are full as often as they are short.
func drawCode(r *rand.Rand) int {
	if r.Intn(2) == 0 {
		return frequent
	}
	return 1 + r.Intn(codes-1)
}

// newest lists a patient's Observations of a code, newest first, in the order of their writing where the time is the same.
func (w world) newest(p, c, limit int) []string {
	var ks []int
	for k := range perPatient {
		if observationCode(p, k) == c {
			ks = append(ks, k)
		}
	}
	slices.SortStableFunc(ks, func(a, b int) int { return cmp.Compare(observationTime(p, b).Unix(), observationTime(p, a).Unix()) })
	out := []string{}
	for _, k := range ks[:min(limit, len(ks))] {
		out = append(out, observationID(p, k))
	}
	return out
}

func (w world) chain(r *rand.Rand) request {
	p, c := anyPatient(r, w), drawCode(r)
	return request{
		path:  fmt.Sprintf("Observation?subject:Patient.identifier=http://example.org/mrn%%7C%s&code=http://loinc.org%%7C%s&_sort=-date&_count=20", identifier(p), code(c)),
		rows:  entries,
		check: func(body []byte) error { return equal(w.newest(p, c, 20), ids(body)) },
	}
}

// has asks for patients who have an Observation of a code and were born in the 30 days after a date.
func (w world) has(r *rand.Rand) request {
	c := 1 + r.Intn(codes-1)
	from := epoch.AddDate(-60, 0, r.Intn(50*365))
	to := from.AddDate(0, 0, 30)
	return request{
		path: fmt.Sprintf("Patient?_has:Observation:patient:code=http://loinc.org%%7C%s&birthdate=ge%s&birthdate=lt%s&_count=20",
			code(c), from.Format("2006-01-02"), to.Format("2006-01-02")),
		rows: entries,
		check: func(body []byte) error {
			want := map[string]bool{}
			for p := range w.patients {
				if b := birth(p); !b.Before(from) && b.Before(to) && w.hasCode(p, c) {
					want[patientID(p)] = true
				}
			}
			got := ids(body)
			for _, id := range got {
				if !want[id] {
					return fmt.Errorf("%s is no match", id)
				}
			}
			if len(got) != min(20, len(want)) {
				return fmt.Errorf("%d matches, want %d", len(got), min(20, len(want)))
			}
			return nil
		},
	}
}

func (w world) hasCode(p, c int) bool {
	for k := range perPatient {
		if observationCode(p, k) == c {
			return true
		}
	}
	return false
}

func (w world) include(r *rand.Rand) request {
	p, k := anyPatient(r, w), r.Intn(encounters)
	return request{
		path: fmt.Sprintf("Encounter?_id=%s&_include=Encounter:subject&_revinclude:iterate=Condition:subject", encounterID(p, k)),
		rows: entries,
		check: func(body []byte) error {
			want := []string{encounterID(p, k), patientID(p)}
			for c := range conditions {
				want = append(want, fmt.Sprintf("con-%07d-%d", p, c))
			}
			got := ids(body)
			slices.Sort(got)
			slices.Sort(want)
			return equal(want, got)
		},
	}
}

// count asks for the frequent code in five years: every tenth Observation, half of the time.
func (w world) count(r *rand.Rand) request {
	from := epoch.AddDate(0, 0, r.Intn(1800))
	to := from.AddDate(5, 0, -r.Intn(20))
	return request{
		path: fmt.Sprintf("Observation?code=http://loinc.org%%7C%s&date=ge%s&date=lt%s&_summary=count", code(frequent), from.Format("2006-01-02"), to.Format("2006-01-02")),
		rows: func([]byte) int { return 1 },
		check: func(body []byte) error {
			var got struct{ Total int }
			if err := json.Unmarshal(body, &got); err != nil {
				return err
			}
			want := w.countBetween(from, to)
			if got.Total != want {
				return fmt.Errorf("total %d, want %d", got.Total, want)
			}
			return nil
		},
	}
}

func (w world) countBetween(from, to time.Time) int {
	n := 0
	for p := range w.patients {
		for k := 0; k < perPatient; k += 10 {
			if at := observationTime(p, k); !at.Before(from) && at.Before(to) {
				n++
			}
		}
	}
	return n
}

// entries counts the resources of a Bundle without parsing it.
func entries(body []byte) int { return bytes.Count(body, []byte(`"fullUrl":`)) }

// ids lists the ids of a Bundle in order.
func ids(body []byte) []string {
	var b struct {
		Entry []struct {
			Resource struct{ ID string }
		}
	}
	out := []string{}
	if err := json.Unmarshal(body, &b); err != nil {
		return []string{err.Error()}
	}
	for _, e := range b.Entry {
		out = append(out, e.Resource.ID)
	}
	return out
}

func equal(want, got []string) error {
	if !slices.Equal(want, got) {
		return fmt.Errorf("want %s, got %s", strings.Join(want, " "), strings.Join(got, " "))
	}
	return nil
}
