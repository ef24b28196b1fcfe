package mapping

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

// Target is a server or a store. It is safe for concurrent use.
type Target interface {
	// Stored returns what is at each key now: nil where nothing ever was, and no bytes where something was deleted.
	Stored(ctx context.Context, keys []fhir.Key) ([][]byte, error)
	// Commit carries out a transaction. Issues say why it was refused; an error means that the target is lost.
	Commit(ctx context.Context, bundle []byte) (fhir.Issues, error)
}

// Writer is a Sink that brings a target to what the drafts say: it writes what is missing or different, and nothing else, so that a delivery
// that comes again changes nothing. Each part of a case is one transaction.
type Writer struct {
	Target Target
	Dry    bool // only look

	mu   sync.Mutex
	seen map[fhir.Key]bool // shared drafts that are there
}

var _ Sink = (*Writer)(nil)

// Put writes a case.
func (w *Writer) Put(ctx context.Context, c *Case) error {
	if err := w.share(ctx, c); err != nil {
		return err
	}
	var own, traces []*Draft
	for k := range c.Drafts {
		switch d := &c.Drafts[k]; {
		case d.Shared:
		case d.Trace:
			traces = append(traces, d)
		default:
			own = append(own, d)
		}
	}
	if err := w.compare(ctx, c, own); err != nil {
		return err
	}
	traces = ofChanges(traces, own)
	if err := w.compare(ctx, c, traces); err != nil {
		return err
	}
	if w.Dry {
		return nil
	}
	own = append(own, traces...)
	slices.SortStableFunc(own, func(a, b *Draft) int { return cmp.Compare(a.Part, b.Part) })
	for len(own) > 0 {
		n := 1
		for n < len(own) && own[n].Part == own[0].Part {
			n++
		}
		if err := w.commit(ctx, c, own[:n]); err != nil {
			return err
		}
		own = own[n:]
	}
	return nil
}

