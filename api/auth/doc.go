// Package auth turns a bearer token into a fhir.Caller.
//
// The token file has one token a line: a name, a role, the SHA-256 of the token in hexadecimal and, if it ends some
// day, when. Empty lines and what follows a # are left out:
//
//	# name      role    sha-256 of the token                                              expires
//	ward-7      writer  9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  2027-01-01
//	dashboard   reader  60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
//
// The roles are reader, writer, admin and aggregator. The end is a day (UTC, itself not included) or a time of RFC
// 3339. One name may have several lines, so that a token can be replaced without a gap.
// https://www.rfc-editor.org/rfc/rfc6750
package auth
