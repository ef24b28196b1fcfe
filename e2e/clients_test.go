package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firewolf/store/mongodb/mongotest"
)

// steps are what clients.mjs prints, in order: a step that is left out is seen.
var steps = []string{
	"kit: capability",
	"kit: create",
	"kit: read",
	"kit: update with If-Match",
	"kit: vread",
	"kit: transaction",
	"kit: a transaction that is refused leaves nothing",
	"kit: batch",
	"kit: search and its pages",
	"kit: search by POST, and with a parameter that does not exist",
	"kit: compartment search",
	"kit: history",
	"kit: delete",
	"smart: create",
	"smart: update with If-Match",
	"smart: read",
	"smart: references",
	"smart: all pages of a search",
	"smart: transaction",
	"smart: history",
	"smart: capability",
	"smart: delete",
}

func TestFHIRKitClientAndFHIRClientWorkWithTheServer(t *testing.T) {
	node := needs(t, "node")
	home := installClients(t, needs(t, "npm"))
	binary := build(t)
	for _, kind := range []string{"sqlite", "memory", "mongodb"} {
		t.Run(kind, func(t *testing.T) {
			base := serve(t, binary, newStore(t, kind))
			c := exec.CommandContext(t.Context(), node, "clients.mjs", base, home)
			var complaint strings.Builder
			c.Stderr = &complaint
			out, err := c.Output()
			if d := cmp.Diff(steps, strings.Split(strings.TrimSpace(string(out)), "\n")); d != "" {
				t.Errorf("steps done (-want +got):\n%s", d)
			}
			if err != nil {
				t.Errorf("%v\n%s", err, complaint.String())
			}
		})
	}
}

// newStore names an empty store.
func newStore(t *testing.T, kind string) string {
	t.Helper()
	switch kind {
	case "sqlite":
		return "sqlite:" + filepath.Join(t.TempDir(), "store")
	case "mongodb":
		uri, _ := mongotest.Database(t)
		return uri
	}
	return kind + ":"
}

// needs returns a program. Where it is absent the test is skipped, with CI=true it fails.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		absent(t, program+" is absent: "+err.Error())
	}
	return path
}

func absent(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// installClients installs the clients of package-lock.json into the cache, once, and returns the folder that holds node_modules.
func installClients(t *testing.T, npm string) string {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	cache, err := filepath.Abs(filepath.Join("..", ".cache"))
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(cache, "e2e-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(filepath.Join(home, "node_modules")); err == nil {
		return home
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(cache, "e2e-new-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(fresh, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	c.Dir = fresh
	if out, err := c.CombinedOutput(); err != nil {
		absent(t, "the clients cannot be installed: "+err.Error()+"\n"+string(out))
	}
	// Another run may have been faster.
	if err := os.Rename(fresh, home); err != nil {
		if _, err := os.Stat(filepath.Join(home, "node_modules")); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "firewolf")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// serve starts the server and returns its base URL.
func serve(t *testing.T, binary, store string) string {
	t.Helper()
	c := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--log-level", "warn")
	c.Env = append(os.Environ(), "FIREWOLF_STORE="+store)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, c) })
	base := regexp.MustCompile(`http://127\.0\.0\.1:\d+/fhir`)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url := base.FindString(lines.Text()); url != "" {
			go func() {
				for lines.Scan() {
				}
			}()
			return url
		}
	}
	t.Fatal("the server ended before it said where it listens")
	return ""
}

func stop(t *testing.T, c *exec.Cmd) {
	_ = c.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() })
	defer kill.Stop()
	if err := c.Wait(); err != nil {
		t.Errorf("the server, told to stop, ended with %v", err)
	}
}
