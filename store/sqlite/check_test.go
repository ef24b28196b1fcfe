package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
	"firewolf/fhir/tree"
)

// checked makes a store of nine versions in a folder, of which a part is merged and the first are pruned.
func checked(t *testing.T, merged bool) string {
	t.Helper()
	dir, clock := t.TempDir(), newClock()
	h := byHand(t, dir, clock, Options{Retention: time.Minute})
	h.put(basic("z", 1))
	h.put(basic("z", 2))
	h.merge()
	clock.advance(time.Hour)
	h.prune()
	h.churn() // rows 3 to 11
	if merged {
		h.merge()
	} else {
		h.w.freeze()
		if err := h.w.mergeNext(10); err != nil { // a slice, as where the process dies in the midst of a merge
			t.Fatal(err)
		}
	}
	h.die()
	return dir
}

func TestCheckOfAWholeStoreFindsWhatIsThereAndChangesNothing(t *testing.T) {
	for _, merged := range []bool{true, false} {
		dir := checked(t, merged)
		before := contents(t, dir)
		var done []int64
		report, err := Check(context.Background(), dir, Options{Engine: numberIndex{}}, func(d, total int64) { done = append(done, d, total) })
		if err != nil {
			t.Fatal(err)
		}
		want := CheckReport{Versions: 11, Current: map[string]int64{"Basic": 2}}
		if diff := cmp.Diff(want, report); diff != "" {
			t.Errorf("merged %v: %s", merged, diff)
		}
		if diff := cmp.Diff([]int64{11, 11}, done); diff != "" {
			t.Errorf("progress: %s", diff)
		}
		if contents(t, dir) != before {
			t.Errorf("merged %v: the file was changed", merged)
		}
	}
}

