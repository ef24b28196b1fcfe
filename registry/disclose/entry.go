package disclose

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
)

// Entry is what one answer told a token that it had not been told before. Its size is 18 bytes for each patient that no entry
// before it names, and at most a bit for each patient and set.
type Entry struct {
	First    uint32   `json:"first"`              // the place of the first of Patients in the sets
	Patients []string `json:"patients,omitempty"` // ids that get the next places
	Sets     []Set    `json:"sets"`
}

// Set is a group of patients whose number was told.
type Set struct {
	Key    string `json:"key"`
	Within string `json:"within,omitempty"`
	// Table is a number that the sets of one entry share that are of one table, whose sums were told as well; 0 for a set that stands alone.
	Table int    `json:"table,omitempty"`
	Bits  []byte `json:"bits"` // of roaring
}

// Bytes writes an entry.
func (e *Entry) Bytes() ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := json.NewEncoder(w).Encode(e); err != nil {
		return nil, fmt.Errorf("writing an entry of the journal of aggregates: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing an entry of the journal of aggregates: %w", err)
	}
	return b.Bytes(), nil
}

// maxEntry is how large an entry may be once it is unpacked.
const maxEntry = 256 << 20

// ParseEntry reads what Bytes wrote.
func ParseEntry(packed []byte) (*Entry, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("reading an entry of the journal of aggregates: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxEntry))
	if err != nil {
		return nil, fmt.Errorf("reading an entry of the journal of aggregates: %w", err)
	}
	e := &Entry{}
	if err := json.Unmarshal(text, e); err != nil {
		return nil, fmt.Errorf("reading an entry of the journal of aggregates: %w", err)
	}
	return e, nil
}
