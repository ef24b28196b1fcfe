package interaction_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"firewolf/fhir/interaction"
)

// Nothing is trusted to be small: what is written for each entry must not grow with their number.
func TestLargeTransactionsTakeTimeInProportion(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	for _, c := range []struct {
		name  string
		entry func(k int) string
	}{
		{"creates", func(k int) string { return post(fmt.Sprintf("urn:uuid:%d", k), namedWolf) }},
		{"conditional creates", func(k int) string {
			return post("", fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"value":"%d"}]}`, k), fmt.Sprintf(`"ifNoneExist":"identifier=%d"`, k))
		}},
		{"conditional creates by a name", func(k int) string {
			return post("", fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":"wolf %d."}]}`, 10000+k), fmt.Sprintf(`"ifNoneExist":"family=wolf %d"`, 10000+k))
		}},
		{"conditional updates", func(k int) string {
			return put(fmt.Sprintf("Patient?identifier=%d", k), fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"value":"%d"}]}`, k))
		}},
		{"conditional updates by a name, or an id", func(k int) string {
			if k%2 == 0 {
				return put(fmt.Sprintf("Patient?_id=%d", k), fmt.Sprintf(`{"resourceType":"Patient","id":"%d"}`, k))
			}
			return put(fmt.Sprintf("Patient?family=wolf %d", 10000+k), fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":"wolf %d."}]}`, 10000+k))
		}},
		{"conditional references to each other", func(k int) string {
			return post("", fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"value":"%d"}],"link":[{"other":{"reference":"Patient?identifier=%d"},"type":"seealso"}]}`, k, k))
		}},
		{"links to each other", func(k int) string {
			return post(fmt.Sprintf("urn:uuid:%d", k), fmt.Sprintf(`{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:%d"},"type":"seealso"}]}`, k))
		}},
		{"conditional deletes", func(k int) string { return ask("DELETE", fmt.Sprintf("Patient?identifier=%d", k)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			took := func(n int) time.Duration {
				entries := make([]string, n)
				for k := range entries {
					entries[k] = c.entry(k)
				}
				text := bundle("transaction", entries...)
				w := newWorld(t, func(o *interaction.Options) { o.Limits.Entries = n })
				began := time.Now()
				if got := w.do(call("POST ", text)); got.Status != 200 || strings.Count(got.Body, `"status"`) != n {
					t.Fatalf("%d %v", got.Status, got.Issues)
				}
				return time.Since(began)
			}
			took(100) // what is made on first use
			// A machine that does something else meanwhile may be slow once, not every time.
			for try := 1; ; try++ {
				few, many := took(300), took(2400)
				t.Logf("300 entries take %v, 2400 take %v", few, many)
				if many <= 24*few+300*time.Millisecond {
					break
				}
				if try == 3 {
					t.Fatal("2400 entries take much longer than eight times as long")
				}
			}
		})
	}
}
