package disclose

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// split is what was told of one key by one table: groups that share nobody. What any of them make up together follows, by adding.
type split struct{ groups []*roaring.Bitmap }

// is reports whether the groups of a split are these, in this order.
func (s split) is(groups []*roaring.Bitmap) bool {
	return slices.EqualFunc(s.groups, groups, func(a, b *roaring.Bitmap) bool { return a.Equals(b) })
}

// tooMany is from how many groups on not every union of them is looked at.
const tooMany = 10

// unions are the sets of groups whose unions are looked at, each as a list of places: all there are, and of many groups each, each two, all, and
// all but one.
func unions(n int) [][]int {
	var l [][]int
	if n <= tooMany {
		for bits := 1; bits < 1<<n; bits++ {
			var u []int
			for i := range n {
				if bits>>i&1 == 1 {
					u = append(u, i)
				}
			}
			l = append(l, u)
		}
		return l
	}
	var all []int
	for i := range n {
		l = append(l, []int{i})
		for j := range i {
			l = append(l, []int{j, i})
		}
		all = append(all, i)
	}
	for i := range n {
		l = append(l, append(append([]int{}, all[:i]...), all[i+1:]...))
	}
	return append(l, all)
}

// overlap is how many each of some groups has in common with each of a split.
type overlap struct {
	sizes  []int   // of the groups
	others []int   // of those of the split
	common [][]int // by group, and by group of the split
}

func overlapOf(groups []*roaring.Bitmap, s split) overlap {
	o := overlap{sizes: make([]int, len(groups)), others: make([]int, len(s.groups)), common: make([][]int, len(groups))}
	for j, g := range s.groups {
		o.others[j] = int(g.GetCardinality())
	}
	for i, g := range groups {
		o.sizes[i] = int(g.GetCardinality())
		o.common[i] = make([]int, len(s.groups))
		for j, x := range s.groups {
			o.common[i][j] = int(g.AndCardinality(x))
		}
	}
	return o
}

// swapped is the same, of the split's groups.
func (o overlap) swapped() overlap {
	p := overlap{sizes: o.others, others: o.sizes, common: make([][]int, len(o.others))}
	for j := range p.common {
		p.common[j] = make([]int, len(o.sizes))
		for i := range o.sizes {
			p.common[j][i] = o.common[i][j]
		}
	}
	return p
}

// distance is how far a union of groups is from the nearest that groups of the split make up together.
type distance struct {
	differ int // patients who are in one of the two only
	more   int // than in the largest union that it holds
	fewer  int // than in the smallest union that holds it; -1 for none
}

// distances are those of unions. What a union has in common with the split is that of the union without its last group, if that is one of those
// before it, and that of its last group.
func (o overlap) distances(l [][]int) []distance {
	out := make([]distance, len(l))
	sums := make([][]int, len(l))
	all := len(o.sizes) <= tooMany
	for u, union := range l {
		last := len(union) - 1
		sum := slices.Clone(o.common[union[last]])
		rest := union[:last]
		if all && last > 0 {
			add(sum, sums[placeOf(rest)])
		} else {
			for _, i := range rest {
				add(sum, o.common[i])
			}
		}
		sums[u], out[u] = sum, o.distance(union, sum)
	}
	return out
}

// placeOf is where unions has a union of few groups.
func placeOf(union []int) int {
	bits := 0
	for _, i := range union {
		bits |= 1 << i
	}
	return bits - 1
}

func add(to, from []int) {
	for j, n := range from {
		to[j] += n
	}
}

// distance is that of one union, which has so many in common with each group of the split.
func (o overlap) distance(union, shared []int) distance {
	size := 0
	for _, i := range union {
		size += o.sizes[i]
	}
	var d distance
	inside, held, around := 0, 0, 0
	for j, other := range o.others {
		common := shared[j]
		inside += common
		d.differ += min(common, other-common)
		if common == other {
			held += other
		}
		if common > 0 {
			around += other
		}
	}
	d.differ += size - inside
	d.more, d.fewer = size-held, -1
	if inside == size {
		d.fewer = around - size
	}
	return d
}

// near says whether the distance tells of few. Groups whose patients a caller chose may not differ by few at all; of others nobody knows who is in
// them unless one holds the other.
func (d distance) near(whole bool, k int) bool {
	return whole && Small(d.differ, k) || Small(d.more, k) || Small(d.fewer, k)
}
