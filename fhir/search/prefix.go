package search

// Prefix is how a value of an ordered type is compared. https://hl7.org/fhir/R4/search.html#prefix
type Prefix string

// The prefixes.
const (
	Equal          Prefix = "eq"
	NotEqual       Prefix = "ne"
	Greater        Prefix = "gt"
	Less           Prefix = "lt"
	GreaterOrEqual Prefix = "ge"
	LessOrEqual    Prefix = "le"
	StartsAfter    Prefix = "sa"
	EndsBefore     Prefix = "eb"
	Approximate    Prefix = "ap"
)

// CutPrefix splits the prefix from a value of a date, number or quantity parameter.
// Where there is none it is Equal.
func CutPrefix(value string) (Prefix, string) {
	if len(value) < 2 {
		return Equal, value
	}
	switch p := Prefix(value[:2]); p {
	case Equal, NotEqual, Greater, Less, GreaterOrEqual, LessOrEqual, StartsAfter, EndsBefore, Approximate:
		return p, value[2:]
	}
	return Equal, value
}
