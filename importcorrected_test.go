package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"firewolf/load"
	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/csv"
)

// What a delivery does not tell stands, and what it corrects does not: the day of lymphodepletion is told by the row that is there.
func TestTheStartOfACourseIsCorrectedWhereItsCellsWereNeverCollected(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir := delivered(t)
		edit(t, dir, "course.csv", "SYN-A02,1,2023-08-12,0,25,3,1000,1,2023-08-31", "SYN-A02,1,,0,25,3,1000,1,2023-08-30")
		imported(t, s, dir, false, false)
		edit(t, dir, "course.csv", "2023-08-30", "2023-08-31")
		for _, want := range []int{2, 0} { // the course and its lymphodepletion
			if got := imported(t, s, dir, false, false).Fates["changed"]["Procedure"]; got != want {
				t.Errorf("%d Procedures changed, want %d", got, want)
			}
		}
		body := string(s.send(t, http.MethodGet, "Procedure?code=cart-course&subject:Patient.gender=male", nil, nil).body)
		if want := `"performedPeriod":{"start":"2023-08-31"`; !strings.Contains(body, want) {
			t.Errorf("there is no %s in %s", want, body)
		}
	})
}

func TestAGradeIsCorrectedWhereAToxicityOfAnotherKindIsNotTold(t *testing.T) {
	const head = "registry_id,course_no,type,onset,end,max_grade,ice,toci,steroid,serious,outcome\n"
	const crs, icans, infection = "SYN-A01,1,crs,2023-01-21,2023-01-23,1,,1,0,0,resolved\n", "SYN-A01,1,icans,2023-01-22,,3,4,0,1,1,ongoing\n", "SYN-A01,1,infection,2023-03-01,2023-03-05,4,,,,,\n"
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir := delivered(t)
		for _, rows := range []string{crs + icans + infection, strings.Replace(infection, ",4,,", ",2,,", 1)} {
			if err := os.WriteFile(filepath.Join(dir, "tox.csv"), []byte(head+rows), 0o600); err != nil {
				t.Fatal(err)
			}
			imported(t, s, dir, false, false)
		}
		body := string(s.send(t, http.MethodGet, "Observation?code=infection-max-grade", nil, nil).body)
		if want := `"value":2,`; !strings.Contains(body, want) {
			t.Errorf("there is no %s in %s", want, body)
		}
		if again := imported(t, s, dir, false, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
			t.Errorf("importing again: %v", again.Fates)
		}
	})
}

// editing is a target before whose transaction somebody else edits the only resource that is found, by a pattern.
func editing(t *testing.T, s *stack, query, from, to string) *between {
	t.Helper()
	return &between{Target: remote{load.NewHTTP(s.url, "", 4)}, n: 1, edit: func() {
		bundle := s.send(t, http.MethodGet, query, nil, nil).body
		body := regexp.MustCompile(`"resource":(\{.*\}),"search"`).FindSubmatch(bundle)[1]
		key := regexp.MustCompile(`"resourceType":"([^"]+)","id":"([^"]+)"`).FindSubmatch(body)
		body = regexp.MustCompile(from).ReplaceAll(body, []byte(to))
		if a := s.send(t, http.MethodPut, string(key[1])+"/"+string(key[2]), body, nil); a.status != http.StatusOK {
			t.Errorf("the edit: %d %s", a.status, a.body)
		}
	}}
}

// into imports a folder into a target.
func into(t *testing.T, target mapping.Target, dir string) {
	t.Helper()
	if _, err := mapping.Run(t.Context(), mapping.Options{
		Source: csv.NewSource(dir, nil), Steps: []mapping.Step{cart.New(cart.Options{Now: time2026()})}, Workers: 1,
		Sink: &mapping.Writer{Target: target},
	}); err != nil {
		t.Fatal(err)
	}
}

// What stood of the version that was looked at first does not stand of the next one.
func TestWhatStandsIsThatOfTheVersionThatIsWritten(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir := delivered(t)
		imported(t, s, dir, false, false)
		edit(t, dir, "infusion.csv", "SYN-A01,1,2023-01-17", "SYN-A01,1,2023-01-18")
		if err := os.Remove(filepath.Join(dir, "course.csv")); err != nil {
			t.Fatal(err)
		}
		const query = "Procedure?code=cart-course&subject:Patient.gender=female"
		into(t, editing(t, s, query, `"start":"2022-12-27"`, `"start":"2023-01-02"`), dir)
		got := string(s.send(t, http.MethodGet, query, nil, nil).body)
		if want := `"performedPeriod":{"start":"2023-01-02","end":"2023-01-18"}`; !strings.Contains(got, want) {
			t.Errorf("there is no %s in %s", want, got)
		}
	})
}

// Who withdrew and was asked again while the import looked at something else is not out again.
func TestAConsentThatIsGivenMeanwhileStands(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir := withdrawn(t)
		imported(t, s, dir, false, false)
		edit(t, dir, "patients.csv", "2023-01-02,2025-01-01\n", "2023-01-02,\n")
		edit(t, dir, "patients.csv", "female,1999", "female,1998")
		// The first transaction is refused for a Patient of another version.
		target := editing(t, s, "Consent?status=inactive", `"status":"inactive"(.*)"type":"deny"`, `"status":"active"$1"type":"permit"`)
		given := target.edit
		target.edit = func() {
			given()
			editing(t, s, "Patient?gender=female", `"gender":"female"`, `"gender":"female","active":true`).edit()
		}
		into(t, target, dir)
		if got := s.count(t, "Consent?status=active&_summary=count"); got != 2 {
			t.Errorf("%d consents are active, want 2", got)
		}
	})
}

