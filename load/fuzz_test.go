package load

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
)

// FuzzUnits cuts files of any content: every unit is JSON of an object within the limit, what is no unit has a reason, and no file hangs.
func FuzzUnits(f *testing.F) {
	for _, seed := range []string{
		`{"resourceType":"Patient","id":"a"}`,
		"{\"resourceType\":\"Patient\"}\n\n{\"resourceType\":\"Group\",\"id\":\"g\"}\r\n{]",
		`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient"}},{},17]}`,
		`{"entry":[{"request":{"method":"POST","url":"Patient"}}],"resourceType":"Bundle","type":"transaction"}`,
		`{"resourceType":"Bundle","type":"history"}`,
		"\xef\xbb\xbf[]", "", "null", `"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, name := range []string{"x.json", "x.ndjson"} {
			r := reader{file: memFile(name, string(content)), limit: 200}
			for u, err := range r.units(t.Context()) {
				var why *fault
				switch {
				case errors.As(err, &why) && why.reason != "":
				case err != nil && err.Error() != "":
				case err != nil:
					t.Fatalf("%s: an error without a reason", name)
				case len(u.Body) > 200 || !isObject(u.Body):
					t.Fatalf("%s: the unit %q is no JSON object within the limit", name, u.Body)
				case u.Method != http.MethodPost && u.Method != http.MethodPut || u.typ == "":
					t.Fatalf("%s: the unit is sent as %s %s", name, u.Method, u.Path)
				}
			}
		}
	})
}

// isObject asks another reader of JSON. It takes bad UTF-8 and names that stand twice, as the units may have them.
func isObject(body []byte) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(body, &members) == nil && members != nil
}
