// Package csv reads folders of CSV files as cases: all rows of a patient, from all files, together.
//
// Files are read twice: once to find where each patient's rows lie, and once patient by patient, so that memory holds the places of rows and
// not the rows. Other centers' columns, codes, units, dates and numbers are brought to the canonical ones by a mapping file (see Parse).
// A row that cannot be read is reported and left out; the next one is read.
//
// https://www.rfc-editor.org/rfc/rfc4180
package csv
