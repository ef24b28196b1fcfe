package sqlite

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// disk is the file system of the operating system (or another one beneath it), as patient data needs it: what it
// makes only its owner may read, and a full one says that it is full and not merely broken.
type disk struct{ vfs.VFS }

// diskName registers a disk over the file system of that name, and returns its own.
func diskName(base string) string {
	name := "firewolf-" + base
	vfs.Register(name, disk{vfs.Find(base)})
	return name
}

// OpenFilename opens a file of a database.
func (d disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if flags&vfs.OPEN_CREATE != 0 && name != nil {
		makePrivate(name.String())
	}
	f, out, err := d.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, out, err
	}
	return diskFile{f}, out, nil
}

// makePrivate makes an empty file that only its owner may read, where there is none. Opening it says what is wrong.
func makePrivate(name string) (made bool) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// dial opens a connection to a database file and sets it up. The index of its log is a file that SQLite opens by itself.
func dial(file, base, mode, setup string) (*sqlite3.Conn, error) {
	shm := file + "-shm"
	made := makePrivate(shm)
	c, err := sqlite3.Open(uri(file, base) + mode)
	if err == nil {
		err = c.Exec(`PRAGMA busy_timeout = 10000;` + setup)
	}
	if err == nil {
		return c, nil
	}
	err = errors.Join(err, c.Close())
	if made {
		_ = os.Remove(shm)
	}
	return nil, err
}

// uri names a database file, with what has a meaning in SQLite's URIs escaped. https://sqlite.org/uri.html
func uri(file, base string) string {
	out := []byte("file:")
	for i := range len(file) {
		switch c := file[i]; c {
		case '%', '?', '#':
			out = fmt.Appendf(out, "%%%02x", c)
		default:
			out = append(out, c)
		}
	}
	return string(out) + "?vfs=" + diskName(base)
}

// diskFile is a file on a disk.
type diskFile struct{ vfs.File }

// WriteAt writes, and says where there is no space.
func (f diskFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	if err != nil && noSpace(err) {
		err = vfs.SystemError(err, sqlite3.FULL)
	}
	return n, err
}

// noSpace reports what the operating system says of a disk that is full.
func noSpace(err error) bool {
	const diskFull, handleDiskFull = syscall.Errno(112), syscall.Errno(39) // https://learn.microsoft.com/windows/win32/debug/system-error-codes
	if runtime.GOOS == "windows" && (errors.Is(err, diskFull) || errors.Is(err, handleDiskFull)) {
		return true
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// SharedMemory returns that of the file beneath.
func (f diskFile) SharedMemory() vfs.SharedMemory {
	if file, ok := f.File.(vfs.FileSharedMemory); ok {
		return file.SharedMemory()
	}
	return nil
}

// DeviceCharacteristics are those of the file beneath. SQLite does not use atomic writes with a log.
func (f diskFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() &^ vfs.IOCAP_BATCH_ATOMIC
}

// SizeHint allocates the space of a file that will grow.
func (f diskFile) SizeHint(size int64) error {
	if file, ok := f.File.(vfs.FileSizeHint); ok {
		return file.SizeHint(size)
	}
	return nil
}

// LockState returns the lock that is held.
func (f diskFile) LockState() vfs.LockLevel {
	if file, ok := f.File.(vfs.FileLockState); ok {
		return file.LockState()
	}
	return vfs.LOCK_NONE
}

// syncFile makes a file that was written durable.
func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncDir makes the names in a folder durable, on systems where that can be asked for.
func syncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
