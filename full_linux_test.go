package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// smallDisk mounts a file system of its own, so that one can be full while this machine's is not.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "size="+strconv.Itoa(size)); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("a file system of its own cannot be mounted: %v", err)
		}
		t.Skipf("a file system of its own can be mounted only as root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmounting %s: %v", dir, err)
		}
	})
	return dir
}

// fill takes what is left of a disk, as another program would, and returns what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "other")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 1<<12))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// fullTest writes numbered Observations and knows which were acknowledged.
type fullTest struct {
	s *server

	mu      sync.Mutex
	acked   map[int]int // their version
	refused map[int]bool
}

// put sends an Observation of some size, or a transaction around it, and checks that the answer is one of the two that are right.
func (f *fullTest) put(t *testing.T, n, size int, transaction bool) (stored bool) {
	t.Helper()
	id := "o" + strconv.Itoa(n)
	body := fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","code":{"text":"full"},"identifier":[{"system":"urn:full","value":"%d"}],"note":[{"text":%q}]}`,
		id, n, strings.Repeat("x", size))
	method, url := http.MethodPut, f.s.base+"/Observation/"+id
	if transaction {
		patient := strings.Replace(id, "o", "p", 1)
		body = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","id":"` + patient + `"},"request":{"method":"PUT","url":"Patient/` + patient + `"}},` +
			`{"resource":` + body + `,"request":{"method":"PUT","url":"Observation/` + id + `"}}]}`
		method, url = http.MethodPost, f.s.base
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Errorf("writing %s: %v", id, err)
		return false
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("writing %s: %v", id, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch response.StatusCode {
	case http.StatusOK, http.StatusCreated:
		f.acked[n]++
		delete(f.refused, n)
		return true
	case http.StatusInsufficientStorage:
		checkRefusal(t, answer, "no-store", "storage-full")
		f.refused[n] = true
	default:
		t.Errorf("writing %s: %d %.300s", id, response.StatusCode, answer)
	}
	return false
}

// whole compares what the server shows with what was acknowledged, in each way of reading.
func (f *fullTest) whole(t *testing.T) {
	t.Helper()
	var page struct {
		Total int
		Entry []struct {
			Resource struct {
				ID         string
				Meta       struct{ VersionID string }
				Identifier []struct{ Value string }
			}
		}
	}
	get(t, f.s.base+"/Observation?identifier=urn:full%7C&_count=1000&_elements=identifier&_total=accurate", &page)
	got := map[string]string{}
	for _, e := range page.Entry {
		got["o"+e.Resource.Identifier[0].Value] = e.Resource.Meta.VersionID
	}
	if page.Total != len(f.acked) || len(got) != len(f.acked) {
		t.Errorf("%d found, total %d, %d were acknowledged", len(got), page.Total, len(f.acked))
	}
	for n, versions := range f.acked {
		id := "o" + strconv.Itoa(n)
		if got[id] != strconv.Itoa(versions) {
			t.Errorf("%s is there in version %q, want %d", id, got[id], versions)
		}
		delete(got, id)
	}
	for id := range got {
		t.Errorf("%s was never acknowledged and is there", id)
	}
	one := -1
	for one = range f.acked {
		break
	}
	var read struct{ Meta struct{ VersionID string } }
	get(t, f.s.base+"/Observation/o"+strconv.Itoa(one), &read)
	if read.Meta.VersionID != strconv.Itoa(f.acked[one]) {
		t.Errorf("o%d is read in version %s", one, read.Meta.VersionID)
	}
	var history struct{ Total int }
	get(t, f.s.base+"/Observation/o"+strconv.Itoa(one)+"/_history", &history)
	if history.Total != f.acked[one] {
		t.Errorf("o%d has %d versions, want %d", one, history.Total, f.acked[one])
	}
}

// untilRefused writes until the server refused so many times.
func (f *fullTest) untilRefused(t *testing.T, from, times, size int) (next int) {
	t.Helper()
	n, before := from, len(f.refused)
	for ; len(f.refused)-before < times; n++ {
		if t.Failed() || n-from > 2000 {
			t.Fatalf("%d writes of %d bytes on a full disk, and only %d were refused", n-from, size, len(f.refused)-before)
		}
		f.put(t, n, size, n%2 == 1)
	}
	return n
}

// again writes until it is possible again, for a minute.
func (f *fullTest) again(t *testing.T, n int) {
	t.Helper()
	for range 600 {
		if f.put(t, n, 10, true) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the disk has space again, and writes are refused still")
}

func TestAFullDiskRefusesWritesStaysReadableAndRecovers(t *testing.T) {
	disk := smallDisk(t, 40<<20)
	store := filepath.Join(disk, "store")
	f := &fullTest{s: startOn(t, store), acked: map[int]int{}, refused: map[int]bool{}}
	n := 0
	for ; n < 20; n++ {
		f.put(t, n, 10, n%2 == 1)
	}
	if len(f.refused) > 0 {
		t.Fatal("the disk is not full yet")
	}

	free := fill(t, disk)
	n = f.untilRefused(t, n, 20, 100<<10)
	n = f.untilRefused(t, n, 5, 10)
	f.whole(t)
	free()
	f.again(t, n)
	n++
	f.whole(t)

	// What fills it now are the writes themselves, many at a time.
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for k := range 150 {
				f.put(t, 10_000*(w+1)+k, 100<<10, k%2 == 1)
			}
		})
	}
	all.Wait()
	if len(f.refused) < 50 {
		t.Errorf("%d writes were refused: that proves little", len(f.refused))
	}
	f.whole(t)

	// A crash while it is full loses nothing, wherever the server is started again.
	f.s.kill()
	moved := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(moved, os.DirFS(store)); err != nil {
		t.Fatal(err)
	}
	f.s = startOn(t, moved)
	f.whole(t)
	f.again(t, n)
	if err := f.s.stop(syscall.SIGTERM); err != nil {
		t.Errorf("the server, told to stop, ended with %v\n%s", err, f.s.err)
	}
	f.s = startOn(t, moved)
	f.whole(t)
	for k := range f.refused {
		f.again(t, k) // what was refused can be written now
	}
	f.whole(t)
	f.stopWhole(t, moved)
}

