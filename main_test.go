package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary a firewolf of its own: what runs as `firewolf` in a script, and what is killed, is this build.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"firewolf": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"certificate": scriptCertificate,
			"env-from":    scriptEnvFrom,
			"exits":       scriptExits,
			"http":        scriptHTTP,
			"poke":        scriptPoke,
			"repeat":      scriptRepeat,
			"server":      scriptServer,
			"shut":        scriptShut,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(e *testscript.Env) error {
			// The cache that a person would have, in the folder of the script.
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Values[slotKey{}] = &slot{}
			return nil
		},
	})
}

// slot holds the server that a script runs.
type slot struct{ server *server }

type slotKey struct{}

func slotOf(ts *testscript.TestScript) *slot { return ts.Value(slotKey{}).(*slot) }

// scriptExits: exits CODE PROGRAM ARG... runs a program that must end with that exit code.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// scriptServer: server FLAG... FIREWOLF_NAME=VALUE... starts `firewolf serve` on a free port, waits until it says where it listens, and sets BASE, ROOT and
// ADDR. A script has one server at a time.
func scriptServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || slotOf(ts).server != nil {
		ts.Fatalf("a script has one server at a time")
	}
	flags := []string{"serve", "--addr", "127.0.0.1:0"}
	environment := os.Environ()
	for _, a := range args {
		if strings.HasPrefix(a, "FIREWOLF_") {
			environment = append(environment, a)
		} else {
			flags = append(flags, a)
		}
	}
	c := exec.Command("firewolf", flags...)
	c.Env = environment
	c.Dir = ts.MkAbs(".")
	s, err := startServer(c)
	if err != nil {
		ts.Fatalf("%v", err)
	}
	ts.Defer(s.kill)
	slotOf(ts).server = s
	root := strings.TrimSuffix(s.base, "/fhir")
	ts.Setenv("BASE", s.base)
	ts.Setenv("ROOT", root)
	_, addr, _ := strings.Cut(root, "://")
	ts.Setenv("ADDR", addr)
}

// scriptShut: shut sends SIGTERM to the server, which must end with exit code 0. What it printed is then in stdout and stderr.
// (A script that says stop is over there, and has passed: that word is of testscript.)
func scriptShut(ts *testscript.TestScript, neg bool, _ []string) {
	s := slotOf(ts).server
	if neg || s == nil {
		ts.Fatalf("no server runs")
	}
	slotOf(ts).server = nil
	err := s.stop(syscall.SIGTERM)
	fmt.Fprint(ts.Stdout(), s.out)
	fmt.Fprint(ts.Stderr(), s.err)
	if err != nil {
		ts.Fatalf("the server, told to stop, ended with %v\n%s", err, s.err)
	}
}

// scriptHTTP: http METHOD URL [BODY [HEADER:VALUE...]] prints the status and the body of the answer.
func scriptHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: http METHOD URL [BODY [HEADER:VALUE...]]")
	}
	var body io.Reader
	if len(args) > 2 && args[2] != "" {
		body = strings.NewReader(args[2])
	}
	r, err := http.NewRequest(args[0], args[1], body)
	ts.Check(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/fhir+json")
	}
	for _, h := range args[min(3, len(args)):] {
		name, value, _ := strings.Cut(h, ":")
		r.Header.Set(name, strings.TrimSpace(value))
	}
	response, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", response.StatusCode, text)
}

// scriptEnvFrom: env-from NAME FILE sets a variable to what a file holds.
func scriptEnvFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: env-from NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// scriptPoke: poke FILE OLD NEW replaces bytes, written as in a Go string, where they stand in a file exactly once.
func scriptPoke(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: poke FILE OLD NEW")
	}
	before, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	after, err := strconv.Unquote(`"` + args[2] + `"`)
	ts.Check(err)
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, before); n != 1 {
		ts.Fatalf("%q stands %d times in %s, want once", before, n, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, before, after, 1)), 0o600))
}

// scriptRepeat: repeat N LINE FILE writes a line N times to a file, # in it being the number of the line.
func scriptRepeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: repeat N LINE FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b strings.Builder
	for k := range n {
		b.WriteString(strings.ReplaceAll(args[1], "#", strconv.Itoa(k+1)) + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(b.String()), 0o644))
}

// scriptCertificate: certificate NAME makes NAME.pem and NAME.key, a certificate that signs itself.
func scriptCertificate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: certificate NAME")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: args[0]},
		DNSNames:     []string{"fhir.example.org"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	for name, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: signed}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		ts.Check(os.WriteFile(ts.MkAbs(args[0]+name), pem.EncodeToMemory(block), 0o600))
	}
}
