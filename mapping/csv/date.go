package csv

import (
	"errors"
	"fmt"
	"strings"

	"firewolf/fhir/datetime"
)

// layout is how a center writes dates: DD.MM.YYYY.
type layout []layoutPart

// layoutPart is a number of a date, or a text between numbers.
type layoutPart struct {
	part     byte // Y, M, D; 0 for a text
	min, max int  // digits
	text     string
}

var errLayout = errors.New("a date is written with YYYY, MM or M, DD or D, and what stands between them, as in DD.MM.YYYY or MM/YYYY")

// parseLayout reads a layout. A year of two digits is refused: nobody knows its century.
func parseLayout(text string) (layout, error) {
	var l layout
	seen := map[byte]bool{}
	for rest := text; rest != ""; {
		c := rest[0]
		n := len(rest) - len(strings.TrimLeft(rest, string(c)))
		switch {
		case c == 'Y' && n == 4, (c == 'M' || c == 'D') && n <= 2:
			if seen[c] {
				return nil, errLayout
			}
			seen[c] = true
			p := layoutPart{part: c, min: n, max: n}
			if n == 1 {
				p.max = 2
			}
			l = append(l, p)
		case strings.IndexByte(".-/ ", c) >= 0:
			l = append(l, layoutPart{text: rest[:n]})
		default:
			return nil, errLayout
		}
		rest = rest[n:]
	}
	if !seen['Y'] || seen['D'] && !seen['M'] {
		return nil, errLayout
	}
	return l, nil
}

// read returns the date as FHIR writes it.
func (l layout) read(text string) (string, bool) {
	numbers := map[byte]string{}
	for _, p := range l {
		if p.part == 0 {
			rest, ok := strings.CutPrefix(text, p.text)
			if !ok {
				return "", false
			}
			text = rest
			continue
		}
		n := 0
		for n < len(text) && n < p.max && text[n] >= '0' && text[n] <= '9' {
			n++
		}
		if n < p.min {
			return "", false
		}
		number := text[:n]
		if p.part != 'Y' && n == 1 {
			number = "0" + number
		}
		numbers[p.part], text = number, text[n:]
	}
	if text != "" {
		return "", false
	}
	iso := numbers['Y']
	for _, p := range []byte("MD") {
		if numbers[p] == "" {
			break
		}
		iso += "-" + numbers[p]
	}
	return iso, true
}

// fhirDay is how FHIR writes a day, which is read in every file.
var fhirDay = layout{{part: 'Y', min: 4, max: 4}, {text: "-"}, {part: 'M', min: 2, max: 2}, {text: "-"}, {part: 'D', min: 2, max: 2}}

// String is the layout as a mapping file has it.
func (l layout) String() string {
	var b strings.Builder
	for _, p := range l {
		if p.part == 0 {
			b.WriteString(p.text)
		} else {
			b.WriteString(strings.Repeat(string(rune(p.part)), p.min))
		}
	}
	return b.String()
}

// write is a day in the layout.
func (l layout) write(year, month, day int) string {
	numbers := map[byte]int{'Y': year, 'M': month, 'D': day}
	var b strings.Builder
	for _, p := range l {
		if p.part == 0 {
			b.WriteString(p.text)
		} else {
			fmt.Fprintf(&b, "%0*d", p.min, numbers[p.part])
		}
	}
	return b.String()
}

// confusedWith returns one of other layouts that reads a text of this one as another date, nil for none. Days up to the 12th and years that start
// like a day show whatever can be mistaken.
func (l layout) confusedWith(others []layout) layout {
	for _, o := range others {
		for _, year := range []int{1999, 2010, 2011, 2012, 2020} {
			for month := 1; month <= 12; month++ {
				for day := 1; day <= 12; day++ {
					text := l.write(year, month, day)
					mine, _ := l.read(text)
					if his, ok := o.read(text); ok && his != mine && isDate(his) {
						return o
					}
				}
			}
		}
	}
	return nil
}

func isDate(text string) bool {
	_, err := datetime.ParseDate(text)
	return err == nil
}

// isoDate returns a date as FHIR writes it. Dates that are written so already are taken in every file; what is not understood stays.
func isoDate(text string, layouts []layout) string {
	if isDate(text) {
		return text
	}
	wrong := text
	for _, l := range layouts {
		iso, ok := l.read(text)
		if ok && isDate(iso) {
			return iso
		}
		if ok && wrong == text {
			wrong = iso
		}
	}
	return wrong
}
