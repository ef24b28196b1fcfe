package fhirpath_test

import (
	"slices"
	"strings"
	"testing"

	fhirpath "firewolf/fhir/path"
)

// inputs are one item of a kind, and more.
var inputs = map[string][2]string{
	"number": {"5", "(5 | 7)"}, "decimal": {"2.5", "(2.5 | 0.5)"}, "string": {"'wolf'", "('wolf' | 'lupa')"}, "boolean": {"true", "(true | false)"},
	"date": {"@2015-02-04", "(@2015-02-04 | @2016)"}, "resource": {"$this", "($this | 5)"},
}

// told is what an expression gives: its items, or ! and what is wrong.
func told(t *testing.T, expr string) string {
	t.Helper()
	got, err := evaluate(t, nobody(t), expr)
	if err == nil {
		return strings.Join(got, ", ")
	}
	_, why, found := strings.Cut(err.Error(), `"): `)
	if !found {
		why = err.Error()
	}
	return "! " + why
}

// onInputs says what a function gives for no item, for one, and for many.
type onInputs struct{ input, call, none, one, many string }

func calledName(call string) string {
	name, _, _ := strings.Cut(call, "(")
	return name
}

// https://hl7.org/fhirpath/N1/#functions https://hl7.org/fhir/R4/fhirpath.html#functions
var functionInputs = []onInputs{
	{"number", "empty()", "Boolean=true", "Boolean=false", "Boolean=false"},
	{"number", "not()", "", "Boolean=false", "! a condition takes one item, not more"},
	{"boolean", "not()", "", "Boolean=false", "! a condition takes one item, not more"},
	{"number", "exists()", "Boolean=false", "Boolean=true", "Boolean=true"},
	{"number", "exists($this > 6)", "Boolean=false", "Boolean=false", "Boolean=true"},
	{"number", "all($this > 4)", "Boolean=true", "Boolean=true", "Boolean=true"},
	{"number", "all($this > 5)", "Boolean=true", "Boolean=false", "Boolean=false"},
	{"boolean", "allTrue()", "Boolean=true", "Boolean=true", "Boolean=false"},
	{"boolean", "anyTrue()", "Boolean=false", "Boolean=true", "Boolean=true"},
	{"boolean", "allFalse()", "Boolean=true", "Boolean=false", "Boolean=false"},
	{"boolean", "anyFalse()", "Boolean=false", "Boolean=false", "Boolean=true"},
	{"number", "allTrue()", "Boolean=true", "! allTrue() takes Booleans, not an Integer", "! allTrue() takes Booleans, not an Integer"},
	{"number", "subsetOf(5)", "Boolean=true", "Boolean=true", "Boolean=false"},
	{"number", "supersetOf(5)", "Boolean=false", "Boolean=true", "Boolean=true"},
	{"number", "count()", "Integer=0", "Integer=1", "Integer=2"},
	{"number", "distinct()", "", "Integer=5", "Integer=5, Integer=7"},
	{"number", "isDistinct()", "Boolean=true", "Boolean=true", "Boolean=true"},
	{"number", "where($this > 5)", "", "", "Integer=7"},
	{"number", "where({})", "", "", ""},
	{"number", "select($this + 1)", "", "Integer=6", "Integer=6, Integer=8"},
	{"number", "select($index)", "", "Integer=0", "Integer=0, Integer=1"},
	{"number", "repeat(iif($this < 7, $this + 1, {}))", "", "Integer=6, Integer=7", "Integer=6, Integer=7"},
	{"number", "aggregate($this + $total, 1)", "Integer=1", "Integer=6", "Integer=13"},
	{"number", "ofType(Integer)", "", "Integer=5", "Integer=5, Integer=7"},
	{"number", "is(Integer)", "", "Boolean=true", "! is takes one item, not more"},
	{"number", "as(Integer)", "", "Integer=5", "Integer=5, Integer=7"},
	{"number", "is(String)", "", "Boolean=false", "! is takes one item, not more"},
	{"number", "ofType(String)", "", "", ""},
	{"number", "first()", "", "Integer=5", "Integer=5"},
	{"number", "last()", "", "Integer=5", "Integer=7"},
	{"number", "tail()", "", "", "Integer=7"},
	{"number", "single()", "", "Integer=5", "! single() takes one item, not 2"},
	{"number", "skip(1)", "", "", "Integer=7"},
	{"number", "skip(0)", "", "Integer=5", "Integer=5, Integer=7"},
	{"number", "take(1)", "", "Integer=5", "Integer=5"},
	{"number", "take(0)", "", "", ""},
	{"number", "intersect(7)", "", "", "Integer=7"},
	{"number", "exclude(7)", "", "Integer=5", "Integer=5"},
	{"number", "union(7)", "Integer=7", "Integer=5, Integer=7", "Integer=5, Integer=7"},
	{"number", "combine(7)", "Integer=7", "Integer=5, Integer=7", "Integer=5, Integer=7, Integer=7"},
	{"number", "sort()", "", "Integer=5", "Integer=5, Integer=7"},
	{"number", "sort(-$this)", "", "Integer=5", "Integer=7, Integer=5"},
	{"number", "iif($this > 4, 'y', 'n')", "String=n", "String=y", "! iif() takes one item, not more"},
	{"number", "iif(true, $this)", "", "Integer=5", "! iif() takes one item, not more"},
	{"number", "trace('x')", "", "Integer=5", "Integer=5, Integer=7"},
	{"number", "toBoolean()", "", "", "! toBoolean() takes one item, not 2"},
	{"boolean", "toBoolean()", "", "Boolean=true", "! toBoolean() takes one item, not 2"},
	{"number", "convertsToBoolean()", "", "Boolean=false", "! convertsToBoolean() takes one item, not 2"},
	{"boolean", "convertsToBoolean()", "", "Boolean=true", "! convertsToBoolean() takes one item, not 2"},
	{"number", "toInteger()", "", "Integer=5", "! toInteger() takes one item, not 2"},
	{"number", "convertsToInteger()", "", "Boolean=true", "! convertsToInteger() takes one item, not 2"},
	{"boolean", "toInteger()", "", "Integer=1", "! toInteger() takes one item, not 2"},
	{"decimal", "toInteger()", "", "", "! toInteger() takes one item, not 2"},
	{"string", "toInteger()", "", "", "! toInteger() takes one item, not 2"},
	{"string", "convertsToInteger()", "", "Boolean=false", "! convertsToInteger() takes one item, not 2"},
	{"number", "toDecimal()", "", "Decimal=5", "! toDecimal() takes one item, not 2"},
	{"number", "convertsToDecimal()", "", "Boolean=true", "! convertsToDecimal() takes one item, not 2"},
	{"boolean", "toDecimal()", "", "Decimal=1.0", "! toDecimal() takes one item, not 2"},
	{"number", "toString()", "", "String=5", "! toString() takes one item, not 2"},
	{"number", "convertsToString()", "", "Boolean=true", "! convertsToString() takes one item, not 2"},
	{"boolean", "toString()", "", "String=true", "! toString() takes one item, not 2"},
	{"date", "toString()", "", "String=2015-02-04", "! toString() takes one item, not 2"},
	{"number", "toQuantity()", "", "Quantity=5 '1'", "! toQuantity() takes one item, not 2"},
	{"number", "convertsToQuantity()", "", "Boolean=true", "! convertsToQuantity() takes one item, not 2"},
	{"string", "toQuantity()", "", "", "! toQuantity() takes one item, not 2"},
	{"string", "convertsToQuantity()", "", "Boolean=false", "! convertsToQuantity() takes one item, not 2"},
	{"date", "toDate()", "", "Date=2015-02-04", "! toDate() takes one item, not 2"},
	{"date", "convertsToDate()", "", "Boolean=true", "! convertsToDate() takes one item, not 2"},
	{"number", "toDate()", "", "", "! toDate() takes one item, not 2"},
	{"string", "convertsToDate()", "", "Boolean=false", "! convertsToDate() takes one item, not 2"},
	{"date", "toDateTime()", "", "DateTime=2015-02-04", "! toDateTime() takes one item, not 2"},
	{"date", "convertsToDateTime()", "", "Boolean=true", "! convertsToDateTime() takes one item, not 2"},
	{"date", "toTime()", "", "", "! toTime() takes one item, not 2"},
	{"date", "convertsToTime()", "", "Boolean=false", "! convertsToTime() takes one item, not 2"},
	{"number", "convertsToTime()", "", "Boolean=false", "! convertsToTime() takes one item, not 2"},
	{"number", "comparable(6 'mg')", "", "Boolean=false", "! comparable() takes one item, not 2"},
	{"number", "comparable(6 '1')", "", "Boolean=true", "! comparable() takes one item, not 2"},
	{"string", "indexOf('l')", "", "Integer=2", "! indexOf() takes one item, not 2"},
	{"string", "lastIndexOf('l')", "", "Integer=2", "! lastIndexOf() takes one item, not 2"},
	{"string", "substring(1)", "", "String=olf", "! substring() takes one item, not 2"},
	{"string", "substring(1, 2)", "", "String=ol", "! substring() takes one item, not 2"},
	{"string", "startsWith('w')", "", "Boolean=true", "! startsWith() takes one item, not 2"},
	{"string", "endsWith('f')", "", "Boolean=true", "! endsWith() takes one item, not 2"},
	{"string", "contains('ol')", "", "Boolean=true", "! contains() takes one item, not 2"},
	{"string", "upper()", "", "String=WOLF", "! upper() takes one item, not 2"},
	{"string", "lower()", "", "String=wolf", "! lower() takes one item, not 2"},
	{"string", "replace('l', 'L')", "", "String=woLf", "! replace() takes one item, not 2"},
	{"string", "matches('w.*')", "", "Boolean=true", "! matches() takes one item, not 2"},
	{"string", "matchesFull('w.')", "", "Boolean=false", "! matchesFull() takes one item, not 2"},
	{"string", "replaceMatches('[lo]', 'x')", "", "String=wxxf", "! replaceMatches() takes one item, not 2"},
	{"string", "length()", "", "Integer=4", "! length() takes one item, not 2"},
	{"number", "length()", "", "! length() takes a String, not an Integer", "! length() takes one item, not 2"},
	{"string", "toChars()", "", "String=w, String=o, String=l, String=f", "! toChars() takes one item, not 2"},
	{"string", "split('l')", "", "String=wo, String=f", "! split() takes one item, not 2"},
	{"string", "join('-')", "", "String=wolf", "String=wolf-lupa"},
	{"number", "join('-')", "", "! join() takes Strings, not an Integer", "! join() takes Strings, not an Integer"},
	{"string", "trim()", "", "String=wolf", "! trim() takes one item, not 2"},
	{"string", "encode('hex')", "", "String=776f6c66", "! encode() takes one item, not 2"},
	{"string", "decode('hex')", "", "", "! decode() takes one item, not 2"},
	{"string", "escape('html')", "", "String=wolf", "! escape() takes one item, not 2"},
	{"string", "unescape('html')", "", "String=wolf", "! unescape() takes one item, not 2"},
	{"decimal", "abs()", "", "Decimal=2.5", "! abs() takes one item, not 2"},
	{"number", "abs()", "", "Integer=5", "! abs() takes one item, not 2"},
	{"decimal", "ceiling()", "", "Integer=3", "! ceiling() takes one item, not 2"},
	{"number", "ceiling()", "", "Integer=5", "! ceiling() takes one item, not 2"},
	{"decimal", "floor()", "", "Integer=2", "! floor() takes one item, not 2"},
	{"number", "floor()", "", "Integer=5", "! floor() takes one item, not 2"},
	{"decimal", "truncate()", "", "Integer=2", "! truncate() takes one item, not 2"},
	{"number", "truncate()", "", "Integer=5", "! truncate() takes one item, not 2"},
	{"decimal", "round()", "", "Decimal=3", "! round() takes one item, not 2"},
	{"decimal", "round(1)", "", "Decimal=2.5", "! round() takes one item, not 2"},
	{"decimal", "exp()", "", "Decimal=12.18249396070347343807017595116797", "! exp() takes one item, not 2"},
	{"decimal", "ln()", "", "Decimal=0.9162907318741550651835272117680111", "! ln() takes one item, not 2"},
	{"decimal", "log(10)", "", "Decimal=0.3979400086720376095725222105510139", "! log() takes one item, not 2"},
	{"decimal", "power(2)", "", "Decimal=6.25", "! power() takes one item, not 2"},
	{"decimal", "sqrt()", "", "Decimal=1.581138830084189665999446772216359", "! sqrt() takes one item, not 2"},
	{"string", "sqrt()", "", "! sqrt() takes a number, not a String", "! sqrt() takes one item, not 2"},
	{"decimal", "lowBoundary()", "", "Decimal=2.45000000", "! lowBoundary() takes one item, not 2"},
	{"decimal", "highBoundary()", "", "Decimal=2.55000000", "! highBoundary() takes one item, not 2"},
	{"decimal", "lowBoundary(3)", "", "Decimal=2.450", "! lowBoundary() takes one item, not 2"},
	{"decimal", "precision()", "", "Integer=1", "! precision() takes one item, not 2"},
	{"date", "lowBoundary()", "", "Date=2015-02-04", "! lowBoundary() takes one item, not 2"},
	{"date", "highBoundary()", "", "Date=2015-02-04", "! highBoundary() takes one item, not 2"},
	{"date", "precision()", "", "Integer=8", "! precision() takes one item, not 2"},
	{"number", "now()", "DateTime=2024-05-06T12:00:00.000+02:00", "DateTime=2024-05-06T12:00:00.000+02:00", "DateTime=2024-05-06T12:00:00.000+02:00"},
	{"number", "today()", "Date=2024-05-06", "Date=2024-05-06", "Date=2024-05-06"},
	{"number", "timeOfDay()", "Time=12:00:00.000", "Time=12:00:00.000", "Time=12:00:00.000"},
	{"number", "children()", "", "", ""},
	{"resource", "children()", "", "", ""},
	{"number", "descendants()", "", "", ""},
	{"resource", "descendants()", "", "", ""},
	{"number", "hasValue()", "Boolean=false", "Boolean=true", "Boolean=false"},
	{"string", "hasValue()", "Boolean=false", "Boolean=true", "Boolean=false"},
	{"resource", "hasValue()", "Boolean=false", "Boolean=false", "Boolean=false"},
	{"number", "getValue()", "", "Integer=5", ""},
	{"resource", "getValue()", "", "", ""},
	{"number", "type()", "", "TypeInfo=System.Integer", "TypeInfo=System.Integer, TypeInfo=System.Integer"},
	{"string", "type()", "", "TypeInfo=System.String", "TypeInfo=System.String, TypeInfo=System.String"},
	{"resource", "type()", "", "TypeInfo=FHIR.Patient", "TypeInfo=FHIR.Patient, TypeInfo=System.Integer"},
	{"resource", "resolve()", "", "", ""},
	{"string", "resolve()", "", "", ""},
	{"number", "resolve()", "", "", ""},
	{"resource", "extension('u')", "", "", ""},
	{"resource", "hasExtension('u')", "Boolean=false", "Boolean=false", "Boolean=false"},
	{"number", "extension('u')", "", "", ""},
	{"number", "hasExtension('u')", "Boolean=false", "Boolean=false", "Boolean=false"},
}

func TestFunctionsOnNoItemOneAndMany(t *testing.T) {
	for _, f := range functionInputs {
		t.Run(f.input+"."+f.call, func(t *testing.T) {
			in := inputs[f.input]
			for expr, want := range map[string]string{"{}." + f.call: f.none, in[0] + "." + f.call: f.one, in[1] + "." + f.call: f.many} {
				if got := told(t, expr); got != want {
					t.Errorf("%s: %s\nwant %s", expr, got, want)
				}
			}
		})
	}
}

func TestEachFunctionIsTriedOnNoItemOneAndMany(t *testing.T) {
	for _, name := range fhirpath.FunctionNames() {
		if !slices.ContainsFunc(functionInputs, func(f onInputs) bool { return calledName(f.call) == name }) {
			t.Errorf("%s() is not tried", name)
		}
	}
}
