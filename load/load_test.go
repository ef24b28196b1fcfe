package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

// keeper is a target that keeps what it is sent. Resources whose text says "bad" are refused, transactions are
// refused while what their text needs ("needs Patient/1") is not there.
type keeper struct {
	mu    sync.Mutex
	order []string // "PUT Patient/1"
	has   map[string]bool
	keys  []string
	fail  func(u Unit) (Answer, error, bool)
}

func (k *keeper) Send(_ context.Context, u Unit) (Answer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		if a, err, failed := k.fail(u); failed {
			return a, err
		}
	}
	_, needs, _ := strings.Cut(string(u.Body), "needs ")
	needs, _, _ = strings.Cut(needs, `"`)
	switch {
	case strings.Contains(string(u.Body), "bad"):
		return Answer{Status: 422, Issues: fhir.Issues{fhir.NewIssue(fhir.Structure, "it is bad", u.Path)}}, nil
	case u.Path == "" && needs != "" && !k.has[needs]:
		return Answer{Status: 422, Issues: fhir.Issues{fhir.NewIssue(fhir.Processing, needs+" is not there").Because(fhir.ReasonDanglingReference)}}, nil
	}
	k.order = append(k.order, strings.TrimSpace(u.Method+" "+u.Path))
	k.keys = append(k.keys, u.Key)
	k.has[u.Path] = true
	var answers []string
	for _, e := range u.entries {
		k.has[e.url] = true
		answers = append(answers, `{"response":{"status":"201 Created"}}`)
	}
	return Answer{Status: 200, Body: []byte(`{"entry":[` + strings.Join(answers, ",") + `]}`)}, nil
}

func newKeeper() *keeper { return &keeper{has: map[string]bool{}} }

// runLoad loads files named "name: contents" and returns the report without its time, and the rejections.
func runLoad(t *testing.T, o Options, files ...File) (Report, []string, error) {
	t.Helper()
	var rejected []string
	o.Reject = func(r Rejection) { rejected = append(rejected, r.String()) }
	report, err := Run(t.Context(), files, o)
	report.Took = 0
	return report, rejected, err
}

func patient1(needs string) string {
	return `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Group","x":"needs ` + needs + `"},"request":{"method":"PUT","url":"Group/` +
		strings.ReplaceAll(needs, "/", "-") + `"}}]}`
}

