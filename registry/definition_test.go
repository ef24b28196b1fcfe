package registry

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The definitions stand in files, so that a server can load them and a reader can read them. FIREWOLF_UPDATE_DEFINITIONS=1 writes them.
func TestTheFilesOfTheDefinitionsAreCurrent(t *testing.T) {
	for name, text := range Definitions() {
		path := filepath.Join("definitions", "OperationDefinition-"+name+".json")
		var want bytes.Buffer
		if err := json.Indent(&want, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		want.WriteByte('\n')
		if os.Getenv("FIREWOLF_UPDATE_DEFINITIONS") != "" {
			if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s is not what the operation takes (%v); FIREWOLF_UPDATE_DEFINITIONS=1 go test ./registry writes it", path, err)
		}
	}
}
