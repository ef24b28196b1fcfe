package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"firewolf/mapping"
)

// sheet is one file of a folder, as the rows of an instrument.
type sheet struct {
	mapping.Sheet
	instrument *mapping.Instrument
	file       *os.File
	comma      byte
	encoding   *charmap.Charmap // nil for UTF-8
	width      int              // cells of the header
	header     []string
	nameless   []int // columns without a name
	translator *translator
	record     int   // the column of registry_id
	body       int64 // where the rows begin
	line       int   // the line there
}

// openSheet opens a file and reads its header. What is wrong with it is in the findings; the sheet is nil where its rows cannot be read.
func openSheet(dir string, m *Mapping, i *mapping.Instrument) (*sheet, []mapping.Finding, error) {
	name := m.fileOf(i)
	s := &sheet{Sheet: mapping.Sheet{Name: name}, instrument: i}
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, s.absent(m), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", name, err)
	}
	s.file = f
	found, err := s.readHeader(m)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("reading %s: %w", name, err), f.Close())
	}
	for _, x := range found {
		if x.Severity == mapping.Error {
			return nil, found, f.Close()
		}
	}
	return s, found, nil
}

// absent reports a file that must be there.
func (s *sheet) absent(m *Mapping) []mapping.Finding {
	if s.instrument.Name == "patients" || m.sheet(s.instrument.Name).file != "" {
		return []mapping.Finding{s.finding(0, "", ruleNoFile, "the file is not there")}
	}
	return nil
}

func (s *sheet) finding(line int, column string, rule mapping.Rule, text string) mapping.Finding {
	return mapping.Finding{Rule: rule.ID, Severity: rule.Severity, File: s.Name, Line: line, Column: column, Text: text}
}

// The byte order marks.
var (
	markUTF8  = []byte{0xEF, 0xBB, 0xBF}
	markUTF16 = [][]byte{{0xFE, 0xFF}, {0xFF, 0xFE}}
)

func (s *sheet) readHeader(m *Mapping) ([]mapping.Finding, error) {
	head := make([]byte, len(markUTF8))
	n, err := io.ReadFull(s.file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	head = head[:n]
	for _, mark := range markUTF16 {
		if bytes.HasPrefix(head, mark) {
			return []mapping.Finding{s.finding(1, "", ruleEncoding, "the file is UTF-16: save it as UTF-8")}, nil
		}
	}
	from := int64(0)
	s.encoding = m.Encoding
	if bytes.Equal(head, markUTF8) {
		from, s.encoding = int64(n), nil // whatever the mapping says of the files
	}
	if _, err := s.file.Seek(from, io.SeekStart); err != nil {
		return nil, err
	}
	x, err := newScanner(s.file, from, 1).next()
	if errors.Is(err, io.EOF) {
		return []mapping.Finding{s.finding(1, "", ruleHeader, "the file is empty")}, nil
	}
	if err != nil {
		return nil, err
	}
	if x.why != "" {
		return []mapping.Finding{s.finding(x.line, "", ruleHeader, "the header cannot be read: "+x.why)}, nil
	}
	s.body, s.line = x.offset+x.size, x.line+1+bytes.Count(x.raw, []byte{'\n'})
	s.comma = m.Delimiter
	if s.comma == 0 {
		s.comma = delimiterOf(x.raw)
	}
	cells, why := split(s.decode(x.raw), s.comma, nil)
	if why == nil {
		return s.columns(m, x.line, cells), nil
	}
	return []mapping.Finding{s.finding(x.line, "", ruleHeader, "the header cannot be read: "+why.Error())}, nil
}

// delimiterOf guesses what stands between the cells of a header: a comma, or else a semicolon or a tab.
func delimiterOf(header []byte) byte {
	for _, c := range []byte{',', ';', '\t'} {
		if bytes.IndexByte(header, c) >= 0 {
			return c
		}
	}
	return ','
}

// decode brings text of the file's encoding to UTF-8.
func (s *sheet) decode(raw []byte) []byte {
	if s.encoding == nil {
		return raw
	}
	text, err := s.encoding.NewDecoder().Bytes(raw)
	if err != nil {
		return raw
	}
	return text
}

// columns finds the columns of the instrument in the header.
func (s *sheet) columns(m *Mapping, line int, header []string) []mapping.Finding {
	own := m.sheet(s.instrument.Name)
	at := map[string]int{}
	var found []mapping.Finding
	for k, name := range header {
		header[k] = strings.TrimSpace(name)
		if _, twice := at[header[k]]; twice && header[k] != "" {
			found = append(found, s.finding(line, header[k], ruleHeader, "the column stands twice"))
		}
		at[header[k]] = k
	}
	used := map[string]string{} // the file's column -> the canonical one
	from := make([]int, len(s.instrument.Columns))
	s.Columns = make([]string, len(from))
	for k, c := range s.instrument.Columns {
		name, named := own.columns[c.Name]
		if !named {
			name = c.Name
		}
		place, there := at[name]
		if !there || !named && own.ignore[name] {
			from[k] = -1
			if named || c.Required && own.constants[c.Name] == "" && (c.Name != "center_id" || m.Center == "") {
				found = append(found, s.finding(line, name, ruleNoColumn, "the column is not in the file"))
			}
			continue
		}
		if first := used[name]; first != "" {
			found = append(found, s.finding(line, name, ruleShared, "the column is read as "+first+" and as "+c.Name))
		}
		from[k], s.Columns[k], used[name] = place, name, c.Name
	}
	for k, name := range header {
		switch {
		case name == "":
			s.nameless = append(s.nameless, k)
		case used[name] == "" && !own.ignore[name]:
			found = append(found, s.finding(line, name, ruleOtherColumn, "nothing knows the column"))
		}
	}
	s.header, s.width = header, len(header)
	s.translator = m.translator(s.instrument, from)
	s.record = s.instrument.Index("registry_id")
	return found
}
