package api

import "testing"

func TestATableIsAskedForOfAnOperationOnly(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		format string
		accept []string
		want   bool
	}{
		{"by Accept", "Patient/$outcome-rate", "", []string{"text/csv"}, true},
		{"by Accept among others", "Patient/$outcome-rate", "", []string{"text/csv, */*;q=0.1"}, true},
		{"JSON is liked better", "Patient/$outcome-rate", "", []string{"text/csv;q=0.5, application/fhir+json"}, false},
		{"anything", "Patient/$outcome-rate", "", []string{"*/*"}, false},
		{"nothing", "Patient/$outcome-rate", "", nil, false},
		{"by _format", "Patient/$outcome-rate", "csv", nil, true},
		{"by the type in _format", "Patient/$outcome-rate", "text/csv", []string{"application/json"}, true},
		{"_format goes before Accept", "Patient/$outcome-rate", "json", []string{"text/csv"}, false},
		{"not of a search", "Patient", "csv", []string{"text/csv"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := asksTable(tt.path, tt.format, tt.format != "", tt.accept); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
