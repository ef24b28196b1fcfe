package fhirpath_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	fhirpath "firewolf/fhir/path"
)

func TestEqualityComparesValues(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("1 = 1", isTrue),
		gives("1 = 2", isFalse),
		gives("1 = 1.0", isTrue),
		gives("1.10 = 1.1", isTrue),
		gives("0.0 = 0", isTrue),
		gives("-0.0 = 0", isTrue),
		gives("007 = 7.0", isTrue),
		gives("'a' = 'a'", isTrue),
		gives("'a' = 'A'", isFalse),
		gives("'1' = 1", isFalse),
		gives("true = true", isTrue),
		gives("true = 'true'", isFalse),
		gives("1 = {}"),
		gives("{} = {}"),
		gives("{} != {}"),
		gives("1 != 2", isTrue),
		gives("1 != 1.0", isFalse),
		gives("(1 | 2) = (1 | 2)", isTrue),
		gives("(1 | 2) = (2 | 1)", isFalse),
		gives("(1 | 2) = 1", isFalse),
		gives("(1 | 2) != 1", isTrue),
		gives("gender = 'female'", isTrue),
		gives("active = true", isTrue),
		gives("birthDate = @2001-02-03", isTrue),
		gives("birthDate = '2001-02-03'", isFalse),
		gives("name = name", isTrue),
		gives("name[0] = name[1]", isFalse),
		gives("name[0] != name[1]", isTrue),
		gives("name[0] = 'A'", isFalse),
		gives("name.given = ('B' | 'C')", isFalse),
		gives("language = 'en'", isFalse),
		gives("contained[1].birthDate = birthDate", isTrue),
	})
}

func TestEqualityOfElementsComparesWhatIsBelow(t *testing.T) {
	focus := parse(t, `{"resourceType":"Patient","extension":[
{"url":"a","valueQuantity":{"value":1.50,"unit":"g","system":"http://unitsofmeasure.org","code":"g"}},
{"valueQuantity":{"unit":"g","value":1.5,"system":"http://unitsofmeasure.org","code":"g"},"url":"a"},
{"url":"a","valueQuantity":{"value":1500,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}},
{"url":"a","valuePeriod":{"start":"2020-01-01T10:00:00Z"}},{"url":"a","valuePeriod":{"start":"2020-01-01T12:00:00+02:00"}},{"url":"a","valuePeriod":{"start":"2020-01-01T12:00:00Z"}},
{"url":"a","valueString":"2020-01-01T10:00:00Z"},{"url":"a","valueString":"2020-01-01T12:00:00+02:00"}],
"name":[{"given":["A","B"]},{"given":["A"]},{"given":["B","A"]},{"given":["A","B"],"id":"x"}]}`)
	check(t, focus, []row{
		gives("extension[0] = extension[1]", isTrue),
		gives("extension[0] = extension[2]", isFalse),
		gives("extension[0].value = extension[2].value", isFalse),
		gives("extension[3] = extension[4]", isTrue),
		gives("extension[3] = extension[5]", isFalse),
		gives("extension[6] = extension[7]", isFalse),
		gives("name[0] = name[1]", isFalse),
		gives("name[0] = name[2]", isFalse),
		gives("name[0] = name[3]", isFalse),
		gives("name[0] ~ name[2]", isTrue),
		gives("name[0] ~ name[3]", isTrue),
		gives("name[0] ~ name[1]", isFalse),
		gives("extension[0] ~ extension[2]", isTrue),
		gives("extension[0].value = 1.5 'g'", isTrue),
		gives("extension[0].value = 1500 'mg'", isTrue),
		gives("extension.distinct().count()", "Integer=6"),
	})
}

func TestEquivalenceForgivesCaseOrderAndPrecision(t *testing.T) {
	check(t, nobody(t), []row{
		gives("{} ~ {}", isTrue),
		gives("1 ~ {}", isFalse),
		gives("{} !~ 1", isTrue),
		gives("1 ~ 1.0", isTrue),
		gives("1.2 / 1.8 ~ 0.67", isTrue),
		gives("1.2 / 1.8 ~ 0.6", isFalse),
		gives("0.66 ~ 0.7", isTrue),
		gives("'A b' ~ 'a\\tB'", isTrue),
		gives("'a' ~ 'b'", isFalse),
		gives("'a' !~ 'A'", isFalse),
		gives("'ſ' ~ 'S'", isTrue),
		gives("(1 | 2 | 3) ~ (3 | 1 | 2)", isTrue),
		gives("(1 | 2) ~ (1 | 3)", isFalse),
		gives("(1 | 2) ~ 1", isFalse),
		gives("@2012 ~ @2012-01", isFalse),
		gives("@2012-01-01T10:30:31.0 ~ @2012-01-01T10:30:31", isTrue),
		gives("@T10 ~ @T10:00", isFalse),
		gives("4 'g' ~ 4000 'mg'", isTrue),
		gives("4 'g' ~ 4040 'mg'", isTrue),
		gives("4.00 'g' ~ 4040 'mg'", isTrue),
		gives("4.01 'g' ~ 4040 'mg'", isFalse),
		gives("1 year ~ 1 'a'", isTrue),
		gives("1 month ~ 1 'mo'", isTrue),
		gives("1 year ~ 12 months", isTrue),
		gives("1 'cm' ~ 1 's'", isFalse),
		gives("1 'nonsense' ~ 1 's'", isFalse),
		gives("1 'a' ~ 'a'", isFalse),
	})
}