// share writes what several cases have, before the first of them.
func (w *Writer) share(ctx context.Context, c *Case) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[fhir.Key]bool{}
	}
	var fresh []*Draft
	for k := range c.Drafts {
		if d := &c.Drafts[k]; d.Shared && !w.seen[d.Key] {
			fresh = append(fresh, d)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := w.compare(ctx, c, fresh); err != nil {
		return err
	}
	if !w.Dry {
		if err := w.commit(ctx, c, fresh); err != nil {
			return err
		}
	}
	for _, d := range fresh {
		w.seen[d.Key] = d.Fate != Refused
	}
	return nil
}

// compare sets the fates of drafts by what is there.
func (w *Writer) compare(ctx context.Context, c *Case, drafts []*Draft) error {
	keys := make([]fhir.Key, len(drafts))
	for k, d := range drafts {
		keys[k] = d.Key
	}
	stored, err := w.Target.Stored(ctx, keys)
	if err != nil {
		return fmt.Errorf("reading what is there: %w", err)
	}
	for k, d := range drafts {
		switch {
		case len(stored[k]) == 0 && d.Amends:
			d.Fate = Pending
		case len(stored[k]) == 0:
			d.Fate, d.version = Created, absent
			if stored[k] != nil && d.Again != nil && len(d.Rows) > 0 && !d.told {
				d.told = true
				c.Report(d.Rows[0], "", *d.Again, "the "+strings.ToLower(d.Key.Type)+" was deleted and is created again")
			}
		case d.Trace:
			d.Fate = Left
		default:
			same, err := d.same(c, stored[k])
			if err != nil {
				return fmt.Errorf("comparing %s: %w", d.Key, err)
			}
			d.Fate, d.version = Left, ""
			if !same {
				d.Fate, d.version = Changed, versionOf(stored[k])
			}
		}
	}
	return nil
}

// same reports whether what is stored is what the draft says, over that.
func (d *Draft) same(c *Case, stored []byte) (bool, error) {
	body, err := d.JSON()
	if err != nil {
		return false, err
	}
	if d.Over != nil {
		if !d.looked {
			d.looked, d.own = true, body
		}
		over, err := d.Over(stored)
		if err != nil {
			return false, err
		}
		if body = over.Body; body == nil {
			body = d.own
		}
		d.Body = body
		if over.Stands != "" && len(d.Rows) > 0 && !d.told {
			d.told = true
			c.Report(d.Rows[0], "", RuleStands, over.Stands)
		}
	}
	return equal(stored, body)
}

// absent stands for the version of what is not there. No version is called so.
const absent = "*"

// versionOf is the version of a stored resource, "" where it tells none.
func versionOf(stored []byte) string {
	var r struct {
		Meta struct{ VersionID string }
	}
	if json.Unmarshal(stored, &r) != nil || !fhir.ValidID(r.Meta.VersionID) {
		return ""
	}
	return r.Meta.VersionID
}

// equal reports whether two resources say the same, versions and times of the server aside.
func equal(stored, body []byte) (bool, error) {
	if alike(stored, body) {
		return true, nil
	}
	x, err := tree.Parse(stored, tree.Limits{})
	if err != nil {
		return false, err
	}
	y, err := tree.Parse(body, tree.Limits{})
	if err != nil {
		return false, err
	}
	return x.Digest() == y.Digest(), nil
}

// alike reports whether the bytes of a stored resource are those of a draft with the version and time that a Firewolf puts first into meta. Most
// that is equal is so, and need not be parsed to be known.
func alike(stored, body []byte) bool {
	const meta, versioned, updated = `"meta":{`, `"meta":{"versionId":"`, `","lastUpdated":"`
	at := bytes.Index(stored, []byte(versioned))
	if at < 1 || at > len(body) || !bytes.Equal(stored[:at-1], body[:at-1]) {
		return false
	}
	rest := stored[at+len(versioned):]
	_, rest, ok := bytes.Cut(rest, []byte(updated))
	if !ok {
		return false
	}
	if _, rest, ok = bytes.Cut(rest, []byte{'"'}); !ok || len(rest) == 0 {
		return false
	}
	switch own, has := bytes.CutPrefix(body[at:], []byte(meta)); {
	case has && rest[0] == ',': // a meta of the draft's own goes on
		return body[at-1] == stored[at-1] && bytes.Equal(rest[1:], own)
	case !has && rest[0] == '}': // there was none
		return bytes.Equal(rest[1:], body[at-1:])
	}
	return false
}

// ofChanges returns the traces that tell of a change. The others stay pending: nobody asks whether they are there.
func ofChanges(traces, drafts []*Draft) []*Draft {
	changed := map[*Row]bool{}
	for _, d := range drafts {
		if d.Fate != Created && d.Fate != Changed {
			continue
		}
		for _, r := range d.Rows {
			changed[r] = true
		}
	}
	return slices.DeleteFunc(traces, func(d *Draft) bool {
		return !slices.ContainsFunc(d.Rows, func(r *Row) bool { return changed[r] })
	})
}

// tries is how often a transaction is made anew over what others wrote meanwhile.
const tries = 5

// commit writes what is to be written of drafts, all or none. What is changed has to be of the version that was looked at, and what is created not to
// be there: where somebody else wrote it meanwhile it is looked at again, so that neither is lost. https://hl7.org/fhir/R4/http.html#concurrency
func (w *Writer) commit(ctx context.Context, c *Case, drafts []*Draft) error {
	for try := 1; ; try++ {
		send := make([]*Draft, 0, len(drafts))
		for _, d := range drafts {
			if d.Fate == Created || d.Fate == Changed {
				send = append(send, d)
			}
		}
		if len(send) == 0 {
			return nil
		}
		bundle, err := transaction(send)
		if err != nil {
			return err
		}
		issues, err := w.Target.Commit(ctx, bundle)
		switch {
		case err != nil:
			return fmt.Errorf("writing record %s: %w", Quote(c.Record), err)
		case !issues.Failed():
			return nil
		case try == tries || !fhir.HasCode(issues, fhir.Conflict):
			refuse(c, send, issues)
			return nil
		}
		if err := w.compare(ctx, c, drafts); err != nil {
			return err
		}
	}
}

// entryIn finds the entry that an issue is about.
var entryIn = regexp.MustCompile(`entry\[(\d+)\]`)

// refuse reports a refused transaction: the rows of the entries that the issues name with the reason, the others with the fact.
func refuse(c *Case, sent []*Draft, issues fhir.Issues) {
	reasons := map[*Row]string{}
	for _, i := range issues {
		for _, e := range i.Expression {
			m := entryIn.FindStringSubmatch(e)
			if m == nil {
				continue
			}
			if n, err := strconv.Atoi(m[1]); err == nil && n < len(sent) {
				for _, r := range sent[n].Rows {
					reasons[r] = sent[n].Key.Type + ": " + i.Text
				}
			}
		}
	}
	why := "the server refused the transaction: " + issues[0].Text
	told := map[*Row]bool{}
	for _, d := range sent {
		d.Fate = Refused
		for _, r := range d.Rows {
			if told[r] {
				continue
			}
			told[r] = true
			text := reasons[r]
			if text == "" {
				text = why
			}
			c.Report(r, "", RuleRefused, text)
		}
	}
}

// base is what full URLs of entries start with: it only has to be the same in all. https://hl7.org/fhir/R4/bundle.html#references
const base = "http://example.org/fhir/"

// transaction makes a Bundle that puts every draft at its id. The resources stand in it as they are.
func transaction(drafts []*Draft) ([]byte, error) {
	size := 100
	for _, d := range drafts {
		body, err := d.JSON()
		if err != nil {
			return nil, err
		}
		size += len(body) + 250
	}
	b := append(make([]byte, 0, size), `{"resourceType":"Bundle","type":"transaction","entry":[`...)
	for k, d := range drafts {
		if k > 0 {
			b = append(b, ',')
		}
		at := d.Key.String()
		b = append(append(append(b, `{"fullUrl":"`...), base+at...), `","resource":`...)
		b = append(append(b, d.Body...), `,"request":{"method":"PUT","url":"`...)
		b = append(append(b, at...), '"')
		switch d.version {
		case "":
		case absent:
			b = append(b, `,"ifNoneMatch":"*"`...)
		default:
			b = append(append(append(b, `,"ifMatch":"W/\"`...), d.version...), `\""`...)
		}
		b = append(b, `}}`...)
	}
	return append(b, `]}`...), nil
}
