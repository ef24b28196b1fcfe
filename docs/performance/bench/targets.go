package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// flat is the question whose rate must not depend on how much else the store holds.
const flat = "subject, code, _sort=-date, _count=20"

// measured is what a run of a MongoDB is held to.
type measured struct {
	loaded, read float64         // shares of what the bare driver does
	rates        map[int]float64 // of the flat question, by the size of the store
	failed       []error
}

// note keeps what a question came to. One that fails is told in its row, and the run goes on.
func (m *measured) note(size int, q question, rate float64, err error) {
	if err != nil {
		fmt.Printf("| %s | failed: %s |\n", q.name, strings.ReplaceAll(err.Error(), "\n", " "))
		m.fail(q.name, size, err)
		return
	}
	if q.name == flat {
		if m.rates == nil {
			m.rates = map[int]float64{}
		}
		m.rates[size] = rate
	}
}

// fail keeps that something failed, if it did.
func (m *measured) fail(what string, size int, err error) {
	if err != nil {
		m.failed = append(m.failed, fmt.Errorf("%s with %d Observations: %w", what, size, err))
	}
}

// tell prints what was measured beside what it must reach, as far as it was.
func (m *measured) tell(c config) error {
	if c.mongodb != "" {
		fmt.Printf("\n## Against the targets\n\n| what | target | measured | |\n| --- | --: | --: | --- |\n")
		if m.loaded > 0 {
			fmt.Printf("| loading, share of a bare insertMany | 0.7 | %.2f | %s |\n", m.loaded, met(m.loaded >= 0.7))
		}
		if m.read > 0 {
			fmt.Printf("| reads by id over HTTP, share of a bare findOne | 0.5 | %.2f | %s |\n", m.read, met(m.read >= 0.5))
		}
		if small, large := m.rates[c.small], m.rates[c.large]; small > 0 && large > 0 {
			fmt.Printf("| search by subject and code, rate of %d Observations over that of %d | 1.5 | %.2f | %s |\n",
				c.small, c.large, small/large, met(small/large <= 1.5))
		}
	}
	return errors.Join(m.failed...)
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "**missed**"
}

// busy says what else the machine did: the mean number of runnable processes of the last minute.
func busy() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(b), " ")
	return one
}

// stolen returns the time that the machine's host took from all of its processors since it started, and the time of all of them. Both are zero where
// the system does not tell.
func stolen() (taken, all int64) {
	b, err := os.ReadFile("/proc/stat") // https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	for i, f := range strings.Fields(line) {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil || i > 8 { // "cpu", and the guests, who are counted in user
			continue
		}
		all += n
		if i == 8 {
			taken = n
		}
	}
	return taken, all
}

// stealing returns a function that tells which percentage of the processors the host took meanwhile.
func stealing() func() int64 {
	taken, all := stolen()
	return func() int64 {
		t, a := stolen()
		return (t - taken) * 100 / max(1, a-all)
	}
}
