// Package course turns stored resources into the typed course of a patient - infusions, assessments, drugs, laboratory,
// toxicities, outcomes, consent - and keeps the courses of all who were infused current.
//
// A Projection holds one Course for each patient of the store who has an infusion. It is current at a moment t: before it answers it asks the
// store for its newest moment and reads, through the history, every version between its own moment and that one, in
// the store's one total order. The patients that those versions belong to (and belonged to before) are read again, at that
// moment. So a View shows exactly what the store shows at View.T, and says which moment that is.
package course
