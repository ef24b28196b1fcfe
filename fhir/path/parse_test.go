package fhirpath

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes a term with all its parentheses.
func show(a *ast) string {
	var parts []string
	for _, arg := range a.args {
		parts = append(parts, show(arg))
	}
	args := strings.Join(parts, ", ")
	left := ""
	if a.left != nil {
		left = show(a.left)
	}
	switch a.kind {
	case astLiteral:
		return a.value.Type + ":" + a.value.Text
	case astEmpty:
		return "{}"
	case astThis:
		return "$this"
	case astIndex:
		return "$index"
	case astTotal:
		return "$total"
	case astVariable:
		return "%" + a.name
	case astMember, astCall:
		if a.left != nil {
			left += "."
		}
		if a.kind == astMember {
			return left + a.name
		}
		return left + a.name + "(" + args + ")"
	case astItem:
		return left + "[" + args + "]"
	case astUnary:
		return "(" + a.name + args + ")"
	case astBinary:
		return "(" + left + " " + a.name + " " + args + ")"
	default:
		return "(" + left + " " + a.name + " " + a.typ.String() + ")"
	}
}

func TestParseFollowsThePrecedenceOfOperators(t *testing.T) {
	cases := []struct{ expr, want string }{
		{"a.b.c", "a.b.c"},
		{"a.b[0].c", "a.b[Integer:0].c"},
		{"-a.b", "(-a.b)"},
		{"-1.abs()", "(-Integer:1.abs())"},
		{"- -a", "(-(-a))"},
		{"-a * b", "((-a) * b)"},
		{"a * -b", "(a * (-b))"},
		{"a + b * c", "(a + (b * c))"},
		{"a - b - c", "((a - b) - c)"},
		{"a div b mod c / d", "(((a div b) mod c) / d)"},
		{"a & b + c", "((a & b) + c)"},
		{"a + b is C", "((a + b) is C)"},
		{"a as B | c as D", "((a as B) | (c as D))"},
		{"a | b is C", "(a | (b is C))"},
		{"a | b > c", "((a | b) > c)"},
		{"a > b = c < d", "((a > b) = (c < d))"},
		{"a = b in c", "((a = b) in c)"},
		{"a in b and c contains d", "((a in b) and (c contains d))"},
		{"a or b and c", "(a or (b and c))"},
		{"a xor b or c", "((a xor b) or c)"},
		{"a implies b or c", "(a implies (b or c))"},
		{"a implies b implies c", "((a implies b) implies c)"},
		{"a !~ b != c ~ d", "(((a !~ b) != c) ~ d)"},
		{"(a | b).c", "(a | b).c"},
		{"a.where(b = c and d).e(f, g)", "a.where(((b = c) and d)).e(f, g)"},
		{"a is FHIR.B and c", "((a is FHIR.B) and c)"},
		{"a as Patient.contact", "(a as Patient.contact)"},
		{"a is System.String", "(a is System.String)"},
		{"as.contains.in.is", "as.contains.in.is"},
		{"contains contains contains", "(contains contains contains)"},
		{"is is is", "(is is is)"},
		{"day + days", "(day + days)"},
		{"$this > $index + $total", "($this > ($index + $total))"},
		{"%a.b", "%a.b"},
		{"%`a b`", "%a b"},
		{"%'a b'", "%a b"},
		{"{}.empty()", "{}.empty()"},
		{"f()", "f()"},
	}
	for _, c := range cases {
		t.Run(c.expr, func(t *testing.T) {
			a, err := parse(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(a); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParseReadsLiterals(t *testing.T) {
	cases := []struct{ expr, want string }{
		{"1", "Integer:1"},
		{"007", "Integer:7"},
		{"2147483647", "Integer:2147483647"},
		{"1.50", "Decimal:1.50"},
		{"12345678901234567890.5", "Decimal:12345678901234567890.5"},
		{"1.is(A)", "Integer:1.is(A)"},
		{"true", "Boolean:true"},
		{"false", "Boolean:false"},
		{"''", "String:"},
		{`'a\'b\\\"\/\f\n\r\t\u0041'`, "String:a'b\\\"/\f\n\r\tA"},
		{"'äß🔥'", "String:äß🔥"},
		{"'a // b'", "String:a // b"},
		{"@2015", "Date:2015"},
		{"@2015-02", "Date:2015-02"},
		{"@2015-02-04", "Date:2015-02-04"},
		{"@2015.a", "Date:2015.a"},
		{"@2015T", "DateTime:2015"},
		{"@2015-02-04T", "DateTime:2015-02-04"},
		{"@2015-02-04T14", "DateTime:2015-02-04T14"},
		{"@2015-02-04T14:34:28.123+10:00", "DateTime:2015-02-04T14:34:28.123+10:00"},
		{"@2015-02-04T14:34Z", "DateTime:2015-02-04T14:34Z"},
		{"@2015-02-04T14-05:00.a", "DateTime:2015-02-04T14-05:00.a"},
		{"@2015 - 1", "(Date:2015 - Integer:1)"},
		{"@2015-02-04T14:34:28 - 1", "(DateTime:2015-02-04T14:34:28 - Integer:1)"},
		{"@T14", "Time:14"},
		{"@T14:34:28.5", "Time:14:34:28.5"},
		{"@T14.a", "Time:14.a"},
		{"4 days", "Quantity:4 days"},
		{"1.5 year", "Quantity:1.5 year"},
		{"10 'mg'", "Quantity:10 'mg'"},
		{"1 'month'", "Quantity:1 month"},
		{`1 'a\'b'`, `Quantity:1 'a\'b'`},
		{"1 // one\n + /* and */ 2", "(Integer:1 + Integer:2)"},
		{"\t1\r\n", "Integer:1"},
		{"1/**/", "Integer:1"},
		{"//\n1//", "Integer:1"},
		{"`a b`.`c\\`d`", "a b.c`d"},
	}
	for _, c := range cases {
		t.Run(c.expr, func(t *testing.T) {
			a, err := parse(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, show(a)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	cases := []struct{ expr, want string }{
		{"", `at its end (character 1): expected a name, found the end`},
		{"a.", `at its end (character 3): expected a name`},
		{"a b", `character 3 ("b"): expected an operator or the end, found "b"`},
		{"a + ", `at its end (character 5)`},
		{"(a", `at its end (character 3): expected ")"`},
		{"a)", `character 2 (")"): expected an operator or the end`},
		{"a[1", `expected "]"`},
		{"a.f(1,)", `character 7 (")"): expected a name, found ")"`},
		{"a.f(1 2)", `character 7 ("2)"): expected ")", found "2"`},
		{"a and", `at its end (character 6)`},
		{"and", `character 1 ("and"): expected a name, found "and"`},
		{"a.div", `character 3 ("div"): expected a name`},
		{"a is 1", `character 6 ("1"): expected a name, found "1"`},
		{"a is", `expected a name, found the end`},
		{"a is FHIR.", `expected a name, found the end`},
		{"'a", `character 1 ("'a"): the closing ' is missing`},
		{"`a", "the closing ` is missing"},
		{`'\x'`, `character 2 ("\\x'"): unknown escape sequence`},
		{`'\u12'`, `unknown escape sequence`},
		{`'\`, `unknown escape sequence`},
		{"/* a", `character 1 ("/* a"): this comment does not end`},
		{"a # b", `character 3 ("# b"): unexpected character '#'`},
		{"ä", `character 1 ("ä"): unexpected character 'ä'`},
		{"$that", `unexpected character '$'`},
		{"a.$this", `character 3 ("$this"): $this does not follow a path`},
		{"@", `character 1 ("@"): this is not a date`},
		{"@15", `this is not a date`},
		{"@T", `character 1 ("@T"): this is not a time`},
		{"@T14:34:28Z", `character 11 ("Z"): expected an operator or the end`},
		{"@2015-02-30", `character 1 ("@2015-02-30"): there is no such date`},
		{"@2015-13", `there is no such date`},
		{"@T25:00", `there is no such time`},
		{"@2015-01-01T10:00+15:00", `there is no such date`},
		{"2147483648", `character 1 ("2147483648"): this is beyond the largest Integer`},
		{"%", `expected the name of a variable, found the end`},
		{"%1", `expected the name of a variable, found "1"`},
		{"{a}", `character 2 ("a}"): expected "}", found "a"`},
		{"1 'mg' 2", `expected an operator or the end`},
		{"a.\xff", `character 3`},
		{"äö.1", `character 1`},
		{"'ä' + +", `at its end (character 8)`},
		{"abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz", `character 28 ("abcdefghijklmnopqrstuvwx…")`},
	}
	for _, c := range cases {
		t.Run(c.expr, func(t *testing.T) {
			a, err := parse(c.expr)
			if err == nil {
				t.Fatalf("read as %s", show(a))
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
		})
	}
}

func TestParseIsBoundedInDepthAndLength(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("(", n) + "a" + strings.Repeat(")", n) }
	cases := []struct{ name, expr, want string }{
		{"parentheses that nest 99 deep are read", deep(maxDepth - 1), ""},
		{"parentheses that nest deeper are refused", deep(maxDepth), "nests deeper than 100"},
		{"a hundred thousand parentheses are refused at once", strings.Repeat("(", 30_000), "nests deeper than 100"},
		{"arguments that nest deeper are refused", strings.Repeat("f(", 200) + "a" + strings.Repeat(")", 200), "nests deeper than 100"},
		{"indexers that nest deeper are refused", strings.Repeat("a[", 200) + "0" + strings.Repeat("]", 200), "nests deeper than 100"},
		{"signs that nest deeper are refused", strings.Repeat("- ", 200) + "1", "nests deeper than 100"},
		{"a path of 3,999 steps is read", "a" + strings.Repeat(".b", maxTerms-1), ""},
		{"a longer one is refused", "a" + strings.Repeat(".b", maxTerms), "more than 4000 terms"},
		{"a sum of thousands is refused", "1" + strings.Repeat("+1", maxTerms), "more than 4000 terms"},
		{"a text of 33 KB is refused", "'" + strings.Repeat("a", maxLength) + "'", "an expression of 32770 bytes is too long"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(c.expr)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
