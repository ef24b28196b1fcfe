package disclose

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func ofTable(table int, f Fact) Fact {
	f.Table = table
	return f
}

func TestALedgerAddsUpTheGroupsOfATable(t *testing.T) {
	three := []Fact{ofTable(1, whole(0, 20)), ofTable(1, whole(20, 40)), ofTable(1, whole(40, 60))}
	met := []Fact{ofTable(1, part("met", 0, 20)), ofTable(1, part("met", 20, 40))}
	within := part("met", 0, 30)
	within.Within = "ever"
	tests := []struct {
		name      string
		told, ask []Fact
		refused   bool
	}{
		{"two groups", three, []Fact{whole(0, 40)}, false},
		{"two groups less one patient", three, []Fact{whole(0, 39)}, true},
		{"two groups and one patient", three, []Fact{whole(0, 41)}, true},
		{"one patient of two groups exchanged", three, []Fact{whole(1, 41)}, true},
		{"half of each of two groups", three, []Fact{whole(10, 50)}, false},
		{"all less one", three, []Fact{whole(0, 59)}, true},
		{"groups of other tables are not added up", []Fact{ofTable(1, whole(0, 20)), ofTable(2, whole(20, 40))}, []Fact{whole(0, 39)}, false},
		{"two groups of which one patient is in the other", three, []Fact{ofTable(1, whole(1, 20)), ofTable(1, whole(20, 41))}, true},
		{"two groups that together are two told ones less one patient", three, []Fact{ofTable(1, whole(0, 10)), ofTable(1, whole(10, 39))}, true},
		{"two groups that together are two told ones", three, []Fact{ofTable(1, whole(0, 9)), ofTable(1, whole(9, 40))}, true}, // 20 less 9
		{"two others that together are two told ones", []Fact{ofTable(1, whole(0, 30)), ofTable(1, whole(30, 60))}, []Fact{ofTable(1, whole(0, 15)), ofTable(1, whole(15, 60))}, false},
		{"a part of two groups less one patient", met, []Fact{part("met", 0, 39)}, true},
		{"a part of two groups and one patient", met, []Fact{part("met", 0, 41)}, true},
		{"a part of which one is exchanged tells of nobody", met, []Fact{part("met", 1, 41)}, false},
		{"a cohort that holds a part of two groups and one patient", met, []Fact{whole(0, 41)}, true},
		{"who meets it is some of those who ever did", []Fact{within}, []Fact{part("ever", 0, 33)}, true},
		{"and many more", []Fact{within}, []Fact{part("ever", 0, 41)}, false},
		{"of those who ever did, who meets it", []Fact{part("ever", 0, 33)}, []Fact{within}, true},
		{"which is no part of what is not related", []Fact{within}, []Fact{part("other", 0, 33)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, l := range []*Ledger{NewLedger(nil), NewLedger(newShelf())} {
				if err := l.ask("a", 11, tt.told...); err != nil {
					t.Fatal(err)
				}
				if err := l.ask("a", 11, tt.ask...); (err != nil) != tt.refused {
					t.Errorf("%v, refused is to be %v", err, tt.refused)
				}
			}
		})
	}
}

func TestALedgerThatIsReadAnewAddsUpTheGroupsOfATable(t *testing.T) {
	s := newShelf()
	if err := NewLedger(s).ask("a", 11, ofTable(7, whole(0, 20)), ofTable(7, whole(20, 40)), ofTable(8, part("met", 0, 20))); err != nil {
		t.Fatal(err)
	}
	l := NewLedger(s)
	if err := l.ask("a", 11, whole(0, 39)); err == nil {
		t.Error("two groups less one patient are told")
	}
	if err := l.ask("a", 11, ofTable(7, whole(20, 40)), ofTable(7, whole(0, 20))); err != nil || len(s.entries["a"]) != 2 {
		t.Errorf("the groups in another order: %v, %d entries", err, len(s.entries["a"]))
	}
	if err := l.ask("a", 11, ofTable(3, whole(0, 20)), ofTable(3, whole(20, 40))); err != nil || len(s.entries["a"]) != 2 {
		t.Errorf("the same groups are no news: %v, %d entries", err, len(s.entries["a"]))
	}
}

// The attacker adds up any groups of two answers that were allowed and compares the sums.
func TestSumsOfGroupsOfTwoAnswersDifferByNobodyOrByMany(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const all, k = 60, 5
		draw := func(name string) []Fact {
			cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, all), 2, 5, rapid.ID[int]).Draw(t, name)
			slices.Sort(cuts)
			var l []Fact
			for i, to := range cuts[1:] {
				if to-cuts[i] >= k {
					l = append(l, ofTable(1, whole(cuts[i], to)))
				}
			}
			return l
		}
		first, second := draw("first"), draw("second")
		l := NewLedger(nil)
		if l.ask("a", k, first...) != nil || l.ask("a", k, second...) != nil {
			return
		}
		for _, a := range subsets(first) {
			for _, b := range subsets(second) {
				if n := apart(a, b); Small(n, k) {
					t.Fatalf("%v and %v differ by %d", a, b, n)
				}
			}
		}
	})
}

// subsets are what some of the groups make up together.
func subsets(l []Fact) []map[string]bool {
	var out []map[string]bool
	for bits := 1; bits < 1<<len(l); bits++ {
		u := map[string]bool{}
		for i, f := range l {
			if bits>>i&1 == 1 {
				for _, id := range f.Patients {
					u[id] = true
				}
			}
		}
		out = append(out, u)
	}
	return out
}

func apart(a, b map[string]bool) int {
	n := 0
	for id := range a {
		if !b[id] {
			n++
		}
	}
	for id := range b {
		if !a[id] {
			n++
		}
	}
	return n
}

func TestOfManyGroupsEachPairIsAddedUp(t *testing.T) {
	var told []Fact
	for g := range 13 {
		told = append(told, ofTable(1, whole(20*g, 20*g+20)))
	}
	for _, tt := range []struct {
		from, to int
		refused  bool
	}{{0, 39, true}, {0, 119, true}, {20, 260, false}, {21, 260, true}} {
		l := NewLedger(nil)
		if err := l.ask("a", 11, told...); err != nil {
			t.Fatal(err)
		}
		if err := l.ask("a", 11, whole(tt.from, tt.to)); (err != nil) != tt.refused {
			t.Errorf("%d to %d: %v", tt.from, tt.to, err)
		}
		l = NewLedger(nil)
		if err := l.ask("a", 11, whole(tt.from, tt.to)); err != nil {
			t.Fatal(err)
		}
		if err := l.ask("a", 11, told...); (err != nil) != tt.refused {
			t.Errorf("%d to %d first: %v", tt.from, tt.to, err)
		}
	}
}
