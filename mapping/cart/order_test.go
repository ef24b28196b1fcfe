package cart_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// busyPatient has two courses, toxicities of one kind, and visits and a death that several rows tell of.
func busyPatient() delivery {
	return onePatient().
		add("course", "course_no=2", "apheresis_date=2024-02-01").
		add("infusion", "course_no=2", "infusion_date=2024-03-01", "product=bcma").
		add("tox", "course_no=1", "type=infection", "onset=2023-05-01", "max_grade=3", "scale=ctcae-5").
		add("tox", "course_no=1", "type=infection", "onset=2023-06-01", "max_grade=3").
		add("tox", "course_no=1", "type=infection", "onset=2023-07-01", "max_grade=2").
		add("visits", "visit_date=2023-04-18", "visit_code=unscheduled", "pga=0.3").
		add("sledai", "visit_date=2023-04-18", "total=2").
		add("outcome", "row_id=1", "death_date=2025-02-03", "cause=other").
		add("outcome", "row_id=2", "death_date=2025-02-03")
}

// bodies are the drafts by key, but for the traces: those are of the rows' hashes.
func (o outcome) bodies() map[fhir.Key]string {
	m := map[fhir.Key]string{}
	for _, d := range o.drafts {
		if !d.Trace {
			m[d.Key] = string(d.Body)
		}
	}
	return m
}

func TestTheOrderOfRowsChangesNoResource(t *testing.T) {
	want := busyPatient().run(t)
	if len(want.findings) > 0 {
		t.Fatal(want.texts)
	}
	for seed := range uint64(8) {
		d := busyPatient()
		r := rand.New(rand.NewPCG(seed, 0))
		for _, rows := range d {
			r.Shuffle(len(rows)-1, func(a, b int) { rows[a+1], rows[b+1] = rows[b+1], rows[a+1] })
		}
		if diff := cmp.Diff(want.bodies(), d.run(t).bodies()); diff != "" {
			t.Fatalf("shuffled with seed %d (-want +got)\n%.2000s", seed, diff)
		}
	}
}

// A row that tells of a patient and of the last course gives resources of two transactions: neither trace takes the place of the other.
func TestEveryResourceIsTheTargetOfATrace(t *testing.T) {
	got := busyPatient().run(t)
	traced, ids := map[string]bool{}, map[string]bool{}
	for _, d := range got.drafts {
		if !d.Trace {
			continue
		}
		if ids[d.Key.ID] {
			t.Errorf("two traces have the id %s", d.Key.ID)
		}
		ids[d.Key.ID] = true
		for _, part := range strings.Split(string(d.Body), `{"reference":"`)[1:] {
			traced[part[:strings.Index(part, `"`)]] = true
		}
	}
	for _, d := range got.drafts {
		if !d.Trace && !d.Shared && !traced[d.Key.String()] {
			t.Errorf("%s has no trace", d.Key)
		}
	}
}

func TestAScoreIsAboutTheInfusionBeforeItIfThatIsKnown(t *testing.T) {
	tests := []struct {
		name string
		d    delivery
		date string
		want string // the date of the infusion
	}{
		{"after the infusion", onePatient(), "2023-04-18", "2023-01-17"},
		{"before it", onePatient(), "2023-01-05", ""},
		{"a baseline on the day of the infusion", onePatient().set("sledai", 2, "visit_date", "2023-01-17"), "2023-01-17", ""},
		{"a baseline in the month of the infusion", onePatient().set("sledai", 2, "visit_date", "2023-01"), "2023-01", ""},
		{"after a second one", onePatient().add("infusion", "course_no=2", "infusion_date=2023-04-01", "product=bcma"), "2023-04-18", "2023-04-01"},
		{"after one of a higher number, and after a later one", onePatient().add("infusion", "course_no=2", "infusion_date=2022-04-01", "product=bcma"), "2023-04-18", "2023-01-17"},
		{"after one of a higher number alone", onePatient().add("infusion", "course_no=2", "infusion_date=2022-04-01", "product=bcma").set("sledai", 2, "visit_code", ""), "2023-01-05", "2022-04-01"},
		{"after a later one than one of a higher number that was rejected", onePatient().add("infusion", "course_no=2", "infusion_date=2022-04-01", "product=bcma", "viability_pct=101"), "2023-04-18", "2023-01-17"},
		{"after a second one that was rejected and whose date cannot be read", onePatient().add("infusion", "course_no=2", "infusion_date=2023", "product=bcma", "viability_pct=101"), "2023-04-18", ""},
		{"after a second one that was rejected", onePatient().add("infusion", "course_no=2", "infusion_date=2023-04-01", "product=bcma", "viability_pct=101"), "2023-04-18", ""},
		{"before a second one that was rejected", onePatient().add("infusion", "course_no=2", "infusion_date=2023-05-01", "product=bcma", "viability_pct=101"), "2023-04-18", "2023-01-17"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.d.run(t)
			var score struct{ Focus []struct{ Reference string } }
			got.one(t, &score, "Observation", `"code":"sledai-2k"`, `"effectiveDateTime":"`+tt.date+`"`)
			about := ""
			if len(score.Focus) == 1 {
				for _, d := range got.has("Procedure", `"code":"cart-infusion"`) {
					if d.Key.String() == score.Focus[0].Reference {
						_, rest, _ := strings.Cut(string(d.Body), `"performedDateTime":"`)
						about = rest[:10]
					}
				}
			}
			if about != tt.want {
				t.Errorf("it is about the infusion of %q, want %q", about, tt.want)
			}
		})
	}
}

// Programs write a whole number of a column that has gaps with a fraction: 1.0.
func TestALineOfTherapyIsTheSameHoweverItsNumberIsWritten(t *testing.T) {
	want := onePatient().run(t).bodies()
	for _, line := range []string{"1.0", "1e0"} {
		if diff := cmp.Diff(want, onePatient().set("prior_tx", 2, "line", line).run(t).bodies()); diff != "" {
			t.Errorf("line %s (-want +got)\n%.2000s", line, diff)
		}
	}
}
