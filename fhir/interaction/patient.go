package interaction

import (
	"bytes"

	"firewolf/fhir"
)

var patientMark = []byte(`"Patient/`)

// patientIn returns "Patient/1" if a version is of that patient, or refers to that patient and to no other. It
// looks at the bytes only, because every read asks for it: what is meant for the audit line must not cost a parse.
func patientIn(v fhir.Version) string {
	if v.Type == "Patient" {
		return v.String()
	}
	var found []byte
	for b := v.JSON; ; {
		k := bytes.Index(b, patientMark)
		if k < 0 {
			return string(found)
		}
		b = b[k+1:]
		end := bytes.IndexByte(b, '"')
		if end < 0 {
			return string(found)
		}
		ref := b[:end]
		if h := bytes.Index(ref, []byte("/_history/")); h >= 0 {
			ref = ref[:h]
		}
		if found != nil && !bytes.Equal(found, ref) {
			return ""
		}
		found, b = ref, b[end:]
	}
}

// patients gathers the patients that a request is about.
type patients struct {
	one  string
	many bool
}

func (p *patients) add(ref string) {
	switch {
	case ref == "" || ref == p.one:
	case p.one == "":
		p.one = ref
	default:
		p.many = true
	}
}

// text returns the patient if it is one.
func (p *patients) text() string {
	if p.many {
		return ""
	}
	return p.one
}
