package search_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
)

func TestADateIsIndexedAsTheTimeItCovers(t *testing.T) {
	testIndex(t, "Observation", []indexCase{
		{"a year", "date", `"effectiveDateTime":"2015"`, []string{"key !date", "range date 2015-01-01 .. 2015-12-31T23:59:59.999999999Z"}},
		{"a month", "date", `"effectiveDateTime":"2016-02"`, []string{"key !date", "range date 2016-02-01 .. 2016-02-29T23:59:59.999999999Z"}},
		{"a day", "date", `"effectiveDateTime":"2015-08-12"`, []string{"key !date", "range date 2015-08-12 .. 2015-08-12T23:59:59.999999999Z"}},
		{
			"a second with a zone: in UTC", "date", `"effectiveDateTime":"2015-08-12T01:02:03+02:00"`,
			[]string{"key !date", "range date 2015-08-11T23:02:03Z .. 2015-08-11T23:02:03.999999999Z"},
		},
		{
			"a millisecond", "date", `"effectiveDateTime":"2015-08-12T01:02:03.004Z"`,
			[]string{"key !date", "range date 2015-08-12T01:02:03.004Z .. 2015-08-12T01:02:03.004999999Z"},
		},
		{
			"an instant: a point", "date", `"effectiveInstant":"2015-08-12T01:02:03Z"`,
			[]string{"key !date", "range date 2015-08-12T01:02:03Z .. 2015-08-12T01:02:03Z"},
		},
		{
			"a period: from the start of its start to the end of its end", "date", `"effectivePeriod":{"start":"2015-08","end":"2015-09-10"}`,
			[]string{"key !date", "range date 2015-08-01 .. 2015-09-10T23:59:59.999999999Z"},
		},
		{"a period without end", "date", `"effectivePeriod":{"start":"2015-08"}`, []string{"key !date", "range date 2015-08-01 .. open"}},
		{"a period without start", "date", `"effectivePeriod":{"end":"2015"}`, []string{"key !date", "range date open .. 2015-12-31T23:59:59.999999999Z"}},
		{"a period of nothing: it is there, and compares with nothing", "date", `"effectivePeriod":{"id":"x"}`, []string{"key !date"}},
		{
			"a timing: its events from the first to the last", "date",
			`"effectiveTiming":{"event":["2015-03-02","2015-01","2015-02-10T10:00:00Z"]}`,
			[]string{"key !date", "range date 2015-01-01 .. 2015-03-02T23:59:59.999999999Z"},
		},
		{
			"a timing with bounds: they and its events", "date",
			`"effectiveTiming":{"event":["2015-05-01"],"repeat":{"boundsPeriod":{"start":"2015-01-01","end":"2015-02-01"},"frequency":1}}`,
			[]string{"key !date", "range date 2015-01-01 .. 2015-05-01T23:59:59.999999999Z"},
		},
		{
			"a timing with bounds open above: an event cannot close them", "date",
			`"effectiveTiming":{"event":["2015-05-01","2014-12-24"],"repeat":{"boundsPeriod":{"start":"2015-01-01"}}}`,
			[]string{"key !date", "range date 2014-12-24 .. open"},
		},
		{
			"a timing without limits: it is there, and compares with nothing", "date",
			`"effectiveTiming":{"repeat":{"boundsDuration":{"value":3,"unit":"d"}},"code":{"text":"daily"}}`,
			[]string{"key !date"},
		},
		{"no value but an extension: not there", "date", `"_effectiveDateTime":{"extension":[{"url":"x","valueCode":"unknown"}]}`, nil},
		{"a text that is no date: there, and compares with nothing", "date", `"effectiveDateTime":"yesterday"`, []string{"key !date"}},
	})
}

