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
	written := 0
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
				written++
			}
		}
	}
	if written > 1 {
		ix.folded(p.startName, whole.String())
	}
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
		ix.text(p.startName, word)
	}
}

// str compiles a value of a string parameter. A prefix such as gt is part of the text.
func (c *compiler) str(p *param, modifier, value string) (Expr, *fhir.Issue) {
	switch modifier {
	case "exact":
		return HasKey{Key: joinKey(p.Code+":exact", unescape(value))}, nil
	case "contains":
		return c.texts(p, TextContains, value)
	}
	return c.texts(p, TextStartsWith, value)
}

// texts compiles a test on the parts, and where there are any on the wholes and words beside them.
func (c *compiler) texts(p *param, test TextTest, value string) (Expr, *fhir.Issue) {
	x, issue := c.startsWith(p.Code, value)
	if issue != nil {
		return nil, issue
	}
	x.Test = test
	if p.startName == "" {
		return x, nil
	}
	return Or{x, TextIs{Name: p.startName, Test: test, Value: x.Value}}, nil
}

// startName is the name of the texts that a search may find beside the parts of names and addresses; "" for a parameter that
// leads to none of them. They have a name of their own, so that nothing is sorted by them.
func startName(code string, leaves []leaf) string {
	for _, l := range leaves {
		if l.Type == "HumanName" || l.Type == "Address" || l.Element != nil && l.Element.Path == "HumanName.family" {
			return code + ":start"
		}
	}
	return ""
}

// startsWith compiles a text that must start a Text of that name.
func (c *compiler) startsWith(name, value string) (TextIs, *fhir.Issue) {
	folded := Fold(unescape(value))
	if folded == "" {
		return TextIs{}, badValue(c.name, value, "nothing but punctuation")
	}
	return TextIs{Name: name, Test: TextStartsWith, Value: folded}, nil
}
