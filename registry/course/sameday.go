package course

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"firewolf/fhir/tree"
	"firewolf/registry/score"
	"firewolf/registry/term"
)

// gathered are facts with when each was found. Facts have a day; of two of one day the later in time stands, and what is only preliminary never
// stands before what is not.
type gathered[T any] struct {
	facts []T
	at    []found
}

// found is when a fact was found, and of facts of one time which is first: it is the same whenever their resources are written.
type found struct {
	nanos int64
	tie   uint32
}

func (f found) compare(o found) int {
	return cmp.Or(cmp.Compare(f.nanos, o.nanos), cmp.Compare(f.tie, o.tie))
}

func (g *gathered[T]) add(fact T, at found) {
	g.facts, g.at = append(g.facts, fact), append(g.at, at)
}

// order is the places of the facts in order of time.
func (g *gathered[T]) order(day func(T) Day) []int {
	order := make([]int, len(g.facts))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(day(g.facts[a]), day(g.facts[b])), g.at[a].compare(g.at[b]))
	})
	return order
}

// tieOf is a number of a resource by its id.
func tieOf(root tree.Node) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(root.Member("id").Text())) // never fails
	return h.Sum32()
}

// inOrder returns the facts in order of time, without the room in which they grew. Of each two of one time clash says what they then are.
func (g *gathered[T]) inOrder(day func(T) Day, clash func(a, b *T)) []T {
	order := g.order(day)
	l := make([]T, 0, len(order))
	for n, k := range order {
		l = append(l, g.facts[k])
		if n > 0 && clash != nil && day(l[n-1]) == day(l[n]) && g.at[order[n-1]].nanos == g.at[k].nanos {
			clash(&l[n-1], &l[n])
		}
	}
	return l
}

// settled returns the facts in order of time, of those of one day about one thing the last, without the room in which they grew. What is said otherwise
// at one time clash makes such that nobody knows.
func (g *gathered[T]) settled(day func(T) Day, about func(a, b T) bool, clash func(a *T, b T)) []T {
	order := g.order(day)
	out := gathered[T]{facts: make([]T, 0, len(order)), at: make([]found, 0, len(order))}
	for _, k := range order {
		fact, at := g.facts[k], g.at[k]
		n := len(out.facts) - 1
		for n >= 0 && day(out.facts[n]) == day(fact) && !about(out.facts[n], fact) {
			n--
		}
		switch {
		case n < 0 || day(out.facts[n]) != day(fact):
			out.add(fact, at)
		case out.at[n].nanos == at.nanos:
			clash(&out.facts[n], fact)
		default:
			out.facts[n], out.at[n] = fact, at
		}
	}
	return out.facts
}

// sameOutcome reports whether two outcomes are what clinicians stated of one endpoint. What was computed stands beside.
func sameOutcome(a, b Stated) bool { return a.Clinician && b.Clinician && a.Code == b.Code }

// disagree makes an outcome not evaluable of which something else is stated too.
func disagree(a *Stated, b Stated) {
	if a.Result != b.Result {
		a.Disputed = a.Disputed || a.Result == term.Met || b.Result == term.Met
		a.Result = term.NotEvaluable
	}
}

// waver makes it unknown whether a drug was taken of which both is told.
func waver(a *Taking, b Taking) {
	if a.Taken != b.Taken {
		a.Taken = score.Unknown
	}
}

// foundAt is when an Observation was made, to be compared with others of the day: a date alone is before every time of its day, in whatever zone. What is preliminary is
// before all that is not. https://hl7.org/fhir/R4/valueset-observation-status.html
func foundAt(root tree.Node, at string) found {
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		when = time.Unix(int64(max(ParseDay(at).From, 0))*86400, 0).Add(-firstZone)
	}
	nanos := when.UnixNano()
	if root.Member("status").Text() == "preliminary" {
		nanos += math.MinInt64 / 2
	}
	return found{nanos, tieOf(root)}
}

// firstZone is how far the day is ahead where it begins first.
const firstZone = 14 * time.Hour

// differ makes two readings of one time that say different things such that nobody knows which holds.
func differ(a, b *Reading) {
	if a.X != b.X || a.Sign != b.Sign || a.Known != b.Known {
		a.Value, b.Value = score.Value{}, score.Value{}
	}
}

// contradict does so of findings.
func contradict(a, b *Finding) {
	if a.Truth != b.Truth {
		a.Fact, b.Fact = score.Fact{}, score.Fact{}
	}
}

// part is what one Observation tells of an assessment: its items and total, or its clinical score.
type part struct {
	Assessment
	selena bool
}

// assessments puts together what was told of each day: by SLEDAI-2K, and by SELENA-SLEDAI. What was told later of the day holds, and of what was
// told otherwise at one time nobody knows.
func (b *Builder) assessments() (by, others []Assessment) {
	last := map[*[]Assessment]found{}
	parts := gathered[int]{at: b.parts.at}
	for k := range b.parts.facts {
		parts.facts = append(parts.facts, k)
	}
	for _, k := range parts.inOrder(func(k int) Day { return b.parts.facts[k].Day }, nil) {
		p, at, l := b.parts.facts[k], b.parts.at[k], &by
		if p.selena {
			l = &others
		}
		if n := len(*l); n > 0 && (*l)[n-1].Day == p.Day {
			(*l)[n-1].take(p.Assessment, last[l].nanos == at.nanos)
		} else {
			*l = append(*l, p.Assessment)
		}
		last[l] = at
	}
	return by, others
}

// take adds what else was told of the assessment of a day, later or at one time.
func (a *Assessment) take(p Assessment, once bool) {
	if p.From != "" {
		a.From = p.From
	}
	for k, t := range p.Items {
		switch was := a.Items[k]; {
		case !t.Known():
		case once && was.Known() && was != t:
			a.Items[k] = score.Unknown
		default:
			a.Items[k] = t
		}
	}
	for _, of := range [][2]*score.Value{{&a.Total, &p.Total}, {&a.Clinical, &p.Clinical}} {
		switch was, is := of[0], of[1]; {
		case !is.Known:
		case once && was.Known && (was.X != is.X || was.Sign != is.Sign):
			*was = score.Value{}
		default:
			*was = *is
		}
	}
}

// selenaKind is the kind of an assessment without a full date.
func selenaKind(selena bool) string {
	if selena {
		return term.SELENASLEDAI
	}
	return term.SLEDAI2K
}
