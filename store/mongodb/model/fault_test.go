package model

// fail emits what can go wrong with process p: it dies with its requests under way, it comes back, or it waits no longer
// for a reply. (A reply that is lost is a request that was left, and took effect at once.)
func (m *machine) fail(s *state, p int) {
	q := &s.procs[p]
	switch q.at {
	case dead:
		m.restart(s, p)
		return
	case idle:
		return
	default:
	}
	ops := m.requests(s, p)
	if s.faults.crashes > 0 {
		t := *s
		t.faults.crashes--
		for _, o := range ops {
			t.leave(o)
		}
		t.procs[p] = proc{at: dead, task: q.task}
		m.out(&t, event{proc: p, what: crashed})
	}
	if s.faults.timeouts > 0 && len(ops) > 0 {
		t := *s
		t.faults.timeouts--
		for _, o := range ops {
			t.leave(o)
		}
		m.unsure(&t, p)
		m.out(&t, event{proc: p, what: timedOut})
	}
}

func (m *machine) restart(s *state, p int) {
	if s.faults.restarts == 0 {
		return
	}
	t := *s
	t.faults.restarts--
	t.procs[p].at = idle
	m.out(&t, event{proc: p, what: restarted})
}

// requests are the changes that process p has asked the database for, and no reply has come.
func (m *machine) requests(s *state, p int) []op {
	q := &s.procs[p]
	switch q.at {
	case part:
		return []op{m.partOp(s, q)}
	case insert:
		return []op{commitOp(q)}
	case settle:
		return []op{{kind: addCommit, a: q.tail + 1}}
	case apply, closing:
		return m.many(s, q)
	case wait:
		return []op{m.headOp(q.own)}
	case publish:
		return []op{m.headOp(q.n)}
	case raise:
		return []op{m.floorOp(q)}
	case strip:
		return m.strips(s, q)
	case unload:
		return unloads(s, q)
	case sweep:
		return []op{m.sweepOp(q)}
	default:
		return nil
	}
}

// many are the documents that one unordered request of many inserts, or of many updates, names.
func (m *machine) many(s *state, q *proc) []op {
	var ops []op
	for i := range maxWrites {
		switch {
		case q.at == apply && q.rest&(1<<i) != 0:
			ops = append(ops, docOp(s, q.n, i))
		case q.at == closing && q.rest&(0x10<<i) != 0:
			ops = append(ops, closeOp(s, q.n, i))
		}
	}
	return ops
}

// unsure goes on after a request without a reply. All but the insert of a commit are asked again.
func (m *machine) unsure(t *state, p int) {
	q := &t.procs[p]
	switch {
	case q.at == insert && m.flaw == takesATimeoutForFailure:
		t.hear(q.txs|q.refused, failed)
		m.finish(t, p)
	case q.at == insert:
		q.at = settle
	case q.at == apply && m.flaw == readsNothingBack:
		q.rest &^= 0x0f
		m.goOn(t, p)
	default:
	}
}
