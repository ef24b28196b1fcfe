package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

func openLedger(t *testing.T, o LedgerOptions) *Ledger {
	t.Helper()
	l, err := OpenLedger(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func at(m fhir.Moment) func() (fhir.Moment, error) {
	return func() (fhir.Moment, error) { return m, nil }
}

func TestLedgerRemembersWhatWasDoneAndFlushed(t *testing.T) {
	o := LedgerOptions{Path: filepath.Join(t.TempDir(), "ledger"), Target: "store"}
	done, open, lost := Unit{Method: "POST", Path: "Patient", Body: []byte("done")}, Unit{Body: []byte("open")}, Unit{Body: []byte("lost")}

	l := openLedger(t, o)
	claim := func(u Unit) Digest {
		d, before := l.Claim(1, u)
		if before {
			t.Fatalf("a new ledger knows %s", u.Body)
		}
		return d
	}
	d := claim(done)
	claim(open)
	l.Done(d)
	if err := l.Flush(at(7)); err != nil {
		t.Fatal(err)
	}
	l.Done(claim(lost))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	tests := []struct {
		name string
		open LedgerOptions
		unit Unit
		want bool
	}{
		{"what was flushed is known", o, done, true},
		{"what was claimed only is not", o, open, false},
		{"what was not flushed is not", o, lost, false},
		{"the same content for another path is not", o, Unit{Method: "POST", Path: "Group", Body: []byte("done")}, false},
		{"the same content for another target is not", LedgerOptions{Path: o.Path, Target: "other"}, done, false},
		{"a target at that moment knows it", LedgerOptions{Path: o.Path, Target: "store", Head: 7}, done, true},
		{"a ledger that is to forget does not", LedgerOptions{Path: o.Path, Target: "store", Forget: true}, done, false},
		{"a ledger that was to forget has kept the file", o, done, true},
		{"a target that is an older copy does not know it", LedgerOptions{Path: o.Path, Target: "store", Head: 6}, done, false},
		{"nor once that copy has grown", LedgerOptions{Path: o.Path, Target: "store", Head: 9}, done, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := openLedger(t, test.open)
			if _, got := l.Claim(1, test.unit); got != test.want {
				t.Errorf("known: %v, want %v", got, test.want)
			}
		})
	}
}

func TestLedgerTellsEqualUnitsOfOneFileApart(t *testing.T) {
	o := LedgerOptions{Path: filepath.Join(t.TempDir(), "ledger"), Target: "store"}
	u := Unit{Method: "POST", Path: "Patient", Body: []byte("{}")}
	l := openLedger(t, o)
	first, _ := l.Claim(1, u)
	second, before := l.Claim(1, u)
	if first == second || before {
		t.Fatal("two equal lines of a file are one unit")
	}
	l.Done(first)
	l.Done(second)
	if again, before := l.Claim(2, u); again != first || !before {
		t.Error("the first such line of another file is not the first one of this")
	}
	if err := l.Flush(at(1)); err != nil {
		t.Fatal(err)
	}

	l = openLedger(t, o)
	var known []bool
	for range 3 {
		_, before := l.Claim(1, u)
		known = append(known, before)
	}
	if d := cmp.Diff([]bool{true, true, false}, known); d != "" {
		t.Errorf("of three such lines the first two were loaded before (-want +got):\n%s", d)
	}
}

func TestLedgerDropsWhatACrashHasTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	whole := strings.Repeat("0a", 16) + " 3\n"
	write(t, path, whole+"rubbish\n"+strings.Repeat("0b", 16)+" x\n"+strings.Repeat("0c", 16)+" 4")
	l := openLedger(t, LedgerOptions{Path: path, Target: "store", Head: 5})
	if len(l.marks) != 1 {
		t.Errorf("%d marks, want that of the whole line", len(l.marks))
	}
	l.Done(Digest{1})
	if err := l.Flush(at(5)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("0a", 16) + " 5\n01" + strings.Repeat("00", 15) + " 5\n"
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("ledger (-want +got):\n%s", d)
	}
}

func TestLedgerThatCannotBeReadIsAnError(t *testing.T) {
	if _, err := OpenLedger(LedgerOptions{Path: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "ledger of what was loaded") {
		t.Errorf("error %v", err)
	}
	if _, err := OpenLedger(LedgerOptions{Path: filepath.Join(t.TempDir(), "absent", "ledger")}); err == nil {
		t.Error("no error where the folder is absent")
	}
}
