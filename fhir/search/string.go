package search

import (
	"strings"

	"firewolf/fhir"
	fhirpath "firewolf/fhir/path"
	"firewolf/fhir/tree"
)

// A string matches where its folded text (Fold) starts with the folded value. Of names and addresses each part of type string
// counts for itself, and the whole in the order in which it is written; of a family name also each word: "searching either
// Carreno or Quinones should match a family name of Carreno Quinones". :contains looks for the folded value anywhere in
// the same texts, :exact for a part as it is written, whole.
// https://hl7.org/fhir/R4/search.html#string

// The members of HumanName and Address that are strings, in the order in which a whole is written.
var (
	nameParts    = []string{"prefix", "given", "family", "suffix"}
	addressParts = []string{"line", "city", "district", "state", "postalCode", "country"}
)

// str indexes a value of a string parameter.
func (ix *indexer) str(p *param, v fhirpath.Value) {
	switch v.Type {
	case "HumanName":
		ix.parts(p, v.Node, nameParts)
	case "Address":
		ix.parts(p, v.Node, addressParts)
	default:
		text, ok := v.Primitive()
		if !ok {
			return
		}
		ix.part(p, text)
		if familyName(v.Node) {
			ix.words(p, text)
		}
	}
}

// parts indexes a name or an address.
func (ix *indexer) parts(p *param, n tree.Node, members []string) {
	var whole strings.Builder
	for _, member := range members {
		for item := range n.Member(member).Items() {
			text := item.Text()
			if text == "" {
				continue
			}
			ix.part(p, text)
			if member == "family" {
				ix.words(p, text)
			}
			// A prefix is no part of how people look for a name: the whole starts with the given names.
			if member != "prefix" {
				whole.WriteString(text + " ")
			}
		}
	}
	ix.folded(p.Code, whole.String())
	if text := n.Member("text").Text(); text != "" {
		ix.part(p, text)
	}
}

// familyName reports whether a node is HumanName.family.
func familyName(n tree.Node) bool { return n.Name() == "family" }

// part indexes one text, for the start, for the inside and as it is.
func (ix *indexer) part(p *param, text string) {
	ix.folded(p.Code, text)
	ix.key(p.Code+":exact", text)
}

// words indexes the words of a text beside it.
func (ix *indexer) words(p *param, text string) {
	folded := Fold(text)
	if strings.IndexByte(folded, ' ') < 0 {
		return
	}
	for word := range strings.SplitSeq(folded, " ") {
		ix.text(p.Code, word)
	}
}

// str compiles a value of a string parameter. A prefix such as gt is part of the text.
func (c *compiler) str(p *param, modifier, value string) (Expr, *fhir.Issue) {
	switch modifier {
	case "exact":
		return HasKey{Key: joinKey(p.Code+":exact", unescape(value))}, nil
	case "contains":
		x, issue := c.startsWith(p.Code, value)
		x.Test = TextContains
		return x, issue
	}
	return c.startsWith(p.Code, value)
}

// startsWith compiles a text that must start a Text of that name.
func (c *compiler) startsWith(name, value string) (TextIs, *fhir.Issue) {
	folded := Fold(unescape(value))
	if folded == "" {
		return TextIs{}, badValue(c.name, value, "nothing but punctuation")
	}
	return TextIs{Name: name, Test: TextStartsWith, Value: folded}, nil
}
