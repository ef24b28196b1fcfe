package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/fhir/tree"
	"firewolf/store"
)

// lossyDisk is a file system whose power fails: at a crash, writes that were not synced are lost, each by itself with a chance of one
// half (a disk may write its cache in any order), and nothing is written any more.
type lossyDisk struct {
	vfs.VFS
	mu      sync.Mutex
	rand    *rand.Rand
	files   map[string]*lossyLog
	dead    bool
	crashAt int // crash at so many writes and syncs from now on
}

// lossyLog is what happened to a file since it was synced.
type lossyLog struct {
	writes []lossyWrite
}

type lossyWrite struct {
	off      int64
	old, new []byte // old may be shorter: the file ended there
	size     int64  // of the file before
	truncate bool   // to size len(new) is ignored, off is the new size
}

var errPowerFailed = errors.New("the power failed")

func (d *lossyDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := d.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, out, err
	}
	return d.wrap(name.String(), f), out, nil
}

func (d *lossyDisk) Delete(name string, syncDir bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errPowerFailed
	}
	delete(d.files, name)
	return d.VFS.Delete(name, syncDir)
}

func (d *lossyDisk) wrap(name string, f vfs.File) vfs.File {
	d.mu.Lock()
	defer d.mu.Unlock()
	log := d.files[name]
	if log == nil {
		log = &lossyLog{}
		d.files[name] = log
	}
	return &lossyFile{File: f, disk: d, log: log}
}

// step counts a write or sync and reports whether the power is on.
func (d *lossyDisk) step() bool {
	d.crashAt--
	if d.crashAt == 0 {
		d.dead = true
	}
	return !d.dead
}

// crash leaves on the real disk what survived: the synced state and some of the later writes.
func (d *lossyDisk) crash(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	for name, log := range d.files {
		if _, err := os.Stat(name); err != nil {
			continue
		}
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		log.lose(t, f, d.rand)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *lossyLog) lose(t *testing.T, f *os.File, r *rand.Rand) {
	t.Helper()
	for i := len(l.writes) - 1; i >= 0; i-- { // back to the synced state
		w := l.writes[i]
		if err := f.Truncate(w.size); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(w.old, w.off); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range l.writes {
		if w.truncate || r.Intn(2) == 0 {
			continue
		}
		if _, err := f.WriteAt(w.new, w.off); err != nil {
			t.Fatal(err)
		}
	}
}

// lossyFile is an open file on a lossyDisk.
type lossyFile struct {
	vfs.File
	disk *lossyDisk
	log  *lossyLog
}

func (f *lossyFile) SharedMemory() vfs.SharedMemory {
	return f.File.(vfs.FileSharedMemory).SharedMemory()
}

func (f *lossyFile) note(off int64, length int, data []byte, truncate bool) error {
	size, err := f.Size()
	if err != nil {
		return err
	}
	old := make([]byte, max(0, min(int64(length), size-off)))
	if len(old) > 0 {
		if _, err := f.ReadAt(old, off); err != nil {
			return err
		}
	}
	f.log.writes = append(f.log.writes, lossyWrite{off: off, old: old, new: append([]byte(nil), data...), size: size, truncate: truncate})
	return nil
}

func (f *lossyFile) WriteAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.step() {
		return 0, errPowerFailed
	}
	if err := f.note(off, len(p), p, false); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *lossyFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.step() {
		return errPowerFailed
	}
	old, err := f.Size()
	if err != nil {
		return err
	}
	if err := f.note(size, int(max(0, old-size)), nil, true); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *lossyFile) Sync(flags vfs.SyncFlag) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if !f.disk.step() {
		return errPowerFailed
	}
	f.log.writes = nil
	return f.File.Sync(flags)
}

// crashWriter writes transactions of three resources and remembers which were acknowledged.
type crashWriter struct {
	mu    sync.Mutex
	acked map[string]bool
}

func (c *crashWriter) run(t *testing.T, s *Store, name string) {
	for i := range 200 {
		tag := fmt.Sprintf("%s-%d", name, i)
		var ops []store.Op
		for _, part := range []string{"a", "b", "c"} {
			k := fhir.Key{Type: "Basic", ID: tag + part}
			doc, err := tree.Parse(fmt.Appendf(nil, `{"resourceType":"Basic","id":%q,"e":%q}`, k.ID, tag), tree.Limits{})
			if err != nil {
				t.Error(err)
				return
			}
			ops = append(ops, store.Op{
				Action: store.Put, Key: k, Method: fhir.MethodUpdate, Stamp: doc.Stamp(), Digest: doc.Digest(),
				Entries: search.Entries{Keys: []string{"tag|" + tag}},
			})
		}
		if _, err := s.Write(context.Background(), store.Tx{Ops: ops}); err != nil {
			return // the power failed
		}
		c.mu.Lock()
		c.acked[tag] = true
		c.mu.Unlock()
	}
}

