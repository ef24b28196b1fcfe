package fhirpath

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits on what is read. The longest official search expression has 3,700 characters and nests 4 deep.
const (
	maxLength = 32 << 10
	maxDepth  = 100
	maxTerms  = 4000
)

// astKind says what an ast is.
type astKind uint8

const (
	astLiteral  astKind = iota // value
	astEmpty                   // {}
	astThis                    // $this
	astIndex                   // $index
	astTotal                   // $total
	astVariable                // %name
	astMember                  // left.name, left may be nil
	astCall                    // left.name(args), left may be nil
	astItem                    // left[args[0]]
	astUnary                   // name args[0]
	astBinary                  // left name args[0]
	astType                    // left is typ, left as typ
)

// ast is an expression as it was read.
type ast struct {
	kind  astKind
	pos   int
	name  string
	value Value
	left  *ast
	args  []*ast
	typ   typeName
}

// typeName is a type specifier as it was read. https://hl7.org/fhirpath/N1/#types
type typeName struct {
	namespace string // "FHIR", "System", or "" where none was written
	name      string
}

func (t typeName) String() string {
	if t.namespace == "" {
		return t.name
	}
	return t.namespace + "." + t.name
}

// binaryLevels lists the binary operators from the loosest to the tightest; is and as
// stand between. https://hl7.org/fhirpath/N1/#operator-precedence
var binaryLevels = [][]string{
	{"implies"},
	{"or", "xor"},
	{"and"},
	{"in", "contains"},
	{"=", "~", "!=", "!~"},
	{"<=", "<", ">", ">="},
	{"|"},
	{"is", "as"},
	{"+", "-", "&"},
	{"*", "/", "div", "mod"},
}

// reserved are the words that are never identifiers unless delimited.
var reserved = []string{"and", "or", "xor", "implies", "div", "mod", "true", "false"}

// parser reads tokens into an ast.
type parser struct {
	src    string
	tokens []token
	at     int
	depth  int
	terms  int
}

// parse reads an expression as a whole.
func parse(src string) (*ast, error) {
	if len(src) > maxLength {
		return nil, syntaxError(src, 0, fmt.Sprintf("an expression of %d bytes is too long (the limit is %d)", len(src), maxLength))
	}
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{src: src, tokens: tokens}
	a, err := p.expression()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, p.unexpected("an operator or the end")
	}
	return a, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

// accept passes the token if it is that symbol or keyword.
func (p *parser) accept(text string) bool {
	if !p.peek().is(text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(text string) error {
	if p.accept(text) {
		return nil
	}
	return p.unexpected(fmt.Sprintf("%q", text))
}

func (p *parser) unexpected(wanted string) error {
	return p.fail(p.peek(), fmt.Sprintf("expected %s, found %s", wanted, p.peek()))
}

func (p *parser) fail(t token, text string) error { return syntaxError(p.src, t.pos, text) }

// term counts and makes a term, so that the work of everything after is bounded.
func (p *parser) term(a ast) (*ast, error) {
	if p.terms++; p.terms > maxTerms {
		return nil, syntaxError(p.src, a.pos, fmt.Sprintf("an expression of more than %d terms is too long", maxTerms))
	}
	return &a, nil
}

// expression reads one expression, one level deeper.
func (p *parser) expression() (*ast, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.peek(), fmt.Sprintf("an expression that nests deeper than %d is refused", maxDepth))
	}
	defer func() { p.depth-- }()
	return p.binary(0)
}

// binary reads operators of a level and tighter, left-associative.
func (p *parser) binary(level int) (*ast, error) {
	if level == len(binaryLevels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		op := p.peek()
		if op.kind != tokenSymbol && op.kind != tokenName || !slices.Contains(binaryLevels[level], op.text) {
			return left, nil
		}
		p.next()
		if op.text == "is" || op.text == "as" {
			left, err = p.typeOperation(op, left)
			continue
		}
		var right *ast
		if right, err = p.binary(level + 1); err == nil {
			left, err = p.term(ast{kind: astBinary, pos: op.pos, name: op.text, left: left, args: []*ast{right}})
		}
	}
	return nil, err
}

