package mongodb

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/search"
	"firewolf/store"
)

func TestAVersionThatIsFoundTwiceIsOneCandidate(t *testing.T) {
	a, b, c := &candidate{t: 1}, &candidate{t: 2}, &candidate{t: 3}
	got := []int64{}
	for _, x := range distinct([]*candidate{b, a, b, c, a}) {
		got = append(got, int64(x.t))
	}
	if d := cmp.Diff([]int64{2, 1, 3}, got); d != "" {
		t.Error(d)
	}
}

func TestACountOfManyIDsLooksAtEach(t *testing.T) {
	s := asking(t)
	s.finder.tuning.some = 2
	ids := []string{"p0", "p1", "p2", "p3", "p9"}
	for k := range 20 {
		ids = append(ids, fmt.Sprintf("absent%d", k))
	}
	asked := 0
	s.finder.watch = func(l lookup) { asked += btoi(l.fields == nil && l.limit == 0) }
	n, err := s.Count(context.Background(), search.Plan{Type: "Patient", Where: search.IDIn{IDs: ids}}, store.Now)
	if err != nil || n != 4 || asked != 0 {
		t.Errorf("%d are counted (%v), %d of the counts by the engine; want 4, and none", n, err, asked)
	}
}
