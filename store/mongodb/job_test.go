package mongodb

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"weak"

	"firewolf/store"
)

func TestWhatIsWrittenDoesNotStayInTheMemoryOfTheProcess(t *testing.T) {
	s := openNew(t, Options{})
	const commits = 20
	written := make([]weak.Pointer[store.Op], commits)
	for k := range commits {
		ops := []store.Op{put(t, patient(fmt.Sprintf("p%d", k), "Lovelace"), "name|lovelace")}
		written[k] = weak.Make(&ops[0])
		if _, err := s.Write(context.Background(), store.Tx{Ops: ops}); err != nil {
			t.Fatal(err)
		}
	}
	// The newest may still be in hand: the writer has no reason to let go of it before the next.
	const inHand = 2
	eventually(t, "what was written is dropped", func() bool {
		runtime.GC()
		held := 0
		for _, p := range written {
			held += btoi(p.Value() != nil)
		}
		return held <= inHand
	})
}
