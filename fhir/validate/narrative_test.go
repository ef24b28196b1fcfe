package validate_test

import "testing"

func TestAWrongNarrativeIsFound(t *testing.T) {
	checkAll(t, []hostile{
		{
			"a script",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x</p><script>alert(1)</script></div>"}}`,
			[]string{"invalid: the element \"script\" is not allowed in a narrative (Basic.text.`div`)"},
		},
		{
			"a form",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><form action=\"/x\"><input name=\"a\"/></form>x</div>"}}`,
			[]string{
				"invalid: the element \"form\" is not allowed in a narrative (Basic.text.`div`)",
				"invalid: the attribute \"action\" is not allowed in a narrative (Basic.text.`div`)",
				"invalid: the element \"input\" is not allowed in a narrative (Basic.text.`div`)",
			},
		},
		{
			"an object in a frame",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><iframe src=\"x\"><object>x</object></iframe></div>"}}`,
			[]string{
				"invalid: the element \"iframe\" is not allowed in a narrative (Basic.text.`div`)",
				"invalid: the element \"object\" is not allowed in a narrative (Basic.text.`div`)",
			},
		},
		{
			"an event",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p onclick=\"x()\">x</p></div>"}}`,
			[]string{"invalid: the attribute \"onclick\" is not allowed in a narrative (Basic.text.`div`)"},
		},
		{
			"a link that runs",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"javascript:alert(1)\">x</a></div>"}}`,
			[]string{"invalid: the attribute href must not run anything (Basic.text.`div`)"},
		},
		{
			"a link that runs, hidden",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\" java&#x09;script&#58;alert(1)\">x</a></div>"}}`,
			[]string{"invalid: the attribute href must not run anything (Basic.text.`div`)"},
		},
		{
			"a link to a document in itself",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"data:text/html,x\">x</a></div>"}}`,
			[]string{"invalid: the attribute href must not run anything (Basic.text.`div`)"},
		},
		{
			"a style that runs",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p style=\"width: expression(alert(1))\">x</p></div>"}}`,
			[]string{"invalid: the attribute style must not run anything (Basic.text.`div`)"},
		},
		{
			"an external stylesheet",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><link rel=\"stylesheet\" href=\"x.css\"/>x</div>"}}`,
			[]string{"invalid: the element \"link\" is not allowed in a narrative (Basic.text.`div`)"},
		},
		{
			"a font",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><font color=\"red\">x</font></div>"}}`,
			[]string{
				"invalid: the element \"font\" is not allowed in a narrative (Basic.text.`div`)",
				"invalid: the attribute \"color\" is not allowed in a narrative (Basic.text.`div`)",
			},
		},
		{
			"an element of another namespace",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><svg xmlns=\"http://www.w3.org/2000/svg\"/>x</div>"}}`,
			[]string{
				"invalid: the element \"svg\" is not allowed in a narrative (Basic.text.`div`)",
				"structure: the narrative is not XHTML: an element is not in the namespace http://www.w3.org/1999/xhtml (Basic.text.`div`)",
			},
		},
		{
			"a prefixed attribute",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a xlink:href=\"x\">x</a></div>"}}`,
			[]string{"invalid: the attribute \"xlink:href\" is not allowed in a narrative (Basic.text.`div`)"},
		},
		{
			"no namespace",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div>x</div>"}}`,
			[]string{"structure: the narrative is not XHTML: the div is not in the namespace http://www.w3.org/1999/xhtml (Basic.text.`div`)"},
		},
		{
			"another namespace",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/html\">x</div>"}}`,
			[]string{"structure: the narrative is not XHTML: the div is not in the namespace http://www.w3.org/1999/xhtml (Basic.text.`div`)"},
		},
		{
			"another root",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>"}}`,
			[]string{"structure: the narrative is not XHTML: the root element is not div (Basic.text.`div`)"},
		},
		{
			"two roots",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div><div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}`,
			[]string{"structure: the narrative is not XHTML: there is more than one root element (Basic.text.`div`)"},
		},
		{
			"text alone",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"x"}}`,
			[]string{"structure: the narrative is not XHTML: there is text outside of the div (Basic.text.`div`)"},
		},
		{
			"text after the root",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>y"}}`,
			[]string{"structure: the narrative is not XHTML: there is text outside of the div (Basic.text.`div`)"},
		},
		{
			"an element that is not closed",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x</div>"}}`,
			[]string{"structure: the narrative is not XHTML: an end tag does not match its start tag (Basic.text.`div`)"},
		},
		{
			"a root that is not closed",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x"}}`,
			[]string{"structure: the narrative is not XHTML: an element is not closed (Basic.text.`div`)"},
		},
		{
			"tags that cross",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><b><i>x</b></i></div>"}}`,
			[]string{"structure: the narrative is not XHTML: an end tag does not match its start tag (Basic.text.`div`)"},
		},
		{
			"an end tag alone",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</p></div>"}}`,
			[]string{"structure: the narrative is not XHTML: an end tag does not match its start tag (Basic.text.`div`)"},
		},
		{
			"an attribute without quotes",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=x>x</p></div>"}}`,
			[]string{"structure: the narrative is not XHTML: the value of an attribute is not in quotes (Basic.text.`div`)"},
		},
		{
			"an attribute without value",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><td nowrap>x</td></div>"}}`,
			[]string{"structure: the narrative is not XHTML: an attribute has no value (Basic.text.`div`)"},
		},
		{
			"an attribute twice",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=\"x\" class=\"y\">x</p></div>"}}`,
			[]string{"structure: the narrative is not XHTML: an attribute is there twice (Basic.text.`div`)"},
		},
		{
			"an attribute without end",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=\"x>x</p></div>"}}`,
			[]string{"structure: the narrative is not XHTML: the value of an attribute has no closing quote (Basic.text.`div`)"},
		},
		{
			"attributes without space",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=\"x\"id=\"y\">x</p></div>"}}`,
			[]string{"structure: the narrative is not XHTML: an attribute has no name, or no space before it (Basic.text.`div`)"},
		},
		{
			"an entity of HTML",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a&nbsp;b</div>"}}`,
			[]string{"structure: the narrative is not XHTML: an & starts none of the five entities of XML and no character (Basic.text.`div`)"},
		},
		{
			"an & alone",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a & b</div>"}}`,
			[]string{"structure: the narrative is not XHTML: an & starts none of the five entities of XML and no character (Basic.text.`div`)"},
		},
		{
			"a character that XML does not have",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a&#0;b</div>"}}`,
			[]string{"structure: the narrative is not XHTML: an & starts none of the five entities of XML and no character (Basic.text.`div`)"},
		},
		{
			"a control character",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a\u0001b</div>"}}`,
			[]string{"structure: the narrative is not XHTML: there is a character that XML does not have (Basic.text.`div`)"},
		},
		{
			"a character that Unicode does not have",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a\uffffb</div>"}}`,
			[]string{"structure: the narrative is not XHTML: there is a character that XML does not have (Basic.text.`div`)"},
		},
		{
			"a < alone",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">1 < 2</div>"}}`,
			[]string{"structure: the narrative is not XHTML: a < does not start a tag (Basic.text.`div`)"},
		},
		{
			"a tag cut off",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"x<p"}}`,
			[]string{"structure: the narrative is not XHTML: there is text outside of the div (Basic.text.`div`)"},
		},
		{
			"CDATA",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><![CDATA[<script>x</script>]]></div>"}}`,
			[]string{"structure: the narrative is not XHTML: declarations, CDATA and processing instructions are not allowed (Basic.text.`div`)"},
		},
		{
			"a declaration",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<?xml version=\"1.0\"?><div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}`,
			[]string{"structure: the narrative is not XHTML: declarations, CDATA and processing instructions are not allowed (Basic.text.`div`)"},
		},
		{
			"a comment without end",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x<!-- y</div>"}}`,
			[]string{"structure: the narrative is not XHTML: a comment is not closed (Basic.text.`div`)"},
		},
		{
			"no content",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p> </p></div>"}}`,
			[]string{"invalid: the narrative must have some content (Basic.text.`div`)"},
		},
		{
			"an empty root",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"/>"}}`,
			[]string{"invalid: the narrative must have some content (Basic.text.`div`)"},
		},
		{
			"white space alone",
			`{"resourceType":"Basic","code":{"text":"x"},"text":{"status":"generated","div":"  "}}`,
			[]string{"structure: the narrative is not XHTML: there is no div (Basic.text.`div`)"},
		},
	})
}
