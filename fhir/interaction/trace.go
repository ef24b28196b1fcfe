package interaction

import (
	"slices"

	"firewolf/fhir"
)

// Trace is what an answer tells of itself for the audit line, beside Interaction, Type and Patient: whom and what an auditor must find again
// who asks for one patient. It holds names, and at most a hundred of each, with how many there were.
type Trace struct {
	Resource      string   // "Patient/1" where the request did not name what was deleted or made
	Patients      []string // "Patient/1", where the answer is about others than Response.Patient
	PatientsTotal int
	Entries       []EntryTrace // of a Bundle, or of a delete of many
	EntriesTotal  int
}

// EntryTrace is what became of one entry.
type EntryTrace struct {
	Interaction string // "read", "delete", ...; "" where none could be made out
	Type        string
	Resource    string // "Patient/1", "Patient/1/_history/2"; "" for a type or the system
	Status      int    // 0 where the transaction was refused before
}

// mostTold is how many names of a kind a Trace holds.
const mostTold = 100

// traceOf tells of the answer to an entry.
func traceOf(rt route, resp *Response, base string) EntryTrace {
	t := EntryTrace{Interaction: rt.name, Type: rt.key.Type, Resource: resp.Trace.Resource, Status: resp.Status}
	switch {
	case t.Resource != "":
	case resp.Location != "":
		t.Resource = relative(resp.Location, base)
	case rt.key.ID != "" && rt.vid != "" && fhir.ValidID(rt.vid):
		t.Resource = rt.key.String() + "/_history/" + rt.vid
	case rt.key.ID != "":
		t.Resource = rt.key.String()
	}
	if rt.member != "" && rt.member != "*" {
		t.Type = rt.member
	}
	return t
}

// traces gathers what became of the entries of a Bundle.
type traces struct {
	list  []EntryTrace
	total int
}

// add adds an entry; of a delete of many what it deleted.
func (t *traces) add(one EntryTrace, resp *Response) {
	if resp.Trace.EntriesTotal == 0 {
		t.list, t.total = append(t.list, one), t.total+1
		return
	}
	t.list, t.total = append(t.list, resp.Trace.Entries...), t.total+resp.Trace.EntriesTotal
}

// tell puts the entries into an answer. Where there are too many those come first that nobody must be able to hide among others.
func (t *traces) tell(resp *Response) {
	if len(t.list) > mostTold {
		slices.SortStableFunc(t.list, func(a, b EntryTrace) int { return a.weight() - b.weight() })
		t.list = slices.Clone(t.list[:mostTold])
	}
	resp.Trace.Entries, resp.Trace.EntriesTotal = t.list, t.total
}

// weight orders deletes and refusals before other writes, and those before what reads.
func (e EntryTrace) weight() int {
	switch {
	case e.Interaction == nameDelete || e.Status >= 400:
		return 0
	case e.Interaction == nameCreate || e.Interaction == nameUpdate || e.Interaction == namePatch || e.Interaction == nameOperation:
		return 1
	default:
		return 2
	}
}
