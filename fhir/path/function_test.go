package fhirpath_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	fhirpath "firewolf/fhir/path"
)

func TestExistenceFunctions(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("name.exists()", isTrue),
		gives("photo.exists()", isFalse),
		gives("name.exists(use = 'official')", isTrue),
		gives("name.exists(use = 'old')", isFalse),
		gives("name.empty()", isFalse),
		gives("photo.empty()", isTrue),
		gives("{}.empty()", isTrue),
		gives("empty()", isFalse),
		gives("name.all(family.exists() or text.exists())", isTrue),
		gives("name.all(family.exists())", isFalse),
		gives("photo.all(false)", isTrue),
		gives("name.all({})", isFalse),
		gives("name.select(text.exists()).allTrue()", isFalse),
		gives("{}.allTrue()", isTrue),
		gives("(true | true).allTrue()", isTrue),
		gives("(true | false).anyTrue()", isTrue),
		gives("{}.anyTrue()", isFalse),
		gives("(true | false).allFalse()", isFalse),
		gives("false.allFalse()", isTrue),
		gives("(true | false).anyFalse()", isTrue),
		gives("true.anyFalse()", isFalse),
		gives("(1 | 2).subsetOf(1 | 2 | 3)", isTrue),
		gives("(1 | 4).subsetOf(1 | 2 | 3)", isFalse),
		gives("{}.subsetOf({})", isTrue),
		gives("1.subsetOf({})", isFalse),
		gives("(1 | 2 | 3).supersetOf(1 | 2)", isTrue),
		gives("1.supersetOf(1 | 2)", isFalse),
		gives("{}.supersetOf({})", isTrue),
		gives("name.first().subsetOf($this.name)", isTrue),
		gives("name.count()", "Integer=2"),
		gives("photo.count()", "Integer=0"),
		gives("(1 | 1 | 2).distinct()", "Integer=1", "Integer=2"),
		gives("1.combine(1).distinct()", "Integer=1"),
		gives("1.combine(1).isDistinct()", isFalse),
		gives("(1 | 2).isDistinct()", isTrue),
		gives("{}.isDistinct()", isTrue),
	})
	checkFails(t, parse(t, alice), []row{
		gives("name.allTrue()", "allTrue() takes Booleans, not a HumanName"),
		gives("(true | 'foo').anyTrue()", "anyTrue() takes Booleans, not a String"),
		gives("name.all(given)", "a condition takes one item"),
	})
}

func TestFilteringAndProjection(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("name.where(use = 'official').family", "string@Patient.name[0].family"),
		gives("name.where({})"),
		gives("name.where(false)"),
		gives("photo.where(true)"),
		gives("name.where($index = 1)", "HumanName@Patient.name[1]"),
		gives("name.where(given.exists())", "HumanName@Patient.name[0]"),
		gives("telecom.where(system = 'phone' or system = 'email').value", "string@Patient.telecom[0].value", "string@Patient.telecom[1].value"),
		gives("telecom.where(system != 'phone').value", "string@Patient.telecom[1].value"),
		gives("name.select(use)", "code@Patient.name[0].use", "code@Patient.name[1].use"),
		gives("telecom.select($index)", "Integer=0", "Integer=1", "Integer=2"),
		gives("(1 | 2).select($this * 2)", "Integer=2", "Integer=4"),
		gives("(1 | 2).select({})"),
		gives("name.select(given | family).count()", "Integer=4"),
		gives("(1 | 2).select((10 | 20).select($index).combine($index))", "Integer=0", "Integer=1", "Integer=0", "Integer=0", "Integer=1", "Integer=1"),
		gives("1.repeat(iif($this < 5, $this + 1, {}))", "Integer=2", "Integer=3", "Integer=4", "Integer=5"),
		gives("(1 | 2).repeat('x')", "String=x"),
		gives("extension.repeat(extension).url", "uri@Patient.extension[1].extension[0].url"),
		gives("(1 | 2 | 3).aggregate($this + $total, 0)", "Integer=6"),
		gives("(1 | 2 | 3).aggregate(iif($total.empty(), $this, iif($this > $total, $this, $total)))", "Integer=3"),
		gives("{}.aggregate($this, 7)", "Integer=7"),
		gives("(5 | 6).aggregate($total + $index, 0)", "Integer=1"),
		gives("{}.aggregate($this)"),
		gives("name.where(given.where($this = 'B').exists()).use", "code@Patient.name[0].use"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("name.where(given)", "a condition takes one item"),
		gives("$index", "$index is defined inside an iteration alone"),
		gives("name.select(use).combine($index)", "$index is defined inside an iteration alone"),
		gives("name.select($total)", "$total is defined inside aggregate() alone"),
		gives("name.aggregate($total).combine($total)", "$total is defined inside aggregate() alone"),
		gives("name.where()", "where() takes 1 argument, not 0"),
		gives("name.select(use, family)", "select() takes 1 argument, not 2"),
		gives("name.aggregate()", "1 to 2 arguments"),
		gives("name.select(use + 1)", "+ is not defined for a code and an Integer"),
	})
}

