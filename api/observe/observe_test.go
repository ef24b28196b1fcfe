package observe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/fhir"
)

var noon = time.Date(2025, 6, 1, 14, 0, 0, 0, time.FixedZone("CEST", 7200))

func TestAuditLineTellsWhoDidWhatToWhom(t *testing.T) {
	tests := []struct {
		name   string
		record Record
		want   string
	}{
		{
			"a read",
			Record{
				Time: noon, ID: "r1", Caller: fhir.Caller{Name: "ward-7", Role: fhir.RoleReader}, Remote: "192.0.2.1", Method: "GET",
				Interaction: "read", Type: "Patient", Resource: "Patient/1", Patient: "Patient/1", Status: 200, Duration: 1500 * time.Microsecond,
			},
			`{"time":"2025-06-01T12:00:00Z","level":"INFO","msg":"request","request":"r1","caller":"ward-7","role":"reader","remote":"192.0.2.1",` +
				`"method":"GET","interaction":"read","type":"Patient","resource":"Patient/1","patient":"Patient/1","status":200,"outcome":"ok","duration_us":1500}`,
		},
		{
			"a refused search, with the names of its parameters",
			Record{
				Time: noon, ID: "r2", Method: "GET", Interaction: "search-type", Type: "Patient", Parameters: []string{"family", "_count"}, Status: 400, Outcome: "not-supported",
			},
			`{"time":"2025-06-01T12:00:00Z","level":"INFO","msg":"request","request":"r2","caller":"","role":"","remote":"",` +
				`"method":"GET","interaction":"search-type","type":"Patient","resource":"","patient":"","parameters":"family _count","status":400,"outcome":"not-supported","duration_us":0}`,
		},
		{
			"a batch, of which the names were cut",
			Record{
				Time: noon, ID: "r3", Method: "POST", Interaction: "batch", Status: 200, Patients: []string{"Patient/1", "Patient/2"}, PatientsTotal: 3,
				Entries: []Entry{{"delete", "Patient", "Patient/1", 403}, {"update", "Patient", "Patient/2", 0}, {Status: 400}}, EntriesTotal: 400,
			},
			`{"time":"2025-06-01T12:00:00Z","level":"INFO","msg":"request","request":"r3","caller":"","role":"","remote":"",` +
				`"method":"POST","interaction":"batch","type":"","resource":"","patient":"","patients":["Patient/1","Patient/2"],"patients_total":3,` +
				`"entries":[{"interaction":"delete","type":"Patient","resource":"Patient/1","status":403},{"interaction":"update","type":"Patient","resource":"Patient/2"},{"status":400}],"entries_total":400,` +
				`"status":200,"outcome":"ok","duration_us":0}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := NewAudit(&b).Write(&tt.record); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want+"\n", b.String()); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAuditSaysWhenItCannotWrite(t *testing.T) {
	if err := NewAudit(fullDisk{}).Write(&Record{}); err == nil || err.Error() != "no space left" {
		t.Errorf("got %v", err)
	}
}

func TestParameterNamesThatMayBeValuesAreNotTold(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a parameter", "birthdate", "birthdate"},
		{"a chain with modifiers", "subject:Patient.identifier", "subject:Patient.identifier"},
		{"a reverse chain", "_has:Observation:patient:code-value-quantity", "_has:Observation:patient:code-value-quantity"},
		{"a name of a person", "Anna Müller", "?"},
		{"a date", "1970-01-01", "?"},
		{"a token", "http://example.org|1", "?"},
		{"nothing", "", "?"},
		{"a text without end", strings.Repeat("a", 101), "?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ParameterName(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRecordKeepsThirtyParameterNames(t *testing.T) {
	var r Record
	for range 40 {
		r.AddParameter("code")
	}
	if len(r.Parameters) != 30 {
		t.Errorf("%d names", len(r.Parameters))
	}
}

// scrape returns the lines of the metrics that begin with a prefix.
func scrape(t *testing.T, m *Metrics, prefix string) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func TestMetricsCountRequestsByInteractionTypeAndClassOfStatus(t *testing.T) {
	m := NewMetrics(func(context.Context) (fhir.Moment, error) { return 42, nil })
	m.Begin()
	m.Begin()
	m.End()
	m.Count(&Record{Interaction: "read", Type: "Patient", Status: 200, In: 0, Out: 100})
	m.Count(&Record{Interaction: "read", Type: "Patient", Status: 206, In: 7, Out: 100})
	m.Count(&Record{Interaction: "read", Type: "Patient", Status: 404, Out: 50})
	m.Count(&Record{Status: 401})
	m.Panicked()
	m.Unlogged()
	want := []string{
		`firewolf_audit_errors_total 1`,
		`firewolf_panics_total 1`,
		`firewolf_request_bytes_total 7`,
		`firewolf_request_duration_seconds_count{interaction="none"} 1`,
		`firewolf_request_duration_seconds_count{interaction="read"} 3`,
		`firewolf_requests_in_flight 1`,
		`firewolf_requests_total{interaction="none",status="4xx",type=""} 1`,
		`firewolf_requests_total{interaction="read",status="2xx",type="Patient"} 2`,
		`firewolf_requests_total{interaction="read",status="4xx",type="Patient"} 1`,
		`firewolf_response_bytes_total 250`,
		`firewolf_store_moment 42`,
	}
	var got []string
	for _, line := range scrape(t, m, "firewolf_") {
		if !strings.Contains(line, "_bucket") && !strings.Contains(line, "_sum") {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if len(scrape(t, m, "go_goroutines")) != 1 || len(scrape(t, m, "process_resident_memory_bytes")) != 1 {
		t.Error("the collectors of Go and of the process are missing")
	}
}

func TestMetricsOfAStoreThatCannotBeReadSayMinusOne(t *testing.T) {
	m := NewMetrics(func(context.Context) (fhir.Moment, error) { return 0, errors.New("gone") })
	if diff := cmp.Diff([]string{"firewolf_store_moment -1"}, scrape(t, m, "firewolf_store_moment")); diff != "" {
		t.Error(diff)
	}
}

func TestMadeUpTypesDoNotBecomeSeriesWithoutEnd(t *testing.T) {
	m := NewMetrics(nil)
	for i := range 1000 {
		m.Count(&Record{Interaction: "read", Type: strings.Repeat("A", i+1), Status: 404})
	}
	lines := scrape(t, m, "firewolf_requests_total")
	if len(lines) != 201 {
		t.Errorf("%d series, want 200 and one for the rest", len(lines))
	}
	if want := `firewolf_requests_total{interaction="read",status="4xx",type="other"} 800`; lines[len(lines)-1] != want {
		t.Errorf("the rest is %s, want %s", lines[len(lines)-1], want)
	}
}

func BenchmarkAuditLine(b *testing.B) {
	a := NewAudit(io.Discard)
	r := Record{
		Time: noon, ID: "r1", Caller: fhir.Caller{Name: "ward-7", Role: fhir.RoleReader}, Remote: "192.0.2.1", Method: http.MethodGet,
		Interaction: "read", Type: "Patient", Resource: "Patient/1", Patient: "Patient/1", Status: 200, Duration: 1500 * time.Microsecond,
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := a.Write(&r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	m := NewMetrics(nil)
	r := Record{Interaction: "read", Type: "Patient", Status: 200, Duration: time.Millisecond, In: 1, Out: 1}
	b.ReportAllocs()
	for b.Loop() {
		m.Count(&r)
	}
}