func TestComparisonOrdersValuesOfOneKind(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("1 < 2", isTrue),
		gives("2 <= 2.0", isTrue),
		gives("1.5 > 1", isTrue),
		gives("1 >= 2", isFalse),
		gives("10 > 9", isTrue),
		gives("-1 < 0", isTrue),
		gives("'a' < 'b'", isTrue),
		gives("'B' < 'a'", isTrue),
		gives("'a' >= 'a'", isTrue),
		gives("1 < {}"),
		gives("{} > 'a'"),
		gives("@2018-03 < @2018-03-01"),
		gives("@2018-02 < @2018-03-01", isTrue),
		gives("birthDate < @2001-02-04", isTrue),
		gives("birthDate <= today()", isTrue),
		gives("now() > birthDate", isTrue),
		gives("now() > today()"),
		gives("@2018-03-01T10:30:00 >= @2018-03-01T10:30:00.0", isTrue),
		gives("@2018-03-01T10 > @2018-03-01T10:30"),
		gives("@T10:30 < @T10:31", isTrue),
		gives("@T10 < @T10:31"),
		gives("@2017-11-05T01:30:00.0-04:00 < @2017-11-05T01:15:00.0-05:00", isTrue),
		gives("@2017-11-05T01:30:00Z < @2017-11-05T22:00:00"),
		gives("@2017-11-05T01:30:00Z < @2017-11-08T22:00:00", isTrue),
		gives("@2017-11-08T01:30:00 = @2017-11-05T22:00:00Z", isFalse),
		gives("1 'cm' < 1 'm'", isTrue),
		gives("1 'm' > 1 's'"),
		gives("1 year > 1 'a'"),
		gives("13 months > 1 year", isTrue),
		gives("6 days < 1 week", isTrue),
		gives("1 'wk' = 7 days", isTrue),
		gives("1000 'ms' = 1 second", isTrue),
		gives("37 'Cel' > 98 '[degF]'", isTrue),
		gives("5 > 4 '1'", isTrue),
		gives("1 '%' < 1", isTrue),
	})
	checkFails(t, parse(t, alice), []row{
		gives("1 < 'a'", `character 3`, "< cannot compare an Integer with a String"),
		gives("true < false", "cannot compare a Boolean"),
		gives("name < name", "< compares single items"),
		gives("name[0] > 1", "cannot compare a HumanName with an Integer"),
		gives("language < 'a'", "a code without value"),
		gives("@2018 < @T10", "cannot compare a Date with a Time"),
		gives("(1|2) < 3", "single items"),
	})
}

func TestLogicHasThreeValues(t *testing.T) {
	values := []string{"true", "false", "{}"}
	tables := map[string][9]string{ // rows true, false, {}; columns true, false, {}
		"and":     {"true", "false", "{}", "false", "false", "false", "{}", "false", "{}"},
		"or":      {"true", "true", "true", "true", "false", "{}", "true", "{}", "{}"},
		"xor":     {"false", "true", "{}", "true", "false", "{}", "{}", "{}", "{}"},
		"implies": {"true", "false", "{}", "true", "true", "true", "true", "{}", "{}"},
	}
	var rows []row
	for op, table := range tables {
		for k, want := range table {
			r := row{expr: fmt.Sprintf("%s %s %s", values[k/3], op, values[k%3])}
			if want != "{}" {
				r.want = []string{"Boolean=" + want}
			}
			rows = append(rows, r)
		}
	}
	check(t, nobody(t), rows)
	check(t, parse(t, alice), []row{
		gives("true.not()", isFalse),
		gives("{}.not()"),
		gives("1.not()", isFalse),
		gives("active and name[0]", isTrue),
		gives("photo or active", isTrue),
		gives("'x' and true", isTrue),
		gives("photo.empty() implies active", isTrue),
		gives("active.not().not()", isTrue),
	})
	checkFails(t, parse(t, alice), []row{
		gives("name and true", "a condition takes one item, not more"),
		gives("true and (1 | 2)", "a condition takes one item"),
		gives("name.not()", "a condition takes one item"),
	})
}

