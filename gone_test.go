package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"firewolf/store/mongodb/mongotest"
)

// answersWithin is how soon a client hears that the database is gone, or hangs: the 2 s that are promised, and what a machine that does other
// things too takes to hand over the answer.
const answersWithin = 4 * time.Second

// TestADatabaseThatIsGoneIsToldAndComesBackWithoutARestart kills the database under a server that is being used, then what is behind it.
func TestADatabaseThatIsGoneIsToldAndComesBackWithoutARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a database of its own")
	}
	t.Parallel()
	db := mongotest.Start(t)
	uri, _ := db.Database()
	g := &goneTest{s: startOnMongo(t, uri), there: map[string]bool{}}
	g.put(t, "before", http.StatusCreated)
	for k, part := range [][]string{nil, {"postgres"}} {
		t.Run(strings.Join(append([]string{"killed"}, part...), " "), func(t *testing.T) {
			db.Kill(t, part...)
			g.isGone(t, k)
			db.Restart(t)
			g.isBack(t, k)
		})
	}
	if err := g.s.stop(os.Interrupt); err != nil {
		t.Errorf("the server, told to stop, ended with %v\n%s", err, g.s.err)
	}
}

// TestADatabaseThatHangsIsToldAndAnswersAgainWithoutARestart: connections stay open, and nothing is answered.
func TestADatabaseThatHangsIsToldAndAnswersAgainWithoutARestart(t *testing.T) {
	t.Parallel()
	uri, _ := mongotest.Database(t)
	gate := mongotest.NewGate(t, uri, nil)
	g := &goneTest{s: startOnMongo(t, gate.URI), there: map[string]bool{}}
	g.put(t, "before", http.StatusCreated)
	gate.Hold()
	g.isGone(t, 0)
	gate.Open()
	g.isBack(t, 0)
}

// TestNoRequestFailsForAnotherReasonWhileTheDatabaseGoes: many are under way, each at another step.
func TestNoRequestFailsForAnotherReasonWhileTheDatabaseGoes(t *testing.T) {
	t.Parallel()
	uri, _ := mongotest.Database(t)
	gate := mongotest.NewGate(t, uri, nil)
	g := &goneTest{s: startOnMongo(t, gate.URI), there: map[string]bool{}}
	g.put(t, "before", http.StatusCreated)
	var mu sync.Mutex
	codes := map[int]int{}
	ask := func(method, id string) {
		body := ""
		if method == http.MethodPut {
			body = `{"resourceType":"Patient","id":"` + id + `"}`
		}
		status, answer := g.ask(t, method, g.s.base+"/Patient/"+id, body)
		mu.Lock()
		defer mu.Unlock()
		codes[status.code]++
		if ok := status.code < 300 || status.code == http.StatusServiceUnavailable; !ok {
			t.Errorf("%s: %d\n%s", method, status.code, answer)
		}
	}
	for round := range 4 {
		var all sync.WaitGroup
		for n := range 60 {
			all.Go(func() {
				for range 3 {
					ask(http.MethodGet, "before")
				}
				ask(http.MethodPut, fmt.Sprintf("p%d-%d", round, n))
			})
		}
		time.Sleep(time.Duration(10+20*round) * time.Millisecond) // so that each round meets other steps
		gate.Shut()
		all.Wait()
		gate.Open()
		g.isBack(t, round)
	}
	if codes[http.StatusServiceUnavailable] == 0 {
		t.Errorf("nobody was asking while the database went: %v", codes)
	}
}

