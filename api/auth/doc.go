// Package auth turns a bearer token into a fhir.Caller.
//
// Tokens stand in a file, as hashes, one a line. https://www.rfc-editor.org/rfc/rfc6750
package auth
