package validate

import "strings"

// isAllowedElement reports whether a narrative may have the element: those of chapters 7 to 11 (except 9.4)
// and 15 of HTML 4.0 that are not deprecated, a and img.
// https://hl7.org/fhir/R4/narrative.html#xhtml (txt-1, whose list leaves out address, bdo and kbd, which those chapters have)
func isAllowedElement(name string) bool {
	switch name {
	case "a", "abbr", "acronym", "address", "b", "bdo", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup",
		"dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre",
		"q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var":
		return true
	default:
		return false
	}
}

// isAllowedAttribute reports whether the elements of a narrative may have the attribute.
// https://hl7.org/fhir/R4/narrative.html#xhtml (txt-1; xml:lang stands beside lang by https://hl7.org/fhir/R4/languages.html)
func isAllowedAttribute(name string) bool {
	switch name {
	case "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding", "cellspacing", "cellvalign",
		"char", "charoff", "charset", "cite", "class", "colspan", "compact", "coords", "dir", "frame", "headers", "height", "href",
		"hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev", "rowspan", "rules", "scope", "shape", "span",
		"src", "start", "style", "summary", "tabindex", "title", "type", "valign", "value", "vspace", "width", "xml:lang":
		return true
	default:
		return false
	}
}

// isActive reports whether a browser that shows the attribute could run something.
// https://hl7.org/fhir/R4/security.html#narrative
func isActive(name, value string) bool {
	switch name {
	case "href", "src", "cite", "longdesc":
		url := plainText(value)
		return strings.HasPrefix(url, "javascript:") || strings.HasPrefix(url, "vbscript:") ||
			strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "data:image/")
	case "style":
		css := plainText(value)
		return strings.Contains(css, "javascript:") || strings.Contains(css, "expression(")
	default:
		return false
	}
}

// plainText returns an attribute as a browser reads it before it looks for a scheme: references
// resolved, white space and control characters left out, lowercase.
func plainText(s string) string {
	if !strings.ContainsAny(s, ":(&") {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		r := rune(s[i])
		if r == '&' {
			end := strings.IndexByte(s[i:], ';')
			r, _ = character(s[i+1 : i+end])
			i += end
		}
		if r > ' ' && r < 0x80 {
			b.WriteByte(byte(r))
		}
	}
	return strings.ToLower(b.String())
}
