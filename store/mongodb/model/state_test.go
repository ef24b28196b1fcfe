package model

// The bounds of the explored worlds.
const (
	maxProcs   = 3
	maxSlots   = 7
	maxIDs     = 3
	maxVIDs    = 4
	maxWrites  = 4
	maxOrphans = 8
	maxTxs     = 4
)

// open is the x of a version that no other replaced.
const open = 255

// write is one version that a commit inserts: the resource, the number of the version, and whether it is a tombstone.
// The version before it, if any, is the one that it closes. 0 is no write.
type write uint8

func newWrite(id, vid uint8, gone bool) write {
	w := write(0x80 | id<<4 | vid<<1)
	if gone {
		w |= 1
	}
	return w
}

func (w write) id() uint8  { return uint8(w) >> 4 & 7 }
func (w write) vid() uint8 { return uint8(w) >> 1 & 7 }
func (w write) gone() bool { return w&1 != 0 }

// commit is the document of one slot of the log. Its nonce is the set of its transactions: an attempt of a process
// is the only one of these transactions at this slot. An empty commit has none.
type commit struct {
	taken  bool
	pruned bool // its payload was dropped; writes stay here for the invariants alone
	txs    uint8
	writes [maxWrites]write
}

// doc is the document of a version. t 0: it is not there.
type doc struct {
	t, x uint8
	gone bool
	bare bool // its keys were dropped: no search finds it
}

// verdict is what the client of a transaction heard.
type verdict uint8

const (
	unheard verdict = iota
	acknowledged
	refused // by the state that it met
	failed  // it was not done, for no reason of its own
)

// op is a request to the database that changes one document.
type op struct {
	kind   opKind
	a, b   uint8
	txs    uint8
	writes [maxWrites]write
}

type opKind uint8

const (
	noOp        opKind = iota
	addCommit          // into slot a
	addDoc             // writes[0] of slot a
	closeDoc           // the version that writes[0] of slot a replaces
	moveHead           // from a-1 to a
	setHead            // to a, from wherever below: only a flawed protocol does it
	raiseFloor         // to a
	dropKeys           // of version b of resource a
	dropDoc            // version b of resource a: only a flawed protocol does it
	dropLoad           // the payload of slot a
	addPart            // the part document of the transactions txs, for slot a: inserted if b is 0, else moved from slot b
	setPart            // the part document of the transactions txs, to slot a from wherever: only a flawed protocol does it
	dropPart           // the part document of the transactions txs, if it is for slot a
	dropAnyPart        // the part document of the transactions txs: only a flawed protocol does it
)

// state is one state of the world: the database, the requests under way whose senders no longer wait, the processes, what
// clients heard, and how many faults may still happen. It holds no pointers, so that equal states are equal values.
type state struct {
	slots  [maxSlots]commit
	docs   [maxIDs][maxVIDs]doc
	parts  [maxTxs]uint8 // the slot for which the part document of a transaction was written; 0: it is not there
	heads  head
	procs  [maxProcs]proc
	under  [maxOrphans]op // sorted; noOp last
	heard  [maxTxs]verdict
	faults budget
}

// head is the head document.
type head struct {
	applied, floor uint8
	lease          uint8 // the moment that a long reader holds; 0: none
}

// budget is how often each fault may still happen.
type budget struct{ crashes, restarts, timeouts uint8 }

// pc is where a process stands.
type pc uint8

const (
	idle    pc = iota
	look       // reads head
	log        // reads the log behind head, and evaluates
	scan       // reads the log on, behind a free slot: only a flawed protocol does it
	check      // reads floor after evaluating
	part       // writes the part of a big commit
	insert     // inserts its commit
	settle     // occupies the slot of its unsure commit
	apply      // inserts versions
	closing    // closes versions
	wait       // waits to publish its own, whole commit
	publish    // publishes a commit that it helps
	answer     // has nothing to write, waits for head to reach what it saw
	hold       // a reader takes its moment
	rows       // a reader reads one resource after another
	recheck    // a reader reads floor after its last row
	recall     // a reader of one resource has learned where head stood
	asked      // its client asks
	single     // it reads a version that nothing has closed, or one by its number
	confirm    // it reads head, to know whether that is published
	again      // it reads what is current where head stood
	survey     // a pruner reads head
	raise      // a pruner raises floor
	strip      // a pruner drops keys
	unload     // a pruner drops payloads
	seek       // a janitor looks at a part
	sweep      // a janitor drops the part
	dead
)

// proc is what a process has in memory.
type proc struct {
	at      pc
	task    uint8 // how many tasks were begun
	busy    bool  // the last of them is not done
	base    uint8 // the newest slot that any client had heard of when the task began; of a reader of one resource: head.applied then
	h       uint8 // head.applied as read; of a reader its moment, or the newest that it knows of; of a pruner the floor it wants
	tail    uint8 // the last slot known to be taken
	saw     uint8 // the newest slot that the evaluation saw; of a reader of one resource: the slot of what it read
	own     uint8 // the slot of its commit
	n       uint8 // the slot that it applies
	rest    uint8 // what is left to do of n: one bit a write; of a reader, how many rows were read
	refused uint8 // transactions of the task that were refused
	txs     uint8 // transactions of plan
	plan    [maxWrites]write
	known   bool // evaluates on the tail that it knew before: only a flawed protocol does it
}

// tail is the last taken slot.
func (s *state) tail() uint8 {
	for n := maxSlots - 1; n >= 0; n-- {
		if s.slots[n].taken {
			return uint8(n + 1)
		}
	}
	return 0
}

// slot returns the commit of a slot, the first of which is 1.
func (s *state) slot(n uint8) *commit { return &s.slots[n-1] }

// doc returns the document of a version, the first of which is 1.
func (s *state) doc(id, vid uint8) *doc { return &s.docs[id][vid-1] }
