package interaction_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir/interaction"
)

// generator makes random transactions over a few resources, so that their entries meet often.
type generator struct{ *rand.Rand }

// patientBody is a Patient with a name that tells it from all others, and an identifier that it may share.
func (g generator) patientBody(id string, mark int) string {
	if id != "" {
		id = `"id":"` + id + `",`
	}
	return fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"value":"i%d"}],"name":[{"family":"m%d"}]}`, id, g.IntN(4), mark)
}

// link is a reference: to an entry, to a resource, or to what criteria find.
func (g generator) link(entries int) string {
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf("Patient/p%d", g.IntN(4))
	case 1:
		return fmt.Sprintf("Patient?identifier=i%d", g.IntN(4))
	default:
		return fmt.Sprintf("urn:uuid:%d", g.IntN(entries))
	}
}

// entry makes the k-th of n entries.
func (g generator) entry(k, n, mark int) string {
	full := fmt.Sprintf("urn:uuid:%d", k)
	id := fmt.Sprintf("p%d", g.IntN(4))
	switch g.IntN(8) {
	case 0:
		return ask("DELETE", "Patient/"+id)
	case 1:
		return ask("DELETE", fmt.Sprintf("Patient?identifier=i%d", g.IntN(4)))
	case 2:
		return `{"fullUrl":"` + full + `",` + put("Patient/"+id, g.patientBody(id, mark))[1:]
	case 3:
		return `{"fullUrl":"` + full + `",` + put(fmt.Sprintf("Patient?identifier=i%d", g.IntN(4)), g.patientBody("", mark))[1:]
	case 4:
		return post(full, g.patientBody("", mark), fmt.Sprintf(`"ifNoneExist":"identifier=i%d"`, g.IntN(4)))
	case 5:
		body := g.patientBody("", mark)
		return post(full, body, `"ifNoneExist":"identifier=i`+between(body, `"value":"i`)+`"`)
	case 6:
		return post(full, g.patientBody("", mark))
	default:
		return post(full, fmt.Sprintf(`{"resourceType":"Basic","code":{"text":"m%d"},"subject":{"reference":"%s"}}`, mark, g.link(n)))
	}
}

// state is all that a world holds: by the mark of each resource its type, and what it refers to.
func (w *world) state() map[string]string {
	w.t.Helper()
	marks := map[string]string{}
	bodies := map[string]string{}
	for _, typ := range []string{"Patient", "Basic"} {
		var b struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if err := json.Unmarshal([]byte(w.do(call("GET "+typ+"?_count=1000", "")).Body), &b); err != nil {
			w.t.Fatal(err)
		}
		for _, e := range b.Entry {
			body := string(e.Resource)
			mark := between(body, `"family":"`) + between(body, `"text":"`)
			id := typ + "/" + between(body, `"id":"`)
			marks[id], bodies[id] = mark, body
		}
	}
	out := map[string]string{}
	for id, body := range bodies {
		_, server := strings.CutPrefix(id, "Patient/new-")
		name := id
		if server || strings.HasPrefix(id, "Basic/new-") {
			name = "some " + strings.SplitN(id, "/", 2)[0]
		}
		out[marks[id]] = name + " identified by " + between(body, `"value":"`) + " about " + marks[between(body, `"reference":"`)]
	}
	return out
}

// "The outcome of processing the transaction SHALL NOT depend on the order of the resources in the transaction."
// https://hl7.org/fhir/R4/http.html#trules
func TestTheOrderOfEntriesDoesNotMatter(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(7, 11))}
	done, refusals := 0, 0
	rounds := 200
	if testing.Short() {
		rounds = 60
	}
	for round := range rounds {
		// What a round opens is closed at its end: stores that stay open keep looking at their databases.
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			var given []interaction.Request
			for k := range 4 {
				if g.IntN(2) == 0 {
					id := fmt.Sprintf("p%d", k)
					given = append(given, call("PUT Patient/"+id, g.patientBody(id, 100+k)))
				}
			}
			n := 1 + g.IntN(5)
			entries := make([]string, n)
			for k := range entries {
				entries[k] = g.entry(k, n, k)
			}
			first := slices.Clone(entries)
			g.Shuffle(n, func(a, b int) { entries[a], entries[b] = entries[b], entries[a] })

			one, other := newWorld(t, nil), newWorld(t, nil)
			for _, r := range given {
				one.do(r)
				other.do(r)
			}
			before, head := one.state(), one.written()
			a, b := one.do(transaction(first...)), other.do(transaction(entries...))
			if (a.Status == 200) != (b.Status == 200) { // of several reasons to refuse either may come first
				t.Fatalf("round %d: %d %v in one order, %d %v in another:\n%s", round, a.Status, a.Issues, b.Status, b.Issues, strings.Join(first, "\n"))
			}
			if diff := cmp.Diff(one.state(), other.state()); diff != "" {
				t.Fatalf("round %d: the state differs (-one order +another):\n%s\n%s", round, diff, strings.Join(first, "\n"))
			}
			if a.Status == 200 {
				done++
				return
			}
			refusals++
			if !maps.Equal(before, one.state()) || one.written() != head {
				t.Fatalf("round %d: it was refused with %v, but something was written", round, a.Issues)
			}
		})
		if t.Failed() {
			return
		}
	}
	if done < rounds/5 || refusals < rounds/5 {
		t.Errorf("%d transactions were done and %d refused: the test sees too little", done, refusals)
	}
}
