package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// valueSet is what the generator reads of an expanded ValueSet.
// https://hl7.org/fhir/R4/valueset.html#expansions
type valueSet struct {
	URL       string
	Expansion struct{ Contains []contained }
}

type contained struct {
	System, Code string
	Abstract     bool
	Contains     []contained
}

// unlisted are the required value sets that have no whole list: all MIME types, all
// units of UCUM, and an answer list of LOINC that the definitions do not bring along.
var unlisted = map[string]bool{
	"http://hl7.org/fhir/ValueSet/mimetypes":  true,
	"http://hl7.org/fhir/ValueSet/ucum-units": true,
	"http://loinc.org/vs/LL379-9":             true,
}

// laterCurrencies joined ISO 4217 after the official expansion was made. The value
// set is all of ISO 4217, of no certain version, so they belong to it.
var laterCurrencies = []string{"SLE", "UYW", "VED", "VES", "XAD", "XCG", "ZWG"}

// readCodes returns the expansions of the value sets that are bound with strength required.
func readCodes(dir string, types []typ) (map[string][]contained, error) {
	sets := map[string][]contained{}
	for _, t := range types {
		for _, f := range t.elements {
			if f.strength == "required" && !unlisted[f.valueSet] {
				sets[f.valueSet] = nil
			}
		}
	}
	err := eachResource(filepath.Join(dir, "Bundle-valueset-expansions.json"), func(_ string, raw []byte) error {
		var list []valueSet
		if err := appendTo(&list, raw); err != nil {
			return err
		}
		if _, wanted := sets[list[0].URL]; wanted {
			sets[list[0].URL] = flatten(nil, list[0].Expansion.Contains)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, code := range laterCurrencies {
		url := "http://hl7.org/fhir/ValueSet/currencies"
		sets[url] = append(sets[url], contained{System: "urn:iso:std:iso:4217", Code: code})
	}
	for url, codes := range sets {
		if len(codes) == 0 {
			return nil, fmt.Errorf("value set %s has no expansion", url)
		}
	}
	return sets, nil
}

// flatten lists the codes that may stand in an instance.
func flatten(list, tree []contained) []contained {
	for _, c := range tree {
		if !c.Abstract && c.Code != "" {
			list = append(list, c)
		}
		list = flatten(list, c.Contains)
	}
	return list
}

// encodeCodes writes, for each value set, its systems with their codes.
func encodeCodes(sets map[string][]contained) ([]byte, error) {
	e := &encoder{}
	e.num(len(sets))
	for _, url := range slices.Sorted(maps.Keys(sets)) {
		bySystem := map[string][]string{}
		for _, c := range sets[url] {
			bySystem[c.System] = append(bySystem[c.System], c.Code)
		}
		e.text(url)
		e.num(len(bySystem))
		for _, system := range slices.Sorted(maps.Keys(bySystem)) {
			codes := bySystem[system]
			slices.SortFunc(codes, strings.Compare)
			e.text(system)
			e.list(codes)
		}
	}
	return e.bytes()
}
