// Package datetime holds the partial dates and times of FHIR: 2024, 2024-03, 2024-03-10,
// 2024-03-10T12:30:00.5+01:00, and 12:30:00.
//
// A value keeps the precision that it was written with, and stands for the whole period that it leaves open.
// https://hl7.org/fhir/R4/datatypes.html#dateTime
package datetime
