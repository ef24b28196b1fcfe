package mapping

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
	"firewolf/fhir/tree"
)

func TestAlikeSeesWhatAStoreDoesToADraftAndNothingElse(t *testing.T) {
	bodies := []string{
		`{"resourceType":"Patient","id":"a"}`,
		`{"resourceType":"Patient","id":"a","gender":"male"}`,
		`{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"x"}]}}`,
		`{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"x"}]},"gender":"male"}`,
		`{"resourceType":"Patient","id":"b","gender":"male"}`,
		`{"resourceType":"Patient","id":"a","gender":"female"}`,
		`{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"y"}]}}`,
		`{"resourceType":"Patient","id":"a","text":{"div":"\"meta\":{\"versionId\":\"1"}}`,
	}
	for k, stored := range bodies {
		doc, err := tree.Parse([]byte(stored), tree.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		kept := doc.Stamp().With(12, time.Unix(0, 0))
		for n, body := range bodies {
			same, err := equal(kept, []byte(body))
			if err != nil || same != (k == n) {
				t.Errorf("%s as %s: %v, %v", body, kept, same, err)
			}
			if quick := alike(kept, []byte(body)); quick != (k == n) {
				t.Errorf("at a glance %s as %s: %v", body, kept, quick)
			}
		}
	}
	// Another server writes another way: it takes a second look.
	other := []byte(`{"id":"a","resourceType":"Patient","meta":{"lastUpdated":"2020-01-01T00:00:00Z","versionId":"3"}}`)
	if alike(other, []byte(bodies[0])) {
		t.Error("another order is not alike")
	}
	for _, broken := range []string{"", `{`, `{"meta":{"versionId":"1`, `{"x":1,"meta":{"versionId":"1","lastUpdated":"`, `{"x":1,"meta":{"versionId":"1","lastUpdated":"2020"`} {
		if alike([]byte(broken), []byte(bodies[0])) {
			t.Errorf("%q is like a draft", broken)
		}
	}
}

// memory is a Target that keeps resources, and refuses transactions that hold a word.
type memory struct {
	mu      sync.Mutex
	kept    map[fhir.Key]string
	bundles []string
	refuse  string
	lost    error
}

func (m *memory) Stored(_ context.Context, keys []fhir.Key) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([][]byte, len(keys))
	for k, key := range keys {
		if text, ok := m.kept[key]; ok {
			out[k] = []byte(text)
		}
	}
	return out, m.lost
}

func (m *memory) Commit(_ context.Context, bundle []byte) (fhir.Issues, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != "" && strings.Contains(string(bundle), m.refuse) {
		return fhir.Issues{fhir.NewIssue(fhir.BusinessRule, "no", "Bundle.entry[1].resource.status")}, nil
	}
	doc, err := tree.Parse(bundle, tree.Limits{})
	if err != nil {
		return nil, err
	}
	var urls []string
	entries := doc.Root().Member("entry")
	for k := range entries.Len() {
		e := entries.Item(k)
		key, _ := fhir.ParseKey(e.Member("request").Member("url").Text())
		m.kept[key] = string(e.Member("resource").Raw())
		urls = append(urls, key.String())
	}
	m.bundles = append(m.bundles, strings.Join(urls, " "))
	return nil, nil
}

// rows are two rows of one file.
func rows() []*Row {
	i := NewInstrument("things", Column{Name: "registry_id"})
	sheet := &Sheet{Name: "things.csv", Columns: []string{"id"}}
	return []*Row{{Instrument: i, Sheet: sheet, Line: 2, Cells: []string{"A"}}, {Instrument: i, Sheet: sheet, Line: 3, Cells: []string{"A"}}}
}

// draft makes a draft of a Basic with a text.
func draft(id, text string, part int, rows ...*Row) Draft {
	return Draft{Key: fhir.Key{Type: "Basic", ID: id}, Body: []byte(`{"resourceType":"Basic","id":"` + id + `","language":"` + text + `"}`), Part: part, Rows: rows}
}

