// Package cart knows the canonical rows of a CAR-T registry for lupus, and makes FHIR of them.
//
// Ten instruments (see Instruments) say what is known of a patient: who it is, the disease, therapies before, the course from
// leukapheresis to infusion, visits with their scores, laboratory values, toxicities, outcomes. Step judges the rows by Rules and makes the
// resources that the search words of the field find (see firewolf/registry/term), so that centers of different habits give one kind of data.
//
// Ids are made of what the source calls things, so that the same row always gives the same resources: see ids.go.
package cart
