// Package api is FHIR over HTTP: it reads requests into interaction.Request, writes interaction.Response, and runs the
// server that does so.
//
// No FHIR logic lives here. What a header, a media type, a status line or a socket is, only this package knows.
// https://hl7.org/fhir/R4/http.html
package api
