package csv

import "testing"

func TestDatesOfCentersBecomeFHIRDates(t *testing.T) {
	tests := []struct {
		name, layout, text, want string
	}{
		{"a German day", "DD.MM.YYYY", "05.01.2023", "2023-01-05"},
		{"a German day without zeros", "D.M.YYYY", "5.1.2023", "2023-01-05"},
		{"an American day", "MM/DD/YYYY", "01/05/2023", "2023-01-05"},
		{"a month stays a month", "MM.YYYY", "01.2023", "2023-01"},
		{"a year stays a year", "YYYY", "2023", "2023"},
		{"digits alone", "YYYYMMDD", "20230105", "2023-01-05"},
		{"a FHIR date in any file", "DD.MM.YYYY", "2023-01-05", "2023-01-05"},
		{"too few digits stay as they are", "DD.MM.YYYY", "5.1.2023", "5.1.2023"},
		{"more than the layout stays as it is", "MM.YYYY", "01.2023 ?", "01.2023 ?"},
		{"a day that does not exist is left to be refused", "DD.MM.YYYY", "31.02.2023", "2023-02-31"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := parseLayout(tt.layout)
			if err != nil {
				t.Fatal(err)
			}
			if got := isoDate(tt.text, []layout{l}); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestLayoutsThatLeaveSomethingOpenAreRefused(t *testing.T) {
	for _, text := range []string{"DD.MM.YY", "MM", "DD.YYYY", "YYYY-MM-DD-DD", "JJJJ", "", "YYYY?"} {
		if l, err := parseLayout(text); err == nil {
			t.Errorf("%q is read as %v", text, l)
		}
	}
}
