// Package fhir holds the words that every room of Firewolf speaks: the key of a
// resource, one of its versions, a reference, an issue, the caller and the clock.
//
// It imports the standard library only and knows neither HTTP nor a store.
package fhir
