package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEveryAcknowledgedTransactionSurvivesKill9 kills a server at random while writers send it transactions. After each restart every
// transaction that was acknowledged is there whole, and no other is there in part; one that is sent again with its
// idempotency key is there once.
//
// FIREWOLF_TEST_KILLS sets the number of kills: 50, and 10 with -short or the race detector.
func TestEveryAcknowledgedTransactionSurvivesKill9(t *testing.T) {
	t.Parallel()
	kills := 50
	if testing.Short() || underRace {
		kills = 10
	}
	if n, err := strconv.Atoi(os.Getenv("FIREWOLF_TEST_KILLS")); err == nil {
		kills = n
	}
	dir := filepath.Join(t.TempDir(), "store")
	l := newKillLog(4)
	for n := range kills {
		s := startOn(t, dir)
		l.settle(t, s.base)
		l.writeUntilKilled(t, s, time.Duration(20+rand.IntN(300))*time.Millisecond, n)
		if t.Failed() {
			t.Fatalf("after %d kills", n+1)
		}
	}
	s := startOn(t, dir)
	l.settle(t, s.base)
	for _, x := range l.sent {
		l.look(t, s.base, x)
	}
	for w := range l.writers {
		l.checkGroup(t, s.base, w)
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Errorf("the last server, told to stop, ended with %v\n%s", err, s.err)
	}
	t.Logf("%d kills, %d transactions: %d acknowledged; of the others %d had landed, %d were sent again, %d were lost", kills, len(l.sent), l.acked, l.landed, l.again, l.lost)
	if l.acked < kills {
		t.Errorf("%d transactions were acknowledged in %d runs: that proves little", l.acked, kills)
	}
}

// serveOn is the command that serves a folder.
func serveOn(dir string, more ...string) *exec.Cmd {
	return exec.Command("firewolf", append([]string{"serve", "--addr", "127.0.0.1:0", "--store", "sqlite:" + dir, "--audit", "none", "--log-level", "error"}, more...)...)
}

