package mongodb

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/search"
	"firewolf/store"
)

// A child is this test binary once more, as a server process of its own, which may be killed.

// childVariable holds the plan of a child.
const childVariable = "FIREWOLF_TEST_CHILD"

// childPlan is what a child does.
type childPlan struct {
	URI     string
	Name    string // begins the names of its transactions
	Seed    uint64
	Writers int
	Readers int
	For     time.Duration
	Each    int           // transactions of a writer at most; 0: as many as it can
	Pair    bool          // only transactions over two resources
	KillAt  string        // it kills itself at this step,
	KillNth int32         // the first or a later time that it comes there
	Chunk   int           // bytes of a commit's payload in one document
	Help    time.Duration // 0: as by default
	Forget  bool          // its retention is short
}

// childLine is a line that a child prints behind childMark: what a client of it heard, or a reader saw.
type childLine struct {
	Answer *answerLine `json:",omitempty"`
	Read   *readLine   `json:",omitempty"`
	Broken string      `json:",omitempty"`
	Ready  bool        `json:",omitempty"`
}

const childMark = "@child "

// answerLine is a simAnswer in words of JSON.
type answerLine struct {
	Label       string
	Criteria    string `json:",omitempty"`
	Idempotency string `json:",omitempty"`
	Ops         []opLine
	Require     []fhir.Key `json:",omitempty"`
	Began       slot
	Ended       slot
	Said        simSaid
	Err         string `json:",omitempty"`
	Replay      fhir.Moment
}

type opLine struct {
	Key         fhir.Key
	Match       int64        `json:",omitempty"`
	NoReferrers bool         `json:",omitempty"`
	Effect      store.Effect `json:",omitempty"`
	VID         int64        `json:",omitempty"`
	T           fhir.Moment  `json:",omitempty"`
}

type readLine struct {
	T     fhir.Moment
	Found map[string]int64 // by Type/id
}

// TestChild does nothing but in a child.
func TestChild(t *testing.T) {
	text := os.Getenv(childVariable)
	if text == "" {
		t.Skip("it is no child")
	}
	var plan childPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatal(err)
	}
	a, err := ParseAddress(plan.URI)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Engine: engine(t), Help: plan.Help}
	if plan.Forget {
		o.Retention, o.Grace, o.Tick = time.Second, 100*time.Millisecond, 100*time.Millisecond
	}
	c := &child{plan: plan, s: openAt(t, a, o)}
	if plan.Chunk > 0 {
		c.s.protocol.chunk = plan.Chunk
	}
	if plan.KillAt != "" {
		c.s.protocol.step = c.killAt
	}
	c.print(childLine{Ready: true})
	c.run()
	if err := c.s.broken(); err != nil {
		c.print(childLine{Broken: err.Error()})
	}
	_ = c.s.Close()
}

type child struct {
	plan  childPlan
	s     *Store
	mu    sync.Mutex // of the output
	steps atomic.Int32
}