// The index that could not be written is made up later, and a server that cannot even start there says why.
func TestAServerThatIsStoppedOnAFullDiskSaysSoAndLosesNothing(t *testing.T) {
	disk := smallDisk(t, 24<<20)
	store := filepath.Join(disk, "store")
	f := &fullTest{s: startOn(t, store), acked: map[int]int{}, refused: map[int]bool{}}
	for n := range 50 {
		f.put(t, n, 10, n%2 == 1)
	}
	free := fill(t, disk)
	n := f.untilRefused(t, 50, 5, 100<<10)
	if err := f.s.stop(syscall.SIGTERM); err != nil && !strings.Contains(f.s.err.String(), "firewolf: the disk is full: ") {
		t.Errorf("the server, told to stop, ended with %v\n%s", err, f.s.err)
	}
	f.check(t, store)
	s, err := startServer(serveOn(store))
	if err == nil {
		f.s = s
		f.whole(t)
		s.kill()
	} else if !strings.Contains(err.Error(), "full") {
		t.Errorf("started on a full disk: %v", err)
	}
	free()
	f.s = startOn(t, store)
	f.whole(t)
	f.again(t, n)
	f.stopWhole(t, store)
}

// stopWhole stops the server and looks at what it leaves behind.
func (f *fullTest) stopWhole(t *testing.T, store string) {
	t.Helper()
	if err := f.s.stop(syscall.SIGTERM); err != nil {
		t.Errorf("the server, told to stop, ended with %v\n%s", err, f.s.err)
	}
	f.check(t, store)
}

func (f *fullTest) check(t *testing.T, store string) {
	t.Helper()
	if code, out, complaint := runCommand(t, "check", "--store", "sqlite:"+store); code != 0 || !strings.Contains(out, "is whole") {
		t.Errorf("check ends with %d\n%s%s", code, out, complaint)
	}
}
