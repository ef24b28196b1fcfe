// Command gen writes the table of units that package ucum embeds, from ucum-essence.xml as
// https://ucum.org publishes it.
package main

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	from := flag.String("from", "ucum-essence.xml", "the published table")
	to := flag.String("to", "units.tsv", "the table to write")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	table, err := compile(in)
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	return os.WriteFile(to, []byte(table), 0o644)
}

// essence is what of ucum-essence.xml counts.
type essence struct {
	Version  string `xml:"version,attr"`
	Prefixes []struct {
		Code  string `xml:"Code,attr"`
		Value value  `xml:"value"`
	} `xml:"prefix"`
	Bases []struct {
		Code string `xml:"Code,attr"`
	} `xml:"base-unit"`
	Units []unit `xml:"unit"`
}

type unit struct {
	Code      string `xml:"Code,attr"`
	Metric    string `xml:"isMetric,attr"`
	Arbitrary string `xml:"isArbitrary,attr"`
	Special   string `xml:"isSpecial,attr"`
	Value     value  `xml:"value"`
}

type value struct {
	Value    string `xml:"value,attr"`
	Unit     string `xml:"Unit,attr"`
	Function *struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
		Unit  string `xml:"Unit,attr"`
	} `xml:"function"`
}

// compile turns the published table into lines of fields with tabs between.
func compile(in io.Reader) (string, error) {
	d := xml.NewDecoder(in)
	// The file says that it is ASCII, which is UTF-8 too.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var e essence
	if err := d.Decode(&e); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# UCUM %s. Copyright Regenstrief Institute, Inc. and the UCUM Organization: see NOTICE.\n", e.Version)
	b.WriteString("# prefix code value | base code | unit code metric|plain kind value unit\n")
	for _, p := range e.Prefixes {
		fmt.Fprintf(&b, "prefix\t%s\t%s\n", p.Code, p.Value.Value)
	}
	for _, u := range e.Bases {
		fmt.Fprintf(&b, "base\t%s\n", u.Code)
	}
	for _, u := range e.Units {
		line, err := u.line()
		if err != nil {
			return "", err
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// line writes a unit. Its kind is "ratio", "arbitrary", or the name of the function of a special unit.
func (u unit) line() (string, error) {
	metric, kind, v := "plain", "ratio", u.Value
	if u.Metric == "yes" {
		metric = "metric"
	}
	switch {
	case u.Arbitrary == "yes":
		kind = "arbitrary"
	case v.Function != nil:
		kind, v.Value, v.Unit = v.Function.Name, v.Function.Value, v.Function.Unit
	case u.Special == "yes":
		return "", fmt.Errorf("the special unit %s has no function", u.Code)
	}
	if u.Code == "" || v.Value == "" || v.Unit == "" {
		return "", fmt.Errorf("the unit %q has no value", u.Code)
	}
	return fmt.Sprintf("unit\t%s\t%s\t%s\t%s\t%s\n", u.Code, metric, kind, v.Value, v.Unit), nil
}
