package fhirpath_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// arguments are the columns of argumentGrid: none, nothing, one of each kind, many items, a resource, and too many arguments.
var arguments = []string{"", "{}", "5", "'a'", "true", "@2015", "4 'mg'", "(1 | 2)", "$this", "1, 2, 3, 4"}

// argumentGrid says what functions make of their first argument, with the signs of the grids of operators.
const argumentGrid = `
5       skip          ! . . ! ! ! ! ! ! !
5       take          ! . v ! ! ! ! ! ! !
5       subsetOf      ! F T F F F F F F !
5       supersetOf    ! T T F F F F F F !
5       intersect     ! . v . . . . . . !
5       exclude       ! v . v v v v v v !
5       union         ! v v m m m m m m !
5       combine       ! v m m m m m m m !
5       comparable    ! . ! ! ! ! F ! ! !
'wolf'  indexOf       ! . ! v ! ! ! ! ! !
'wolf'  lastIndexOf   ! . ! v ! ! ! ! ! !
'wolf'  substring     ! . . ! ! ! ! ! ! !
'wolf'  startsWith    ! . ! F ! ! ! ! ! !
'wolf'  endsWith      ! . ! F ! ! ! ! ! !
'wolf'  contains      ! . ! F ! ! ! ! ! !
'wolf'  matches       ! . ! F ! ! ! ! ! !
'wolf'  matchesFull   ! . ! F ! ! ! ! ! !
'wolf'  split         ! . ! v ! ! ! ! ! !
'wolf'  join          v v ! v ! ! ! ! ! !
'wolf'  encode        ! . ! ! ! ! ! ! ! !
'wolf'  decode        ! . ! ! ! ! ! ! ! !
'wolf'  escape        ! . ! ! ! ! ! ! ! !
'wolf'  unescape      ! . ! ! ! ! ! ! ! !
5       log           ! . v ! ! ! ! ! ! !
5       power         ! . v ! ! ! ! ! ! !
2.5     round         v v v ! ! ! ! ! ! !
2.5     lowBoundary   v v v ! ! ! ! ! ! !
2.5     highBoundary  v v v ! ! ! ! ! ! !
5       toQuantity    v . ! . ! ! ! ! ! !
$this   extension     ! . ! . ! ! ! ! ! !
$this   hasExtension  ! F ! F ! ! ! ! ! !
5       trace         ! ! ! v ! ! ! ! ! !
5       where         ! . v v v v v ! v !
5       all           ! F T T T T T ! T !
5       exists        T F T T T T T ! T !
5       select        ! . v v T v v m v !
5       repeat        ! . v v T v v m v !
5       sort          v v v v v v v ! v v
`

func TestFunctionsWithEachKindOfArgument(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(argumentGrid)) {
		fields := strings.Fields(line)
		input, name, want := fields[0], fields[1], strings.Join(fields[2:], " ")
		t.Run(input+"."+name, func(t *testing.T) {
			got := make([]string, len(arguments))
			for k, a := range arguments {
				got[k] = sign(t, input+"."+name+"("+a+")")
			}
			if d := cmp.Diff(want, strings.Join(got, " ")); d != "" {
				t.Errorf("the columns are %q (-want +got):\n%s", arguments, d)
			}
		})
	}
}

