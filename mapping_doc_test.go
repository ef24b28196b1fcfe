package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/csv"
	"firewolf/registry/term"
)

// TestTheDocumentationOfTheMappingIsThatOfTheCode: FIREWOLF_UPDATE_README=1 writes it.
func TestTheDocumentationOfTheMappingIsThatOfTheCode(t *testing.T) {
	const name = "docs/mapping.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for part, want := range map[string]string{
		"columns": columnTables(), "drugs": drugNames(), "products": strings.Join(cart.Products(), ", "), "tests": testTable(), "rules": ruleTable(),
	} {
		block := regexp.MustCompile("(?s)<!-- " + part + " -->.*<!-- /" + part + " -->")
		if !block.MatchString(got) {
			t.Fatalf("%s has no part %s", name, part)
		}
		got = block.ReplaceAllLiteralString(got, "<!-- "+part+" -->"+want+"<!-- /"+part+" -->")
	}
	if updateReadme() {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(string(text), got); diff != "" {
		t.Errorf("%s is not what is true; FIREWOLF_UPDATE_README=1 go test -run Documentation . writes it (-doc +true):\n%s", name, diff)
	}
}

func columnTables() string {
	var b strings.Builder
	for _, i := range cart.Instruments() {
		key := "one row a patient"
		if columns := cart.NaturalKey(i.Name); len(columns) > 0 {
			key = "key: " + strings.Join(columns, ", ")
		}
		fmt.Fprintf(&b, "\n### %s.csv\n\n%s\n\n| column | | |\n| --- | --- | --- |\n", i.Name, key)
		for _, c := range i.Columns {
			kind := c.Kind.String()
			if len(c.Codes) > 0 {
				kind = strings.Join(c.Codes, " ")
			}
			if c.Required {
				kind = "**required** " + kind
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, kind, c.About)
		}
	}
	return b.String()
}

func drugNames() string {
	var l []string
	for _, d := range term.Drugs() {
		l = append(l, d.Name)
	}
	return strings.Join(l, ", ")
}

func testTable() string {
	var b strings.Builder
	b.WriteString("\n| test | LOINC | unit |\n| --- | --- | --- |\n")
	for _, a := range term.Analytes() {
		unit := "`" + a.Unit + "`"
		if a.Unit == "" {
			unit = "an arbitrary one, as it is"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.Label, strings.Join(a.Codes, ", "), unit)
	}
	return b.String()
}

func ruleTable() string {
	var b strings.Builder
	b.WriteString("\n| rule | | |\n| --- | --- | --- |\n")
	for _, r := range append(append(csv.Rules(), cart.Rules()...), mapping.RuleStands, mapping.RuleRefused) {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.ID, r.Severity, r.About)
	}
	return b.String()
}
