// Package sqlite is the embedded store: one SQLite file that needs nothing beside it.
//
// A version of a resource is one row of table version, numbered n = 1, 2, 3, ...
// in the order of the commits. The moment t of a commit is the n of its last
// version, so that a version is visible at T exactly if n <= T and no later
// version of its resource has n <= T. Rows are only ever appended, which makes a
// commit cheap: one transaction and one fsync for all that wait (synchronous=FULL
// with a write-ahead log, https://sqlite.org/wal.html).
//
// The index is inverted: for each key (code|http://loinc.org|5130-0) the ascending
// numbers of the versions that have it, cut into containers of 65,536 numbers as
// roaring bitmaps do (https://arxiv.org/abs/1603.06549). Table posting holds them in
// one B-tree. New versions go to a table in memory first and are merged into the
// B-tree a few thousand at a time, sorted, so that a page is written once for many
// versions. What was not merged when a process died is read again from the version
// rows at the next start. Merging is a union, so that doing half of it twice is harmless.
//
// A reader needs no lock and no long transaction: rows and containers only grow, and
// what it must not see has numbers above its T or was closed at or before T.
// Index entries of closed versions are dropped once no reader can ask for them
// (the floor); history stays for ever.
package sqlite
