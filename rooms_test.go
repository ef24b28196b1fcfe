package main

import (
	"os/exec"
	"strings"
	"testing"
)

// floors lists every room with its floor. A room imports rooms of lower floors only.
var floors = map[string]int{
	"":                        10,
	"docs/performance/bench":  10,
	"e2e":                     10,
	"api":                     9,
	"api/auth":                8,
	"api/observe":             8,
	"fhir/operation":          8,
	"fhir/interaction":        7,
	"mapping":                 7,
	"mapping/cart":            7,
	"mapping/csv":             7,
	"mapping/synthetic":       7,
	"load":                    8,
	"store/mongodb":           6,
	"store/mongodb/mongotest": 0,
	"store/mongodb/model":     6,
	"store/sqlite":            6,
	"store/memory":            6,
	"store/storetest":         6,
	"store":                   5,
	"fhir/search":             4,
	"fhir/validate":           4,
	"fhir/path":               3,
	"fhir/spec":               2,
	"fhir/spec/gen":           2,
	"fhir/tree":               1,
	"fhir/datetime":           1,
	"fhir/decimal":            1,
	"fhir/ucum":               1,
	"fhir/ucum/gen":           1,
	"fhir":                    0,
	"fixtures":                0,
	"fixtures/gen":            1,
	"registry/term":           0,
	"registry/score":          1,
	"registry":                8,
	"registry/course":         7,
	"registry/disclose":       2,
	"fhir/stats":              1,
}

// valueRooms may import each other's arithmetic although they share a floor.
var sameFloor = map[string][]string{
	"fhir/ucum":       {"fhir/decimal"},
	"store/storetest": {"store/memory"},
	// A format knows the field whose rows it brings, and the field knows the pipeline.
	"mapping/cart":      {"mapping"},
	"mapping/csv":       {"mapping", "mapping/cart"},
	"mapping/synthetic": {"mapping", "mapping/cart"},
}

func TestRoomsImportOnlyRoomsOfLowerFloors(t *testing.T) {
	for _, line := range goList(t, `{{.ImportPath}} {{join .Imports " "}}`) {
		fields := strings.Fields(line)
		room := strings.TrimPrefix(strings.TrimPrefix(fields[0], "firewolf"), "/")
		floor, ok := floors[room]
		if !ok {
			t.Errorf("room %q stands in no floor: add it to floors with its place", room)
			continue
		}
		for _, imp := range fields[1:] {
			if imp != "firewolf" && !strings.HasPrefix(imp, "firewolf/") {
				continue
			}
			below := strings.TrimPrefix(strings.TrimPrefix(imp, "firewolf"), "/")
			if floors[below] >= floor && !allowed(room, below) {
				t.Errorf("%s (floor %d) imports %s (floor %d)", room, floor, below, floors[below])
			}
		}
	}
}

func allowed(room, below string) bool {
	for _, b := range sameFloor[room] {
		if b == below {
			return true
		}
	}
	return false
}

func goList(t *testing.T, format string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", format, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 5 {
		t.Fatalf("go list names %d packages: the test sees too little", len(lines))
	}
	return lines
}
