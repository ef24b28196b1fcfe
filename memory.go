package main

import (
	"os"
	"runtime/debug"
)

// collectLess is the growth of the heap, in percent of what lives, at which garbage is collected. What a server keeps
// lives outside the heap, so that the heap is small, and Go's default of 100 would collect it all the time.
const collectLess = 400

// boundMemory makes the collector trade memory for processor time, up to a heap of the limit; from there on it
// collects as often as the limit asks. GOGC and GOMEMLIMIT, where they are set, say otherwise.
// https://go.dev/doc/gc-guide
func boundMemory(limit byteSize) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectLess)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(limit))
	}
}
