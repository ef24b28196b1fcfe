package mongodb

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"firewolf/fhir"
	"firewolf/store"
)

// simChecker holds a database to what must be true: of it after every step, of each answer, and of all at the end.
type simChecker struct {
	db   *simDatabase
	pack *packer

	log      []simCommit
	versions map[fhir.Key][]*simVersion
	byLabel  map[fhir.Method][]*simVersion
	holders  map[string][]fhir.Key // the resources that ever had a key
	nonces   map[nonce]bool

	mu      sync.Mutex
	answers []*simAnswer
	checked int // of them
	reads   []*simRead
	ones    []*simCurrent
	single  int // of ones, those that were checked
	whole   int // reads that were checked
	expired int
}

// simCommit is a commit as it was when it was first seen.
type simCommit struct {
	commit
	versions []*simVersion
	outcomes []insert
}

type simVersion struct {
	stored
	slot slot
	raw  bson.Raw
	next *simVersion
}

func newSimChecker(db *simDatabase) *simChecker {
	p, err := newPacker()
	if err != nil {
		panic(err)
	}
	return &simChecker{
		db: db, pack: p, versions: map[fhir.Key][]*simVersion{}, byLabel: map[fhir.Method][]*simVersion{}, holders: map[string][]fhir.Key{}, nonces: map[nonce]bool{},
	}
}

func (c *simChecker) answered(a *simAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = append(c.answers, a)
}

func (c *simChecker) read(r *simRead, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if fhir.HasCode(err, fhir.Expired) {
			c.expired++
		}
		return
	}
	c.reads = append(c.reads, r)
}

func (c *simChecker) readOne(r *simCurrent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ones = append(c.ones, r)
}

// reading checks that a reader got what was there at its moment.
func (c *simChecker) reading(r *simRead) string {
	want := map[fhir.Key]int64{}
	keys := r.only
	if keys == nil {
		keys = slices.Collect(maps.Keys(c.versions))
	}
	for _, k := range keys {
		if v := c.current(k, r.t); v != nil && !v.Deleted {
			want[k] = v.VID
		}
	}
	if !maps.Equal(want, r.found) {
		return fmt.Sprintf("a reader at slot %d got %v, the log says %v", r.t>>placeBits, r.found, want)
	}
	return ""
}