func startOnMongo(t *testing.T, uri string, args ...string) *server {
	t.Helper()
	c := exec.Command("firewolf", append([]string{"serve", "--addr", "127.0.0.1:0", "--audit", "none", "--log-level", "error"}, args...)...)
	c.Env = append(os.Environ(), "FIREWOLF_STORE="+uri)
	s, err := startServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

// goneTest is a server and what it was told.
type goneTest struct {
	s     *server
	there map[string]bool // whether a Patient must be there, or must not
}

// isGone asks a server without a database for all it can do.
func (g *goneTest) isGone(t *testing.T, round int) {
	t.Helper()
	for _, path := range []string{"/Patient/before", "/Patient/before/_history", "/Patient/before/_history/1", "/Patient?_id=before", "/Patient?_summary=count"} {
		g.refused(t, http.MethodGet, path, "")
	}
	for n := range 3 {
		g.put(t, fmt.Sprintf("during-%d-%d", round, n), http.StatusServiceUnavailable)
	}
	if status, _ := g.ask(t, http.MethodGet, g.root()+"/health/ready", ""); status.code != http.StatusServiceUnavailable {
		t.Errorf("/health/ready: %d, want 503", status.code)
	}
	if status, _ := g.ask(t, http.MethodGet, g.root()+"/health/live", ""); status.code != http.StatusOK {
		t.Errorf("/health/live: %d, want 200", status.code)
	}
	if status, _ := g.ask(t, http.MethodGet, g.s.base+"/metadata", ""); status.code != http.StatusOK {
		t.Errorf("what needs no database: %d, want 200", status.code)
	}
}

// isBack waits until the server is ready and looks for what it acknowledged, and for what it refused.
func (g *goneTest) isBack(t *testing.T, round int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		status, _ := g.ask(t, http.MethodGet, g.root()+"/health/ready", "")
		if status.code == http.StatusOK {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the database is back for a minute, /health/ready answers %d", status.code)
		}
	}
	g.put(t, fmt.Sprintf("after-%d", round), http.StatusCreated)
	for id, there := range g.there {
		want := http.StatusNotFound
		if there {
			want = http.StatusOK
		}
		if status, body := g.ask(t, http.MethodGet, g.s.base+"/Patient/"+id, ""); status.code != want {
			t.Errorf("Patient/%s: %d, want %d\n%s", id, status.code, want, body)
		}
	}
}

// put puts a Patient. What is refused with an unknown outcome may be there or not.
func (g *goneTest) put(t *testing.T, id string, want int) {
	t.Helper()
	body := `{"resourceType":"Patient","id":"` + id + `","birthDate":"1990-02-03"}`
	if want == http.StatusServiceUnavailable {
		if answer := g.refused(t, http.MethodPut, "/Patient/"+id, body); !strings.Contains(answer, "outcome-unknown") {
			g.there[id] = false
		}
		return
	}
	status, answer := g.ask(t, http.MethodPut, g.s.base+"/Patient/"+id, body)
	if status.code != want {
		t.Fatalf("PUT Patient/%s: %d, want %d\n%s", id, status.code, want, answer)
	}
	g.there[id] = true
}

var driverWords = regexp.MustCompile(`mongo|postgres|topology|127\.0\.0\.1:`)

// refused expects a 503 soon, which says when to come again, and nothing of what is behind the server.
func (g *goneTest) refused(t *testing.T, method, path, body string) string {
	t.Helper()
	from := time.Now()
	status, answer := g.ask(t, method, g.s.base+path, body)
	if took := time.Since(from); took > answersWithin {
		t.Errorf("%s %s took %v, want less than %v", method, path, took, answersWithin)
	}
	if _, err := strconv.Atoi(status.retryAfter); status.code != http.StatusServiceUnavailable || err != nil {
		t.Errorf("%s %s: %d and Retry-After %q, want 503 with a number of seconds\n%s", method, path, status.code, status.retryAfter, answer)
	}
	if said := driverWords.FindString(answer); said != "" {
		t.Errorf("%s %s tells a client of %q: %s", method, path, said, answer)
	}
	return answer
}

func (g *goneTest) root() string { return strings.TrimSuffix(g.s.base, "/fhir") }

type goneStatus struct {
	code       int
	retryAfter string
}

func (g *goneTest) ask(t *testing.T, method, url, body string) (goneStatus, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return goneStatus{answer.StatusCode, answer.Header.Get("Retry-After")}, string(text)
}
