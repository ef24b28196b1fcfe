package csv

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"firewolf/mapping"
	"firewolf/mapping/cart"
)

func instrumentNamed(name string) *mapping.Instrument {
	for _, i := range cart.Instruments() {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// folder writes files of "name" and text in turn.
func folder(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for k := 0; k < len(pairs); k += 2 {
		if err := os.WriteFile(filepath.Join(dir, pairs[k]), []byte(pairs[k+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// told are the cases of a folder: a line for each row, with the cells that are not empty, and for each finding.
func told(t *testing.T, dir string, m *Mapping) []string {
	t.Helper()
	var l []string
	for c, err := range NewSource(dir, m).Cases(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.Findings {
			l = append(l, f.String())
		}
		for _, r := range c.Rows {
			line := fmt.Sprintf("%s %s:%d", c.Record, r.Name, r.Line)
			for k, cell := range r.Cells {
				if cell != "" && k > 0 {
					line += " " + r.Columns[k].Name + "=" + cell
				}
			}
			l = append(l, line)
		}
	}
	return l
}

const twoPatients = "registry_id,center_id,sex\nA,C,female\nB,C,male\n"

func TestRowsOfAPatientComeTogetherHoweverTheFilesAreOrdered(t *testing.T) {
	dir := folder(t, "patients.csv", twoPatients, "labs.csv", "date,registry_id,value\n2023,B,1\n2024,A,2\n\n2025,B,3\n,,\n2026,C,4\n")
	want := []string{
		"A patients:2 center_id=C sex=female", "A labs:3 date=2024 value=2",
		"B patients:3 center_id=C sex=male", "B labs:2 date=2023 value=1", "B labs:5 date=2025 value=3",
		"C labs:7 date=2026 value=4",
	}
	if diff := cmp.Diff(want, told(t, dir, nil)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFilesAndColumnsThatAreNotKnownAreReported(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  []string
	}{
		{"no patients", []string{"labs.csv", "registry_id,date,value\n"}, []string{"patients.csv: error: the file is not there [file-missing]"}},
		{"an empty file", []string{"patients.csv", ""}, []string{"patients.csv:1: error: the file is empty [header]"}},
		{"a file that nobody reads", []string{"patients.csv", twoPatients[:26], "notes.csv", "x"}, []string{"notes.csv: warning: the file is not read [file-unknown]"}},
		{"a column that nothing knows", []string{"patients.csv", "registry_id,center_id,sex,name\n"}, []string{"patients.csv:1 name: warning: nothing knows the column [column-unknown]"}},
		{"a column that rows need", []string{"patients.csv", "registry_id,center_id\n"}, []string{"patients.csv:1 sex: error: the column is not in the file [column-missing]"}},
		{"a column twice", []string{"patients.csv", "registry_id,center_id,sex,sex\n"}, []string{"patients.csv:1 sex: error: the column stands twice [header]"}},
		{"UTF-16", []string{"patients.csv", "\xff\xfer\x00e\x00"}, []string{"patients.csv:1: error: the file is UTF-16: save it as UTF-8 [encoding]"}},
		{"a header with an open quote", []string{"patients.csv", "\"registry_id,center_id,sex\n"}, []string{"patients.csv:1: error: the header cannot be read: a quote is not closed [header]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, folder(t, tt.files...), nil)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRowsThatCannotBeReadAreReportedAndTheNextIsRead(t *testing.T) {
	head := "registry_id,center_id,sex\n"
	tests := []struct {
		name, text string
		want       []string
	}{
		{"too few cells", head + "A,C\nB,C,male\n", []string{"patients.csv:2: error: 2 cells, the header has 3 [row-width]", "B patients:3 center_id=C sex=male"}},
		{"too many cells", head + "A,C,male,x\nB,C,male\n", []string{"patients.csv:2: error: 4 cells, the header has 3 [row-width]", "B patients:3 center_id=C sex=male"}},
		{"Latin 1", head + "A,M\xfcnchen,male\nB,C,male\n", []string{"patients.csv:2: error: the text is not UTF-8: the mapping can say encoding: windows-1252 or iso-8859-1 [encoding]", "B patients:3 center_id=C sex=male"}},
		{"an open quote", head + "A,\"C,male\nB,C,male\n", []string{"patients.csv:2: error: a quote is not closed [csv-syntax]", "B patients:3 center_id=C sex=male"}},
		{"a quote in a cell", head + "A,5\" C,male\nB,C,male\nD,\"C\",male\n", []string{
			"patients.csv:2: error: a quote is not closed [csv-syntax]",
			"B patients:3 center_id=C sex=male", "D patients:4 center_id=C sex=male",
		}},
		{"quotes that hold rows together", head + "A,\"C,male\nB,C,male\nD,C\",male\nE,C,male\n", []string{
			"patients.csv:2: error: a quote opens here that closes only in line 4, and there are rows between [csv-syntax]",
			"patients.csv:4: error: a quote is not closed [csv-syntax]", "B patients:3 center_id=C sex=male", "E patients:5 center_id=C sex=male",
		}},
		{"quotes that hold rows together as too many cells", head + "A,\"C,male\nB,C,male\nD,C\",male,1\nE,C,male\n", []string{
			"patients.csv:2: error: 4 cells, the header has 3 [row-width]",
			"patients.csv:4: error: a quote is not closed [csv-syntax]", "B patients:3 center_id=C sex=male", "E patients:5 center_id=C sex=male",
		}},
		{"quotes that hold rows of another encoding together", head + "A,\"M\xfc,male\nB,C,male\nD,C\",male\nE,C,male\n", []string{
			"patients.csv:2: error: the text is not UTF-8: the mapping can say encoding: windows-1252 or iso-8859-1 [encoding]",
			"patients.csv:4: error: a quote is not closed [csv-syntax]", "B patients:3 center_id=C sex=male", "E patients:5 center_id=C sex=male",
		}},
		{"quotes that hold rows together in a column that is not read", head[:len(head)-1] + ",note\nA,C,male,\"12\nB,C,male,\nD,C,male,5\"\nE,C,male,\"two\nlines, one comma\"\n", []string{
			"patients.csv:1 note: warning: nothing knows the column [column-unknown]",
			"patients.csv:2: error: a quote opens here that closes only in line 4, and there are rows between [csv-syntax]",
			"patients.csv:4: error: a quote stands inside a cell that does not start with one, or text follows a closing quote [csv-syntax]", "B patients:3 center_id=C sex=male", "E patients:5 center_id=C sex=male",
		}},
		{"nobody's row", head + ",C,male\nB,C,male\n", []string{"patients.csv:2 registry_id: error: whose row this is, is missing [required]", "B patients:3 center_id=C sex=male"}},
		{"ten megabytes in a cell", head + "A," + strings.Repeat("x", 10<<20) + ",male\nB,C,male\n", []string{"patients.csv:2: error: the row is longer than 1024 KiB [row-long]", "B patients:3 center_id=C sex=male"}},
		{"ten megabytes in quotes", head + "A,\"" + strings.Repeat(strings.Repeat("x", 4095)+"\n", 5<<9) + "\",male\nB,C,male\n", nil},
		{"a mark of the byte order and lines of Windows", "\xef\xbb\xbfregistry_id,center_id,sex\r\nA,C,male\r\n", []string{"A patients:2 center_id=C sex=male"}},
		{"semicolons", "registry_id;center_id;sex\nA;C,D;male\n", []string{"A patients:2 center_id=C,D sex=male"}},
		{"tabs", "registry_id\tcenter_id\tsex\nA\tC\tmale\n", []string{"A patients:2 center_id=C sex=male"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := told(t, folder(t, "patients.csv", tt.text), nil)
			if tt.want == nil {
				if last := got[len(got)-1]; !strings.HasPrefix(last, "B patients") || len(got) < 1000 {
					t.Errorf("%d lines, the last is %q", len(got), last)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

const german = `
version: 1
center: MUC
delimiter: ";"
encoding: windows-1252
decimal: ","
dates: [DD.MM.YYYY, MM.YYYY]
missing: [NA, "-99"]
codes:
  sex: {w: female, m: male}
units: {"mg/dl": mg/dL, "IU/ml": "[IU]/mL"}
analytes:
  C3C: {loinc: 4485-9, unit: mg/dL, low: "90"}
files:
  patients:
    file: Stammdaten.csv
    columns: {registry_id: PatNr, sex: Geschlecht, birth_year: geb}
    ignore: [Bemerkung]
  labs:
    file: Labor.csv
    columns: {registry_id: PatNr, date: Datum, local_code: Test, value: Wert, unit: Einheit}
    missing: {value: [n.b.]}
  visits:
    columns: {registry_id: PatNr, visit_date: am, pred_mg_d: Pred}
    decimal: "."
    dates: [YYYYMMDD]
    codes: {hcq: {ja: 1, nein: 0}}
    constants: {visit_code: base}
`

func TestAMappingBringsTheFilesOfACenterToTheCanonicalOnes(t *testing.T) {
	m, err := Parse("m.yaml", []byte(german))
	if err != nil {
		t.Fatal(err)
	}
	stamm, err := charmap.Windows1252.NewEncoder().String("PatNr;Geschlecht;geb;Bemerkung\nÄ1;w;05.1999;x\n")
	if err != nil {
		t.Fatal(err)
	}
	labor, err := charmap.Windows1252.NewEncoder().String("PatNr;Datum;Test;Wert;Einheit\nÄ1;05.01.2023;C3C;52,5;mg/dl\nÄ1;01.2023;CRP;<0,5;NA\nÄ1;06.01.2023;CRP;1.234,5;mg/L\nÄ1;07.01.2023;CRP;n.b.;mg/L\n")
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, "Stammdaten.csv", stamm, "Labor.csv", labor, "visits.csv", "PatNr;am;Pred;hcq\n\xc41;20230105;2.5;ja\n")
	want := []string{
		`Labor.csv:4 Wert: error: "1.234,5" has a point, and this file has decimal commas [number-unsure]`,
		"Ä1 patients:2 center_id=MUC sex=female birth_year=1999-05",
		"Ä1 visits:2 visit_date=2023-01-05 visit_code=base pred_mg_d=2.5 hcq=1",
		"Ä1 labs:2 date=2023-01-05 loinc=4485-9 local_code=C3C value=52.5 unit=mg/dL low=90",
		"Ä1 labs:3 date=2023-01 local_code=CRP value=<0.5",
		"Ä1 labs:4 date=2023-01-06 local_code=CRP value=1.234.5 unit=mg/L",
		"Ä1 labs:5 date=2023-01-07 local_code=CRP unit=mg/L",
	}
	if diff := cmp.Diff(want, told(t, dir, m)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAColumnThatTheMappingNamesMustBeThere(t *testing.T) {
	m, err := Parse("m.yaml", []byte("files: {patients: {columns: {crid: CRID}}, tox: {file: Tox.csv}}"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"patients.csv:1 CRID: error: the column is not in the file [column-missing]", "Tox.csv: error: the file is not there [file-missing]"}
	if diff := cmp.Diff(want, told(t, folder(t, "patients.csv", twoPatients), m)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheHashOfARowDependsOnWhatItSaysAndNotOnHowTheFileIsWritten(t *testing.T) {
	hashes := func(text string) map[[32]byte]bool {
		m := map[[32]byte]bool{}
		for c, err := range NewSource(folder(t, "patients.csv", text), nil).Cases(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range c.Rows {
				m[r.Hash] = true
			}
		}
		return m
	}
	same := hashes("registry_id,center_id,sex\nA,C,male\n")
	for _, text := range []string{"sex,registry_id,center_id\nmale,A,C\n", "registry_id;center_id;sex\r\n\"A\";C;male\r\n", "registry_id,center_id,sex,crid\nA,C,male,\n"} {
		if diff := cmp.Diff(same, hashes(text)); diff != "" {
			t.Errorf("%q has another hash", text)
		}
	}
	if other := hashes("registry_id,center_id,sex\nA,C,female\n"); cmp.Equal(same, other) {
		t.Error("another sex has the same hash")
	}
}

func TestWhatAMappingSaysOfATestIsUsedWhereItHolds(t *testing.T) {
	m, err := Parse("m.yaml", []byte("analytes: {C3C: {loinc: 4485-9, unit: mg/dL, low: '90', high: '180'}}"))
	if err != nil {
		t.Fatal(err)
	}
	head := "registry_id,date,loinc,local_code,value,unit,low,high\n"
	tests := []struct {
		name, row string
		want      []string
	}{
		{"in its unit", "A,2023,,C3C,95,,,", []string{"A labs:2 date=2023 loinc=4485-9 local_code=C3C value=95 unit=mg/dL low=90 high=180"}},
		{"in another unit its limits are not those of the value", "A,2023,,C3C,0.95,g/L,,", []string{
			`labs.csv:2 unit: warning: the limits of the mapping are in mg/dL, the value is in "g/L" [limits-unit]`,
			"A labs:2 date=2023 loinc=4485-9 local_code=C3C value=0.95 unit=g/L",
		}},
		{"beside a limit of the row there is none of the mapping", "A,2023,,C3C,95,mg/dL,80,", []string{"A labs:2 date=2023 loinc=4485-9 local_code=C3C value=95 unit=mg/dL low=80"}},
		{"beside the code of another test", "A,2023,4498-2,C3C,95,mg/dL,80,", []string{
			`labs.csv:2 loinc: error: the mapping says that "C3C" is 4485-9, not "4498-2" [test-conflict]`,
			"A labs:2 date=2023 loinc=4498-2 local_code=C3C value=95 unit=mg/dL low=80",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := told(t, folder(t, "patients.csv", twoPatients[:26], "labs.csv", head+tt.row+"\n"), m)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestColumnsThatAreReadTwiceOrNotAtAllAreReported(t *testing.T) {
	head := "registry_id,date,value,unit,low,high\n"
	row := "A,2023,1,g/L,0.9,1.8\n"
	tests := []struct {
		name, mapping, labs string
		want                []string
	}{
		{"named for two", "files: {labs: {columns: {low: high, high: high}}}", head + row, []string{
			"labs.csv:1 high: warning: the column is read as low and as high [column-shared]", "labs.csv:1 low: warning: nothing knows the column [column-unknown]",
			"A labs:2 date=2023 value=1 unit=g/L low=1.8 high=1.8",
		}},
		{"named for one and called as the other", "files: {labs: {columns: {low: high}}}", head + row, []string{
			"labs.csv:1 high: warning: the column is read as low and as high [column-shared]", "labs.csv:1 low: warning: nothing knows the column [column-unknown]",
			"A labs:2 date=2023 value=1 unit=g/L low=1.8 high=1.8",
		}},
		{"named the other way round", "files: {labs: {columns: {low: high, high: low}}}", head + row, []string{"A labs:2 date=2023 value=1 unit=g/L low=1.8 high=0.9"}},
		{"ignored though it is canonical", "files: {labs: {ignore: [low]}}", head + row, []string{"A labs:2 date=2023 value=1 unit=g/L high=1.8"}},
		{"without a name", "version: 1", "registry_id,date,value,,\nA,2023,1,,\nA,2024,2,x,\n", []string{
			`labs.csv:3: warning: cell 4, "x", stands under no name: it is not read [column-unknown]`,
			"A labs:2 date=2023 value=1", "A labs:3 date=2024 value=2",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse("m.yaml", []byte(tt.mapping))
			if err != nil {
				t.Fatal(err)
			}
			got := told(t, folder(t, "patients.csv", twoPatients[:26], "labs.csv", tt.labs), m)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Excel writes one file as "CSV UTF-8" and the other as "CSV": the mark of the one says what it is.
func TestAFileWithTheMarkOfUTF8IsUTF8WhateverTheMappingSays(t *testing.T) {
	m, err := Parse("m.yaml", []byte("version: 1\nencoding: windows-1252\nfiles:\n  labs:\n    columns: {local_code: Prüfung}\n"))
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, "patients.csv", "registry_id,center_id,sex\nA,M\xfcnchen,female\n", "labs.csv", "\xef\xbb\xbfregistry_id,date,Prüfung,value\nA,2023,Größe,5\n")
	want := []string{"A patients:2 center_id=München sex=female", "A labs:2 date=2023 local_code=Größe value=5"}
	if diff := cmp.Diff(want, told(t, dir, m)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestACodeOfTheCenterIsNoNumberWithAPoint(t *testing.T) {
	m, err := Parse("m.yaml", []byte("version: 1\ndecimal: \",\"\ncodes:\n  pred_mg_d: {n.d.: 0, \"0.\": 0}\n"))
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, "patients.csv", twoPatients[:37], "visits.csv", "registry_id,visit_date,pred_mg_d\nA,2021,n.d.\nA,2022,0.\nA,2023,7.5\nA,2024,\"7,5\"\n")
	want := []string{
		`visits.csv:4 pred_mg_d: error: "7.5" has a point, and this file has decimal commas [number-unsure]`, "A patients:2 center_id=C sex=female",
		"A visits:2 visit_date=2021 pred_mg_d=0", "A visits:3 visit_date=2022 pred_mg_d=0", "A visits:4 visit_date=2023 pred_mg_d=7.5", "A visits:5 visit_date=2024 pred_mg_d=7.5",
	}
	if diff := cmp.Diff(want, told(t, dir, m)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
