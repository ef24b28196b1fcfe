package registry

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"firewolf/fhir/tree"
	"firewolf/fixtures"
	"firewolf/registry/course"
	"firewolf/registry/disclose"
)

// crowdOf makes courses of the sample patients, each many times.
func crowdOf(b *testing.B, n int) []*course.Course {
	b.Helper()
	names, err := fs.Glob(fixtures.FS, "bundles/*-SYN-P*.json")
	if err != nil || len(names) < 5 {
		b.Fatalf("%d bundles, %v", len(names), err)
	}
	var bundles []*tree.Tree
	for _, name := range names {
		text, err := fs.ReadFile(fixtures.FS, name)
		if err != nil {
			b.Fatal(err)
		}
		bundle, err := tree.Parse(text, tree.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		bundles = append(bundles, bundle)
	}
	var l []*course.Course
	for k := 0; len(l) < n; k++ {
		builder, bundle := course.NewBuilder(fmt.Sprintf("p%06d", k), false), bundles[k%len(bundles)]
		products := map[string]string{}
		for e := range bundle.Root().Member("entry").Items() {
			r := bundle.Sub(e.Member("resource"))
			builder.Add(r)
			if r.ResourceType() == "BiologicallyDerivedProduct" {
				products[r.ID()] = course.ProductCode(r)
			}
		}
		if c := builder.Course(products); c.Analyzed(course.Forever) {
			l = append(l, c)
		}
	}
	return l
}

// BenchmarkAggregate is what an answer costs once courses are read and the cohort is found: counting, hiding, the ledger and writing.
func BenchmarkAggregate(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		courses := crowdOf(b, n)
		for _, a := range aggregates() {
			for _, caller := range []string{"admin", "aggregator"} {
				b.Run(fmt.Sprintf("%s/%d/%s", a.name, n, caller), func(b *testing.B) {
					for b.Loop() {
						ledger := disclose.NewLedger(nil)
						q := &question{in: inputs{}, rules: usual(), k: 1, op: a.name, asOf: course.ParseDay("2026-01-01").Exact()}
						q.near = func(l []disclose.Fact) ([]bool, error) { return ledger.Near(b.Context(), "x", q.k, l) }
						if caller == "aggregator" {
							q.k = 11
						}
						for _, i := range slices.Concat(common(), a.inputs) {
							if i.preset != "" {
								q.in[i.name] = strings.Split(i.preset, ",")
							}
						}
						q.all = group{everyone, courses}
						q.groups = []group{q.all}
						if err := a.run(q); err != nil {
							b.Fatal(err)
						}
						if err := ledger.Allow(b.Context(), "x", q.k, "", q.facts); err != nil {
							b.Fatal(err)
						}
						if len(q.answer.parameters()) < 1000 {
							b.Fatal("the answer is too short")
						}
					}
				})
			}
		}
	}
}
