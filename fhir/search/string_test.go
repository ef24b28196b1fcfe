package search_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

func TestAStringIsIndexedFoldedAndAsItIs(t *testing.T) {
	testIndex(t, "Organization", []indexCase{
		{
			"a string", "name", `"name":"Köln-Süd  Hospital"`,
			[]string{"key !name", "key name:exact|Köln-Süd  Hospital", `text name "koln sud hospital"`},
		},
		{
			"the union of two elements", "name", `"name":"A","alias":["B","a"]`,
			[]string{"key !name", "key name:exact|A", "key name:exact|B", "key name:exact|a", `text name "a"`, `text name "b"`},
		},
		{"nothing but punctuation: only as it is", "name", `"name":"--"`, []string{"key !name", "key name:exact|--"}},
		{"separators stand escaped in a key", "name", `"name":"a|b\\c"`, []string{"key !name", `key name:exact|a\|b\\c`, `text name "a b c"`}},
	})
}

func TestANameIsIndexedByItsPartsAndItsWhole(t *testing.T) {
	testIndex(t, "Patient", []indexCase{
		{
			"every part of type string, and none of another type", "name",
			`"name":[{"use":"official","text":"Dr. Ann Lee Smith","family":"Smith","given":["Ann","Lee"],"prefix":["Dr."],"suffix":["MD"],"period":{"start":"2000"}}]`,
			[]string{
				"key !name",
				"key name:exact|Ann",
				"key name:exact|Dr.",
				"key name:exact|Dr. Ann Lee Smith",
				"key name:exact|Lee",
				"key name:exact|MD",
				"key name:exact|Smith",
				`text name "ann"`,
				`text name "dr"`,
				`text name "dr ann lee smith"`,
				`text name "lee"`,
				`text name "md"`,
				`text name "smith"`,
				`text name:start "ann lee smith md"`,
			},
		},
		{
			"each word of a family name of several", "family", `"name":[{"family":"Carreno Quinones"}]`,
			[]string{
				"key !family", "key family:exact|Carreno Quinones",
				`text family "carreno quinones"`, `text family:start "carreno"`, `text family:start "quinones"`,
			},
		},
		{"no words of given names", "given", `"name":[{"given":["Anna Lena"]}]`, []string{"key !given", "key given:exact|Anna Lena", `text given "anna lena"`}},
		{"a name of one part is no whole", "name", `"name":[{"given":["Ann"]}]`, []string{"key !name", "key name:exact|Ann", `text name "ann"`}},
		{"phonetic is the same as name, and has only what it is sorted by", "phonetic", `"name":[{"given":["Ann"]}]`, []string{`text phonetic "ann"`}},
		{
			"an address", "address", `"address":[{"use":"home","line":["1 Main St","Flat 2"],"city":"Paris","district":"5e","state":"IDF","postalCode":"75005","country":"FR"}]`,
			[]string{
				"key !address",
				"key address:exact|1 Main St",
				"key address:exact|5e",
				"key address:exact|75005",
				"key address:exact|FR",
				"key address:exact|Flat 2",
				"key address:exact|IDF",
				"key address:exact|Paris",
				`text address "1 main st"`,
				`text address "5e"`,
				`text address "75005"`,
				`text address "flat 2"`,
				`text address "fr"`,
				`text address "idf"`,
				`text address "paris"`,
				`text address:start "1 main st flat 2 paris 5e idf 75005 fr"`,
			},
		},
		{"a name of nothing: it is there", "name", `"name":[{"use":"official"}]`, []string{"key !name"}},
	})
}

func TestALongStringHasTheDigestOfItsKey(t *testing.T) {
	const text = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789" +
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	testIndex(t, "Organization", []indexCase{{
		"200 characters", "name", `"name":"` + text + `"`,
		[]string{
			"key !name",
			fmt.Sprintf("key name:exact#%x", sha256.Sum256([]byte("name:exact|"+text))),
			`text name "` + text + `"`,
		},
	}})
	testMatches(t, "Organization", []matchCase{
		{"it is found exactly", `"name":"` + text + `"`, "name:exact=" + text, true},
		{"and not by its start", `"name":"` + text + `"`, "name:exact=" + text[:199], false},
	})
}

func TestAStringIsAskedForByItsStart(t *testing.T) {
	testPlans(t, []planCase{
		{"the start of an element", "Organization?name=Good%20Health", `and(text(name starts "good health"))`},
		{"the start of a part or of a whole", "Patient?name=Ann", `and(or(text(name starts "ann") text(name:start starts "ann")))`},
		{"anywhere", "Organization?name:contains=%C3%84rzte", `and(text(name contains "arzte"))`},
		{"anywhere in a part or a whole", "Patient?address:contains=st", `and(or(text(address contains "st") text(address:start contains "st")))`},
		{"as it is", "Patient?name:exact=Ann", "and(name:exact|Ann)"},
		{"as it is, punctuation too", "Organization?name:exact=--", "and(name:exact|--)"},
		{"a prefix is part of the text", "Organization?name=gt5", `and(text(name starts "gt5"))`},
		{"escapes are taken away", `Organization?name:exact=a\,b\|c\$d\\e`, `and(name:exact|a,b\|c$d\\e)`},
		{"what need not be escaped", "Organization?name:exact=a|b$c", `and(name:exact|a\|b$c)`},
		{"any of several", "Organization?name=a,b", `and(or(text(name starts "a") text(name starts "b")))`},
		{"missing", "Patient?name:missing=true", "and(not(!name))"},
	})
}

// TestStringsAreFoundAsThePageSays has the examples of https://hl7.org/fhir/R4/search.html#string
func TestStringsAreFoundAsThePageSays(t *testing.T) {
	given := func(s string) string { return `"name":[{"given":["` + s + `"]}]` }
	testMatches(t, "Patient", []matchCase{
		{"eve at the start of Eve", given("Eve"), "given=eve", true},
		{"eve at the start of Evelyn", given("Evelyn"), "given=eve", true},
		{"eve inside Severine, not at the start", given("Severine"), "given=eve", false},
		{"contains eve: Severine", given("Severine"), "given:contains=eve", true},
		{"contains eve: Evelyn", given("Evelyn"), "given:contains=eve", true},
		{"exactly Eve", given("Eve"), "given:exact=Eve", true},
		{"exactly Eve is not eve", given("eve"), "given:exact=Eve", false},
		{"exactly Eve is not EVE", given("EVE"), "given:exact=Eve", false},
		{"exactly Eve is not Evelyn", given("Evelyn"), "given:exact=Eve", false},
		{"accents do not matter", given("Évelyne"), "given=EVE", true},
		{"accents matter exactly", given("Éve"), "given:exact=Eve", false},
		{"Carreno of Carreno Quinones", `"name":[{"family":"Carreño Quiñones"}]`, "family=Carreno", true},
		{"Quinones of Carreno Quinones", `"name":[{"family":"Carreño Quiñones"}]`, "family=Quinones", true},
		{"Quinones by name", `"name":[{"family":"Carreño Quiñones"}]`, "name=quin", true},
		{"the whole as people write it", `"name":[{"family":"Chalmers","given":["Peter","James"]}]`, "name=Peter%20James%20Chalmers", true},
		{"tabs and runs of white space", `"name":[{"text":"Peter \t James"}]`, "name=peter%20james", true},
		{"use is no part of a name", `"name":[{"use":"official","family":"X"}]`, "name=official", false},
	})
}
