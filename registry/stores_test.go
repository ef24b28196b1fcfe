package registry

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/spec"
	"firewolf/store"
	"firewolf/store/memory"
	"firewolf/store/mongodb"
	"firewolf/store/mongodb/mongotest"
	"firewolf/store/sqlite"
)

// definitionsOf are the definitions of R4 and the search that they define.
func definitionsOf(t *testing.T) (*spec.Spec, *search.Engine) {
	t.Helper()
	s, err := spec.Open()
	if err != nil {
		t.Fatal(err)
	}
	e, err := search.NewEngine(s)
	if err != nil {
		t.Fatal(err)
	}
	return s, e
}

// overEach returns a server over each kind of store, of the same clock.
func overEach(t *testing.T) map[string]*world {
	t.Helper()
	s, e := definitionsOf(t)
	uri, _ := mongotest.Database(t)
	at, err := mongodb.ParseAddress(uri)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	file, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{Engine: e, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	base, err := mongodb.Open(t.Context(), at, mongodb.Options{Engine: e, Clock: clock, Definitions: e.Definitions()})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*world{}
	for name, st := range map[string]store.Store{"memory": memory.New(s, clock), "sqlite": file, "mongodb": base} {
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
		all[name] = (&world{t: t, now: now, store: st}).serve(s, Options{}).samples()
	}
	return all
}

// numbered is where an answer names the moment that it is of: stores number them as they like.
var numbered = regexp.MustCompile(`("name":"moment","valueString":")[0-9]+`)

// TestEveryStoreGivesTheSameAggregates compares the answers of the operations on cohorts byte by byte.
func TestEveryStoreGivesTheSameAggregates(t *testing.T) {
	worlds := overEach(t)
	for _, path := range []string{
		"Patient/$outcome-rate",
		"Patient/$outcome-rate?timepoint=tp-m03&endpoint=lldas&cohort=Patient?gender%3Dfemale&stratum=older%3DPatient?birthdate%3Dlt2000",
		"Patient/$time-to-event?endpoint=relapse-free-survival&grid=0",
		"Patient/$time-to-event?endpoint=b-cell-return&grid=0&stratum=women%3DPatient?gender%3Dfemale",
		"Patient/$toxicity?icu=Encounter?class%3DIMP",
		"Patient/$biomarker?analyte=sledai-2k",
		"Patient/$biomarker?analyte=dsdna&scale=ratio",
		"Patient/$completeness",
		"Patient/$assess",
		"Patient/SYN-P08/$assess",
	} {
		answers := map[string]string{}
		for name, w := range worlds {
			got := w.ask(admin, "GET", path, "")
			if got.Status != http.StatusOK || len(got.Body) < 1000 {
				t.Fatalf("%s on %s: %d %v", path, name, got.Status, got.Issues)
			}
			answers[name] = numbered.ReplaceAllString(string(got.Body), "${1}T")
		}
		for _, name := range []string{"sqlite", "mongodb"} {
			if d := cmp.Diff(answers["memory"], answers[name]); d != "" {
				t.Errorf("%s (-memory +%s):\n%s", path, name, d)
			}
		}
	}
}

// TestServersOfOneStoreKnowWhatEachOtherToldOnEveryStore starts two servers on each: 9 patients and then 8 of them would tell of one.
func TestServersOfOneStoreKnowWhatEachOtherToldOnEveryStore(t *testing.T) {
	for name, w := range overEach(t) {
		t.Run(name, func(t *testing.T) {
			one, other := w.another(Options{K: 2}), w.another(Options{K: 2})
			stranger := aggregator
			stranger.Name = "stranger"
			for k, tt := range []struct {
				w       *world
				path    string
				caller  fhir.Caller
				refused bool
			}{
				{one, "Patient/$outcome-rate?timepoint=tp-m06", aggregator, false},
				{other, "Patient/$outcome-rate?timepoint=tp-m06", aggregator, false},
				{other, "Patient/$outcome-rate?timepoint=tp-m06&cohort=Patient?_id:not%3DSYN-P01", aggregator, true},
				{w.another(Options{K: 2}), "Patient/$outcome-rate?timepoint=tp-m06&cohort=Patient?_id:not%3DSYN-P01", aggregator, true},
				{other, "Patient/$outcome-rate?timepoint=tp-m06&cohort=Patient?_id:not%3DSYN-P01", stranger, false},
				{one, "Patient/$outcome-rate?timepoint=tp-m06", stranger, true},
			} {
				if got := tt.w.refuses(tt.caller, tt.path); got != tt.refused {
					t.Errorf("question %d, %s: refused is %v", k, tt.path, got)
				}
			}
		})
	}
}
