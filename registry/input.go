package registry

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"firewolf/fhir"
	"firewolf/fhir/interaction"
)

// input is a parameter that an operation takes, as its OperationDefinition documents it.
type input struct {
	name    string
	typ     string // string, code, integer, date, boolean, decimal
	many    bool
	choices []string    // of a code
	preset  string      // what holds where it is not given; "" for nothing
	within  *[2]float64 // of a number: the least and the most; nil for any
	doc     string
}

// inputs are the values of a call, by name.
type inputs map[string][]string

func (in inputs) one(name string) string {
	if l := in[name]; len(l) > 0 {
		return l[0]
	}
	return ""
}

// number returns an integer, which was checked when it was read.
func (in inputs) number(name string) int {
	n, _ := strconv.Atoi(in.one(name))
	return n
}

// readInputs reads the parameters of a call: of the query, and of the Parameters that were posted. What the operation does
// not take is refused, all together. https://hl7.org/fhir/R4/operations.html#request
func readInputs(r interaction.Request, taken []input) (inputs, error) {
	in := inputs{}
	var is fhir.Issues
	for _, p := range r.Query {
		is = append(is, in.add(taken, p.Name, p.Value, "http."+p.Name)...)
	}
	posted, err := postedValues(r.Body)
	if err != nil {
		return nil, err
	}
	for k, p := range posted {
		is = append(is, in.add(taken, p[0], p[1], fmt.Sprintf("Parameters.parameter[%d]", k))...)
	}
	if err := is.Err(); err != nil {
		return nil, err
	}
	for _, i := range taken {
		if i.preset != "" && len(in[i.name]) == 0 {
			in[i.name] = strings.Split(i.preset, ",")
			if !i.many {
				in[i.name] = []string{i.preset}
			}
		}
	}
	return in, nil
}

func (in inputs) add(taken []input, name, value, at string) fhir.Issues {
	k := slices.IndexFunc(taken, func(i input) bool { return i.name == name })
	if k < 0 {
		return fhir.Issues{fhir.NewIssue(fhir.NotSupported, "the operation has no parameter "+strconv.Quote(short(name)), at).Because(fhir.ReasonUnknownParameter)}
	}
	i := taken[k]
	values := []string{value}
	if i.many && i.typ == "code" {
		values = strings.Split(value, ",")
	}
	for _, v := range values {
		if err := i.check(v); err != nil {
			return fhir.Issues{fhir.NewIssue(fhir.Value, name+": "+err.Error(), at)}
		}
		if i.typ == "code" && slices.Contains(in[name], v) { // every line of it would be told twice
			return fhir.Issues{fhir.NewIssue(fhir.Invalid, name+": "+v+" is given more than once", at)}
		}
		in[name] = append(in[name], v)
	}
	if !i.many && len(in[name]) > 1 {
		return fhir.Issues{fhir.NewIssue(fhir.Invalid, name+" is given more than once", at)}
	}
	return nil
}

// check refuses a value that the type of the parameter does not have.
func (i input) check(v string) error {
	var err error
	switch i.typ {
	case "string":
		if v == "" { // a cohort of nothing would be everybody
			return errors.New("it is empty")
		}
	case "integer":
		_, err = strconv.Atoi(v)
	case "decimal":
		_, err = strconv.ParseFloat(v, 64)
	case "date":
		_, err = time.Parse(time.DateOnly, v)
	case "boolean":
		if v != "true" && v != "false" {
			err = strconv.ErrSyntax
		}
	case "code":
		if len(i.choices) > 0 && !slices.Contains(i.choices, v) {
			return fmt.Errorf("%q is none of %s", short(v), strings.Join(i.choices, ", "))
		}
	}
	if err != nil {
		return fmt.Errorf("%q is no %s", short(v), i.typ)
	}
	if i.within != nil {
		switch x, err := strconv.ParseFloat(v, 64); {
		case err == nil && i.within[0] <= x && x <= i.within[1]: // NaN is neither
		case math.IsInf(i.within[1], 1):
			return fmt.Errorf("%q is less than %v", short(v), i.within[0])
		default:
			return fmt.Errorf("%q is not between %v and %v", short(v), i.within[0], i.within[1])
		}
	}
	return nil
}

// short keeps what a message repeats of a request to a line.
func short(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
