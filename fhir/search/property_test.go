package search_test

import (
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firewolf/fhir/search"
)

// The tests of this file say once more, in the words of https://hl7.org/fhir/R4/search.html, what a query finds, and hold
// that against the entries and plans of drawn resources and queries.

// found reports whether a query finds a resource by its entries.
func found(t *rapid.T, tb testing.TB, json, query string) bool {
	p, err := plan(tb, query)
	if err != nil {
		t.Fatalf("%s: %v", query, showIssues(err))
	}
	w := world{index: map[string]search.Entries{"1": entries(tb, json)}}
	return w.holds(tb, p.Where, "1")
}

var prefixes = rapid.SampledFrom([]string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"})

// drawDate draws a date as far as it is known, within a few days, so that drawn dates meet.
func drawDate(t *rapid.T, label string) string {
	full := fmt.Sprintf("2020-0%d-%02dT%02d:%02d:%02d", rapid.IntRange(1, 2).Draw(t, label+" month"), rapid.IntRange(1, 2).Draw(t, label+" day"),
		rapid.IntRange(0, 1).Draw(t, label+" hour"), rapid.IntRange(0, 1).Draw(t, label+" minute"), rapid.IntRange(0, 1).Draw(t, label+" second"))
	length := rapid.SampledFrom([]int{4, 7, 10, 19}).Draw(t, label+" length")
	if length < 19 {
		return full[:length]
	}
	return full + rapid.SampledFrom([]string{"Z", "+01:00"}).Draw(t, label+" zone")
}

// periodOf returns the first moment of a date and the first moment after it.
func periodOf(t *rapid.T, date string) (from, before time.Time) {
	layouts := map[int]string{4: "2006", 7: "2006-01", 10: "2006-01-02", 20: time.RFC3339, 25: time.RFC3339}
	from, err := time.Parse(layouts[len(date)], date)
	if err != nil {
		t.Fatal(err)
	}
	switch len(date) {
	case 4:
		return from, from.AddDate(1, 0, 0)
	case 7:
		return from, from.AddDate(0, 1, 0)
	case 10:
		return from, from.AddDate(0, 0, 1)
	}
	return from, from.Add(time.Second)
}

func TestDrawnDatesAreFoundAsTheirRangesSay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		start, end, value := drawDate(rt, "start"), drawDate(rt, "end"), drawDate(rt, "value")
		prefix := prefixes.Draw(rt, "prefix")
		lo, _ := periodOf(rt, start)
		_, hi := periodOf(rt, end)
		if !lo.Before(hi) {
			return
		}
		from, before := periodOf(rt, value)
		contained := !lo.Before(from) && !hi.After(before)
		want := map[string]bool{
			"": contained, "eq": contained, "ne": !contained,
			"gt": hi.After(before), "ge": hi.After(from), "lt": lo.Before(from), "le": lo.Before(before),
			"sa": !lo.Before(before), "eb": !hi.After(from),
		}[prefix]
		json := fmt.Sprintf(`{"resourceType":"Observation","id":"1","effectivePeriod":{"start":%q,"end":%q}}`, start, end)
		if got := found(rt, t, json, "Observation?date="+prefix+url.QueryEscape(value)); got != want {
			rt.Fatalf("%s..%s %s %s: want %t, got %t", start, end, prefix, value, want, got)
		}
	})
}

// drawNumber draws a number with few digits, so that drawn numbers meet.
func drawNumber(t *rapid.T, label string) string {
	text := fmt.Sprint(rapid.IntRange(-20, 20).Draw(t, label))
	if digits := rapid.IntRange(0, 2).Draw(t, label+" decimals"); digits > 0 {
		text += fmt.Sprintf(".%0*d", digits, rapid.IntRange(0, 9).Draw(t, label+" fraction"))
	}
	if strings.HasPrefix(text, "-0.") {
		return text[1:]
	}
	return text
}

// rational returns a number and half a unit of its last digit.
func rational(t *rapid.T, text string) (n, half *big.Rat) {
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%s is no number", text)
	}
	_, fraction, _ := strings.Cut(text, ".")
	half = big.NewRat(1, 2)
	for range fraction {
		half.Mul(half, big.NewRat(1, 10))
	}
	return n, half
}

// compares says what the prefixes mean for a number.
func compares(t *rapid.T, prefix, is, value string) bool {
	have, _ := rational(t, is)
	asked, half := rational(t, value)
	equal := have.Cmp(new(big.Rat).Sub(asked, half)) >= 0 && have.Cmp(new(big.Rat).Add(asked, half)) < 0
	return map[string]bool{
		"": equal, "eq": equal, "ne": !equal,
		"gt": have.Cmp(asked) > 0, "sa": have.Cmp(asked) > 0, "lt": have.Cmp(asked) < 0, "eb": have.Cmp(asked) < 0,
		"ge": have.Cmp(asked) >= 0, "le": have.Cmp(asked) <= 0,
	}[prefix]
}

func TestDrawnNumbersAreFoundAsTheirValuesSay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		is, value, prefix := drawNumber(rt, "is"), drawNumber(rt, "value"), prefixes.Draw(rt, "prefix")
		json := `{"resourceType":"RiskAssessment","id":"1","prediction":[{"probabilityDecimal":` + is + `}]}`
		want := compares(rt, prefix, is, value)
		if got := found(rt, t, json, "RiskAssessment?probability="+prefix+value); got != want {
			rt.Fatalf("%s %s %s: want %t, got %t", is, prefix, value, want, got)
		}
	})
}

