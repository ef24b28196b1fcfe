package auth

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"firewolf/fhir"
)

// maxFile bounds a token file: 8 MiB hold more than 50,000 tokens.
const maxFile = 8 << 20

// roles are those that a line may name.
var roles = []fhir.Role{fhir.RoleReader, fhir.RoleWriter, fhir.RoleAdmin, fhir.RoleAggregator}

// entry is one line of the token file.
type entry struct {
	caller  fhir.Caller
	digest  [32]byte
	expires time.Time // zero: never
}

// readFile reads the token file. All its mistakes are reported together, each as "file:line: what is wrong".
func readFile(path string) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the token file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the token file: %w", err)
	}
	// Who can write the file can let anybody in.
	if info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("%s: every user of this machine may write the token file; chmod o-w it", path)
	}
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading the token file: %w", err)
	}
	if len(src) > maxFile {
		return nil, fmt.Errorf("%s: the token file is larger than %d bytes", path, maxFile)
	}
	return parse(path, src)
}

// parse reads the lines of a token file.
func parse(path string, src []byte) ([]entry, error) {
	var entries []entry
	var problems []error
	lineOf := map[[32]byte]int{}
	lines := bufio.NewScanner(bytes.NewReader(src))
	lines.Buffer(nil, maxFile+1)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		e, err := parseLine(fields)
		if err == nil && lineOf[e.digest] > 0 {
			err = fmt.Errorf("the same token stands in line %d", lineOf[e.digest])
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", path, n, err))
			continue
		}
		lineOf[e.digest] = n
		entries = append(entries, e)
	}
	return entries, errors.Join(problems...)
}

// parseLine reads the fields of one line. Its errors never repeat a field beyond name and role: whoever puts the token
// itself where its hash belongs shall not find it in a log.
func parseLine(fields []string) (entry, error) {
	if len(fields) < 3 || len(fields) > 4 {
		return entry{}, fmt.Errorf("%d fields where there must be name, role, SHA-256 and perhaps an expiry", len(fields))
	}
	e := entry{caller: fhir.Caller{Name: fields[0], Role: fhir.Role(fields[1])}}
	if err := checkName(fields[0]); err != nil {
		return entry{}, err
	}
	if err := checkRole(fields[1]); err != nil {
		return entry{}, err
	}
	digest, err := hex.DecodeString(fields[2])
	if err != nil || len(digest) != len(e.digest) {
		return entry{}, errors.New("the third field is no SHA-256 of 64 hexadecimal digits (it is the hash of the token, not the token)")
	}
	copy(e.digest[:], digest)
	if len(fields) == 4 {
		if e.expires, err = parseExpiry(fields[3]); err != nil {
			return entry{}, err
		}
	}
	return e, nil
}

func parseExpiry(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("the expiry is neither a day (2027-01-31) nor a time (2027-01-31T12:00:00Z)")
}

// checkName keeps names fit for a log line and for the file itself.
func checkName(name string) error {
	if name == "" || len(name) > 100 {
		return errors.New("the name must have 1 to 100 characters")
	}
	for _, c := range name {
		if c <= ' ' || c == '#' || c == 0x7f {
			return errors.New("the name must have no spaces, control characters and #")
		}
	}
	return nil
}

func checkRole(role string) error {
	if slices.Contains(roles, fhir.Role(role)) {
		return nil
	}
	return fmt.Errorf("there is no role %q; the roles are reader, writer, admin and aggregator", role)
}