// What an argument of a kind that is not taken is told.
func TestWrongArgumentsAreNamed(t *testing.T) {
	for _, tt := range [][2]string{
		{"5.skip()", "! skip() takes 1 argument, not 0"},
		{"5.skip('a')", "! skip() takes an Integer as argument, not a String"},
		{"5.skip((1 | 2))", "! skip() takes one item as argument, not 2"},
		{"5.take()", "! take() takes 1 argument, not 0"},
		{"5.take('a')", "! take() takes an Integer as argument, not a String"},
		{"5.take((1 | 2))", "! take() takes one item as argument, not 2"},
		{"5.subsetOf()", "! subsetOf() takes 1 argument, not 0"},
		{"5.supersetOf()", "! supersetOf() takes 1 argument, not 0"},
		{"5.intersect()", "! intersect() takes 1 argument, not 0"},
		{"5.exclude()", "! exclude() takes 1 argument, not 0"},
		{"5.union()", "! union() takes 1 argument, not 0"},
		{"5.combine()", "! combine() takes 1 argument, not 0"},
		{"5.comparable()", "! comparable() takes 1 argument, not 0"},
		{"5.comparable(5)", "! comparable() takes a Quantity as argument, not an Integer"},
		{"5.comparable((1 | 2))", "! comparable() takes one item as argument, not 2"},
		{"'wolf'.indexOf()", "! indexOf() takes 1 argument, not 0"},
		{"'wolf'.indexOf(5)", "! indexOf() takes a String as argument, not an Integer"},
		{"'wolf'.indexOf((1 | 2))", "! indexOf() takes one item as argument, not 2"},
		{"'wolf'.lastIndexOf()", "! lastIndexOf() takes 1 argument, not 0"},
		{"'wolf'.lastIndexOf(5)", "! lastIndexOf() takes a String as argument, not an Integer"},
		{"'wolf'.lastIndexOf((1 | 2))", "! lastIndexOf() takes one item as argument, not 2"},
		{"'wolf'.substring()", "! substring() takes 1 to 2 arguments, not 0"},
		{"'wolf'.substring('a')", "! substring() takes an Integer as argument, not a String"},
		{"'wolf'.substring((1 | 2))", "! substring() takes one item as argument, not 2"},
		{"'wolf'.startsWith()", "! startsWith() takes 1 argument, not 0"},
		{"'wolf'.startsWith(5)", "! startsWith() takes a String as argument, not an Integer"},
		{"'wolf'.startsWith((1 | 2))", "! startsWith() takes one item as argument, not 2"},
		{"'wolf'.endsWith()", "! endsWith() takes 1 argument, not 0"},
		{"'wolf'.endsWith(5)", "! endsWith() takes a String as argument, not an Integer"},
		{"'wolf'.endsWith((1 | 2))", "! endsWith() takes one item as argument, not 2"},
		{"'wolf'.contains()", "! contains() takes 1 argument, not 0"},
		{"'wolf'.contains(5)", "! contains() takes a String as argument, not an Integer"},
		{"'wolf'.contains((1 | 2))", "! contains() takes one item as argument, not 2"},
		{"'wolf'.matches()", "! matches() takes 1 argument, not 0"},
		{"'wolf'.matches(5)", "! matches() takes a String as argument, not an Integer"},
		{"'wolf'.matches((1 | 2))", "! matches() takes one item as argument, not 2"},
		{"'wolf'.matchesFull()", "! matchesFull() takes 1 argument, not 0"},
		{"'wolf'.matchesFull(5)", "! matchesFull() takes a String as argument, not an Integer"},
		{"'wolf'.matchesFull((1 | 2))", "! matchesFull() takes one item as argument, not 2"},
		{"'wolf'.split()", "! split() takes 1 argument, not 0"},
		{"'wolf'.split(5)", "! split() takes a String as argument, not an Integer"},
		{"'wolf'.split((1 | 2))", "! split() takes one item as argument, not 2"},
		{"'wolf'.join(5)", "! join() takes a String as argument, not an Integer"},
		{"'wolf'.join((1 | 2))", "! join() takes one item as argument, not 2"},
		{"'wolf'.encode()", "! encode() takes 1 argument, not 0"},
		{"'wolf'.encode(5)", "! encode() takes a String as argument, not an Integer"},
		{"'wolf'.encode((1 | 2))", "! encode() takes one item as argument, not 2"},
		{"'wolf'.decode()", "! decode() takes 1 argument, not 0"},
		{"'wolf'.decode(5)", "! decode() takes a String as argument, not an Integer"},
		{"'wolf'.decode((1 | 2))", "! decode() takes one item as argument, not 2"},
		{"'wolf'.escape()", "! escape() takes 1 argument, not 0"},
		{"'wolf'.escape(5)", "! escape() takes a String as argument, not an Integer"},
		{"'wolf'.escape((1 | 2))", "! escape() takes one item as argument, not 2"},
		{"'wolf'.unescape()", "! unescape() takes 1 argument, not 0"},
		{"'wolf'.unescape(5)", "! unescape() takes a String as argument, not an Integer"},
		{"'wolf'.unescape((1 | 2))", "! unescape() takes one item as argument, not 2"},
		{"5.log()", "! log() takes 1 argument, not 0"},
		{"5.log('a')", "! log() takes a Decimal as argument, not a String"},
		{"5.log((1 | 2))", "! log() takes one item as argument, not 2"},
		{"5.power()", "! power() takes 1 argument, not 0"},
		{"5.power('a')", "! power() takes a Decimal as argument, not a String"},
		{"5.power((1 | 2))", "! power() takes one item as argument, not 2"},
		{"2.5.round('a')", "! round() takes an Integer as argument, not a String"},
		{"2.5.round((1 | 2))", "! round() takes one item as argument, not 2"},
		{"2.5.lowBoundary('a')", "! lowBoundary() takes an Integer as argument, not a String"},
		{"2.5.lowBoundary((1 | 2))", "! lowBoundary() takes one item as argument, not 2"},
		{"2.5.highBoundary('a')", "! highBoundary() takes an Integer as argument, not a String"},
		{"2.5.highBoundary((1 | 2))", "! highBoundary() takes one item as argument, not 2"},
		{"5.toQuantity(5)", "! toQuantity() takes a String as argument, not an Integer"},
		{"5.toQuantity((1 | 2))", "! toQuantity() takes one item as argument, not 2"},
		{"$this.extension()", "! extension() takes 1 argument, not 0"},
		{"$this.extension(5)", "! extension() takes one String"},
		{"$this.extension((1 | 2))", "! extension() takes one String"},
		{"$this.hasExtension()", "! hasExtension() takes 1 argument, not 0"},
		{"$this.hasExtension(5)", "! extension() takes one String"},
		{"$this.hasExtension((1 | 2))", "! extension() takes one String"},
		{"5.trace()", "! trace() takes 1 to 2 arguments, not 0"},
		{"5.trace(5)", "! trace() takes a String as its first argument"},
		{"5.trace((1 | 2))", "! trace() takes a String as its first argument"},
		{"5.where()", "! where() takes 1 argument, not 0"},
		{"5.where((1 | 2))", "! a condition takes one item, not more"},
		{"5.all()", "! all() takes 1 argument, not 0"},
		{"5.all((1 | 2))", "! a condition takes one item, not more"},
		{"5.exists((1 | 2))", "! a condition takes one item, not more"},
		{"5.select()", "! select() takes 1 argument, not 0"},
		{"5.repeat()", "! repeat() takes 1 argument, not 0"},
		{"5.sort((1 | 2))", "! a key of sort() is one item, not more"},
		{"'wolf'.substring(1, 'a')", "! substring() takes an Integer as argument, not a String"},
		{"'wolf'.substring(1, (1 | 2))", "! substring() takes one item as argument, not 2"},
		{"'wolf'.replace('o', 5)", "! replace() takes a String as argument, not an Integer"},
		{"'wolf'.replace(5, 'x')", "! replace() takes a String as argument, not an Integer"},
		{"'wolf'.replace('o')", "! replace() takes 2 arguments, not 1"},
		{"'wolf'.replace('o', ('x' | 'y'))", "! replace() takes one item as argument, not 2"},
		{"'wolf'.replaceMatches('o', 5)", "! replaceMatches() takes a String as argument, not an Integer"},
		{"'wolf'.replaceMatches(5, 'o')", "! replaceMatches() takes a String as argument, not an Integer"},
		{"'wolf'.replaceMatches('o')", "! replaceMatches() takes 2 arguments, not 1"},
		{"5.iif(true)", "! iif() takes 2 to 3 arguments, not 1"},
		{"5.iif(1 | 2, 'y', 'n')", "! a condition takes one item, not more"},
		{"5.iif(5, 'y', 'n')", "! iif() takes a Boolean as its first argument"},
		{"5.iif(true, 'y', 'n', 'm')", "! iif() takes 2 to 3 arguments, not 4"},
		{"5.aggregate(1, 2, 3)", "! aggregate() takes 1 to 2 arguments, not 3"},
		{"5.ofType()", "! ofType() takes 1 argument, not 0"},
		{"5.ofType(5)", "! ofType() takes a type"},
		{"5.ofType(Wolf)", "! \"Wolf\" is no type"},
		{"5.is('a')", "! is() takes a type"},
		{"5.as(1 | 2)", "! as() takes a type"},
		{"5.trace()", "! trace() takes 1 to 2 arguments, not 0"},
		{"5.trace(5)", "! trace() takes a String as its first argument"},
		{"5.trace('x', 1, 2)", "! trace() takes 1 to 2 arguments, not 3"},
		{"5.count(1)", "! count() takes no argument, not 1"},
		{"5.first(1)", "! first() takes no argument, not 1"},
		{"5.empty(1)", "! empty() takes no argument, not 1"},
		{"5.not(1)", "! not() takes no argument, not 1"},
		{"5.length()", "! length() takes a String, not an Integer"},
		{"true.length()", "! length() takes a String, not a Boolean"},
		{"'a'.abs()", "! abs() takes a number or a Quantity, not a String"},
		{"true.sqrt()", "! sqrt() takes a number, not a Boolean"},
		{"'a'.children(1)", "! children() takes no argument, not 1"},
		{"now(1)", "! now() takes no argument, not 1"},
		{"5.toInteger(1)", "! toInteger() takes no argument, not 1"},
		{"5.toQuantity('mg', 'g')", "! toQuantity() takes 0 to 1 arguments, not 2"},
		{"$this.abs()", "! abs() takes a number or a Quantity, not a Patient"},
		{"$this.upper()", "! upper() takes a String, not a Patient"},
		{"$this.length()", "! length() takes a String, not a Patient"},
		{"'a'.encode('rot13')", "! encode() does not know the format \"rot13\""},
		{"'<'.escape('xml')", "! escape() does not know the format \"xml\""},
		{"-('a')", "! a sign is not defined for a String"},
		{"-(1 | 2)", "! a sign takes one item, not more"},
		{"(1 | 2)['a']", "! expected an Integer, found a String"},
		{"(1 | 2)[(0 | 1)]", "! expected one Integer, found more items"},
		{"5.name", "! an Integer has no elements"},
	} {
		if got := told(t, tt[0]); got != tt[1] {
			t.Errorf("%s: %s\nwant %s", tt[0], got, tt[1])
		}
	}
}

