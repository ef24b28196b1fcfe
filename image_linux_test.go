package main

import (
	"bufio"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheImageIsBuiltOfItsContextAndRunsAsItsUser carries out the steps of the Dockerfile without Docker: what .dockerignore lets through is built by the
// command of the Dockerfile, and the binary runs alone in a folder, as the user of the image, which can write to /data only.
func TestTheImageIsBuiltOfItsContextAndRunsAsItsUser(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the whole server")
	}
	context, out := t.TempDir(), t.TempDir()
	copyContext(t, context)
	dockerfile := readText(t, "Dockerfile")
	build := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*)$`).FindStringSubmatch(dockerfile)
	if build == nil {
		t.Fatal("the Dockerfile builds nothing")
	}
	command := strings.NewReplacer("/out/", out+"/", "$COMMIT", "0123456789abcdef").Replace(build[1])
	c := exec.CommandContext(t.Context(), "sh", "-ec", command)
	c.Dir, c.Env = context, append(os.Environ(), "GOFLAGS=-buildvcs=false")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, text)
	}
	for _, from := range regexp.MustCompile(`(?m)^COPY --from=build .*?/src/(\S+) `).FindAllStringSubmatch(dockerfile, -1) {
		if _, err := os.Stat(filepath.Join(context, from[1])); err != nil {
			t.Errorf("the Dockerfile copies %s: %v", from[1], err)
		}
	}
	if os.Geteuid() != 0 {
		t.Log("only root can run it as another user")
		return
	}
	inImage(t, out, regexp.MustCompile(`(?m)^USER (\d+):\d+$`).FindStringSubmatch(dockerfile)[1])
}

// inImage runs the server, and its health check, as in a container with a read-only root.
func inImage(t *testing.T, root, user string) {
	t.Helper()
	if user != "65532" {
		t.Fatalf("the image has the user %s", user)
	}
	const uid = 65532
	for path, mode := range map[string]os.FileMode{root: 0o755, filepath.Dir(root): 0o755, filepath.Join(root, "data"): 0o700} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(root, "data"), uid, uid); err != nil {
		t.Fatal(err)
	}
	alone := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), "/firewolf", args...)
		c.Path, c.Err = "/firewolf", nil
		c.Dir, c.Env = "/", []string{"FIREWOLF_STORE=sqlite:/data"}
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		return c
	}
	s, err := startServer(alone("serve", "--addr", "127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	health := strings.TrimSuffix(s.base, "/fhir") + "/health/ready"
	if text, err := alone("health", health).CombinedOutput(); err != nil || string(text) != "healthy\n" {
		t.Errorf("the health check says %q, %v", text, err)
	}
	if text, err := alone("version").CombinedOutput(); err != nil || !strings.Contains(string(text), "0123456789ab") {
		t.Errorf("the version is %q, %v", text, err)
	}
	if err := s.stop(os.Interrupt); err != nil {
		t.Errorf("told to stop it ended with %v\n%s", err, s.err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"data", "firewolf"}, names); diff != "" {
		t.Errorf("what lies in the root: %s", diff)
	}
}

// copyContext copies what Docker would send to be built. https://docs.docker.com/build/concepts/context/#dockerignore-files
func copyContext(t *testing.T, to string) {
	t.Helper()
	var rules []string
	for s := bufio.NewScanner(strings.NewReader(readText(t, ".dockerignore"))); s.Scan(); {
		if rule := strings.TrimSpace(s.Text()); rule != "" && rule[0] != '#' {
			rules = append(rules, rule)
		}
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".cache", "bin"}, path):
			return filepath.SkipDir
		case d.IsDir() || ignored(rules, path):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at := filepath.Join(to, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		return os.WriteFile(at, text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ignored reports whether the last rule that holds for a file, or for a folder above it, leaves it out.
func ignored(rules []string, path string) bool {
	out := false
	for _, rule := range rules {
		rule, back := strings.CutPrefix(rule, "!")
		for at := path; at != "."; at = filepath.Dir(at) {
			whole, _ := filepath.Match(rule, at)
			anywhere, deep := strings.CutPrefix(rule, "**/")
			last, _ := filepath.Match(anywhere, filepath.Base(at))
			if whole || deep && last {
				out = !back
			}
		}
	}
	return out
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