func TestSubsetting(t *testing.T) {
	check(t, nobody(t), []row{
		gives("(1 | 2 | 3).first()", "Integer=1"),
		gives("(1 | 2 | 3).last()", "Integer=3"),
		gives("(1 | 2 | 3).tail()", "Integer=2", "Integer=3"),
		gives("{}.first()"),
		gives("{}.last()"),
		gives("{}.tail()"),
		gives("1.tail()"),
		gives("(1 | 2 | 3).skip(1)", "Integer=2", "Integer=3"),
		gives("(1 | 2).skip(5)"),
		gives("(1 | 2).skip(-1)", "Integer=1", "Integer=2"),
		gives("(1 | 2).skip({})"),
		gives("(1 | 2 | 3).take(2)", "Integer=1", "Integer=2"),
		gives("(1 | 2).take(0)"),
		gives("(1 | 2).take(-3)"),
		gives("(1 | 2).take(9)", "Integer=1", "Integer=2"),
		gives("1.single()", "Integer=1"),
		gives("{}.single()"),
		gives("(1 | 2 | 3).intersect(2 | 3 | 4)", "Integer=2", "Integer=3"),
		gives("1.combine(1).intersect(1)", "Integer=1"),
		gives("(1 | 2).intersect({})"),
		gives("(1 | 2 | 3).exclude(2)", "Integer=1", "Integer=3"),
		gives("1.combine(1).exclude(2)", "Integer=1", "Integer=1"),
		gives("(1 | 2).combine(2 | 3)", "Integer=1", "Integer=2", "Integer=2", "Integer=3"),
		gives("1.union(1 | 2)", "Integer=1", "Integer=2"),
		gives("(3 | 1 | 2).sort()", "Integer=1", "Integer=2", "Integer=3"),
		gives("('b' | 'a').sort(-$this)", "String=b", "String=a"),
		gives("{}.sort()"),
		gives("(2 | 1).sort(+$this)", "Integer=1", "Integer=2"),
	})
	check(t, parse(t, alice), []row{
		gives("telecom.sort(-value).value", "string@Patient.telecom[1].value", "string@Patient.telecom[2].value", "string@Patient.telecom[0].value"),
		gives("telecom.sort(system, value).value", "string@Patient.telecom[2].value", "string@Patient.telecom[1].value", "string@Patient.telecom[0].value"),
		gives("name.sort(period.start, use).use", "code@Patient.name[1].use", "code@Patient.name[0].use"),
		gives("telecom.sort(-system).value", "string@Patient.telecom[2].value", "string@Patient.telecom[0].value", "string@Patient.telecom[1].value"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("name.single()", `character 6 ("single()")`, "single() takes one item, not 2"),
		gives("name.skip('a')", "skip() takes an Integer as argument, not a String"),
		gives("name.take(1 | 2)", "take() takes one item as argument, not 2"),
		gives("name.sort()", "sort() cannot compare a HumanName with a HumanName"),
		gives("(1 | 'a').sort()", "cannot compare"),
		gives("name.sort(given)", "a key of sort() is one item"),
	})
}

func TestConditionalEvaluation(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("iif(active, 'yes', 'no')", "String=yes"),
		gives("iif(photo.exists(), 'yes', 'no')", "String=no"),
		gives("iif({}, 'yes', 'no')", "String=no"),
		gives("iif(false, 'yes')"),
		gives("iif(true, (1 | 2))", "Integer=1", "Integer=2"),
		gives("iif(true, true, (1 | 2).single())", isTrue),
		gives("iif(false, (1 | 2).single(), 3)", "Integer=3"),
		gives("gender.iif($this = 'female', 'f', 'm')", "String=f"),
		gives("{}.iif(true, 'a', 'b')", "String=a"),
		gives("name.first().iif(family.exists(), family, text)", "string@Patient.name[0].family"),
		gives("name.select(iif(text.exists(), text, family))", "string@Patient.name[0].family", "string@Patient.name[1].text"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("name.iif(true, 1)", "iif() takes one item, not more"),
		gives("iif('a', 1, 2)", "iif() takes a Boolean as its first argument"),
		gives("iif(1 | 2, 1, 2)", "a condition takes one item"),
		gives("iif(true)", "iif() takes 2 to 3 arguments, not 1"),
	})
}

