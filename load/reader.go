package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
)

// reader cuts one file into units.
type reader struct {
	file     File
	limit    int // bytes of one unit
	progress func(int)
}

// yielder is what an iterator over units hands its values to.
type yielder func(Unit, error) bool

// give yields and turns the wish for no more into errStop.
func (y yielder) give(u Unit, err error) error {
	if !y(u, err) {
		return errStop
	}
	return nil
}

// errStop ends a file because nobody wants more of it.
var errStop = errors.New("stop")

// units yields the units of the file in order. A *fault is yielded for each part that is none; any other error ends the file.
func (r reader) units(ctx context.Context) iter.Seq2[Unit, error] {
	return func(yield func(Unit, error) bool) {
		var err error
		switch formOf(r.file.Name) {
		case document:
			err = r.document(ctx, yield)
		case lines:
			err = r.lines(ctx, yield)
		case unknownForm:
			err = &fault{reason: "the name is not that of a JSON or NDJSON file: .json, .ndjson or .jsonl, each also with .gz or .zst"}
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(Unit{}, err)
		}
	}
}

// bom is a byte order mark: some programs put it in front of UTF-8.
var bom = []byte("\xef\xbb\xbf")

// lines yields a unit for each line. https://hl7.org/fhir/R4/nd-json.html
func (r reader) lines(ctx context.Context, yield yielder) error {
	in, err := r.file.read(r.progress)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	buf := bufio.NewReaderSize(in, 256<<10)
	for n := 1; ctx.Err() == nil; n++ {
		line, tooLong, readErr := readLine(buf, r.limit)
		if n == 1 {
			line = bytes.TrimPrefix(line, bom)
		}
		line = bytes.TrimSpace(line)
		var err error
		switch {
		case tooLong:
			err = yield.give(Unit{}, &fault{n, tooLarge("the line", r.limit)})
		case len(line) > 0:
			err = yield.give(parsed(line, n, unitOf))
		}
		if err != nil {
			return err
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		} else if readErr != nil {
			return readErr
		}
	}
	return ctx.Err()
}

// readLine returns a line in memory of its own. Of a line beyond the limit it keeps nothing and reads on to its end.
func readLine(r *bufio.Reader, limit int) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(bytes.TrimRight(part, "\r\n")) > limit {
			line, tooLong = nil, true
		}
		if !tooLong {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}

// document yields the units of a file that is one JSON document. It is read twice: what is done with a Bundle depends
// on its type, which may stand behind its entries.
func (r reader) document(ctx context.Context, yield yielder) error {
	body, err := r.buffer()
	if err != nil {
		return err
	}
	h, err := r.head(body)
	if err != nil {
		return &fault{reason: describe(err, body)}
	}
	if h.resourceType == "Bundle" && cut[h.bundleType] {
		return r.entries(ctx, body, yield)
	}
	if body == nil {
		return &fault{reason: tooLarge("the document", r.limit)}
	}
	return yield.give(unitOf(h, body, 0))
}

// buffer returns the text of the file if it fits the limit, nil if it does not.
func (r reader) buffer() ([]byte, error) {
	read := 0
	in, err := r.file.read(func(n int) { read += n })
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	body, err := io.ReadAll(io.LimitReader(in, int64(r.limit)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > r.limit {
		return nil, nil
	}
	if r.progress != nil {
		r.progress(read)
	}
	return bytes.TrimPrefix(body, bom), nil
}

// open returns the text again, from memory where it is there.
func (r reader) open(body []byte, progress func(int)) (io.ReadCloser, error) {
	if body != nil {
		return io.NopCloser(bytes.NewReader(body)), nil
	}
	return r.file.read(progress)
}

func (r reader) head(body []byte) (head, error) {
	in, err := r.open(body, nil)
	if err != nil {
		return head{}, err
	}
	defer func() { _ = in.Close() }()
	return readHead(in)
}

// entries yields a unit for each resource in a Bundle's entries.
func (r reader) entries(ctx context.Context, body []byte, yield yielder) error {
	in, err := r.open(body, r.progress)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	granted := &allowance{r: in}
	d := newDecoder(granted)
	n := 0
	granted.grant(r.limit)
	err = members(d, func(name string) error {
		if name != "entry" {
			return d.SkipValue()
		}
		return items(d, func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			n++
			granted.grant(r.limit)
			return r.entry(d, n, yield)
		})
	})
	if errors.Is(err, errAllowance) {
		return &fault{n, tooLarge("the entry", r.limit) + "; the rest of the file is not loaded"}
	}
	return err
}

// entry yields the unit of one entry. None is what a search says about itself, an entry of mode outcome: it "provides additional
// information about the processing of a search". https://hl7.org/fhir/R4/valueset-search-entry-mode.html
func (r reader) entry(d *jsontext.Decoder, n int, yield yielder) error {
	var resource []byte
	found, large, outcome := false, false, false
	err := members(d, func(name string) error {
		switch name {
		case "resource":
			value, err := d.ReadValue()
			found, large = true, len(value) > r.limit
			if err == nil && !large {
				resource = value.Clone()
			}
			return err
		case "search":
			return members(d, func(name string) error {
				if name != "mode" {
					return d.SkipValue()
				}
				var mode string
				err := text(d, &mode)
				outcome = mode == "outcome"
				return err
			})
		}
		return d.SkipValue()
	})
	switch {
	case err != nil:
		return err
	case outcome:
		return nil
	case large:
		return yield.give(Unit{}, &fault{n, tooLarge("the entry", r.limit)})
	case !found:
		return yield.give(Unit{}, &fault{n, "the entry has no resource"})
	}
	return yield.give(parsed(resource, n, resourceOf))
}

// parsed makes the unit of a text that is one resource.
func parsed(body []byte, place int, make func(head, []byte, int) (Unit, error)) (Unit, error) {
	h, err := readHead(bytes.NewReader(body))
	if err != nil {
		return Unit{}, &fault{place, describe(err, body)}
	}
	return make(h, body, place)
}

// allowance is a reader that fails once more is read than was granted: the decoder keeps a whole entry in memory.
type allowance struct {
	r    io.Reader
	left int
}

var errAllowance = errors.New("an entry is larger than was granted")

// grant allows an entry of the limit. The decoder may have read as much ahead.
func (a *allowance) grant(limit int) { a.left = 2*limit + 256<<10 }

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errAllowance
	}
	n, err := a.r.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err
}
