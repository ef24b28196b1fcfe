package interaction_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"firewolf/fhir/interaction"
)

// model is what a FHIR server must be like, in the simplest words: of each id the versions that it had.
type model struct {
	*rand.Rand
	versions map[string][]string // id -> the name of each version, "" for a deletion
	fresh    int
}

func (m *model) current(id string) (name string, vid int) {
	v := m.versions[id]
	if len(v) == 0 {
		return "", 0
	}
	return v[len(v)-1], len(v)
}

// named lists the ids whose current name is name.
func (m *model) named(name string) (ids []string) {
	for id := range m.versions {
		if now, _ := m.current(id); now == name {
			ids = append(ids, id)
		}
	}
	return ids
}

// put is what an update of an id does.
func (m *model) put(id, name string) (status int) {
	now, vid := m.current(id)
	switch {
	case now == name:
		return 200
	case now != "":
		status = 200
	default:
		status = 201
	}
	_ = vid
	m.versions[id] = append(m.versions[id], name)
	return status
}

func (m *model) delete(id string) int {
	if now, _ := m.current(id); now != "" {
		m.versions[id] = append(m.versions[id], "")
	}
	return 204
}

func body(id, name string) string {
	if id != "" {
		id = `"id":"` + id + `",`
	}
	return `{"resourceType":"Patient",` + id + `"name":[{"family":"` + name + `"}]}`
}

// step makes a random request, and says which status it must have.
func (m *model) step() (interaction.Request, int) {
	id, name := fmt.Sprintf("p%d", m.IntN(5)), fmt.Sprintf("name%d", m.IntN(4))
	now, vid := m.current(id)
	switch m.IntN(9) {
	case 0:
		return call("DELETE Patient/"+id, ""), m.delete(id)
	case 1:
		tag := 1 + m.IntN(4)
		r := call("PUT Patient/"+id, body(id, name), ifMatch(fmt.Sprintf(`W/"%d"`, tag)))
		if now == "" || vid != tag {
			return r, 412
		}
		return r, m.put(id, name)
	case 2:
		r := call("PUT Patient/"+id, body(id, name), ifNoneMatch("*"))
		if now != "" {
			return r, 412
		}
		return r, m.put(id, name)
	case 3:
		return m.conditionalPut(id, name)
	case 4:
		r := call("DELETE Patient?name:exact="+name, "")
		switch ids := m.named(name); len(ids) {
		case 0:
			return r, 204
		case 1:
			return r, m.delete(ids[0])
		default:
			return r, 412
		}
	case 5:
		r := call("POST Patient", body("", name), ifNoneExist("name:exact="+name))
		m.fresh++ // an id is drawn before anybody knows whether it is needed
		switch len(m.named(name)) {
		case 0:
			m.versions[fmt.Sprintf("new-%d", m.fresh)] = []string{name}
			return r, 201
		case 1:
			return r, 200
		default:
			return r, 412
		}
	case 6:
		return call("PUT Patient/"+id, strings.Replace(body(id, name), "family", "famille", 1)), 400
	default:
		return call("PUT Patient/"+id, body(id, name)), m.put(id, name)
	}
}

// conditionalPut updates what has a name, with an id in the body or without.
func (m *model) conditionalPut(id, name string) (interaction.Request, int) {
	m.fresh++
	other := fmt.Sprintf("name%d", m.IntN(4))
	sent := ""
	if m.IntN(2) == 0 {
		sent = id
	}
	r := call("PUT Patient?name:exact="+name, body(sent, other))
	now, _ := m.current(id)
	ids := m.named(name)
	switch {
	case len(ids) > 1:
		return r, 412
	case len(ids) == 1 && sent != "" && sent != ids[0]:
		return r, 400
	case len(ids) == 1:
		return r, m.put(ids[0], other)
	case sent == "":
		m.versions[fmt.Sprintf("new-%d", m.fresh)] = []string{other}
		return r, 201
	case now != "":
		return r, 412
	default:
		return r, m.put(sent, other)
	}
}

// Whatever is asked in whatever order, a world is what the model says it is.
func TestRandomInteractionsLeaveWhatTheModelSays(t *testing.T) {
	rounds, steps := 20, 60
	if testing.Short() {
		rounds = 6
	}
	for round := range rounds {
		w := newWorld(t, nil)
		m := &model{Rand: rand.New(rand.NewPCG(uint64(round), 5)), versions: map[string][]string{}}
		for k := range steps {
			r, want := m.step()
			if got := w.do(r); got.Status != want {
				t.Fatalf("round %d, step %d: %s %s %v: %d %v, want %d", round, k, r.Method, r.Path, r.Query, got.Status, got.Issues, want)
			}
		}
		written := 0
		for id, versions := range m.versions {
			written += len(versions)
			w.compare(id, versions)
		}
		if got := w.written(); got != written {
			t.Errorf("round %d: %d versions were written, want %d", round, got, written)
		}
	}
}

// compare reads every version of a resource, the current one, and finds it by its name.
func (w *world) compare(id string, versions []string) {
	w.t.Helper()
	for k, name := range versions {
		got := w.do(call(fmt.Sprintf("GET Patient/%s/_history/%d", id, k+1), ""))
		if name == "" && got.Status != 410 || name != "" && between(got.Body, `"family":"`) != name {
			w.t.Errorf("version %d of %s is %d %s, want %q", k+1, id, got.Status, got.Body, name)
		}
	}
	name := versions[len(versions)-1]
	got := w.do(call("GET Patient/"+id, ""))
	if name == "" && got.Status != 410 || name != "" && (between(got.Body, `"family":"`) != name || got.ETag != fmt.Sprintf(`W/"%d"`, len(versions))) {
		w.t.Errorf("%s is %d %s %s, want %q", id, got.Status, got.ETag, got.Body, name)
	}
	found := len(w.search(call("GET Patient?_id="+id+"&name:exact="+name+"x", "")).Entry)
	if name != "" {
		found += len(w.search(call("GET Patient?_id="+id+"&name:exact="+name, "")).Entry) - 1
	}
	if found != 0 {
		w.t.Errorf("%s is not found as %q", id, name)
	}
	if entries, _ := w.versions(call("GET Patient/"+id+"/_history?_count=100", "")); len(entries) != len(versions) {
		w.t.Errorf("the history of %s has %d entries, want %d", id, len(entries), len(versions))
	}
}
