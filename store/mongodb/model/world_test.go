package model

// world is what an exploration starts from: the transactions, who does them, and how much may go wrong.
type world struct {
	Name                        string
	Txs                         []tx
	Work                        [maxProcs][]task
	Born                        []uint8 // resources that are there from slot 1 on
	Crashes, Restarts, Timeouts uint8
}

// task is one thing that a process does.
type task struct {
	kind  taskKind
	txs   []uint8 // of a commit: its group of transactions, evaluated in this order
	lease bool    // of a reader: it holds its moment
	vid   uint8   // of a reader of one resource: the version that it asks for; 0: the one that is current
}

type taskKind uint8

const (
	commitTask taskKind = iota
	readTask
	currentTask
	pruneTask
	sweepTask
)

func (w *world) prunes() bool {
	for _, work := range w.Work {
		for _, t := range work {
			if t.kind == pruneTask {
				return true
			}
		}
	}
	return false
}

// start is the first state.
func (w *world) start() state {
	s := state{faults: budget{crashes: w.Crashes, restarts: w.Restarts, timeouts: w.Timeouts}}
	if len(w.Born) == 0 {
		return s
	}
	c := s.slot(1)
	c.taken = true
	for i, id := range w.Born {
		c.writes[i] = newWrite(id, 1, false)
		*s.doc(id, 1) = doc{t: 1, x: open}
	}
	s.heads.applied = 1
	return s
}