func TestStringFunctions(t *testing.T) {
	check(t, nobody(t), []row{
		gives("'abcdefg'.indexOf('bc')", "Integer=1"),
		gives("'abc'.indexOf('x')", "Integer=-1"),
		gives("'abc'.indexOf('')", "Integer=0"),
		gives("'äöü'.indexOf('ü')", "Integer=2"),
		gives("'abab'.lastIndexOf('ab')", "Integer=2"),
		gives("'a'.indexOf({})"),
		gives("{}.indexOf('a')"),
		gives("'abcdefg'.substring(3)", "String=defg"),
		gives("'abcdefg'.substring(1, 2)", "String=bc"),
		gives("'abcdefg'.substring(6, 2)", "String=g"),
		gives("'abc'.substring(3, 1)"),
		gives("'abc'.substring(-1)"),
		gives("'abc'.substring(1, {})", "String=bc"),
		gives("'abc'.substring({})"),
		gives("'abc'.substring(1, -1)", "String="),
		gives("'äöü'.substring(1, 1)", "String=ö"),
		gives("'abc'.startsWith('ab')", isTrue),
		gives("'abc'.startsWith('')", isTrue),
		gives("'abc'.startsWith('b')", isFalse),
		gives("'abc'.endsWith('bc')", isTrue),
		gives("'abc'.endsWith('x')", isFalse),
		gives("'abc'.contains('b')", isTrue),
		gives("'abc'.contains('d')", isFalse),
		gives("{}.contains('')"),
		gives("'aBß'.upper()", "String=ABß"),
		gives("'ÄB'.lower()", "String=äb"),
		gives("'  a b '.trim()", "String=a b"),
		gives("'äö'.length()", "Integer=2"),
		gives("''.length()", "Integer=0"),
		gives("'äb'.toChars()", "String=ä", "String=b"),
		gives("''.toChars()"),
		gives("'abcabc'.replace('bc', 'x')", "String=axax"),
		gives("'abc'.replace('', 'x')", "String=xaxbxcx"),
		gives("'abc'.replace('b', '')", "String=ac"),
		gives("'abc'.replace('b', {})"),
		gives("'a,b,,c'.split(',')", "String=a", "String=b", "String=", "String=c"),
		gives("('a' | 'b').join('-')", "String=a-b"),
		gives("('a' | 'b').join()", "String=ab"),
		gives("{}.join(',')"),
		gives("'abc'.matches('b')", isTrue),
		gives("'abc'.matches('^b$')", isFalse),
		gives("'a\\nb'.matches('a.b')", isTrue),
		gives("'a'.matches({})"),
		gives("'abc'.matchesFull('b')", isFalse),
		gives("'abc'.matchesFull('a.c')", isTrue),
		gives("'ab'.matchesFull('a|ab')", isTrue),
		gives("'b'.matches('a' + '|b')", isTrue),
		gives("'11/30/1972'.replaceMatches('\\\\b(?<month>\\\\d{1,2})/(?<day>\\\\d{1,2})/(?<year>\\\\d{2,4})\\\\b', '${day}-${month}-${year}')", "String=30-11-1972"),
		gives("'abc'.replaceMatches('', 'x')", "String=abc"),
		gives("'abc'.replaceMatches('b', {})"),
		gives("'aXb'.replaceMatches('[A-Z]', '')", "String=ab"),
		gives("'test'.encode('hex')", "String=74657374"),
		gives("'74657374'.decode('hex')", "String=test"),
		gives("'zz'.decode('hex')"),
		gives("'a?_d'.encode('urlbase64')", "String=YT9fZA=="),
		gives("'ff'.decode('hex')"),
		gives("'<a&\"'.escape('html')", `String=&lt;a&amp;&quot;`),
		gives("'&lt;'.unescape('html')", "String=<"),
		gives("'\"\\n'.escape('json')", `String=\"\n`),
		gives(`'\\u00e9\\n"'.unescape('json')`, "String=é\n\""),
		gives(`'\\x'.unescape('json')`),
	})
	checkFails(t, parse(t, alice), []row{
		gives("1.length()", "length() takes a String, not an Integer"),
		gives("name.given.upper()", "upper() takes one item, not 3"),
		gives("'a'.startsWith(1)", "startsWith() takes a String as argument, not an Integer"),
		gives("'a'.matches('(')", `character 5 ("matches('(')")`, "this is no regular expression"),
		gives("'a'.matches('(' + '')", "this is no regular expression"),
		gives("'a'.encode('rot13')", `encode() does not know the format "rot13"`),
		gives("(1 | 2).join(',')", "join() takes Strings, not an Integer"),
		gives("'a'.indexOf('a' | 'b')", "indexOf() takes one item as argument, not 2"),
		gives("'a'.substring()", "substring() takes 1 to 2 arguments, not 0"),
		gives("language.upper()", "not a code without value"),
	})
}