func startOn(t *testing.T, dir string) *server {
	t.Helper()
	s, err := startServer(serveOn(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

// killLog knows which transactions were sent and what became of them.
type killLog struct {
	writers int

	mu                         sync.Mutex
	sent                       []*killTx
	acked, landed, again, lost int
}

// killTx is one transaction: it puts a Patient and an Observation, posts another Observation, and changes the Group of its writer.
type killTx struct {
	n, writer int
	fate      killFate
}

type killFate uint8

const (
	unanswered killFate = iota
	stored
	absent // looked for after a restart and not found: then it must stay away
)

func newKillLog(writers int) *killLog { return &killLog{writers: writers} }

func (l *killLog) begin(writer int) *killTx {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := &killTx{n: len(l.sent), writer: writer}
	l.sent = append(l.sent, x)
	return x
}

// writeUntilKilled lets all writers send until the server is killed: after that time, and on a slow machine not before one transaction
// was acknowledged for each run.
func (l *killLog) writeUntilKilled(t *testing.T, s *server, after time.Duration, run int) {
	t.Helper()
	var all sync.WaitGroup
	for w := range l.writers {
		all.Go(func() {
			for {
				x := l.begin(w)
				err := x.send(s.base)
				if errors.Is(err, errRefused) {
					t.Error(err)
				}
				if err != nil {
					return
				}
				l.mu.Lock()
				x.fate = stored
				l.acked++
				l.mu.Unlock()
			}
		})
	}
	time.Sleep(after)
	for end := time.Now().Add(time.Minute); l.acknowledged() <= run && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	s.kill()
	all.Wait()
	if text := s.err.String(); text != "" {
		t.Errorf("the server complained:\n%s", text)
	}
}

func (l *killLog) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked
}

var errRefused = errors.New("the transaction was refused")

func (x *killTx) send(base string) error {
	r, err := http.NewRequest(http.MethodPost, base, strings.NewReader(x.bundle()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	r.Header.Set("Idempotency-Key", "kill-"+strconv.Itoa(x.n))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %d %s", errRefused, response.StatusCode, body)
	}
	return err
}

func (x *killTx) bundle() string {
	const observation = `"resourceType":"Observation","status":"final","code":{"text":"kill"},"identifier":[{"system":"urn:kill","value":"%[1]d"}],"subject":{"reference":"Patient/t%[1]d"}`
	return fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"resource":{"resourceType":"Patient","id":"t%[1]d","identifier":[{"system":"urn:kill","value":"%[1]d"}]},"request":{"method":"PUT","url":"Patient/t%[1]d"}},
		{"resource":{"id":"t%[1]d",`+observation+`},"request":{"method":"PUT","url":"Observation/t%[1]d"}},
		{"resource":{`+observation+`},"request":{"method":"POST","url":"Observation"}},
		{"resource":{"resourceType":"Group","id":"w%[2]d","type":"person","actual":true,"quantity":%[1]d},"request":{"method":"PUT","url":"Group/w%[2]d"}}
	]}`, x.n, x.writer)
}

// settle looks at what nobody knows after a crash, and at some of the rest. Half of what did not land is sent again.
func (l *killLog) settle(t *testing.T, base string) {
	t.Helper()
	for _, x := range slices.Clone(l.sent) {
		switch {
		case x.fate == unanswered:
			l.look(t, base, x)
			if x.fate == stored {
				l.landed++
			}
			// Also what did land: the answer must be that of the first time.
			if rand.IntN(2) == 0 {
				l.sendAgain(t, base, x)
			}
		case rand.IntN(20) == 0:
			l.look(t, base, x)
		}
	}
	for w := range l.writers {
		l.checkGroup(t, base, w)
	}
}

func (l *killLog) sendAgain(t *testing.T, base string, x *killTx) {
	t.Helper()
	l.again++
	if x.fate == absent {
		l.lost--
		// It is the newest of its writer now.
		k := slices.Index(l.sent, x)
		l.sent = append(slices.Delete(l.sent, k, k+1), x)
	}
	if err := x.send(base); err != nil {
		t.Errorf("sending transaction %d again: %v", x.n, err)
	}
	x.fate = stored
	l.look(t, base, x)
}

// look compares what is there of a transaction with what is known of it.
func (l *killLog) look(t *testing.T, base string, x *killTx) {
	t.Helper()
	got := fmt.Sprintf("patients %d, observations %d", total(t, base, "Patient?identifier=urn:kill%7C"+strconv.Itoa(x.n)),
		total(t, base, fmt.Sprintf("Observation?identifier=urn:kill%%7C%d&subject=Patient/t%[1]d", x.n)))
	const whole, none = "patients 1, observations 2", "patients 0, observations 0"
	switch {
	case x.fate == unanswered && got == whole:
		x.fate = stored
	case x.fate == unanswered && got == none:
		x.fate = absent
		l.lost++
	case x.fate == unanswered:
		t.Errorf("transaction %d has no answer and is there in part: %s", x.n, got)
	case x.fate == stored && got != whole:
		t.Errorf("transaction %d was stored and is there in part: %s", x.n, got)
	case x.fate == absent && got != none:
		t.Errorf("transaction %d was not there and is now: %s", x.n, got)
	}
}

// checkGroup compares the history of a writer's Group with the transactions that are there.
func (l *killLog) checkGroup(t *testing.T, base string, w int) {
	t.Helper()
	var want []int
	for _, x := range l.sent {
		if x.writer == w && x.fate == stored {
			want = append(want, x.n)
		}
	}
	if len(want) == 0 {
		return
	}
	var history struct {
		Entry []struct{ Resource struct{ Quantity int } }
	}
	get(t, base+"/Group/w"+strconv.Itoa(w)+"/_history?_count=1000", &history)
	var got []int
	for _, e := range slices.Backward(history.Entry) {
		got = append(got, e.Resource.Quantity)
	}
	// A page holds the newest.
	want = want[max(0, len(want)-len(got)):]
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the changes of Group/w%d (-want +got):\n%s", w, d)
	}
}

func total(t *testing.T, base, query string) int {
	t.Helper()
	var bundle struct{ Total int }
	get(t, base+"/"+query+"&_summary=count", &bundle)
	return bundle.Total
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d %s %v", url, response.StatusCode, body, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
}