// twoParts is a case of a shared draft, two rows in two parts, and a trace of each.
func twoParts(text string) *Case {
	r := rows()
	shared := draft("center", "x", 0)
	shared.Shared = true
	traces := []Draft{draft("trace1", "t", 0, r[0]), draft("trace2", "t"+text, 1, r[1])}
	for k := range traces {
		traces[k].Trace = true
	}
	traces[1].Key.ID = "trace2" + text
	return &Case{Record: "A", Rows: r, Drafts: []Draft{draft("two", text, 1, r[1]), shared, draft("one", "x", 0, r[0]), traces[1], traces[0]}}
}

func fates(c *Case) map[string]string {
	m := map[string]string{}
	for _, d := range c.Drafts {
		m[d.Key.ID] = d.Fate.String()
	}
	return m
}

func TestAWriterWritesWhatIsMissingOrDifferentPartByPart(t *testing.T) {
	m := &memory{kept: map[fhir.Key]string{}}
	w := &Writer{Target: m}
	steps := []struct {
		name    string
		text    string
		fates   map[string]string
		bundles []string
	}{
		{
			"all is new", "x",
			map[string]string{"center": "created", "one": "created", "two": "created", "trace1": "created", "trace2x": "created"},
			[]string{"Basic/center", "Basic/one Basic/trace1", "Basic/two Basic/trace2x"},
		},
		{"the same again", "x", map[string]string{"center": "pending", "one": "left", "two": "left", "trace1": "pending", "trace2x": "pending"}, nil},
		{"a correction", "y", map[string]string{"center": "pending", "one": "left", "two": "changed", "trace1": "pending", "trace2y": "created"}, []string{"Basic/two Basic/trace2y"}},
	}
	for _, s := range steps {
		m.bundles = nil
		c := twoParts(s.text)
		if err := w.Put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.fates, fates(c)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", s.name, diff)
		}
		if diff := cmp.Diff(s.bundles, m.bundles); diff != "" {
			t.Errorf("%s (-want +got)\n%s", s.name, diff)
		}
	}
}

func TestATraceOfNoChangeIsNotWritten(t *testing.T) {
	m := &memory{kept: map[fhir.Key]string{}}
	w := &Writer{Target: m}
	if err := w.Put(t.Context(), twoParts("x")); err != nil {
		t.Fatal(err)
	}
	// The row is written another way and says the same: its trace has another id.
	c := twoParts("x")
	c.Drafts[3].Key.ID = "trace2z"
	if err := w.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := fates(c)["trace2z"]; got != "pending" || m.kept[fhir.Key{Type: "Basic", ID: "trace2z"}] != "" {
		t.Errorf("the trace is %s", got)
	}
}

// To make what is never written was an eighth of the time of a delivery that comes again.
func TestATraceIsMadeOnlyWhereItIsWritten(t *testing.T) {
	made := 0
	late := func(text string, fails error) *Case {
		c := twoParts(text)
		for k := range c.Drafts {
			if d := &c.Drafts[k]; d.Trace {
				body := d.Body
				d.Body, d.Late = nil, func() ([]byte, error) { made++; return body, fails }
			}
		}
		return c
	}
	m := &memory{kept: map[fhir.Key]string{}}
	for _, tt := range []struct {
		name, text string
		dry        bool
		want       int
	}{
		{"a look at what is new", "a", true, 0},
		{"what is new", "a", false, 2},
		{"the same again", "a", false, 0},
		{"one row was corrected", "b", false, 1},
	} {
		made = 0
		if err := (&Writer{Target: m, Dry: tt.dry}).Put(t.Context(), late(tt.text, nil)); err != nil || made != tt.want {
			t.Errorf("%s: %d were made, want %d; %v", tt.name, made, tt.want, err)
		}
	}
	broken := errors.New("no resource")
	for _, s := range []Sink{&Writer{Target: m}, &NDJSON{Dir: t.TempDir()}, &Bundles{Dir: t.TempDir()}} {
		if err := s.Put(t.Context(), late("c", broken)); !errors.Is(err, broken) {
			t.Errorf("%T: %v", s, err)
		}
	}
}

func TestADryRunWritesNothingAndSaysTheSame(t *testing.T) {
	m := &memory{kept: map[fhir.Key]string{}}
	dry, real := twoParts("x"), twoParts("x")
	for _, x := range []struct {
		w *Writer
		c *Case
	}{{&Writer{Target: m, Dry: true}, dry}, {&Writer{Target: m}, real}} {
		before := maps.Clone(m.kept)
		if err := x.w.Put(t.Context(), x.c); err != nil {
			t.Fatal(err)
		}
		if x.w.Dry && !maps.Equal(before, m.kept) {
			t.Error("a dry run wrote something")
		}
	}
	if diff := cmp.Diff(fates(real), fates(dry)); diff != "" {
		t.Error(diff)
	}
}

