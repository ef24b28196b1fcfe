package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firewolf/store/mongodb/mongotest"
)

// TestACheckOfAMongoDBPrintsWhatIsThereAndWhatIsWrong checks a database that a server has open, then damages it.
func TestACheckOfAMongoDBPrintsWhatIsThereAndWhatIsWrong(t *testing.T) {
	uri, name := mongotest.Database(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // for the ledger
	t.Setenv("FIREWOLF_STORE", uri)
	var at location
	if err := at.UnmarshalText([]byte(uri)); err != nil {
		t.Fatal(err)
	}
	loadOne(t, at)
	startOnMongo(t, uri)
	check := func() (code int, out, told string) {
		var o, e bytes.Buffer
		code = run(t.Context(), []string{"check"}, &console{out: &o, err: &e})
		return code, o.String(), e.String()
	}
	code, out, told := check()
	want := "  Flag                                  1\n" + at.String() + " is whole: 1 version\n"
	if d := cmp.Diff(want, out); d != "" || code != exitOK || told != "" {
		t.Errorf("code %d, standard error %q (-want +got):\n%s", code, told, d)
	}
	mongotest.Update(t, uri, name, "Flag", `{"id": "f"}`, `{"$set": {"resource.status": "inactive"}}`)
	code, out, told = check()
	want = "  Flag                                  1\n" +
		"problem: Flag/f/_history/1: its digest is not that of its resource\n"
	if d := cmp.Diff(want, out); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff("firewolf: "+at.String()+" has 1 problem\n", told); d != "" || code != exitFailed {
		t.Errorf("code %d (-want +got):\n%s", code, d)
	}
}
