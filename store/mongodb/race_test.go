//go:build race

package mongodb

// underRace says that the race detector runs, which makes everything several times slower: the long tests do less of the same.
const underRace = true
