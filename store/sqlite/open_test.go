package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

func TestAPathThatIsNoStoreIsRefusedInOneClearLine(t *testing.T) {
	tests := []struct {
		name string
		path func(t *testing.T, dir string) string
		want string
	}{
		{"below a file", func(t *testing.T, dir string) string {
			return filepath.Join(writeFile(t, dir, "file", "text"), "store")
		}, "not a directory"},
		{"a text file", func(t *testing.T, dir string) string {
			return writeFile(t, dir, "notes.txt", strings.Repeat("not a database\n", 100))
		}, "file is not a database"},
		{"a database of something else", func(t *testing.T, dir string) string {
			foreign(t, filepath.Join(dir, "other.db"))
			return filepath.Join(dir, "other.db")
		}, "not one of Firewolf"},
		{"a folder in the place of the file", func(t *testing.T, dir string) string {
			if err := os.MkdirAll(filepath.Join(dir, FileName, "x"), 0o700); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "cannot be opened"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := tt.path(t, t.TempDir())
			s, err := Open(context.Background(), path, Options{Engine: numberIndex{}})
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			is, ok := fhir.IssuesOf(err)
			if !ok || len(is) != 1 || !strings.Contains(err.Error(), tt.want) || strings.Contains(is[0].Text, "\n") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// foreign makes a database that has a table meta too.
func foreign(t *testing.T, path string) {
	t.Helper()
	c, err := sqlite3.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Exec(`CREATE TABLE meta (key TEXT); CREATE TABLE book (id INTEGER)`), c.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseOfSomethingElseStaysAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	foreign(t, path)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []func() error{
		func() error { _, err := Open(context.Background(), path, Options{}); return err },
		func() error { return Reindex(context.Background(), path, Options{}, nil) },
		func() error { return Backup(context.Background(), path, path+".copy") },
		func() error { _, err := Check(context.Background(), path, Options{}, nil); return err },
	} {
		if err := f(); !fhir.HasCode(err, fhir.NotSupported) {
			t.Errorf("got %v", err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(after) != string(before) {
		t.Error("the file was changed")
	}
}

func TestCommandsOnAStoreThatIsNotThereMakeNone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "absent")
	_, check := Check(context.Background(), dir, Options{}, nil)
	for _, err := range []error{check, Reindex(context.Background(), dir, Options{}, nil), Backup(context.Background(), dir, dir+".copy")} {
		if !fhir.HasCode(err, fhir.NoStore) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	}
	if got := filesIn(t, filepath.Dir(dir)); len(got) > 0 {
		t.Errorf("there is now %v", got)
	}
}

func TestAFolderWithoutRightsIsRefused(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("the rights of files do not bind this user")
	}
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o500, 0o000} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		s, err := Open(context.Background(), dir, Options{Engine: numberIndex{}})
		if err == nil {
			_ = s.Close()
		}
		if !fhir.HasCode(err, fhir.NoStore) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
	_ = os.Chmod(dir, 0o700)
}

func TestAStoreOfANewerFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, dir, fmt.Sprintf(`UPDATE meta SET v = x'%016x' WHERE k = 'format'`, format+1))
	want := fmt.Sprintf("the store has format %d, this Firewolf reads format %d", format+1, format)
	_, check := Check(context.Background(), dir, Options{}, nil)
	_, open := Open(context.Background(), dir, Options{})
	for _, err := range []error{check, open, Reindex(context.Background(), dir, Options{}, nil), Backup(context.Background(), dir, dir+".copy")} {
		if !fhir.HasCode(err, fhir.NotSupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAStoreThatIsOpenIsRefusedToAllOthersHoweverItIsNamed(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	link := filepath.Join(t.TempDir(), "link.db")
	paths := []string{dir, filepath.Join(dir, FileName)}
	if err := os.Symlink(filepath.Join(dir, FileName), link); err == nil {
		paths = append(paths, link)
	}
	for _, path := range paths {
		_, open := Open(context.Background(), path, Options{})
		_, check := Check(context.Background(), path, Options{}, nil)
		for _, err := range []error{open, check, Reindex(context.Background(), path, Options{}, nil)} {
			if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "in use by another process") {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, dir, Options{Engine: numberIndex{}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// holderDir is set where the test binary runs as another process that holds the store of a test.
const holderDir = "FIREWOLF_TEST_HOLD"

func TestAStoreThatAnotherProcessHasOpenIsRefusedUntilItIsKilled(t *testing.T) {
	if dir := os.Getenv(holderDir); dir != "" {
		s := openAt(t, dir, Options{Engine: numberIndex{}})
		fmt.Println("open")
		write(t, s, basic("of-the-other", 1))
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	dir := t.TempDir()
	holder := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	holder.Env = append(os.Environ(), holderDir+"="+dir)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	if _, err := Open(context.Background(), dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	_ = holder.Process.Kill()
	_ = holder.Wait()
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	write(t, s, basic("mine", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAStoreMadeWithOtherDefinitionsAsksForAReindex(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}, Index: "one"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(context.Background(), dir, Options{Engine: numberIndex{}, Index: "two"})
	if err == nil || !strings.Contains(err.Error(), "run firewolf reindex") {
		t.Errorf("got %v", err)
	}
	s = openAt(t, dir, Options{Engine: numberIndex{}, Index: "one"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSecretTypesAndMomentsStayOverRestarts(t *testing.T) {
	dir := t.TempDir()
	o := Options{Engine: numberIndex{}}
	s := openAt(t, dir, o)
	secret := s.Secret()
	if len(secret) != 32 {
		t.Fatalf("the secret has %d bytes", len(secret))
	}
	other := basic("x", 1)
	types := []string{"Basic", "Alpha", "Zeta", "Mu"}
	for round := range 3 {
		for i, typ := range types[:2+round] {
			op := other
			op.Key = fhir.Key{Type: typ, ID: fmt.Sprint(round, i)}
			write(t, s, op)
		}
		head, at, _ := s.Head(context.Background())
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, dir, o)
		again, atAgain, _ := s.Head(context.Background())
		if string(s.Secret()) != string(secret) || again != head || !atAgain.Equal(at) {
			t.Errorf("round %d: the secret is the same: %v; the head was %d at %v, is %d at %v",
				round, string(s.Secret()) == string(secret), head, at, again, atAgain)
		}
	}
	for i, typ := range types {
		n, err := s.Count(context.Background(), search.Plan{Type: typ, Where: search.HasKey{Key: "all"}}, store.Now)
		if want := int64([]int{3, 3, 2, 1}[i]); err != nil || n != want {
			t.Errorf("%d of %s, %v; want %d", n, typ, err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if fresh := openAt(t, t.TempDir(), o); string(fresh.Secret()) == string(secret) {
		t.Error("two stores have the same secret")
	} else if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAStoreWithoutItsSecretIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, dir, `DELETE FROM meta WHERE k = 'secret'`)
	if _, err := Open(context.Background(), dir, Options{Engine: numberIndex{}}); !fhir.HasCode(err, fhir.NoStore) {
		t.Errorf("got %v", err)
	}
}

func TestNamesThatMeanSomethingInAURIAreNamesOfFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?b#c%20d", "ü")
	s := openAt(t, dir, Options{Engine: numberIndex{}})
	write(t, s, basic("a", 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{FileName, FileName + ".lock"}, filesIn(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasNotMergedIsMadeUpAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	o := Options{Engine: numberIndex{}, Merge: 1000}
	s, w, err := prepare(context.Background(), mustMkdir(t, dir), o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2*recoverRows + 7 {
		op := basic(fmt.Sprint(i%300), i)
		if i%50 == 49 {
			op = remove(fmt.Sprint(i % 300))
		}
		p := newPending(context.Background(), store.Tx{Ops: []store.Op{op}})
		if w.writeAll([]*pending{p}); p.err != nil {
			t.Fatal(p.err)
		}
	}
	want := map[string][]string{}
	for name, e := range everything() {
		want[name] = find(t, s, store.Now, e)
	}
	die(t, s, w)
	s = openAt(t, dir, o)
	defer func() { _ = s.Close() }()
	for name, e := range everything() {
		if diff := cmp.Diff(want[name], find(t, s, store.Now, e)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func mustMkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// die ends a store that was prepared as a killed process would: nothing that waits is written.
func die(t *testing.T, s *Store, w *writer) {
	t.Helper()
	if err := errors.Join(closeConn(w.conn), s.release()); err != nil {
		t.Fatal(err)
	}
}

func TestAnOpenThatIsCanceledStopsAndLeavesTheStoreToOthers(t *testing.T) {
	dir := t.TempDir()
	o := Options{Engine: numberIndex{}}
	s, w, err := prepare(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	p := newPending(context.Background(), store.Tx{Ops: []store.Op{basic("a", 1)}})
	w.writeAll([]*pending{p})
	die(t, s, w)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, dir, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s = openAt(t, dir, o)
	if diff := cmp.Diff([]string{"a@1"}, find(t, s, store.Now, search.HasKey{Key: "all"})); diff != "" {
		t.Error(diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
