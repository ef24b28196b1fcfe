package main

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestBoundMemorySetsTheCollectorUnlessTheEnvironmentDoes(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	boundMemory(300 << 20)
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64); p != collectLess || l != 300<<20 {
		t.Errorf("percent %d and limit %d, want %d and %d", p, l, collectLess, 300<<20)
	}
	t.Setenv("GOGC", "50")
	t.Setenv("GOMEMLIMIT", "1GiB")
	boundMemory(300 << 20)
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64); p != 100 || l != math.MaxInt64 {
		t.Errorf("percent %d and limit %d: the environment was overruled", p, l)
	}
}