func TestDrawnQuantitiesAreFoundInAnyUnit(t *testing.T) {
	thousands := map[string]int64{"kg": 1_000_000_000, "g": 1_000_000, "mg": 1_000, "ug": 1}
	units := rapid.SampledFrom([]string{"kg", "g", "mg", "ug"})
	rapid.Check(t, func(rt *rapid.T) {
		is, value, prefix := drawNumber(rt, "is"), drawNumber(rt, "value"), prefixes.Draw(rt, "prefix")
		have, asked := units.Draw(rt, "unit"), units.Draw(rt, "unit asked for")
		// The amount in the unit that is asked for; numbers with more digits than a decimal128 do not occur.
		n, _ := rational(rt, is)
		n.Mul(n, big.NewRat(thousands[have], thousands[asked]))
		want := compares(rt, prefix, n.FloatString(15), value)
		json := `{"resourceType":"Observation","id":"1","valueQuantity":{"value":` + is + `,"system":"http://unitsofmeasure.org","code":"` + have + `"}}`
		if got := found(rt, t, json, "Observation?value-quantity="+prefix+value+"|http://unitsofmeasure.org|"+asked); got != want {
			rt.Fatalf("%s %s %s %s %s: want %t, got %t", is, have, prefix, value, asked, want, got)
		}
	})
}

func TestDrawnStringsAreFoundByTheirStart(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aAäbß -'.é")), 1, 6, -1)
	rapid.Check(t, func(rt *rapid.T) {
		is, value := text.Draw(rt, "is"), text.Draw(rt, "value")
		if search.Fold(value) == "" {
			return
		}
		json := fmt.Sprintf(`{"resourceType":"Organization","id":"1","name":%q}`, is)
		for modifier, want := range map[string]bool{
			"":          strings.HasPrefix(search.Fold(is), search.Fold(value)),
			":contains": strings.Contains(search.Fold(is), search.Fold(value)),
			":exact":    is == value,
		} {
			if got := found(rt, t, json, "Organization?name"+modifier+"="+url.PathEscape(value)); got != want {
				rt.Fatalf("%q, name%s=%q: want %t, got %t", is, modifier, value, want, got)
			}
		}
	})
}

// coding is a token as it is drawn; "" is a part that is not there.
type coding struct{ system, code string }

func TestDrawnTokensAreFoundBySystemAndCode(t *testing.T) {
	part := rapid.SampledFrom([]string{"", "a", "b", "a|b", `a\`, "A", "a,b", "b$"})
	rapid.Check(t, func(rt *rapid.T) {
		var codings []coding
		var texts []string
		for range rapid.IntRange(0, 3).Draw(rt, "codings") {
			c := coding{part.Draw(rt, "system"), part.Draw(rt, "code")}
			codings = append(codings, c)
			texts = append(texts, jsonCoding(c))
		}
		asked, scoped := coding{part.Draw(rt, "system asked for"), part.Draw(rt, "code asked for")}, rapid.Bool().Draw(rt, "scoped")
		if asked.code == "" && (asked.system == "" || !scoped) {
			return
		}
		value := escaped(asked.code)
		if scoped {
			value = escaped(asked.system) + "|" + value
		}
		want := false
		for _, c := range codings {
			want = want || c.is(asked, scoped)
		}
		json := `{"resourceType":"Condition","id":"1","code":{"coding":[` + strings.Join(texts, ",") + `]}}`
		if got := found(rt, t, json, "Condition?code="+url.PathEscape(value)); got != want {
			rt.Fatalf("%s, code=%s: want %t, got %t", json, value, want, got)
		}
		if got := found(rt, t, json, "Condition?code:not="+url.PathEscape(value)); got == want {
			rt.Fatalf("%s, code:not=%s: want %t, got %t", json, value, !want, got)
		}
	})
}

// is reports whether a coding is the one that is asked for.
func (c coding) is(asked coding, scoped bool) bool {
	switch {
	case !scoped:
		return c.code == asked.code
	case asked.code == "":
		return c.system == asked.system
	}
	return c == asked
}

func jsonCoding(c coding) string {
	var members []string
	if c.system != "" {
		members = append(members, fmt.Sprintf(`"system":%q`, c.system))
	}
	if c.code != "" {
		members = append(members, fmt.Sprintf(`"code":%q`, c.code))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// escaped escapes a part of a value. https://hl7.org/fhir/R4/search.html#escaping
func escaped(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, ",", `\,`, "$", `\$`).Replace(s)
}

func TestDrawnReferencesAreFoundByTypeIDAndURL(t *testing.T) {
	bases := rapid.SampledFrom([]string{"", own + "/", "http://other.org/fhir/"})
	keys := rapid.SampledFrom([]string{"Patient/1", "Patient/2", "Group/1", "Patient/1/_history/2"})
	rapid.Check(t, func(rt *rapid.T) {
		base, key := bases.Draw(rt, "base"), keys.Draw(rt, "key")
		askedBase, askedKey := bases.Draw(rt, "base asked for"), keys.Draw(rt, "key asked for")
		local, askedLocal := base != "http://other.org/fhir/", askedBase != "http://other.org/fhir/"
		unversioned, _, _ := strings.Cut(key, "/_history")
		want := local == askedLocal && (askedKey == key || askedKey == unversioned)
		json := `{"resourceType":"Observation","id":"1","subject":{"reference":"` + base + key + `"}}`
		if got := found(rt, t, json, "Observation?subject="+askedBase+askedKey); got != want {
			rt.Fatalf("%s%s, subject=%s%s: want %t, got %t", base, key, askedBase, askedKey, want, got)
		}
		_, id, _ := strings.Cut(unversioned, "/")
		if got := found(rt, t, json, "Observation?subject="+id); got != local {
			rt.Fatalf("%s%s, subject=%s: want %t, got %t", base, key, id, local, got)
		}
	})
}
