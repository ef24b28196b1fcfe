package registry

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestALabelThatASpreadsheetWouldCalculateIsText(t *testing.T) {
	w := newWorld(t, Options{})
	w.crowd(2, func(int) bool { return false })
	for label, want := range map[string]string{"@SUM(1)": "'@SUM(1)", "+1": "'+1", "-1": "'-1", "\tx": "'\tx", "women": "women"} {
		path := "Patient/$outcome-rate?timepoint=tp-m03&stratum=" + url.QueryEscape(label+"=Patient?gender=female")
		got := pick(w.table(admin, path, "rate"), "group")
		if diff := cmp.Diff([][]string{{"all"}, {want}, {"other"}}, got); diff != "" {
			t.Errorf("%q: %s", label, diff)
		}
		if r := w.must(w.ask(admin, "GET", path, "")); label[0] != '\t' && !strings.Contains(string(r.Body), `"valueString":"`+label+`"`) {
			t.Errorf("%q is not told as it is in Parameters", label)
		}
	}
	// An equals sign ends the label, so that none begins with one.
	if r := w.ask(admin, "GET", "Patient/$outcome-rate?stratum="+url.QueryEscape("=1+1=Patient?gender=female"), ""); r.Status != 400 {
		t.Errorf("%d", r.Status)
	}
}