// killAt ends the process as kill -9 does, when it comes to its step.
func (c *child) killAt(step string) {
	if step == c.plan.KillAt && c.steps.Add(1) == max(1, c.plan.KillNth) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func (c *child) print(l childLine) {
	text, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Println(childMark + string(text))
}

func (c *child) run() {
	var all sync.WaitGroup
	end := time.Now().Add(c.plan.For)
	for n := range c.plan.Writers {
		all.Go(func() { c.write(n, end) })
	}
	for n := range c.plan.Readers {
		all.Go(func() { c.read(n, end) })
	}
	all.Wait()
}

// write sends transactions. Those of all processes within a fifth of a second share their criteria and their idempotency key.
func (c *child) write(n int, end time.Time) {
	r := rand.New(rand.NewPCG(c.plan.Seed, uint64(n)))
	for k := 0; time.Now().Before(end) && (c.plan.Each == 0 || k < c.plan.Each); k++ {
		h, err := c.s.heads.get(context.Background())
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		c.s.progress.saw(h)
		names := simNames{
			label: fmt.Sprintf("%s-%d-%d", c.plan.Name, n, k), bucket: int(time.Now().UnixMilli() / 200), current: c.current,
		}
		t := transaction(r, names)
		if c.plan.Pair {
			t = pair(names.label)
		}
		a := &simAnswer{simTx: t, began: h.applied}
		a.v, a.said, a.err = ask(&simProcess{store: c.s}, t.tx, r)
		a.ended = c.s.progress.now().applied
		c.print(childLine{Answer: lineOf(a)})
		if a.said == saidFailed || a.said == saidUnknown {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// pair writes two resources in one transaction.
func pair(label string) *simTx {
	t := &simTx{label: fhir.Method(label)}
	t.put(fhir.Key{Type: "Patient", ID: "shared0"}, 0, search.Entries{})
	t.put(fhir.Key{Type: "Patient", ID: "shared1"}, 0, search.Entries{})
	return t
}

func (c *child) current(k fhir.Key) int64 {
	v, err := c.s.Read(context.Background(), store.Now, k)
	if err != nil {
		return 0
	}
	return v.VID
}

// read looks at the resources that all write, at the newest moment or at one before: by a search, and one by one.
func (c *child) read(n int, end time.Time) {
	r := rand.New(rand.NewPCG(c.plan.Seed, uint64(n)+1000))
	var old []fhir.Moment
	for time.Now().Before(end) {
		time.Sleep(time.Duration(r.IntN(50)) * time.Millisecond)
		t, _, err := c.s.Head(context.Background())
		if err != nil || t == 0 {
			continue
		}
		if len(old) > 0 && r.IntN(3) == 0 {
			t = old[r.IntN(len(old))]
		}
		old = append(old, t)
		for _, look := range []func(fhir.Moment) (map[string]int64, error){c.searched, c.readOneByOne} {
			if found, err := look(t); err == nil {
				c.print(childLine{Read: &readLine{T: t, Found: found}})
			}
		}
	}
}

// shared are the resources that the transactions meet on.
var shared = map[string][]string{"Patient": {"shared0", "shared1", "shared2"}, "Observation": {"of0", "of1"}}

func (c *child) searched(t fhir.Moment) (map[string]int64, error) {
	found := map[string]int64{}
	for typ, ids := range shared {
		plan := search.Plan{Type: typ, Where: search.IDIn{IDs: ids}}
		for m, err := range c.s.Search(context.Background(), plan, store.Page{T: t}) {
			if err != nil {
				return nil, err
			}
			found[m.String()] = m.VID
		}
	}
	return found, nil
}

func (c *child) readOneByOne(t fhir.Moment) (map[string]int64, error) {
	found := map[string]int64{}
	for typ, ids := range shared {
		for _, id := range ids {
			v, err := c.s.Read(context.Background(), t, fhir.Key{Type: typ, ID: id})
			switch {
			case fhir.HasCode(err, fhir.NotFound) || fhir.HasCode(err, fhir.Deleted):
			case err != nil:
				return nil, err
			default:
				found[v.String()] = v.VID
			}
		}
	}
	return found, nil
}

func lineOf(a *simAnswer) *answerLine {
	l := &answerLine{Label: string(a.label), Criteria: a.criteria, Began: a.began, Ended: a.ended, Said: a.said}
	if a.err != nil {
		l.Err = a.err.Error()
	}
	if a.v.replay != nil {
		l.Replay = a.v.replay.t
	}
	for k, op := range a.tx.Ops {
		o := opLine{Key: op.Key, Match: op.If.Version, NoReferrers: op.NoReferrers}
		if a.said == saidDone {
			v := a.v.ops[k]
			o.Effect, o.VID, o.T = v.effect, v.version.VID, v.version.T
		}
		l.Ops = append(l.Ops, o)
	}
	for _, need := range a.tx.Require {
		l.Require = append(l.Require, need.Key)
	}
	if a.tx.Idempotency != nil {
		l.Idempotency = a.tx.Idempotency.Key
	}
	return l
}

// answer is the simAnswer that a line was made of.
func (l *answerLine) answer() *simAnswer {
	a := &simAnswer{simTx: &simTx{label: fhir.Method(l.Label), criteria: l.Criteria}, began: l.Began, ended: l.Ended, said: l.Said}
	if l.Err != "" {
		a.err = fmt.Errorf("%s", l.Err)
	}
	if l.Said == saidReplayed {
		a.v.replay = &outcome{t: l.Replay}
	}
	for _, o := range l.Ops {
		a.tx.Ops = append(a.tx.Ops, store.Op{Key: o.Key, If: store.Precondition{Version: o.Match}, NoReferrers: o.NoReferrers})
		if l.Said == saidDone {
			a.v.ops = append(a.v.ops, opVerdict{effect: o.Effect, version: fhir.Version{Key: o.Key, VID: o.VID, T: o.T}})
		}
	}
	for _, k := range l.Require {
		a.tx.Require = append(a.tx.Require, store.Requirement{Key: k})
	}
	if l.Idempotency != "" {
		a.tx.Idempotency = &store.Idempotency{Key: l.Idempotency}
	}
	return a
}

// running is a child that was started.
type running struct {
	cmd   *exec.Cmd
	done  chan struct{}
	ready chan struct{}

	mu    sync.Mutex
	lines []childLine
	other []string
}

// start starts a child.
func start(t testing.TB, plan childPlan) *running {
	t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{cmd: exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v"), done: make(chan struct{}), ready: make(chan struct{})}
	r.cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stderr = r.cmd.Stdout
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.done)
		in := bufio.NewScanner(out)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			r.take(in.Text())
		}
		_ = r.cmd.Wait()
	}()
	t.Cleanup(func() { r.kill() })
	return r
}

func (r *running) take(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, line, found := strings.Cut(text, childMark)
	var l childLine
	if !found || json.Unmarshal([]byte(line), &l) != nil { // the last line of one that is killed can be cut
		r.other = append(r.other, text)
		return
	}
	if l.Ready {
		close(r.ready)
		return
	}
	r.lines = append(r.lines, l)
}

// kill is kill -9.
func (r *running) kill() {
	_ = r.cmd.Process.Signal(syscall.SIGKILL)
	<-r.done
}

// wait waits until the child has ended by itself.
func (r *running) wait(t testing.TB) {
	t.Helper()
	<-r.done
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("a child ended with %d: %s", code, strings.Join(r.other, "\n"))
	}
}

// opened waits until the child has opened its store.
func (r *running) opened(t testing.TB) {
	t.Helper()
	select {
	case <-r.ready:
	case <-r.done:
		t.Fatalf("a child does not open its store: %s", strings.Join(r.other, "\n"))
	}
}
