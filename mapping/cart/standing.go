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

// over makes the last draft depend on what is stored at its key.
func (r *record) over(how func(stored []byte) (mapping.Over, error)) {
	if n := len(r.b.drafts); n > 0 {
		r.b.drafts[n-1].Over = how
	}
}

// stillDead keeps the death of a patient of whom this delivery tells none.
func stillDead(p r4.Patient) func(stored []byte) (mapping.Over, error) {
	return func(stored []byte) (mapping.Over, error) {
		var was struct {
			DeceasedDateTime *string
			DeceasedBoolean  *bool
		}
		if !bytes.Contains(stored, []byte(`"deceased`)) {
			return mapping.Over{}, nil
		}
		if err := json.Unmarshal(stored, &was); err != nil {
			return mapping.Over{}, err
		}
		p.DeceasedDateTime, p.DeceasedBoolean = was.DeceasedDateTime, was.DeceasedBoolean
		body, _, _, err := encode(&p)
		switch {
		case err != nil:
			return mapping.Over{}, err
		case was.DeceasedDateTime != nil:
			return mapping.Over{Body: body, Stands: "the death of " + *was.DeceasedDateTime + ", which was told before, stands"}, nil
		case was.DeceasedBoolean != nil && *was.DeceasedBoolean:
			return mapping.Over{Body: body, Stands: "the death, which was told before, stands"}, nil
		}
		return mapping.Over{Body: body}, nil
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
