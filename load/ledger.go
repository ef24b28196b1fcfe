package load

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"firewolf/fhir"
)

// Digest names the content of a unit, the target that it is loaded into, and which of equal units of one file it is. 128 bits of SHA-256.
type Digest [16]byte

// mark is what a ledger knows of a digest.
type mark struct {
	file    int32 // the file that claimed it last in this run, from 1; 0 for none
	claimed int32 // how many units of this content that file has so far; kept in the mark of the first of them
	done    bool  // it is stored
}

// Ledger remembers what was loaded into one target, in a file of one line a unit: the digest and the moment of the
// target by which it was stored. It is safe for concurrent use.
type Ledger struct {
	target [32]byte

	mu    sync.Mutex
	marks map[Digest]mark
	fresh []Digest // stored, and not yet in the file
	file  *os.File // nil: nothing is kept beyond this run
}

// LedgerOptions say what a ledger is of.
type LedgerOptions struct {
	Path   string      // the file; "" for a ledger that forgets when it is closed
	Target string      // what is loaded into: digests for one target say nothing of another
	Head   fhir.Moment // the newest moment of the target. Lines of later moments are dropped: the target is an older copy. 0 where it has none.
	Forget bool        // start empty, and keep what an earlier run wrote only on disk: everything is loaded again
}

// OpenLedger reads the ledger, or starts one.
func OpenLedger(o LedgerOptions) (*Ledger, error) {
	l := &Ledger{target: sha256.Sum256([]byte(o.Target)), marks: map[Digest]mark{}}
	if o.Path == "" {
		return l, nil
	}
	stale, err := l.readFile(o)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger of what was loaded: %w", err)
	}
	if stale {
		if err := l.rewrite(o); err != nil {
			return nil, fmt.Errorf("writing the ledger of what was loaded: %w", err)
		}
	}
	l.file, err = os.OpenFile(o.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger of what was loaded: %w", err)
	}
	if o.Forget {
		l.marks = map[Digest]mark{}
	}
	return l, nil
}

// readFile reads the marks and reports whether the file holds lines that are not wanted: of a later moment, or torn by a crash.
func (l *Ledger) readFile(o LedgerOptions) (stale bool, err error) {
	f, err := os.Open(o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			// A line without an end was torn: what it stood for is loaded again, or proved by its idempotency key.
			return stale || line != "", nil
		}
		d, at, ok := parseLine(strings.TrimSuffix(line, "\n"))
		if !ok || o.Head != 0 && at > o.Head {
			stale = true
			continue
		}
		l.marks[d] = mark{done: true}
	}
}

func parseLine(line string) (Digest, fhir.Moment, bool) {
	var d Digest
	text, moment, _ := strings.Cut(line, " ")
	at, err := strconv.ParseInt(moment, 10, 64)
	if err != nil || len(text) != hex.EncodedLen(len(d)) {
		return d, 0, false
	}
	_, err = hex.Decode(d[:], []byte(text))
	return d, fhir.Moment(at), err == nil
}

// rewrite replaces the file by one of the marks that were read.
func (l *Ledger) rewrite(o LedgerOptions) error {
	var b bytes.Buffer
	for d := range l.marks {
		writeLine(&b, d, o.Head)
	}
	f, err := os.OpenFile(o.Path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(o.Path+".new", o.Path)
}

func writeLine(b *bytes.Buffer, d Digest, at fhir.Moment) {
	b.WriteString(hex.EncodeToString(d[:]) + " " + strconv.FormatInt(int64(at), 10) + "\n")
}

// Claim returns the digest of a unit of a file (numbered from 1) and whether it was stored before. A file that holds equal units claims
// a digest for each of them, so that two equal lines are two resources.
func (l *Ledger) Claim(file int32, u Unit) (Digest, bool) {
	h := sha256.New()
	h.Write(l.target[:])
	h.Write([]byte(u.Method + " " + u.Path + "\n"))
	h.Write(u.Body)
	content := h.Sum(nil)
	first := nth(content, 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.marks[first]
	if m.file != file {
		m.file, m.claimed = file, 0
	}
	d := nth(content, m.claimed)
	m.claimed++
	l.marks[first] = m
	return d, l.marks[d].done
}

// nth is the digest of the n-th unit of a content in one file, from 0.
func nth(content []byte, n int32) Digest {
	sum := sha256.Sum256(binary.BigEndian.AppendUint32(content[:len(content):len(content)], uint32(n)))
	return Digest(sum[:16])
}

// Done remembers a unit that is stored durably. Flush brings it to the file.
func (l *Ledger) Done(d Digest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.marks[d]
	m.done = true
	l.marks[d] = m
	l.fresh = append(l.fresh, d)
}

// Flush writes what was remembered to the file, as stored by the moment that head gives: it is asked once it is settled what is
// written, so that nothing is written that was stored later.
func (l *Ledger) Flush(head func() (fhir.Moment, error)) error {
	l.mu.Lock()
	fresh := l.fresh
	l.fresh = nil
	l.mu.Unlock()
	if l.file == nil || len(fresh) == 0 {
		return nil
	}
	at, err := head()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, d := range fresh {
		writeLine(&b, d, at)
	}
	_, err = l.file.Write(b.Bytes())
	return err
}

// Close syncs and closes the file. What was not flushed is forgotten.
func (l *Ledger) Close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.file.Sync(), l.file.Close())
}
