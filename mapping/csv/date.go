package csv

import (
	"errors"
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

// isoDate returns a date as FHIR writes it. Dates that are written so already are taken in every file; what is not understood stays.
func isoDate(text string, layouts []layout) string {
	if _, err := datetime.ParseDate(text); err == nil {
		return text
	}
	for _, l := range layouts {
		if iso, ok := l.read(text); ok {
			return iso
		}
	}
	return text
}
