package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// scanned are the records of a text as "line: cells" or "line! why", read in small pieces too.
func scanned(t *testing.T, text string, limit int) []string {
	t.Helper()
	var whole []string
	for k, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		s := newScanner(r, 0, 1)
		s.limit = limit
		var l []string
		offset := int64(0)
		for {
			x, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if x.offset < offset {
				t.Fatalf("a record at %d after %d", x.offset, offset)
			}
			offset = x.offset
			if x.why != "" {
				l = append(l, fmt.Sprintf("%d! %s", x.line, x.why))
				continue
			}
			cells, err := split(x.raw, ',', nil)
			if err != nil {
				l = append(l, fmt.Sprintf("%d! %.20s", x.line, err))
				s.retreat(x)
				continue
			}
			l = append(l, fmt.Sprintf("%d: %s", x.line, strings.Join(cells, "|")))
		}
		if k == 0 {
			whole = l
		} else if diff := cmp.Diff(whole, l); diff != "" && limit > 100 {
			t.Errorf("read byte by byte it is something else:\n%s", diff)
		}
	}
	return whole
}

func TestScannerCutsRecordsAndGoesOnAfterABrokenOne(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"lines of either end", "a,b\r\nc,d\n", []string{"1: a|b", "2: c|d"}},
		{"a last line without end", "a\nb", []string{"1: a", "2: b"}},
		{"empty lines and cells", "a,\n\n,b\n", []string{"1: a|", "3: |b"}},
		{"a quoted comma, quote and line", "\"a,\"\"b\"\"\n c\",d\ne,f\n", []string{"1: a,\"b\"\n c|d", "3: e|f"}},
		{"an empty quoted cell", "\"\",\"\"\n", []string{"1: |"}},
		{"a quote inside a plain cell ends with its line", "a,5\"\nb,c\nd,\"e\"\n", []string{"1! a quote is not closed", "2: b|c", "3: d|e"}},
		{"quotes inside plain cells of two lines", "5\" x,a\n6\" y,b\nc,d\n", []string{"1! a quote stands insid", "2! a quote is not closed", "3: c|d"}},
		{"text after a closing quote", "\"a\"b,c\nd,e\n", []string{"1! a quote stands insid", "2: d|e"}},
		{"a quote that is never closed", "a,b\n\"c,d\ne,f\n", []string{"1: a|b", "2! a quote is not closed", "3: e|f"}},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, scanned(t, tt.text, maxRecord)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestScannerSkipsWhatIsTooLong(t *testing.T) {
	long := strings.Repeat("x", 300<<10)
	got := scanned(t, "a,b\n"+long+",c\nd,e\n\"f\n"+long+"\",g\nh,i\n", 64<<10)
	want := []string{"1: a|b", "2! the row is longer than 64 KiB", "3: d|e", "4! a quote is not closed, or the row is longer than 64 KiB", "5! the row is longer than 64 KiB", "6: h|i"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSplitRefusesWhatIsNoText(t *testing.T) {
	tests := []struct {
		name string
		raw  []byte
		want error
	}{
		{"a NUL", []byte("a,\x00"), errNUL},
		{"Latin 1", []byte("M\xfcller"), errEncoding},
		{"a quote in a cell", []byte(`a"b`), errQuote},
		{"an open quote", []byte(`a,"b`), errQuote},
		{"UTF-8", []byte("Müller"), nil},
	}
	for _, tt := range tests {
		if _, err := split(tt.raw, ',', nil); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func FuzzScannerNeverLosesItsPlace(f *testing.F) {
	f.Add([]byte("a,b\n\"c\nd\",e\n"), 7)
	f.Add([]byte("\"\n\"\"\n,\""), 3)
	f.Fuzz(func(t *testing.T, text []byte, limit int) {
		s := newScanner(bytes.NewReader(text), 0, 1)
		s.limit = 1 + max(limit, 0)%64
		last := int64(-1)
		for range len(text) + 2 {
			x, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if x.offset <= last || x.offset+x.size > int64(len(text)) || x.size == 0 {
				t.Fatalf("a record at %d of %d bytes, after %d, in %d", x.offset, x.size, last, len(text))
			}
			if line := 1 + bytes.Count(text[:x.offset], []byte{'\n'}); line != x.line {
				t.Fatalf("line %d at %d, want %d", x.line, x.offset, line)
			}
			if x.why == "" {
				if _, err := split(x.raw, ',', nil); errors.Is(err, errQuote) {
					s.retreat(x)
				}
			}
			last = x.offset
		}
		t.Fatal("the scanner does not end")
	})
}