func TestADateIsComparedAsRanges(t *testing.T) {
	testPlans(t, []planCase{
		{"no prefix: contained in the day", "Observation?date=2013-01-14", "and(range(date lo>=2013-01-14 hi<=2013-01-14T23:59:59.999999999Z))"},
		{"eq: the same", "Observation?date=eq2013-01-14", "and(range(date lo>=2013-01-14 hi<=2013-01-14T23:59:59.999999999Z))"},
		{"ne: not contained", "Observation?date=ne2013-01", "and(or(range(date lo<2013-01-01) range(date hi>2013-01-31T23:59:59.999999999Z)))"},
		{"gt: reaches above", "Observation?date=gt2013", "and(range(date hi>2013-12-31T23:59:59.999999999Z))"},
		{"ge: reaches into it or above", "Observation?date=ge2013", "and(range(date hi>=2013-01-01))"},
		{"lt: begins below", "Observation?date=lt2013", "and(range(date lo<2013-01-01))"},
		{"le: begins below or in it", "Observation?date=le2013", "and(range(date lo<=2013-12-31T23:59:59.999999999Z))"},
		{"sa: begins above", "Observation?date=sa2013", "and(range(date lo>2013-12-31T23:59:59.999999999Z))"},
		{"eb: ends below", "Observation?date=eb2013", "and(range(date hi<2013-01-01))"},
		{
			"ap: overlaps when widened by a tenth of the gap to now on either side",
			"Observation?date=ap2024-02-29", "and(range(date lo<=2024-03-02T01:11:59.999999999Z hi>=2024-02-27T22:48))",
		},
		{"minutes with a zone", "Observation?date=2013-01-14T10:00%2B01:00", "and(range(date lo>=2013-01-14T09:00 hi<=2013-01-14T09:00:59.999999999Z))"},
		{"a zone whose plus came as a space", "Observation?date=2013-01-14T10:00%2001:00", "and(range(date lo>=2013-01-14T09:00 hi<=2013-01-14T09:00:59.999999999Z))"},
		{"a time without zone is UTC", "Observation?date=lt2013-01-14T10:00", "and(range(date lo<2013-01-14T10:00))"},
		{
			"any of several", "Observation?date=2013,gt2014",
			"and(or(range(date lo>=2013-01-01 hi<=2013-12-31T23:59:59.999999999Z) range(date hi>2014-12-31T23:59:59.999999999Z)))",
		},
		{"two of them: both", "Observation?date=ge2013&date=lt2014", "and(range(date hi>=2013-01-01) range(date lo<2014-01-01))"},
		{"missing", "Observation?date:missing=true", "and(not(!date))"},
		{"not missing", "Observation?date:missing=false", "and(!date)"},
	})
}

// TestTheExamplesOfThePageOnDates are those of https://hl7.org/fhir/R4/search.html#date
func TestTheExamplesOfThePageOnDates(t *testing.T) {
	at := func(s string) string { return `"effectiveDateTime":"` + s + `"` }
	from := func(s string) string { return `"effectivePeriod":{"start":"` + s + `"}` }
	until := func(s string) string { return `"effectivePeriod":{"end":"` + s + `"}` }
	testMatches(t, "Observation", []matchCase{
		{"eq: 2013-01-14T00:00 matches (obviously)", at("2013-01-14T00:00:00Z"), "date=eq2013-01-14", true},
		{"eq: 2013-01-14T10:00 matches", at("2013-01-14T10:00:00Z"), "date=eq2013-01-14", true},
		{"eq: 2013-01-15T00:00 does not match - it's not in the range", at("2013-01-15T00:00:00Z"), "date=eq2013-01-14", false},
		{"ne: 2013-01-15T00:00 matches - it's not in the range", at("2013-01-15T00:00:00Z"), "date=ne2013-01-14", true},
		{"ne: 2013-01-14T00:00 does not match - it's in the range", at("2013-01-14T00:00:00Z"), "date=ne2013-01-14", false},
		{"ne: 2013-01-14T10:00 does not match - it's in the range", at("2013-01-14T10:00:00Z"), "date=ne2013-01-14", false},
		{"lt: 2013-01-14 matches, because it includes the part of 14-Jan 2013 before 10am", at("2013-01-14"), "date=lt2013-01-14T10:00", true},
		{"gt: 2013-01-14 matches, because it includes the part of 14-Jan 2013 after 10am", at("2013-01-14"), "date=gt2013-01-14T10:00", true},
		{"ge: from 21-Jan 2013 onwards may include times after 14-Mar 2013", from("2013-01-21"), "date=ge2013-03-14", true},
		{"le: from 21-Jan 2013 onwards may include times before 14-Mar 2013", from("2013-01-21"), "date=le2013-03-14", true},
		{"sa: from 15-Mar 2013 onwards starts after 14-Mar 2013", from("2013-03-15"), "date=sa2013-03-14", true},
		{"sa: from 21-Jan 2013 onwards starts before 14-Mar 2013", from("2013-01-21"), "date=sa2013-03-14", false},
		{"sa: before and including 21-Jan 2013 starts (and ends) before 14-Mar 2013", until("2013-01-21"), "date=sa2013-03-14", false},
		{"eb: from 15-Mar 2013 onwards starts after 14-Mar 2013", from("2013-03-15"), "date=eb2013-03-14", false},
		{"eb: from 21-Jan 2013 onwards starts before 14-Mar 2013, but does not end before it", from("2013-01-21"), "date=eb2013-03-14", false},
		{"eb: before and including 21-Jan 2013 ends before 14-Mar 2013", until("2013-01-21"), "date=eb2013-03-14", true},
		{"ap: 14-Mar 2013 is included - as it exactly matches", at("2013-03-14"), "date=ap2013-03-14", true},
		{"ap: 15-Jun 2015 is not included - as it is not near 14-Mar 2013", at("2015-06-15"), "date=ap2013-03-14", false},
		{
			"over a 2-year period: ge2010-01-01 and le2011-12-31 include its last day", at("2011-12-31T23:00:00Z"),
			"date=ge2010-01-01&date=le2011-12-31", true,
		},
		{"a month does not lie in one of its days", at("2013-01"), "date=2013-01-14", false},
		{"a day lies in its month", at("2013-01-14"), "date=2013-01", true},
		{"a period that ends within the day reaches into it", `"effectivePeriod":{"start":"2013-03-13","end":"2013-03-14T12:00:00Z"}`, "date=ge2013-03-14", true},
		{"an instant is equal to its second", `"effectiveInstant":"2013-03-14T12:00:00.5Z"`, "date=2013-03-14T12:00:00Z", true},
		{"a dateTime in another zone is the same time", at("2013-03-14T23:30:00-05:00"), "date=2013-03-15", true},
		{"nothing is not unequal to anything", `"status":"final"`, "date=ne2013", false},
	})
}