func TestRunLoadsWhatItCanAndNamesTheRest(t *testing.T) {
	k := newKeeper()
	report, rejected, err := runLoad(t, Options{Sink: k, Parallel: 3},
		memFile("a.json", `{"resourceType":"Patient","id":"1"}`),
		memFile("b.ndjson", `{"resourceType":"Group"}`+"\n"+`{"resourceType":"Group","x":"bad"}`+"\n{]\n"+`{"resourceType":"Group","id":"g"}`),
		memFile("c.json", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","x":"bad"}}]}`),
		memFile("d.json", `{"resourceType":"Bundle","type":"history"}`),
		memFile("e.json", patient1("Patient/1")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Report{Stored: map[string]int{"Patient": 1, "Group": 3}, Rejected: 4}, report); d != "" {
		t.Errorf("report (-want +got):\n%s", d)
	}
	slices.Sort(rejected)
	want := []string{
		"b.ndjson, line 2: it is bad (Group)",
		"b.ndjson, line 3: not JSON: invalid character ']' at start of value at line 1, column 2",
		"c.json, entry 1: it is bad (Patient)",
		"d.json: a history Bundle is not loaded: its entries are versions of the past",
	}
	if d := cmp.Diff(want, rejected); d != "" {
		t.Errorf("rejections (-want +got):\n%s", d)
	}
	if report.Total() != 4 {
		t.Errorf("total %d, want 4", report.Total())
	}
}

func TestRunTriesATransactionAgainOnceTheRestIsThere(t *testing.T) {
	chain := []File{
		memFile("a.json", patient1("Group/Group-Patient-1")),
		memFile("b.json", patient1("Group/Patient-1")),
		memFile("c.json", patient1("Patient/1")),
		memFile("d.ndjson", patient1("Patient/absent")+"\n"+patient1("Patient/1")+"\n"),
		memFile("e.json", `{"resourceType":"Patient","id":"1"}`),
	}
	k := newKeeper()
	report, rejected, err := runLoad(t, Options{Sink: k, Parallel: 1}, chain...)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Report{Stored: map[string]int{"Group": 4, "Patient": 1}, Rejected: 1}, report); d != "" {
		t.Errorf("report (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"d.ndjson, line 1: Patient/absent is not there"}, rejected); d != "" {
		t.Errorf("rejections (-want +got):\n%s", d)
	}
}

func TestRunKeepsTheOrderOfWhatWritesOneResource(t *testing.T) {
	var lines strings.Builder
	for n := range 200 {
		fmt.Fprintf(&lines, "{\"resourceType\":\"Patient\",\"id\":\"%d\",\"n\":%d}\n", n%3, n)
	}
	var mu sync.Mutex
	last := map[string]int{}
	sink := sinkFunc(func(_ context.Context, u Unit) (Answer, error) {
		time.Sleep(time.Duration(u.place%5) * 100 * time.Microsecond)
		mu.Lock()
		defer mu.Unlock()
		if last[u.Path] > u.place {
			t.Errorf("%s: line %d after line %d", u.Path, u.place, last[u.Path])
		}
		last[u.Path] = u.place
		return Answer{Status: 200}, nil
	})
	report, _, err := runLoad(t, Options{Sink: sink, Parallel: 16}, memFile("x.ndjson", lines.String()))
	if err != nil || report.Total() != 200 {
		t.Errorf("%d stored, error %v", report.Total(), err)
	}
}

func TestRunSkipsWhatWasLoadedBefore(t *testing.T) {
	o := LedgerOptions{Path: filepath.Join(t.TempDir(), "ledger"), Target: "store"}
	file := memFile("x.ndjson", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Group\",\"x\":\"bad\"}\n")
	again := memFile("renamed.ndjson", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Group\",\"x\":\"good\"}\n{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n")
	tests := []struct {
		name   string
		file   File
		forget bool
		salt   string
		want   Report
	}{
		{"at first everything is sent", file, false, "", Report{Stored: map[string]int{"Patient": 2}, Rejected: 1}},
		{"what was stored is skipped, what was rejected is sent", file, false, "", Report{Stored: map[string]int{}, Skipped: 2, Rejected: 1}},
		{"lines that were mended or added are sent", again, false, "", Report{Stored: map[string]int{"Group": 1, "Patient": 1}, Skipped: 2}},
		{"with --again everything is", again, true, "-2", Report{Stored: map[string]int{"Group": 1, "Patient": 3}}},
		{"and remembered still", again, false, "", Report{Stored: map[string]int{}, Skipped: 4}},
	}
	k := newKeeper()
	for _, test := range tests {
		o.Forget = test.forget
		ledger := openLedger(t, o)
		report, _, err := runLoad(t, Options{Sink: k, Ledger: ledger, Salt: test.salt, Head: func(context.Context) (fhir.Moment, error) { return 5, nil }}, test.file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(test.want, report); d != "" {
			t.Errorf("%s: report (-want +got):\n%s", test.name, d)
		}
		if err := ledger.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(k.keys)
	if unique := slices.Compact(slices.Clone(k.keys)); len(unique) != len(k.keys) {
		t.Errorf("%d idempotency keys for %d units", len(unique), len(k.keys))
	}
}

func TestRunUsesTheSameIdempotencyKeysInEveryRun(t *testing.T) {
	file := memFile("x.ndjson", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n")
	var runs [2][]string
	for n := range runs {
		k := newKeeper()
		if _, _, err := runLoad(t, Options{Sink: k, Parallel: 1}, file); err != nil {
			t.Fatal(err)
		}
		runs[n] = k.keys
	}
	if d := cmp.Diff(runs[0], runs[1]); d != "" || runs[0][0] == runs[0][1] {
		t.Errorf("keys %v of the first run, %v of the second; want the same, each unit with its own", runs[0], runs[1])
	}
}

func TestRunEndsWhenTheTargetIsLost(t *testing.T) {
	tests := []struct {
		name    string
		answer  Answer
		wantErr string
	}{
		{"a token that is refused ends it", Answer{Status: 401, Issues: fhir.Issues{fhir.NewIssue(fhir.Login, "the token is unknown")}}, "the token is unknown"},
		{"a role that may not write ends it", Answer{Status: 403, Issues: fhir.Issues{fhir.NewIssue(fhir.Forbidden, "readers read")}}, "readers read"},
		{"a full disk ends it", Answer{Status: 507}, "status 507 Insufficient Storage"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := newKeeper()
			k.fail = func(Unit) (Answer, error, bool) { return test.answer, nil, len(k.order) >= 3 }
			report, rejected, err := runLoad(t, Options{Sink: k, Parallel: 1}, memFile("x.ndjson", strings.Repeat("{\"resourceType\":\"Patient\"}\n", 1000)))
			if err == nil || err.Error() != test.wantErr {
				t.Errorf("error %v, want %s", err, test.wantErr)
			}
			if report.Total() != 3 || len(rejected) != 0 {
				t.Errorf("%d stored, %v rejected; want 3 and none", report.Total(), rejected)
			}
		})
	}
	t.Run("a target that goes away ends it", func(t *testing.T) {
		away := errors.New("connection refused")
		_, _, err := runLoad(t, Options{Sink: sinkFunc(func(context.Context, Unit) (Answer, error) { return Answer{}, away }), Patience: time.Nanosecond},
			memFile("x.json", `{"resourceType":"Patient"}`))
		if !errors.Is(err, away) {
			t.Errorf("error %v, want that of the target", err)
		}
	})
}

func TestRunThatIsStoppedWaitsForWhatIsUnderWay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ledger := openLedger(t, LedgerOptions{})
	sink := sinkFunc(func(ctx context.Context, u Unit) (Answer, error) {
		if u.place < 3 {
			return Answer{Status: 201}, nil
		}
		cancel()
		time.Sleep(10 * time.Millisecond)
		return Answer{Status: 201}, ctx.Err()
	})
	report, err := Run(ctx, []File{memFile("x.ndjson", strings.Repeat("{\"resourceType\":\"Patient\"}\n", 100))}, Options{Sink: sink, Ledger: ledger, Parallel: 1})
	if !errors.Is(err, context.Canceled) || report.Total() != 3 || report.Rejected != 0 {
		t.Errorf("report %+v, error %v; want 3 stored, none rejected, and the context's error", report, err)
	}
}

func TestRunThatIsStoppedRejectsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// The run is stopped while the reader waits for more of the file.
	file := File{Name: "x.ndjson", open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("{\"resourceType\":\"Patient\"}\n"), readerFunc(func(p []byte) (int, error) {
			cancel()
			return copy(p, "\n"), nil
		}))), nil
	}}
	var rejected []Rejection
	_, err := Run(ctx, []File{file}, Options{Sink: newKeeper(), Reject: func(r Rejection) { rejected = append(rejected, r) }})
	if !errors.Is(err, context.Canceled) || len(rejected) > 0 {
		t.Errorf("rejected %v, error %v; want none, and the context's error", rejected, err)
	}
}

