package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"firewolf/fhir"
)

// maxForm bounds the body of POST _search: 64 times the length that a URL may have.
const maxForm = 1 << 20

// errBodies says that all bodies together would be more than Limits.Bodies.
var errBodies = errors.New("too many request bodies are held at a time")

// readBody reads the body of a request, decompressed. It is nil where there is none.
func (s *Server) readBody(x *exchange, limit int64) ([]byte, error) {
	r := x.request
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	source, done, err := decode(io.LimitReader(r.Body, limit+1), r.Header["Content-Encoding"], limit)
	if err != nil {
		return nil, err
	}
	defer done()
	body, err := readAll(source, r.ContentLength, limit, func(n int64) bool { return s.book(x, n) })
	x.record.In = int64(len(body))
	if err != nil {
		return nil, s.bodyFailure(err, limit)
	}
	if len(body) == 0 {
		return nil, nil
	}
	return body, nil
}

// bodyFailure says what a client did wrong, or that it was too slow.
func (s *Server) bodyFailure(err error, limit int64) error {
	var large *failure
	switch {
	case errors.As(err, &large):
		return err
	case errors.Is(err, errBodies):
		return refuse(fhir.Throttled, fhir.ReasonUnavailable, "the server holds too many request bodies now; try again").closing()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(fhir.Timeout, fhir.ReasonNone, "the request body did not arrive within "+s.o.Limits.Read.String()).
			withStatus(http.StatusRequestTimeout).closing()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse(fhir.Incomplete, fhir.ReasonNone, "the request body ends early").withStatus(http.StatusBadRequest).closing()
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return tooLarge(limit)
	default:
		return refuse(fhir.Invalid, fhir.ReasonNone, "the request body cannot be read: its transfer coding or its compression is broken").
			causedBy(err).closing()
	}
}

func tooLarge(limit int64) *failure {
	return refuse(fhir.TooLong, fhir.ReasonNone, fmt.Sprintf("the request body is larger than %d bytes", limit)).closing()
}

// readAll reads up to limit bytes. The buffer grows with what arrives, not with what the client announced, and each
// growth is booked by take.
func readAll(r io.Reader, announced, limit int64, take func(int64) bool) ([]byte, error) {
	const first = 64 << 10
	size := int64(first)
	if announced >= 0 && announced < first {
		size = announced + 1 // one more, so that the end is seen without growing
	}
	if !take(size) {
		return nil, errBodies
	}
	buf := make([]byte, 0, size)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return buf, tooLarge(limit)
		}
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
		if len(buf) < cap(buf) {
			continue
		}
		more := grown(int64(cap(buf)), announced, limit)
		if !take(more - int64(cap(buf))) {
			return buf, errBodies
		}
		buf = append(make([]byte, 0, more), buf...)
	}
}

// grown returns the next size of a full buffer.
func grown(size, announced, limit int64) int64 {
	next := size * 2
	if announced >= size && announced < next {
		next = announced + 1
	}
	return min(next, limit+1)
}

// decode undoes the Content-Encoding of a body. done gives the decoder back.
func decode(r io.Reader, encodings []string, limit int64) (source io.Reader, done func(), err error) {
	switch encoding := strings.ToLower(strings.TrimSpace(strings.Join(encodings, ","))); encoding {
	case "", "identity":
		return r, func() {}, nil
	case "gzip", "x-gzip":
		return gunzip(r)
	case "zstd":
		return unzstd(r, limit)
	default:
		return nil, nil, refuse(fhir.NotSupported, fhir.ReasonUnsupportedMedia,
			"the Content-Encoding "+clip(encoding)+" is not read; gzip and zstd are", "http.Content-Encoding").
			withHeader("Accept-Encoding", "gzip, zstd").closing()
	}
}

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

func gunzip(r io.Reader) (io.Reader, func(), error) {
	z := gzipReaders.Get().(*gzip.Reader)
	return &lazyGzip{z: z, from: r}, func() { gzipReaders.Put(z) }, nil
}

// lazyGzip reads the gzip header with the first bytes asked for, so that its errors are those of reading.
type lazyGzip struct {
	z    *gzip.Reader
	from io.Reader
}

// Read decompresses.
func (l *lazyGzip) Read(p []byte) (int, error) {
	if l.from != nil {
		err := l.z.Reset(l.from)
		l.from = nil
		if errors.Is(err, io.EOF) {
			return 0, io.ErrUnexpectedEOF // a gzip stream of no bytes is none
		}
		if err != nil {
			return 0, err
		}
	}
	return l.z.Read(p)
}

var zstdReaders sync.Pool

func unzstd(r io.Reader, limit int64) (io.Reader, func(), error) {
	z, _ := zstdReaders.Get().(*zstd.Decoder)
	if z == nil {
		var err error
		z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(uint64(max(limit, 8<<20))))
		if err != nil {
			return nil, nil, fmt.Errorf("making a zstd decoder: %w", err)
		}
	}
	if err := z.Reset(r); err != nil {
		return nil, nil, fmt.Errorf("resetting a zstd decoder: %w", err)
	}
	return z, func() {
		if z.Reset(nil) == nil {
			zstdReaders.Put(z)
		}
	}, nil
}
