package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
	client  *http.Client
	started time.Duration // until the first answer
}

func start(ctx context.Context, c config, path string) (*server, error) {
	cmd := exec.CommandContext(ctx, c.binary, "serve", "--addr", c.addr, "--store", "sqlite:"+path)
	cmd.Stderr = os.Stderr
	s := &server{cmd: cmd, base: "http://" + c.addr + "/fhir", client: newClient()}
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

func newClient() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		MaxIdleConns: 256, MaxIdleConnsPerHost: 256, DisableCompression: true,
		DialContext: (&net.Dialer{}).DialContext,
	}}
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	s.client.CloseIdleConnections()
	return s.cmd.Wait()
}

// get asks for a path below the base and reads the whole answer.
func (s *server) get(ctx context.Context, path string) (int, []byte, error) {
	url := path
	if !strings.HasPrefix(path, "http") {
		url = s.base + "/" + path
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	return s.do(req)
}

func (s *server) post(ctx context.Context, path, body string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/fhir+json")
	return s.do(req)
}

func (s *server) do(req *http.Request) (int, []byte, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
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
