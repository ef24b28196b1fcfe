package validate_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"firewolf/fhir/spec"
	"firewolf/fhir/tree"
	"firewolf/fhir/validate"
)

// samples are texts of the primitive types, right ones and wrong ones.
// https://hl7.org/fhir/R4/datatypes.html#primitive
var samples = []struct {
	typ          string
	right, wrong []string
}{
	{
		"base64Binary",
		[]string{"AAAA", "AAA=", "AA==", "AAAA\nBBBB", " AAAA ", "ab+/", "AAAABBBBCC=="},
		[]string{"A", "AAA", "A===", "====", "AA=A", "AAA=AAAA", "AA==BBBB", "AA\nAA", "AA-_", " ", "ÄÄ"},
	},
	{"boolean", []string{"true", "false"}, nil},
	{"canonical", []string{"http://example.org/x|1.0", "#a", "x"}, []string{"a b", " a", "a\n"}},
	{"code", []string{"a", "a b", "a b c", "ä", "<="}, []string{" a", "a ", "a  b", "a\n\nb", " ", "\t"}},
	{
		"date",
		[]string{"0001", "1999", "2000-12", "2024-02-29", "2000-02-29", "9999-12-31"},
		[]string{"0000", "99", "20000", "2000-", "2000-13", "2000-00", "2000-1", "2000-01-", "2000-01-00", "2000-01-32", "2023-02-29", "1900-02-29", "2023-04-31", "2000/01/01", "2000-01-01T", " 2000", "2000 "},
	},
	{
		"dateTime",
		[]string{"2000", "2000-01", "2000-01-01", "2000-01-01T00:00:00Z", "2000-01-01T23:59:60+14:00", "2000-01-01T10:00:00.123456789-05:30"},
		[]string{"2000-01-01T00:00:00", "2000-01-01T00:00Z", "2000-01-01T24:00:00Z", "2000-01-01T00:60:00Z", "2000-01-01T00:00:61Z", "2000-01-01T00:00:00+14:01", "2000-01-01T00:00:00+15:00", "2000-01-01T00:00:00+1:00", "2000-01-01T00:00:00.Z", "2000-02-30T00:00:00Z", "2000-01-01 00:00:00Z", "2000-01-01t00:00:00z", "2000-01T00:00:00Z", "2000-01-01T00:00:00+05:60"},
	},
	{"decimal", []string{"0", "-0", "1.50", "1e5", "-1.5E-10", "123456789012345678901234567890.1"}, nil},
	{"id", []string{"a", "A-1.b", strings.Repeat("x", 64)}, []string{"a_b", "a b", "ä", "a/b", strings.Repeat("x", 65)}},
	{
		"instant",
		[]string{"2000-01-01T00:00:00Z", "2015-02-07T13:28:17.239+02:00"},
		[]string{"2000", "2000-01-01", "2000-01-01T00:00:00", "2000-13-01T00:00:00Z", "2000-01-01T00:00:00Z "},
	},
	{"integer", []string{"0", "-0", "-1", "2147483647", "-2147483648"}, []string{"1.0", "1e3", "2147483648", "-2147483649", "99999999999999999999"}},
	{"markdown", []string{"# a\n\nb", "\ta"}, nil},
	{"oid", []string{"urn:oid:1.2.3", "urn:oid:2.16.840.1.113883.4.642.0"}, []string{"1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.", "urn:oid:1.02", "urn:oid:1..2", "urn:oid:1.a", "urn:oid:"}},
	{"positiveInt", []string{"1", "2147483647"}, []string{"0", "-1", "1.5", "2147483648"}},
	{"string", []string{"a", " ", "\n", "ä", strings.Repeat("x", 1<<20), strings.Repeat("ä", 1<<20)}, []string{strings.Repeat("x", 1<<20+1), strings.Repeat("ä", 1<<20+1)}},
	{"time", []string{"00:00:00", "23:59:60", "12:00:00.5"}, []string{"24:00:00", "12:00", "1:00:00", "12:00:00.", "12:00:00Z", "12-00-00", "12:60:00"}},
	{"unsignedInt", []string{"0", "2147483647"}, []string{"-1", "-0", "0.0", "2147483648"}},
	{"uri", []string{"http://example.org", "urn:a:b", "a", "%20", "ä"}, []string{"a b", " ", "a\tb"}},
	{"url", []string{"http://example.org", "mailto:a@b"}, []string{"http://example.org/ a"}},
	{
		"uuid",
		[]string{"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
		[]string{"c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520", "urn:uuid:c757873d-ec9a-4326-a141-556f4323952", "urn:uuid:c757873dec9a4326a141556f432395201234", "urn:uuid:c757873d-ec9a-4326-a141-556f4323952g", "urn:uuid:c757873d_ec9a_4326_a141_556f43239520"},
	},
}

// accepts reports whether a value of a primitive type passes, as the value of an extension.
func accepts(t *testing.T, c *validate.Checker, typ *spec.Type, text string) bool {
	t.Helper()
	name := "value" + strings.ToUpper(typ.Name[:1]) + typ.Name[1:]
	src := []byte(`{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"u","` + name + `":`)
	if typ.JSON == tree.String {
		src = tree.Quote(src, text)
	} else {
		src = append(src, text...)
	}
	doc, err := tree.Parse(append(src, `}]}`...), tree.Limits{})
	if err != nil {
		return false
	}
	return len(c.Structure(doc)) == 0
}

func TestAPrimitiveAcceptsItsFormatAndNothingElse(t *testing.T) {
	s, c := definitions(t), checker(t)
	for _, tt := range samples {
		for _, text := range tt.right {
			if !accepts(t, c, s.Type(tt.typ), text) {
				t.Errorf("%s %.80q is refused", tt.typ, text)
			}
		}
		for _, text := range tt.wrong {
			if accepts(t, c, s.Type(tt.typ), text) {
				t.Errorf("%s %.80q is accepted", tt.typ, text)
			}
		}
	}
}

// The patterns of the specification are the reference for the matchers written by
// hand; these are the texts that the patterns let through and the prose does not.
var beyondPattern = map[string]*regexp.Regexp{
	"date": regexp.MustCompile(`-02-(29|30)|-(02|04|06|09|11)-31`), "dateTime": regexp.MustCompile(`-02-(29|30)|-(02|04|06|09|11)-31`), "instant": regexp.MustCompile(`-02-(29|30)|-(02|04|06|09|11)-31`),
	"base64Binary": regexp.MustCompile(`=`),
	"integer":      regexp.MustCompile(`\d{10}`), "unsignedInt": regexp.MustCompile(`\d{10}`), "positiveInt": regexp.MustCompile(`\d{10}`),
}

func TestTheMatchersAgreeWithThePatternsOfTheSpecification(t *testing.T) {
	s, c := definitions(t), checker(t)
	random := rand.New(rand.NewPCG(1, 2))
	agreed := map[bool]int{}
	for _, tt := range samples {
		typ := s.Type(tt.typ)
		pattern := regexp.MustCompile(`^(` + typ.Regex + `)$`)
		for _, seed := range append(tt.right, tt.wrong...) {
			if len(seed) > 1000 || typ.JSON == tree.Bool {
				continue
			}
			for range 300 {
				text := mutate(random, seed)
				if typ.JSON == tree.Number {
					text = strings.Trim(text, " \n") // White space around a number is not of the number.
				}
				got, want := accepts(t, c, typ, text), text != "" && pattern.MatchString(text)
				if got == want {
					agreed[got]++
				} else if exception := beyondPattern[tt.typ]; got || exception == nil || !exception.MatchString(text) {
					t.Errorf("%s %q: accepted %v, by the pattern %v", tt.typ, text, got, want)
				}
			}
		}
	}
	if agreed[true] < 3000 || agreed[false] < 3000 {
		t.Errorf("the test saw too little: %v", agreed)
	}
}

// mutate changes a few characters.
func mutate(random *rand.Rand, s string) string {
	const alphabet = "0123456789-:.TZ+=aAfgz_ \n"
	b := []byte(s)
	for range random.IntN(3) {
		k := random.IntN(len(b) + 1)
		c := alphabet[random.IntN(len(alphabet))]
		switch {
		case random.IntN(3) == 0:
			b = append(b[:k:k], append([]byte{c}, b[k:]...)...)
		case k == len(b):
		case random.IntN(2) == 0:
			b = append(b[:k:k], b[k+1:]...)
		default:
			b[k] = c
		}
	}
	return strings.ToValidUTF8(string(b), "")
}