// changesOne sees that an import changes one patient, and the same again none.
func changesOne(t *testing.T, s *stack, dir string) {
	t.Helper()
	for _, want := range []int{1, 0} {
		if got := imported(t, s, dir, true, false).Fates["changed"]["Patient"]; got != want {
			t.Errorf("%d patients changed, want %d", got, want)
		}
	}
}

// An extension is about the value that it stands with: beside another death it would make a second one, and the server refuses the patient.
func TestAnExtensionOfAPatientStaysWithItsValueOnly(t *testing.T) {
	const told = `{"extension":[{"url":"http://hospital.example.org/told","valueBoolean":true}]}`
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir := delivered(t)
		imported(t, s, dir, false, false)
		editing(t, s, "Patient?gender=female", `"birthDate":"1999"`, `"birthDate":"1999","_birthDate":`+told+`,"deceasedBoolean":true,"_deceasedBoolean":`+told).edit()
		if again := imported(t, s, dir, true, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
			t.Errorf("importing again: %v", again.Fates)
		}
		edit(t, dir, "outcome.csv", "SYN-A01,2023-04-18,m03,not-met,met,,,", "SYN-A01,2023-04-18,m03,not-met,met,,2025-05-05,")
		changesOne(t, s, dir)
		got := string(s.send(t, http.MethodGet, "Patient?gender=female", nil, nil).body)
		if strings.Contains(got, `deceasedBoolean"`) || !strings.Contains(got, `"_birthDate":`+told) {
			t.Errorf("got %s", got)
		}
		edit(t, dir, "patients.csv", "female,1999", "female,1998")
		imported(t, s, dir, true, false)
		if got := string(s.send(t, http.MethodGet, "Patient?gender=female", nil, nil).body); !strings.Contains(got, `"birthDate":"1998"`) || strings.Contains(got, "_birthDate") {
			t.Errorf("got %s", got)
		}
	})
}

// A patient whom a hospital has labeled as restricted is not open again because the files know nothing of that.
func TestAPatientKeepsTheLabelsThatOthersGave(t *testing.T) {
	const label, profile = `{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}`, `"profile":["http://hospital.example.org/patient"]`
	eachStack(t, usualRules, func(t *testing.T, s *stack) {
		dir := delivered(t)
		imported(t, s, dir, false, false)
		editing(t, s, "Patient?gender=female", `"security":\[`, profile+`,"tag":[{"code":"vip"}],"security":[`+label+`,`).edit()
		if again := imported(t, s, dir, true, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
			t.Errorf("importing again: %v", again.Fates)
		}
		edit(t, dir, "patients.csv", "female,1999", "female,1998")
		changesOne(t, s, dir)
		got := string(s.send(t, http.MethodGet, "Patient?gender=female", nil, nil).body)
		for _, want := range []string{label, profile, `{"code":"vip"}`, `"birthDate":"1998"`, `"code":"SYN-C1"`} {
			if !strings.Contains(got, want) {
				t.Errorf("there is no %s in %s", want, got)
			}
		}
	})
}

// A day that was taken back is of no dose any more: files that tell of the infusion, and such that do not, must not write it in turn.
func TestADayThatWasTakenBackStaysAsItIs(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir, without := delivered(t), delivered(t)
		imported(t, s, dir, false, false)
		for _, d := range []string{dir, without} {
			edit(t, d, "course.csv", "SYN-A01,1,2022-12-27,1,25,-5..-3,", "SYN-A01,1,2022-12-27,1,25,-5..-4,")
		}
		for _, file := range []string{"infusion", "tox", "outcome", "sledai"} {
			if err := os.Remove(filepath.Join(without, file+".csv")); err != nil {
				t.Fatal(err)
			}
		}
		for k, d := range []string{dir, without, dir, without} {
			if got, want := imported(t, s, d, false, false).Fates["changed"]["MedicationAdministration"], max(0, 1-k); got != want {
				t.Errorf("%d changed by import %d, want %d", got, k, want)
			}
		}
	})
}

// Two imports of one patient who is new: what the other has written meanwhile was not there when this one looked, and is not written over either.
func TestWhatSomebodyElseCreatesMeanwhileIsNotWrittenOver(t *testing.T) {
	eachStack(t, strictRules, func(t *testing.T, s *stack) {
		dir, withdrawn := delivered(t), delivered(t)
		edit(t, withdrawn, "patients.csv", "consent_date\n", "consent_date,withdrawal_date\n")
		edit(t, withdrawn, "patients.csv", "2023-01-02\n", "2023-01-02,2025-01-01\n")
		edit(t, withdrawn, "patients.csv", "2023-03-02\n", "2023-03-02,\n")
		into(t, &between{Target: remote{load.NewHTTP(s.url, "", 4)}, n: 2, edit: func() { imported(t, s, withdrawn, false, false) }}, dir)
		if got := s.count(t, "Consent?status=inactive&_summary=count"); got != 1 {
			t.Errorf("%d consents are withdrawn, want 1", got)
		}
		if again := imported(t, s, dir, false, false); again.Total(mapping.Created)+again.Total(mapping.Changed) != 0 {
			t.Errorf("importing again: %v", again.Fates)
		}
	})
}
