package search

import (
	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
)

// A uri matches as a whole and exactly. Of a canonical with a version the url alone matches too.
// https://hl7.org/fhir/R4/search.html#uri

// uri indexes a value of a uri parameter.
func (ix *indexer) uri(p *param, v fhirpath.Value) {
	text, ok := v.Primitive()
	if !ok {
		return
	}
	ix.text(p.Code, text)
	ix.key(p.Code, text)
	if v.Type == "canonical" {
		ix.unversioned(p, text)
	}
}

// unversioned writes the key of a canonical without its version.
func (ix *indexer) unversioned(p *param, canonical string) {
	if url, _, ok := cutVersion(canonical); ok {
		ix.key(p.Code, url)
	}
}

// uri compiles a value of a uri parameter. For the url of a conformance resource "servers SHOULD support automatically
// detecting a |[version] portion as part of the search parameter, and interpreting that portion as a search on the version".
func (c *compiler) uri(p *param, value string) (Expr, *fhir.Issue) {
	if p.Code == "url" {
		version := c.e.index(p.typ).param("version")
		url, v, ok := cutEscaped(value, '|')
		if ok && version != nil && url != "" && v != "" {
			is, issue := c.token(version, version.Code, v)
			return And{HasKey{Key: joinKey(p.Code, unescape(url))}, is}, issue
		}
	}
	return HasKey{Key: joinKey(p.Code, unescape(value))}, nil
}
