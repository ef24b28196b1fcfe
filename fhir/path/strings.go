package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"firewolf/fhir"
)

// text returns the single item of the input as a string.
func (c called) text() (s string, has bool, err error) {
	v, has, err := c.one()
	if !has || err != nil {
		return "", false, err
	}
	a := atomOf(v)
	if a.kind != atomString {
		return "", false, c.fail("takes a String, not " + describe(v))
	}
	return a.text, true, c.e.spend(len(a.text) >> 4)
}

// texts returns the input and the arguments as strings; has is false where one of them is empty.
func (c called) texts() (s string, args [3]string, has bool, err error) {
	s, has, err = c.text()
	for k := range c.given {
		a, given, argErr := c.argument(k, atomString)
		if argErr != nil {
			return "", args, false, argErr
		}
		args[k], has = a.text, has && given
	}
	return s, args, has, err
}

// onText makes a function of the input string and string arguments.
func onText(args int, f func(s string, args [3]string) Value) function {
	return function{min: args, max: args, run: func(c called) ([]Value, error) {
		s, given, has, err := c.texts()
		if !has || err != nil {
			return c.dst, err
		}
		return c.give(f(s, given))
	}}
}

// stringFunctions are those on strings. https://hl7.org/fhirpath/N1/#string-manipulation
var stringFunctions = map[string]function{
	"indexOf":        onText(1, func(s string, a [3]string) Value { return integerValue(runeIndex(s, strings.Index(s, a[0]))) }),
	"lastIndexOf":    onText(1, func(s string, a [3]string) Value { return integerValue(runeIndex(s, strings.LastIndex(s, a[0]))) }),
	"startsWith":     onText(1, func(s string, a [3]string) Value { return booleanValue(strings.HasPrefix(s, a[0])) }),
	"endsWith":       onText(1, func(s string, a [3]string) Value { return booleanValue(strings.HasSuffix(s, a[0])) }),
	"contains":       onText(1, func(s string, a [3]string) Value { return booleanValue(strings.Contains(s, a[0])) }),
	"upper":          onText(0, func(s string, _ [3]string) Value { return stringValue(strings.ToUpper(s)) }),
	"lower":          onText(0, func(s string, _ [3]string) Value { return stringValue(strings.ToLower(s)) }),
	"trim":           onText(0, func(s string, _ [3]string) Value { return stringValue(strings.TrimSpace(s)) }),
	"length":         onText(0, func(s string, _ [3]string) Value { return integerValue(int64(utf8.RuneCountInString(s))) }),
	"replace":        {min: 2, max: 2, run: runReplace},
	"substring":      {min: 1, max: 2, run: runSubstring},
	"matches":        onRegex(1, part, runMatches),
	"matchesFull":    onRegex(1, whole, runMatches),
	"replaceMatches": onRegex(2, part, runReplaceMatches),
	"toChars":        {run: runToChars},
	"split":          {min: 1, max: 1, run: runSplit},
	"join":           {max: 1, run: runJoin},
	"encode":         {min: 1, max: 1, run: func(c called) ([]Value, error) { return c.coded(encoders) }},
	"decode":         {min: 1, max: 1, run: func(c called) ([]Value, error) { return c.coded(decoders) }},
	"escape":         {min: 1, max: 1, run: func(c called) ([]Value, error) { return c.coded(escapers) }},
	"unescape":       {min: 1, max: 1, run: func(c called) ([]Value, error) { return c.coded(unescapers) }},
}

// runeIndex turns an index in bytes to one in characters.
func runeIndex(s string, at int) int64 {
	if at < 0 {
		return -1
	}
	return int64(utf8.RuneCountInString(s[:at]))
}

// runSubstring counts in characters. https://hl7.org/fhirpath/N1/#substringstart-integer-length-integer-string
func runSubstring(c called) ([]Value, error) {
	s, has, err := c.text()
	start, given, startErr := c.integerArgument(0)
	if startErr != nil {
		return nil, startErr
	}
	if !has || !given || err != nil {
		return c.dst, err
	}
	runes := []rune(s)
	length, given, err := c.integerArgument(1)
	if err != nil {
		return nil, err
	}
	if start < 0 || start >= int64(len(runes)) {
		return c.none()
	}
	if runes = runes[start:]; given {
		runes = runes[:min(max(length, 0), int64(len(runes)))]
	}
	return c.give(stringValue(string(runes)))
}

// part and whole are the regular expressions that find a pattern, or match nothing else. In single line mode a
// dot is a line break too. https://hl7.org/fhirpath/N1/#matchesregex-string-boolean
const (
	part  = `(?s:%s)`
	whole = `\A(?s:%s)\z`
)

// onRegex makes a function whose first argument is a regular expression. A literal is compiled once. Go's regular
// expressions run in linear time, which keeps a hostile one harmless.
func onRegex(args int, form string, f func(c called, s, pattern string, re *regexp.Regexp) ([]Value, error)) function {
	prepare := func(literal string) (func(c called) ([]Value, error), error) {
		re, err := regexp.Compile(fmt.Sprintf(form, literal))
		if err != nil {
			return nil, fmt.Errorf("this is no regular expression: %w", err)
		}
		return func(c called) ([]Value, error) { return c.onRegex(literal, re, f) }, nil
	}
	return function{min: args, max: args, prepare: prepare, run: func(c called) ([]Value, error) {
		a, has, err := c.argument(0, atomString)
		if !has || err != nil {
			return c.dst, err
		}
		run, err := prepare(a.text)
		if err != nil {
			return nil, c.fail(err.Error())
		}
		return run(c)
	}}
}