func TestARefusedPartIsReportedOnItsRowsAndTheOtherLands(t *testing.T) {
	m := &memory{kept: map[fhir.Key]string{}, refuse: "Basic/two"}
	c := twoParts("x")
	if err := (&Writer{Target: m}).Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"center": "created", "one": "created", "trace1": "created", "two": "refused", "trace2x": "refused"}
	if diff := cmp.Diff(want, fates(c)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]Finding{{Rule: "refused", Severity: Error, File: "things.csv", Line: 3, Text: "Basic: no"}}, c.Findings); diff != "" || !c.Rows[1].Rejected {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestALostTargetEndsTheRun(t *testing.T) {
	m := &memory{kept: map[fhir.Key]string{}, lost: errors.New("away")}
	_, err := Run(t.Context(), Options{Source: list{n: 50}, Steps: []Step{double{}}, Sink: &Writer{Target: m}})
	if err == nil || !strings.Contains(err.Error(), "away") {
		t.Errorf("%v", err)
	}
}

// list is a Source of numbered cases.
type list struct {
	n    int
	fail int
}

func (l list) Cases(context.Context) iter.Seq2[*Case, error] {
	return func(yield func(*Case, error) bool) {
		for k := range l.n {
			if l.fail > 0 && k == l.fail {
				yield(nil, errors.New("the file is torn"))
				return
			}
			if !yield(&Case{Record: fmt.Sprintf("R%03d", k), Rows: rows()[:1]}, nil) {
				return
			}
		}
	}
}

// double makes a draft and a finding of each case, the earlier ones slower.
type double struct{}

func (double) Do(_ context.Context, c *Case) error {
	if strings.HasSuffix(c.Record, "0") {
		time.Sleep(time.Millisecond)
	}
	c.Drafts = []Draft{draft(c.Record, "x", 0, c.Rows...)}
	c.Report(c.Rows[0], "registry_id", Rule{ID: "seen", Severity: Warning}, c.Record)
	return nil
}

// collect is a Sink that notes the order of records.
type collect struct {
	mu      sync.Mutex
	records []string
}

func (s *collect) Put(_ context.Context, c *Case) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, c.Record)
	c.Drafts[0].Fate = Created
	return nil
}

