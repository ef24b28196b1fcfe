package interaction

import "testing"

func TestRewriteMarkup(t *testing.T) {
	find := func(link string) (string, bool) {
		switch link {
		case "urn:uuid:1", "http://x/Patient/1?a=1&b=2":
			return "Patient/1", true
		case "quotes":
			return `a"b<c`, true
		}
		return "", false
	}
	for _, c := range []struct{ name, in, want string }{
		{"a link is replaced", `<a href="urn:uuid:1">x</a>`, `<a href="Patient/1">x</a>`},
		{"single quotes stay", `<a href='urn:uuid:1'>x</a>`, `<a href='Patient/1'>x</a>`},
		{"a picture is replaced", `<img src="urn:uuid:1"/>`, `<img src="Patient/1"/>`},
		{"capitals are the same", `<A HREF="urn:uuid:1">x</A>`, `<A HREF="Patient/1">x</A>`},
		{"other attributes stay", `<a id="urn:uuid:1" title='href="urn:uuid:1"' href="urn:uuid:1">x</a>`, `<a id="urn:uuid:1" title='href="urn:uuid:1"' href="Patient/1">x</a>`},
		{"white space around the sign stays", "<a\n href = \"urn:uuid:1\" >x</a>", "<a\n href = \"Patient/1\" >x</a>"},
		{"entities are read", `<a href="http://x/Patient/1?a=1&amp;b=2">x</a>`, `<a href="Patient/1">x</a>`},
		{"entities are written", `<a href="quotes">x</a>`, `<a href="a&#34;b&lt;c">x</a>`},
		{"text stays", `<p>urn:uuid:1 href="urn:uuid:1"</p>`, `<p>urn:uuid:1 href="urn:uuid:1"</p>`},
		{"other elements stay", `<abbr href="urn:uuid:1">x</abbr><a src="urn:uuid:1"/><img href="urn:uuid:1"/>`, `<abbr href="urn:uuid:1">x</abbr><a src="urn:uuid:1"/><img href="urn:uuid:1"/>`},
		{"a namespaced attribute stays", `<a xlink:href="urn:uuid:1">x</a>`, `<a xlink:href="urn:uuid:1">x</a>`},
		{"unknown links stay", `<a href="#top">x</a><a href="urn:uuid:2">y</a>`, `<a href="#top">x</a><a href="urn:uuid:2">y</a>`},
		{"all links are replaced", `<a href="urn:uuid:1">x</a><a href="urn:uuid:2">y</a><a href="urn:uuid:1">z</a>`, `<a href="Patient/1">x</a><a href="urn:uuid:2">y</a><a href="Patient/1">z</a>`},
		{"a value without an end stays", `<a href="urn:uuid:1`, `<a href="urn:uuid:1`},
		{"a tag without an end is read", `<a href="urn:uuid:1"`, `<a href="Patient/1"`},
		{"an attribute without a value stays", `<a href name="x" href="urn:uuid:1">x</a>`, `<a href name="x" href="Patient/1">x</a>`},
		{"nothing stays nothing", ``, ``},
		{"a lone bracket stays", `<`, `<`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, changed := rewriteMarkup(c.in, find)
			if got != c.want || changed != (c.in != c.want) {
				t.Errorf("%s\ngave %s (changed %v)\nwant %s", c.in, got, changed, c.want)
			}
		})
	}
}

func FuzzRewriteMarkup(f *testing.F) {
	f.Add(`<a href="x">`)
	f.Add(`<img src='x' alt="`)
	f.Fuzz(func(t *testing.T, text string) {
		same, _ := rewriteMarkup(text, func(string) (string, bool) { return "", false })
		if same != text {
			t.Errorf("%q changed to %q without a link", text, same)
		}
		rewriteMarkup(text, func(string) (string, bool) { return "y", true })
	})
}
