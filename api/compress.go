package api

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compressed is an encoded body; its buffer goes back to its pool by release. The zero value is no encoding.
type compressed struct {
	name   []string
	buffer *bytes.Buffer
}

func (c compressed) release() {
	if c.buffer.Cap() <= maxScratch {
		c.buffer.Reset()
		scratches.Put(c.buffer)
	}
}

var (
	gzipName = []string{"gzip"}
	zstdName = []string{"zstd"}
)

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for unknown levels only
	return w
}}

// newZstd returns the encoder that all answers share. Its window is that of a typical page of a search.
func newZstd() (*zstd.Encoder, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(256<<10),
		zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("making the zstd encoder: %w", err)
	}
	return e, nil
}

// compress encodes a body as the client allows. It returns the body itself where nothing is won.
func (s *Server) compress(accept []string, body []byte) (compressed, []byte) {
	if len(accept) == 0 {
		return compressed{}, body
	}
	name := acceptedEncoding(strings.Join(accept, ","))
	if name == nil {
		return compressed{}, body
	}
	c := compressed{name: name, buffer: scratches.Get().(*bytes.Buffer)}
	var out []byte
	if name[0] == "zstd" {
		out = s.zstd.EncodeAll(body, c.buffer.AvailableBuffer())
		c.buffer.Write(out)
		out = c.buffer.Bytes()
	} else {
		out = gzipTo(c.buffer, body)
	}
	if len(out) >= len(body) {
		c.release()
		return compressed{}, body
	}
	return c, out
}

func gzipTo(to *bytes.Buffer, body []byte) []byte {
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(to)
	_, _ = w.Write(body) // a bytes.Buffer takes everything
	_ = w.Close()
	return to.Bytes()
}

// acceptedEncoding chooses zstd or gzip by an Accept-Encoding header, nil for neither. What the client likes alike is
// zstd, which is faster on both sides. https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding
func acceptedEncoding(header string) []string {
	if header == "gzip" { // what Go sends
		return gzipName
	}
	gz, zs, rest := -1.0, -1.0, 0.0
	for _, element := range strings.Split(header, ",") {
		name, parameters, _ := strings.Cut(element, ";")
		q := encodingQuality(parameters)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			gz = q
		case "zstd":
			zs = q
		case "*":
			rest = q
		}
	}
	if gz < 0 {
		gz = rest
	}
	// A star does not name zstd: few of those who send it can read that.
	switch {
	case zs > 0 && zs >= gz:
		return zstdName
	case gz > 0:
		return gzipName
	default:
		return nil
	}
}

func encodingQuality(parameters string) float64 {
	_, value, ok := strings.Cut(parameters, "=")
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}