func (p *parser) typeOperation(op token, left *ast) (*ast, error) {
	typ, err := p.typeSpecifier()
	if err != nil {
		return nil, err
	}
	return p.term(ast{kind: astType, pos: op.pos, name: op.text, left: left, typ: typ})
}

// typeSpecifier reads Name or Namespace.Name.
func (p *parser) typeSpecifier() (typeName, error) {
	start := p.peek()
	name, err := p.identifier()
	if err != nil {
		return typeName{}, err
	}
	parts := []string{name}
	for p.accept(".") {
		if name, err = p.identifier(); err != nil {
			return typeName{}, err
		}
		parts = append(parts, name)
	}
	t, ok := typeOf(parts)
	if !ok {
		return typeName{}, p.fail(start, fmt.Sprintf("%q is no type", strings.Join(parts, ".")))
	}
	return t, nil
}

// typeOf makes a type name of its parts. The types of backbone elements have dots of their own: Patient.contact.
func typeOf(parts []string) (typeName, bool) {
	if len(parts) > 1 && (parts[0] == "FHIR" || parts[0] == "System") {
		return typeName{namespace: parts[0], name: strings.Join(parts[1:], ".")}, true
	}
	return typeName{name: strings.Join(parts, ".")}, len(parts) > 0
}

// unary reads + and -, which bind looser than paths: -1.abs() is -(1.abs()).
func (p *parser) unary() (*ast, error) {
	op := p.peek()
	if !op.is("+") && !op.is("-") {
		return p.path()
	}
	p.next()
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(op, fmt.Sprintf("an expression that nests deeper than %d is refused", maxDepth))
	}
	defer func() { p.depth-- }()
	operand, err := p.unary()
	if err != nil {
		return nil, err
	}
	return p.term(ast{kind: astUnary, pos: op.pos, name: op.text, args: []*ast{operand}})
}

// path reads a term and the invocations and indexers after it.
func (p *parser) path() (*ast, error) {
	left, err := p.primary()
	for err == nil {
		switch t := p.peek(); {
		case t.is("."):
			p.next()
			left, err = p.invocation(left)
		case t.is("["):
			p.next()
			left, err = p.item(t, left)
		default:
			return left, nil
		}
	}
	return nil, err
}

func (p *parser) item(bracket token, left *ast) (*ast, error) {
	index, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.expect("]"); err != nil {
		return nil, err
	}
	return p.term(ast{kind: astItem, pos: bracket.pos, left: left, args: []*ast{index}})
}

// primary reads what a path can begin with.
func (p *parser) primary() (*ast, error) {
	t := p.peek()
	switch {
	case t.is("("):
		p.next()
		a, err := p.expression()
		if err != nil {
			return nil, err
		}
		return a, p.expect(")")
	case t.is("{"):
		p.next()
		if err := p.expect("}"); err != nil {
			return nil, err
		}
		return p.term(ast{kind: astEmpty, pos: t.pos})
	case t.is("%"):
		return p.variable()
	}
	if a, err := p.literal(); a != nil || err != nil {
		return a, err
	}
	return p.invocation(nil)
}

// variable reads %name, %`name` or %'name'. https://hl7.org/fhirpath/N1/#environment-variables
func (p *parser) variable() (*ast, error) {
	percent := p.next()
	t := p.next()
	if t.kind != tokenName && t.kind != tokenDelimited && t.kind != tokenString {
		return nil, p.fail(t, fmt.Sprintf("expected the name of a variable, found %s", t))
	}
	return p.term(ast{kind: astVariable, pos: percent.pos, name: t.text})
}

// iterators are the names that stand for the state of an iteration.
var iterators = map[string]astKind{"$this": astThis, "$index": astIndex, "$total": astTotal}

