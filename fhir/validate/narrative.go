package validate

import (
	"slices"
	"strconv"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// xhtmlNamespace is that of every element of a narrative.
const xhtmlNamespace = "http://www.w3.org/1999/xhtml"

// narrative checks the text of Narrative.div.
// https://hl7.org/fhir/R4/narrative.html#xhtml (txt-1, txt-2)
func (k *checking) narrative(n tree.Node, text string) {
	x := xhtml{s: text}
	fault := x.scan()
	for _, problem := range x.problems {
		k.report(fhir.Invalid, n, problem)
	}
	if fault != "" {
		k.report(fhir.Structure, n, "the narrative is not XHTML: "+fault)
	}
}

// xhtml reads a narrative once, from start to end, without building anything of it.
type xhtml struct {
	s        string
	i        int
	open     []string // names of the elements around i
	closed   bool     // the root has ended
	content  bool     // there is something to see
	problems []string // each once
}

// scan returns the first fault of form, or "". What is well-formed but not allowed goes to problems.
func (x *xhtml) scan() (fault string) {
	for x.i < len(x.s) && fault == "" {
		if x.s[x.i] == '<' {
			fault = x.markup()
		} else {
			fault = x.text()
		}
	}
	switch {
	case fault != "":
		return fault
	case len(x.open) > 0:
		return "an element is not closed"
	case !x.closed:
		return "there is no div"
	case !x.content:
		x.problem("the narrative must have some content")
	}
	return ""
}

// problem lists what is not allowed, up to a number that nobody would read to its end.
func (x *xhtml) problem(text string) {
	if len(x.problems) < 20 && !slices.Contains(x.problems, text) {
		x.problems = append(x.problems, text)
	}
}

// text reads characters up to the next tag.
func (x *xhtml) text() string {
	end := strings.IndexByte(x.s[x.i:], '<')
	if end < 0 {
		end = len(x.s) - x.i
	}
	s := x.s[x.i : x.i+end]
	x.i += end
	blank := strings.Trim(s, space) == ""
	switch {
	case blank:
		return checkCharacters(s)
	case len(x.open) == 0:
		return "there is text outside of the div"
	case strings.Contains(s, "]]>"):
		return "]]> stands in text"
	}
	x.content = true
	return checkCharacters(s)
}

// markup reads what starts with "<".
func (x *xhtml) markup() string {
	rest := x.s[x.i:]
	switch {
	case strings.HasPrefix(rest, "<!--"):
		return x.comment(rest)
	case strings.HasPrefix(rest, "<!") || strings.HasPrefix(rest, "<?"):
		return "declarations, CDATA and processing instructions are not allowed"
	case strings.HasPrefix(rest, "</"):
		x.i += 2
		return x.endTag()
	default:
		x.i++
		return x.startTag()
	}
}

func (x *xhtml) comment(rest string) string {
	end := strings.Index(rest[4:], "--")
	if end < 0 || !strings.HasPrefix(rest[4+end:], "-->") {
		return "a comment is not closed"
	}
	x.i += 4 + end + 3
	return checkCharacters(rest[4 : 4+end])
}

func (x *xhtml) endTag() string {
	name := x.name()
	x.skipSpace()
	if !x.take('>') {
		return "an end tag is not closed"
	}
	last := len(x.open) - 1
	if last < 0 || x.open[last] != name {
		return "an end tag does not match its start tag"
	}
	x.open = x.open[:last]
	x.closed = last == 0
	return ""
}

func (x *xhtml) startTag() string {
	name := x.name()
	root := len(x.open) == 0
	switch {
	case name == "":
		return "a < does not start a tag"
	case root && x.closed:
		return "there is more than one root element"
	case root && name != "div":
		return "the root element is not div"
	case !isAllowedElement(name):
		x.problem("the element " + clip(name) + " is not allowed in a narrative")
	}
	namespace, fault := x.attributes(name)
	switch {
	case fault != "":
		return fault
	case root && namespace != xhtmlNamespace:
		return "the div is not in the namespace " + xhtmlNamespace
	case namespace != "" && namespace != xhtmlNamespace:
		return "an element is not in the namespace " + xhtmlNamespace
	}
	return x.startTagEnd(name)
}

func (x *xhtml) startTagEnd(name string) string {
	single := x.take('/')
	if !x.take('>') {
		return "a tag is not closed"
	}
	switch {
	case !single:
		x.open = append(x.open, name)
	case len(x.open) == 0:
		x.closed = true
	}
	return ""
}

// maxAttributes is more than there are allowed ones: who has more repeats some or has made-up ones.
const maxAttributes = 64

// attributes reads the attributes of an element and returns the namespace that they declare.
func (x *xhtml) attributes(element string) (namespace, fault string) {
	var seen [16]string
	names := seen[:0]
	for {
		spaced := x.skipSpace()
		if x.i == len(x.s) || x.s[x.i] == '>' || x.s[x.i] == '/' {
			return namespace, ""
		}
		name := x.name()
		if name == "" || !spaced {
			return "", "an attribute has no name, or no space before it"
		}
		switch {
		case slices.Contains(names, name):
			return "", "an attribute is there twice"
		case len(names) == maxAttributes:
			return "", "an element has too many attributes"
		}
		names = append(names, name)
		value, fault := x.attributeValue()
		if fault != "" {
			return "", fault
		}
		if name == "xmlns" {
			namespace = value
			continue
		}
		x.attribute(element, name, value)
	}
}

// attributeValue reads ="value".
func (x *xhtml) attributeValue() (value, fault string) {
	x.skipSpace()
	if !x.take('=') {
		return "", "an attribute has no value"
	}
	x.skipSpace()
	if x.i == len(x.s) || x.s[x.i] != '"' && x.s[x.i] != '\'' {
		return "", "the value of an attribute is not in quotes"
	}
	quote := x.s[x.i]
	end := strings.IndexByte(x.s[x.i+1:], quote)
	if end < 0 {
		return "", "the value of an attribute has no closing quote"
	}
	value = x.s[x.i+1 : x.i+1+end]
	x.i += end + 2
	if strings.IndexByte(value, '<') >= 0 {
		return "", "a < stands in the value of an attribute"
	}
	return value, checkCharacters(value)
}

// attribute judges one attribute.
func (x *xhtml) attribute(element, name, value string) {
	switch {
	case !isAllowedAttribute(name):
		x.problem("the attribute " + clip(name) + " is not allowed in a narrative")
	case isActive(name, value):
		x.problem("the attribute " + name + " must not run anything")
	case element == "img" && name == "src":
		x.content = true
	}
}

// name reads an XML name; "" where there is none.
func (x *xhtml) name() string {
	start := x.i
	for x.i < len(x.s) && isNameByte(x.s[x.i], x.i == start) {
		x.i++
	}
	return x.s[start:x.i]
}

func isNameByte(c byte, first bool) bool {
	switch {
	case c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == ':' || c >= 0x80:
		return true
	default:
		return !first && (c >= '0' && c <= '9' || c == '-' || c == '.')
	}
}

func (x *xhtml) skipSpace() bool {
	start := x.i
	for x.i < len(x.s) && isSpace(x.s[x.i]) {
		x.i++
	}
	return x.i > start
}

func (x *xhtml) take(c byte) bool {
	if x.i < len(x.s) && x.s[x.i] == c {
		x.i++
		return true
	}
	return false
}

// checkCharacters wants only characters and references that XML has. Entities of
// HTML such as &nbsp; are none of XML.
// https://hl7.org/fhir/R4/narrative.html#xhtml
func checkCharacters(s string) string {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '&':
			end := strings.IndexByte(s[i:], ';')
			if end < 0 || !isReferenceText(s[i+1:i+end]) {
				return "an & starts none of the five entities of XML and no character"
			}
			i += end
		case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0xEF && (strings.HasPrefix(s[i:], "\uFFFE") || strings.HasPrefix(s[i:], "\uFFFF")):
			return "there is a character that XML does not have"
		}
	}
	return ""
}

// isReferenceText reports whether &s; stands for a character of XML.
func isReferenceText(s string) bool {
	_, ok := character(s)
	return ok
}

// character returns what &s; stands for.
// https://www.w3.org/TR/xml/#sec-references
func character(s string) (rune, bool) {
	switch s {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	number, ok := strings.CutPrefix(s, "#")
	base := 10
	if hex, isHex := strings.CutPrefix(number, "x"); isHex {
		number, base = hex, 16
	}
	v, err := strconv.ParseUint(number, base, 32)
	if !ok || err != nil {
		return 0, false
	}
	valid := v == '\t' || v == '\n' || v == '\r' || v >= 0x20 && v <= 0xD7FF || v >= 0xE000 && v <= 0xFFFD || v >= 0x10000 && v <= 0x10FFFF
	return rune(v), valid
}

// clip shortens a name that the client chose.
func clip(name string) string { return strconv.Quote(name[:min(len(name), 32)]) }
