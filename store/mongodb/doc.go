// Package mongodb keeps resources in MongoDB, or what speaks its protocol, for several processes at once.
//
// # Shape
//
// Each resource type has a collection. A version of a resource is one document that is only ever inserted:
//
//	{ _id: "p1/3", id: "p1", vid: 3, t: 7340033, x: Infinity, at: ISODate, m: "PUT", g: digest, k: [keys ...], resource: {...} }
//
// t is its place in the order of all versions, x the t of the next version of the resource. What is visible at
// moment T is what has t <= T < x; exactly one version of an id does. A deletion is a version without a resource (d: true).
//
// # Protocol
//
// MongoDB's own transactions need a replica set, and what only speaks its protocol may ignore them. So that a
// transaction is atomic everywhere the store needs no more than that one document is inserted whole:
//
//  1. Evaluate a group of transactions over what is applied and what is committed (evaluate.go).
//  2. Commit: insert one document, which holds all that the group changes, at the next slot of the log (commit.go).
//  3. Settle an insert whose end is not known, by occupying the slot (settle.go).
//  4. Apply: insert the version documents, close those that they replace, prove both (apply.go).
//  5. Publish: move head.applied from n-1 to n (publish.go).
//  6. Read at head.applied, asked for each request (head.go, read.go, history.go).
//  7. Forget what no reader can ask for any more, floor first (forget.go).
//
// The entries of versions depend on definitions and base URLs. Which ones hold, and how they are changed while the database is in use, is said in
// standing.go and reindex.go.
//
// A process that dies anywhere in this leaves either nothing or a commit, which another one applies (help.go).
//
// Numbers: a slot is a place in the log, 1, 2, 3, ...; the t of a version is its slot and its place in the commit
// (slot<<20 | place), so that no two versions can ever share one.
package mongodb
