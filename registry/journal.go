package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/registry/disclose"
	"firewolf/store"
)

// journal keeps what each token was told as AuditEvents of the store: durable, and seen by every server of it. A token's events
// are numbered by their ids, so that of two servers that answer it at once only one writes the next.
// https://hl7.org/fhir/R4/auditevent.html
type journal struct {
	store  store.Store
	engine *search.Engine
	clock  fhir.Clock
}

var _ disclose.Journal = journal{}

// ledgerDetail is the type of AuditEvent.entity.detail that holds an entry.
const ledgerDetail = "firewolf-aggregates"

// errForgotten closes a token's aggregates: without one event nobody knows what the later ones tell.
var errForgotten = fhir.NewIssue(fhir.Suppressed, "what this token was told before is not known any more, as an AuditEvent of it was deleted: aggregates need a new token, of another name")

// eventKey is the AuditEvent of an entry.
func eventKey(token string, n int) fhir.Key {
	return fhir.Key{Type: "AuditEvent", ID: "fwl-" + digest("ledger", token) + "-" + strconv.Itoa(n)}
}

// Read reads the entry of an AuditEvent.
func (j journal) Read(ctx context.Context, token string, n int) (*disclose.Entry, error) {
	k := eventKey(token, n)
	v, err := j.store.Read(ctx, store.Now, k)
	switch {
	case fhir.HasCode(err, fhir.NotFound):
		return nil, nil
	case fhir.HasCode(err, fhir.Deleted):
		return nil, errForgotten
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", k, err)
	}
	t, err := tree.Parse(v.JSON, tree.Limits{})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", k, err)
	}
	for entity := range t.Root().Member("entity").Items() {
		for d := range entity.Member("detail").Items() {
			if d.Member("type").Text() != ledgerDetail {
				continue
			}
			packed, err := base64.StdEncoding.DecodeString(d.Member("valueBase64Binary").Text())
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", k, err)
			}
			return disclose.ParseEntry(packed)
		}
	}
	return nil, fmt.Errorf("reading %s: it does not say what was told", k)
}

// Append writes an AuditEvent.
func (j journal) Append(ctx context.Context, token string, n int, question string, e *disclose.Entry) error {
	packed, err := e.Bytes()
	if err != nil {
		return err
	}
	k := eventKey(token, n)
	t, err := tree.Parse(auditEvent(k.ID, token, question, j.clock(), packed), tree.Limits{})
	if err != nil {
		return fmt.Errorf("writing %s: %w", k, err)
	}
	entries, err := j.engine.Entries(t)
	if err != nil {
		return fmt.Errorf("writing %s: %w", k, err)
	}
	_, err = j.store.Write(ctx, store.Tx{Ops: []store.Op{{
		Action: store.Put, Key: k, Method: fhir.MethodUpdate, If: store.Precondition{Absent: true}, Stamp: t.Stamp(), Digest: t.Digest(), Entries: entries,
	}}})
	if fhir.HasReason(err, fhir.ReasonPreconditionFailed) || errors.Is(err, store.ErrStale) {
		return disclose.ErrTaken
	}
	return err
}

// auditEvent is an aggregate that was told, for an audit: by whom it was asked, when, and of what.
func auditEvent(id, token, question string, at time.Time, packed []byte) []byte {
	type object map[string]any
	coding := func(system, code string) object { return object{"system": system, "code": code} }
	// Maps are written in the order of their names, and of these values all can be written.
	body, _ := json.Marshal(object{
		"resourceType": "AuditEvent", "id": id,
		"type":     coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest"),
		"subtype":  []object{coding("http://hl7.org/fhir/restful-interaction", "operation")},
		"action":   "E",
		"recorded": at.UTC().Format(fhir.InstantLayout),
		"outcome":  "0",
		"agent":    []object{{"who": object{"display": token}, "requestor": true}},
		"source":   object{"observer": object{"display": "Firewolf"}},
		"entity": []object{{
			"type":   coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2"),
			"role":   coding("http://terminology.hl7.org/CodeSystem/object-role", "24"),
			"query":  base64.StdEncoding.EncodeToString([]byte(question)),
			"detail": []object{{"type": ledgerDetail, "valueBase64Binary": base64.StdEncoding.EncodeToString(packed)}},
		}},
	})
	return body
}

// asked is a question as the audit keeps it.
func (q *question) asked() string {
	text := "Patient/$" + q.op
	sep := "?"
	for _, i := range q.taken {
		for _, v := range q.in[i.name] {
			text += sep + i.name + "=" + v
			sep = "&"
		}
	}
	return text
}