func (c called) onRegex(pattern string, re *regexp.Regexp, f func(c called, s, pattern string, re *regexp.Regexp) ([]Value, error)) ([]Value, error) {
	s, has, err := c.text()
	if !has || err != nil {
		return c.dst, err
	}
	if err := c.e.spend((len(s) >> 4) * (len(pattern) >> 4)); err != nil {
		return nil, err
	}
	return f(c, s, pattern, re)
}

func runMatches(c called, s, _ string, re *regexp.Regexp) ([]Value, error) {
	return c.give(booleanValue(re.MatchString(s)))
}

// maxText bounds the strings that an expression makes, in bytes.
const maxText = 16 << 20

// room fails where replacing parts of s by a substitution could make a string that is too long.
func (c called) room(s, substitution string) error {
	most := (len(s) + 1) * (len(substitution) + 1)
	if most > maxText {
		return fhir.NewIssue(fhir.TooCostly, "FHIRPath: the result of "+c.name+"() is too long")
	}
	return c.e.spend(most >> 4)
}

func runReplace(c called) ([]Value, error) {
	s, args, has, err := c.texts()
	if !has || err != nil {
		return c.dst, err
	}
	if err := c.room(s, args[1]); err != nil {
		return nil, err
	}
	return c.give(stringValue(strings.ReplaceAll(s, args[0], args[1])))
}

// runReplaceMatches leaves the input as it is where the pattern is empty.
func runReplaceMatches(c called, s, pattern string, re *regexp.Regexp) ([]Value, error) {
	substitution, has, err := c.argument(1, atomString)
	switch {
	case !has || err != nil:
		return c.dst, err
	case pattern == "":
		return c.give(stringValue(s))
	}
	if err := c.room(s, substitution.text); err != nil {
		return nil, err
	}
	return c.give(stringValue(re.ReplaceAllString(s, substitution.text)))
}

func runToChars(c called) ([]Value, error) {
	s, has, err := c.text()
	if !has || err != nil {
		return c.dst, err
	}
	for _, r := range s {
		c.dst = append(c.dst, stringValue(string(r)))
	}
	return c.dst, nil
}

func runSplit(c called) ([]Value, error) {
	s, args, has, err := c.texts()
	if !has || err != nil {
		return c.dst, err
	}
	for part := range strings.SplitSeq(s, args[0]) {
		c.dst = append(c.dst, stringValue(part))
	}
	return c.dst, nil
}

func runJoin(c called) ([]Value, error) {
	separator, _, err := c.argument(0, atomString)
	if err != nil || len(c.items) == 0 {
		return c.dst, err
	}
	parts := make([]string, len(c.items))
	for k, v := range c.items {
		a := atomOf(v)
		if a.kind != atomString {
			return nil, c.fail("takes Strings, not " + describe(v))
		}
		parts[k] = a.text
	}
	text := strings.Join(parts, separator.text)
	if err := c.e.spend(len(text) >> 4); err != nil {
		return nil, err
	}
	return c.give(stringValue(text))
}

// coder turns a text into another; false where it cannot.
type coder func(string) (string, bool)

// The codings by name. https://build.fhir.org/ig/HL7/FHIRPath/#encodeformat--string--string
var (
	encoders = map[string]coder{
		"base64":    func(s string) (string, bool) { return base64.StdEncoding.EncodeToString([]byte(s)), true },
		"urlbase64": func(s string) (string, bool) { return base64.URLEncoding.EncodeToString([]byte(s)), true },
		"hex":       func(s string) (string, bool) { return hex.EncodeToString([]byte(s)), true },
	}
	decoders = map[string]coder{
		"base64":    func(s string) (string, bool) { return decoded(base64.StdEncoding.DecodeString(s)) },
		"urlbase64": func(s string) (string, bool) { return decoded(base64.URLEncoding.DecodeString(s)) },
		"hex":       func(s string) (string, bool) { return decoded(hex.DecodeString(s)) },
	}
	escapers = map[string]coder{
		"html": func(s string) (string, bool) { return htmlEscaper.Replace(s), true },
		"json": func(s string) (string, bool) { return jsonEscaper.Replace(s), true },
	}
	unescapers = map[string]coder{
		"html": func(s string) (string, bool) { return html.UnescapeString(s), true },
		"json": unescapeJSON,
	}
	htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
	jsonEscaper = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
)

func decoded(b []byte, err error) (string, bool) { return string(b), err == nil && utf8.Valid(b) }

// unescapeJSON decodes the escapes of a JSON string. Quotes that stand without a backslash are let through.
func unescapeJSON(s string) (string, bool) {
	quoted := []byte{'"'}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			quoted = append(quoted, s[i], s[i+1])
			i++
		case s[i] == '"':
			quoted = append(quoted, `\"`...)
		default:
			quoted = append(quoted, s[i])
		}
	}
	text, err := jsontext.AppendUnquote(nil, append(quoted, '"'))
	return string(text), err == nil
}

// coded applies the coding that the argument names. A text that is not of the coding gives nothing.
func (c called) coded(coders map[string]coder) ([]Value, error) {
	s, args, has, err := c.texts()
	if !has || err != nil {
		return c.dst, err
	}
	f, ok := coders[args[0]]
	if !ok {
		return nil, c.fail("does not know the format " + strconv.Quote(args[0]))
	}
	text, ok := f(s)
	if !ok {
		return c.none()
	}
	return c.give(stringValue(text))
}
