package cart_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firewolf/mapping"
	"firewolf/mapping/cart"
	"firewolf/mapping/csv"
)

// delivery is a folder of CSV files in memory: file by instrument, rows of cells, the header first.
type delivery map[string][][]string

// onePatient is a patient of whom everything is told, without a fault. No person stands behind it.
func onePatient() delivery {
	d := delivery{}
	for name, text := range map[string]string{
		"patients": `registry_id,center_id,sex,birth_year,consent_date,withdrawal_date
SYN-A01,SYN-C1,female,1999,2022-12-02,`,
		"sle": `registry_id,dx_date,icd_code,ana_titer,aclr2019_score,ln_class,ln_biopsy_date,organ_renal,organ_joints
SYN-A01,2018-11,M32.14,1:1280,28,iii,2022-09-01,1,1`,
		"prior_tx": `registry_id,line,drug,start,stop,reason_stop
SYN-A01,1,mycophenolate,2019-01-10,2023-01-12,refractory`,
		"course": `registry_id,course_no,apheresis_date,bridging,ld_flu_mg_m2,ld_flu_days,ld_cy_mg_m2,ld_cy_days,ld_start
SYN-A01,1,2022-12-27,0,25,-5..-3,1000,-3,2023-01-12`,
		"infusion": `registry_id,course_no,infusion_date,product,lot,procedure_code,dose_e6_per_kg,dose_total_e6,weight_kg,height_cm,viability_pct,oos
SYN-A01,1,2023-01-17,other-cd19,SYN-L1,,1.0,61,61.0,168,94,0`,
		"visits": `registry_id,visit_date,visit_code,pga,pga_scale,pred_mg_d,hcq,mmf,aza,cni,biologic,haem_anaemia,gi_activity,sdi,last_alive
SYN-A01,2023-01-05,base,2.1,,15,1,1,0,0,0,0,0,1,2023-01-05
SYN-A01,2023-04-18,m03,0.2,,0,0,0,0,0,0,0,0,1,2023-04-18`,
		"sledai": "registry_id,visit_date,visit_code,method," + items() + ",total\n" +
			"SYN-A01,2023-01-05,base,sledai-2k,0,0,0,0,0,0,0,0,1,0,0,1,1,0,0,0,0,0,0,1,1,0,0,0,16\n" +
			"SYN-A01,2023-04-18,m03,sledai-2k,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
		"labs": `registry_id,date,loinc,local_code,value,comparator,unit,low,high,assay
SYN-A01,2023-01-05,5130-0,,428,,[IU]/mL,,100,ELISA`,
		"tox": `registry_id,course_no,type,onset,end,max_grade,scale,ice,icd_code,toci,steroid,serious,outcome
SYN-A01,1,crs,2023-01-21,2023-01-23,1,astct-2019,,D89.831,0,0,0,resolved
SYN-A01,1,icans,,,0,,,,,,,`,
		"outcome": `registry_id,visit_date,visit_code,doris,lldas,relapse_date,death_date,cause
SYN-A01,2023-04-18,m03,met,met,,,`,
	} {
		for line := range strings.Lines(text) {
			d[name] = append(d[name], strings.Split(strings.TrimSpace(line), ","))
		}
	}
	return d
}

func items() string {
	var l []string
	for k := 1; k <= 24; k++ {
		l = append(l, "s"+string(rune('0'+k/10))+string(rune('0'+k%10)))
	}
	return strings.Join(l, ",")
}

// set changes a cell; line counts as in a file: 2 is the first row. A column that is not there is made.
func (d delivery) set(file string, line int, column, value string) delivery {
	k := slices.Index(d[file][0], column)
	if k < 0 {
		k = len(d[file][0])
		for n := range d[file] {
			d[file][n] = append(slices.Clip(d[file][n]), "")
		}
		d[file][0][k] = column
	}
	d[file][line-1][k] = value
	return d
}

// add adds a row of "column=value" pairs.
func (d delivery) add(file string, pairs ...string) delivery {
	row := make([]string, len(d[file][0]))
	row[0] = "SYN-A01"
	d[file] = append(d[file], row)
	for _, p := range pairs {
		column, value, _ := strings.Cut(p, "=")
		d.set(file, len(d[file]), column, value)
	}
	return d
}

// drop leaves only the header of a file.
func (d delivery) drop(file string) delivery {
	d[file] = d[file][:1]
	return d
}

func (d delivery) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, rows := range d {
		var b strings.Builder
		for _, cells := range rows {
			b.WriteString(strings.Join(cells, ",") + "\n")
		}
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// outcome is what a delivery gave.
type outcome struct {
	findings []string // file:line column rule
	texts    []string
	drafts   []mapping.Draft
	report   mapping.Report
}

// today is the day of the tests.
func today() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// keep is a Sink that keeps drafts.
type keep struct{ drafts []mapping.Draft }

func (k *keep) Put(_ context.Context, c *mapping.Case) error {
	for n := range c.Drafts {
		d := &c.Drafts[n]
		if d.Amends {
			continue // nothing was told before, so nothing is taken back
		}
		d.Fate = mapping.Created
		if _, err := d.JSON(); err != nil {
			return err
		}
		k.drafts = append(k.drafts, *d)
	}
	return nil
}

func (d delivery) run(t testing.TB) outcome {
	t.Helper()
	return runFolder(t, d.write(t), cart.Options{Now: today()})
}

func runFolder(t testing.TB, dir string, o cart.Options) outcome {
	t.Helper()
	var out outcome
	sink := &keep{}
	report, err := mapping.Run(t.Context(), mapping.Options{
		Source:  csv.NewSource(dir, nil),
		Steps:   []mapping.Step{cart.New(o)},
		Sink:    sink,
		InOrder: true,
		Found: func(f mapping.Finding) {
			line := f.File
			if f.Line > 0 {
				line += ":" + itoa(f.Line)
			}
			out.findings = append(out.findings, strings.TrimSpace(line+" "+strings.TrimSpace(f.Column+" "+f.Rule)))
			out.texts = append(out.texts, f.String())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	out.drafts, out.report = sink.drafts, report
	return out
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// has returns the drafts of a type whose body has all the texts.
func (o outcome) has(typ string, texts ...string) []mapping.Draft {
	var l []mapping.Draft
	for _, d := range o.drafts {
		if d.Key.Type == typ && !slices.ContainsFunc(texts, func(s string) bool { return !bytes.Contains(d.Body, []byte(s)) }) {
			l = append(l, d)
		}
	}
	return l
}

// one returns the only such draft, as it is read by the models' reader of JSON.
func (o outcome) one(t *testing.T, into any, typ string, texts ...string) {
	t.Helper()
	l := o.has(typ, texts...)
	if len(l) != 1 {
		t.Fatalf("%d of %s with %q, want one", len(l), typ, texts)
	}
	if err := json.Unmarshal(l[0].Body, into); err != nil {
		t.Fatal(err)
	}
}

// counts are the drafts by type.
func (o outcome) counts() map[string]int {
	m := map[string]int{}
	for _, d := range o.drafts {
		m[d.Key.Type]++
	}
	return m
}
