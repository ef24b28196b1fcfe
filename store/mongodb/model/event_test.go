package model

import "fmt"

// event is a transition, as a person reads it.
type event struct {
	proc   int
	what   what
	n      uint8
	op     op
	rows   [maxWrites]write // of readAll; of told the first
	vid    uint8            // of told: the version that was asked for
	leased bool             // of expired: the reader held a lease
}

type what string

const (
	readHead     what = "reads head: %d"
	foundPruned  what = "finds slot %d pruned"
	readLog      what = "reads the log up to %d"
	evaluated    what = "evaluates on the log up to %d"
	checkedFloor what = "checks floor: %d"
	wrotePart    what = "writes the part for slot %d"
	inserted     what = "commits in slot %d"
	foundTaken   what = "finds slot %d taken"
	settled      what = "settles slot %d"
	insertedDoc  what = "inserts"
	closedDoc    what = "closes"
	helps        what = "helps slot %d"
	published    what = "publishes %d"
	acked        what = "finds %d published"
	refusedTx    what = "refuses on %d"
	crashed      what = "dies"
	restarted    what = "starts again"
	timedOut     what = "waits no longer for its reply"
	landed       what = "late request takes effect"
	readRow      what = "reads resource %d"
	leased       what = "takes a lease on %d"
	readAll      what = "has read all at %d"
	expired      what = "is told that %d expired"
	asks         what = "is asked for a resource while head is at %d"
	readOne      what = "reads a version of slot %d"
	readNone     what = "reads no version"
	told         what = "answers what was asked at %d"
	raisedFloor  what = "raises floor to %d"
	dropped      what = "drops"
	prunedAll    what = "has pruned below %d"
	foundPart    what = "looks at the part for slot %d"
	swept        what = "drops the part"
)

func (e event) String() string {
	who := fmt.Sprintf("P%d ", e.proc)
	if e.what == landed {
		who = ""
	}
	switch e.what {
	case insertedDoc, closedDoc, dropped, landed:
		return who + string(e.what) + " " + e.op.String()
	case crashed, restarted, timedOut, swept, readNone:
		return who + string(e.what)
	default:
		return who + fmt.Sprintf(string(e.what), e.n)
	}
}

func (o op) String() string {
	names := map[opKind]string{
		addCommit: "commit", addDoc: "version", closeDoc: "close", moveHead: "head", setHead: "head!", raiseFloor: "floor",
		dropKeys: "keys", dropDoc: "document", dropLoad: "payload", addPart: "part", setPart: "part!", dropPart: "part-", dropAnyPart: "part--",
	}
	s := fmt.Sprintf("%s %d", names[o.kind], o.a)
	if o.b != 0 {
		s += fmt.Sprintf("/%d", o.b)
	}
	for _, w := range o.writes {
		if w != 0 {
			s += " " + w.String()
		}
	}
	return s
}

func (w write) String() string {
	if w == 0 {
		return "nothing"
	}
	s := fmt.Sprintf("%c%d", 'A'+w.id(), w.vid())
	if w.gone() {
		s += "(gone)"
	}
	return s
}
