package cart

import (
	"bytes"
	"encoding/json"
	"fmt"

	r4 "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"firewolf/fhir/datetime"
	"firewolf/mapping"
)

// A delivery may hold what is new and nothing else. What an earlier one told of the patient and this one does not stands: nobody lives again
// since the row of the death is not sent again, and nobody is asked again since the date of the withdrawal is not.

// keeper puts into a resource what stands of what is stored at its key, whatever it put there before: it is asked again where somebody else wrote
// meanwhile. It returns what nobody may overlook, "" for nothing.
type keeper func(stored []byte) (stands string, err error)

// keepers are those of one resource, which is written anew once they have done their part.
type keepers struct {
	resource any
	all      []keeper
}

func (k *keepers) over(stored []byte) (over mapping.Over, err error) {
	for _, keep := range k.all {
		stands, err := keep(stored)
		if err != nil {
			return over, err
		}
		if stands != "" {
			over.Stands = stands
		}
	}
	over.Body, _, _, err = encode(k.resource)
	return over, err
}

// keep makes the draft of the resource that was added last depend on what is stored; a keeper may be nil.
func (r *record) keep(resource any, how keeper) {
	if how == nil || len(r.b.drafts) == 0 {
		return
	}
	if r.b.keepers == nil || r.b.keepers.resource != resource {
		r.b.keepers = &keepers{resource: resource}
		r.over(r.b.keepers.over)
	}
	r.b.keepers.all = append(r.b.keepers.all, how)
}

// over says what becomes of the last draft where something is stored.
func (r *record) over(how func(stored []byte) (mapping.Over, error)) {
	if n := len(r.b.drafts); n > 0 {
		r.b.drafts[n-1].Over = how
	}
}

// deadBefore keeps the death of a patient of whom this delivery tells none.
func deadBefore(p *r4.Patient) keeper {
	return func(stored []byte) (string, error) {
		var was struct {
			DeceasedDateTime *string
			DeceasedBoolean  *bool
		}
		if p.DeceasedDateTime, p.DeceasedBoolean = nil, nil; !bytes.Contains(stored, []byte(`"deceased`)) {
			return "", nil
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return "", err
		}
		p.DeceasedDateTime, p.DeceasedBoolean = was.DeceasedDateTime, was.DeceasedBoolean
		switch {
		case was.DeceasedDateTime != nil:
			return "the death of " + *was.DeceasedDateTime + ", which was told before, stands", nil
		case was.DeceasedBoolean != nil && *was.DeceasedBoolean:
			return "the death, which was told before, stands", nil
		}
		return "", nil
	}
}

// stillWithdrawn keeps a Consent that does not permit, unless the patient was asked again since.
func stillWithdrawn(asked datetime.DateTime) func(stored []byte) (mapping.Over, error) {
	return func(stored []byte) (mapping.Over, error) {
		var was struct {
			Status    string
			Provision struct {
				Type   string
				Period struct{ Start string }
			}
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return mapping.Over{}, err
		}
		if was.Status == "active" && was.Provision.Type != "deny" || askedSince(asked, was.Provision.Period.Start) {
			return mapping.Over{}, nil
		}
		why := "the withdrawal, which was told before, stands"
		if since := was.Provision.Period.Start; since != "" {
			why = fmt.Sprintf("the withdrawal of %s, which was told before, stands: a consent_date after it ends it", since)
		}
		return mapping.Over{Body: stored, Stands: why}, nil
	}
}

// stillOut keeps the part in the study of who withdrew.
func stillOut(asked datetime.DateTime) func(stored []byte) (mapping.Over, error) {
	return func(stored []byte) (mapping.Over, error) {
		var was struct {
			Status string
			Period struct{ End string }
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return mapping.Over{}, err
		}
		if was.Status != "withdrawn" || askedSince(asked, was.Period.End) {
			return mapping.Over{}, nil
		}
		return mapping.Over{Body: stored}, nil
	}
}

// askedSince reports whether a consent was given after a withdrawal for sure.
func askedSince(asked datetime.DateTime, withdrew string) bool {
	d, err := datetime.ParseDate(withdrew)
	return err == nil && before(d, asked)
}
