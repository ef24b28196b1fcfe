package fhirpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"firewolf/fhir"
)

// tokenKind is the lexical class of a token.
type tokenKind uint8

const (
	tokenEnd       tokenKind = iota
	tokenName                // an identifier, or a keyword: the parser tells them apart by place
	tokenDelimited           // an identifier in backticks, decoded
	tokenString              // decoded
	tokenInteger
	tokenDecimal
	tokenDate     // without the @
	tokenDateTime // without the @
	tokenTime     // without the @T
	tokenSymbol   // an operator or a bracket; also $this, $index, $total and the % of a variable
)

// token is one lexical unit. pos is its byte offset in the source.
type token struct {
	kind tokenKind
	pos  int
	text string
}

// is reports whether the token is that symbol or keyword. A delimited identifier is never a keyword.
func (t token) is(text string) bool {
	return (t.kind == tokenSymbol || t.kind == tokenName) && t.text == text
}

func (t token) String() string {
	if t.kind == tokenEnd {
		return "the end"
	}
	return strconv.Quote(t.text)
}

// lexer splits an expression into tokens. https://hl7.org/fhirpath/N1/#lexical-elements
type lexer struct {
	src string
	pos int
}

// symbols in the order in which they are tried: a longer one stands before its beginnings.
var symbols = []string{
	"$this", "$index", "$total", "!=", "!~", "<=", ">=", ".", ",", "(", ")", "[", "]", "{", "}",
	"+", "-", "*", "/", "&", "|", "=", "~", "<", ">", "%",
}

// lex returns all tokens of the source, a tokenEnd last.
func lex(src string) ([]token, error) {
	if k := invalidUTF8(src); k >= 0 {
		return nil, syntaxError(src, k, "this is not valid UTF-8")
	}
	l := &lexer{src: src}
	var tokens []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		if t.kind == tokenEnd {
			return tokens, nil
		}
	}
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

func (l *lexer) next() (token, error) {
	if err := l.skipBlank(); err != nil {
		return token{}, err
	}
	if l.pos >= len(l.src) {
		return token{kind: tokenEnd, pos: len(l.src)}, nil
	}
	switch c := l.src[l.pos]; {
	case isLetter(c):
		return l.take(tokenName, l.run(l.pos, isWordByte)), nil
	case isDigit(c):
		return l.number(), nil
	case c == '\'':
		return l.quoted('\'', tokenString)
	case c == '`':
		return l.quoted('`', tokenDelimited)
	case c == '@':
		return l.temporal()
	}
	return l.symbol()
}

// skipBlank passes white space and comments.
func (l *lexer) skipBlank() error {
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return syntaxError(l.src, l.pos, "this comment does not end")
			}
			l.pos += end + 4
		default:
			return nil
		}
	}
	return nil
}

// take makes a token of the source up to end.
func (l *lexer) take(kind tokenKind, end int) token {
	t := token{kind: kind, pos: l.pos, text: l.src[l.pos:end]}
	l.pos = end
	return t
}

// run returns the end of the run of bytes that satisfy is, from start.
func (l *lexer) run(start int, is func(byte) bool) int {
	for start < len(l.src) && is(l.src[start]) {
		start++
	}
	return start
}

func (l *lexer) number() token {
	end := l.run(l.pos, isDigit)
	if end+1 < len(l.src) && l.src[end] == '.' && isDigit(l.src[end+1]) {
		return l.take(tokenDecimal, l.run(end+1, isDigit))
	}
	return l.take(tokenInteger, end)
}