func contents(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCheckFindsEachKindOfDamage(t *testing.T) {
	key := fmt.Sprintf("x'%x'", keyPlace(1, "all").bytes())
	tests := []struct {
		name, sql string
		want      []string // each in a problem
	}{
		{
			"a letter of a resource", `UPDATE version SET json = replace(CAST(json AS TEXT), '"e":"3"', '"e":"4"') WHERE n = 9`,
			[]string{"Basic/a/_history/4: its digest is not that of its JSON", "Basic/a/_history/4: its stored values are not those of its entries", `Basic/a/_history/4: the index lacks it under "K"`},
		},
		{"a brace of a resource", `UPDATE version SET json = x'7b' WHERE n = 9`, []string{"Basic/a/_history/4: its JSON is damaged"}},
		{
			"the version in a resource", `UPDATE version SET json = replace(CAST(json AS TEXT), '"versionId":"4"', '"versionId":"5"') WHERE n = 9`,
			[]string{"Basic/a/_history/4: its JSON is of another version"},
		},
		{
			"the time in a resource", `UPDATE version SET json = replace(CAST(json AS TEXT), '2024-', '2023-') WHERE n = 9`,
			[]string{"Basic/a/_history/4: its JSON is of another version"},
		},
		{"a version is lost", `DELETE FROM version WHERE n = 5`, []string{"version row 5 is missing"}},
		{"the last version is lost", `DELETE FROM version WHERE n = 11`, []string{"the newest version is row 10", "names version row 11, which is not there"}},
		{"the number of a version", `UPDATE version SET vid = 7 WHERE n = 9`, []string{"version row 9 is not number 7 of its resource"}},
		{"the version before", `UPDATE version SET prev = 3 WHERE n = 9`, []string{"it follows version row 7, and says that it follows row 3"}},
		{"the time of a version", `UPDATE version SET at = at - 100000 WHERE n = 9`, []string{"Basic/a/_history/4: it is from", "its JSON is of another version"}},
		{"the values of a version", `UPDATE version SET vals = x'000000' WHERE n = 9`, []string{"Basic/a/_history/4: its stored values are not those of its entries"}},
		{"the digest of a version", `UPDATE version SET digest = x'00' WHERE n = 9`, []string{"Basic/a/_history/4: its digest is not that of its JSON"}},
		{"a type", `DELETE FROM kind`, []string{"Basic/a/_history/4: its type has no number"}},
		{"a posting is lost", `DELETE FROM posting WHERE substr(k, 1, 17) = ` + key, []string{`Basic/a/_history/4: the index lacks it under "K"`}},
		{"a posting of all is lost", `DELETE FROM posting WHERE substr(k, 1, 1) = x'41'`, []string{`Basic/a/_history/4: the index lacks it under "A"`}},
		{"a posting of ids is lost", `DELETE FROM posting WHERE substr(k, 1, 1) = x'49'`, []string{"version row 9 is not number 4 of its resource"}},
		{"a row of a posting is lost", `UPDATE posting SET v = substr(v, 3) WHERE substr(k, 1, 17) = ` + key, []string{`the index lacks it under "K"`}},
		{"a posting has a row more", `UPDATE posting SET v = x'09000a00' WHERE v = x'0a00' AND substr(k, 1, 1) = x'4b'`, []string{"postings, the resources give"}},
		{"a posting has a pruned row", `UPDATE posting SET v = x'0100' || v WHERE substr(k, 1, 17) = ` + key, []string{`family "K" names version row 1, which no moment shows`}},
		{"a posting has a row that is not there", `UPDATE posting SET v = v || x'ff00' WHERE substr(k, 1, 17) = ` + key, []string{"names version row 255, which is not there"}},
		{"a posting is out of order", `UPDATE posting SET v = x'09000200' WHERE substr(k, 1, 17) = ` + key, []string{`a posting of family "K" is damaged`}},
		{"a posting of odd length", `UPDATE posting SET v = v || x'00' WHERE substr(k, 1, 17) = ` + key, []string{`a posting of family "K" is damaged`}},
		{"a posting of no family", `INSERT INTO posting VALUES (x'5a5a5a5a5a5a', x'0200')`, []string{`a posting of family "Z" is damaged`}},
		{"a bitmap of few", `UPDATE posting SET v = zeroblob(8192) WHERE substr(k, 1, 17) = ` + key, []string{`a posting of family "K" is damaged`}},
		{"a closing is lost", `DELETE FROM closed WHERE n = 9`, []string{"which no moment shows"}},
		{"a closing names another", `UPDATE closed SET n = 99 WHERE n = 9`, []string{"the closing of version row 7 names row 99"}},
		{"a closing of nothing", `INSERT INTO closed VALUES (77, 76)`, []string{"closings are listed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := checked(t, true)
			change(t, dir, tt.sql)
			report, err := Check(context.Background(), dir, Options{Engine: numberIndex{}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(report.Problems, "\n")
			for _, want := range tt.want {
				if !strings.Contains(all, want) {
					t.Errorf("no problem says %q:\n%s", want, all)
				}
			}
		})
	}
}

func TestCheckFindsAPageThatWasOverwritten(t *testing.T) {
	dir := checked(t, true)
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for off := info.Size() - 8192; off > 8192 && !found; off -= 8192 { // the first page names the others
		page, old := make([]byte, 8192), make([]byte, 8192)
		if _, err := f.ReadAt(old, off); err != nil {
			t.Fatal(err)
		}
		for i := range page {
			page[i] = 0xa5
		}
		if _, err := f.WriteAt(page, off); err != nil {
			t.Fatal(err)
		}
		report, err := Check(context.Background(), dir, Options{Engine: numberIndex{}}, nil)
		found = err != nil || strings.Contains(strings.Join(report.Problems, "\n"), "SQLite:")
		if _, err := f.WriteAt(old, off); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Error("no page is missed")
	}
}

func TestCheckSaysAtMostAHundredProblems(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	for i := range 120 {
		write(t, s, basic(fmt.Sprint(i), i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, dir, `UPDATE version SET digest = x'00'`)
	report, err := Check(context.Background(), dir, Options{Engine: numberIndex{}}, nil)
	if err != nil || len(report.Problems) != maxProblems {
		t.Errorf("%d problems, %v", len(report.Problems), err)
	}
}

func TestACheckThatIsCanceledEnds(t *testing.T) {
	dir := checked(t, true)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o := Options{Engine: cancelingIndex{cancel}}
	if _, err := Check(ctx, dir, o, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s := openAt(t, dir, Options{Engine: numberIndex{}}) // it left the lock
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// cancelingIndex cancels what asks it.
type cancelingIndex struct{ cancel context.CancelFunc }

func (x cancelingIndex) Entries(t *tree.Tree) (search.Entries, error) {
	x.cancel()
	return numberIndex{}.Entries(t)
}
