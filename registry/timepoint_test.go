package registry

import (
	"net/http"
	"testing"
)

func TestWhatADayInTheFutureOrATimePointGivenTwiceWouldTellIsRefused(t *testing.T) {
	w := newWorld(t, Options{}) // it is 2026-01-01
	w.crowd(1, func(int) bool { return false })
	for path, want := range map[string]string{
		"Patient/$outcome-rate?as-of=2026-01-02":                    "as-of: 2026-01-02 is in the future, and no window that is open can be closed by asking",
		"Patient/$time-to-event?as-of=2035-01-01":                   "as-of: 2035-01-01 is in the future, and no window that is open can be closed by asking",
		"Patient/$outcome-rate?timepoint=tp-m03,tp-m03":             "timepoint: tp-m03 is given more than once",
		"Patient/$biomarker?timepoint=tp-base&timepoint=tp-base":    "timepoint: tp-base is given more than once",
		"Patient/$completeness?form=pga,c3,pga":                     "form: pga is given more than once",
		"Patient/$assess?endpoint=lldas,doris-2021&endpoint=lldas":  "endpoint: lldas is given more than once",
		"Patient/$biomarker?analyte=sledai-2k&scale=ratio":          "scale: a score such as sledai-2k has no limit of a laboratory that a ratio could be to",
		"Patient/$biomarker?analyte=pga&limit=low":                  "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
		"Patient/$biomarker?analyte=c3&limit=low":                   "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
		"Patient/$biomarker?analyte=c3&limit=low&scale=value":       "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
		"Patient/$biomarker?analyte=gc-dose&limit=high&scale=value": "limit: nothing is compared with the limit of a laboratory; ask for scale=ratio of a laboratory value",
	} {
		r := w.askFor(admin, path, "")
		if r.Status != http.StatusBadRequest || len(r.Issues) != 1 || r.Issues[0].Text != want {
			t.Errorf("%s: %d %v, want %s", path, r.Status, r.Issues, want)
		}
	}
	w.must(w.ask(admin, "GET", "Patient/$outcome-rate?as-of=2026-01-01", ""))
}
