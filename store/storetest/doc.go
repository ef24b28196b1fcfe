// Package storetest is the contract of a store as tests. Every store runs them:
//
//	func TestStoreKeepsTheContract(t *testing.T) {
//		storetest.Run(t, storetest.Options{Open: open, Reopen: reopen})
//	}
//
// Run covers every sentence of the port, then compares random histories and queries with store/memory. RunScripts runs
// scripts of searches whose answers were worked out by hand from https://hl7.org/fhir/R4/search.html.
package storetest
