//go:build unix

package sqlite

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNobodyElseMayReadTheFilesOfAStore(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "store")
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	defer func() { _ = s.Close() }()
	write(t, s, basic("a", 1))
	copied := filepath.Join(dir, "copy.db")
	if err := Backup(context.Background(), dir, copied); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{
		".": 0o700, FileName: 0o600, FileName + "-wal": 0o600, FileName + "-shm": 0o600, FileName + ".lock": 0o600, "copy.db": 0o600,
	}
	got := map[string]fs.FileMode{}
	for _, name := range append(filesIn(t, dir), ".") {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got[name] = info.Mode().Perm()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