// step checks what every state must be.
func (c *simChecker) step() string {
	db := c.db
	for n := slot(len(c.log)) + 1; db.commits[n].slot != 0; n++ {
		if why := c.add(db.commits[n]); why != "" {
			return fmt.Sprintf("slot %d: %s", n, why)
		}
	}
	if len(db.commits) != len(c.log) {
		return "the log has a gap"
	}
	for n, was := range c.log {
		if db.commits[slot(n+1)].nonce != was.nonce {
			return fmt.Sprintf("slot %d changed", n+1)
		}
	}
	if why := c.documents(); why != "" {
		return why
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; c.whole < len(c.reads); c.whole++ {
		if why := c.reading(c.reads[c.whole]); why != "" {
			return why
		}
	}
	for ; c.single < len(c.ones); c.single++ {
		if why := c.outdated(c.ones[c.single]); why != "" {
			return why
		}
	}
	for ; c.checked < len(c.answers); c.checked++ {
		if why := c.answer(c.answers[c.checked]); why != "" {
			a := c.answers[c.checked]
			return fmt.Sprintf("%s, answered %v (%.80q) between slots %d and %d: %s", a.label, a.said, fmt.Sprint(a.err), a.began, a.ended, why)
		}
	}
	return ""
}

// add reads a new commit, and checks that it is true of the state before it.
func (c *simChecker) add(made commit) string {
	payload := made.payload
	for k := range made.parts {
		payload = append(payload, c.db.chunks[chunkDoc(made.nonce, k)].data...)
	}
	ch, err := c.pack.decodeChanges(payload)
	if err != nil {
		return err.Error()
	}
	x := simCommit{commit: made}
	last := time.Time{}
	t := fhir.Moment(0)
	if n := len(c.log); n > 0 {
		last, t = c.log[n-1].at, c.log[n-1].t
	}
	for _, i := range ch.inserts {
		if i.collection == replayCollection {
			x.outcomes = append(x.outcomes, i)
			continue
		}
		s, err := decodeStored(i.collection, i.doc)
		if err != nil {
			return err.Error()
		}
		v := &simVersion{stored: s, slot: made.slot, raw: cloneRaw(i.doc)}
		if why := c.version(v); why != "" {
			return why
		}
		t = max(t, v.T)
		x.versions = append(x.versions, v)
	}
	c.log = append(c.log, x)
	switch {
	case c.nonces[made.nonce]:
		return "its nonce was seen before"
	case made.at.Before(last):
		return "its time is before that of the commit before"
	case made.t != t:
		return fmt.Sprintf("its moment is %d, its versions make it %d", made.t, t)
	}
	c.nonces[made.nonce] = true
	return c.serial(x, len(ch.closings))
}

// version adds a version behind those of its resource.
func (c *simChecker) version(v *simVersion) string {
	of := c.versions[v.Key]
	if v.VID != int64(len(of))+1 {
		return fmt.Sprintf("%s follows version %d", v.Location(), len(of))
	}
	if len(of) > 0 {
		if v.T <= of[len(of)-1].T {
			return fmt.Sprintf("%s does not come after the version before it", v.Location())
		}
		of[len(of)-1].next = v
	}
	c.versions[v.Key] = append(of, v)
	c.byLabel[v.Method] = append(c.byLabel[v.Method], v)
	for _, key := range keysOf(v.raw) {
		if !slices.Contains(c.holders[key], v.Key) {
			c.holders[key] = append(c.holders[key], v.Key)
		}
	}
	return ""
}

// serial checks a commit against what its transactions asked for.
func (c *simChecker) serial(x simCommit, closings int) string {
	replaced := 0
	for _, v := range x.versions {
		if v.VID > 1 && c.versions[v.Key][v.VID-2].slot != x.slot {
			replaced++
		}
		if v.Deleted {
			if by := c.holding(refAny(v.Key), x.t); len(by) > 0 && !c.there(v.Key, x.t) {
				return fmt.Sprintf("%s is deleted, and %s refers to it", v.Key, by[0])
			}
			continue
		}
		for _, key := range keysOf(v.raw) {
			if n := c.holding(key, x.t); strings.HasPrefix(key, simCriteria) && len(n) > 1 {
				return fmt.Sprintf("%v match %s", n, key)
			}
			if to, ok := strings.CutPrefix(key, "~Patient/"); ok && !c.there(fhir.Key{Type: "Patient", ID: to}, x.t) && c.current(v.Key, x.t) == v {
				return fmt.Sprintf("%s refers to %s, which is not there", v.Key, to)
			}
		}
	}
	if replaced != closings {
		return fmt.Sprintf("it closes %d versions, and replaces %d", closings, replaced)
	}
	return ""
}

// keysOf are the index entries of a version.
func keysOf(raw bson.Raw) []string {
	list, ok := bsoncore.Document(raw).Lookup(fieldKeys).ArrayOK()
	if !ok {
		return nil
	}
	values, _ := list.Values()
	var keys []string
	for _, v := range values {
		keys = append(keys, v.StringValue())
	}
	return keys
}

// holding returns the resources that have a key at a moment.
func (c *simChecker) holding(key string, t fhir.Moment) []fhir.Key {
	var all []fhir.Key
	for _, k := range c.holders[key] {
		if v := c.current(k, t); v != nil && !v.Deleted && hasKey(v.raw, key) {
			all = append(all, k)
		}
	}
	return all
}

// current is the version of a resource that is current at a moment; nil for none.
func (c *simChecker) current(k fhir.Key, t fhir.Moment) *simVersion {
	of := c.versions[k]
	n := sort.Search(len(of), func(n int) bool { return of[n].T > t })
	if n == 0 {
		return nil
	}
	return of[n-1]
}

func (c *simChecker) there(k fhir.Key, t fhir.Moment) bool {
	v := c.current(k, t)
	return v != nil && !v.Deleted
}

// documents checks that what is there is of the log, and that what is published is there and closed when it must be.
func (c *simChecker) documents() string {
	db := c.db
	if db.head.applied > 0 && db.head.t != c.log[db.head.applied-1].t {
		return fmt.Sprintf("head has moment %d at slot %d", db.head.t, db.head.applied)
	}
	n := 0
	for _, of := range c.versions {
		for _, v := range of {
			doc := db.docs[v.Type][versionDoc(v.ID, v.VID)]
			if doc != nil {
				n++
			}
			if why := c.document(v, doc, db.head.applied); why != "" {
				return fmt.Sprintf("%s, head at %d: %s", v.Location(), db.head.applied, why)
			}
		}
	}
	for _, typ := range simTypes {
		n -= len(db.docs[typ])
	}
	if n != 0 {
		return fmt.Sprintf("%d documents are of no commit", -n)
	}
	for _, x := range c.log[:db.head.applied] {
		for _, o := range x.outcomes {
			if db.docs[replayCollection][nameOf(o.doc).doc] == nil {
				return fmt.Sprintf("an idempotency key of slot %d: published, and not there", x.slot)
			}
		}
	}
	return ""
}

func (c *simChecker) document(v *simVersion, doc *simDoc, applied slot) string {
	published := v.slot <= applied
	switch {
	case doc == nil && published:
		return "published, and not there"
	case doc == nil:
		return ""
	case unclosed(doc.raw) != unclosed(v.raw):
		return "not as the log has it"
	case doc.x != 0 && (v.next == nil || v.next.T != doc.x):
		return fmt.Sprintf("closed at %d", doc.x)
	case doc.x == 0 && v.next != nil && v.next.slot <= applied:
		return fmt.Sprintf("open, although slot %d is published", v.next.slot)
	}
	return ""
}

// answer checks what a client heard against the log.
func (c *simChecker) answer(a *simAnswer) string {
	mine := c.byLabel[a.label]
	switch a.said {
	case saidDone:
		return c.done(a, mine)
	case saidReplayed:
		if s := slot(a.v.replay.t >> placeBits); s > a.ended {
			return "the first answer is not published"
		}
	case saidRefused:
		if c.allowed(a) {
			return "every state that it may be about allows it"
		}
	default:
	}
	if a.said != saidUnknown && len(mine) > 0 {
		return fmt.Sprintf("it is in slot %d", mine[0].slot)
	}
	return ""
}

func (c *simChecker) done(a *simAnswer, mine []*simVersion) string {
	want := 0
	for k, o := range a.v.ops {
		if o.effect == store.Absent {
			continue
		}
		want++
		v := c.current(o.version.Key, o.version.T)
		if v == nil || v.Method != a.label || v.T != o.version.T || v.VID != o.version.VID || v.slot > a.ended {
			return fmt.Sprintf("%s is not in the log as it was answered", o.version.Location())
		}
		if match := a.tx.Ops[k].If.Version; match > 0 && v.VID != match+1 {
			return fmt.Sprintf("%s was to follow version %d", o.version.Location(), match)
		}
	}
	if len(mine) != want {
		return fmt.Sprintf("it has %d versions in the log, and was answered %d", len(mine), want)
	}
	return ""
}

// allowed says whether no state that a reader could see from the question to the answer refuses the transaction: those of the
// transactions of a group, one after another, are among them.
func (c *simChecker) allowed(a *simAnswer) bool {
	t := fhir.Moment(0)
	if a.began > 0 {
		t = c.log[a.began-1].t
	}
	if !c.allows(a, t) {
		return false
	}
	for n := a.began + 1; n <= a.ended; n++ {
		of := c.log[n-1].versions
		for k, v := range of {
			if last := k+1 == len(of) || of[k+1].Method != v.Method; last && !c.allows(a, v.T) {
				return false
			}
		}
	}
	return true
}

func (c *simChecker) allows(a *simAnswer, t fhir.Moment) bool {
	if a.criteria != "" && len(c.holding(a.criteria, t)) > 0 {
		return false
	}
	for _, op := range a.tx.Ops {
		if op.NoReferrers && len(c.holding(refAny(op.Key), t)) > 0 {
			return false
		}
	}
	for _, op := range a.tx.Ops {
		if v := c.current(op.Key, t); op.If.Version > 0 && (v == nil || v.Deleted || v.VID != op.If.Version) {
			return false
		}
	}
	for _, need := range a.tx.Require {
		if !c.there(need.Key, t) {
			return false
		}
	}
	return true
}

// end checks what must be true of the whole.
func (c *simChecker) end() string {
	for _, a := range c.answers {
		if why := c.answer(a); why != "" {
			return fmt.Sprintf("at the end, %s answered %v (%.80q): %s", a.label, a.said, fmt.Sprint(a.err), why)
		}
		mine := c.byLabel[a.label]
		for _, v := range mine {
			if v.slot != mine[0].slot {
				return fmt.Sprintf("%s is in slots %d and %d", a.label, mine[0].slot, v.slot)
			}
		}
		if len(mine) > 0 && len(mine) != len(a.tx.Ops) {
			return fmt.Sprintf("%s is in the log in part", a.label)
		}
	}
	return c.idempotent()
}

// idempotent: the transactions of one key were done once.
func (c *simChecker) idempotent() string {
	by := map[string]fhir.Method{}
	for _, a := range c.answers {
		if a.tx.Idempotency == nil || len(c.byLabel[a.label]) == 0 {
			continue
		}
		if other := by[a.tx.Idempotency.Key]; other != "" {
			return fmt.Sprintf("%s and %s have one idempotency key, and both were done", other, a.label)
		}
		by[a.tx.Idempotency.Key] = a.label
	}
	return ""
}

// summary counts answers, so that a simulation in which nothing happens is noticed.
func (c *simChecker) summary() map[simSaid]int {
	n := map[simSaid]int{}
	for _, a := range c.answers {
		n[a.said]++
	}
	n[saidRead], n[saidExpired] = len(c.reads), c.expired
	return n
}

func (s simSaid) String() string {
	return strings.Fields("? done replayed refused failed unknown read expired")[s]
}
