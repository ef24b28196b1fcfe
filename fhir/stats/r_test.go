package stats

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// script prints, for every cohort of a CSV file (cohort, group, time, cause), lines of: what cohort key numbers.
const script = `
library(survival)
options(digits = 17)
line <- function(...) cat(sapply(list(...), function(x) if (is.numeric(x)) formatC(x, digits = 17, format = "g") else as.character(x)), "\n", sep = " ")
d <- read.csv(commandArgs(TRUE)[1])
for (k in unique(d$cohort)) {
  x <- d[d$cohort == k, ]
  s <- survfit(Surv(time, cause > 0) ~ 1, data = x, conf.type = "log-log")
  for (i in seq_along(s$time)) line("km", k, s$time[i], s$n.risk[i], s$surv[i], s$surv[i] * s$std.err[i], s$lower[i], s$upper[i])
  m <- summary(s)$table
  line("median", k, 0, m[["median"]], m[["0.95LCL"]], m[["0.95UCL"]])
  f <- factor(x$cause, 0:2, c("none", "ours", "other"))
  a <- survfit(Surv(x$time, f) ~ 1, conf.type = "log-log", id = seq_len(nrow(x)))
  j <- match("ours", a$states)
  for (i in seq_along(a$time)) line("aj", k, a$time[i], a$pstate[i, j], a$std.err[i, j], a$lower[i, j], a$upper[i, j])
  if (length(unique(x$group)) > 1 && any(x$cause > 0)) {
    l <- tryCatch(survdiff(Surv(time, cause > 0) ~ group, data = x), error = function(e) NULL)
    if (!is.null(l)) {
      df <- sum(l$exp > 0) - 1
      if (df > 0 && is.finite(l$chisq)) line("logrank", k, 0, l$chisq, df, pchisq(l$chisq, df, lower.tail = FALSE))
    }
  }
  q <- quantile(x$time, c(0.25, 0.5, 0.75))
  line("quantile", k, 0, q[[1]], q[[2]], q[[3]], mean(x$time), if (nrow(x) > 1) sd(x$time) else NA)
  n <- nrow(x); y <- sum(x$cause == 1)
  b <- binom.test(y, n)$conf.int; w <- suppressWarnings(prop.test(y, n, correct = FALSE))$conf.int
  line("proportion", k, 0, b[1], b[2], w[1], w[2])
}
`

type patient struct {
	Subject
	group int
}

// cohorts are made by chance from a seed: of few and of many, with many ties and few, with all kinds of causes.
func cohorts() [][]patient {
	r := rand.New(rand.NewPCG(1, 2))
	var l [][]patient
	for k := range 60 {
		n := 1 + r.IntN(12)
		if k%4 == 0 {
			n = 100 + r.IntN(900)
		}
		days, causes, groups := 1+r.IntN(600), 1+r.IntN(3), 1+r.IntN(4)
		var c []patient
		for range n {
			c = append(c, patient{Subject{float64(r.IntN(days)), r.IntN(causes)}, r.IntN(groups)})
		}
		l = append(l, c)
	}
	return l
}

func TestStatisticsEqualThoseOfR(t *testing.T) {
	said := askR(t, cohorts())
	compared := map[string]int{}
	for k, c := range cohorts() {
		for _, own := range ours(c) {
			his, ok := said[fmt.Sprintf("%s %d %v", own.what, k, own.at)]
			if !ok {
				if own.what != "logrank" || !math.IsNaN(own.numbers[2]) {
					t.Errorf("cohort %d: R says nothing of %s at %v", k, own.what, own.at)
				}
				continue
			}
			compared[own.what]++
			for i, x := range own.numbers {
				if !equal(x, his[i]) {
					t.Errorf("cohort %d, %s at %v, number %d: %v, and R has %v", k, own.what, own.at, i, x, his[i])
				}
			}
		}
	}
	for _, what := range []string{"km", "median", "aj", "logrank", "quantile", "proportion"} {
		if compared[what] < 20 {
			t.Errorf("%s was compared %d times only", what, compared[what])
		}
	}
}

// equal takes what one of the two does not tell (NaN) for equal: R has no limits where p is 0 or 1.
func equal(a, b float64) bool {
	return math.IsNaN(a) || math.IsNaN(b) || math.Abs(a-b) <= 1e-9*max(1, math.Abs(a))
}

type said struct {
	what    string
	at      float64
	numbers []float64
}

func ours(c []patient) []said {
	var subjects []Subject
	groups := make([][]Subject, 4)
	y, times := 0, []float64{}
	for _, p := range c {
		subjects = append(subjects, p.Subject)
		groups[p.group] = append(groups[p.group], p.Subject)
		times = append(times, p.Time)
		if p.Cause == 1 {
			y++
		}
	}
	var l []said
	km := KaplanMeier(subjects, Level)
	for _, s := range km.Steps {
		l = append(l, said{"km", s.Time, append([]float64{float64(s.AtRisk), s.P, unless(s.P == 0, s.SE)}, limits(s.CI)...)})
	}
	l = append(l, said{"median", 0, []float64{km.Median.At, km.Median.Lower, km.Median.Upper}})
	for _, s := range AalenJohansen(subjects, Level).Steps {
		l = append(l, said{"aj", s.Time, append([]float64{s.P, s.SE}, limits(s.CI)...)})
	}
	test := LogRank(groups)
	q := Describe(times)
	return append(l,
		said{"logrank", 0, []float64{test.ChiSquare, float64(test.DF), test.P}},
		said{"quantile", 0, []float64{q.Q1, q.Median, q.Q3, q.Mean, q.SD}},
		said{"proportion", 0, append(limits(ClopperPearson(y, len(c), Level)), limits(Wilson(y, len(c), Level))...)},
	)
}

func unless(not bool, x float64) float64 {
	if not {
		return math.NaN()
	}
	return x
}

func limits(i Interval) []float64 {
	if !i.Known {
		return []float64{math.NaN(), math.NaN()}
	}
	return []float64{i.Lower, i.Upper}
}

// askR returns the numbers of R by "what cohort time".
func askR(t *testing.T, l [][]patient) map[string][]float64 {
	t.Helper()
	if err := exec.Command("Rscript", "-e", "library(survival)").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("R with its survival package is needed (scripts/testr brings it): %v", err)
		}
		t.Skipf("R with its survival package is not here (scripts/testr brings it): %v", err)
	}
	var csv strings.Builder
	csv.WriteString("cohort,group,time,cause\n")
	for k, c := range l {
		for _, p := range c {
			fmt.Fprintf(&csv, "%d,%d,%v,%d\n", k, p.group, p.Time, p.Cause)
		}
	}
	data, program := filepath.Join(t.TempDir(), "cohorts.csv"), filepath.Join(t.TempDir(), "compare.R")
	for name, text := range map[string]string{data: csv.String(), program: script} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("Rscript", "--vanilla", program, data)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("R failed: %v\n%s", err, problems.String())
	}
	said := map[string][]float64{}
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		at, _ := strconv.ParseFloat(f[2], 64)
		var numbers []float64
		for _, x := range f[3:] {
			n, err := strconv.ParseFloat(x, 64)
			if err != nil {
				n = math.NaN() // NA
			}
			numbers = append(numbers, n)
		}
		said[fmt.Sprintf("%s %s %v", f[0], f[1], at)] = numbers
	}
	return said
}
