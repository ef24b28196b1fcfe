package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// checkRefusal checks the OperationOutcome of a write that the server could not take.
func checkRefusal(t *testing.T, body []byte, code, reason string) {
	t.Helper()
	var o struct {
		ResourceType string
		Issue        []struct {
			Code    string
			Details struct{ Coding []struct{ Code string } }
		}
	}
	if err := json.Unmarshal(body, &o); err != nil || o.ResourceType != "OperationOutcome" || len(o.Issue) != 1 ||
		o.Issue[0].Code != code || len(o.Issue[0].Details.Coding) != 1 || o.Issue[0].Details.Coding[0].Code != reason {
		t.Errorf("%s, want an OperationOutcome of %s, %s", body, code, reason)
	}
}

// queueTest sends transactions that create, so that what is stored twice is there twice.
type queueTest struct {
	s *server

	mu     sync.Mutex
	stored map[int]bool // by the number of the transaction; false: it was turned away
	away   int          // times
}

const inTransaction = 100

func (q *queueTest) post(t *testing.T, n int) (stored bool) {
	t.Helper()
	var b strings.Builder
	for k := range inTransaction {
		fmt.Fprintf(&b, `,{"resource":{"resourceType":"Observation","status":"final","code":{"text":"queue"},"identifier":[{"system":"urn:queue","value":"%d"}],"note":[{"text":"%0500d"}]},"request":{"method":"POST","url":"Observation"}}`, n, k)
	}
	body := `{"resourceType":"Bundle","type":"transaction","entry":[` + b.String()[1:] + `]}`
	response, err := http.Post(q.s.base, "application/fhir+json", strings.NewReader(body))
	if err != nil {
		t.Errorf("transaction %d: %v", n, err)
		return false
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("transaction %d: %v", n, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch response.StatusCode {
	case http.StatusOK:
		q.stored[n] = true
		return true
	case http.StatusTooManyRequests:
		q.stored[n] = false
		q.away++
		checkRefusal(t, answer, "throttled", "queue-full")
		if after, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || after < 1 || after > 60 {
			t.Errorf("429 with Retry-After %q", response.Header.Get("Retry-After"))
		}
	default:
		t.Errorf("transaction %d: %d %.300s", n, response.StatusCode, answer)
	}
	return false
}

// whole checks that each transaction that was acknowledged is there once, and no other at all.
func (q *queueTest) whole(t *testing.T) {
	t.Helper()
	want := 0
	for n, stored := range q.stored {
		of := 0
		if stored {
			of = inTransaction
		}
		want += of
		if got := total(t, q.s.base, "Observation?identifier=urn:queue%7C"+strconv.Itoa(n)); got != of {
			t.Errorf("transaction %d: %d resources are there, want %d", n, got, of)
		}
	}
	if got := total(t, q.s.base, "Observation?identifier=urn:queue%7C"); got != want {
		t.Errorf("%d resources are there, want %d", got, want)
	}
}

// More clients write than the queue takes. Whoever is turned away has written nothing, and comes again.
func TestAFullQueueTurnsWritesAwayAndLosesAndDoublesNone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := startServer(serveOn(dir, "--max-queue", "1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	q := &queueTest{s: s, stored: map[int]bool{}}
	const clients = 12
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for k := range 10 {
				n := c*1000 + k
				for try := 0; !q.post(t, n) && k%3 > 0 && try < 200; try++ {
					continue // at once, which is more than Retry-After allows: the queue shall stay full
				}
			}
		})
	}
	all.Wait()
	stored := 0
	for _, ok := range q.stored {
		if ok {
			stored++
		}
	}
	t.Logf("%d transactions of %d were stored, %d times one was turned away", stored, len(q.stored), q.away)
	if q.away < 20 || stored < 20 {
		t.Error("that proves little")
	}
	q.whole(t)
	s.kill()
	q.s = startOn(t, dir)
	q.whole(t)
	if err := q.s.stop(syscall.SIGTERM); err != nil {
		t.Errorf("the server, told to stop, ended with %v\n%s", err, q.s.err)
	}
	if code, out, complaint := runCommand(t, "check", "--store", "sqlite:"+dir); code != 0 || !strings.Contains(out, "is whole") {
		t.Errorf("check ends with %d\n%s%s", code, out, complaint)
	}
}
