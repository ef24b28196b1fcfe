// Package model proves the commit protocol of store/mongodb: its tests are the protocol as a state machine, and an explorer
// that visits every state which three processes, a database and a few faults can reach. It has no code outside of them.
//
// # What is modeled
//
// The database changes one document at a time: an insert with an _id that is taken, or an update whose filter matches
// nothing, changes nothing. The documents are the slots of the log, the versions (t, x, keys), the head (applied, floor, one
// lease) and the parts of big commits. A request that was sent takes effect once or never, at any time after: when its sender
// no longer waits, or died, it stays under way, and each of its documents lands by itself. (An unordered insert of many is
// so any subset in any order; a reply that is lost is a request that was left and landed at once.)
//
// A process evaluates transactions (If-Match, If-None-Exist, references, deletes that nothing may refer to, groups of two),
// commits, settles what is unsure, applies, publishes, helps others with the commit that is next, and may die and start again
// anywhere. Others read at a moment, with a lease or without, or one resource as it is now, prune, and sweep parts. Commits are applied side by side.
//
// # What holds in every state
//
// The log has no gap and no transaction twice; each commit wrote exactly what its transactions make of the state just before
// it (so of conditional creates of one criteria one makes something, and versions have no gaps). Published versions are
// there, closed at their successor's slot and never else. At every moment from floor to applied the documents show
// what the log says. What was acknowledged is published; what was reported as failed is in no slot, ever; what was
// refused is refused by a state that can be read now and is not older than the question. A reader gets what was there at its
// moment, or expired, and never expired under its lease; one that asks for what is now gets what was so between question and answer. Head moves by one. And where nothing can go on without a fault or a
// late request, every living process is done and every commit is published.
//
// Because the documents show the same at a moment in every state (from floor to applied), a reader may read them one by one,
// with anything between: the invariant stands for a reader between every two steps. Explicit readers are there for floor.
//
// # What is left out
//
// Reads are of the primary and of what a majority has (readConcern majority), writes are acknowledged by a majority: a roll
// back is a request that never landed. A stale primary or a secondary is outside the protocol. So are time (helping is
// allowed at once, leases do not run out), corruption, restores, idempotency keys (they are versions that two
// transactions both create), and more than seven slots.
//
// Steps that no other process can see are taken together with the request before them, requests that can change nothing any more are
// dropped, and those under way are a sorted set. A state is remembered by 64 bits of it.
package model
