package fhirpath

import (
	"strconv"
	"strings"

	"firewolf/fhir/tree"
)

// The types of computed values. https://hl7.org/fhirpath/N1/#literals
const (
	typeBoolean  = "Boolean"
	typeString   = "String"
	typeInteger  = "Integer"
	typeDecimal  = "Decimal"
	typeDate     = "Date"
	typeDateTime = "DateTime"
	typeTime     = "Time"
	typeQuantity = "Quantity"
	typeTypeInfo = "TypeInfo" // what type() returns; Text is "FHIR.Patient" or "System.String"
)

// systemTypes are the types of the System namespace that an expression can name.
var systemTypes = map[string]bool{
	typeBoolean: true, typeString: true, typeInteger: true, typeDecimal: true,
	typeDate: true, typeDateTime: true, typeTime: true, typeQuantity: true,
}

// Value is one item of a collection: an element of a resource (Node set), a value that was computed, or what
// resolve() knows of a resource that it does not read (Type its type, Text the reference).
//
// An element of a primitive type without a value, of which there is only the "_name" object with
// its id and extensions, has that object as its Node.
type Value struct {
	Node tree.Node // zero for a computed value
	Type string    // the FHIR type: "Quantity", "code", "Patient.contact"; of a computed value "Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity"
	Text string    // of a computed value, as FHIRPath writes it without quotes or @: "true", "1.50", "2015-02-04T14:34", "4 days", "10 'mg'"
}

// Primitive returns the text of a primitive element or of a computed value; false for
// complex elements and for primitive elements that have no value.
func (v Value) Primitive() (string, bool) {
	switch v.Node.Kind() {
	case tree.String, tree.Number, tree.Bool:
		return v.Node.Text(), true
	case tree.None:
		return v.Text, v.computed()
	default:
		return "", false
	}
}

// computed tells a computed value from an element and from an unread resource.
func (v Value) computed() bool {
	return !v.Node.Exists() && (systemTypes[v.Type] || v.Type == typeTypeInfo)
}

func booleanValue(b bool) Value { return Value{Type: typeBoolean, Text: strconv.FormatBool(b)} }

func stringValue(s string) Value { return Value{Type: typeString, Text: s} }

func integerValue(n int64) Value { return Value{Type: typeInteger, Text: strconv.FormatInt(n, 10)} }

// quantityText writes a quantity as a literal. A calendar unit that was quoted is one all the same:
// 1 'month' is 1 month. https://hl7.org/fhirpath/N1/#time-valued-quantities
func quantityText(number, unit string) string {
	for _, u := range calendarUnits {
		if unit == u {
			return number + " " + unit
		}
	}
	return number + " '" + strings.ReplaceAll(unit, "'", `\'`) + "'"
}

// atomKind is the System type that a value is, or is converted to implicitly.
type atomKind uint8

const (
	atomNone atomKind = iota // a complex element, a resource, a primitive without value
	atomBoolean
	atomString
	atomInteger
	atomDecimal
	atomDate
	atomDateTime
	atomTime
	atomQuantity
)

var atomTypes = [...]string{
	atomNone: "", atomBoolean: typeBoolean, atomString: typeString, atomInteger: typeInteger, atomDecimal: typeDecimal,
	atomDate: typeDate, atomDateTime: typeDateTime, atomTime: typeTime, atomQuantity: typeQuantity,
}

// atom is a value as operators see it. Of a quantity that is an element the text is empty and node is set.
type atom struct {
	kind atomKind
	text string
	node tree.Node
}

// atomOf converts a value implicitly to its System type.
// https://hl7.org/fhir/R4/fhirpath.html#types
func atomOf(v Value) atom {
	if !v.Node.Exists() {
		return atom{kind: systemKind(v.Type), text: v.Text}
	}
	kind := fhirKind(v.Type)
	switch v.Node.Kind() {
	case tree.String, tree.Number, tree.Bool:
		if kind != atomQuantity {
			return atom{kind: kind, text: v.Node.Text()}
		}
	case tree.Object:
		if kind == atomQuantity {
			return atom{kind: kind, node: v.Node}
		}
	default:
	}
	return atom{}
}

// systemKind returns the kind of a type of the System namespace.
func systemKind(typ string) atomKind {
	switch typ {
	case typeBoolean:
		return atomBoolean
	case typeString:
		return atomString
	case typeInteger:
		return atomInteger
	case typeDecimal:
		return atomDecimal
	case typeDate:
		return atomDate
	case typeDateTime:
		return atomDateTime
	case typeTime:
		return atomTime
	case typeQuantity:
		return atomQuantity
	}
	return atomNone
}

// fhirKind returns the kind that a FHIR type is converted to.
func fhirKind(typ string) atomKind {
	switch typ {
	case "boolean":
		return atomBoolean
	case "integer", "unsignedInt", "positiveInt":
		return atomInteger
	case "decimal":
		return atomDecimal
	case "date":
		return atomDate
	case "dateTime", "instant":
		return atomDateTime
	case "time":
		return atomTime
	case "Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity":
		return atomQuantity
	case "string", "code", "id", "markdown", "uri", "url", "canonical", "oid", "uuid", "base64Binary", "xhtml":
		return atomString
	}
	return atomNone
}
