package cart

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"firewolf/mapping"
	"firewolf/registry/term"
)

// Ids are UUIDs of version 5 of center|record|instrument|instance|part, so that a row gives the same resources whenever and wherever it is
// imported. The instance is what the source calls the row (row_id), or else what tells it from others of the patient: see instanceOf.
// https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5

// space is the name space of these ids.
func space() uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(term.Base+"/mapping")) }

// id makes an id of its parts.
func (s *Step) id(parts ...string) string { return s.idAfter(nil, parts...) }

// idAfter makes an id of parts, the first of which are joined already.
func (s *Step) idAfter(first []byte, parts ...string) string {
	b := append(make([]byte, 0, 128), first...)
	for _, p := range parts {
		if len(b) > 0 {
			b = append(b, '|')
		}
		b = append(b, escaped(p)...)
	}
	return uuid.NewSHA1(s.space, b).String()
}

// escaped keeps a bar inside a part from making two names equal.
func escaped(part string) string {
	if !strings.ContainsAny(part, `|\`) {
		return part
	}
	return strings.ReplaceAll(strings.ReplaceAll(part, `\`, `\\`), "|", `\|`)
}

// natural are the columns whose cells tell a row from the others of its patient and instrument, where row_id does not.
var natural = map[string][]string{
	patients: {},
	sle:      {},
	priorTx:  {"line", "drug", "start"},
	course:   {"course_no"},
	infusion: {"course_no"},
	visits:   {"visit_code", "visit_date"},
	sledai:   {"visit_code", "visit_date"},
	labs:     {"date", "loinc", "local_code"},
	tox:      {"course_no", "type", "onset"},
	outcome:  {"visit_code", "visit_date", "relapse_date"},
}

// NaturalKey returns the columns that are the key of an instrument's rows, beside registry_id, where row_id is not given.
func NaturalKey(instrument string) []string { return natural[instrument] }

// instanceOf returns the key of a row among those of its patient and instrument.
func instanceOf(r *mapping.Row) string {
	if id := r.Cell(instanceColumn); id != "" {
		return "row " + id
	}
	switch r.Name {
	case priorTx:
		// A line of therapy keeps its number when its dates are corrected.
		if line, ok := (entry{r}).integer("line"); ok {
			return strconv.Itoa(line)
		}
	case visits, sledai:
		// So does a planned visit; unplanned ones are told apart by their dates.
		if code := r.Cell("visit_code"); code != "" && code != unscheduled {
			return code
		}
	case course, infusion:
		return strconv.Itoa(entry{r}.courseNo())
	case tox:
		return toxInstance(r)
	case outcome:
		return outcomeInstance(r)
	}
	var key []string
	for _, col := range natural[r.Name] {
		key = append(key, r.Cell(col))
	}
	return strings.Join(key, "/")
}

// once are the toxicities that a course has once: their row says the highest grade. The others happen again, and are told apart by onset.
var once = map[string]bool{"crs": true, "icans": true, "licats": true, "icaht": true, "b-cell-aplasia": true, "hypogammaglobulinemia": true}

// onceInstance is the key of a kind of toxicity in a course.
func onceInstance(no int, kind string) string { return strconv.Itoa(no) + "/" + kind }

func toxInstance(r *mapping.Row) string {
	key := onceInstance(entry{r}.courseNo(), r.Cell("type"))
	if once[r.Cell("type")] {
		return key
	}
	return key + "/" + r.Cell("onset")
}

// outcomeInstance is the visit's, or that of the event of a row without visit.
func outcomeInstance(r *mapping.Row) string {
	code, date := r.Cell("visit_code"), r.Cell("visit_date")
	switch {
	case code != "" && code != unscheduled:
		return code
	case date != "":
		return "visit " + date
	case r.Cell("relapse_date") != "":
		return "relapse " + r.Cell("relapse_date")
	default:
		return "death"
	}
}
