package synthetic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// patient is a life as far as the rows tell it. Days count from the infusion, which is day 0; where a product failed it is the planned day.
type patient struct {
	*rand.Rand
	n      int
	center center
	female bool
	born   int // year
	height float64
	weight float64

	zero     time.Time
	onset    time.Time
	organs   map[string]bool
	class    string // of nephritis
	product  string
	failed   bool // the product
	crs      int
	icans    int
	returned int // day on which B cells are back

	responds int // day of remission; never is far away
	relapses int
	again    int // day of the second infusion
	back     int // day on which B cells are back after it
	dies     int
	lost     int // the last day on which the patient came
	leaves   int // day of withdrawal
}

// never is a day that does not come.
const never = 1 << 20

// center is where patients are treated, with the habits of its laboratory.
type center struct {
	id       string
	gram     bool // complement in g/L, else in mg/dL
	molar    bool // creatinine in umol/L and protein in mg/mmol, else in mg/dL and mg/g
	dsdnaULN float64
}

var centers = []center{
	{"SYN-C1", true, true, 100}, {"SYN-C2", false, false, 15}, {"SYN-C3", true, false, 30}, {"SYN-C4", false, true, 20}, {"SYN-C5", true, true, 10},
}

func newPatient(seed uint64, n int) *patient {
	p := &patient{Rand: rand.New(rand.NewPCG(seed, uint64(n))), n: n, organs: map[string]bool{}}
	p.center = centers[p.IntN(len(centers))]
	p.female = p.chance(0.88)
	// Infusions from 2021 on, so that some are followed for long and some are not.
	p.zero = time.Date(2021, 1, 4, 0, 0, 0, 0, time.UTC).AddDate(0, 0, p.IntN(1700))
	age := 18 + int(math.Abs(p.NormFloat64())*11)
	p.born = p.zero.Year() - age
	p.onset = p.zero.AddDate(0, -12-p.IntN(min(12*(age-12), 150)), -p.IntN(28))
	p.height = p.round(168+7*p.NormFloat64()-when(p.female, 4, -6), 0)
	p.weight = p.round(max(42, 66+11*p.NormFloat64()), 1)
	p.disease()
	p.therapy()
	p.fate()
	return p
}

func when(yes bool, a, b float64) float64 {
	if yes {
		return a
	}
	return b
}

func (p *patient) chance(x float64) bool { return p.Float64() < x }

func (p *patient) round(x float64, places int) float64 {
	f := math.Pow10(places)
	return math.Round(x*f) / f
}

// pick returns the index that a chance falls on; the weights sum to 1.
func (p *patient) pick(weights ...float64) int {
	x := p.Float64()
	for k, w := range weights {
		if x -= w; x < 0 {
			return k
		}
	}
	return len(weights) - 1
}

func (p *patient) disease() {
	for _, o := range []struct {
		name  string
		share float64
	}{{"renal", 0.7}, {"cardiac", 0.25}, {"pulmonary", 0.3}, {"joints", 0.75}, {"skin", 0.6}, {"blood", 0.45}, {"cns", 0.08}} {
		p.organs[o.name] = p.chance(o.share)
	}
	if p.organs["renal"] {
		p.class = []string{"iii", "iv", "v", "iii-v", "iv-v", "ii"}[p.pick(0.3, 0.4, 0.1, 0.08, 0.07, 0.05)]
	}
}

func (p *patient) therapy() {
	p.product = []string{"other-cd19", "mb-cart19-1", "obe-cel", "cd19-bcma"}[p.pick(0.5, 0.3, 0.15, 0.05)]
	p.failed = p.chance(0.03)
	p.crs = p.pick(0.22, 0.62, 0.14, 0.02)
	p.icans = p.pick(0.955, 0.035, 0.007, 0.003)
	p.returned = int(max(45, 112+40*p.NormFloat64()))
}

// fate draws what happens after the infusion.
func (p *patient) fate() {
	p.responds, p.relapses, p.again, p.back, p.dies, p.leaves = never, never, never, never, never, never
	if p.chance(0.92) {
		p.responds = 60 + int(p.ExpFloat64()*45)
	}
	if p.responds < never && p.chance(0.16) {
		p.relapses = p.responds + 120 + int(p.ExpFloat64()*300)
	}
	if p.chance(0.035) {
		p.dies = 20 + int(p.ExpFloat64()*400)
	}
	p.lost = int(Cut().Sub(p.zero).Hours()/24) - 1
	if p.chance(0.18) {
		p.lost = min(p.lost, 40+int(p.ExpFloat64()*500))
	}
	if p.dies < p.lost {
		p.lost = p.dies
	} else {
		p.dies = never
	}
	if p.chance(0.015) {
		p.leaves = min(p.lost, 30+p.IntN(700))
		p.lost = p.leaves
		if p.dies < never {
			p.leaves = never
		}
	}
	if day := p.relapses + 40 + p.IntN(90); p.chance(0.4) && day <= p.lost {
		p.again, p.back = day, day+int(max(45, 112+40*p.NormFloat64()))
	}
}

// relapsed reports whether lupus is back on a day and not treated with cells again.
func (p *patient) relapsed(day int) bool { return day >= p.relapses && day < p.again-regimenDay }

// aplastic reports whether there are no B cells on a day.
func (p *patient) aplastic(day int) bool {
	return day >= 0 && day <= p.returned || day >= p.again-regimenDay && day <= p.back
}

// depleted reports whether a day is soon after lymphodepletion.
func (p *patient) depleted(day int) bool {
	return day > 0 && day < 60 || day > p.again && day < p.again+60
}

// on returns the date of a day.
func (p *patient) on(day int) string { return p.zero.AddDate(0, 0, day).Format(time.DateOnly) }

// state is how active lupus is: 1 before, 0 in remission.
func (p *patient) state(day int) float64 {
	switch {
	case day < 0:
		return 1
	case day >= p.again+80:
		return 0
	case day >= p.again:
		return 0.3
	case day >= p.relapses:
		return 0.6
	case day >= p.responds:
		return 0
	case p.responds == never:
		return 0.45
	}
	// The way to remission is steep at first.
	return 0.7 * math.Pow(1-float64(day)/float64(p.responds), 1.5)
}

// month returns the month of a day, for who remembers no more.
func (p *patient) month(day int) string { return p.on(day)[:len("2006-01")] }

// number writes a number with so many places.
func number(x float64, places int) string { return fmt.Sprintf("%.*f", places, x) }

func yes(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
