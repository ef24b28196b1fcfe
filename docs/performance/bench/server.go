package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running Firewolf.
type server struct {
	cmd     *exec.Cmd
	base    string
	client  *client
	started time.Duration // until the first answer
}

// start starts a server on the store of a name.
func start(ctx context.Context, c config, name string) (*server, error) {
	cmd := exec.CommandContext(ctx, c.binary, "serve", "--addr", c.addr)
	cmd.Env = append(os.Environ(), "FIREWOLF_STORE="+c.store(name))
	if c.mongodb != "" {
		cmd.Args = append(cmd.Args, "--audit", "/dev/null") // written, as beside an embedded store
	}
	cmd.Stderr = os.Stderr
	s := &server{cmd: cmd, base: "http://" + c.addr + "/fhir", client: &client{addr: c.addr}}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(began) < 30*time.Second {
		if _, _, err := s.get(ctx, "Patient?_count=1"); err == nil {
			s.started = time.Since(began)
			return s, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil, errors.New("the server did not answer within 30 s")
}

// store is where the store of a name lies.
func (c config) store(name string) string {
	if c.mongodb == "" {
		return "sqlite:" + c.dir + "/" + name
	}
	u, err := url.Parse(c.mongodb)
	if err != nil {
		return c.mongodb
	}
	u.Path = "/" + c.database(name)
	return u.String()
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	s.client.close()
	return s.cmd.Wait()
}

// get asks for a path below the base, or for an absolute URL of this server, and reads the whole answer.
func (s *server) get(ctx context.Context, path string) (int, []byte, error) {
	target, ok := strings.CutPrefix(path, "http://"+s.client.addr)
	if !ok {
		target = "/fhir/" + path
	}
	return s.client.do(ctx, http.MethodGet, target, "")
}

func (s *server) post(ctx context.Context, path, body string) (int, []byte, error) {
	return s.client.do(ctx, http.MethodPost, "/fhir"+path, body)
}

// resident returns the memory of the server that is in RAM, in MB.
func (s *server) resident() int { return s.status("VmRSS:") }

// peak returns the most that it ever was.
func (s *server) peak() int { return s.status("VmHWM:") }

func (s *server) status(field string) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb / 1024
		}
	}
	return 0
}

// cpu returns the processor time that the server has used.
func (s *server) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name before it may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // ticks of 1/100 s
}

// ownCPU returns the processor time that this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func diskMB(path string) int64 {
	var size int64
	_ = filepath.Walk(path, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size >> 20
}

func head(ctx context.Context, c config) {
	version, _ := exec.CommandContext(ctx, c.binary, "version").CombinedOutput()
	fmt.Printf("%s\n%s, %d cores, %s clients and server on one machine\n", strings.TrimSpace(string(version)),
		cpuName(), runtime.NumCPU(), runtime.GOOS)
}

func cpuName() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, "\t :\n")
		}
	}
	return "unknown processor"
}
