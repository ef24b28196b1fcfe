package interaction

import (
	"bytes"

	"firewolf/fhir"
)

// patients gathers the patients that an answer is about, for the audit line. Most often that is one, and nothing is kept of it but a name.
type patients struct {
	one     string
	names   []string        // where there are several: all, up to mostTold
	seen    map[string]bool // the same
	total   int
	unnamed int // of entries of a Bundle that had more of them than names
}

var patientMark = []byte(`"Patient/`)

// of adds the patient who a version is of, or all to whom it refers. It looks at the bytes only, because every read asks for it: what is meant for
// the audit line must not cost a parse.
func (p *patients) of(v fhir.Version) {
	if v.Type == "Patient" {
		var room [80]byte
		p.add(append(append(room[:0], "Patient/"...), v.ID...))
		return
	}
	for b := v.JSON; ; {
		k := bytes.Index(b, patientMark)
		if k < 0 {
			return
		}
		b = b[k+1:]
		end := bytes.IndexByte(b, '"')
		if end < 0 {
			return
		}
		ref := b[:end]
		if h := bytes.Index(ref, []byte("/_history/")); h >= 0 {
			ref = ref[:h]
		}
		if isPatient(ref) {
			p.add(ref)
		}
		b = b[end:]
	}
}

// isPatient says whether a text is a reference and no more: any other that starts so is content of a resource, which no log may hold.
func isPatient(ref []byte) bool {
	id := ref[len("Patient/"):]
	return len(id) <= 64 && fhir.ValidID(string(id))
}

// add adds a reference, "Patient/1", unless it is there already.
func (p *patients) add(ref []byte) {
	switch {
	case len(ref) == 0 || string(ref) == p.one || p.seen[string(ref)]:
		return
	case p.one == "":
		p.one, p.total = string(ref), 1
		return
	case p.seen == nil:
		p.seen, p.names = map[string]bool{p.one: true}, []string{p.one}
	}
	name := string(ref)
	p.seen[name] = true
	p.total++
	if len(p.names) < mostTold {
		p.names = append(p.names, name)
	}
}

// told adds the patients whom the answer to an entry is about.
func (p *patients) told(resp *Response) {
	p.add([]byte(resp.Patient))
	for _, name := range resp.Trace.Patients {
		p.add([]byte(name))
	}
	p.unnamed += resp.Trace.PatientsTotal - len(resp.Trace.Patients)
}

// tell names the patients in an answer: one by itself, unless another was asked for by name.
func (p *patients) tell(resp *Response) {
	switch {
	case p.total == 1 && p.unnamed == 0 && (resp.Patient == "" || resp.Patient == p.one):
		resp.Patient = p.one
		return
	case p.total == 1 && p.names == nil:
		p.names = []string{p.one}
	}
	resp.Trace.Patients, resp.Trace.PatientsTotal = p.names, p.total+p.unnamed
}

// about names the patients of the resource that an answer is of.
func (resp *Response) about(v fhir.Version) {
	var p patients
	p.of(v)
	p.tell(resp)
}