// readerFunc is a reader made of a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestRunStreamsAFileOfAnySize(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	const size = 256 << 20
	line := []byte(`{"resourceType":"Patient","name":[{"family":"` + strings.Repeat("x", 4000) + `"}]}` + "\n")
	left := size / len(line)
	var rest []byte
	file := File{Name: "x.ndjson", open: func() (io.ReadCloser, error) {
		return io.NopCloser(readerFunc(func(p []byte) (int, error) {
			if len(rest) == 0 {
				if left--; left < 0 {
					return 0, io.EOF
				}
				rest = line
			}
			n := copy(p, rest)
			rest = rest[n:]
			return n, nil
		})), nil
	}}
	var most uint64
	stored := 0
	var mu sync.Mutex
	sink := sinkFunc(func(context.Context, Unit) (Answer, error) {
		mu.Lock()
		defer mu.Unlock()
		if stored++; stored%5000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
		return Answer{Status: 201}, nil
	})
	if _, err := Run(t.Context(), []File{file}, Options{Sink: sink}); err != nil {
		t.Fatal(err)
	}
	if most > 64<<20 || stored != size/len(line) {
		t.Errorf("%d MiB of memory for a file of %d MiB, %d lines sent", most>>20, size>>20, stored)
	}
}

func TestRunRemembersNoBatchThatWasStoredInPart(t *testing.T) {
	batch := `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},{"request":{"method":"PUT","url":"Patient/x"}}]}`
	ledger := openLedger(t, LedgerOptions{})
	half := sinkFunc(func(context.Context, Unit) (Answer, error) {
		return Answer{Status: 200, Body: []byte(`{"entry":[{"response":{"status":"201"}},{"response":{"status":"400"}}]}`)}, nil
	})
	for range 2 {
		report, rejected, err := runLoad(t, Options{Sink: half, Ledger: ledger}, memFile("x.json", batch))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(Report{Stored: map[string]int{"Patient": 1}, Rejected: 1}, report); d != "" {
			t.Errorf("report (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"x.json: entry 2 (PUT Patient/x): status 400 Bad Request"}, rejected); d != "" {
			t.Errorf("rejections (-want +got):\n%s", d)
		}
	}
}

func TestRunTellsItsProgressOnce(t *testing.T) {
	files := []File{memFile("a.json", patient1("Patient/9")), memFile("b.ndjson", "{\"resourceType\":\"Patient\"}\n")}
	read := 0
	if _, _, err := runLoad(t, Options{Sink: newKeeper(), Progress: func(n int) { read += n }}, files...); err != nil {
		t.Fatal(err)
	}
	if want := int(files[0].Size + files[1].Size); read != want {
		t.Errorf("%d bytes of progress, want %d though the first file was read again", read, want)
	}
}
