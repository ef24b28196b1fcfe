package registry

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"firewolf/fhir"
	"firewolf/fhir/tree"
	"firewolf/registry/course"
)

// stored is a resource as it was at the moment of which outcomes are.
type stored struct {
	*tree.Tree // nil for none
	vid        int64
}

// stored reads a resource, if it is there.
func (w *writer) stored(ctx context.Context, t fhir.Moment, k fhir.Key) (stored, error) {
	v, err := w.g.o.Store.Read(ctx, t, k)
	switch {
	case fhir.HasCode(err, fhir.NotFound), fhir.HasCode(err, fhir.Deleted):
		return stored{}, nil
	case err != nil:
		return stored{}, fmt.Errorf("reading %s: %w", k, err)
	}
	r, err := tree.Parse(v.JSON, tree.Limits{})
	return stored{r, v.VID}, err
}

// is reports whether a resource is there with this content.
func (s stored) is(body []byte) (bool, error) {
	if s.Tree == nil {
		return false, nil
	}
	now, err := tree.Parse(body, tree.Limits{})
	if err != nil {
		return false, err
	}
	return s.Digest() == now.Digest(), nil
}

// condition lets a resource be written only where it still is as it was read: another call may have written what follows from younger inputs.
// https://hl7.org/fhir/R4/http.html#concurrency
func (s stored) condition() string {
	if s.Tree == nil {
		return `,"ifNoneMatch":"*"`
	}
	return fmt.Sprintf(`,"ifMatch":"W/\"%d\""`, s.vid)
}

// stale marks what was written here before and no longer follows from the inputs.
func (w *writer) stale(ctx context.Context, t fhir.Moment, c *course.Course, current map[string]bool) ([][]byte, error) {
	var entries [][]byte
	for _, s := range c.Stated {
		if !strings.HasPrefix(s.ID, idPrefix) || !w.wants(s.Code) || current[s.ID] {
			continue
		}
		old, err := w.stored(ctx, t, fhir.Key{Type: "Observation", ID: s.ID})
		if err != nil {
			return nil, err
		}
		body, err := w.inError(ctx, t, old)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entryOf("Observation/"+s.ID, old.condition(), body))
	}
	return entries, nil
}

// inError is an outcome as entered in error. It keeps no reference to an input that was deleted since: a version that refers to nothing is refused,
// and the version before still tells what there was.
func (w *writer) inError(ctx context.Context, t fhir.Moment, old stored) ([]byte, error) {
	root := old.Root()
	edits := []tree.Edit{{Node: root.Member("status"), JSON: []byte(`"entered-in-error"`)}}
	for _, name := range []string{"extension", "focus", "derivedFrom"} {
		list := root.Member(name)
		var rest [][]byte
		for one := range list.Items() {
			gone, err := w.gone(ctx, t, one)
			if err != nil {
				return nil, err
			}
			if !gone {
				rest = append(rest, slices.Clone(one.Raw()))
			}
		}
		switch {
		case len(rest) == list.Len():
		case len(rest) == 0:
			edits = append(edits, tree.Edit{Node: list})
		default:
			edits = append(edits, tree.Edit{Node: list, JSON: slices.Concat([]byte("["), bytes.Join(rest, []byte(",")), []byte("]"))})
		}
	}
	r, err := old.Apply(edits)
	if err != nil {
		return nil, fmt.Errorf("withdrawing %s: %w", root.Member("id").Text(), err)
	}
	return r.Root().Raw(), nil
}

// gone reports whether a Reference, or the value of an extension that is one, is to something that is not there.
func (w *writer) gone(ctx context.Context, t fhir.Moment, n tree.Node) (bool, error) {
	if v := n.Member("valueReference"); v.Exists() {
		n = v
	}
	k := fhir.ParseRef(n.Member("reference").Text()).Key
	if k.Type == "" {
		return false, nil
	}
	s, err := w.stored(ctx, t, k)
	return s.Tree == nil, err
}