func TestFindingsComeInTheOrderOfTheCasesAndTheSinkToo(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		var found []string
		sink := &collect{}
		report, err := Run(t.Context(), Options{
			Source: list{n: 100}, Steps: []Step{double{}}, Sink: sink, Workers: 8, InOrder: inOrder,
			Found: func(f Finding) { found = append(found, f.Text) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(found) || len(found) != 100 {
			t.Errorf("the findings are %v", found)
		}
		if inOrder && !slices.IsSorted(sink.records) {
			t.Errorf("the sink saw %v", sink.records)
		}
		want := Report{Cases: 100, Rows: 100, Warnings: 100, Rules: map[string]int{"seen": 100}, Fates: map[string]map[string]int{"created": {"Basic": 100}}}
		if diff := cmp.Diff(want, report); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestATornSourceAndACanceledRunEndWithoutWaiting(t *testing.T) {
	_, err := Run(t.Context(), Options{Source: list{n: 100, fail: 50}, Steps: []Step{double{}}, Sink: &collect{}})
	if err == nil || !strings.Contains(err.Error(), "torn") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Options{Source: list{n: 1 << 30}, Steps: []Step{double{}}, Sink: &collect{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// breaking is a Sink that loses its target at one record.
type breaking struct {
	collect
	at string
}

func (s *breaking) Put(ctx context.Context, c *Case) error {
	if c.Record == s.at {
		return errors.New("the target is lost")
	}
	return s.collect.Put(ctx, c)
}

func TestARunThatEndsEarlyCountsWhateverIsWhole(t *testing.T) {
	for _, at := range []string{"R000", "R050", "R099"} {
		for range 20 {
			sink := &breaking{at: at}
			report, err := Run(t.Context(), Options{Source: list{n: 100}, Steps: []Step{double{}}, Sink: sink, Workers: 8})
			if err == nil || report.Total(Created) != len(sink.records) || report.Cases != len(sink.records) {
				t.Fatalf("lost at %s: %v; %d are there, %d are told", at, err, len(sink.records), report.Total(Created))
			}
		}
	}
}

// halted is a Source that is told to stop after its first case, and does.
type halted struct{ stop func() }

func (h halted) Cases(context.Context) iter.Seq2[*Case, error] {
	return func(yield func(*Case, error) bool) {
		if yield(&Case{Record: "R1", Rows: rows()[:1]}, nil) {
			h.stop()
		}
	}
}

func TestARunWhoseSourceStopsSinceItWasToldToIsNoWholeRun(t *testing.T) {
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := Run(ctx, Options{Source: halted{cancel}, Steps: []Step{double{}}, Sink: &collect{}}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}

func TestQuoteShowsACellWithoutWhatCouldHarm(t *testing.T) {
	for text, want := range map[string]string{
		"a":                     `"a"`,
		"a\x1b[31m\n":           `"a\x1b[31m\n"`,
		strings.Repeat("ä", 50): `"` + strings.Repeat("ä", 20) + `"…`,
	} {
		if got := Quote(text); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestWhatAmendsIsWrittenOnlyWhereThereIsSomething(t *testing.T) {
	m := &memory{kept: map[fhir.Key]string{}}
	told := func(text string, amends bool) *Case {
		c := &Case{Record: "R", Rows: rows()[:1]}
		d := draft("a", text, 0, c.Rows...)
		d.Amends = amends
		c.Drafts = []Draft{d}
		return c
	}
	for _, x := range []struct {
		name, text string
		amends     bool
		want       Fate
	}{
		{"before it was told", "no", true, Pending},
		{"it is told", "yes", false, Created},
		{"it is taken back", "no", true, Changed},
		{"it was taken back", "no", true, Left},
		{"it is told again", "yes", false, Changed},
	} {
		c := told(x.text, x.amends)
		if err := (&Writer{Target: m}).Put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if got := c.Drafts[0].Fate; got != x.want {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}

// contested is a Target on which somebody else writes before each of the first transactions.
type contested struct {
	*memory
	left int // of such transactions
	all  []string
}

func (x *contested) Commit(ctx context.Context, bundle []byte) (fhir.Issues, error) {
	x.all = append(x.all, string(bundle))
	if x.left--; x.left < 0 {
		return x.memory.Commit(ctx, bundle)
	}
	key := fhir.Key{Type: "Basic", ID: "one"}
	x.kept[key] = fmt.Sprintf(`{"resourceType":"Basic","id":"one","meta":{"versionId":"%d"},"language":"other"}`, len(x.all)+1)
	return fhir.Issues{fhir.NewIssue(fhir.Conflict, "another version")}, nil
}

func TestAChangeIsOfTheVersionThatWasLookedAtAndLooksAgainSomeTimes(t *testing.T) {
	tests := []struct {
		left, transactions int
		fate, version      string
	}{
		{0, 1, "changed", `,"ifMatch":"W/\"1\""`},
		{2, 3, "changed", `,"ifMatch":"W/\"3\""`},
		{4, 5, "changed", `,"ifMatch":"W/\"5\""`},
		{9, 5, "refused", `,"ifMatch":"W/\"5\""`},
	}
	for _, tt := range tests {
		m := &memory{kept: map[fhir.Key]string{{Type: "Basic", ID: "one"}: `{"resourceType":"Basic","id":"one","meta":{"versionId":"1"},"language":"old"}`}}
		x := &contested{memory: m, left: tt.left}
		c := &Case{Record: "A", Rows: rows(), Drafts: []Draft{draft("one", "new", 0, rows()[0])}}
		if err := (&Writer{Target: x}).Put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		last := x.all[len(x.all)-1]
		if got := c.Drafts[0].Fate.String(); got != tt.fate || len(x.all) != tt.transactions || !strings.Contains(last, tt.version) {
			t.Errorf("after %d others: %s in %d transactions, want %s in %d\n%s", tt.left, got, len(x.all), tt.fate, tt.transactions, last)
		}
	}
}