func TestMathFunctions(t *testing.T) {
	check(t, nobody(t), []row{
		gives("(-5).abs()", "Integer=5"),
		gives("(-5.50).abs()", "Decimal=5.50"),
		gives("(-5.5 'mg').abs()", "Quantity=5.5 'mg'"),
		gives("{}.abs()"),
		gives("1.1.ceiling()", "Integer=2"),
		gives("(-1.1).ceiling()", "Integer=-1"),
		gives("(-2.1).floor()", "Integer=-3"),
		gives("2.9.floor()", "Integer=2"),
		gives("(-1.56).truncate()", "Integer=-1"),
		gives("9999999999.5.floor()"),
		gives("0.exp()", "Decimal=1"),
		gives("1.exp()", "Decimal=2.718281828459045235360287471352662"),
		gives("1001.exp()"),
		gives("(-2000).exp()"),
		gives("1.ln()", "Decimal=0"),
		gives("0.ln()"),
		gives("(-1).ln()"),
		gives("16.log(2)", "Decimal=4"),
		gives("100.0.log(10.0)", "Decimal=2"),
		gives("1000.log(10)", "Decimal=3"),
		gives("10.log(1)"),
		gives("10.log({})"),
		gives("10.log(-1)"),
		gives("2.power(3)", "Integer=8"),
		gives("2.5.power(2)", "Decimal=6.25"),
		gives("2.power(-1)", "Decimal=0.5"),
		gives("(-1).power(0.5)"),
		gives("2.power(31)"),
		gives("2.power(100000)"),
		gives("2.power({})"),
		gives("4.power(0.5)", "Decimal=2"),
		gives("81.sqrt()", "Decimal=9"),
		gives("2.sqrt()", "Decimal=1.414213562373095048801688724209698"),
		gives("(-1).sqrt()"),
		gives("1.round()", "Decimal=1"),
		gives("3.14159.round(3)", "Decimal=3.142"),
		gives("0.5.round()", "Decimal=1"),
		gives("(-0.5).round()", "Decimal=-1"),
		gives("2.5.round(3)", "Decimal=2.500"),
		gives("1.round(5000)"),
	})
	checkFails(t, nobody(t), []row{
		gives("'a'.abs()", "abs() takes a number or a Quantity, not a String"),
		gives("'a'.sqrt()", "sqrt() takes a number, not a String"),
		gives("1.5.round(-1)", "round() takes a number of decimal places from 0 on"),
		gives("(1 | 2).floor()", "floor() takes one item, not 2"),
		gives("2.power('a')", "power() takes a Decimal as argument"),
	})
}

