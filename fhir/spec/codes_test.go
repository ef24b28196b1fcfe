package spec_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const valueSets = "http://hl7.org/fhir/ValueSet/"

func TestACodeSetListsItsCodesBySystem(t *testing.T) {
	tests := []struct{ set, want string }{
		{"administrative-gender", "http://hl7.org/fhir/administrative-gender: female male other unknown\n"},
		{"publication-status", "http://hl7.org/fhir/publication-status: active draft retired unknown\n"},
		{"condition-clinical", "http://terminology.hl7.org/CodeSystem/condition-clinical: active inactive recurrence relapse remission resolved\n"},
		{"units-of-time", "http://unitsofmeasure.org: a d h min mo s wk\n"},
		{"task-intent", "http://hl7.org/fhir/request-intent: filler-order instance-order option order original-order plan proposal reflex-order\n" +
			"http://hl7.org/fhir/task-intent: unknown\n"},
		{"item-type", "http://hl7.org/fhir/item-type: attachment boolean choice date dateTime decimal display group integer open-choice quantity reference string text time url\n"},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.set, func(t *testing.T) {
			set, ok := s.Codes(valueSets + tt.set)
			if !ok {
				t.Fatal("there is no such set")
			}
			bySystem := map[string]string{}
			for system, code := range set.All() {
				bySystem[system] += " " + code
			}
			got := ""
			for _, system := range slices.Sorted(maps.Keys(bySystem)) {
				got += system + ":" + bySystem[system] + "\n"
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACodeIsInASetByItsSystemOrWithoutOne(t *testing.T) {
	const gender = "http://hl7.org/fhir/administrative-gender"
	tests := []struct {
		name, set, system, code string
		want                    bool
	}{
		{"a code of the set in its system", "administrative-gender", gender, "male", true},
		{"a code of the set, no system asked", "administrative-gender", "", "male", true},
		{"a code of the set in another system", "administrative-gender", "http://example.org", "male", false},
		{"a code in other case", "administrative-gender", gender, "Male", false},
		{"no code", "administrative-gender", "", "", false},
		{"a code that only groups others", "item-type", "", "question", false},
		{"a code of the second system", "event-timing", "", "MORN", true},
		{"a code of the first system", "event-timing", "http://terminology.hl7.org/CodeSystem/v3-TimingEvent", "ACM", true},
		{"a code of the first system in the second", "event-timing", "http://hl7.org/fhir/event-timing", "ACM", false},
		{"a currency of the official expansion", "currencies", "urn:iso:std:iso:4217", "EUR", true},
		{"a currency that came later", "currencies", "", "XCG", true},
		{"an abstract type among all types", "all-types", "", "Any", true},
		{"an abstract type among defined types", "defined-types", "", "Any", false},
	}
	s := open(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, ok := s.Codes(valueSets + tt.set)
			if !ok {
				t.Fatal("there is no such set")
			}
			if got := set.Has(tt.system, tt.code); got != tt.want {
				t.Errorf("Has(%q, %q) = %v, want %v", tt.system, tt.code, got, tt.want)
			}
		})
	}
}

func TestTheSystemOfACodeIsThatOfItsSet(t *testing.T) {
	tests := []struct{ set, code, want string }{
		{"administrative-gender", "male", "http://hl7.org/fhir/administrative-gender"},
		{"event-timing", "ACM", "http://terminology.hl7.org/CodeSystem/v3-TimingEvent"},
		{"event-timing", "MORN", "http://hl7.org/fhir/event-timing"},
		{"event-timing", "NEVER", ""},
	}
	s := open(t)
	for _, tt := range tests {
		set, _ := s.Codes(valueSets + tt.set)
		if got := set.System(tt.code); got != tt.want {
			t.Errorf("System(%q) of %s = %q, want %q", tt.code, tt.set, got, tt.want)
		}
	}
}

func TestOnlyThreeRequiredValueSetsCannotBeEnumerated(t *testing.T) {
	s := open(t)
	sets, codes := map[string]bool{}, 0
	unlisted := map[string]bool{}
	for _, typ := range s.Types() {
		for _, e := range typ.Elements {
			if e.Binding == nil || e.Binding.Strength != "required" || sets[e.Binding.ValueSet] {
				continue
			}
			set, ok := s.Codes(e.Binding.ValueSet)
			if !ok {
				unlisted[e.Binding.ValueSet] = true
				continue
			}
			sets[set.URL] = true
			for range set.All() {
				codes++
			}
		}
	}
	got := slices.Sorted(maps.Keys(unlisted))
	want := []string{valueSets + "mimetypes", valueSets + "ucum-units", "http://loinc.org/vs/LL379-9"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(sets) != 221 || codes != 2254 {
		t.Errorf("%d sets with %d codes, want 221 with 2254", len(sets), codes)
	}
}

func TestAValueSetThatIsNotRequiredAnywhereHasNoCodes(t *testing.T) {
	if _, ok := open(t).Codes(valueSets + "observation-codes"); ok {
		t.Error("observation-codes is bound with strength example, and has codes")
	}
}
