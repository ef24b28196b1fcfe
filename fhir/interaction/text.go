package interaction

import "strconv"

// quoteLimit is how much of a request's own text a message repeats.
const quoteLimit = 80

// quote repeats a text of the request in a message: printable, in quotes, and not longer than a line.
func quote(s string) string {
	if len(s) > quoteLimit {
		s = s[:quoteLimit] + "..."
	}
	return strconv.Quote(s)
}