func TestFunctionsAtTheirLimits(t *testing.T) {
	for _, tt := range [][2]string{
		{"'wolf'.substring({}, 1)", ""},
		{"'wolf'.substring(1, {})", "String=olf"},
		{"'wolf'.replace({}, 'x')", ""},
		{"'wolf'.replace('o', {})", ""},
		{"'wolf'.replaceMatches({}, 'x')", ""},
		{"'wolf'.replaceMatches('o', {})", ""},
		{"5.iif({}, 'y', 'n')", "String=n"},
		{"5.iif({}, 'y')", ""},
		{"5.iif(false, 'y')", ""},
		{"5.aggregate({}, 1)", ""},
		{"5.aggregate($total, {})", ""},
		{"5.trace('x', $this + 1)", "Integer=5"},
		{"(0 - 1).sqrt()", ""},
		{"(0 - 1).ln()", ""},
		{"0.ln()", ""},
		{"5.log(0)", ""},
		{"5.log(1)", ""},
		{"(0 - 1).power(0.5)", ""},
		{"$this.toString()", ""},
		{"$this.convertsToString()", "Boolean=false"},
		{"'wolf'.substring(-1)", ""},
		{"'wolf'.substring(4)", ""},
		{"'wolf'.substring(3, 9)", "String=f"},
		{"'wolf'.substring(0, 0)", "String="},
		{"'wolf'.substring(0, -1)", "String="},
		{"''.length()", "Integer=0"},
		{"''.upper()", "String="},
		{"''.toChars()", ""},
		{"''.split('')", ""},
		{"'wolf'.split('')", "String=w, String=o, String=l, String=f"},
		{"'wolf'.indexOf('')", "Integer=0"},
		{"'wolf'.indexOf('z')", "Integer=-1"},
		{"'wolf'.lastIndexOf('')", "Integer=4"},
		{"'wolf'.startsWith('')", "Boolean=true"},
		{"'wolf'.contains('')", "Boolean=true"},
		{"'wolf'.replace('', '-')", "String=-w-o-l-f-"},
		{"'aXbX'.replace('X', '')", "String=ab"},
		{"'wolf'.matches('')", "Boolean=true"},
		{"''.matches('')", "Boolean=true"},
		{"'a\\u00e4\\u20ac'.length()", "Integer=3"},
		{"'\\u00e4'.upper()", "String=Ä"},
		{"'%%'.decode('base64')", ""},
		{"'d29sZg=='.decode('base64')", "String=wolf"},
		{"'wolf'.encode('base64')", "String=d29sZg=="},
		{"'wolf'.encode('urlbase64')", "String=d29sZg=="},
		{"'<a>'.escape('html')", "String=&lt;a&gt;"},
		{"'a\"b'.escape('json')", "String=a\\\"b"},
		{"'&lt;'.unescape('html')", "String=<"},
		{"2147483647 + 1", ""},
		{"1 / 0", ""},
		{"1 div 0", ""},
		{"1 mod 0", ""},
		{"1.0 / 3", "Decimal=0.3333333333333333333333333333333333"},
		{"-(5)", "Integer=-5"},
		{"-{}", ""},
		{"+5", "Integer=5"},
		{"(1 | 2)[0]", "Integer=1"},
		{"(1 | 2)[5]", ""},
		{"(1 | 2)[-1]", ""},
		{"(1 | 2)[{}]", ""},
		{"{}[0]", ""},
		{"$this.unknown", ""},
		{"Patient.name", ""},
		{"Observation.code", ""},
		{"'a'.resolve()", ""},
		{"'Patient/1'.resolve().type()", "TypeInfo=FHIR.Patient"},
		{"'nothing'.resolve()", ""},
	} {
		if got := told(t, tt[0]); got != tt[1] {
			t.Errorf("%s: %s\nwant %s", tt[0], got, tt[1])
		}
	}
}
