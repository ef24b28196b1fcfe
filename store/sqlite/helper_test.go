package sqlite

import (
	"os"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tempDir(t *rapid.T) (string, func()) {
	dir, err := os.MkdirTemp("", "firewolf-sqlite")
	if err != nil {
		t.Fatal(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}
