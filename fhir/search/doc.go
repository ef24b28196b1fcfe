// Package search turns query text into plans, and resources into index entries.
//
// There is one file per parameter type, which holds both its index side and its query side, so that what is
// written and what is asked cannot drift apart. https://hl7.org/fhir/R4/search.html
//
// # Entries
//
// A resource is indexed by the values of its search parameters. code stands for the code of the parameter. In every part of a
// key, \ is written as \\ and | as \| (in composites also $ as \$), so that no two different values give the same key.
//
//	Keys
//	!code                          the resource has a value for the parameter (:missing)
//	code|system|value              token with a system
//	code||value                    token without a system
//	code|value                     token in any system or none
//	code|system|                   any token in the system
//	code|Type/id                   reference to a resource of this server
//	code|Type/id/_history/vid      the same, to one version
//	code|id                        the same, where the parameter is not meant to refer to that type
//	code|url                       reference to anything else, canonical, uri
//	code|url\|version              canonical with a version (beside the one without)
//	code:identifier|system|value   Reference.identifier, in the four forms of a token
//	code:exact|text                string, as written
//	code|part$part                 composite, each part in a form of its component
//	code#digest                    any of these where it is longer than 200 bytes: its SHA-256
//
//	Texts
//	code                           string: folded; token: the code; uri: the uri; reference: Type/id or the text
//	code:start                     of a name or an address: the whole, and each word of a family name of several
//
//	Ranges
//	code                           date; number; quantity without its unit (what _sort uses)
//	code|system|unit               quantity with a coded unit that is no valid UCUM
//	code||unit                     quantity by the code of its unit, or by the unit as people read it
//	code|~unit                     quantity in the canonical unit of its UCUM dimension
//	code|part$...$                 composite whose last component is a range
//
// The id and the time of the last change are no entries: stores know them (IDIn, UpdatedIn).
package search
