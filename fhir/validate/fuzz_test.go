package validate_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"firewolf/fhir/tree"
)

// What the narrative scanner takes for XHTML, an XML parser must take for XML, and see the same: no element that is not allowed.
func FuzzANarrativeThatPassesIsXML(f *testing.F) {
	for _, inner := range []string{
		"x", "<p>x</p>", "<b><i>x</b></i>", "a&nbsp;b", "&#60;script&#62;", "<!-- x -->y", "<a href='x'>x</a>", "<br/>", "<p", "<p x", "]]>", "<?a b?>",
		"<p title=\"a>b\">x</p>", "<p\ntitle='&quot;'\t>x</p>", "<![CDATA[x]]>", "<p xmlns='x'>x</p>", "\uFFFF", "<script>x</script>", "</div><div>", "<ä>x</ä>", "<a:b>x</a:b>",
	} {
		f.Add(`<div xmlns="http://www.w3.org/1999/xhtml">` + inner + `</div>`)
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, div string) {
		if !utf8.ValidString(div) || strings.ContainsRune(div, 0) || len(narrative(t, div)) > 0 {
			return
		}
		roots, depth := 0, 0
		for d := xml.NewDecoder(strings.NewReader(div)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q passes, and is no XML: %v", div, err)
			}
			switch e := token.(type) {
			case xml.StartElement:
				if depth++; depth == 1 {
					roots++
				}
				if e.Name.Space != "http://www.w3.org/1999/xhtml" || e.Name.Local == "script" {
					t.Fatalf("%q passes with an element %v", div, e.Name)
				}
			case xml.EndElement:
				depth--
			case xml.ProcInst, xml.Directive:
				t.Fatalf("%q passes with a declaration", div)
			}
		}
		if roots != 1 || depth != 0 {
			t.Fatalf("%q passes with %d roots, %d of them open", div, roots, depth)
		}
	})
}

// Any JSON gets an answer, and each problem has a place in it.
func FuzzStructureAnswersForAnyJSON(f *testing.F) {
	f.Add(observation)
	f.Add(`{"resourceType":"Patient","contained":[{"id":1}],"_name":null,"name":[[null],{"given":[null],"_given":{}}],"extension":[{}]}`)
	f.Add(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Parameters","parameter":[{"resource":null}]}}]}`)
	c := checker(f)
	f.Fuzz(func(t *testing.T, src string) {
		doc, err := tree.Parse([]byte(src), tree.Limits{})
		if err != nil {
			return
		}
		for _, i := range c.Structure(doc) {
			if i.Text == "" || len(i.Expression) > 1 {
				t.Errorf("%+v", i)
			}
		}
	})
}
