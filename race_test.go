//go:build race

package main

// underRace says that the race detector runs, which makes everything several times slower: the long tests do less of the same, and
// `make test` runs them whole without it.
const underRace = true
