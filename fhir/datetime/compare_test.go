package datetime_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firewolf/fhir/datetime"
)

func TestCompareKnowsTheOrderOnlyAsFarAsBothAreStated(t *testing.T) {
	tests := []struct {
		a, b  string
		order int
		known bool
	}{
		{"2023", "2024", -1, true},
		{"2024", "2024", 0, true},
		{"2024", "2024-01", 0, false},
		{"2024-02", "2024-01-31", 1, true},
		{"2024-01-31", "2024-01-31", 0, true},
		{"2024-01-31", "2024-01-31T00:00", 0, false},
		{"2024-01-30", "2024-01-31T00:00", -1, true},
		{"2024-01-31T10", "2024-01-31T09:59", 1, true},
		{"2024-01-31T10", "2024-01-31T10:59", 0, false},
		{"2024-01-31T10:59", "2024-01-31T10:59:01", 0, false},
		{"2024-01-31T10:59:01", "2024-01-31T10:59:01.0", 0, true},
		{"2024-01-31T10:59:01", "2024-01-31T10:59:01.001", -1, true},
		{"2024-01-31T10:59:01Z", "2024-01-31T11:59:01+01:00", 0, true},
		{"2024-01-31T23:30:00-01:00", "2024-02-01T00:29:59Z", 1, true},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:59:60+01:00", 0, true},
		{"2024-01-31T10:59:01", "2024-01-31T11:59:01+01:00", -1, true},
	}
	for _, tt := range tests {
		t.Run(tt.a+" and "+tt.b, func(t *testing.T) {
			a, errA := datetime.ParsePartial(tt.a)
			b, errB := datetime.ParsePartial(tt.b)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			type answer struct {
				Order int
				Known bool
			}
			order, known := datetime.Compare(a, b)
			back, knownBack := datetime.Compare(b, a)
			want := []answer{{tt.order, tt.known}, {-tt.order, tt.known}}
			if diff := cmp.Diff(want, []answer{{order, known}, {back, knownBack}}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompareTimesOrdersTimesOfDay(t *testing.T) {
	a, _ := datetime.ParsePartialTime("10:30")
	b, _ := datetime.ParsePartialTime("10:30:00")
	c, _ := datetime.ParsePartialTime("10:31:00.5")
	type answer struct {
		Order int
		Known bool
	}
	var got []answer
	for _, pair := range [][2]datetime.Time{{a, b}, {a, c}, {c, b}, {a, a}} {
		order, known := datetime.CompareTimes(pair[0], pair[1])
		got = append(got, answer{order, known})
	}
	if diff := cmp.Diff([]answer{{0, false}, {-1, true}, {1, true}, {0, true}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAKnownOrderIsThatOfTheRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawn(t), drawn(t)
		_, zonedA := a.Offset()
		_, zonedB := b.Offset()
		order, known := datetime.Compare(a, b)
		if !known || order == 0 || !zonedA || !zonedB {
			return
		}
		alo, _ := a.Range()
		blo, _ := b.Range()
		if alo.Compare(blo) != order {
			t.Fatalf("%s and %s are ordered %d", a, b, order)
		}
	})
}