// invocation reads a member or a function call, on left or on the focus.
func (p *parser) invocation(left *ast) (*ast, error) {
	t := p.peek()
	if kind, ok := iterators[t.text]; ok && t.kind == tokenSymbol {
		if left != nil {
			return nil, p.fail(t, fmt.Sprintf("%s does not follow a path", t.text))
		}
		p.next()
		return p.term(ast{kind: kind, pos: t.pos})
	}
	name, err := p.identifier()
	if err != nil {
		return nil, err
	}
	if !p.accept("(") {
		return p.term(ast{kind: astMember, pos: t.pos, name: name, left: left})
	}
	args, err := p.arguments()
	if err != nil {
		return nil, err
	}
	return p.term(ast{kind: astCall, pos: t.pos, name: name, left: left, args: args})
}

// arguments reads what stands between parentheses, and the closing one.
func (p *parser) arguments() ([]*ast, error) {
	if p.accept(")") {
		return nil, nil
	}
	var args []*ast
	for {
		a, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
		if !p.accept(",") {
			return args, p.expect(")")
		}
	}
}

// identifier reads a name: as, contains, in and is are names too, where one is wanted.
func (p *parser) identifier() (string, error) {
	t := p.peek()
	if t.kind == tokenDelimited || t.kind == tokenName && !slices.Contains(reserved, t.text) {
		p.next()
		return t.text, nil
	}
	return "", p.unexpected("a name")
}

// literal reads a literal; it returns nil where the token begins none.
func (p *parser) literal() (*ast, error) {
	t := p.peek()
	v := Value{Text: t.text}
	switch t.kind {
	case tokenString:
		v.Type = typeString
	case tokenInteger, tokenDecimal:
		return p.number()
	case tokenDate:
		v = Value{Type: typeDate, Text: t.text}
	case tokenDateTime:
		v = Value{Type: typeDateTime, Text: strings.TrimSuffix(t.text, "T")}
	case tokenTime:
		v = Value{Type: typeTime, Text: t.text}
	default:
		if !t.is("true") && !t.is("false") {
			return nil, nil
		}
		v.Type = typeBoolean
	}
	p.next()
	return p.constant(t, v)
}

// exists checks the calendar and the clock of a literal.
func (p *parser) exists(t token, v Value) error {
	a := atomOf(v)
	if _, ok := timeOf(a); !ok && a.kind == atomTime {
		return p.fail(t, "there is no such time")
	}
	if _, ok := dateOf(a); !ok && isDate(a.kind) {
		return p.fail(t, "there is no such date")
	}
	return nil
}

// calendarUnits are the words that may follow a number. https://hl7.org/fhirpath/N1/#time-valued-quantities
var calendarUnits = []string{
	"year", "years", "month", "months", "week", "weeks", "day", "days", "hour", "hours", "minute", "minutes",
	"second", "seconds", "millisecond", "milliseconds",
}

// number reads an integer, a decimal, or a quantity.
func (p *parser) number() (*ast, error) {
	t := p.next()
	switch unit := p.peek(); {
	case unit.kind == tokenString:
		p.next()
		return p.constant(t, Value{Type: typeQuantity, Text: quantityText(t.text, unit.text)})
	case unit.kind == tokenName && slices.Contains(calendarUnits, unit.text):
		p.next()
		return p.constant(t, Value{Type: typeQuantity, Text: t.text + " " + unit.text})
	case t.kind == tokenDecimal:
		return p.constant(t, Value{Type: typeDecimal, Text: t.text})
	}
	n, err := strconv.ParseInt(t.text, 10, 32)
	if err != nil {
		return nil, p.fail(t, "this is beyond the largest Integer, 2147483647")
	}
	return p.constant(t, integerValue(n))
}

// constant makes the term of a literal.
func (p *parser) constant(t token, v Value) (*ast, error) {
	if err := p.exists(t, v); err != nil {
		return nil, err
	}
	return p.term(ast{kind: astLiteral, pos: t.pos, value: v})
}
