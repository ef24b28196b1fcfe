package sqlite

import (
	"context"
	"fmt"
	"testing"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// TestAResourceIsReadAsItWasWhereALaterVersionLiesInAnotherChunk fills the first chunk of 65,536 rows, so that the versions of one
// resource lie in two containers.
func TestAResourceIsReadAsItWasWhereALaterVersionLiesInAnotherChunk(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 66,000 versions")
	}
	s := openAt(t, t.TempDir(), Options{Engine: numberIndex{}})
	defer closeStore(t, s)
	k := fhir.Key{Type: "Basic", ID: "k"}
	write(t, s, basic("first", 1), basic("k", 1))
	for n := 0; n < 66_000; n += 1000 {
		ops := make([]store.Op, 1000)
		for i := range ops {
			ops[i] = basic(fmt.Sprint("f", n+i), 1)
		}
		write(t, s, ops...)
	}
	write(t, s, basic("k", 2))
	newest := fhir.Moment(s.head().n)
	if newest != 66_003 {
		t.Fatalf("the newest moment is %d", newest)
	}
	for _, c := range []struct {
		name string
		at   fhir.Moment
		want int64
	}{
		{"now", store.Now, 2},
		{"at its last version", newest, 2},
		{"just before, in the second chunk", newest - 1, 1},
		{"at the last row of the first chunk", 1<<16 - 1, 1},
		{"at the first row of the second chunk", 1 << 16, 1},
		{"at its first version", 2, 1},
		{"before it", 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := s.Read(context.Background(), c.at, k)
			if c.want == 0 {
				if i, ok := fhir.IssuesOf(err); !ok || i[0].Code != fhir.NotFound {
					t.Fatalf("%+v, %v", v, err)
				}
				return
			}
			if err != nil || v.VID != c.want {
				t.Errorf("version %d, %v; want %d", v.VID, err, c.want)
			}
		})
	}
	for _, c := range []struct {
		key  string
		at   fhir.Moment
		want int64
	}{{"n|1", store.Now, 66_001}, {"n|1", newest - 1, 66_002}, {"n|2", newest, 1}, {"n|2", newest - 1, 0}, {"all", 1 << 16, 1 << 16}} {
		n, err := s.Count(context.Background(), search.Plan{Type: "Basic", Where: search.HasKey{Key: c.key}}, c.at)
		if n != c.want || err != nil {
			t.Errorf("%d have %s at %d, %v; want %d", n, c.key, c.at, err, c.want)
		}
	}
}

func TestAVersionInTheFileIsFoundInOneStatement(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	write(t, s, basic("other", 1))
	write(t, s, basic("k", 1))
	write(t, s, basic("k", 2))
	closeStore(t, s) // which puts all that is in memory into the file
	s = openAt(t, dir, Options{Engine: numberIndex{}})
	defer closeStore(t, s)
	err := s.borrow(context.Background(), func(r *reader) error {
		for at, want := range map[uint32]int64{1: 0, 2: 1, 3: 2, 4: 2} {
			v, found, err := r.loadCurrent(fhir.Key{Type: "Basic", ID: "k"}, at)
			if err != nil || found != (want != 0) || v.VID != want {
				t.Errorf("at %d: version %d, found %v, %v; want %d", at, v.VID, found, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
