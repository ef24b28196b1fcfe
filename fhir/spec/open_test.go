package spec

import (
	"testing"
)

// A file that was cut off or changed must be refused, never read beyond its end.
func TestADecoderSurvivesAFileThatIsCutOff(t *testing.T) {
	whole, err := newDecoder(definitions)
	if err != nil {
		t.Fatal(err)
	}
	rest := whole.rest
	for cut := 0; cut < len(rest); cut += 997 {
		d := &decoder{rest: rest[:cut], strings: whole.strings, lists: whole.lists, bindings: map[[2]string]*Binding{}}
		s := &Spec{}
		d.types(s)
		d.params()
		d.compartments()
		if !d.broken {
			t.Errorf("a file cut off after %d of %d bytes was accepted", cut, len(rest))
		}
	}
}

func TestADecoderRefusesWhatIsNoFile(t *testing.T) {
	for name, file := range map[string][]byte{
		"nothing":             {},
		"no compressed data":  {10},
		"fewer bytes than it": definitions[:len(definitions)/2],
	} {
		if _, err := newDecoder(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestADecoderMarksAnIndexBeyondItsTable(t *testing.T) {
	d := &decoder{rest: []byte{3, 1}, strings: []string{"a", "b"}}
	if got := d.text(); got != "" || !d.broken {
		t.Errorf("text 3 of 2 is %q, broken %v", got, d.broken)
	}
	if got := d.text(); got != "b" {
		t.Errorf("text 1 is %q", got)
	}
}
