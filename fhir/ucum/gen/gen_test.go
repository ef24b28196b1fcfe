package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const head = "# UCUM 2.0.1. Copyright Regenstrief Institute, Inc. and the UCUM Organization: see NOTICE.\n" +
	"# prefix code value | base code | unit code metric|plain kind value unit\n"

func TestCompileKeepsWhatCounts(t *testing.T) {
	got, err := compile(strings.NewReader(`<?xml version="1.0" encoding="ascii"?>
<root xmlns="http://unitsofmeasure.org/ucum-essence" version="2.0.1">
  <prefix Code="k" CODE="K"><name>kilo</name><value value="1e3">1</value></prefix>
  <base-unit Code="m" CODE="M" dim="L"><name>meter</name></base-unit>
  <unit Code="N" isMetric="yes" class="si"><value Unit="kg.m/s2" UNIT="KG.M/S2" value="1">1</value></unit>
  <unit Code="[IU]" isMetric="yes" isArbitrary="yes"><value Unit="[iU]" value="1">1</value></unit>
  <unit Code="[degF]" isMetric="no" isSpecial="yes"><value Unit="degf(5 K/9)"><function name="degF" value="5" Unit="K/9"/></value></unit>
</root>`))
	if err != nil {
		t.Fatal(err)
	}
	want := head + "prefix\tk\t1e3\nbase\tm\nunit\tN\tmetric\tratio\t1\tkg.m/s2\nunit\t[IU]\tmetric\tarbitrary\t1\t[iU]\nunit\t[degF]\tplain\tdegF\t5\tK/9\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompileRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for src, want := range map[string]string{
		`<root><unit Code="x" isSpecial="yes"><value Unit="1" value="1"/></unit></root>`: "the special unit x has no function",
		`<root><unit Code="x"><value Unit="1"/></unit></root>`:                           `the unit "x" has no value`,
		`<root>`: "XML syntax error on line 1: unexpected EOF",
	} {
		_, err := compile(strings.NewReader(src))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", src, err)
		}
	}
}

func TestTheCommittedTableIsWhatThePublishedOneGives(t *testing.T) {
	published := filepath.Join("..", "..", "..", "..", "shared", "data", "ucum-essence.xml")
	if _, err := os.Stat(published); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the published table is not there:", err)
	}
	to := filepath.Join(t.TempDir(), "units.tsv")
	if err := run(published, to); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("..", "units.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestRunNamesTheFileThatItCannotRead(t *testing.T) {
	err := run(filepath.Join(t.TempDir(), "absent.xml"), "units.tsv")
	if err == nil || !strings.Contains(err.Error(), "absent.xml") {
		t.Errorf("got %v", err)
	}
}