func (l *lexer) symbol() (token, error) {
	for _, s := range symbols {
		if strings.HasPrefix(l.src[l.pos:], s) {
			return l.take(tokenSymbol, l.pos+len(s)), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	return token{}, syntaxError(l.src, l.pos, fmt.Sprintf("unexpected character %q", r))
}

// quoted reads a string or a delimited identifier and decodes its escapes.
func (l *lexer) quoted(quote byte, kind tokenKind) (token, error) {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.src); {
		switch c := l.src[i]; c {
		case quote:
			l.pos = i + 1
			return token{kind: kind, pos: start, text: b.String()}, nil
		case '\\':
			r, n := unescape(l.src[i+1:])
			if n == 0 {
				return token{}, syntaxError(l.src, i, "unknown escape sequence")
			}
			b.WriteRune(r)
			i += 1 + n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return token{}, syntaxError(l.src, start, fmt.Sprintf("the closing %c is missing", quote))
}

// escapes are the characters that may follow a backslash. https://hl7.org/fhirpath/N1/#string
var escapes = map[byte]rune{
	'`': '`', '"': '"', '\'': '\'', '\\': '\\', '/': '/', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unescape decodes what follows a backslash; n is the number of bytes read, 0 if it is no escape.
func unescape(s string) (r rune, n int) {
	if s == "" {
		return 0, 0
	}
	if r, ok := escapes[s[0]]; ok {
		return r, 1
	}
	if s[0] != 'u' || len(s) < 5 {
		return 0, 0
	}
	code, err := strconv.ParseUint(s[1:5], 16, 16)
	if err != nil {
		return 0, 0
	}
	return rune(code), 5
}

// temporal reads a date, a date with time, or a time. Only the shape is checked here.
// https://hl7.org/fhirpath/N1/#date
func (l *lexer) temporal() (token, error) {
	start := l.pos
	l.pos++
	if l.pos < len(l.src) && l.src[l.pos] == 'T' {
		l.pos++
		end := timeEnd(l.src, l.pos)
		if end == l.pos {
			return token{}, syntaxError(l.src, start, "this is not a time")
		}
		return l.literal(tokenTime, start, end), nil
	}
	end := dateEnd(l.src, l.pos)
	if end == l.pos {
		return token{}, syntaxError(l.src, start, "this is not a date")
	}
	if end >= len(l.src) || l.src[end] != 'T' {
		return l.literal(tokenDate, start, end), nil
	}
	if t := timeEnd(l.src, end+1); t > end+1 {
		return l.literal(tokenDateTime, start, zoneEnd(l.src, t)), nil
	}
	return l.literal(tokenDateTime, start, end+1), nil
}

func (l *lexer) literal(kind tokenKind, start, end int) token {
	t := l.take(kind, end)
	t.pos = start
	return t
}

// dateEnd returns where YYYY, YYYY-MM or YYYY-MM-DD ends, start if there is none.
func dateEnd(s string, start int) int {
	end := digits(s, start, 4)
	for range 2 {
		if end == start || end >= len(s) || s[end] != '-' || digits(s, end+1, 2) == end+1 {
			break
		}
		end += 3
	}
	return end
}

// timeEnd returns where hh, hh:mm, hh:mm:ss or hh:mm:ss.fff ends, start if there is none.
func timeEnd(s string, start int) int {
	end := digits(s, start, 2)
	fields := 1
	for end > start && fields < 3 && end < len(s) && s[end] == ':' && digits(s, end+1, 2) > end+1 {
		end += 3
		fields++
	}
	if fields == 3 && end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
		for end++; end < len(s) && isDigit(s[end]); end++ {
		}
	}
	return end
}

// zoneEnd returns where Z or +hh:mm ends, start if there is none.
func zoneEnd(s string, start int) int {
	if start < len(s) && s[start] == 'Z' {
		return start + 1
	}
	if start >= len(s) || (s[start] != '+' && s[start] != '-') {
		return start
	}
	colon := digits(s, start+1, 2)
	if colon == start+1 || colon >= len(s) || s[colon] != ':' || digits(s, colon+1, 2) == colon+1 {
		return start
	}
	return colon + 3
}

// digits returns start+n if n digits stand at start, else start.
func digits(s string, start, n int) int {
	if start+n > len(s) {
		return start
	}
	for i := start; i < start+n; i++ {
		if !isDigit(s[i]) {
			return start
		}
	}
	return start + n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }

// syntaxError says what is wrong at a place of the source, with the text that stands there.
func syntaxError(src string, pos int, text string) error {
	return fhir.NewIssue(fhir.Invalid, place(src, pos)+text)
}

// unsupported refuses what is FHIRPath but is not evaluated here.
func unsupported(src string, pos int, text string) error {
	return fhir.NewIssue(fhir.NotSupported, place(src, pos)+text).Because(fhir.ReasonNotImplemented)
}

// place names a place of the source, counted in characters from 1.
func place(src string, pos int) string {
	near := []rune(src[pos:])
	if len(near) > 24 {
		near = append(near[:24], '…')
	}
	at := utf8.RuneCountInString(src[:pos]) + 1
	if len(near) == 0 {
		return fmt.Sprintf("FHIRPath, at its end (character %d): ", at)
	}
	return fmt.Sprintf("FHIRPath, character %d (%q): ", at, string(near))
}
