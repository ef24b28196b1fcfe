package load

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func TestFindTakesWhatIsFHIRByItsNameInOrder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"b/2.json", "b/10.ndjson.gz", "b/deep/er/x.jsonl.zst", "b/.hidden.json", "b/.git/x.json", "b/readme.txt", "b/package.json",
		"B.JSON", "a.json.gz", "named.txt",
	} {
		write(t, filepath.Join(dir, name), "{}")
	}
	if err := os.Symlink(filepath.Join(dir, "b"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)

	tests := []struct {
		name  string
		paths []string
		want  []string
	}{
		{"a folder is searched recursively, its names in order", []string{"."}, []string{"B.JSON", "a.json.gz", "b/10.ndjson.gz", "b/2.json", "b/deep/er/x.jsonl.zst"}},
		{"paths are taken in the order given", []string{"b/2.json", "a.json.gz"}, []string{"b/2.json", "a.json.gz"}},
		{"a link to a folder that is named is followed", []string{"link"}, []string{"link/10.ndjson.gz", "link/2.json", "link/deep/er/x.jsonl.zst"}},
		{"a file that is named is taken whatever its name", []string{"named.txt", "b/.hidden.json"}, []string{"named.txt", "b/.hidden.json"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files, err := Find(test.paths)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range files {
				got = append(got, filepath.ToSlash(f.Name))
				if f.Size != 2 {
					t.Errorf("%s: size %d, want 2", f.Name, f.Size)
				}
				if text := readAll(t, File{Name: "x", open: f.open}); text != "{}" {
					t.Errorf("%s reads %q", f.Name, text)
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
	if _, err := Find([]string{"a.json.gz", "absent"}); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("error %v, want one that names the path that is not there", err)
	}
}

func TestFindInTakesTheFilesOfAFileSystem(t *testing.T) {
	files, err := FindIn(fstest.MapFS{"bundles/b.json": {Data: []byte("{}")}, "bundles/a.json": {Data: []byte("[]")}, "doc.go": {}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Name+" "+readAll(t, f))
	}
	if d := cmp.Diff([]string{"bundles/a.json []", "bundles/b.json {}"}, got); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
}

func TestReadUndoesTheCompressionThatTheNameTells(t *testing.T) {
	const text = `{"resourceType":"Patient"}`
	for name, body := range map[string]string{"x.json": text, "x.json.gz": gz(t, text), "X.NDJSON.ZST": zst(t, text)} {
		t.Run(name, func(t *testing.T) {
			read := 0
			in, err := memFile(name, body).read(func(n int) { read += n })
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			if err := in.Close(); err != nil {
				t.Error(err)
			}
			if string(got) != text || read != len(body) {
				t.Errorf("read %q and told %d bytes of progress, want %q and %d", got, read, text, len(body))
			}
		})
	}
	for _, name := range []string{"x.json.gz", "x.json.zst"} {
		t.Run(name+" that is not compressed is an error", func(t *testing.T) {
			in, err := memFile(name, text).read(nil)
			if err == nil {
				_, err = io.ReadAll(in)
			}
			if err == nil {
				t.Error("no error")
			}
		})
	}
}

// memFile is a file of that name and contents.
func memFile(name, contents string) File {
	return File{Name: name, Size: int64(len(contents)), open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(contents)), nil
	}}
}

func readAll(t *testing.T, f File) string {
	t.Helper()
	in, err := f.read(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, path, contents string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(contents), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gz(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zst(t *testing.T, s string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(s), nil))
}
