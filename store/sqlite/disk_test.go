package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
)

// badDisk is a file system that fails where a test says so.
type badDisk struct {
	vfs.VFS
	mu   sync.Mutex
	fail func(what, file string) error // what is "write", "sync" or "read"; file is "db" or "-wal"
}

var badDisks atomic.Int32

// newBadDisk registers a disk that works until failing is called.
func newBadDisk(t *testing.T) (d *badDisk, name string) {
	t.Helper()
	d, name = &badDisk{VFS: vfs.Find("")}, fmt.Sprint("bad", badDisks.Add(1))
	vfs.Register(name, d)
	t.Cleanup(func() { vfs.Unregister(name) })
	return d, name
}

// failing makes the disk fail from now on; nil makes it work.
func (d *badDisk) failing(f func(what, file string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = f
}

// once makes it fail a single time.
func (d *badDisk) once(what, file string, err error) {
	done := false
	d.failing(func(w, f string) error {
		if done || w != what || f != file {
			return nil
		}
		done = true
		return err
	})
}

func (d *badDisk) check(what, file string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail == nil {
		return nil
	}
	return d.fail(what, file)
}

func (d *badDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := d.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, out, err
	}
	base := strings.TrimPrefix(filepath.Base(name.String()), FileName)
	if base == "" {
		base = "db"
	}
	return &badFile{File: f, disk: d, name: base}, out, nil
}

type badFile struct {
	vfs.File
	disk *badDisk
	name string
}

func (f *badFile) SharedMemory() vfs.SharedMemory {
	return f.File.(vfs.FileSharedMemory).SharedMemory()
}

func (f *badFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.disk.check("read", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *badFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.disk.check("write", f.name); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *badFile) Sync(flags vfs.SyncFlag) error {
	if err := f.disk.check("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync(flags)
}