func TestMembershipLooksForOneItem(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("1 in (1 | 2)", isTrue),
		gives("3 in (1 | 2)", isFalse),
		gives("{} in (1 | 2)"),
		gives("1 in {}", isFalse),
		gives("(1 | 2) contains 2.0", isTrue),
		gives("{} contains 1", isFalse),
		gives("(1 | 2) contains {}"),
		gives("'B' in name.given", isTrue),
		gives("gender in ('male' | 'female')", isTrue),
		gives("name contains name[1]", isTrue),
	})
	checkFails(t, parse(t, alice), []row{
		gives("(1 | 2) in (1 | 2)", "in and contains look for one item"),
		gives("1 contains (1 | 2)", "look for one item"),
	})
}

func TestArithmeticIsExact(t *testing.T) {
	check(t, nobody(t), []row{
		gives("1 + 2", "Integer=3"),
		gives("1 + 2.50", "Decimal=3.50"),
		gives("0.1 + 0.2", "Decimal=0.3"),
		gives("1.8 - 1.2", "Decimal=0.6"),
		gives("3 - 5", "Integer=-2"),
		gives("2 * 3", "Integer=6"),
		gives("1.2 * 1.8", "Decimal=2.16"),
		gives("4 / 2", "Decimal=2"),
		gives("1 / 2", "Decimal=0.5"),
		gives("1 / 0"),
		gives("1.0 / 0.0"),
		gives("1 / 3", "Decimal=0.3333333333333333333333333333333333"),
		gives("5 div 2", "Integer=2"),
		gives("-5 div 2", "Integer=-2"),
		gives("5.5 div 0.7", "Integer=7"),
		gives("5 div 0"),
		gives("5.0 div 0.0"),
		gives("5 mod 2", "Integer=1"),
		gives("-5 mod 2", "Integer=-1"),
		gives("5.5 mod 0.7", "Decimal=0.6"),
		gives("5 mod 0"),
		gives("2.2 mod 0.0"),
		gives("2147483647 + 1"),
		gives("-2147483647 - 2"),
		gives("65536 * 65536"),
		gives("1 + {}"),
		gives("{} * {}"),
		gives("-1", "Integer=-1"),
		gives("-1.50", "Decimal=-1.50"),
		gives("+1", "Integer=1"),
		gives("-(-1)", "Integer=1"),
		gives("-{}"),
		gives("--1", "Integer=1"),
		gives("-(1 'mg')", "Quantity=-1 'mg'"),
		gives("'a' + 'b'", "String=ab"),
		gives("'a' + {}"),
		gives("'a' & {} & 'b'", "String=ab"),
		gives("{} & {}", "String="),
		gives("1 + 2 * 3 - 4 / 2", "Decimal=5"),
		gives("7 - 2 - 1", "Integer=4"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("'a' - 'b'", `character 5 ("- 'b'")`, "- is not defined for a String and a String"),
		gives("1 + 'a'", "+ is not defined for an Integer and a String"),
		gives("true + true", "not defined for a Boolean"),
		gives("name + 'a'", "+ takes single items"),
		gives("'a' & 1", "& is not defined for an Integer"),
		gives("-'a'", "a sign is not defined for a String"),
		gives("-(1 | 2)", "a sign takes one item"),
		gives("-name[0]", "a sign is not defined for a HumanName"),
		gives("@2015 * 2", "* is not defined for a Date"),
		gives("1 'mg' mod 2 'mg'", "mod is not defined"),
	})
}

func TestQuantitiesAreComputedWithTheirUnits(t *testing.T) {
	check(t, nobody(t), []row{
		gives("3 'm' + 3 'cm'", "Quantity=303 'cm'"),
		gives("3 'm' - 3 'cm'", "Quantity=297 'cm'"),
		gives("1 'g' + 1 'm'"),
		gives("1 week + 1 day", "Quantity=8 day"),
		gives("1 year + 1 month", "Quantity=13 month"),
		gives("1 month + 1 day"),
		gives("12 'cm' * 3 'cm' = 36 'cm2'", isTrue),
		gives("2 'cm' * 3", "Quantity=6 'cm'"),
		gives("3 * 2 'cm'", "Quantity=6 'cm'"),
		gives("12 'cm2' / 3 'cm' = 4 'cm'", isTrue),
		gives("1 / 2 's'", "Quantity=0.5 '/s'"),
		gives("4.0 'g' / 2.0 'm' = 2 'g/m'", isTrue),
		gives("6 'g/m' / 2 's'", "Quantity=3 '(g/m)/s'"),
		gives("1 'm' / 1 'm'", "Quantity=1 '1'"),
		gives("6 'm' / 0 'm'"),
		gives("2 days * 3", "Quantity=6 day"),
		gives("2 days * 3 'm'"),
		gives("1 'kg' = 1000 'g'", isTrue),
		gives("1 '[lb_av]' > 1 'kg'", isFalse),
		gives("1 'x|y' = 1 'x|y'", isTrue),
		gives("1 'm' = 1 'rubbish'"),
		gives("1 '1' + 1", "Quantity=2 '1'"),
	})
}

func TestDatesMoveAsACalendarDoes(t *testing.T) {
	check(t, parse(t, alice), []row{
		gives("@1973-12-25 + 7 days", "Date=1974-01-01"),
		gives("@1973-12-25 + 7.7 days", "Date=1974-01-01"),
		gives("@2024-01-31 + 1 month", "Date=2024-02-29"),
		gives("@2024-02-29 - 1 year", "Date=2023-02-28"),
		gives("@2024-01-01 + 1 'wk'", "Date=2024-01-08"),
		gives("@2014 + 24 months", "Date=2016"),
		gives("@2014 + 23 months", "Date=2015"),
		gives("@2016 + 365 days", "Date=2017"),
		gives("@2019-03 + 31 days", "Date=2019-04"),
		gives("@2019-03 - 29 days", "Date=2019-03"),
		gives("@1973-12-25T00:00:00.000+10:00 + 1 second", "DateTime=1973-12-25T00:00:01.000+10:00"),
		gives("@1973-12-25T00:00:00.000+10:00 + 0.1 's'", "DateTime=1973-12-25T00:00:00.100+10:00"),
		gives("@2020-01-01T10:00:00Z + 1 'ms'", "DateTime=2020-01-01T10:00:00.001Z"),
		gives("@2020-01-01T10 + 90 minutes", "DateTime=2020-01-01T11"),
		gives("@2020-01-01T10:00 + 90 seconds", "DateTime=2020-01-01T10:01"),
		gives("@2020-01T + 60 days", "DateTime=2020-03"),
		gives("@2020-01-01T + 48 hours", "DateTime=2020-01-03"),
		gives("@T23:00 + 2 hours", "Time=01:00"),
		gives("@T01:00:00 - 1 minute", "Time=00:59:00"),
		gives("@T10 + 59 minutes", "Time=10"),
		gives("birthDate + 1 year", "Date=2002-02-03"),
		gives("@1974-12-25 - 1 'month'", "Date=1974-11-25"),
		gives("@2020 + {}"),
	})
	checkFails(t, parse(t, alice), []row{
		gives("@1973-12-25 + 1 'mo'", "+ is not defined for a Date and a Quantity"),
		gives("@1973-12-25 + 1 'a'", "not defined"),
		gives("@1974-12-25 - 1 'cm'", "- is not defined"),
		gives("@2020-01-01 + 1 hour", "not defined"),
		gives("@T10 + 1 day", "not defined"),
		gives("@9999-12-31 + 1 day", "not defined"),
		gives("@2020 + 100000000000 years", "not defined"),
		gives("@1974-12-25 + 7", "not defined for a Date and an Integer"),
		gives("@2020-01-01T00:00:00Z + 99999999999999 hours", "not defined"),
	})
}

func TestComparisonAndEqualityOfNumbersAgree(t *testing.T) {
	s := definitions(t)
	focus := nobody(t)
	rapid.Check(t, func(r *rapid.T) {
		a := rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,3})?`).Draw(r, "a")
		b := rapid.StringMatching(`[0-9]{1,3}(\.[0-9]{1,3})?`).Draw(r, "b")
		x, err := fhirpath.Compile(s, fmt.Sprintf("(%[1]s = %[2]s) = (%[1]s <= %[2]s and %[1]s >= %[2]s) and (%[1]s < %[2]s) = (%[2]s > %[1]s) and (%[1]s - %[2]s = 0) = (%[1]s = %[2]s)", a, b))
		if err != nil {
			r.Fatal(err)
		}
		got, err := x.Eval(focus)
		if err != nil || len(got) != 1 || got[0].Text != "true" {
			r.Fatalf("%s and %s: %v, %v", a, b, locations(got), err)
		}
	})
}

func TestNumbersThatNobodyCanMeanAreNoNumbers(t *testing.T) {
	focus := parse(t, `{"resourceType":"Observation","component":[{"valueQuantity":{"value":1e999}},{"valueQuantity":{"value":1e5000}},{"valueQuantity":{"value":1e-5000}},{"valueQuantity":{"value":1E+2}}]}`)
	check(t, focus, []row{
		gives("component[0].value.value > 1", isTrue),
		gives("component[1].value.value > 1"),
		gives("component[2].value.value + 1"),
		gives("component[0].value.value * 10.0 * 10"),
		gives("component[3].value.value = 100", isTrue),
		gives("component[3].value.value + 0", "Decimal=100"),
		gives("component[1].value = component[1].value", isTrue),
		gives("component[1].value = component[2].value", isFalse),
	})
}
