package tree_test

import (
	"crypto/sha256"
	"testing"
)

func TestDigestsAreEqualExactlyWhereAnUpdateWouldChangeNothing(t *testing.T) {
	const base = `{"resourceType":"Basic","id":"1","meta":{"tag":[{"code":"A"}]},"x":[1.50,"A\n"]}`
	tests := []struct {
		name, a, b string
		equal      bool
	}{
		{"white space", base, "{ \"resourceType\": \"Basic\",\n\"id\":\"1\",\"meta\":{\"tag\":[{\"code\":\"A\"}]},\"x\":[1.50, \"A\\n\"]}", true},
		{"a string written with escapes", base, `{"resourceType":"Basic","id":"1","meta":{"tag":[{"code":"\u0041"}]},"x":[1.50,"\u0041\u000a"]}`, true},
		{"a name written with escapes", base, `{"resourceType":"Basic","\u0069d":"1","meta":{"t\u0061g":[{"code":"A"}]},"x":[1.50,"A\n"]}`, true},
		{"versionId and lastUpdated", base, `{"resourceType":"Basic","id":"1","meta":{"versionId":"1","tag":[{"code":"A"}],"lastUpdated":"2001"},"x":[1.50,"A\n"]}`, true},
		{"versionId with escapes", base, `{"resourceType":"Basic","id":"1","meta":{"version\u0049d":"\u0041","tag":[{"code":"A"}]},"x":[1.50,"A\n"]}`, true},
		{"a meta with nothing else", `{"id":"1"}`, `{"id":"1","meta":{"lastUpdated":"20\u00301","versionId":"1"}}`, true},
		{"a meta with nothing else, first", `{"id":"1"}`, `{"meta":{"lastUpdated":"2001"},"id":"1"}`, true},
		{"a meta with nothing else, alone", `{}`, `{"meta":{}}`, true},
		{"a meta with nothing else, between escapes", `{"a":"\n","b":"\n"}`, `{"a":"\u000a","meta":{"versionId":"\n"},"b":"\n"}`, true},
		{"a solidus with an escape", `{"a":"x\/y"}`, `{"a":"x/y"}`, true},
		{"a character beyond the first plane", `{"a":"\ud83d\ude00"}`, `{"a":"😀"}`, true},
		{"the text of a number", base, `{"resourceType":"Basic","id":"1","meta":{"tag":[{"code":"A"}]},"x":[1.5,"A\n"]}`, false},
		{"the order of members", `{"a":1,"b":2}`, `{"b":2,"a":1}`, false},
		{"a string and a number", `{"a":"1"}`, `{"a":1}`, false},
		{"a quote inside a string", `{"a":"b\",\"c"}`, `{"a":"b","c":""}`, false},
		{"a backslash that is an escape", `{"a":"\\n"}`, `{"a":"\n"}`, false},
		{"another meta", base, `{"resourceType":"Basic","id":"1","meta":{"tag":[{"code":"B"}]},"x":[1.50,"A\n"]}`, false},
		{"versionId outside meta", `{"versionId":"1"}`, `{}`, false},
		{"versionId of a contained resource", `{"contained":[{"meta":{"versionId":"1"}}]}`, `{"contained":[{"meta":{"versionId":"2"}}]}`, false},
		{"a meta that is no object", `{"meta":null}`, `{}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, tt.a).Digest() == parse(t, tt.b).Digest(); got != tt.equal {
				t.Errorf("equal is %v for\n%s\n%s", got, tt.a, tt.b)
			}
		})
	}
}

// Digests are stored, so their form must not change from one version of Firewolf to the next.
func TestADigestIsTheHashOfTheCanonicalText(t *testing.T) {
	got := parse(t, `{"id":"1","meta":{"versionId":"3"},"a":["\u0041\n\u007f","\/"]}`).Digest()
	if want := sha256.Sum256([]byte("{\"id\":\"1\",\"a\":[\"A\\u000a\u007f\",\"/\"]}")); got != want {
		t.Errorf("want %x, got %x", want, got)
	}
}
