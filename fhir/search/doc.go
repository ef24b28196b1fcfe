// Package search turns query text into plans, and resources into index entries.
//
// There is one file per parameter type, which holds both its index side and its query side, so that what is
// written and what is asked cannot drift apart. https://hl7.org/fhir/R4/search.html
//
// # What matches
//
// Where the page leaves a choice, or says two things, this is what holds here:
//
//   - A number of a resource is a point, however many digits it has. A number asked for with eq or ne stands for the range that its
//     last digit implies ([99.5, 100.5) for 100, [95, 105) for 1e2); with any other prefix it is exact; ap is a tenth of it to either side.
//   - A date is the whole time that it leaves open; an instant is a point; a Timing is its outer limits; times without a zone are UTC.
//     ge and le find what reaches into the value asked for, gt and lt what reaches beyond it. ap widens the value by a
//     tenth of the gap between now and its start.
//   - ne finds a resource that has a value that is not equal; :not one that has no value that matches.
//   - A string matches at the start of its folded text (Fold); of names and addresses each part counts, the whole, and each word of a family name.
//   - Codes and systems are compared exactly, except codes in elements of type string, where case is ignored. An element of type code has the
//     system of its value set.
//   - Quantities in units of UCUM are compared by their canonical value; in other coded units only with the same unit.
//   - A reference below a base URL of this server is the relative one. A versioned reference matches without its version too, and so does a canonical.
//   - A resource has a value for a parameter (:missing) if the expression leads to an element with content, whether or not it can be compared.
//   - What a parameter would find in a contained resource does not count for the container: only a chain looks there.
//
// # Entries
//
// A resource is indexed by the values of its search parameters. code stands for the code of the parameter. In every part of a
// key, \ is written as \\ and | as \| (in composites also $ as \$), so that no two different values give the same key.
//
//	Keys
//	!code                          the resource has a value for the parameter (:missing)
//	code|system|value              token with a system
//	code||value                    token without a system, where the parameter could have one
//	code|value                     token in any system or none
//	code|system|                   any token in the system
//	code|Type/id                   reference to a resource of this server
//	code|Type/id/_history/vid      the same, to one version
//	code|id                        the same, where the parameter is not meant to refer to that type
//	code|url                       reference to anything else, canonical, uri
//	code|url\|version              canonical with a version (beside the one without)
//	code:identifier|system|value   Reference.identifier, in the four forms of a token
//	code:exact|text                string, as written
//	code|part$|part                composite of keys, each part in a form of its component
//	code#digest                    any of these where it is longer than 200 bytes: its SHA-256
//
//	Texts
//	code                           string: folded; token: the code; uri: the uri; reference: Type/id or the text
//	code:start                     of a name or an address: the whole, and each word of a family name of several
//	code|part$                     composite whose last component is a string
//
//	Ranges
//	code                           date; number; quantity without its unit (what _sort uses)
//	code|system|unit               quantity with a coded unit that is no valid UCUM
//	code||unit                     quantity by the code of its unit, or by the unit as people read it
//	code|~unit                     quantity in the canonical unit of its UCUM dimension
//	code|part$, code|part$|~unit   composite whose last component is a range; of two numbers the start and the end of one range
//
// A composite of the resource itself, such as Observation.code-value-quantity, and a parameter that is the union of others, such as
// Observation.combo-code, have no keys: the plan asks for those that they are made of. The id and the time of the last change are no
// entries: stores know them (IDIn, UpdatedIn).
package search
