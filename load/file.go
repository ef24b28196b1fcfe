package load

import (
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// File is one file to load.
type File struct {
	Name string // as it is named in messages
	Size int64  // in bytes, compressed
	open func() (io.ReadCloser, error)
}

// Find returns the files that the paths name, folders searched recursively, in the order of the paths and, within a folder, of the
// names. In a folder only files whose names end as JSON or NDJSON do are taken, no hidden ones, and not the package.json of an npm
// package, which is how FHIR packages come. A path that does not exist is an error.
func Find(paths []string) ([]File, error) {
	var files []File
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, osFile(path, info.Size()))
			continue
		}
		// A link to a folder is followed where it is named, and only there, so that no circle is walked.
		root, err := filepath.EvalSymlinks(path)
		if err != nil {
			return nil, err
		}
		err = walk(os.DirFS(root), func(name string, size int64) {
			f := osFile(filepath.Join(root, filepath.FromSlash(name)), size)
			f.Name = filepath.Join(path, filepath.FromSlash(name))
			files = append(files, f)
		})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
	}
	return files, nil
}

// FindIn returns the files of a file system, as Find does those of a folder.
func FindIn(fsys fs.FS) ([]File, error) {
	var files []File
	err := walk(fsys, func(name string, size int64) {
		files = append(files, File{Name: name, Size: size, open: func() (io.ReadCloser, error) { return fsys.Open(name) }})
	})
	return files, err
}

func osFile(path string, size int64) File {
	return File{Name: path, Size: size, open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

func walk(fsys fs.FS, found func(name string, size int64)) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if hidden := base != "." && strings.HasPrefix(base, "."); hidden && d.IsDir() {
			return fs.SkipDir
		} else if hidden || d.IsDir() || base == "package.json" || formOf(base) == unknownForm {
			return nil
		}
		info, err := fs.Stat(fsys, name)
		if err != nil {
			return err
		}
		if info.Mode().IsRegular() {
			found(name, info.Size())
		}
		return nil
	})
}

// form is what the name of a file says of its contents.
type form uint8

const (
	unknownForm form = iota
	document         // one JSON document
	lines            // one JSON document a line, https://hl7.org/fhir/R4/nd-json.html
)

func formOf(name string) form {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	switch filepath.Ext(name) {
	case ".json":
		return document
	case ".ndjson", ".jsonl":
		return lines
	}
	return unknownForm
}

// read opens the file and undoes its compression. Every compressed byte that is read is told to progress.
func (f File) read(progress func(int)) (io.ReadCloser, error) {
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	counted := &counter{r: file, told: progress}
	switch strings.ToLower(filepath.Ext(f.Name)) {
	case ".gz":
		z, err := gzip.NewReader(counted)
		if err != nil {
			_ = file.Close()
			return nil, err
		}
		return stacked{z, file}, nil
	case ".zst":
		z, err := zstd.NewReader(counted, zstd.WithDecoderConcurrency(1))
		if err != nil {
			_ = file.Close()
			return nil, err
		}
		return stacked{z.IOReadCloser(), file}, nil
	}
	return stacked{io.NopCloser(counted), file}, nil
}

// stacked closes the decompressor and the file below it.
type stacked struct {
	io.ReadCloser
	below io.Closer
}

func (s stacked) Close() error {
	err := s.ReadCloser.Close()
	if below := s.below.Close(); err == nil {
		err = below
	}
	return err
}

type counter struct {
	r    io.Reader
	told func(int)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.told != nil {
		c.told(n)
	}
	return n, err
}
