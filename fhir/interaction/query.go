package interaction

import (
	"net/url"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/search"
)

// ParseQuery splits the text of a query ("a=1&b=2", percent-encoded) into its pairs, in the order sent.
func ParseQuery(text string) ([]search.Pair, error) {
	if text == "" {
		return nil, nil
	}
	pairs := make([]search.Pair, 0, 1+strings.Count(text, "&"))
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, badEscape(name, err)
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return nil, badEscape(value, err)
		}
		pairs = append(pairs, search.Pair{Name: n, Value: v})
	}
	return pairs, nil
}

func badEscape(text string, cause error) error {
	return fhir.NewIssue(fhir.Invalid, "the query has a bad percent escape in "+quote(text)).CausedBy(cause)
}

// appendQuery writes pairs as the text of a query, so that ParseQuery gives them back.
func appendQuery(b []byte, pairs []search.Pair) []byte {
	for k, p := range pairs {
		if k > 0 {
			b = append(b, '&')
		}
		b = appendEscaped(b, p.Name)
		b = append(b, '=')
		b = appendEscaped(b, p.Value)
	}
	return b
}

// appendEscaped percent-encodes what RFC 3986 does not allow in a query, and what has a meaning there. The
// delimiters of search values stay readable: https://www.rfc-editor.org/rfc/rfc3986#section-3.4
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:/,$*@!()", c) >= 0 {
			b = append(b, c)
			continue
		}
		b = append(b, '%', hex[c>>4], hex[c&15])
	}
	return b
}

// take removes the pairs of a name and returns their values.
func take(pairs []search.Pair, name string) (values []string, rest []search.Pair) {
	rest = pairs
	for k, p := range pairs {
		switch {
		case p.Name == name && values == nil:
			values = append(values, p.Value)
			rest = append(make([]search.Pair, 0, len(pairs)), pairs[:k]...)
		case p.Name == name:
			values = append(values, p.Value)
		case values != nil:
			rest = append(rest, p)
		}
	}
	return values, rest
}

// takeOne removes the pairs of a name that may occur once and returns its value, "" where there is none. One without a value is refused: taken for
// absent it would ask for more.
func takeOne(pairs []search.Pair, name string) (value string, rest []search.Pair, err error) {
	values, rest := take(pairs, name)
	switch {
	case len(values) == 0:
		return "", rest, nil
	case len(values) > 1:
		return "", rest, fhir.NewIssue(fhir.Invalid, name+" may occur only once", "http."+name)
	case values[0] == "":
		return "", rest, fhir.NewIssue(fhir.Invalid, name+" has no value", "http."+name)
	}
	return values[0], rest, nil
}

// presentation are the parameters that say how an answer is written. The api room reads them.
// https://hl7.org/fhir/R4/http.html#parameters
func presentation(name string) bool { return name == "_format" || name == "_pretty" }

// withoutPresentation returns the pairs that say what is asked for.
func withoutPresentation(pairs []search.Pair) []search.Pair {
	for k, p := range pairs {
		if !presentation(p.Name) {
			continue
		}
		out := append(make([]search.Pair, 0, len(pairs)), pairs[:k]...)
		for _, q := range pairs[k+1:] {
			if !presentation(q.Name) {
				out = append(out, q)
			}
		}
		return out
	}
	return pairs
}

// noMore refuses the parameters that an interaction does not know, all of them. Lenient handling ignores them.
func noMore(pairs []search.Pair, name string, lenient bool) error {
	if lenient {
		return nil
	}
	var is fhir.Issues
	for _, p := range pairs {
		is = append(is, fhir.NewIssue(fhir.NotSupported, quote(p.Name)+" is not a parameter of "+name, "http."+p.Name).
			Because(fhir.ReasonUnknownParameter))
	}
	return is.Err()
}