// tagIndex gives the entries of a crashWriter's resources.
type tagIndex struct{}

func (tagIndex) Entries(t *tree.Tree) (search.Entries, error) {
	return search.Entries{Keys: []string{"tag|" + t.Root().Member("e").Text()}}, nil
}

func TestPowerFailureLosesNoAcknowledgedTransactionAndLeavesNoneInPart(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 12
	}
	for seed := range rounds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { powerFailure(t, int64(seed)) })
	}
}

func powerFailure(t *testing.T, seed int64) {
	r := rand.New(rand.NewSource(seed))
	disk := &lossyDisk{VFS: vfs.Find(""), rand: r, files: map[string]*lossyLog{}}
	name := fmt.Sprintf("lossy%d", seed)
	vfs.Register(name, disk)
	defer vfs.Unregister(name)
	dir := t.TempDir()
	o := Options{Engine: tagIndex{}, Merge: 10, Readers: 1}
	lossy := o
	lossy.VFS = name
	s := openAt(t, dir, lossy)
	disk.mu.Lock()
	disk.crashAt = 1 + r.Intn(1500)
	disk.mu.Unlock()
	c := &crashWriter{acked: map[string]bool{}}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() { c.run(t, s, fmt.Sprint("w", i)) })
	}
	wg.Wait()
	disk.crash(t)
	_ = s.Close()
	removeSharedMemory(t, dir)
	after := openAt(t, dir, o)
	c.verify(t, after)
	if err := after.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := Check(context.Background(), dir, o, nil)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("after the crash: %v, %v", report.Problems, err)
	}
}

// removeSharedMemory drops the file that stands for memory, which does not survive a power failure.
func removeSharedMemory(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, FileName+"-shm")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// verify reads everything back: by history, by id and by search.
func (c *crashWriter) verify(t *testing.T, s *Store) {
	t.Helper()
	found := map[string]int{}
	for v, err := range s.History(context.Background(), store.Scope{Type: "Basic"}, store.HistoryPage{}) {
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimRight(v.ID, "abc")]++
	}
	for tag := range c.acked {
		if found[tag] != 3 {
			t.Errorf("acknowledged transaction %s: %d of 3 resources are there", tag, found[tag])
		}
	}
	for tag, n := range found {
		if n != 3 {
			t.Errorf("transaction %s is there in part: %d of 3", tag, n)
		}
		count, err := s.Count(context.Background(), search.Plan{Type: "Basic", Where: search.HasKey{Key: "tag|" + tag}}, store.Now)
		if err != nil || count != 3 {
			t.Errorf("search finds %d of transaction %s, %v", count, tag, err)
		}
	}
}

func TestFullDiskRefusesWritesAndStaysReadable(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: tagIndex{}, Readers: 1, setup: `PRAGMA max_page_count = 300`}) // as good as a full disk
	defer func() { _ = s.Close() }()
	w := &crashWriter{acked: map[string]bool{}}
	w.run(t, s, "before")
	head, _, _ := s.Head(context.Background())
	for i := range 400 {
		_, err := s.Write(context.Background(), store.Tx{Ops: []store.Op{bigOp(t, i)}})
		if err == nil {
			head++
			continue
		}
		if !fhir.HasReason(err, fhir.ReasonStorageFull) {
			t.Fatalf("a full disk gives %v", err)
		}
		got, _, _ := s.Head(context.Background())
		if got != head {
			t.Errorf("head is %d, want %d", got, head)
		}
		w.verify(t, s)
		return
	}
	t.Fatal("the disk never became full")
}

func bigOp(t *testing.T, i int) store.Op {
	t.Helper()
	doc, err := tree.Parse(fmt.Appendf(nil, `{"resourceType":"Binary","id":"big%d","e":"big","data":"%s"}`, i, strings.Repeat("A", 20000)), tree.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return store.Op{Action: store.Put, Key: fhir.Key{Type: "Binary", ID: doc.ID()}, Method: fhir.MethodCreate, Stamp: doc.Stamp(), Digest: doc.Digest()}
}