func TestValueFunctions(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("birthDate.getValue()", "Date=2001-02-03"),
		gives("gender.getValue()", "String=female"),
		gives("language.getValue()"),
		gives("name.getValue()"),
		gives("name[0].getValue()"),
		gives("name.given.hasValue()", isFalse),
		gives("photo.hasValue()", isFalse),
		gives("name[0].hasValue()", isFalse),
		gives("1.hasValue()", isTrue),
		gives("extension.extension.value.getValue()"),
	})
}

func TestTheClockIsThatOfTheEvaluation(t *testing.T) {
	check(t, nobody(t), []row{
		gives("now()", "DateTime=2024-05-06T12:00:00.000+02:00"),
		gives("today()", "Date=2024-05-06"),
		gives("timeOfDay()", "Time=12:00:00.000"),
		gives("now() = now()", isTrue),
		gives("today() + 1 day", "Date=2024-05-07"),
	})
	x, err := fhirpath.Compile(definitions(t), "now()")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Eval(nobody(t)); err == nil || !strings.Contains(err.Error(), "now() is not defined here") {
		t.Errorf("now() without a clock: %v", err)
	}
}

func TestVariables(t *testing.T) {
	focus := parse(t, alice)
	check(t, focus, []row{
		gives("%sct", "String=http://snomed.info/sct"),
		gives("%loinc", "String=http://loinc.org"),
		gives("%ucum", "String=http://unitsofmeasure.org"),
		gives("%`vs-x`", "String=http://hl7.org/fhir/ValueSet/x"),
		gives("%'ext-y'", "String=http://hl7.org/fhir/StructureDefinition/y"),
		gives("name.select(%context.gender)", "code@Patient.gender", "code@Patient.gender"),
		gives("%resource.gender", "code@Patient.gender"),
		gives("%rootResource", "Patient@Patient"),
	})
	checkFails(t, focus, []row{
		gives("%unheard", "character 1", "the variable is not defined"),
	})
	x, err := fhirpath.Compile(definitions(t), "%weight / %`my height` & '' | %none | %sct")
	if err == nil {
		_, err = x.EvalIn(nil, x.Focus(focus), fhirpath.Scope{Variables: map[string][]fhirpath.Value{"weight": {{Type: "Integer", Text: "6"}}, "my height": {{Type: "Integer", Text: "3"}}}})
	}
	if err == nil || !strings.Contains(err.Error(), "& is not defined for a Decimal") {
		t.Errorf("got %v", err)
	}
	x, err = fhirpath.Compile(definitions(t), "%weight / %`my height` | %none | %sct")
	if err != nil {
		t.Fatal(err)
	}
	got, err := x.EvalIn(nil, x.Focus(focus), fhirpath.Scope{Variables: map[string][]fhirpath.Value{
		"weight": {{Type: "Integer", Text: "6"}}, "my height": {{Type: "Integer", Text: "3"}}, "none": nil, "sct": {{Type: "String", Text: "mine"}},
	}})
	if d := cmp.Diff([]string{"Decimal=2", "String=mine"}, locations(got)); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestTraceShowsAndChangesNothing(t *testing.T) {
	focus := parse(t, alice)
	check(t, focus, []row{
		gives("name.trace('x').use", "code@Patient.name[0].use", "code@Patient.name[1].use"),
		gives("name.trace('x', given).count()", "Integer=2"),
	})
	checkFails(t, focus, []row{
		gives("name.trace(1)", "trace() takes a String as its first argument"),
		gives("name.trace()", "trace() takes 1 to 2 arguments"),
	})
	x, err := fhirpath.Compile(definitions(t), "name.trace('names', use).trace('all').given.count()")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string][]string{}
	_, err = x.EvalIn(nil, x.Focus(focus), fhirpath.Scope{Trace: func(name string, vs []fhirpath.Value) { seen[name] = locations(vs) }})
	want := map[string][]string{"names": {"code@Patient.name[0].use", "code@Patient.name[1].use"}, "all": {"HumanName@Patient.name[0]", "HumanName@Patient.name[1]"}}
	if d := cmp.Diff(want, seen); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}
