package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// writeLoad writes files that create: lines without ids, and transactions. Loaded twice they would be there twice.
func writeLoad(t *testing.T, lines, transactions int) string {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	for n := range lines {
		fmt.Fprintf(&b, `{"resourceType":"Patient","identifier":[{"system":"urn:line","value":"%d"}]}`+"\n", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "lines.ndjson"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for n := range transactions {
		text := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[
			{"fullUrl":"urn:uuid:6a7f7f0e-60b5-4f0e-8d0e-%012d","resource":{"resourceType":"Group","type":"person","actual":true},"request":{"method":"POST","url":"Group"}},
			{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:6a7f7f0e-60b5-4f0e-8d0e-%012[1]d"}},"request":{"method":"POST","url":"Observation"}}]}`, n)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json", n)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runCommand runs a command line in this process.
func runCommand(t *testing.T, args ...string) (code int, out, complaint string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &console{out: &o, err: &e})
	return code, o.String(), e.String()
}

func wantTotals(t *testing.T, base string, want map[string]int) {
	t.Helper()
	for typ, n := range want {
		if got := total(t, base, typ+"?_total=accurate"); got != n {
			t.Errorf("%d resources of type %s are stored, want %d", got, typ, n)
		}
	}
}

// TestLoadStoresEverythingOnceThoughAnswersAreLost puts a proxy before the server that forwards requests and then drops every fifth
// answer, and some requests too.
func TestLoadStoresEverythingOnceThoughAnswersAreLost(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	s, err := startServer(exec.Command("firewolf", "serve", "--addr", "127.0.0.1:0", "--store", "memory:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	var dropped atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chance := rand.IntN(20)
		if r.Method == http.MethodGet {
			chance = 20
		}
		if chance > 0 {
			forward(t, w, r, strings.TrimSuffix(s.base, "/fhir"), chance > 4)
		}
		if chance <= 4 {
			dropped.Add(1)
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(proxy.Close)

	files := writeLoad(t, 300, 40)
	code, out, complaint := runCommand(t, "load", "--server", proxy.URL+"/fhir", files)
	if code != 0 || !strings.Contains(out, "stored 380 resources") {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
	wantTotals(t, s.base, map[string]int{"Patient": 300, "Group": 40, "Observation": 40})
	if dropped.Load() < 20 {
		t.Errorf("%d answers were dropped: that proves little", dropped.Load())
	}
}

// forward passes a request on and, if it is to be answered, its answer back.
func forward(t *testing.T, w http.ResponseWriter, r *http.Request, root string, answer bool) {
	t.Helper()
	out, err := http.NewRequestWithContext(t.Context(), r.Method, root+r.URL.RequestURI(), r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	out.Header = r.Header.Clone()
	response, err := http.DefaultClient.Do(out)
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
		return
	}
	if answer {
		maps.Copy(w.Header(), response.Header)
		w.WriteHeader(response.StatusCode)
		_, _ = w.Write(body)
	}
}

// TestLoadGoesOnWhileTheServerIsKilledAndStartedAgain loads into a server that dies three times under it.
func TestLoadGoesOnWhileTheServerIsKilledAndStartedAgain(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	data := filepath.Join(t.TempDir(), "store")
	startAt := func(addr string) *server {
		for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			s, err := startServer(exec.Command("firewolf", "serve", "--addr", addr, "--store", "sqlite:"+data, "--audit", "none"))
			if err == nil {
				t.Cleanup(s.kill)
				return s
			}
			// While the server is away its port is free: another program may connect from it.
			if !strings.Contains(err.Error(), "address already in use") || time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	s := startAt("127.0.0.1:0")
	base := s.base
	addr := strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/fhir")

	files := writeLoad(t, 2000, 60)
	loaded := make(chan string, 1)
	go func() {
		code, out, complaint := runCommand(t, "load", "--server", base, "--parallel", "4", files)
		loaded <- fmt.Sprintf("%d %s%s", code, out, complaint)
	}()
	for begun := time.Now(); total(t, base, "Patient?_total=accurate") == 0 && time.Since(begun) < time.Minute; {
		time.Sleep(time.Millisecond)
	}
	for range 3 {
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		s.kill()
		s = startAt(addr)
	}
	if result := <-loaded; !strings.HasPrefix(result, "0 stored 2120 resources") {
		t.Errorf("the load ended with %s", result)
	}
	wantTotals(t, base, map[string]int{"Patient": 2000, "Group": 60, "Observation": 60})
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// TestLoadThatIsKilledGoesOnWhereItWas kills the loading process itself, with a store of its own.
func TestLoadThatIsKilledGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "store")
	files := writeLoad(t, 3000, 100)
	kills := 0
	for range 8 {
		c := exec.Command("firewolf", "load", "--store", "sqlite:"+data, files)
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		end := time.AfterFunc(time.Duration(150+rand.IntN(300))*time.Millisecond, func() { _ = c.Process.Kill() })
		err := c.Wait()
		end.Stop()
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the load ended with %v\n%s", err, &out)
		}
		kills++
	}
	if code, out, complaint := runCommand(t, "load", "--store", "sqlite:"+data, files); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
	s := startOn(t, data)
	wantTotals(t, s.base, map[string]int{"Patient": 3000, "Group": 100, "Observation": 100})
	t.Logf("%d kills", kills)
}
