package model

// The resources of the worlds.
const (
	resourceA uint8 = iota
	resourceB
	resourceC
)

// worlds are the situations that the protocol is explored in, small enough to be visited whole.
func worlds() []world {
	return []world{
		creates(), updates(), transactions(), references(), groups(), refusals(), pruning(), leases(), parts(), singles(),
	}
}

func commits(txs ...uint8) task { return task{txs: txs} }

// creates: three conditional creates of the same criteria, of which one makes something.
func creates() world {
	all := []uint8{resourceA, resourceB, resourceC}
	return world{
		Name: "three conditional creates of one criteria",
		Txs: []tx{
			{Puts: []uint8{resourceA}, None: all}, {Puts: []uint8{resourceB}, None: all}, {Puts: []uint8{resourceC}, None: all},
		},
		Work:    [maxProcs][]task{{commits(0)}, {commits(1)}, {commits(2)}},
		Crashes: 1, Restarts: 1, Timeouts: 2,
	}
}

// updates: three updates that name the version they replace, of which one is done, and the process goes on with another.
func updates() world {
	return world{
		Name: "updates of one resource by three processes, two with If-Match",
		Born: []uint8{resourceA},
		Txs: []tx{
			{Puts: []uint8{resourceA}, Match: 1}, {Puts: []uint8{resourceA}, Match: 1}, {Puts: []uint8{resourceA}},
		},
		Work:    [maxProcs][]task{{commits(0)}, {commits(1)}, {commits(2)}},
		Crashes: 1, Timeouts: 1,
	}
}

// transactions: two resources in one transaction, against updates of each of them.
func transactions() world {
	return world{
		Name: "a transaction over two resources against updates of each",
		Born: []uint8{resourceA, resourceB},
		Txs: []tx{
			{Puts: []uint8{resourceA, resourceB}}, {Puts: []uint8{resourceA}}, {Puts: []uint8{resourceB}},
		},
		Work:    [maxProcs][]task{{commits(0)}, {commits(1)}, {commits(2)}},
		Crashes: 1, Timeouts: 1,
	}
}

// references: a resource is created that refers to one which another process deletes, unless something refers to it.
func references() world {
	return world{
		Name: "a reference to what is being deleted",
		Born: []uint8{resourceA},
		Txs: []tx{
			{Puts: []uint8{resourceB}, Need: []uint8{resourceA}},
			{Delete: []uint8{resourceA}, None: []uint8{resourceB}},
			{Puts: []uint8{resourceA}},
		},
		Work:    [maxProcs][]task{{commits(0)}, {commits(1)}, {commits(2)}},
		Crashes: 1, Timeouts: 1,
	}
}

// groups: the second transaction of a group is refused because of the first, unless that one is refused itself.
func groups() world {
	return world{
		Name: "a group whose second transaction depends on its first",
		Born: []uint8{resourceA},
		Txs: []tx{
			{Delete: []uint8{resourceA}, None: []uint8{resourceC}},
			{Puts: []uint8{resourceB}, Need: []uint8{resourceA}},
			{Puts: []uint8{resourceC}},
		},
		Work:    [maxProcs][]task{{commits(0, 1)}, {commits(2)}, nil},
		Crashes: 1, Restarts: 1, Timeouts: 2,
	}
}

// refusals: a client is answered by one process and asks another, which has written something else before, for more.
func refusals() world {
	return world{
		Name: "a client that goes from one process to another",
		Born: []uint8{resourceA},
		Txs: []tx{
			{Puts: []uint8{resourceA}, Match: 1}, {Puts: []uint8{resourceB}}, {Puts: []uint8{resourceA}, Match: 2},
		},
		Work:    [maxProcs][]task{{commits(0)}, {commits(1), commits(2)}, nil},
		Crashes: 1, Restarts: 1, Timeouts: 1,
	}
}

// pruning: keys and payloads are dropped while a search reads and a conditional create evaluates.
func pruning() world {
	return world{
		Name: "pruning under a search and a conditional create",
		Born: []uint8{resourceA},
		Txs: []tx{
			{Puts: []uint8{resourceA}}, {Puts: []uint8{resourceB}, None: []uint8{resourceA}},
		},
		Work:    [maxProcs][]task{{commits(0), {kind: pruneTask}}, {commits(1)}, {{kind: readTask}}},
		Crashes: 1, Restarts: 1, Timeouts: 1,
	}
}

// leases: a long reader holds its moment while floor is raised twice.
func leases() world {
	return world{
		Name: "pruning under a reader with a lease",
		Born: []uint8{resourceA},
		Txs:  []tx{{Puts: []uint8{resourceA}}, {Puts: []uint8{resourceA}}},
		Work: [maxProcs][]task{
			{commits(0), {kind: pruneTask}, {kind: pruneTask}}, {commits(1)}, {{kind: readTask, lease: true}},
		},
		Crashes: 1, Timeouts: 1,
	}
}

// parts: big commits against a janitor.
func parts() world {
	return world{
		Name: "big commits against a janitor of parts",
		Born: []uint8{resourceA},
		Txs:  []tx{{Puts: []uint8{resourceA}, Big: true}, {Puts: []uint8{resourceB}, Big: true}},
		Work: [maxProcs][]task{
			{commits(0)}, {commits(1)}, {{kind: sweepTask}},
		},
		Crashes: 1, Timeouts: 1,
	}
}

// singles: one resource is read while it is made, replaced and deleted, by a process that knows of some head.
func singles() world {
	return world{
		Name: "reads of one resource while it is made, replaced and deleted",
		Born: []uint8{resourceB},
		Txs:  []tx{{Puts: []uint8{resourceA, resourceB}}, {Puts: []uint8{resourceA}}, {Delete: []uint8{resourceA}}},
		Work: [maxProcs][]task{
			{commits(0)}, {commits(1), commits(2)}, {{kind: currentTask}, {kind: currentTask, vid: 2}},
		},
		Crashes: 1,
	}
}
