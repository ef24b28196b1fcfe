package csv

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryProblemOfAMappingFileIsToldWithItsLine(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"no YAML", "a: [", []string{"m.yaml:1: did not find expected node content"}},
		{"a list", "- a", []string{"m.yaml:1: here stand names with values (name: value)"}},
		{"an unknown name", "version: 1\nmiddle: X", []string{`m.yaml:2: "middle" is not known here; known are analytes, center, codes, dates, decimal, delimiter, encoding, files, missing, test_data, units, version`}},
		{"a name that stands twice", "center: A\ncenter: B", []string{`m.yaml:2: "center" stands twice`}},
		{"another version", "version: 2", []string{`m.yaml:1: this is read as version 1, not "2"`}},
		{"a delimiter of two signs", `delimiter: "::"`, []string{`m.yaml:1: a delimiter is ",", ";", "|" or tab`}},
		{"an encoding", "encoding: ebcdic", []string{"m.yaml:1: an encoding is utf-8, windows-1252, iso-8859-1 or iso-8859-15"}},
		{"a decimal sign", "decimal: x", []string{`m.yaml:1: decimal is "," or "."`}},
		{"a year of two digits", "dates:\n- DD.MM.YYYY\n- DD.MM.YY", []string{`m.yaml:2: "DD.MM.YY": a date is written with YYYY, MM or M, DD or D, and what stands between them, as in DD.MM.YYYY or MM/YYYY`}},
		{"a code that the column does not have", "codes:\n  sex: {w: woman}", []string{`m.yaml:2: "woman" is no code of sex: female, male, other, unknown`}},
		{"a flag that is neither", "codes:\n  hcq:\n    ja: yes", []string{`m.yaml:3: hcq is 1 or 0, not "yes"`}},
		{"codes of no column", "codes: {gender: {w: female}}", []string{`m.yaml:1: "gender" is no column`}},
		{"a unit that UCUM lacks", "units:\n  mg: mgg/dL", []string{`m.yaml:2: "mgg/dL" is no unit of UCUM: the unit "mgg/dL" is wrong at character 1: "mgg" is no unit of UCUM`}},
		{"a test with a wrong digit", "analytes:\n  DSDNA:\n    loinc: 7465-1", []string{`m.yaml:3: "7465-1" is no LOINC code: its check digit is wrong`}},
		{"a test under the name of another", "analytes:\n  dsDNA: {loinc: 5048-4}", []string{`m.yaml:2: 5048-4 is not Antibodies to double-stranded DNA: LOINC has 5130-0 for it`}},
		{"a test without code", "analytes:\n  XY: {unit: g/L, low: '1,5'}", []string{`m.yaml:2: "1,5" is no number with a decimal point`, `m.yaml:2: "XY" has no loinc`}},
		{"a file that is none", "files:\n  lab: {}", []string{`m.yaml:2: "lab" is no canonical file; those are course, infusion, labs, outcome, patients, prior_tx, sle, sledai, tox, visits`}},
		{"a file elsewhere", "files:\n  labs: {file: ../x.csv}", []string{`m.yaml:2: "../x.csv": a file lies in the folder itself: its name has no slash`}},
		{"a column of another file", "files:\n  tox:\n    columns:\n      pga: X", []string{`m.yaml:4: "pga" is no column here; those are course_no, end, icd_code, ice, max_grade, onset, outcome, registry_id, row_id, scale, serious, steroid, toci, type`}},
		{"a constant that is no code", "files:\n  tox:\n    constants: {scale: own}", []string{`m.yaml:3: "own" is no code of scale: astct-2019, ctcae-5, ehaebmt-icaht`}},
		{"a missing code of no column", "files:\n  tox:\n    missing: {x: 9}", []string{`m.yaml:3: "x" is no column here`}},
		{"two documents", "version: 1\n---\ncenter: B", []string{"m.yaml:2: a second document starts here: a mapping is one"}},
		{"layouts that read one text as two days", "dates:\n- DD/MM/YYYY\n- MM/DD/YYYY", []string{`m.yaml:2: "MM/DD/YYYY" reads a text as another day than DD/MM/YYYY does: nobody knows which is meant`}},
		{"a layout that reads the days of FHIR as others", "dates: [YYYY-DD-MM]", []string{`m.yaml:1: "YYYY-DD-MM" reads a text as another day than YYYY-MM-DD does: nobody knows which is meant`}},
		{"layouts of digits alone", "files: {labs: {dates: [DDMMYYYY, YYYYMMDD]}}", []string{`m.yaml:1: "YYYYMMDD" reads a text as another day than DDMMYYYY does: nobody knows which is meant`}},
		{"limits without a unit", "analytes:\n  C3: {loinc: 4485-9, high: '180'}", []string{`m.yaml:2: "C3" has limits and no unit: limits are of one unit`}},
		{"one patient for all rows", "files:\n  labs:\n    constants: {registry_id: P1, row_id: R1}", []string{
			"m.yaml:3: registry_id tells rows apart: it cannot be the same in all", "m.yaml:3: row_id tells rows apart: it cannot be the same in all",
		}},
		{"all at once, in order", "version: 3\nfiles:\n  x: 1\ntest_data: maybe", []string{
			`m.yaml:1: this is read as version 1, not "3"`,
			`m.yaml:3: "x" is no canonical file; those are course, infusion, labs, outcome, patients, prior_tx, sle, sledai, tox, visits`,
			"m.yaml:4: here stands true or false",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("m.yaml", []byte(tt.text))
			var ps Problems
			if !errors.As(err, &ps) {
				t.Fatalf("%v", err)
			}
			var got []string
			for _, p := range ps {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAnEmptyMappingIsThatOfCanonicalFiles(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "version: 1\n"} {
		m, err := Parse("m.yaml", []byte(text))
		if err != nil || m.Center != "" || m.fileOf(instrumentNamed("labs")) != "labs.csv" {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
}

func TestLayoutsThatReadTheSameDayStandBesideEachOther(t *testing.T) {
	for _, text := range []string{"dates: [DD.MM.YYYY, D.M.YYYY, MM.YYYY, YYYY, YYYY/MM/DD]", "dates: [YYYYMMDD, YYYYMM]", "dates: [M/D/YYYY, DD.MM.YYYY, YYYY-MM-DD]"} {
		if _, err := Parse("m.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
