// Package ucum reads units of measure as UCUM writes them (mg/dL, 10*9/L, [IU]/mL), and
// brings quantities of one kind to one unit, exactly.
//
// Arbitrary units such as [IU] measure only themselves, and so do units on a logarithmic or
// other scale that is no straight line, such as [pH] and dB. Codes are case-sensitive.
// https://ucum.org/ucum
//
// The table of units is derived from the UCUM table, which is copyright (c) 1995-2009, Regenstrief
// Institute, Inc. and the Unified Codes for Units of Measures (UCUM) Organization. All rights
// reserved. The whole notice stands in the file NOTICE.
package ucum

//go:generate go run ./gen -from ../../../shared/data/ucum-essence.xml -to units.tsv
