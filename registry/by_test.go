package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/registry/course"
)

func TestACenterMayBeCalledAsAGroupOfTheAnswerIs(t *testing.T) {
	q := &question{in: inputs{}, k: 1, all: group{name: everyone}}
	for _, center := range []string{"other", "all", "north", "", "all"} {
		q.all.courses = append(q.all.courses, &course.Course{Patient: center})
	}
	q.by(func(c *course.Course) string { return c.Patient })
	got := map[string]int{}
	for _, g := range q.groups {
		got[g.name] = len(g.courses)
	}
	if diff := cmp.Diff(map[string]int{`"all"`: 2, `"other"`: 1, "north": 1, "unknown": 1}, got); diff != "" {
		t.Error(diff)
	}
}
