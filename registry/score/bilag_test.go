package score

import (
	"testing"

	"firewolf/registry/term"
)

// grades are those of the nine systems; a space is unknown.
func grades(letters string) BILAG {
	var b BILAG
	for k := range letters {
		if letters[k] != ' ' {
			b[k].Letter = letters[k]
		}
	}
	return b
}

func TestNewBILAGCountsWhatIsWorseThanBefore(t *testing.T) {
	for _, tt := range []struct{ name, before, now, a, b string }{
		{"all as before", "ABCDEEEEE", "ABCDEEEEE", "0", "0"},
		{"an A that was B", "BEEEEEEEE", "AEEEEEEEE", "1", "0"},
		{"a B that was A", "AEEEEEEEE", "BEEEEEEEE", "0", "0"},
		{"a B that was C", "CEEEEEEEE", "BEEEEEEEE", "0", "1"},
		{"two that were never", "EEEEEEEEE", "ABEEEEEEE", "1", "1"},
		{"a system that is not told", "CEEEEEEEE", " EEEEEEEE", ">=0", ">=0"},
		{"an A of which the baseline is not told", " EEEEEEEE", "AEEEEEEEE", ">=0", "0"},
		{"a C of which the baseline is not told", " EEEEEEEE", "CEEEEEEEE", "0", "0"},
		{"nothing is told", "AEEEEEEEE", "         ", "unknown", "unknown"},
	} {
		a, b, used := NewBILAG(grades(tt.before), grades(tt.now))
		if a.String() != tt.a || b.String() != tt.b || len(used) != 2*term.BilagSystems {
			t.Errorf("%s: %s and %s of %d, want %s and %s", tt.name, a, b, len(used), tt.a, tt.b)
		}
	}
}