func TestLastUpdatedIsAskedOfTheStoreInWholeMilliseconds(t *testing.T) {
	testPlans(t, []planCase{
		{"a day", "Patient?_lastUpdated=2023-05-01", "and(updated(2023-05-01..2023-05-02))"},
		{"not a day", "Patient?_lastUpdated=ne2023-05-01", "and(or(updated(..2023-05-01) updated(2023-05-02..)))"},
		{"after a day", "Patient?_lastUpdated=gt2023-05-01", "and(updated(2023-05-02..))"},
		{"starting after a day", "Patient?_lastUpdated=sa2023-05-01", "and(updated(2023-05-02..))"},
		{"on a day or later", "Patient?_lastUpdated=ge2023-05-01", "and(updated(2023-05-01..))"},
		{"before a day", "Patient?_lastUpdated=lt2023-05-01", "and(updated(..2023-05-01))"},
		{"ending before a day", "Patient?_lastUpdated=eb2023-05-01", "and(updated(..2023-05-01))"},
		{"on a day or before", "Patient?_lastUpdated=le2023-05-01", "and(updated(..2023-05-02))"},
		{"about a day", "Patient?_lastUpdated=ap2024-02-29", "and(updated(2024-02-27T22:48..2024-03-02T01:12))"},
		{
			"a fraction of a millisecond: from the next whole one on", "Patient?_lastUpdated=ge2023-05-01T10:00:00.0001Z",
			"and(updated(2023-05-01T10:00:00.001Z..))",
		},
		{"within a millisecond: nothing lies there", "Patient?_lastUpdated=2023-05-01T10:00:00.0001Z", "and(updated(2023-05-01T10:00:00.001Z..2023-05-01T10:00:00.001Z))"},
		{"before the year 1: nothing", "Patient?_lastUpdated=lt0001", "and(updated(..0001-01-01T00:00:00.001Z))"},
		{"two of several", "Patient?_lastUpdated=ge2023&_lastUpdated=lt2024,2025", "and(updated(2023-01-01..) or(updated(..2024-01-01) updated(2025-01-01..2026-01-01)))"},
		{"in a chain", "Observation?patient._lastUpdated=ge2023", "and(refers(patient to Patient: updated(2023-01-01..)))"},
		{"never missing", "Patient?_lastUpdated:missing=false", "and()"},
		{"missing: nothing", "Patient?_lastUpdated:missing=true", "and(not(and()))"},
	})
}

func TestIDsAreAskedOfTheStore(t *testing.T) {
	testPlans(t, []planCase{
		{"one", "Patient?_id=a", "and(id(a))"},
		{"several", "Patient?_id=a,b", "and(id(a b))"},
		{"all but some", "Patient?_id:not=a,b", "and(not(id(a b)))"},
		{"what can be no id", `Patient?_id=a%20b,x\,y`, "and(id(a b x,y))"},
		{"said to have no system, as it has none", "Patient?_id=|a,b", "and(id(a b))"},
		{"never missing", "Patient?_id:missing=false", "and()"},
		{"missing: nothing", "Patient?_id:missing=true", "and(not(and()))"},
		{"at the end of a chain", "Observation?patient._id=a", "and(refers(patient to Patient: id(a)))"},
		{"at the end of a reverse chain", "Patient?_has:Observation:patient:_id=a", "and(referred(by Observation.patient: id(a)))"},
	})
}

func TestApproximateDatesAreMeasuredFromTheClockHandedIn(t *testing.T) {
	tests := []struct {
		name string
		now  time.Time
		want string
	}{
		{"half a day away", now, "and(range(birthdate lo<=2024-03-11T01:11:59.999999999Z hi>=2024-03-09T22:48))"},
		{"ten years away", now.AddDate(0, 0, 3650), "and(range(birthdate lo<=2025-03-11T01:11:59.999999999Z hi>=2023-03-10T22:48))"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q, err := engine(t).Parse("Patient", pairs(t, "birthdate=ap2024-03-10"), search.Options{Now: tt.now})
			if err != nil {
				t.Fatal(err)
			}
			p, err := engine(t).Compile(q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, showPlan(p)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
