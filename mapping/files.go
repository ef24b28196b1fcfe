package mapping

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"firewolf/fhir"
)

// Bundles is a Sink that writes a transaction Bundle for each part of a case into a folder, and what cases share into 00-shared.json. It
// wants Options.InOrder.
type Bundles struct {
	Dir    string
	Format func([]byte) []byte // how a Bundle is laid out; nil leaves it compact

	shared []Draft
	n      int
}

var _ Sink = (*Bundles)(nil)

// Put writes the files of a case.
func (b *Bundles) Put(_ context.Context, c *Case) error {
	b.n++
	parts := map[int][]*Draft{}
	last := 0
	for k := range c.Drafts {
		d := &c.Drafts[k]
		if d.Amends {
			continue // files are of nothing before
		}
		d.Fate = Created
		if d.Shared {
			b.share(d)
			continue
		}
		parts[d.Part] = append(parts[d.Part], d)
		last = max(last, d.Part)
	}
	for p := 0; p <= last; p++ {
		name := fmt.Sprintf("%02d-%s", b.n, fileSafe(c.Record))
		if p > 0 {
			name += fmt.Sprintf("-%d", p+1)
		}
		if len(parts[p]) == 0 {
			continue
		}
		if err := b.write(name, parts[p]); err != nil {
			return err
		}
	}
	return nil
}

// share keeps a draft that several cases have; it counts once.
func (b *Bundles) share(d *Draft) {
	if slices.ContainsFunc(b.shared, func(s Draft) bool { return s.Key == d.Key }) {
		d.Fate = Pending
		return
	}
	b.shared = append(b.shared, *d)
}

// Close writes what the cases share.
func (b *Bundles) Close() error {
	var l []*Draft
	for k := range b.shared {
		l = append(l, &b.shared[k])
	}
	if len(l) == 0 {
		return nil
	}
	return b.write("00-shared", l)
}

func (b *Bundles) write(name string, drafts []*Draft) error {
	text, err := transaction(drafts)
	if err != nil {
		return err
	}
	if b.Format != nil {
		text = b.Format(text)
	}
	if err := os.WriteFile(filepath.Join(b.Dir, name+".json"), text, 0o644); err != nil {
		return fmt.Errorf("writing a bundle: %w", err)
	}
	return nil
}

// fileSafe keeps letters, digits and dashes.
func fileSafe(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, name)
}

// NDJSON is a Sink that writes one file for each type of resource, one resource a line, as a bulk export does. It wants Options.InOrder.
// https://hl7.org/fhir/uv/bulkdata/export.html
type NDJSON struct {
	Dir string

	files map[string]*bufio.Writer
	open  []*os.File
	seen  map[fhir.Key]bool
}

var _ Sink = (*NDJSON)(nil)

// Put writes the resources of a case.
func (n *NDJSON) Put(_ context.Context, c *Case) error {
	for k := range c.Drafts {
		d := &c.Drafts[k]
		if d.Amends {
			continue
		}
		if d.Shared {
			if n.seen[d.Key] {
				continue
			}
			if n.seen == nil {
				n.seen = map[fhir.Key]bool{}
			}
			n.seen[d.Key] = true
		}
		w, err := n.file(d.Key.Type)
		if err != nil {
			return err
		}
		d.Fate = Created
		body, err := d.JSON()
		if err != nil {
			return err
		}
		if _, err := w.Write(body); err != nil {
			return fmt.Errorf("writing %s: %w", d.Key.Type, err)
		}
		if err := w.WriteByte('\n'); err != nil {
			return fmt.Errorf("writing %s: %w", d.Key.Type, err)
		}
	}
	return nil
}

func (n *NDJSON) file(typ string) (*bufio.Writer, error) {
	if w := n.files[typ]; w != nil {
		return w, nil
	}
	f, err := os.Create(filepath.Join(n.Dir, typ+".ndjson"))
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", typ, err)
	}
	if n.files == nil {
		n.files = map[string]*bufio.Writer{}
	}
	w := bufio.NewWriterSize(f, 256<<10)
	n.files[typ], n.open = w, append(n.open, f)
	return w, nil
}

// Close ends the files.
func (n *NDJSON) Close() error {
	var errs []error
	for _, w := range n.files {
		errs = append(errs, w.Flush())
	}
	for _, f := range n.open {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
