package fhirpath

// functions are those whose arguments are values. https://hl7.org/fhirpath/N1/#functions
var functions = map[string]function{
	"count":      {run: runCount},
	"distinct":   {run: runDistinct, keeps: true},
	"isDistinct": {run: runIsDistinct},
	"first":      {run: runFirst, keeps: true},
	"last":       {run: runLast, keeps: true},
	"tail":       {run: runTail, keeps: true},
	"single":     {run: runSingle, keeps: true},
	"skip":       {min: 1, max: 1, run: runSkip, keeps: true},
	"take":       {min: 1, max: 1, run: runTake, keeps: true},
	"subsetOf":   {min: 1, max: 1, run: func(c called) ([]Value, error) { return c.within(c.items, c.args[0]) }},
	"supersetOf": {min: 1, max: 1, run: func(c called) ([]Value, error) { return c.within(c.args[0], c.items) }},
	"intersect":  {min: 1, max: 1, run: runIntersect, keeps: true},
	"exclude":    {min: 1, max: 1, run: runExclude, keeps: true},
	"combine":    {min: 1, max: 1, run: runCombine},
	"allTrue":    {run: func(c called) ([]Value, error) { return c.every("true") }},
	"allFalse":   {run: func(c called) ([]Value, error) { return c.every("false") }},
	"anyTrue":    {run: func(c called) ([]Value, error) { return c.some("true") }},
	"anyFalse":   {run: func(c called) ([]Value, error) { return c.some("false") }},
}

func runCount(c called) ([]Value, error) { return c.give(integerValue(int64(len(c.items)))) }

func runDistinct(c called) ([]Value, error) {
	start := len(c.dst)
	return distinct(c.e, append(c.dst, c.items...), start)
}

func runIsDistinct(c called) ([]Value, error) {
	kept, err := runDistinct(c)
	if err != nil {
		return nil, err
	}
	return c.give(booleanValue(len(kept)-len(c.dst) == len(c.items)))
}

// part gives the items from a place up to another, as far as there are any.
func (c called) part(from, to int64) ([]Value, error) {
	n := int64(len(c.items))
	from, to = min(max(from, 0), n), min(max(to, 0), n)
	if from >= to {
		return c.none()
	}
	return append(c.dst, c.items[from:to]...), nil
}

func runFirst(c called) ([]Value, error) { return c.part(0, 1) }

func runLast(c called) ([]Value, error) { return c.part(int64(len(c.items))-1, int64(len(c.items))) }

func runTail(c called) ([]Value, error) { return c.part(1, int64(len(c.items))) }

func runSingle(c called) ([]Value, error) {
	if _, _, err := c.one(); err != nil {
		return nil, err
	}
	return c.part(0, 1)
}

func runSkip(c called) ([]Value, error) {
	n, has, err := c.integerArgument(0)
	if !has || err != nil {
		return c.dst, err
	}
	return c.part(n, int64(len(c.items)))
}

func runTake(c called) ([]Value, error) {
	n, has, err := c.integerArgument(0)
	if !has || err != nil {
		return c.dst, err
	}
	return c.part(0, n)
}

// within tells whether each of some items is among others.
func (c called) within(some, others []Value) ([]Value, error) {
	for _, v := range some {
		has, err := holds(c.e, others, v)
		if err != nil {
			return nil, err
		}
		if !has {
			return c.give(booleanValue(false))
		}
	}
	return c.give(booleanValue(true))
}

func runIntersect(c called) ([]Value, error) {
	start := len(c.dst)
	dst, err := c.sift(true)
	if err != nil {
		return nil, err
	}
	return distinct(c.e, dst, start)
}

func runExclude(c called) ([]Value, error) { return c.sift(false) }

// sift gives the items that are, or are not, in the argument.
func (c called) sift(in bool) ([]Value, error) {
	dst := c.dst
	for _, v := range c.items {
		has, err := holds(c.e, c.args[0], v)
		if err != nil {
			return nil, err
		}
		if has == in {
			dst = append(dst, v)
		}
	}
	return dst, nil
}

func runCombine(c called) ([]Value, error) {
	return append(append(c.dst, c.items...), c.args[0]...), nil
}

// every tells whether all items are that Boolean; an empty input is.
func (c called) every(text string) ([]Value, error) {
	n, err := c.booleans(text)
	if err != nil {
		return nil, err
	}
	return c.give(booleanValue(n == len(c.items)))
}

// some tells whether any item is that Boolean.
func (c called) some(text string) ([]Value, error) {
	n, err := c.booleans(text)
	if err != nil {
		return nil, err
	}
	return c.give(booleanValue(n > 0))
}

// booleans counts the items that are that Boolean.
func (c called) booleans(text string) (int, error) {
	n := 0
	for _, v := range c.items {
		a := atomOf(v)
		if a.kind != atomBoolean {
			return 0, c.fail("takes Booleans, not " + describe(v))
		}
		if a.text == text {
			n++
		}
	}
	return n, nil
}
