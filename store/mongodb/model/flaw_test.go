package model

// flaw is a step of the protocol that is left out or done wrong. The zero flaw is the protocol as it is.
type flaw uint8

// The flaws.
const (
	whole flaw = iota
	publishesBeforeItIsWhole
	jumpsHead
	takesATimeoutForFailure
	takesAbsenceForProof
	readsNothingBack
	takesNoMatchForClosed
	checksNothingAfterALostSlot
	closesBeforeTheCommit
	insertsBeforeTheCommit
	refusesAtOnce
	refusesBeforeTheGroupIsCommitted
	evaluatesOnWhatItKnew
	evaluatesOnWhatWasPruned
	skipsAGapInTheLog
	takesAnyCommitForItsOwn
	acknowledgesWhatIsOnlyCommitted
	raisesFloorAfterDropping
	checksNoFloorAfterTheLastRow
	raisesFloorWhateverIsLeased
	answersWithWhatIsNotPublished
	answersFromTheHeadThatItKnew
	pruningDeletesDocuments
	movesPartsFromWherever
	sweepsPartsWithoutACommit
	sweepsPartsWhereverTheyAre
	// closesBeforeItInserts is no flaw: once a commit is in its slot its documents may be changed in any order.
	closesBeforeItInserts
	// checksNoFloorAfterEvaluating is no flaw either: what was closed at or below the floor is in the log behind head too,
	// and a pruned commit there is noticed.
	checksNoFloorAfterEvaluating
)
