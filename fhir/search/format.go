package search

// Format names what Entries makes of a resource: the definitions and the form of keys, texts and ranges. A store keeps it beside its
// index. Whoever changes what is made for the same resource changes the name, so that older stores are indexed anew.
const Format = "fhir 4.0.1, entries 4"
