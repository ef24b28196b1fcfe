package store

import (
	"fmt"
	"slices"

	"firewolf/fhir"
)

// ChangedBases returns the base URLs that are in one of two lists alone: those of the server that an index was made for, and
// those of the server of now.
func ChangedBases(made, now []string) []string {
	var out []string
	for _, x := range made {
		if !slices.Contains(now, x) {
			out = append(out, x)
		}
	}
	for _, x := range now {
		if !slices.Contains(made, x) {
			out = append(out, x)
		}
	}
	return out
}

// OtherBases is the issue of a store with references to what lies below a base URL that the index takes for the server's own and the
// server does not, or the other way round.
func OtherBases(made []string, base string) *fhir.Issue {
	text := "has become an address of this server"
	if slices.Contains(made, base) {
		text = "is no longer an address of this server"
	}
	return fhir.NewIssue(fhir.Incomplete, fmt.Sprintf("%s %s, and resources refer to what lies below it: start with the --addr and --base-url of before, "+
		"or run firewolf reindex with those of now", base, text))
}
