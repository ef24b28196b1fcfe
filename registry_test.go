package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestATableIsAnsweredByAcceptAmongOthersAndByFormat(t *testing.T) {
	s := newStack(t, memoryStore, usualRules)
	for _, tt := range []struct {
		query, accept string
		table         bool
	}{
		{"Patient/$outcome-rate", "text/csv", true},
		{"Patient/$outcome-rate", "text/csv, application/json;q=0.5, */*;q=0.1", true},
		{"Patient/$outcome-rate", "application/fhir+json, text/csv;q=0.5", false},
		{"Patient/$outcome-rate?_format=csv", "application/fhir+json", true},
		{"Patient/$outcome-rate?_format=text/csv", "", true},
		{"Patient/$outcome-rate?_format=json", "text/csv", false},
		{"Patient/$assess?_format=csv", "", true},
	} {
		h := http.Header{}
		if tt.accept != "" {
			h.Set("Accept", tt.accept)
		}
		got := s.send(t, http.MethodGet, tt.query, nil, h)
		if got.status != http.StatusOK || strings.HasPrefix(string(got.body), "part,") != tt.table {
			t.Errorf("%s, Accept: %s: %d %.80s", tt.query, tt.accept, got.status, got.body)
		}
	}
}
